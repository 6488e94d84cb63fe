package batch

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

func (a *APIApplier) provisionSubscriber(ctx context.Context, c *diff.Change) (*operation, Result, error) {
	customerID, err := a.customerID(ctx, c.Key.Customer)
	if err != nil {
		return nil, Result{}, err
	}
	if customerID == "" {
		return nil, conflict("its customer %q is not live", c.Key.Customer), nil
	}
	req := subscriberProvision(c, customerID)
	return &operation{
		send: func(ctx context.Context) (reply, error) {
			s, receipt, err := a.api.ProvisionSubscriber(ctx, req)
			return reply{receipt: receipt, subscriber: &s}, err
		},
		readBack: func(ctx context.Context, sent time.Time) (Evidence, reply, error) {
			found, err := a.subscribersByEmail(ctx, customerID, req.Email)
			switch {
			case err != nil:
				return Ambiguous, reply{}, err
			case len(found) == 0:
				return NotApplied, reply{}, nil
			case len(found) > 1, found[0].Package != req.Package, !found[0].Created.IsZero() && found[0].Created.Before(sent.Add(-clockSkew)):
				return Ambiguous, reply{}, nil // not this run's, or not only
			}
			return Applied, reply{receipt: webex.Receipt{ID: found[0].ID}, subscriber: &found[0]}, nil
		},
		conclude: func(r reply) Result { return concludeSubscriber(c, r, true) },
	}, Result{}, nil
}

// customerID finds the API's id of a customer: from the listing, from this run's
// own provisions, else by asking.
func (a *APIApplier) customerID(ctx context.Context, externalID string) (string, error) {
	a.mu.Lock()
	id := a.customers[externalID]
	a.mu.Unlock()
	if id != "" {
		return id, nil
	}
	found, err := a.customersByExternalID(ctx, externalID)
	if err != nil || len(found) == 0 {
		return "", err
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%d live customers have the external id %q", len(found), externalID)
	}
	a.remember(externalID, found[0].ID)
	return found[0].ID, nil
}

func (a *APIApplier) subscribersByEmail(ctx context.Context, customerID, email string) ([]webex.Subscriber, error) {
	var found []webex.Subscriber
	for s, err := range a.api.ListSubscribers(ctx, webex.SubscriberFilter{CustomerID: customerID, Email: email}) {
		if err != nil {
			return nil, err
		}
		if diff.FoldEmail(s.Email) == diff.FoldEmail(email) && (s.CustomerID == "" || sameID(s.CustomerID, customerID)) {
			found = append(found, s)
		}
	}
	return found, nil
}

// changeSubscriber looks at the live subscriber right before a PUT or DELETE. A
// nil operation means that the result stands.
func (a *APIApplier) changeSubscriber(ctx context.Context, c *diff.Change) (*operation, Result, error) {
	live, res, err := a.liveSubscriber(ctx, c)
	if live == nil || err != nil {
		return nil, res, err
	}
	cells := subscriberCells(*live)
	seen := diff.Fingerprint(diff.Subscriber, getter(cells))
	switch {
	case c.Action == diff.Update && seen == c.After(getter(cells)):
		res := concludeSubscriber(c, reply{subscriber: live}, true)
		if res.Outcome == diff.OK {
			res.Outcome, res.Description = diff.Unchanged, "already as wanted when its turn came"
		}
		return nil, res, nil
	case seen != c.Precondition:
		res := conflict("the live subscriber is not what the plan saw (package now %s)", live.Package)
		res.ResourceID = live.ID
		return nil, res, nil
	}
	return a.subscriberWrite(c, live, cells, seen), Result{}, nil
}

