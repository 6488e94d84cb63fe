package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"wholesync/diff"
)

// Applier carries out one change. Its methods are called by several goroutines.
type Applier interface {
	// Apply sends a change, recording each write in the journal. It is given what
	// is known of the change so far: nothing, or an earlier try at a busy object.
	Apply(ctx context.Context, so Result, j Journal) Step
	// Look asks for the state of changes that the API has accepted, and returns
	// the results of those that have come to an end. An error stops the run.
	Look(ctx context.Context, waiting []Result) ([]Result, error)
}

// Step is how far one call of Apply brought a change. A Result with outcome
// InProgress was accepted and is to be looked at until it comes to an end.
type Step struct {
	Result Result
	// Again > 0 asks for another Apply after that time: the object was busy and
	// nothing was written.
	Again time.Duration
	// Outage says that the API gave no usable answer and nothing was applied: the
	// fault may be the row's, or everybody's.
	Outage bool
	// Fatal stops the run: the API refuses the token, or the journal a record.
	Fatal error
}

// Limiter holds a change back until it may start. *rate.Limiter is one. It is
// not what keeps the API's rate, which every request pays inside the client, but
// what keeps changes from piling up there once the intake is closed.
type Limiter interface {
	Wait(ctx context.Context) error
}

// Executor carries out a plan.
//
// The goroutine that calls Run owns the graph, the results and the waiting
// lists, and it alone calls OnStart and OnResult. Workers apply, one more
// goroutine looks; both only send. A failed change never cancels another.
type Executor struct {
	Applier Applier
	Journal Journal
	Limiter Limiter
	Workers int // changes under way side by side; those in progress need none
	// Refuse names changes that must not be made, by id, with the reason.
	Refuse map[string]string
	// Past is what the journal tells of an earlier run of the same plan, by
	// change id; see [BoltJournal.History].
	Past map[string]Past
	// Canary > 0 carries out so many changes first, of as many sorts as possible,
	// and stops if one of them does not end well.
	Canary int
	// MaxErrorPercent > 0 stops the run when more than so many of the last 50
	// changes sent have failed.
	MaxErrorPercent float64
	PollInterval    time.Duration // until the first look at what is in progress; grows to 30 s
	PollTimeout     time.Duration // when to stop looking at, or waiting for, one change
	MaxOutage       time.Duration // how long to pause for an API that gives no usable answer; 0 = not at all
	OnStart         func(*diff.Change)
	OnResult        func(Result)
}

// Run carries out the plan's changes and returns one result per change, in the
// plan's order. Two contexts end it: stop ends the intake and lets what is in
// flight finish; ctx cuts everything. The error says why the run could not go on
// (token refused, journal not writable, ctx cut); the results are complete all
// the same.
func (e *Executor) Run(ctx, stop context.Context, p *diff.Plan) ([]Result, error) {
	r := newRun(ctx, stop, e, p)
	defer r.halt(nil)
	defer context.AfterFunc(ctx, func() { r.halt(context.Cause(ctx)) })()
	r.hire()
	r.enqueue(r.takeUp(r.graph.start()))
	for r.graph.open > 0 && r.goesOn() {
		r.turn()
	}
	close(r.work)
	r.workers.Wait() //nolint:errcheck // workers return nil: a failed change is a result
	r.abandon()
	if r.fatal == nil {
		r.fatal = context.Cause(ctx)
	}
	return r.results, r.fatal
}

// run is one execution under way. Its fields belong to the goroutine of Run.
type run struct {
	*Executor
	ctx  context.Context // of calls
	feed context.Context // of the intake
	halt context.CancelCauseFunc

	graph   *graph
	results []Result
	begun   []time.Time // when this run first took up a change; an earlier run may have started it
	fatal   error

	queue   []int32 // ready to start
	delayed []delayed
	active  int              // changes with a worker
	waiting map[int32]waited // accepted, in progress
	looking bool
	nextAt  time.Time     // of the next look
	pause   time.Duration // between looks
	brake   brake
	down    outage

	work    chan int32
	steps   chan finished
	looked  chan view
	workers errgroup.Group
}

type noLimiter struct{}

func (noLimiter) Wait(ctx context.Context) error { return ctx.Err() }

// delayed is a change whose object was busy, to be tried again.
type delayed struct {
	change int32
	at     time.Time
}

type finished struct {
	change int32
	step   Step
	began  time.Time
}

func newRun(ctx, stop context.Context, e *Executor, p *diff.Plan) *run {
	feed, halt := context.WithCancelCause(stop)
	setup := *e
	if setup.Journal == nil {
		setup.Journal = noJournal{}
	}
	if setup.Limiter == nil {
		setup.Limiter = noLimiter{}
	}
	r := &run{
		Executor: &setup, ctx: ctx, feed: feed, halt: halt, graph: newGraph(p.Changes),
		results: make([]Result, len(p.Changes)), begun: make([]time.Time, len(p.Changes)), waiting: map[int32]waited{},
		work: make(chan int32), steps: make(chan finished), looked: make(chan view, 1),
	}
	for i := range r.results {
		r.results[i] = Result{Change: &p.Changes[i], Outcome: diff.NotAttempted}
	}
	r.brake = newBrake(&setup, p.Changes)
	return r
}

// hire starts the workers. They end when the channel of work is closed.
func (r *run) hire() {
	for range max(r.Workers, 1) {
		r.workers.Go(func() error {
			for i := range r.work {
				began := time.Now()
				r.steps <- finished{i, r.applySafely(r.results[i]), began}
			}
			return nil
		})
	}
}

