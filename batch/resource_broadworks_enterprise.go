package batch

import (
	"context"
	"errors"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// enterpriseResource is the BroadWorks enterprise. It comes with its first
// subscriber and goes with its last, so that its directory sync is all there is
// to change.
type enterpriseResource struct {
	*APIApplier
	api *webex.Client
}

func (r enterpriseResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	found, err := enterprisesNamed(ctx, r.api, c.Key.Customer)
	var objects []object
	for _, e := range found {
		o := syncObject(e.ID, e.DirectorySync)
		o.cells = enterpriseCells(e)
		objects = append(objects, o)
	}
	return objects, err
}

// enterprisesNamed lists the live enterprises with an sp_enterprise_id.
func enterprisesNamed(ctx context.Context, api *webex.Client, id string) ([]webex.BroadWorksEnterprise, error) {
	var found []webex.BroadWorksEnterprise
	for e, err := range api.ListBroadWorksEnterprises(ctx, webex.BroadWorksEnterpriseFilter{SPEnterpriseID: id}) {
		if err != nil {
			return nil, err
		}
		if canonical(diff.BroadWorksEnterprise, diff.ColSPEnterpriseID, e.SPEnterpriseID) == id {
			found = append(found, e)
		}
	}
	return found, nil
}

func (r enterpriseResource) get(ctx context.Context, _ *diff.Change, id string) (object, error) {
	d, err := r.api.GetDirectorySync(ctx, id)
	return syncObject(id, d), err
}

var errNoEnterprise = errors.New("the API neither provisions nor removes enterprises")

func (enterpriseResource) admit(context.Context, *diff.Change) (string, error) {
	return "", errNoEnterprise
}

func (enterpriseResource) ours(*diff.Change, object) bool { return false }

func (enterpriseResource) provision(context.Context, *diff.Change) (reply, error) {
	return reply{}, errNoEnterprise
}

func (enterpriseResource) remove(context.Context, *diff.Change, object) (reply, error) {
	return reply{}, errNoEnterprise
}

// update switches the directory sync. That it is off is only believed when it is
// read again: the answer may come before the clearing of the directory has begun.
func (r enterpriseResource) update(ctx context.Context, c *diff.Change, live object) (reply, error) {
	on := after(c)(diff.ColDirSync) == diff.SwitchOn
	d, receipt, err := r.api.SetDirectorySync(ctx, live.id, on)
	got := only(receipt, live.id)
	if on {
		shown := syncObject(live.id, d)
		got.object = &shown
	}
	return got, err
}

// sight lists the enterprises, a thousand on a page.
func (r enterpriseResource) sight(ctx context.Context, waiting []Result) (sighting, error) {
	all := r.api.ListBroadWorksEnterprises(ctx, webex.BroadWorksEnterpriseFilter{})
	return sightOf(all, waiting, func(e webex.BroadWorksEnterprise) object { return syncObject(e.ID, e.DirectorySync) })
}

// syncObject is an enterprise as the protocol sees it. A synchronisation that
// failed does not undo the switch, but is said.
func syncObject(id string, d webex.DirectorySync) object {
	cells := syncCells(d)
	o := object{id: id, status: syncStatus(d), cells: cells, code: firstCode(d.Errors)}
	if d.Enabled && d.State() == webex.SyncFailed {
		o.trouble = "the last directory sync failed"
		if e := cells[diff.ColErrors]; e != "" {
			o.trouble += ": " + e
		}
	}
	return o
}
