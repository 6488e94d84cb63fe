package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wholesync/diff"
)

// drawPlan draws a plan of the shapes that package diff makes: what a customer
// gains first, then its subscribers, what it loses last, and moves between
// customers.
func drawPlan(t *rapid.T) *diff.Plan {
	p := &diff.Plan{}
	removals := map[string]string{} // customer -> one of its removals
	for c := range rapid.IntRange(0, 4).Draw(t, "customers") {
		customer := fmt.Sprintf("c%d", c)
		ready, below := "", []string{}
		add := func(id string, s diff.Stage, after ...string) {
			p.Changes = append(p.Changes, aChange(customer, customer+id, s, slices.DeleteFunc(after, func(id string) bool { return id == "" })...))
			below = append(below, customer+id)
		}
		if rapid.Bool().Draw(t, "ready") {
			ready = customer + "-ready"
			add("-ready", diff.StageReady)
		}
		for i, s := range rapid.SliceOfN(rapid.SampledFrom([]diff.Stage{diff.StageRemove, diff.StageUpdate, diff.StageProvision}), 0, 8).Draw(t, "stages") {
			id, after := fmt.Sprintf("-%d", i), []string{}
			switch {
			case s == diff.StageRemove:
				removals[customer] = customer + id
			default:
				after = append(after, ready)
				if from := fmt.Sprintf("c%d", c-1); rapid.Bool().Draw(t, "moves") {
					after = append(after, removals[from])
				}
			}
			add(id, s, after...)
		}
		if rapid.Bool().Draw(t, "last") {
			add("-last", rapid.SampledFrom([]diff.Stage{diff.StageShrink, diff.StageRemoveCustomer}).Draw(t, "last stage"), below...)
		}
	}
	return p
}

// drawScript draws what happens to every change.
func drawScript(t *rapid.T, p *diff.Plan) *scripted {
	a := &scripted{script: map[string][]move{}, ends: map[string]Result{}, endsAt: map[string]time.Duration{}}
	seconds := rapid.Custom(func(t *rapid.T) time.Duration { return time.Duration(rapid.IntRange(0, 5).Draw(t, "s")) * time.Second })
	finals := rapid.SampledFrom([]diff.Outcome{diff.OK, diff.OK, diff.OK, diff.Unchanged, diff.Failed, diff.Conflict, diff.Pending, diff.Unknown})
	for i := range p.Changes {
		id := p.Changes[i].ID
		for range rapid.IntRange(0, 2).Draw(t, "busy") {
			a.script[id] = append(a.script[id], busy(time.Second+seconds.Draw(t, "again")))
		}
		switch rapid.IntRange(0, 12).Draw(t, "what") {
		case 0:
			a.script[id] = append(a.script[id], move{panic: true})
		case 1:
			a.script[id] = append(a.script[id], busy(time.Second))
		case 2, 3, 4:
			a.script[id] = append(a.script[id], ends(diff.InProgress, seconds.Draw(t, "after")))
			a.ends[id] = Result{Outcome: finals.Draw(t, "end")}
			a.endsAt[id] = 10 * seconds.Draw(t, "ends")
		case 5:
			a.script[id] = append(a.script[id], ends(diff.InProgress, seconds.Draw(t, "after")))
		default:
			a.script[id] = append(a.script[id], ends(finals.Draw(t, "outcome"), seconds.Draw(t, "after")))
		}
	}
	return a
}

// Whatever happens, a run ends with one result per change, and no change starts
// before its time.
func TestRunRandomPlans(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		a := drawScript(rt, p)
		ending := rapid.SampledFrom([]string{"none", "none", "stop", "cut", "fatal"}).Draw(rt, "ending")
		var cut, stop time.Duration
		when := time.Duration(rapid.IntRange(1, 40).Draw(rt, "when")) * 500 * time.Millisecond
		switch {
		case ending == "stop":
			stop = when
		case ending == "cut":
			cut = when
		case ending == "fatal" && len(p.Changes) > 0:
			id := rapid.SampledFrom(p.Changes).Draw(rt, "culprit").ID
			a.script[id] = []move{{after: when, step: Step{Result: Result{Outcome: diff.NotAttempted}, Fatal: errFatal}}}
		}
		workers := rapid.IntRange(1, 4).Draw(rt, "workers")
		out := inTime(t, Executor{Applier: a, Workers: workers, PollTimeout: time.Minute}, p, cut, stop)
		if a.most > workers {
			rt.Errorf("%d side by side with %d workers", a.most, workers)
		}
		if out.err != nil && !errors.Is(out.err, errFatal) && !errors.Is(out.err, context.Canceled) {
			rt.Errorf("error is %v", out.err)
		}
		checkStarts(rt, p, a.events)
		if ending == "none" {
			checkAllTried(rt, out.results, a.tries)
		}
	})
}

// checkStarts goes through what happened and holds every start against the plan.
func checkStarts(t reporter, p *diff.Plan, events []string) {
	t.Helper()
	ended := map[string]string{}
	byID := map[string]*diff.Change{}
	for i := range p.Changes {
		byID[p.Changes[i].ID] = &p.Changes[i]
	}
	for _, event := range events {
		words := strings.Fields(event)
		c := byID[words[1]]
		if words[0] == "end" {
			ended[c.ID] = words[2]
			continue
		}
		for _, id := range c.DependsOn {
			if o := diff.Outcome(ended[id]); o != diff.OK && o != diff.Unchanged {
				t.Errorf("%s started with %s in state %q", c.ID, id, o)
			}
		}
		for _, other := range byID {
			if other.Key.Customer == c.Key.Customer && other.Stage < c.Stage && ended[other.ID] == "" {
				t.Errorf("%s started before %s had ended", c.ID, other.ID)
			}
		}
	}
}

// checkAllTried holds for runs that nobody ended: what was not tried has a reason.
func checkAllTried(t reporter, results []Result, tries map[string]int) {
	t.Helper()
	ok := map[string]bool{}
	for _, r := range results {
		ok[r.Change.ID] = r.Outcome == diff.OK || r.Outcome == diff.Unchanged
	}
	for _, r := range results {
		blocked := slices.ContainsFunc(r.Change.DependsOn, func(id string) bool { return !ok[id] })
		if tried := tries[r.Change.ID] > 0; tried == blocked || blocked != (r.BlockedBy != "") || r.BlockedBy != "" && ok[r.BlockedBy] {
			t.Errorf("%s: tried %v, ended as %s, blocked by %q", r.Change.ID, tried, r.Outcome, r.BlockedBy)
		}
	}
}