// applySafely keeps a defect in the handling of one change from ending the run.
func (r *run) applySafely(so Result) (step Step) {
	defer func() {
		if p := recover(); p != nil {
			step = Step{Result: Result{Outcome: diff.Unknown, Description: fmt.Sprintf("internal error: %v\n%s", p, debug.Stack()),
				Advice: "look at the object in Partner Hub, and report this"}}
		}
		step.Result.Change, step.Result.StartedAt = so.Change, so.StartedAt
	}()
	if err := r.Limiter.Wait(r.feed); err != nil { // no write starts once the intake is closed
		return Step{Result: so}
	}
	if so.StartedAt.IsZero() {
		so.StartedAt = time.Now()
	}
	return r.Applier.Apply(r.ctx, so, r.Journal)
}

// errTangled is a defect of the plan that would otherwise be waited for for ever.
var errTangled = errors.New("the plan's remaining changes wait for each other")

// goesOn reports whether anything can still happen.
func (r *run) goesOn() bool {
	switch {
	case r.active > 0 || r.looking:
		return true
	case r.feed.Err() != nil:
		return false
	case len(r.queue)+len(r.delayed)+len(r.waiting)+len(r.brake.held) == 0:
		r.stopFor(errTangled)
		return false
	}
	return true
}

// turn waits for the next thing to happen and answers it.
func (r *run) turn() {
	intake := r.feed.Done()
	var work chan int32 // nil, so never ready, while there is nothing to hand out
	var next int32
	var wake <-chan time.Time
	if r.feed.Err() == nil {
		r.wakeDelayed()
		if len(r.queue) > 0 && r.mayStart() {
			work, next = r.work, r.queue[0]
		}
		timer := time.NewTimer(r.untilNext())
		defer timer.Stop()
		wake = timer.C
	} else {
		intake = nil
	}
	select {
	case work <- next:
		r.queue = r.queue[1:]
		r.active++
		r.hurry()
		r.begin(next)
	case f := <-r.steps:
		r.active--
		r.step(f)
	case v := <-r.looked:
		r.saw(v)
	case <-wake:
		r.look()
	case <-intake:
	}
}

// begin notes when a change is taken up: what it may take counts from then on.
func (r *run) begin(i int32) {
	if !r.begun[i].IsZero() {
		return
	}
	r.begun[i] = time.Now()
	if r.OnStart != nil {
		r.OnStart(r.results[i].Change)
	}
}

// mayStart reports whether the next change in line may start. During an outage
// one at a time finds out whether it is over.
func (r *run) mayStart() bool {
	return !time.Now().Before(r.down.until) && (r.down.since.IsZero() || r.active == 0)
}

// wakeDelayed brings busy objects back in line.
func (r *run) wakeDelayed() {
	now := time.Now()
	r.delayed = slices.DeleteFunc(r.delayed, func(d delayed) bool {
		if d.at.After(now) {
			return false
		}
		r.queue = append(r.queue, d.change)
		return true
	})
}

// untilNext is the time until something is due: a look, or a busy object.
func (r *run) untilNext() time.Duration {
	next := time.Now().Add(time.Hour)
	if len(r.waiting) > 0 && !r.looking {
		next = r.nextAt
	}
	for _, d := range r.delayed {
		if d.at.Before(next) {
			next = d.at
		}
	}
	if len(r.queue) > 0 && r.down.until.Before(next) && time.Now().Before(r.down.until) {
		next = r.down.until
	}
	return max(time.Until(next), 0)
}

// enqueue puts changes in line, and ends at once those that are refused.
func (r *run) enqueue(ready []int32) {
	for _, i := range ready {
		if reason, refused := r.Refuse[r.results[i].Change.ID]; refused {
			r.settle(i, Result{Change: r.results[i].Change, Outcome: diff.Conflict, Description: reason, Advice: planAgain})
			continue
		}
		switch {
		case r.graph.ended[i]: // by an earlier run
		case r.brake.holds(i):
		case r.results[i].Outcome == diff.InProgress: // accepted in an earlier run
			r.await(i, r.results[i], time.Now())
		default:
			r.queue = append(r.queue, i)
		}
	}
}

// step takes in what a worker brought back.
func (r *run) step(f finished) {
	i, s := f.change, f.step
	if s.Fatal != nil {
		r.stopFor(s.Fatal)
	}
	switch {
	case s.Outage && r.down.bears(i, f.began, r.MaxOutage):
		s.Result.Outcome = unsent(s.Result, diff.NotAttempted)
		r.results[i] = s.Result
		r.delayed = append(r.delayed, delayed{i, r.down.until})
	case s.Outage && r.down.over(r.MaxOutage):
		s.Result.Outcome = unsent(s.Result, diff.NotAttempted)
		r.settle(i, s.Result)
		r.stopFor(&StoppedError{fmt.Sprintf("the API has given no usable answer for %s", time.Since(r.down.since).Round(time.Second))})
	case s.Outage: // the row's own fault: others got their answers
		s.Result.Outcome = unsent(s.Result, diff.Failed)
		r.settle(i, s.Result)
	case s.Again > 0 && time.Since(r.begun[i]) < r.PollTimeout:
		s.Result.Outcome = diff.NotAttempted
		r.results[i] = s.Result
		r.delayed = append(r.delayed, delayed{i, time.Now().Add(s.Again)})
	case s.Result.Outcome == diff.InProgress:
		r.await(i, s.Result, r.begun[i])
	default:
		r.settle(i, s.Result)
	}
}

// unsent is the outcome of a change that was not sent, unless a write of an
// earlier run is still unaccounted for.
func unsent(res Result, o diff.Outcome) diff.Outcome {
	if res.Lost != nil {
		return diff.Unknown
	}
	return o
}

func (r *run) stopFor(err error) {
	if r.fatal == nil {
		r.fatal = err
		r.halt(err)
	}
}
