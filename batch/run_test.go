package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"wholesync/diff"
)

func TestRunSideBySide(t *testing.T) {
	a := &scripted{}
	out := inTime(t, Executor{Applier: a}, manyChanges(100), 0, 0)
	if out.err != nil || out.took != 10*time.Second || a.most != 10 {
		t.Errorf("took %v with %d side by side: %v", out.took, a.most, out.err)
	}
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 100}, tally(out.results))
}

func TestRunOfNothing(t *testing.T) {
	out := inTime(t, Executor{Applier: &scripted{}}, &diff.Plan{}, 0, 0)
	if out.err != nil || out.took != 0 {
		t.Errorf("took %v: %v", out.took, out.err)
	}
}

func TestRunGoesOnAfterFailure(t *testing.T) {
	a := &scripted{script: map[string][]move{"s3": {ends(diff.Failed, time.Second)}, "s50": {ends(diff.Conflict, 0)}, "s51": {{panic: true}}}}
	out := inTime(t, Executor{Applier: a}, manyChanges(100), 0, 0)
	if out.err != nil {
		t.Error(out.err)
	}
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 97, diff.Failed: 1, diff.Conflict: 1, diff.Unknown: 1}, tally(out.results))
	if d := out.results[51].Description; !strings.Contains(d, "internal error: no such thing") {
		t.Errorf("the panic is described as %q", d)
	}
}

func TestRunSkipsDependents(t *testing.T) {
	p := func() *diff.Plan {
		return &diff.Plan{Changes: []diff.Change{
			aChange("a", "ready", diff.StageReady),
			aChange("a", "gone", diff.StageRemove),
			aChange("a", "joins", diff.StageProvision, "ready"),
			aChange("a", "shrink", diff.StageShrink, "joins", "ready"),
			aChange("b", "other", diff.StageProvision),
		}}
	}
	tests := []struct {
		outcome diff.Outcome
		behind  string
	}{
		{diff.Failed, "skipped ready"},
		{diff.Conflict, "skipped ready"},
		{diff.Pending, "skipped ready"},
		{diff.Unknown, "not_attempted ready"},
		{diff.NotAttempted, "not_attempted ready"},
		{diff.OK, "ok"},
		{diff.Unchanged, "ok"},
	}
	for _, tt := range tests {
		t.Run(string(tt.outcome), func(t *testing.T) {
			a := &scripted{script: map[string][]move{"ready": {ends(tt.outcome, time.Second)}}}
			out := inTime(t, Executor{Applier: a}, p(), 0, 0)
			want := map[string]string{"ready": string(tt.outcome), "gone": "ok", "joins": tt.behind, "shrink": tt.behind, "other": "ok"}
			check(t, "outcomes", want, outcomes(out.results))
			if tt.behind != "ok" && out.results[3].Description != "ready ended as "+string(tt.outcome) {
				t.Errorf("described as %q", out.results[3].Description)
			}
		})
	}
}

// What waits for a change that is still in progress at the deadline may yet come.
func TestRunLeavesDependentsOfUnfinished(t *testing.T) {
	p := &diff.Plan{Changes: []diff.Change{aChange("a", "ready", diff.StageReady), aChange("a", "joins", diff.StageProvision, "ready")}}
	a := &scripted{script: map[string][]move{"ready": {ends(diff.InProgress, 0)}}}
	out := inTime(t, Executor{Applier: a, PollTimeout: time.Minute}, p, 0, 0)
	check(t, "outcomes", map[string]string{"ready": "in_progress", "joins": "not_attempted ready"}, outcomes(out.results))
}

func TestRunOrder(t *testing.T) {
	stages := []diff.Stage{diff.StageReady, diff.StageRemove, diff.StagePeople, diff.StageUpdate, diff.StageProvision, diff.StageShrink, diff.StageSync, diff.StageWorkspaces, diff.StageRemoveCustomer}
	p := &diff.Plan{}
	for _, s := range slices.Backward(stages) { // the plan's own order has no say
		p.Changes = append(p.Changes, aChange("slow", fmt.Sprintf("slow-%d", s), s), aChange("quick", fmt.Sprintf("quick-%d", s), s))
	}
	a := &scripted{script: map[string][]move{"slow-1": {ends(diff.OK, time.Minute)}, "quick-2": {ends(diff.Failed, time.Second)}}}
	out := inTime(t, Executor{Applier: a}, p, 0, 0)
	if out.took != time.Minute+8*time.Second {
		t.Errorf("took %v", out.took)
	}
	quick := slices.DeleteFunc(slices.Clone(out.shown), func(id string) bool { return strings.HasPrefix(id, "slow") })
	check(t, "order of a customer", []string{"quick-1", "quick-2", "quick-3", "quick-4", "quick-5", "quick-6", "quick-7", "quick-8", "quick-9"}, quick)
	if i := slices.Index(out.shown, "quick-9"); i > slices.Index(out.shown, "slow-1") {
		t.Errorf("a customer waited for another: %v", out.shown)
	}
}

