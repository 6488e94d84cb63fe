package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wholesync/diff"
)

// noAnswer is a move that meets an API which gives no usable answer.
func noAnswer(after time.Duration) move {
	return move{after: after, step: Step{Result: Result{Outcome: diff.Failed, Description: "no usable answer"}, Outage: true}}
}

func TestCanaryGoesFirst(t *testing.T) {
	a := &scripted{}
	p := manyChanges(40)
	p.Changes[30].Action = diff.Update // a sort of its own
	got := inTime(t, Executor{Applier: a, Canary: 2}, p, 0, 0)
	check(t, "error", nil, got.err)
	check(t, "outcomes", map[diff.Outcome]int{diff.OK: 40}, tally(got.results))
	first := slices.Sorted(slices.Values(a.order[:2]))
	check(t, "canaries, one of each sort", []string{"s0", "s30"}, first)
	check(t, "time: the canaries, then forty less two by ten", 1*time.Second+4*time.Second, got.took)
}

func TestCanaryTakesWhatItWaitsFor(t *testing.T) {
	a := &scripted{}
	p := &diff.Plan{Changes: []diff.Change{
		aChange("acme", "ready", diff.StageReady), aChange("acme", "late", diff.StageProvision, "ready"), aChange("other", "x", diff.StageProvision),
		aChange("other", "y", diff.StageProvision),
	}}
	p.Changes[1].Fields = []diff.FieldChange{{Column: diff.ColPackage, After: "webex_suite"}} // so that it is of another sort
	inTime(t, Executor{Applier: a, Canary: 2}, p, 0, 0)
	check(t, "order", []string{"ready", "late"}, a.order[:2])
}

func TestCanaryFails(t *testing.T) {
	a := &scripted{script: map[string][]move{"s0": {ends(diff.Failed, time.Second)}}}
	got := inTime(t, Executor{Applier: a, Canary: 1}, manyChanges(40), 0, 0)
	check(t, "outcomes", map[diff.Outcome]int{diff.Failed: 1, diff.NotAttempted: 39}, tally(got.results))
	var stopped *StoppedError
	if !errors.As(got.err, &stopped) || !strings.Contains(stopped.Error(), "the canary s0 ended as failed") {
		t.Errorf("error %v", got.err)
	}
}

func TestCanaryOfEverythingIsNone(t *testing.T) {
	got := inTime(t, Executor{Applier: &scripted{}, Canary: 40}, manyChanges(40), 0, 0)
	check(t, "time", 4*time.Second, got.took)
}

func TestMaxErrorPercent(t *testing.T) {
	script := map[string][]move{}
	for i := range 200 {
		if i%2 == 0 || i >= 100 {
			script[fmt.Sprintf("s%d", i)] = []move{ends(diff.Failed, time.Second)}
		}
	}
	for limit, wantErr := range map[float64]bool{49: true, 50: true, 0: false} {
		got := inTime(t, Executor{Applier: &scripted{script: script}, Workers: 1, MaxErrorPercent: limit}, manyChanges(200), 0, 0)
		var stopped *StoppedError
		if errors.As(got.err, &stopped) != wantErr {
			t.Errorf("limit %g: error %v", limit, got.err)
		}
		sent := 200 - tally(got.results)[diff.NotAttempted]
		// Half of the first hundred fail: 25 of 50 is not more than 50 %, so that
		// limit is passed only when the failures of the second hundred come in.
		if want := map[float64]int{49: 50, 50: 102, 0: 200}[limit]; sent != want {
			t.Errorf("limit %g: %d changes sent, not %d", limit, sent, want)
		}
	}
}

// downFor is an Applier whose API answers nobody until a time has passed.
type downFor struct {
	scripted
	down  time.Duration
	tries int
}

func (a *downFor) Apply(ctx context.Context, so Result, j Journal) Step {
	step := a.scripted.Apply(ctx, so, j)
	if time.Since(a.begin) < a.down {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.tries++
		return noAnswer(0).step
	}
	return step
}

func TestOutagePausesTheRun(t *testing.T) {
	a := &downFor{down: 10 * time.Minute}
	a.begin = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when synctest begins
	got := inTime(t, Executor{Applier: a, MaxOutage: 15 * time.Minute}, manyChanges(100), 0, 0)
	check(t, "error", nil, got.err)
	check(t, "outcomes: no row fails for an outage", map[diff.Outcome]int{diff.OK: 100}, tally(got.results))
	if a.tries > 10+20 {
		t.Errorf("%d tries in ten minutes without an answer; after the first of each worker, one at a time finds out", a.tries)
	}
}

func TestOutageEndsTheRun(t *testing.T) {
	script := map[string][]move{}
	for i := range 1000 {
		script[fmt.Sprintf("s%d", i)] = []move{noAnswer(time.Second)}
	}
	a := &scripted{script: script}
	got := inTime(t, Executor{Applier: a, MaxOutage: 15 * time.Minute}, manyChanges(1000), 0, 0)
	check(t, "outcomes", map[diff.Outcome]int{diff.NotAttempted: 1000}, tally(got.results))
	var stopped *StoppedError
	if !errors.As(got.err, &stopped) || !strings.Contains(stopped.Error(), "no usable answer for 15m") {
		t.Errorf("error %v", got.err)
	}
	if got.took < 15*time.Minute || got.took > 17*time.Minute {
		t.Errorf("it took %v", got.took)
	}
	if n := len(a.order); n > 300 {
		t.Errorf("%d tries in a quarter of an hour without an answer", n)
	}
}

func TestOutageOfOneRow(t *testing.T) {
	a := &scripted{script: map[string][]move{"s5": {noAnswer(time.Second)}}}
	got := inTime(t, Executor{Applier: a, Workers: 2, MaxOutage: 15 * time.Minute}, manyChanges(300), 0, 0)
	check(t, "error", nil, got.err)
	check(t, "outcomes: the row that is alone with it fails", map[diff.Outcome]int{diff.OK: 299, diff.Failed: 1}, tally(got.results))
}
