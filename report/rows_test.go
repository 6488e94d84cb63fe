package report

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"wholesync/batch"
	"wholesync/diff"
)

// sampleResults has a result for each change of samplePlan but the last.
func sampleResults(p *diff.Plan) []batch.Result {
	at := time.Date(2026, 4, 2, 8, 30, 0, 123456789, time.FixedZone("CEST", 7200))
	return []batch.Result{
		{Change: &p.Changes[0], Outcome: diff.OK, HTTPStatus: 200, Attempts: 1, TrackingID: "WS_1", ResourceID: "cust-1", StartedAt: at, Duration: 1500 * time.Millisecond},
		{Change: &p.Changes[1], Outcome: diff.OK, HTTPStatus: 204, Attempts: 2, ResourceID: "sub-9", StartedAt: at, Duration: time.Second},
		{
			Change: &p.Changes[2], Outcome: diff.Failed, HTTPStatus: 400, Code: 2520, Title: "Package in use", Field: "packages", Description: "=HYPERLINK(\"http://evil.example\")\n2026 ERROR fake",
			Advice: "remove the subscribers first", Attempts: 1, TrackingID: "WS_3", ResourceID: "sub-2", StartedAt: at, Duration: 90 * time.Microsecond,
		},
		{Change: &p.Changes[3], Outcome: diff.Skipped, BlockedBy: "c1", Description: "its customer did not succeed"},
	}
}

func TestRows(t *testing.T) {
	p := samplePlan()
	var got []string
	for _, r := range Rows(sampleDesired(t), p, sampleResults(p)) {
		got = append(got, fmt.Sprintf("%s:%d %s %s %s %s changes=%d attempts=%d", r.File, r.At.Line, r.kindWord(), r.Key, r.actionWord(), r.Outcome, r.Changes, r.Attempts))
	}
	want := []string{
		"customers.csv:2 customer ACME update not_attempted changes=2 attempts=1",
		"customers.csv:3 customer GLOBEX none unchanged changes=0 attempts=0",
		"subs.csv:2 subscriber ACME/ann@acme.example provision skipped changes=1 attempts=0",
		"subs.csv:3 subscriber ACME/bob@acme.example update failed changes=1 attempts=1",
		"subs.csv:4 subscriber ACME/cyd@acme.example none conflict changes=0 attempts=0",
		"subs.csv:5 subscriber ACME/dan@acme.example none unchanged changes=0 attempts=0",
		"subs.csv:6 subscriber ACME/eve@acme.example none unchanged changes=0 attempts=0",
		"subs.csv:8 subscriber ACME/fay none rejected changes=0 attempts=0",
		":0 subscriber ACME/zoe@acme.example remove ok changes=1 attempts=2",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows (-want +got):\n%s", d)
	}
}