func TestRunTriesBusyObjectsAgain(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {busy(10 * time.Second), busy(20 * time.Second), ends(diff.OK, time.Second)}}}
	out := inTime(t, Executor{Applier: a, Workers: 1}, manyChanges(3), 0, 0)
	if out.took != 31*time.Second || a.tries["s0"] != 3 || out.results[0].Attempts != 3 {
		t.Errorf("took %v, %d tries: %+v", out.took, a.tries["s0"], out.results[0])
	}
	if got := out.results[0]; got.Outcome != diff.OK || got.Duration != 31*time.Second {
		t.Errorf("result is %+v", got)
	}
	check(t, "order", []string{"s0", "s1", "s2", "s0", "s0"}, a.order)
}

func TestRunGivesUpOnBusyObjects(t *testing.T) {
	p := &diff.Plan{Changes: []diff.Change{aChange("a", "ready", diff.StageReady), aChange("a", "joins", diff.StageProvision, "ready")}}
	a := &scripted{script: map[string][]move{"ready": {busy(10 * time.Second)}}}
	out := inTime(t, Executor{Applier: a, PollTimeout: time.Minute}, p, 0, 0)
	if out.err != nil || out.took != time.Minute || a.tries["ready"] != 7 {
		t.Errorf("took %v and %d tries: %v", out.took, a.tries["ready"], out.err)
	}
	check(t, "outcomes", map[string]string{"ready": "not_attempted", "joins": "not_attempted ready"}, outcomes(out.results))
	if out.results[0].Code != 2502 {
		t.Errorf("the reason is lost: %+v", out.results[0])
	}
}

// What the API works on holds no worker, and is asked for ever more rarely.
func TestRunLooks(t *testing.T) {
	a := &scripted{
		script: map[string][]move{"s0": {ends(diff.InProgress, 0)}, "s3": {ends(diff.OK, time.Minute)}},
		ends:   map[string]Result{"s0": {Outcome: diff.OK}},
		endsAt: map[string]time.Duration{"s0": 2 * time.Minute},
	}
	out := inTime(t, Executor{Applier: a, Workers: 3}, manyChanges(4), 0, 0)
	if got := out.results[0]; out.shown[3] != "s0" || got.Outcome != diff.OK || got.Duration != out.took {
		t.Errorf("result is %+v", got)
	}
	var gaps []time.Duration
	for i, at := range append([]time.Duration{0}, a.looks...) {
		if i > 0 {
			gaps = append(gaps, (at - append([]time.Duration{0}, a.looks...)[i-1]).Round(time.Second))
		}
	}
	check(t, "gaps", []time.Duration{2e9, 3e9, 5e9, 7e9, 10e9, 15e9, 23e9, 30e9, 30e9}, gaps)
}

// Once something has come to its end, the next is looked for soon.
func TestRunLooksSoonAfterNews(t *testing.T) {
	a := &scripted{
		script: map[string][]move{"s0": {ends(diff.InProgress, 0)}, "s1": {ends(diff.InProgress, 0)}},
		ends:   map[string]Result{"s0": {Outcome: diff.OK}, "s1": {Outcome: diff.Failed}},
		endsAt: map[string]time.Duration{"s0": 2 * time.Minute, "s1": 2*time.Minute + 5*time.Second},
	}
	out := inTime(t, Executor{Applier: a}, manyChanges(2), 0, 0)
	check(t, "outcomes", map[string]string{"s0": "ok", "s1": "failed"}, outcomes(out.results))
	if n := len(a.looks); a.looks[n-1]-a.looks[n-2] != 2*time.Second {
		t.Errorf("looked at %v", a.looks)
	}
}

func TestRunStopsLookingAtTheDeadline(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {ends(diff.InProgress, 0)}}, lookIn: time.Second}
	out := inTime(t, Executor{Applier: a, PollTimeout: time.Minute}, manyChanges(2), 0, 0)
	if got := out.results[0]; got.Outcome != diff.InProgress || got.Advice == "" || got.Duration < time.Minute || got.Duration > time.Minute+maxPollInterval {
		t.Errorf("result is %+v", got)
	}
	if out.err != nil {
		t.Error(out.err)
	}
}

var errFatal = errors.New("the token is refused")

// A fatal error stops the intake; what is in flight finishes.
func TestRunFatal(t *testing.T) {
	a := &scripted{script: map[string][]move{
		"s1": {{after: time.Second, step: Step{Result: Result{Outcome: diff.NotAttempted}, Fatal: errFatal}}},
		"s2": {ends(diff.OK, 2*time.Second)},
	}}
	out := inTime(t, Executor{Applier: a}, manyChanges(100), 0, 0)
	if !errors.Is(out.err, errFatal) || out.took != 2*time.Second || len(a.order) > 20 {
		t.Errorf("took %v with %d tries: %v", out.took, len(a.order), out.err)
	}
	got := tally(out.results)
	if got[diff.OK]+got[diff.NotAttempted] != 100 || got[diff.OK] != len(a.order)-1 || out.results[2].Outcome != diff.OK {
		t.Errorf("outcomes are %v after %d tries", got, len(a.order))
	}
}

