package batch

import (
	"context"
	"strings"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// broadWorksSubscriberResource is the BroadWorks subscriber.
type broadWorksSubscriberResource struct {
	*APIApplier
	api *webex.Client
}

func (r broadWorksSubscriberResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	var found []object
	for s, err := range r.api.ListBroadWorksSubscribers(ctx, webex.BroadWorksSubscriberFilter{SPEnterpriseID: c.Key.Customer, UserID: c.Key.UserID}) {
		if err != nil {
			return nil, err
		}
		o := broadWorksSubscriberObject(s) // a server that ignores a filter answers with strangers, one may keep ids in lower case
		if strings.EqualFold(o.cells[diff.ColUserID], c.Key.UserID) && o.cells[diff.ColSPEnterpriseID] == c.Key.Customer {
			found = append(found, o)
		}
	}
	return found, nil
}

func (r broadWorksSubscriberResource) get(ctx context.Context, _ *diff.Change, id string) (object, error) {
	s, err := r.api.GetBroadWorksSubscriber(ctx, id)
	return broadWorksSubscriberObject(s), err
}

func (broadWorksSubscriberResource) admit(context.Context, *diff.Change) (string, error) {
	return "", nil
}

// ours compares the package and, as far as the API shows it, the address: a user
// id is given out by the provider, who may have used another tool as well.
func (broadWorksSubscriberResource) ours(c *diff.Change, found object) bool {
	for _, col := range []diff.Column{diff.ColPackage, diff.ColEmail} {
		want, _ := c.Field(col)
		if has := found.cells[col]; want != "" && has != "" && diff.Fold(col, want) != diff.Fold(col, has) {
			return false
		}
	}
	return true
}

func (r broadWorksSubscriberResource) provision(ctx context.Context, c *diff.Change) (reply, error) {
	s, receipt, err := r.api.ProvisionBroadWorksSubscriber(ctx, broadWorksSubscriberProvision(c))
	live := broadWorksSubscriberObject(s)
	return reply{receipt: receipt, object: &live}, err
}

// update answers with the values as they were; a look afterwards shows the rest.
func (r broadWorksSubscriberResource) update(ctx context.Context, c *diff.Change, live object) (reply, error) {
	s, receipt, err := r.api.UpdateBroadWorksSubscriber(ctx, live.id, broadWorksSubscriberUpdate(c))
	got, shown := only(receipt, live.id), broadWorksSubscriberObject(s)
	got.object = &shown
	return got, err
}

func (r broadWorksSubscriberResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.RemoveBroadWorksSubscriber(ctx, live.id)
	return removed(receipt, live.id, true), err
}

// sight lists what changed since the oldest waiting subscriber was written.
func (r broadWorksSubscriberResource) sight(ctx context.Context, waiting []Result) (sighting, error) {
	recent := r.api.ListBroadWorksSubscribers(ctx, webex.BroadWorksSubscriberFilter{LastStatusChange: changedSince(waiting)})
	seen, err := sightOf(recent, waiting, broadWorksSubscriberObject)
	seen.lagging = true
	return seen, err
}

// broadWorksSubscriberObject is a live BroadWorks subscriber as the protocol sees it.
func broadWorksSubscriberObject(s webex.BroadWorksSubscriber) object {
	cells := broadWorksSubscriberCells(s)
	return object{id: s.ID, status: s.Status, created: s.Created, cells: cells, code: firstCode(s.Errors), trouble: cells[diff.ColErrors]}
}
