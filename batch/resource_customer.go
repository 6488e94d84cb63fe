package batch

import (
	"context"
	"fmt"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// customerResource is the wholesale customer.
type customerResource struct {
	*APIApplier
	api *webex.Client
}

func (r customerResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	return r.byExternalID(ctx, c.Key.Customer)
}

func (r customerResource) byExternalID(ctx context.Context, externalID string) ([]object, error) {
	var found []object
	for c, err := range r.api.ListCustomers(ctx, webex.CustomerFilter{ExternalID: externalID}) {
		if err != nil {
			return nil, err
		}
		if canonical(diff.Customer, diff.ColExternalID, c.ExternalID) == externalID {
			found = append(found, customerObject(c))
		}
	}
	return found, nil
}

func (r customerResource) get(ctx context.Context, _ *diff.Change, id string) (object, error) {
	c, err := r.api.GetCustomer(ctx, id)
	return customerObject(c), err
}

func (customerResource) admit(context.Context, *diff.Change) (string, error) { return "", nil }

// ours is true: the plan saw no customer with this external id, and external ids
// are unique, so one that is there now is this run's.
func (customerResource) ours(*diff.Change, object) bool { return true }

func (r customerResource) provision(ctx context.Context, c *diff.Change) (reply, error) {
	receipt, err := r.api.ProvisionCustomer(ctx, customerProvision(c))
	return reply{receipt: receipt}, err
}

func (r customerResource) update(ctx context.Context, c *diff.Change, live object) (reply, error) {
	receipt, err := r.api.UpdateCustomer(ctx, live.id, customerUpdate(c, live))
	return only(receipt, live.id), err
}

func (r customerResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.RemoveCustomer(ctx, live.id)
	return only(receipt, live.id), err
}

// sight reads the whole list, where it takes no more calls than one per object.
func (r customerResource) sight(ctx context.Context, waiting []Result) (sighting, error) {
	large, err := r.api.HasCustomersAt(ctx, len(waiting)*pageSize)
	if large || err != nil {
		return sighting{}, err
	}
	return sightOf(r.api.ListCustomers(ctx, webex.CustomerFilter{}), waiting, customerObject)
}

// customerObject is a live customer as the protocol sees it. A package may have
// failed although the customer itself is provisioned.
func customerObject(c webex.Customer) object {
	cells := customerCells(c)
	o := object{id: c.ID, status: c.Status, cells: cells, trouble: cells[diff.ColErrors], spelled: c.ExternalID}
	lists := [][]webex.Detail{c.Errors}
	for _, p := range c.Resources {
		lists = append(lists, p.Errors, p.Warnings)
		if o.broken == "" && (p.Status == diff.StatusError || len(p.Errors) > 0) {
			o.broken = fmt.Sprintf("package %s failed: %s", p.Name, o.trouble)
		}
	}
	o.code = firstCode(lists...)
	return o
}
