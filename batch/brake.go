package batch

import (
	"fmt"

	"wholesync/diff"
)

// errorWindow is how many changes the share of failures is taken over.
const errorWindow = 50

// StoppedError says that a run stopped itself because of how its changes ended.
// What was not sent by then is not_attempted, and a resumed run goes on with it.
type StoppedError struct{ Reason string }

func (e *StoppedError) Error() string { return e.Reason }

// brake holds changes back until the canaries have ended well, and watches the
// share of failures. It belongs to the goroutine of Run.
type brake struct {
	canaries map[int32]bool // still to end; nil = none, or all have
	held     []int32        // ready, behind the canaries
	percent  float64
	failures []bool // of the last changes sent
}

func newBrake(e *Executor, changes []diff.Change) brake {
	b := brake{percent: e.MaxErrorPercent}
	if e.Canary > 0 && e.Canary < len(changes) {
		b.canaries = pickCanaries(changes, e.Canary)
	}
	return b
}

// pickCanaries takes n changes of as many sorts (kind, action, package) as there
// are, in plan order, and everything that they wait for.
func pickCanaries(changes []diff.Change, n int) map[int32]bool {
	byID := make(map[string]int32, len(changes))
	byCustomer := map[string][]int32{}
	for i := range changes {
		byID[changes[i].ID] = int32(i)
		byCustomer[changes[i].Key.Customer] = append(byCustomer[changes[i].Key.Customer], int32(i))
	}
	picked := map[int32]bool{}
	var take func(i int32)
	take = func(i int32) {
		if picked[i] {
			return
		}
		picked[i] = true
		for _, id := range changes[i].DependsOn {
			if on, ok := byID[id]; ok {
				take(on)
			}
		}
		for _, sibling := range byCustomer[changes[i].Key.Customer] {
			if changes[sibling].Stage < changes[i].Stage {
				take(sibling)
			}
		}
	}
	for _, i := range bySort(changes)[:n] {
		take(i)
	}
	return picked
}

// bySort orders changes so that one of each sort comes before a second of any.
func bySort(changes []diff.Change) []int32 {
	type sort struct {
		kind   diff.Kind
		action diff.Action
		pkg    string
	}
	var rounds [][]int32
	seen := map[sort]int{}
	for i := range changes {
		pkg, _ := changes[i].Field(diff.ColPackage)
		s := sort{changes[i].Kind, changes[i].Action, pkg}
		if seen[s] == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[seen[s]] = append(rounds[seen[s]], int32(i))
		seen[s]++
	}
	var order []int32
	for _, round := range rounds {
		order = append(order, round...)
	}
	return order
}

// holds keeps a change back while canaries are under way.
func (b *brake) holds(i int32) bool {
	if len(b.canaries) == 0 || b.canaries[i] {
		return false
	}
	b.held = append(b.held, i)
	return true
}

// ended takes in the end of a change, and says when the run must stop.
func (b *brake) ended(i int32, res Result) error {
	if b.canaries[i] {
		delete(b.canaries, i)
		if !endedWell(res) && res.Outcome != diff.Pending {
			return &StoppedError{fmt.Sprintf("the canary %s ended as %s", res.Change.ID, res.Outcome)}
		}
	}
	if b.percent <= 0 || res.Attempts == 0 {
		return nil
	}
	if b.failures = append(b.failures, res.Outcome == diff.Failed || res.Outcome == diff.Unknown); len(b.failures) > errorWindow {
		b.failures = b.failures[1:]
	}
	failed := 0
	for _, f := range b.failures {
		if f {
			failed++
		}
	}
	if len(b.failures) == errorWindow && float64(failed*100) > b.percent*errorWindow {
		return &StoppedError{fmt.Sprintf("%d of the last %d changes failed, more than %g %%", failed, errorWindow, b.percent)}
	}
	return nil
}

// released are the changes that may start now that the canaries have ended.
func (b *brake) released() []int32 {
	if len(b.canaries) > 0 {
		return nil
	}
	held := b.held
	b.held = nil
	return held
}