// Where two live objects have one key, a person must see both.
func TestRowOfTwoLiveObjects(t *testing.T) {
	rows := Rows(sampleDesired(t), samplePlan(), nil)
	at := slices.IndexFunc(rows, func(r Row) bool { return r.Outcome == diff.Conflict })
	got := []string{rows[at].Result.ResourceID, rows[at].Result.Description}
	want := []string{"id-1 id-2", "two live subscribers have this address (live: id-1, id-2)"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A subscriber that moves is removed here and provisioned there by one row.
func TestRowOfAMove(t *testing.T) {
	d := diff.NewDesired()
	d.Files = []diff.File{{Name: "s.csv"}}
	at := diff.Position{Line: 2}
	add(t, d, diff.Subscriber, at, diff.Cells{diff.ColCustomerExternalID: "NEW", diff.ColEmail: "a@b.example"})
	p := &diff.Plan{Changes: []diff.Change{
		{ID: "in", Kind: diff.Subscriber, Action: diff.Provision, At: at, FileName: "s.csv", Line: 2},
		{ID: "out", Kind: diff.Subscriber, Action: diff.Remove, At: at, FileName: "s.csv", Line: 2},
	}}
	tests := []struct{ in, out, want diff.Outcome }{
		{diff.OK, diff.OK, diff.OK},
		{diff.Skipped, diff.Failed, diff.Failed},
		{diff.Unknown, diff.OK, diff.Unknown},
		{diff.Pending, diff.OK, diff.Pending},
	}
	for _, test := range tests {
		rows := Rows(d, p, []batch.Result{
			{Change: &p.Changes[0], Outcome: test.in, Attempts: 1},
			{Change: &p.Changes[1], Outcome: test.out, Attempts: 3},
		})
		if len(rows) != 1 {
			t.Fatalf("%d rows, want 1", len(rows))
		}
		r := rows[0]
		if r.Outcome != test.want || r.Result.Outcome != test.want || r.Action != diff.Provision || r.Attempts != 4 {
			t.Errorf("%s and %s: %s (of %s), %s, %d attempts", test.in, test.out, r.Outcome, r.Result.Outcome, r.Action, r.Attempts)
		}
	}
}

// Whatever the plan and its results, each input row has exactly one row, in
// input order, and then come the pruned objects.
func TestEveryInputRowHasOneRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := diff.NewDesired()
		p := &diff.Plan{}
		var results []batch.Result
		inputs, pruned := 0, 0
		for f := range rapid.IntRange(1, 3).Draw(t, "files") {
			name := fmt.Sprintf("f%d.csv", f)
			d.Files = append(d.Files, diff.File{Name: name})
			line := uint32(1)
			for range rapid.IntRange(0, 12).Draw(t, "rows") {
				line += uint32(rapid.IntRange(1, 3).Draw(t, "gap"))
				inputs++
				at := diff.Position{File: uint16(f), Line: line}
				kind := rapid.SampledFrom(diff.Kinds()).Draw(t, "kind")
				switch fate := rapid.IntRange(0, 5).Draw(t, "fate"); fate {
				case 0:
					d.Rejected = append(d.Rejected, diff.Rejected{At: at, File: name, Line: line, Kind: kind})
					continue
				case 1:
					p.Held = append(p.Held, diff.Held{Kind: kind, At: at, FileName: name, Line: line, Outcome: diff.Conflict})
				default:
					for n := range fate - 2 {
						p.Changes = append(p.Changes, diff.Change{ID: fmt.Sprint(at, n), Kind: kind, Action: diff.Update, At: at, FileName: name, Line: line})
					}
				}
				if err := d.Of(kind).Add(at, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		for n := range rapid.IntRange(0, 4).Draw(t, "pruned") {
			pruned++
			p.Changes = append(p.Changes, diff.Change{ID: fmt.Sprint("pruned", n), Kind: diff.Subscriber, Action: diff.Remove})
		}
		p.Changes = rapid.Permutation(p.Changes).Draw(t, "order")
		for i := range p.Changes {
			if rapid.Bool().Draw(t, "done") {
				results = append(results, batch.Result{Change: &p.Changes[i], Outcome: rapid.SampledFrom(diff.Outcomes()).Draw(t, "outcome"), Attempts: 1})
			}
		}
		rows := Rows(d, p, results)
		if len(rows) != inputs+pruned {
			t.Fatalf("%d rows for %d input rows and %d pruned objects", len(rows), inputs, pruned)
		}
		attempts, changes := 0, 0
		for i, r := range rows {
			if (i < inputs) != (r.At.Line > 0) {
				t.Fatalf("row %d is out of place: %+v", i, r)
			}
			if i > 0 && i < inputs && comparePositions(rows[i-1].At, r.At) >= 0 {
				t.Fatalf("rows %d and %d are out of order", i-1, i)
			}
			attempts += r.Attempts
			changes += r.Changes
		}
		if attempts != len(results) || changes != len(p.Changes) {
			t.Fatalf("%d attempts of %d, %d changes of %d", attempts, len(results), changes, len(p.Changes))
		}
	})
}

func TestExitCode(t *testing.T) {
	tests := []struct {
		outcomes []diff.Outcome
		want     int
	}{
		{nil, 0},
		{[]diff.Outcome{diff.OK, diff.Unchanged, diff.Pending}, 0},
		{[]diff.Outcome{diff.OK, diff.Failed}, 4},
		{[]diff.Outcome{diff.Conflict}, 4},
		{[]diff.Outcome{diff.RejectedRow}, 4},
		{[]diff.Outcome{diff.Skipped}, 4},
		{[]diff.Outcome{diff.InProgress, diff.Failed}, 8},
		{[]diff.Outcome{diff.Failed, diff.NotAttempted}, 8},
		{[]diff.Outcome{diff.NotAttempted, diff.Unknown, diff.Failed}, 9},
	}
	for _, test := range tests {
		var rows []Row
		for _, o := range test.outcomes {
			rows = append(rows, Row{Outcome: o})
		}
		if got := ExitCode(rows); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.outcomes, got, test.want)
		}
	}
}
