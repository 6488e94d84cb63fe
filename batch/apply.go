package batch

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// ApplyOptions shape an APIApplier.
type ApplyOptions struct {
	// Live is the listing behind the plan; it spares look-ups of customers.
	Live *diff.Live
	// Settle is how long a write whose answer was lost may take to become
	// visible: only when three reads over that time show nothing is it sent again.
	// It is 30 s when not set.
	Settle time.Duration
	// Busy is the first pause before a busy object is tried again; it doubles. It
	// is 2 s when not set.
	Busy time.Duration
	Log  *slog.Logger
}

// Bounds of one change.
const (
	maxSends  = 3 // of one write that is proved each time not to have been applied
	settleRds = 3 // reads that must show nothing
	maxBusy   = 30 * time.Second
	minBusy   = 2 * time.Second
	settling  = 30 * time.Second
	clockSkew = 5 * time.Minute // between the API's clock and ours
)

// APIApplier carries out changes through the API client. It is the Applier of
// real runs.
type APIApplier struct {
	api *webex.Client
	opt ApplyOptions

	wrote atomic.Bool // the API has taken a write of this run

	mu        sync.Mutex
	customers map[string]string // external id -> the API's id
	// organizations are those of live customers and enterprises.
	organizations map[diff.Scope]string
	opened        map[diff.Scope]bool // those that were opened again, once a run
	places        map[diff.Scope]*placing
}

// NewApplier returns an applier on a client.
func NewApplier(api *webex.Client, o ApplyOptions) *APIApplier {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Settle, o.Busy = cmp.Or(o.Settle, settling), cmp.Or(o.Busy, minBusy)
	a := &APIApplier{api: api, opt: o, customers: map[string]string{}, organizations: map[diff.Scope]string{}, opened: map[diff.Scope]bool{}, places: map[diff.Scope]*placing{}}
	if o.Live != nil {
		t := o.Live.Of(diff.Customer)
		for i := range t.Len() {
			r := t.Row(i)
			a.customers[r.Get(diff.ColExternalID)] = r.Get(diff.ColID)
			a.organizations[diff.Scope{Offer: diff.Wholesale, Customer: r.Get(diff.ColExternalID)}] = r.Get(diff.ColOrgID)
		}
		t = o.Live.Of(diff.BroadWorksEnterprise)
		for i := range t.Len() {
			r := t.Row(i)
			a.organizations[diff.Scope{Offer: diff.BroadWorks, Customer: r.Get(diff.ColSPEnterpriseID)}] = r.Get(diff.ColLiveOrgID)
		}
	}
	return a
}

// Apply carries out one change: it looks at the live object where there is one,
// writes, and where the answer is lost reads back before it writes again.
func (a *APIApplier) Apply(ctx context.Context, so Result, j Journal) Step {
	return a.regain(ctx, so.Change, a.apply(ctx, so, j))
}

func (a *APIApplier) apply(ctx context.Context, so Result, j Journal) Step {
	if so.Lost != nil {
		if step, settled := a.recover(ctx, so, j); settled {
			return step
		}
		so.Lost, so.Doubt = nil, true
	}
	op, step := a.prepare(ctx, so)
	if op == nil {
		if so.Doubt && step.Result.Outcome == diff.Unchanged { // an earlier write shows by now
			step.Result.Outcome, step.Result.Description = diff.OK, ""
		}
		return step
	}
	return a.write(ctx, so, op, j)
}