func TestRunFatalLook(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {ends(diff.InProgress, 0)}}, broken: errFatal}
	out := inTime(t, Executor{Applier: a, Workers: 1}, manyChanges(100), 0, 0)
	if !errors.Is(out.err, errFatal) || out.took > 4*time.Second {
		t.Errorf("took %v: %v", out.took, out.err)
	}
	if out.results[0].Outcome != diff.InProgress || out.results[0].Advice == "" {
		t.Errorf("result is %+v", out.results[0])
	}
}

// Stop ends the intake and lets what is in flight finish; that is no error.
func TestRunStop(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {ends(diff.InProgress, 0)}, "s1": {busy(time.Minute)}, "s2": {ends(diff.OK, time.Minute)}}}
	out := inTime(t, Executor{Applier: a}, manyChanges(100), 0, 2500*time.Millisecond)
	if out.err != nil || out.took != time.Minute {
		t.Errorf("took %v: %v", out.took, out.err)
	}
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 28, diff.InProgress: 1, diff.NotAttempted: 71}, tally(out.results))
	if got := out.results[1]; got.Code != 2502 || got.StartedAt.IsZero() {
		t.Errorf("what was busy is %+v", got)
	}
	if got := out.results[99]; got.Attempts != 0 || !got.StartedAt.IsZero() {
		t.Errorf("what was never sent is %+v", got)
	}
}

func TestRunCut(t *testing.T) {
	a := &scripted{script: map[string][]move{"s2": {ends(diff.OK, time.Hour)}}}
	out := inTime(t, Executor{Applier: a}, manyChanges(100), 2500*time.Millisecond, 0)
	if !errors.Is(out.err, context.Canceled) || out.took != 2500*time.Millisecond {
		t.Errorf("took %v: %v", out.took, out.err)
	}
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 18, diff.Unknown: 10, diff.NotAttempted: 72}, tally(out.results))
}

// A cut does not wait for the next look, nor for a busy object.
func TestRunCutWhileWaiting(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {ends(diff.InProgress, 0)}, "s1": {busy(time.Hour)}}}
	out := inTime(t, Executor{Applier: a, PollTimeout: 24 * time.Hour}, manyChanges(2), 10*time.Minute+time.Second, 0)
	if !errors.Is(out.err, context.Canceled) || out.took != 10*time.Minute+time.Second {
		t.Errorf("took %v: %v", out.took, out.err)
	}
}

// failingJournal takes n records.
type failingJournal struct {
	noJournal
	n int
}

var errJournal = errors.New("no space left on device")

func (j *failingJournal) Done(Result) error {
	if j.n--; j.n < 0 {
		return errJournal
	}
	return nil
}

func TestRunStopsWithoutJournal(t *testing.T) {
	a := &scripted{}
	out := inTime(t, Executor{Applier: a, Journal: &failingJournal{n: 5}}, manyChanges(100), 0, 0)
	if !errors.Is(out.err, errJournal) || out.took > 2*time.Second || len(a.order) > 20 {
		t.Errorf("took %v with %d tries: %v", out.took, len(a.order), out.err)
	}
}

func TestRunRefuses(t *testing.T) {
	p := &diff.Plan{Changes: []diff.Change{
		aChange("a", "ready", diff.StageReady), aChange("a", "gone", diff.StageRemove), aChange("a", "joins", diff.StageProvision, "ready"),
	}}
	a := &scripted{}
	out := inTime(t, Executor{Applier: a, Refuse: map[string]string{"ready": "it changed", "gone": "it is gone"}}, p, 0, 0)
	check(t, "outcomes", map[string]string{"ready": "conflict", "gone": "conflict", "joins": "skipped ready"}, outcomes(out.results))
	if len(a.order) != 0 || out.results[0].Description != "it changed" || out.results[0].Advice != planAgain {
		t.Errorf("%v was sent, the result is %+v", a.order, out.results[0])
	}
}

// The limiter holds changes back, and no change starts after the intake ended.
func TestRunLimiter(t *testing.T) {
	a := &scripted{}
	out := inTime(t, Executor{Applier: a, Limiter: rate.NewLimiter(1, 1)}, manyChanges(10), 0, 5500*time.Millisecond)
	if out.took != 6*time.Second || a.most > 2 {
		t.Errorf("took %v with %d side by side", out.took, a.most)
	}
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 6, diff.NotAttempted: 4}, tally(out.results))
}

// A plan that cannot be carried out to its end is a defect, and not waited for.
func TestRunTangledPlan(t *testing.T) {
	p := &diff.Plan{Changes: []diff.Change{
		aChange("a", "x", diff.StageProvision, "y"), aChange("b", "y", diff.StageProvision, "x"), aChange("c", "z", diff.StageProvision),
	}}
	out := inTime(t, Executor{Applier: &scripted{}}, p, 0, 0)
	if !errors.Is(out.err, errTangled) {
		t.Errorf("error is %v", out.err)
	}
	check(t, "outcomes", map[string]string{"x": "not_attempted", "y": "not_attempted", "z": "ok"}, outcomes(out.results))
}
