package report

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

func TestWritePlan(t *testing.T) {
	golden(t, "plan.txt", []byte(planText(t, sampleView(t))))

	v := sampleView(t)
	v.Color, v.Full, v.Prices, v.Hits, v.Rate = true, true, nil, nil, 0
	golden(t, "plan_color_full.txt", []byte(strings.ReplaceAll(planText(t, v), "\x1b", "ESC")))

	golden(t, "plan_empty.txt", []byte(planText(t, PlanView{Plan: &diff.Plan{Unchanged: map[diff.Kind]int{diff.Subscriber: 14}}, Rate: 10})))
	golden(t, "plan_long.txt", []byte(planText(t, longPlanView(120))))
}

func TestLongPlanInFull(t *testing.T) {
	v := longPlanView(120)
	v.Full = true
	text := planText(t, v)
	if n := strings.Count(text, "big.csv:"); n != 120 {
		t.Errorf("%d changes are shown, not 120", n)
	}
	if strings.Contains(text, "--full") {
		t.Error("the whole plan still points at --full")
	}
}

// A plan of 50 changes is not summarised, one of 51 is.
func TestWhatIsALongPlan(t *testing.T) {
	for n, short := range map[int]bool{50: false, 51: true} {
		if got := strings.Contains(planText(t, longPlanView(n)), "--full"); got != short {
			t.Errorf("%d changes: summarised %v, want %v", n, got, short)
		}
	}
}

