package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"wholesync/batch"
	"wholesync/diff"
)

func sampleRun() Run {
	start := time.Date(2026, 4, 2, 10, 30, 0, 5e8, time.FixedZone("CEST", 7200))
	return Run{
		Version: "v1.2.3", Organization: "org-1", BaseURL: "https://webexapis.com/v1", Dir: "wholesync-runs/20260402-a", Started: start, Finished: start.Add(125 * time.Second),
		Calls: 1234, Retries: 1, Throttled: 2, Rate: 8.5, Files: []diff.File{{Name: "subs.csv", SHA256: "beef"}},
		Written: []string{"wholesync-runs/20260402-a/results.csv"}, RetryFile: "wholesync-runs/20260402-a/retry.csv",
	}
}

func sampleSummary(t *testing.T) Summary {
	t.Helper()
	p := samplePlan()
	results := sampleResults(p)
	results = append(results, batch.Result{Change: &p.Changes[4], Outcome: diff.OK})
	rows := Rows(sampleDesired(t), p, results)
	run := sampleRun()
	run.ExitCode = ExitCode(rows)
	return Summarize(run, rows)
}

func TestSummary(t *testing.T) {
	s := sampleSummary(t)
	var b bytes.Buffer
	if err := WriteSummary(&b, s); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.txt", b.Bytes())
	js, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.json", append(js, '\n'))
}

// The worst comes first, then the most frequent; what follows from another row's
// failure is no reason of its own.
func TestReasons(t *testing.T) {
	var rows []Row
	addRows := func(n int, o diff.Outcome, code int) {
		for range n {
			rows = append(rows, Row{Outcome: o, Result: &batch.Result{Outcome: o, Code: code}})
		}
	}
	addRows(9, diff.Pending, 1)
	addRows(2, diff.Failed, 2)
	addRows(5, diff.Failed, 3)
	addRows(1, diff.Unknown, 0)
	addRows(50, diff.Skipped, 0)
	addRows(3, diff.InProgress, 0)
	addRows(2, diff.NotAttempted, 0)
	addRows(1, diff.NotAttempted, 0)
	rows[len(rows)-1].Result.BlockedBy = "customer/a/provision"
	addRows(50, diff.OK, 0)
	var got []string
	for _, r := range Summarize(Run{}, rows).Reasons {
		got = append(got, fmt.Sprint(r.Rows, " ", r.Outcome, " ", r.Code))
	}
	want := "1 unknown 0; 5 failed 3; 2 failed 2; 3 in_progress 0; 2 not_attempted 0; 9 pending 1"
	if strings.Join(got, "; ") != want {
		t.Errorf("reasons %q, want %q", got, want)
	}
}

func TestSummaryFitsAScreen(t *testing.T) {
	var rows []Row
	for i, o := range diff.Outcomes() {
		for code := range 30 {
			rows = append(rows, Row{Outcome: o, Key: diff.Key{Customer: "x\x1b[2J"}, Result: &batch.Result{
				Outcome: o, Code: 100*i + code + 1, Title: "t\x1b\n", Advice: strings.Repeat("a\n", 500), Description: strings.Repeat("d\u202e", 500),
			}})
		}
	}
	run := sampleRun()
	run.Dir, run.RetryFile = "a\x1b b", "r\n"
	var b bytes.Buffer
	if err := WriteSummary(&b, Summarize(run, rows)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n > 40 {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
	for _, r := range b.String() {
		if r != '\n' && !unicode.IsGraphic(r) {
			t.Fatalf("the text holds %U:\n%q", r, b.String())
		}
	}
}

func TestNextCommand(t *testing.T) {
	tests := []struct {
		code       int
		dir, retry string
		want       string
	}{
		{0, "run", "", ""},
		{4, "run", "run/retry.csv", "wholesync plan run/retry.csv"},
		{4, "run", "", ""},
		{8, "my run", "my run/retry.csv", "wholesync resume 'my run'"},
		{9, "run", "", "wholesync resume run"},
		{7, "run", "run/retry.csv", "wholesync resume run"},
		{5, "run", "", ""},
	}
	for _, test := range tests {
		got := Summarize(Run{ExitCode: test.code, Dir: test.dir, RetryFile: test.retry}, nil).Next
		if got != test.want {
			t.Errorf("exit %d: next %q, want %q", test.code, got, test.want)
		}
	}
}

// Rows whose outcome is unknown must not be sent again before somebody looked.
func TestRetryFileIsOfferedWithCare(t *testing.T) {
	for _, test := range []struct {
		code    int
		outcome diff.Outcome
		want    string
	}{
		{exitFailures, diff.Failed, "To send again: r.csv\nNext: wholesync plan r.csv\n"},
		{exitIncomplete, diff.NotAttempted, "Rows that are not done: r.csv\nNext: wholesync resume d\n"},
		{exitUnknown, diff.Unknown, "Rows that are not done: r.csv; look at the unknown ones first, they may have been applied\nNext: wholesync resume d\n"},
		{7, diff.Failed, "Rows that are not done: r.csv\nNext: wholesync resume d\n"},
		{11, diff.Failed, "Rows that are not done: r.csv\nNext: wholesync resume d\n"},
		{130, diff.Unknown, "Rows that are not done: r.csv; look at the unknown ones first, they may have been applied\nNext: wholesync resume d\n"},
	} {
		rows := []Row{{Outcome: test.outcome, Result: &batch.Result{Outcome: test.outcome}}}
		var b bytes.Buffer
		if err := WriteSummary(&b, Summarize(Run{ExitCode: test.code, Dir: "d", RetryFile: "r.csv"}, rows)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(b.String(), "Files: d\n"+test.want) {
			t.Errorf("exit %d: want %q at the end of:\n%s", test.code, test.want, b.String())
		}
	}
}

func TestAPILine(t *testing.T) {
	for _, test := range []struct {
		run     Run
		changes int
		want    string
	}{
		{Run{Calls: 3}, 0, "API: 3 calls, 0 repeated, 0 throttled"},
		{Run{Calls: 21, Rate: 5000}, 9, "API: 21 calls, listing and polls included (2.33 calls per change), 0 repeated, 0 throttled, 5,000/s at the end"},
	} {
		rows := []Row{{Changes: test.changes, Outcome: diff.OK}}
		if got := Summarize(test.run, rows).apiLine(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestEveryOutcomeHasItsWords(t *testing.T) {
	for _, o := range diff.Outcomes() {
		if outcomeMeanings[o] == "" {
			t.Errorf("no words for %s", o)
		}
	}
}

func TestWriteSummaryTellsWriteErrors(t *testing.T) {
	if err := WriteSummary(brokenWriter{}, sampleSummary(t)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}
