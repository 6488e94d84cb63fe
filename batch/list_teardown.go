package batch

import (
	"context"
	"fmt"
	"sync"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// leftover is a subscription that a row wants gone and that is not live: the
// person may still be there.
type leftover struct {
	kind       diff.Kind // of the person
	key        diff.Key
	org, email string
	people     []webex.Person // who is there
}

// listTeardown adds what goes along with removals, as far as nothing else has
// shown it.
func listTeardown(ctx context.Context, api *webex.Client, want *diff.Desired, live *diff.Live, o ListOptions) error {
	if o.HardDelete {
		left := append(leftovers(want, live, diff.Subscriber), leftovers(want, live, diff.BroadWorksSubscriber)...)
		if err := listPeople(ctx, api, left, live, o); err != nil {
			return fmt.Errorf("looking for people without a subscription: %w", err)
		}
	}
	if o.DeleteWorkspaces {
		if err := listWorkspacesOfCustomers(ctx, api, want, live, o); err != nil {
			return fmt.Errorf("listing the workspaces of customers: %w", err)
		}
	}
	return nil
}

// leftovers are the absent rows of a kind without a live subscriber, of customers
// whose organization is known.
func leftovers(want *diff.Desired, live *diff.Live, kind diff.Kind) []leftover {
	known := map[diff.Key]bool{}
	for i := range live.Of(kind).Len() {
		known[live.Of(kind).Row(i).Key()] = true
	}
	var left []leftover
	rows := want.Of(kind)
	for i := range rows.Len() {
		r := rows.Row(i)
		l := leftover{kind: diff.SpecOf(kind).Along, key: r.Key(), org: organizationOf(live, kind, r.Key().Customer), email: r.Get(diff.ColEmail)}
		if r.Absent() && !known[r.Key()] && l.org != "" && l.email != "" {
			left = append(left, l)
		}
	}
	return left
}

// organizationOf is the organization of a live customer of a subscriber's offer.
func organizationOf(live *diff.Live, kind diff.Kind, customer string) string {
	if kind.Offer() == diff.BroadWorks {
		e, _ := live.Of(diff.BroadWorksEnterprise).IndexBy(diff.ColSPEnterpriseID).First(customer)
		return cell(e, diff.ColLiveOrgID)
	}
	c, _ := live.Of(diff.Customer).IndexBy(diff.ColExternalID).First(customer)
	return cell(c, diff.ColOrgID)
}

// cell reads a cell of a row that may not exist.
func cell(r diff.Row, c diff.Column) string {
	if r == (diff.Row{}) {
		return ""
	}
	return r.Get(c)
}

func listPeople(ctx context.Context, api *webex.Client, left []leftover, live *diff.Live, o ListOptions) error {
	err := sideInPlace(ctx, left, func(ctx context.Context, l *leftover) error {
		return withAccess(ctx, api, l.org, o.access(), func() (err error) {
			l.people, err = peopleWith(ctx, api, l.org, l.email)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, l := range left {
		spec := diff.SpecOf(l.kind)
		for _, p := range l.people {
			cells := diff.Cells{
				spec.Keys[0]: l.key.Customer, spec.OwnKey(): l.key.Own(), diff.ColLiveOrgID: l.org, diff.ColID: p.ID,
				diff.ColEmail: canonical(l.kind, diff.ColEmail, addressOf(p, l.email)),
			}
			if err := live.Of(l.kind).Add(diff.Position{}, cells); err != nil {
				return err
			}
		}
	}
	return nil
}

// listWorkspacesOfCustomers reads the workspaces of the customers whose rows say ensure=absent.
func listWorkspacesOfCustomers(ctx context.Context, api *webex.Client, want *diff.Desired, live *diff.Live, o ListOptions) error {
	type place struct{ customer, org string }
	var places []place
	rows := want.Of(diff.Customer)
	for i := range rows.Len() {
		r := rows.Row(i)
		if org := organizationOf(live, diff.Customer, r.Key().Customer); r.Absent() && org != "" {
			places = append(places, place{r.Key().Customer, org})
		}
	}
	var mu sync.Mutex
	found := map[place][]webex.Workspace{}
	err := side(ctx, places, func(ctx context.Context, p place) error {
		list, err := workspacesOf(ctx, api, p.org, o.access())
		mu.Lock()
		defer mu.Unlock()
		found[p] = list
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range places {
		for _, w := range found[p] {
			if err := live.Of(diff.Workspace).Add(diff.Position{}, workspaceCells(p.customer, w)); err != nil {
				return err
			}
		}
	}
	return nil
}