func TestManyHeldRowsAndNotes(t *testing.T) {
	v := PlanView{Plan: &diff.Plan{Held: make([]diff.Held, 25), Notes: make([]diff.Note, 23)}}
	for i := range v.Plan.Held {
		v.Plan.Held[i].Kind, v.Plan.Held[i].Outcome = diff.Customer, diff.Conflict
	}
	text := planText(t, v)
	for _, want := range []string{"... and 5 more", "... and 3 more", "25 conflicts"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// Nothing that the input or the API can put into a plan reaches the terminal raw.
func TestPlanTextHasNoControls(t *testing.T) {
	const evil = "x\x1b]8;;https://evil.example\x07\x1b[2J\r\n\u202e\u200b\xff\x00"
	v := PlanView{
		Files: []diff.File{{Name: evil}}, Source: evil, Next: evil, Rate: 1, Hits: []diff.GuardHit{{Reason: evil, Lift: evil}, {Reason: evil, Lift: "--" + evil}},
		Plan: &diff.Plan{
			Held:   []diff.Held{{Kind: diff.Customer, Key: diff.Key{Customer: evil}, FileName: evil, Line: 3, Outcome: diff.Conflict, Reason: evil, Advice: evil, LiveIDs: []string{evil}}},
			Drift:  []diff.Drift{{FileName: evil, Line: 3, Key: diff.Key{Customer: evil, Email: evil}, Column: diff.ColFirstName, Live: evil, Wanted: evil}},
			Notes:  []diff.Note{{FileName: evil, Text: evil}},
			Effect: diff.Effect{Packages: []diff.Seats{{Package: evil}}}, Unchanged: map[diff.Kind]int{},
		},
		Prices: &Prices{},
	}
	for i := range 60 {
		v.Plan.Changes = append(v.Plan.Changes, diff.Change{
			Kind: diff.Customer, Action: diff.Actions()[i%3], Key: diff.Key{Customer: evil, Email: evil}, FileName: evil, Line: 1, Reason: evil, Remark: evil,
			Fields: []diff.FieldChange{{Column: diff.ColPackages, Before: evil, After: ""}, {Column: diff.ColName, After: evil}},
		})
	}
	for _, full := range []bool{false, true} {
		v.Full = full
		text := planText(t, v)
		for _, r := range text {
			if r != '\n' && (!unicode.IsGraphic(r) || r == unicode.ReplacementChar) {
				t.Fatalf("full %v: the text holds %U:\n%q", full, r, text)
			}
		}
		if strings.Contains(text, "\nx\\x1b") {
			t.Error("a value begins a line")
		}
	}
}

func TestWritePlanTellsWriteErrors(t *testing.T) {
	if err := WritePlan(brokenWriter{}, sampleView(t)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
	if err := WritePlanHTML(brokenWriter{}, sampleView(t)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("page: error %v", err)
	}
}

// A plan that changes nothing has something to say all the same, where rows are
// held or were set aside.
func TestHeadline(t *testing.T) {
	held := []diff.Held{
		{Kind: diff.Customer, Outcome: diff.Conflict, Reason: "two."},
		{Kind: diff.Customer, Outcome: diff.Conflict, Reason: "two.", Advice: "delete one"},
		{Kind: diff.Subscriber, Outcome: diff.Pending, Reason: "status pending"},
		{Kind: diff.Subscriber, Outcome: diff.RejectedRow, Reason: "no customer"},
	}
	aside := []diff.Rejected{{File: "a.csv", Line: 3, Key: "x/y", Problem: "no e-mail address"}}
	for _, test := range []struct {
		view PlanView
		want []string
	}{
		{PlanView{}, []string{"Plan: nothing to do, 0 unchanged\n"}},
		{PlanView{Plan: &diff.Plan{Held: held, Unchanged: map[diff.Kind]int{diff.Customer: 3}}}, []string{
			"Plan: no changes, 2 conflicts, 1 pending, 1 set aside, 3 unchanged\n", "unchanged  held  set aside\n",
			"conflict: two; delete one\n", "set aside: no customer\n",
		}},
		{PlanView{Plan: &diff.Plan{Held: held[2:3]}}, []string{"Plan: nothing to do, 1 pending, 0 unchanged\n"}},
		{PlanView{SetAside: aside}, []string{
			"Plan: no changes, 1 set aside, 0 unchanged\n", "  of no kind          0       0       0          0     0          1\n",
			"  ! a.csv:3  row x/y  set aside: no e-mail address; correct the row and send it again\n",
		}},
	} {
		if test.view.Plan == nil {
			test.view.Plan = &diff.Plan{}
		}
		text := planText(t, test.view)
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in:\n%s", want, text)
			}
		}
	}
}

func TestLiftingFlags(t *testing.T) {
	empty, many := diff.GuardHit{Lift: "--allow-empty"}, diff.GuardHit{Lift: "--allow-deletes=3"}
	for _, test := range []struct {
		hits  []diff.GuardHit
		flags string
		all   bool
	}{
		{nil, "", true},
		{[]diff.GuardHit{empty, many, many}, "--allow-empty --allow-deletes=3", true},
		{[]diff.GuardHit{many, {Lift: "mend that"}}, "--allow-deletes=3", false},
	} {
		flags, all := LiftingFlags(test.hits)
		if got := strings.Join(flags, " "); got != test.flags || all != test.all {
			t.Errorf("%v: %q, all %v", test.hits, got, all)
		}
		text := planText(t, PlanView{Plan: &diff.Plan{}, Hits: test.hits})
		if got := strings.Contains(text, "To go on all the same, add: "+test.flags+"\n"); got != (test.all && test.hits != nil) {
			t.Errorf("%v: the text offers to go on: %v:\n%s", test.hits, got, text)
		}
	}
}

func TestEffort(t *testing.T) {
	for _, test := range []struct {
		list int
		rate float64
		want string
	}{
		{0, 0, "about 13 API calls to change"},
		{4, 10, "about 13 API calls to change, after 4 to list, under a minute at 10/s"},
		{4, 0.01, "about 13 API calls to change, after 4 to list, about 28 minutes at 0.01/s"},
		{1, 5000, "about 13 API calls to change, after 1 to list, under a minute at 5,000/s"},
	} {
		got := effort(PlanView{Plan: samplePlan(), ListCalls: test.list, Rate: test.rate})
		if got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestDescribeInput(t *testing.T) {
	many := make([]diff.File, 23)
	for i := range many {
		many[i].Name = "f"
	}
	tests := []struct {
		files  []diff.File
		source string
		want   string
	}{
		{nil, "", ""},
		{many[:1], "", "Input: f"},
		{nil, "snapshot a.csv", "Compared with snapshot a.csv"},
		{many[:2], "snapshot a.csv", "Input: f, f, compared with snapshot a.csv"},
		{many, "", "Input: " + strings.Repeat("f, ", 20) + "3 more files"},
	}
	for _, test := range tests {
		if got := describeInput(PlanView{Files: test.files, Source: test.source}); got != test.want {
			t.Errorf("%d files, %q: %q, want %q", len(test.files), test.source, got, test.want)
		}
	}
}

// One package needs no total.
func TestEffectOfOnePackage(t *testing.T) {
	rows, missing := effectTable(diff.Effect{Packages: []diff.Seats{{Package: "webex_suite", Before: 2, After: 1}}}, nil, time.Time{})
	want := [][]string{{"package", "before", "after", "+/-"}, {"webex_suite", "2", "1", "-1"}}
	if d := cmp.Diff(want, rows); d != "" || missing != nil {
		t.Errorf("missing %q, rows (-want +got):\n%s", missing, d)
	}
}

func TestEstimate(t *testing.T) {
	one := func(k diff.Kind, a diff.Action) *diff.Plan {
		return &diff.Plan{Changes: []diff.Change{{Kind: k, Action: a}}}
	}
	tests := []struct {
		plan *diff.Plan
		want int
	}{
		{&diff.Plan{}, 0},
		{one(diff.Customer, diff.Provision), 3},
		{one(diff.Customer, diff.Update), 4},
		{one(diff.Customer, diff.Remove), 4},
		{one(diff.Subscriber, diff.Provision), 1},
		{one(diff.Subscriber, diff.Update), 2},
		{one(diff.Subscriber, diff.Remove), 2},
		{samplePlan(), 4 + 2 + 2 + 1 + 4},
	}
	for i, test := range tests {
		if got := Estimate(test.plan); got != test.want {
			t.Errorf("plan %d: %d calls, want %d", i, got, test.want)
		}
	}
}