// write is the protocol of one write: record the intent, send, record the
// answer; if it was lost, read back and record what that shows. Only a write that
// is proved not to have been applied is sent again.
func (a *APIApplier) write(ctx context.Context, so Result, op *operation, j Journal) Step {
	for send := 1; ; send++ {
		w := Write{Change: so.Change, Attempt: so.Attempts + 1, At: time.Now()}
		if err := j.Intend(w); err != nil {
			return Step{Result: so, Fatal: err}
		}
		got, sendErr := op.send(ctx)
		so.SentAt = w.At
		so.Attempts++
		w = answered(w, got, sendErr)
		if so.Doubt && explained(so.Change, sendErr) {
			w.Answer = Lost // most likely it is the earlier one that stands in the way
		}
		if err := j.Answered(w); err != nil {
			so.Outcome, so.Description = diff.Unknown, "sent, but the journal could not take the answer"
			return Step{Result: so, Fatal: err}
		}
		switch {
		case sendErr == nil:
			a.wrote.Store(true)
			return a.concluded(so, op, got)
		case w.Answer != Lost:
			return a.refused(so, sendErr)
		}
		evidence, got, err := a.resolve(ctx, op, w.At)
		a.opt.Log.Info("looked up a write whose answer was lost", "change", so.Change.ID, "evidence", string(evidence), "error", err)
		if err != nil { // nothing is resolved: a later run may read more
			return Step{Result: ambiguous(so, sendErr, err), Fatal: stopping(err)}
		}
		if so.Doubt && evidence == NotApplied && explained(so.Change, sendErr) {
			evidence = Ambiguous
		}
		so.Doubt, w.ResourceID = true, got.receipt.ID
		if err := j.Resolved(w, evidence); err != nil {
			so.Outcome, so.Description = diff.Unknown, "looked up, but the journal could not take what was found"
			return Step{Result: so, Fatal: err}
		}
		switch {
		case evidence == Applied:
			return a.concluded(so, op, got)
		case evidence == Ambiguous:
			return Step{Result: ambiguous(so, sendErr, nil)}
		case send == maxSends || so.Doubt && send == 1 && so.Attempts > maxSends: // an outage: one try a round
			res := describe(so, sendErr)
			res.Advice = "the API gave no usable answer and nothing was applied; try the row again later"
			return Step{Result: res, Outage: true}
		}
	}
}

// answered fills in what became of a write.
func answered(w Write, got reply, err error) Write {
	w.HTTPStatus, w.TrackingID, w.ResourceID = got.receipt.HTTPStatus, got.receipt.TrackingID, got.receipt.ID
	w.Answer = Acknowledged
	var e *webex.Error
	switch {
	case err == nil:
	case errors.As(err, &e):
		w.HTTPStatus, w.Code, w.TrackingID = e.HTTPStatus, e.Code, e.TrackingID
		w.Answer = answerOf(e)
	default:
		w.Answer = NotSent
	}
	return w
}

// codeInProcess is the API's word for a provisioning request that is already
// being worked on; after a lost answer that is most likely our own.
const codeInProcess = 2008

func answerOf(e *webex.Error) Answer {
	switch {
	case e.Class == webex.ClassUnknown || e.Code == codeInProcess:
		return Lost
	case e.Class == webex.ClassNotSent:
		return NotSent
	}
	return Rejected
}

// explained reports whether a refusal is what the API would say if an earlier
// write of the change, whose answer was lost, had been applied after all.
func explained(c *diff.Change, err error) bool {
	var e *webex.Error
	return errors.As(err, &e) && (e.Class == webex.ClassConflict || e.Class == webex.ClassNotFound && c.Action == diff.Remove)
}

func ambiguous(so Result, sendErr, readErr error) Result {
	res := describe(so, sendErr)
	res.Outcome = diff.Unknown
	res.Description = "the answer was lost, and reading back does not tell whether the change was applied"
	if readErr != nil {
		res.Description += ": " + readErr.Error()
	}
	res.Advice = "look at the object in Partner Hub before anything is sent again"
	return res
}

