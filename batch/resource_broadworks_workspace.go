package batch

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// broadWorksWorkspaceResource is the BroadWorks workspace. The BroadWorks API writes and
// does not read them; the organization's list of workspaces shows ids and names.
type broadWorksWorkspaceResource struct {
	*APIApplier
	api *webex.Client
}

func (r broadWorksWorkspaceResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	name := cmp.Or(after(c)(diff.ColDisplayName), c.Before(diff.ColDisplayName))
	return r.listed(ctx, c, func(o object) bool { return name != "" && o.cells[diff.ColDisplayName] == name })
}

func (r broadWorksWorkspaceResource) get(ctx context.Context, c *diff.Change, id string) (object, error) {
	found, err := r.listed(ctx, c, func(o object) bool { return diff.SameID(o.id, id) })
	if err != nil {
		return object{}, err
	}
	if len(found) == 0 {
		return object{}, &webex.Error{Class: webex.ClassNotFound, HTTPStatus: http.StatusNotFound, Description: "the organization has no such workspace"}
	}
	return found[0], nil
}

// listed reads the workspaces of a change's enterprise that keep accepts.
func (r broadWorksWorkspaceResource) listed(ctx context.Context, c *diff.Change, keep func(object) bool) ([]object, error) {
	org, err := r.organization(ctx, c)
	if org == "" || err != nil {
		return nil, err
	}
	list, err := workspacesOf(ctx, r.api, org, r.access())
	var found []object
	for _, w := range list {
		o := object{id: w.ID, status: diff.StatusProvisioned, created: w.Created, cells: broadWorksWorkspaceCells(c.Key.Customer, w)}
		if keep(o) {
			found = append(found, o)
		}
	}
	return found, err
}

// organization finds the organization of a change's enterprise: from the listing,
// else by asking; "" where there is none.
func (r broadWorksWorkspaceResource) organization(ctx context.Context, c *diff.Change) (string, error) {
	r.mu.Lock()
	org := r.organizations[c.Scope()]
	r.mu.Unlock()
	if org != "" {
		return org, nil
	}
	found, err := enterprisesNamed(ctx, r.api, c.Key.Customer)
	switch {
	case err != nil || len(found) == 0:
		return "", err
	case len(found) > 1:
		return "", fmt.Errorf("%d live enterprises have the sp_enterprise_id %q", len(found), c.Key.Customer)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.organizations[c.Scope()] = found[0].OrgID
	return found[0].OrgID, nil
}

// workspacesOf lists the workspaces of an organization.
func workspacesOf(ctx context.Context, api *webex.Client, org string, access time.Duration) ([]webex.Workspace, error) {
	var list []webex.Workspace
	err := withAccess(ctx, api, org, access, func() error {
		list = nil
		for w, err := range api.ListWorkspaces(ctx, webex.WorkspaceFilter{OrgID: org}) {
			if err != nil {
				return err
			}
			list = append(list, w)
		}
		return nil
	})
	return list, err
}

func (broadWorksWorkspaceResource) admit(context.Context, *diff.Change) (string, error) {
	return "", nil
}

// ours is true: the plan saw no workspace with this name, and the API gives a
// name once (code 2040).
func (broadWorksWorkspaceResource) ours(*diff.Change, object) bool { return true }

func (r broadWorksWorkspaceResource) provision(ctx context.Context, c *diff.Change) (reply, error) {
	get := after(c)
	w, receipt, err := r.api.ProvisionBroadWorksWorkspace(ctx, webex.BroadWorksWorkspaceProvision{
		ProvisioningID: get(diff.ColProvisioningID), UserID: get(diff.ColUserID), SPEnterpriseID: get(diff.ColSPEnterpriseID),
		DisplayName: get(diff.ColDisplayName), PrimaryPhoneNumber: get(diff.ColPhone), Extension: get(diff.ColExtension),
	})
	return reply{receipt: receipt, object: &object{id: w.ID, status: diff.StatusProvisioned}}, err
}

func (r broadWorksWorkspaceResource) update(ctx context.Context, c *diff.Change, live object) (reply, error) {
	_, receipt, err := r.api.UpdateBroadWorksWorkspace(ctx, live.id, webex.BroadWorksWorkspaceUpdate{
		UserID: after(c)(diff.ColUserID), PrimaryPhoneNumber: named(c, diff.ColPhone), Extension: named(c, diff.ColExtension),
	})
	got := only(receipt, live.id)
	got.object = &live
	return got, err
}

func (r broadWorksWorkspaceResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.RemoveBroadWorksWorkspace(ctx, live.id)
	return removed(receipt, live.id, true), err
}

// sight shows nothing: the API is done with a workspace when it answers.
func (broadWorksWorkspaceResource) sight(context.Context, []Result) (sighting, error) {
	return sighting{}, nil
}
