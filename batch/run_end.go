package batch

import (
	"context"
	"fmt"
	"time"

	"wholesync/diff"
)

// record enters the result of a change, for good as far as this run goes.
func (r *run) record(i int32, res Result) {
	if !res.StartedAt.IsZero() {
		res.Duration = time.Since(res.StartedAt)
	}
	res.Lost, res.Doubt, res.SentAt = nil, false, time.Time{}
	r.results[i] = res
	if err := r.Journal.Done(res); err != nil {
		r.stopFor(err)
	}
	if r.OnResult != nil {
		r.OnResult(res)
	}
}

// settle ends a change, and lets those behind it start or end.
func (r *run) settle(i int32, res Result) {
	if r.graph.ended[i] { // two of its forerunners ended badly
		return
	}
	r.record(i, res)
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
	case diff.InProgress, diff.NotAttempted, diff.Unknown:
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
	for n := range r.results {
		i := int32(n)
		if r.graph.ended[i] {
			continue
		}
		r.graph.ended[i] = true
		res := r.results[i]
		if was, ok := r.waiting[i]; ok {
			res = was.Result
			res.Advice = "the API goes on by itself; resume the run, or plan again, to see how it ended"
		} else if res.Outcome == diff.NotAttempted && res.Description == "" {
			res.Description = "the run ended before its turn: " + r.why()
		}
		r.record(i, res)
	}
}

// why is what closed the intake.
func (r *run) why() string {
	if r.fatal != nil {
		return r.fatal.Error()
	}
	return context.Cause(r.feed).Error()
}
