package batch

import (
	"context"
	"errors"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

const (
	// lookAlone is how many objects are read one by one rather than by list pages.
	lookAlone = 3
	// unseenFor is after how long an object that no list page shows is read alone.
	unseenFor = time.Minute
	// apiClockBehind is how far the API's clock may be behind ours before a change
	// has to wait for unseenFor.
	apiClockBehind = 2 * time.Second
)

// Look reads the state of accepted changes. Many are read by pages of the list,
// a hundred in one call; only few are read one by one.
func (a *APIApplier) Look(ctx context.Context, waiting []Result) ([]Result, error) {
	var customers, subscribers []Result
	for _, w := range waiting {
		if w.Change.Kind == diff.Customer {
			customers = append(customers, w)
		} else {
			subscribers = append(subscribers, w)
		}
	}
	ended, err := a.lookAtCustomers(ctx, customers)
	if err != nil {
		return ended, stopping(err)
	}
	more, err := a.lookAtSubscribers(ctx, subscribers)
	return append(ended, more...), stopping(err)
}

// stopping keeps the errors that end a run. Others pass: the next look comes.
func stopping(err error) error {
	var e *webex.Error
	if errors.As(err, &e) && (e.Class == webex.ClassAuth || e.Class == webex.ClassNotSent) {
		return err
	}
	return nil
}

func (a *APIApplier) lookAtCustomers(ctx context.Context, waiting []Result) ([]Result, error) {
	listed := map[string]webex.Customer{}
	if len(waiting) > lookAlone {
		large, err := a.api.HasCustomersAt(ctx, len(waiting)*pageSize)
		if err != nil {
			return nil, err
		}
		if !large { // the whole list takes no more calls than one per object
			for c, err := range a.api.ListCustomers(ctx, webex.CustomerFilter{}) {
				if err != nil {
					return nil, err
				}
				listed[c.ID] = c
			}
		}
	}
	var ended []Result
	for _, w := range waiting {
		c, ok := listed[w.ResourceID]
		r := reply{customer: &c}
		if !ok {
			var err error
			if c, err = a.api.GetCustomer(ctx, w.ResourceID); isNotFound(err) {
				r = reply{gone: true}
			} else if err != nil {
				return ended, err
			}
		}
		ended = appendEnded(ended, w, concludeCustomer(w.Change, r))
	}
	return ended, nil
}

// appendEnded adds a result that is final, with what was known before.
func appendEnded(ended []Result, was, now Result) []Result {
	if now.Outcome == diff.InProgress {
		return ended
	}
	now.Change, now.Attempts, now.StartedAt = was.Change, was.Attempts, was.StartedAt
	now.HTTPStatus, now.TrackingID, now.ResourceID = was.HTTPStatus, was.TrackingID, was.ResourceID
	return append(ended, now)
}

// lookAtSubscribers lists what changed since the oldest waiting subscriber was
// written; that is about what this run itself has done in the meantime.
func (a *APIApplier) lookAtSubscribers(ctx context.Context, waiting []Result) ([]Result, error) {
	listed := map[string]webex.Subscriber{}
	if len(waiting) > lookAlone {
		oldest := waiting[0].StartedAt
		for _, w := range waiting {
			if w.StartedAt.Before(oldest) {
				oldest = w.StartedAt
			}
		}
		for s, err := range a.api.ListSubscribers(ctx, webex.SubscriberFilter{LastStatusChange: oldest.Add(-apiClockBehind)}) {
			if err != nil {
				return nil, err
			}
			listed[s.ID] = s
		}
	}
	var ended []Result
	for _, w := range waiting {
		s, ok := listed[w.ResourceID]
		r := reply{subscriber: &s}
		if !ok {
			if len(waiting) > lookAlone && time.Since(w.StartedAt) < unseenFor {
				continue // the clocks may differ; the next look, or the one after, sees it
			}
			var err error
			if s, err = a.api.GetSubscriber(ctx, w.ResourceID); isNotFound(err) {
				r = reply{gone: true}
			} else if err != nil {
				return ended, err
			}
		}
		ended = appendEnded(ended, w, concludeSubscriber(w.Change, r))
	}
	return ended, nil
}
