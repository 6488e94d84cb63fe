package batch

import (
	"context"
	"fmt"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// subscriberResource is the wholesale subscriber.
type subscriberResource struct {
	*APIApplier
	api *webex.Client
}

func (r subscriberResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	customerID, err := r.customerID(ctx, c.Key.Customer)
	if customerID == "" || err != nil {
		return nil, err
	}
	var found []object
	for s, err := range r.api.ListSubscribers(ctx, webex.SubscriberFilter{CustomerID: customerID, Email: c.Key.Email}) {
		if err != nil {
			return nil, err
		}
		if diff.FoldEmail(s.Email) == diff.FoldEmail(c.Key.Email) && (s.CustomerID == "" || diff.SameID(s.CustomerID, customerID)) {
			found = append(found, subscriberObject(s))
		}
	}
	return found, nil
}

func (r subscriberResource) get(ctx context.Context, _ *diff.Change, id string) (object, error) {
	s, err := r.api.GetSubscriber(ctx, id)
	return subscriberObject(s), err
}

func (r subscriberResource) admit(ctx context.Context, c *diff.Change) (string, error) {
	customerID, err := r.customerID(ctx, c.Key.Customer)
	if customerID == "" && err == nil {
		return fmt.Sprintf("its customer %q is not live", c.Key.Customer), nil
	}
	return "", err
}

// customerID finds the API's id of a customer: from the listing, from this run's
// own provisions, else by asking.
func (r subscriberResource) customerID(ctx context.Context, externalID string) (string, error) {
	r.mu.Lock()
	id := r.customers[externalID]
	r.mu.Unlock()
	if id != "" {
		return id, nil
	}
	found, err := customerResource(r).byExternalID(ctx, externalID)
	if err != nil || len(found) == 0 {
		return "", err
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%d live customers have the external id %q", len(found), externalID)
	}
	r.remember(externalID, found[0].id)
	return found[0].id, nil
}

func (subscriberResource) ours(c *diff.Change, found object) bool {
	want, _ := c.Field(diff.ColPackage)
	return found.cells[diff.ColPackage] == want
}

func (r subscriberResource) provision(ctx context.Context, c *diff.Change) (reply, error) {
	customerID, err := r.customerID(ctx, c.Key.Customer)
	if err != nil {
		return reply{}, err
	}
	s, receipt, err := r.api.ProvisionSubscriber(ctx, subscriberProvision(c, customerID))
	live := subscriberObject(s)
	return reply{receipt: receipt, object: &live}, err
}

func (r subscriberResource) update(ctx context.Context, c *diff.Change, live object) (reply, error) {
	s, receipt, err := r.api.UpdateSubscriber(ctx, live.id, subscriberUpdate(c))
	got, shown := only(receipt, live.id), subscriberObject(s)
	got.object = &shown
	return got, err
}

func (r subscriberResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.RemoveSubscriber(ctx, live.id)
	return removed(receipt, live.id, true), err
}

// sight lists what changed since the oldest waiting subscriber was written.
func (r subscriberResource) sight(ctx context.Context, waiting []Result) (sighting, error) {
	recent := r.api.ListSubscribers(ctx, webex.SubscriberFilter{LastStatusChange: changedSince(waiting)})
	seen, err := sightOf(recent, waiting, subscriberObject)
	seen.lagging = true
	return seen, err
}

// subscriberObject is a live subscriber as the protocol sees it.
func subscriberObject(s webex.Subscriber) object {
	cells := subscriberCells(s)
	return object{id: s.ID, status: s.Status, created: s.Created, cells: cells, code: firstCode(s.Errors), trouble: cells[diff.ColErrors]}
}