// resolve reads back until a lost write is seen to be applied, or until it has
// had time enough to become visible.
func (a *APIApplier) resolve(ctx context.Context, op *operation, sent time.Time) (Evidence, reply, error) {
	for read := 1; ; read++ {
		evidence, got, err := op.readBack(ctx, sent)
		if err != nil {
			return Ambiguous, reply{}, err
		}
		if evidence != NotApplied || read == settleRds {
			return evidence, got, nil
		}
		if err := wait(ctx, a.opt.Settle/(settleRds-1)); err != nil {
			return Ambiguous, reply{}, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// concluded is the step after an answer.
func (a *APIApplier) concluded(so Result, op *operation, got reply) Step {
	res := op.conclude(got)
	res.Change, res.StartedAt, res.SentAt, res.Attempts = so.Change, so.StartedAt, so.SentAt, so.Attempts
	if res.HTTPStatus == 0 {
		res.HTTPStatus = got.receipt.HTTPStatus
	}
	res.TrackingID = got.receipt.TrackingID
	if res.ResourceID == "" {
		res.ResourceID = got.receipt.ID
	}
	if so.Change.Kind == diff.Customer && res.ResourceID != "" {
		a.remember(so.Change.Key.Customer, res.ResourceID)
	}
	return Step{Result: res}
}

func (a *APIApplier) remember(externalID, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.customers[externalID] = id
}

// describe copies what the API said into a result.
func describe(so Result, err error) Result {
	res := so
	res.Outcome, res.Advice = diff.Failed, ""
	var e *webex.Error
	if !errors.As(err, &e) {
		res.Description = err.Error()
		return res
	}
	res.HTTPStatus, res.Code, res.Title, res.Field, res.TrackingID = e.HTTPStatus, e.Code, e.Title, e.Field, e.TrackingID
	res.Description = e.Description
	if res.Description == "" {
		res.Description = e.Error()
	}
	if info, ok := webex.LookupCode(e.Code); ok {
		res.Advice = info.Advice
	}
	return res
}

// Codes with a meaning of their own during a run.
const (
	codeMigrationPending = 2027 // waits for a person
	codeCustomerExists   = 2503
	codeSubscriberExists = 2507
	codeUserIDExists     = 2009 // these three are of BroadWorks
	codeAddressInUse     = 2010
	codeWorkspaceExists  = 2040
	codeActiveUser       = 2514
	codePackageInUse     = 2520
)

// takenCodes say that what would be provisioned is there already.
var takenCodes = []int{codeCustomerExists, codeSubscriberExists, codeUserIDExists, codeAddressInUse, codeWorkspaceExists}

// refused is the step after an error. The class decides, and the class was
// decided in one place, [webex.Classify].
func (a *APIApplier) refused(so Result, err error) Step {
	res := describe(so, err)
	var e *webex.Error
	if !errors.As(err, &e) {
		return Step{Result: res}
	}
	switch {
	case e.Class == webex.ClassAuth, e.Class == webex.ClassNotSent:
		// Not this row's fault: the rest would fare no better.
		res.Outcome = diff.NotAttempted
		return Step{Result: res, Fatal: err}
	case e.Class == webex.ClassTransient && e.Code == 0:
		res.Outcome = diff.NotAttempted
		return Step{Result: res, Outage: true}
	case a.passes(so.Change, e):
		res.Outcome = diff.NotAttempted
		return Step{Result: res, Again: a.busy(so.Attempts)}
	case e.Code == codeMigrationPending:
		res.Outcome = diff.Pending
	case e.Class == webex.ClassNotFound && so.Change.Action == diff.Remove:
		res.Outcome, res.Description, res.Advice = diff.Unchanged, goneAlready, ""
	case e.Class == webex.ClassNotFound && so.Change.Action == diff.Update, slices.Contains(takenCodes, e.Code):
		res.Outcome = diff.Conflict
	}
	return Step{Result: res}
}

// passes reports whether an error goes away by itself while the run goes on.
func (a *APIApplier) passes(c *diff.Change, e *webex.Error) bool {
	switch {
	case e.Code == codeMigrationPending:
		return false
	case e.Class == webex.ClassNotReady || e.Class == webex.ClassTransient:
		return true
	case c.Action == diff.Remove && e.Code == codeActiveUser, c.Stage == diff.StageShrink && e.Code == codePackageInUse:
		return len(c.DependsOn) > 0 // our own removals take a while to be seen
	}
	return false
}

func (a *APIApplier) busy(attempts int) time.Duration {
	return min(a.opt.Busy<<min(max(attempts-1, 0), 10), maxBusy)
}