func (a *APIApplier) subscriberWrite(c *diff.Change, live *webex.Subscriber, cells diff.Cells, seen string) *operation {
	id := live.ID
	return &operation{
		send: func(ctx context.Context) (reply, error) {
			if c.Action == diff.Remove {
				receipt, err := a.api.RemoveSubscriber(ctx, id)
				receipt.ID = id
				// 204 says that it is done. Any other success is a promise.
				return reply{receipt: receipt, gone: receipt.HTTPStatus == http.StatusNoContent}, err
			}
			s, receipt, err := a.api.UpdateSubscriber(ctx, id, subscriberUpdate(c))
			receipt.ID = id
			return reply{receipt: receipt, subscriber: &s}, err
		},
		readBack: func(ctx context.Context, _ time.Time) (Evidence, reply, error) {
			now, err := a.api.GetSubscriber(ctx, id)
			got := reply{receipt: webex.Receipt{ID: id}, subscriber: &now}
			if isNotFound(err) {
				got.gone, got.subscriber = true, nil
				return evidenceIf(c.Action == diff.Remove), got, nil
			}
			if err != nil {
				return Ambiguous, reply{}, err
			}
			switch print := diff.Fingerprint(diff.Subscriber, getter(subscriberCells(now))); {
			case c.Action == diff.Update && (now.Status != live.Status || print == c.After(getter(cells))):
				return Applied, got, nil
			case print == seen:
				return NotApplied, got, nil
			}
			return Ambiguous, got, nil
		},
		conclude: func(r reply) Result { return concludeSubscriber(c, r, true) },
	}
}

// liveSubscriber reads the subscriber of an update or removal. A nil subscriber
// means that the result stands.
func (a *APIApplier) liveSubscriber(ctx context.Context, c *diff.Change) (*webex.Subscriber, Result, error) {
	if c.LiveID == "" { // a plan from a snapshot without ids
		customerID, err := a.customerID(ctx, c.Key.Customer)
		if err != nil || customerID == "" {
			return nil, goneResult(c), err
		}
		found, err := a.subscribersByEmail(ctx, customerID, c.Key.Email)
		switch {
		case err != nil:
			return nil, Result{}, err
		case len(found) > 1:
			return nil, conflict("%d live subscribers have this key", len(found)), nil
		case len(found) == 1:
			return &found[0], Result{}, nil
		}
		return nil, goneResult(c), nil
	}
	live, err := a.api.GetSubscriber(ctx, c.LiveID)
	if isNotFound(err) {
		return nil, goneResult(c), nil
	}
	if err != nil {
		return nil, Result{}, err
	}
	return &live, Result{}, nil
}

// concludeSubscriber judges a subscriber after a write by its status, never by
// the HTTP status: 200 and 202 both may stand for "not yet". Right after the
// write (fresh) an answer may still show what was there before.
func concludeSubscriber(c *diff.Change, r reply, fresh bool) Result {
	switch {
	case r.gone && c.Action == diff.Remove:
		return Result{Outcome: diff.OK}
	case r.gone && fresh:
		return Result{Outcome: diff.InProgress, Description: "accepted, but not to be seen yet"}
	case r.gone:
		return Result{Outcome: diff.Failed, Description: "the subscriber disappeared after the write"}
	case r.subscriber == nil || c.Action == diff.Remove:
		return Result{Outcome: diff.InProgress, Description: "accepted"}
	}
	live := r.subscriber
	res := Result{ResourceID: live.ID, Outcome: diff.InProgress, Description: "status " + live.Status}
	switch {
	case diff.WaitsForPerson(live.Status):
		res.Outcome = diff.Pending
		res.Advice = "the person has to act on the vendor's mail first"
	case live.Status == diff.StatusError, live.Status == diff.StatusProvisionedWithErrors:
		res.Outcome = diff.Failed
		for _, d := range live.Errors {
			res = withCode(res, d.Code)
			break
		}
		if e := subscriberCells(*live)[diff.ColErrors]; e != "" {
			res.Description += ": " + e
		}
	case live.Status == diff.StatusProvisioned:
		if want, ok := c.Field(diff.ColPackage); ok && c.Action != diff.Remove && live.Package != want {
			if !fresh {
				res.Outcome = diff.Failed
			}
			res.Description = fmt.Sprintf("provisioned, but with package %s instead of %s", live.Package, want)
			return res
		}
		res.Outcome, res.Description = diff.OK, ""
	}
	return res
}
