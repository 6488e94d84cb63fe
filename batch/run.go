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

// maxPollInterval is what the time between two looks grows to.
const maxPollInterval = 30 * time.Second

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

// waited is a change that the API has accepted, and since when it is waited for.
type waited struct {
	Result
	since time.Time
}

type finished struct {
	change int32
	step   Step
}

type view struct {
	ended []Result
	err   error
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
		results: make([]Result, len(p.Changes)), waiting: map[int32]waited{},
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
				r.steps <- finished{i, r.applySafely(r.results[i])}
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
		if len(r.queue) > 0 && !time.Now().Before(r.down.until) {
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
		if r.OnStart != nil && r.results[next].StartedAt.IsZero() {
			r.OnStart(r.results[next].Change)
		}
	case f := <-r.steps:
		r.active--
		r.step(f.change, f.step)
	case v := <-r.looked:
		r.saw(v)
	case <-wake:
		r.look()
	case <-intake:
	}
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

// await puts a change among those that are looked at.
func (r *run) await(i int32, res Result, since time.Time) {
	if len(r.waiting) == 0 {
		r.pause = r.PollInterval
		r.nextAt = time.Now().Add(r.pause)
	}
	r.waiting[i] = waited{res, since}
	r.results[i] = res
}

// step takes in what a worker brought back.
func (r *run) step(i int32, s Step) {
	if s.Fatal != nil {
		r.stopFor(s.Fatal)
	}
	switch {
	case s.Outage && r.down.bears(i, r.MaxOutage):
		s.Result.Outcome = diff.NotAttempted
		r.results[i] = s.Result
		r.delayed = append(r.delayed, delayed{i, r.down.until})
	case s.Outage && r.down.over(r.MaxOutage):
		s.Result.Outcome = diff.NotAttempted
		r.settle(i, s.Result)
		r.stopFor(&StoppedError{fmt.Sprintf("the API has given no usable answer for %s", time.Since(r.down.since).Round(time.Second))})
	case s.Again > 0 && time.Since(s.Result.StartedAt) < r.PollTimeout:
		s.Result.Outcome = diff.NotAttempted
		r.results[i] = s.Result
		r.delayed = append(r.delayed, delayed{i, time.Now().Add(s.Again)})
	case s.Result.Outcome == diff.InProgress:
		r.await(i, s.Result, s.Result.StartedAt)
	default:
		r.settle(i, s.Result)
	}
}

func (r *run) stopFor(err error) {
	if r.fatal == nil {
		r.fatal = err
		r.halt(err)
	}
}

// hurry brings the next look forward once there is nothing else to do.
func (r *run) hurry() {
	if soon := time.Now().Add(r.PollInterval); len(r.queue) == 0 && soon.Before(r.nextAt) {
		r.pause, r.nextAt = r.PollInterval, soon
	}
}

// look asks for the state of what is in progress, without holding a worker.
func (r *run) look() {
	if r.looking || len(r.waiting) == 0 || time.Now().Before(r.nextAt) {
		return
	}
	r.looking = true
	waiting := make([]Result, 0, len(r.waiting))
	for _, i := range r.inOrder() {
		waiting = append(waiting, r.waiting[i].Result)
	}
	r.workers.Go(func() error {
		ended, err := r.Applier.Look(r.ctx, waiting)
		r.looked <- view{ended, err}
		return nil
	})
}

func (r *run) inOrder() []int32 {
	order := make([]int32, 0, len(r.waiting))
	for i := range r.waiting {
		order = append(order, i)
	}
	slices.Sort(order)
	return order
}

// saw takes in what a look has shown, and gives up on what took too long.
func (r *run) saw(v view) {
	r.looking = false
	if v.err != nil {
		r.stopFor(v.err)
	}
	byChange := make(map[*diff.Change]Result, len(v.ended))
	for _, res := range v.ended {
		byChange[res.Change] = res
	}
	news := len(v.ended) > 0
	for _, i := range r.inOrder() {
		was := r.waiting[i]
		res, settled := byChange[was.Change]
		switch {
		case settled:
			res.StartedAt = was.StartedAt
		case time.Since(was.since) >= r.PollTimeout:
			res = was.Result
			res.Advice = "plan again later; --poll-timeout waits longer"
		default:
			continue
		}
		delete(r.waiting, i)
		r.settle(i, res)
	}
	// Looks are not urgent while there is other work: fewer of them show more each.
	if r.pause = min(r.pause*3/2, maxPollInterval); news && len(r.queue) == 0 {
		r.pause = r.PollInterval
	}
	r.nextAt = time.Now().Add(r.pause)
}

// settle ends a change for good, and lets those behind it start or end.
func (r *run) settle(i int32, res Result) {
	if r.graph.ended[i] { // two of its forerunners ended badly
		return
	}
	if !res.StartedAt.IsZero() {
		res.Duration = time.Since(res.StartedAt)
	}
	r.results[i] = res
	if err := r.Journal.Done(res); err != nil {
		r.stopFor(err)
	}
	if r.OnResult != nil {
		r.OnResult(res)
	}
	well := endedWell(res)
	if well && res.Attempts > 0 {
		r.down.end()
	}
	ready := r.graph.end(i, well)
	if err := r.brake.ended(i, res); err != nil {
		r.stopFor(err)
	}
	ready = append(ready, r.brake.released()...)
	if !well {
		for _, d := range r.graph.blocked(i) {
			r.settle(d, r.behind(d, res))
		}
	}
	r.enqueue(ready)
}

// behind is the result of a change whose forerunner did not end well. What only
// waits may still come: it was not attempted, and a later run goes on with it.
func (r *run) behind(i int32, blocker Result) Result {
	res := Result{Change: r.results[i].Change, Outcome: diff.Skipped, BlockedBy: blocker.Change.ID,
		Description: fmt.Sprintf("%s ended as %s", blocker.Change.ID, blocker.Outcome)}
	switch blocker.Outcome {
	case diff.InProgress, diff.NotAttempted:
		res.Outcome = diff.NotAttempted
	}
	if blocker.BlockedBy != "" { // name the cause, not the chain
		res.BlockedBy = blocker.BlockedBy
		res.Description = blocker.Description
	}
	return res
}

// abandon records what the end of the intake left without a result: changes that
// were never sent, and those still in progress.
func (r *run) abandon() {
	for i := range r.results {
		if r.graph.ended[i] {
			continue
		}
		res := r.results[i]
		if was, ok := r.waiting[int32(i)]; ok {
			res = was.Result
			res.Advice = "the API goes on by itself; plan again to see how it ended"
		}
		r.graph.ended[i] = true
		if !res.StartedAt.IsZero() {
			res.Duration = time.Since(res.StartedAt)
		}
		r.results[i] = res
		if err := r.Journal.Done(res); err != nil && r.fatal == nil {
			r.fatal = err
		}
		if r.OnResult != nil {
			r.OnResult(res)
		}
	}
}
