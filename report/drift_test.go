package report

import (
	"fmt"
	"strings"
	"testing"

	"wholesync/diff"
)

// driftView has n values adrift, two of each person but for the last one.
func driftView(n int) PlanView {
	p := &diff.Plan{Unchanged: map[diff.Kind]int{diff.Subscriber: n}}
	for i := range n {
		d := diff.Drift{FileName: "subs.csv", Line: uint32(2 + i/2), Key: diff.Key{Customer: "acme", Email: fmt.Sprintf("p%02d@acme.example", i/2)}}
		d.Column, d.Live, d.Wanted = diff.ColExtension, "", "1001"
		if i%2 > 0 {
			d.Column, d.Live, d.Wanted = diff.ColLastName, "O'Hara", "O Hara"
		}
		p.Drift = append(p.Drift, d)
	}
	return PlanView{Plan: p}
}

func TestDrift(t *testing.T) {
	golden(t, "plan_drift.txt", []byte(planText(t, driftView(3))))
	page := planHTMLText(t, driftView(3))
	for _, want := range []string{"Drift: 3 values of 2 subscribers, with nothing sent", "subs.csv:3", "p00@<wbr/>acme.example", "<td>last_name</td>", "O&#39;Hara", "Control Hub", "3 values adrift"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
}

func TestDriftOfMany(t *testing.T) {
	v := driftView(45)
	short := planText(t, v)
	if n := strings.Count(short, "the row says"); n != shownOthers || !strings.Contains(short, "... and 25 more (--full shows them)") {
		t.Errorf("%d lines of 45 in:\n%s", n, short)
	}
	v.Full = true
	if n := strings.Count(planText(t, v), "the row says"); n != 45 {
		t.Errorf("%d lines of 45 in full", n)
	}
	if n := strings.Count(planHTMLText(t, driftView(htmlRows+3)), "<td>extension</td>"); n != htmlRows/2 {
		t.Errorf("the page has %d extensions", n)
	}
	if !strings.Contains(planHTMLText(t, driftView(htmlRows+3)), "... and 3 more") {
		t.Error("the page does not say that it leaves some out")
	}
}

// A location that is found on the way costs calls, once for each customer.
func TestEstimateOfLocations(t *testing.T) {
	named := diff.Change{Kind: diff.Subscriber, Action: diff.Provision, Key: diff.Key{Customer: "acme"}, Fields: []diff.FieldChange{{Column: diff.ColLocationName, After: "Office"}}}
	known := named
	known.Fields = append([]diff.FieldChange{{Column: diff.ColLocationID, After: "L1"}}, known.Fields...)
	for _, tt := range []struct {
		changes []diff.Change
		calls   int
	}{{[]diff.Change{known}, 1}, {[]diff.Change{named}, 4}, {[]diff.Change{named, named, known}, 6}} {
		if got := Estimate(&diff.Plan{Changes: tt.changes}); got != tt.calls {
			t.Errorf("%d calls for %d changes, not %d", got, len(tt.changes), tt.calls)
		}
	}
}
