package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

// move is one step of a scripted change: what Apply does, and after how long.
type move struct {
	after time.Duration
	step  Step
	panic bool
}

// scripted is an Applier without an API. The n-th Apply of a change plays the
// n-th move of its script, the last one for ever; a change without a script takes
// a second and succeeds. It works within a synctest bubble.
type scripted struct {
	script map[string][]move
	ends   map[string]Result        // what Look says of accepted changes ...
	endsAt map[string]time.Duration // ... from this time of the run on
	lookIn time.Duration            // how long a look takes
	broken error                    // what Look returns

	mu      sync.Mutex
	begin   time.Time
	tries   map[string]int
	order   []string
	events  []string // "start ID", and "end ID OUTCOME" as OnResult has it
	running int
	most    int // side by side
	looks   []time.Duration
}

func (a *scripted) Apply(ctx context.Context, so Result, j Journal) Step {
	id := so.Change.ID
	m := a.enter(id)
	defer a.leave()
	if err := wait(ctx, m.after); err != nil {
		return Step{Result: Result{Outcome: diff.Unknown}, Fatal: err}
	}
	if m.panic {
		panic("no such thing")
	}
	m.step.Result.Attempts = so.Attempts + 1
	return m.step
}

func (a *scripted) enter(id string) move {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tries == nil {
		a.tries = map[string]int{}
	}
	m := move{after: time.Second, step: Step{Result: Result{Outcome: diff.OK}}}
	if s := a.script[id]; len(s) > 0 {
		m = s[min(a.tries[id], len(s)-1)]
	}
	a.tries[id]++
	a.order = append(a.order, id)
	a.events = append(a.events, "start "+id)
	a.running++
	a.most = max(a.most, a.running)
	return m
}

func (a *scripted) ended(r Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, fmt.Sprintf("end %s %s", r.Change.ID, r.Outcome))
}

func (a *scripted) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
}

func (a *scripted) Look(ctx context.Context, waiting []Result) ([]Result, error) {
	a.mu.Lock()
	a.looks = append(a.looks, time.Since(a.begin))
	a.mu.Unlock()
	if err := wait(ctx, a.lookIn); err != nil {
		return nil, err
	}
	var ended []Result
	for _, w := range waiting {
		if end, ok := a.ends[w.Change.ID]; ok && time.Since(a.begin) >= a.endsAt[w.Change.ID] {
			end.Change = w.Change
			ended = append(ended, end)
		}
	}
	return ended, a.broken
}

// ends is a move that brings a change to its end.
func ends(o diff.Outcome, after time.Duration) move {
	return move{after: after, step: Step{Result: Result{Outcome: o}}}
}

// busy is a move that meets an object which others work on.
func busy(again time.Duration) move {
	return move{step: Step{Result: Result{Outcome: diff.NotAttempted, Code: 2502}, Again: again}}
}

// aChange is a change of a customer's subscriber, by stage.
func aChange(customer, id string, stage diff.Stage, after ...string) diff.Change {
	return diff.Change{ID: id, Kind: diff.Subscriber, Action: diff.Provision, Key: diff.Key{Customer: customer, Email: id}, Stage: stage, DependsOn: after}
}

func manyChanges(n int) *diff.Plan {
	p := &diff.Plan{}
	for i := range n {
		p.Changes = append(p.Changes, aChange(fmt.Sprintf("c%d", i/7), fmt.Sprintf("s%d", i), diff.StageProvision))
	}
	return p
}

// outcomes are results by change, with the cause of those that were skipped.
func outcomes(results []Result) map[string]string {
	out := map[string]string{}
	for _, r := range results {
		out[r.Change.ID] = strings.TrimSuffix(string(r.Outcome)+" "+r.BlockedBy, " ")
	}
	return out
}

// tally counts outcomes.
func tally(results []Result) map[diff.Outcome]int {
	out := map[diff.Outcome]int{}
	for _, r := range results {
		out[r.Outcome]++
	}
	return out
}

// ran is a run in virtual time that has ended.
type ran struct {
	results []Result
	err     error
	took    time.Duration
	shown   []string // ids, as OnResult had them
	started []string
}

// inTime carries a plan out in a bubble of virtual time. What the executor
// leaves open is filled in; ctx and stop end after the given times, 0 = never.
// The bubble fails the test if a goroutine is left.
func inTime(t *testing.T, e Executor, p *diff.Plan, cut, stop time.Duration) (out ran) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if a, ok := e.Applier.(*scripted); ok {
			a.begin = time.Now()
		}
		if e.Workers == 0 {
			e.Workers = 10
		}
		if e.PollInterval == 0 {
			e.PollInterval = 2 * time.Second
		}
		if e.PollTimeout == 0 {
			e.PollTimeout = 15 * time.Minute
		}
		e.OnStart = func(c *diff.Change) { out.started = append(out.started, c.ID) }
		e.OnResult = func(r Result) {
			out.shown = append(out.shown, r.Change.ID)
			if a, ok := e.Applier.(*scripted); ok {
				a.ended(r)
			}
		}
		ctx, stopping := endsAfter(t, cut), endsAfter(t, stop)
		begin := time.Now()
		out.results, out.err = e.Run(ctx, stopping, p)
		out.took = time.Since(begin)
	})
	checkComplete(t, p, out)
	return out
}

func endsAfter(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	if d > 0 {
		timer := time.AfterFunc(d, cancel)
		t.Cleanup(func() { timer.Stop() })
	}
	return ctx
}

// reporter is what *testing.T, *testing.B and *rapid.T have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// checkComplete holds for every run: one result per change, in the plan's order,
// each shown once.
func checkComplete(t reporter, p *diff.Plan, out ran) {
	t.Helper()
	if len(out.results) != len(p.Changes) {
		t.Fatalf("%d results for %d changes", len(out.results), len(p.Changes))
	}
	var want []string
	for i := range p.Changes {
		want = append(want, p.Changes[i].ID)
		if r := out.results[i]; r.Change != &p.Changes[i] || r.Outcome == "" {
			t.Fatalf("result %d is %+v, of %v", i, r, p.Changes[i].ID)
		}
	}
	slices.Sort(want)
	shown := slices.Sorted(slices.Values(out.shown))
	if d := cmp.Diff(want, shown); d != "" {
		t.Fatalf("results that were shown (-want +got):\n%s", d)
	}
	if n := len(out.started); n != len(slices.Compact(slices.Sorted(slices.Values(out.started)))) {
		t.Fatalf("a change started twice: %v", out.started)
	}
}

func check[T any](t reporter, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
