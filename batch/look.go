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
	// readLag is how long after its write an object may be missing from lists, or
	// be shown as it was before. What no list page shows after that is read alone.
	readLag = time.Minute
	// apiClockBehind is how far the API's clock may be behind ours before a change
	// has to wait for readLag.
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

// stopping keeps the errors that end a run: the token is refused, or the API has
// been out of order for as long as the client was told to bear it. Others pass.
func stopping(err error) error {
	var e *webex.Error
	if errors.As(err, &e) && (e.Class == webex.ClassAuth || e.Class == webex.ClassNotSent || e.Class == webex.ClassTransient) {
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
			enough := enoughOf(waiting)
			for c, err := range a.api.ListCustomers(ctx, webex.CustomerFilter{}) {
				if err != nil {
					return nil, err
				}
				listed[c.ID] = c
				if enough(c.ID) {
					break
				}
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
			} else if stopping(err) != nil {
				return ended, err
			} else if err != nil {
				continue
			}
		}
		ended = appendEnded(ended, w, concludeCustomer(w.Change, r, fresh(w)))
	}
	return ended, nil
}

// enoughOf tells when a list has shown all that wait. It also ends a list that
// grows as fast as it is read, because this run adds to it all the while.
func enoughOf(waiting []Result) func(id string) bool {
	missing := make(map[string]bool, len(waiting))
	for _, w := range waiting {
		missing[w.ResourceID] = true
	}
	begun := time.Now()
	return func(id string) bool {
		delete(missing, id)
		return len(missing) == 0 || time.Since(begun) > maxPollInterval
	}
}

// fresh reports whether reads may still show what was there before the write.
func fresh(w Result) bool {
	return time.Since(w.StartedAt) < readLag || time.Since(w.SentAt) < readLag
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
		enough := enoughOf(waiting)
		for s, err := range a.api.ListSubscribers(ctx, webex.SubscriberFilter{LastStatusChange: oldest.Add(-apiClockBehind)}) {
			if err != nil {
				return nil, err
			}
			listed[s.ID] = s
			if enough(s.ID) {
				break
			}
		}
	}
	var ended []Result
	for _, w := range waiting {
		s, ok := listed[w.ResourceID]
		r := reply{subscriber: &s}
		if !ok {
			if len(waiting) > lookAlone && fresh(w) {
				continue // the clocks may differ; the next look, or the one after, sees it
			}
			var err error
			if s, err = a.api.GetSubscriber(ctx, w.ResourceID); isNotFound(err) {
				r = reply{gone: true}
			} else if stopping(err) != nil {
				return ended, err
			} else if err != nil {
				continue
			}
		}
		ended = appendEnded(ended, w, concludeSubscriber(w.Change, r, fresh(w)))
	}
	return ended, nil
}
