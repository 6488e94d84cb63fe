package batch

import (
	"context"
	"errors"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

var errRunEnded = errors.New("the run ended before the answer came")

// takeUp goes on where an earlier run ended: results that stand are entered as
// they are, what was accepted is looked at, and what may or may not have been
// applied is read back before anything is sent. It returns the changes that may
// start.
func (r *run) takeUp(ready []int32) []int32 {
	var sunk []int32 // ended, and not well
	for i := range r.results {
		c := r.results[i].Change
		past, known := r.Past[c.ID]
		if !known {
			continue
		}
		res := past.Result(c)
		switch past.Task() {
		case Finished:
			r.results[i] = res
			well := endedWell(res)
			ready = append(ready, r.graph.end(int32(i), well)...)
			if !well {
				sunk = append(sunk, int32(i))
			}
			continue
		case ReadBack:
			res.Lost, res.Doubt = &past.Last, past.Doubt
			res.Lost.Change = c
			res.Advice = "resume the run: it reads the object back before anything is sent"
		case Poll:
			res.SentAt = past.Last.At
		case Send:
			res = Result{Change: c, Outcome: diff.NotAttempted, Attempts: past.Attempts, Doubt: past.Doubt}
		}
		r.results[i] = res // one that is in progress waits for its turn in line
	}
	for _, i := range sunk {
		for _, d := range r.graph.blocked(i) {
			r.settle(d, r.behind(d, r.results[i]))
		}
	}
	return ready
}

func endedWell(res Result) bool { return res.Outcome == diff.OK || res.Outcome == diff.Unchanged }

// recover finds out what became of a write of an earlier run. The step stands if
// settled says so; otherwise nothing was applied, and the change starts anew.
func (a *APIApplier) recover(ctx context.Context, so Result, j Journal) (step Step, settled bool) {
	lost := *so.Lost
	op, err := a.lostOperation(ctx, so.Change)
	if err != nil {
		step = a.refused(so, err)
		step.Again = 0
		step.Result.Outcome = diff.Unknown // nothing is resolved: a later run may read more
		return step, true
	}
	evidence, got, err := a.resolve(ctx, op, lost.At)
	a.opt.Log.Info("looked up a write of an earlier run", "change", so.Change.ID, "evidence", string(evidence), "error", err)
	if err != nil {
		return Step{Result: ambiguous(so, err, err), Fatal: stopping(err)}, true
	}
	lost.ResourceID, so.Lost = got.receipt.ID, nil
	if err := j.Resolved(lost, evidence); err != nil {
		so.Outcome = diff.Unknown
		return Step{Result: so, Fatal: err}, true
	}
	switch evidence {
	case Applied:
		return a.concluded(so, op, got), true
	case Ambiguous:
		return Step{Result: ambiguous(so, errRunEnded, nil)}, true
	}
	return Step{}, false
}

// lostOperation is the operation of a write that an earlier run may have sent. It
// judges by what the plan saw, since what is live now may be its work already.
func (a *APIApplier) lostOperation(ctx context.Context, c *diff.Change) (*operation, error) {
	if c.Action == diff.Provision {
		op, _, err := a.provision(ctx, c)
		if op == nil && err == nil { // what it would be part of is gone, and so would it be
			return nothingThere(c), nil
		}
		return op, err
	}
	live, _, err := a.live(ctx, c)
	if live == nil || err != nil {
		return nothingThere(c), err
	}
	before := *live
	before.status = diff.StatusProvisioned // as it was when the write left; any other is the write's doing
	return a.changeLive(c, before, c.Precondition), nil
}

// nothingThere is the operation of a lost write whose object does not exist: a
// removal was applied, a provision was not, and about an update nobody can tell.
func nothingThere(c *diff.Change) *operation {
	evidence := map[diff.Action]Evidence{diff.Provision: NotApplied, diff.Update: Ambiguous, diff.Remove: Applied}[c.Action]
	return &operation{
		readBack: func(context.Context, time.Time) (Evidence, reply, error) {
			return evidence, reply{receipt: webex.Receipt{ID: c.LiveID}, gone: true}, nil
		},
		conclude: func(reply) Result { return Result{Outcome: diff.OK} },
	}
}
