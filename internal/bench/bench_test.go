package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestMeasure runs everything once, in sizes that are no measure of anything.
func TestMeasure(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(goTool)) // without the peers
	var out, problems bytes.Buffer
	o := options{rows: 300, runs: 2, adds: 20, rate: 200, slowly: 10}
	if err := o.measure(t.Context(), &out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	for _, want := range []string{
		"wholesync plan, 300 rows against 300", "peak memory of the plan", "confirmed changes per second", "API calls per change, 20 provisions",
		"time of apply --rate 200 / (calls / rate)", "worst window",
		"wholesync billing reconcile, 300 rows against 2 lines", "time of reconciling / time of DuckDB GROUP BY", "peak memory of reconciling",
		"time of the plan / time of DuckDB", duckdbHint, "time of the plan / time of csvdiff", csvdiffHint,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if n := strings.Count(out.String(), "absent"); n != 3 {
		t.Errorf("%d peers are absent", n)
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args string
		want options
		bad  bool
	}{
		{"", options{rows: 1_000_000, runs: 5, adds: 10_000, rate: 20, slowly: 400}, false},
		{"-rows 5 -runs 2 -npm /x", options{rows: 5, runs: 2, adds: 10_000, rate: 20, slowly: 400, npm: "/x"}, false},
		{"-short", options{rows: 20_000, runs: 1, adds: 500, rate: 20, slowly: 60}, false},
		{"-rows 0", options{}, true},
		{"-runs -1", options{}, true},
		{"more", options{}, true},
		{"-unknown", options{}, true},
	} {
		got, err := parse(strings.Fields(test.args), new(bytes.Buffer))
		if (err != nil) != test.bad || err == nil && got != test.want {
			t.Errorf("%q: %+v, %v", test.args, got, err)
		}
	}
	if err := run(t.Context(), []string{"-h"}, new(bytes.Buffer), new(bytes.Buffer)); err != nil {
		t.Errorf("help: %v", err)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		of   sample
		want float64
	}{{sample{3}, 3}, {sample{3, 1}, 2}, {sample{9, 1, 2}, 2}, {sample{4, 1, 3, 100}, 3.5}} {
		if got := test.of.median(); got != test.want {
			t.Errorf("%v: %v, want %v", test.of, got, test.want)
		}
	}
	if got := (sample{2, 1, 4}).format(1, "s"); got != "2.0 s (1.0..4.0)" {
		t.Errorf("shown as %q", got)
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	tab := table{title: "here"}
	tab.judge("speed", ">= 1", "2", true)
	tab.judge("weight", "<= 1", "2", false)
	tab.tell("plan", "1 s")
	tab.absent("peer", "<= 1", "get it")
	if err := tab.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `here

what    target  measured  verdict
speed   >= 1    2         ok
weight  <= 1    2         missed
plan            1 s       
peer    <= 1    get it    absent
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func at(milliseconds ...int) []time.Time {
	times := []time.Time{}
	for _, ms := range milliseconds {
		times = append(times, time.UnixMilli(int64(ms)))
	}
	return times
}

func TestLargestExcess(t *testing.T) {
	for _, test := range []struct {
		name     string
		arrivals []time.Time
		burst    float64
		want     float64
	}{
		{"none", nil, 1, 0},
		{"one", at(5), 1, 0},
		{"as allowed", at(0, 100, 200, 300), 1, 0},
		{"two at once", at(0, 100, 100, 300), 1, 1},
		{"two at once are allowed", at(0, 100, 100, 300), 2, 0},
		{"a window in the middle", at(0, 1000, 1050, 1100, 5000), 1, 1},
		{"a little early", at(0, 90), 1, 0.1},
	} {
		if got := largestExcess(test.arrivals, 10, test.burst); got < test.want-1e-9 || got > test.want+1e-9 {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestLargestExcessLooksAtEveryWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := 0
		var arrivals []time.Time
		for _, gap := range rapid.SliceOf(rapid.IntRange(0, 300)).Draw(t, "gaps") {
			now += gap
			arrivals = append(arrivals, at(now)...)
		}
		burst := rapid.IntRange(1, 4).Draw(t, "burst")
		want := 0.0
		for i := range arrivals {
			for j := i; j < len(arrivals); j++ {
				want = max(want, float64(j-i+1)-10*arrivals[j].Sub(arrivals[i]).Seconds()-float64(burst))
			}
		}
		if got := largestExcess(arrivals, 10, float64(burst)); got < want-1e-6 || got > want+1e-6 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		plan, join string
		agree      bool
	}{
		{"Plan: 10,207 to provision, 5,195 to update, 989,810 unchanged\n", "979810,5195,10207,4788\n", true},
		{"Plan: 10,207 to provision, 5,195 to update, 989,810 unchanged\n", "979810,5195,10208,4788\n", false},
		{"Plan: 3 to update, 9 unchanged\n", "9,3,0,0", true},
		{"Plan: 9 unchanged\n", "9,0,0,0", true},
		{"Plan: 9 unchanged\n", "9,0", false},
	} {
		var a answers
		if err := a.ofPlan([]byte(test.plan)); err != nil {
			t.Errorf("%q: %v", test.plan, err)
		}
		if err := a.ofJoin([]byte(test.join)); (err == nil) != test.agree {
			t.Errorf("%q against %q: %v", test.plan, test.join, err)
		}
	}
	if new(answers).ofPlan([]byte("no plan")) == nil {
		t.Error("anything is a plan")
	}
}

// TestRaceTurnsDownWrongAnswers: speed does not make up for them.
func TestRaceTurnsDownWrongAnswers(t *testing.T) {
	version := func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "go", "version") }
	c := &contender{name: "go", command: version, check: func([]byte) error { return nil }}
	if err := race(t.Context(), 2, []*contender{c}); err != nil || len(c.costs) != 2 || c.costs[0].wall <= 0 || c.costs[0].cpu <= 0 {
		t.Errorf("%v, %v", c.costs, err)
	}
	c.exit = 2
	if err := race(t.Context(), 1, []*contender{c}); err == nil || !strings.Contains(err.Error(), "ended with 0") {
		t.Errorf("an end that is not the right one: %v", err)
	}
	c.exit = 0
	c.check = func([]byte) error { return errors.New("wrong") }
	if err := race(t.Context(), 2, []*contender{c}); err == nil {
		t.Error("a wrong answer counts")
	}
	c.command = func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, "go", "nonsense") }
	if err := race(t.Context(), 2, []*contender{c}); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a command that fails: %v", err)
	}
}

func TestAlign(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		desiredFile: "kind,ensure,email,package\nsubscriber,present,a@x.example,webex_suite\n",
		currentFile: "kind,email,package,_id\nsubscriber,b@x.example,webex_calling,S1\nsubscriber,\"c,d@x.example\",,S2\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := alignCurrent(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, alignedFile))
	if err != nil {
		t.Fatal(err)
	}
	want := "kind,ensure,email,package\nsubscriber,,b@x.example,webex_calling\nsubscriber,,\"c,d@x.example\",\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := os.Remove(filepath.Join(dir, currentFile)); err != nil {
		t.Fatal(err)
	}
	if alignCurrent(dir) == nil {
		t.Error("a missing file is aligned")
	}
}

// TestGeneratedColumns: csvdiff is told columns by number.
func TestGeneratedColumns(t *testing.T) {
	dir := t.TempDir()
	if err := generateAdds(dir, 3, 1); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, desiredFile))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if diff := cmp.Diff([]string{"customer_external_id", "email", "package"}, rows[0][15:18]); diff != "" {
		t.Errorf("columns 15 to 17 (-want +got):\n%s", diff)
	}
}

func TestFindPeers(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if findDuckDB(t.Context(), "", dir, joinSQL) != nil {
		t.Error("DuckDB is found where nothing is")
	}
	if command, err := findCSVDiff(dir); command != nil || err != nil {
		t.Errorf("csvdiff is found where nothing is: %v", err)
	}
	name, script := "duckdb", "#!/bin/sh\necho 1,2,3,4\n"
	if runtime.GOOS == "windows" {
		name, script = "duckdb.bat", "@echo 1,2,3,4\r\n"
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	command := findDuckDB(t.Context(), "", dir, joinSQL)
	if command == nil {
		t.Fatal("DuckDB is not found")
	}
	out, _, err := measure(command(t.Context()), 0)
	if err != nil || !strings.Contains(string(out), "1,2,3,4") {
		t.Errorf("%q, %v", out, err)
	}
}

// TestBill: a wrong answer about the generated month is turned down, and a right
// one is not.
func TestBill(t *testing.T) {
	made, err := generateBill(t.TempDir(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if made.lines != 5 || made.billed <= made.expected {
		t.Errorf("%+v", made)
	}
	summary := func(billed, expected int) []byte {
		return fmt.Appendf(nil, "Invoice against usage\n\n      billed  expected  difference\n  USD  %d.%02d  %d.%02d  0.24 \n", billed/100, billed%100, expected/100, expected%100)
	}
	if err := made.checkReconciled(summary(made.billed, made.expected)); err != nil {
		t.Error(err)
	}
	if made.checkReconciled(summary(made.billed, made.expected+1)) == nil || made.checkReconciled([]byte("no summary")) == nil {
		t.Error("a wrong summary counts")
	}
	if err := made.checkGrouped(fmt.Appendf(nil, "5,%d,%d\n", made.days, made.expected)); err != nil {
		t.Error(err)
	}
	if made.checkGrouped(fmt.Appendf(nil, "5,%d,%d\n", made.days+1, made.expected)) == nil {
		t.Error("a wrong sum counts")
	}
}
