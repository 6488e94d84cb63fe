package batch

import (
	"context"
	"fmt"
	"net/http"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// The objects below only ever go: nobody provisions or changes them by rows.

// onlyRemoved is what their kinds have in common.
type onlyRemoved struct {
	*APIApplier
	api *webex.Client
}

func (onlyRemoved) admit(context.Context, *diff.Change) (string, error) {
	return "it is removed along with what it belongs to, and never provisioned", nil
}

func (onlyRemoved) ours(*diff.Change, object) bool { return false }

func (onlyRemoved) provision(context.Context, *diff.Change) (reply, error) {
	return reply{}, errOnlyRemoved
}

func (onlyRemoved) update(context.Context, *diff.Change, object) (reply, error) {
	return reply{}, errOnlyRemoved
}

// sight shows nothing: they are few, and gone when the API answers.
func (onlyRemoved) sight(context.Context, []Result) (sighting, error) { return sighting{}, nil }

var errOnlyRemoved = fmt.Errorf("internal error: the object is only ever removed")

// personResource is the person behind a subscriber, of either offer.
type personResource struct{ onlyRemoved }

func (r personResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	org, email := c.Before(diff.ColLiveOrgID), c.Before(diff.ColEmail)
	if org == "" || email == "" {
		return nil, fmt.Errorf("looking for the person %q: neither id nor organization and address are known; remove the person in Control Hub", c.Key)
	}
	var found []object
	err := withAccess(ctx, r.api, org, r.access(), func() error {
		people, err := peopleWith(ctx, r.api, org, email)
		found = nil
		for _, p := range people {
			found = append(found, personObject(c, p))
		}
		return err
	})
	return found, err
}

// peopleWith reads the people of an organization that have an e-mail address.
func peopleWith(ctx context.Context, api *webex.Client, org, email string) ([]webex.Person, error) {
	var found []webex.Person
	for p, err := range api.ListPeople(ctx, webex.PersonFilter{OrgID: org, Email: email}) {
		if err != nil {
			return nil, err
		}
		if addressOf(p, email) != "" { // a server that ignores a filter answers with strangers
			found = append(found, p)
		}
	}
	return found, nil
}

// addressOf is the address of a person that equals one but for its case, "" where
// none does.
func addressOf(p webex.Person, email string) string {
	for _, e := range p.Emails {
		if diff.FoldEmail(e) == diff.FoldEmail(email) {
			return e
		}
	}
	return ""
}

func (r personResource) get(ctx context.Context, c *diff.Change, id string) (object, error) {
	var p webex.Person
	err := withAccess(ctx, r.api, c.Before(diff.ColLiveOrgID), r.access(), func() (err error) {
		p, err = r.api.GetPerson(ctx, id)
		return err
	})
	return personObject(c, p), err
}

// personObject is a person as the protocol sees it. A person may have several
// addresses; the one that the change speaks of is the one that counts.
func personObject(c *diff.Change, p webex.Person) object {
	email := addressOf(p, c.Before(diff.ColEmail))
	if email == "" && len(p.Emails) > 0 {
		email = p.Emails[0]
	}
	cells := diff.Cells{diff.ColEmail: canonical(c.Kind, diff.ColEmail, email)}
	if c.Before(diff.ColEmail) == "" { // nobody knows which address the person should have
		cells[diff.ColEmail] = ""
	}
	return object{id: p.ID, status: diff.StatusProvisioned, created: p.Created, cells: cells}
}

func (r personResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.DeletePerson(ctx, live.id)
	return removed(receipt, live.id, true), err
}

// workspaceResource is the workspace of a wholesale customer.
type workspaceResource struct{ onlyRemoved }

func (r workspaceResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	return nil, fmt.Errorf("looking for the workspace %q of customer %q: its id is not known; plan again with the API", c.Before(diff.ColDisplayName), c.Key)
}

func (r workspaceResource) get(ctx context.Context, c *diff.Change, id string) (object, error) {
	list, err := workspacesOf(ctx, r.api, c.Before(diff.ColLiveOrgID), r.access())
	if err != nil {
		return object{}, err
	}
	for _, w := range list {
		if diff.SameID(w.ID, id) {
			return object{id: w.ID, status: diff.StatusProvisioned, cells: workspaceCells(c.Key.Customer, w)}, nil
		}
	}
	return object{}, &webex.Error{Class: webex.ClassNotFound, HTTPStatus: http.StatusNotFound, Description: "the organization has no such workspace"}
}

func (r workspaceResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.DeleteWorkspace(ctx, live.id)
	return removed(receipt, live.id, true), err
}

// workspaceCells is a workspace of a wholesale customer in the words of package diff.
func workspaceCells(customer string, w webex.Workspace) diff.Cells {
	return diff.Cells{
		diff.ColCustomerExternalID: customer, diff.ColID: w.ID, diff.ColLiveOrgID: w.OrgID,
		diff.ColDisplayName: canonical(diff.Workspace, diff.ColDisplayName, w.DisplayName),
	}
}

// organizationResource is the organization of a BroadWorks enterprise.
type organizationResource struct{ onlyRemoved }

func (r organizationResource) find(ctx context.Context, c *diff.Change) ([]object, error) {
	return nil, fmt.Errorf("looking for the organization of enterprise %q: its id is not known; plan again with the API", c.Key)
}

func (r organizationResource) get(ctx context.Context, _ *diff.Change, id string) (object, error) {
	o, err := r.api.GetOrganization(ctx, id)
	return object{id: o.ID, status: diff.StatusProvisioned, created: o.Created, cells: diff.Cells{}}, err
}

// remove asks for the end of an organization, which comes within ten minutes.
func (r organizationResource) remove(ctx context.Context, _ *diff.Change, live object) (reply, error) {
	receipt, err := r.api.DeleteOrganization(ctx, live.id)
	return removed(receipt, live.id, false), err
}

// inhabited says why an organization must not go: its enterprise has subscribers.
// The API refuses to remove an organization of two people, and takes one of a
// single person, whoever that is; the plan may be older than the last provision, or
// be made from a snapshot without subscribers.
func (a *APIApplier) inhabited(ctx context.Context, c *diff.Change) (why string, err error) {
	if c.Kind != diff.Organization {
		return "", nil
	}
	for s, err := range a.api.ListBroadWorksSubscribers(ctx, webex.BroadWorksSubscriberFilter{SPEnterpriseID: c.Key.Customer}) {
		if err != nil {
			return "", err
		}
		if cells := broadWorksSubscriberCells(s); cells[diff.ColSPEnterpriseID] == c.Key.Customer {
			return fmt.Sprintf("the enterprise has subscribers, such as %q, and only an empty one goes", cells[diff.ColUserID]), nil
		}
	}
	return "", nil
}
