package batch

import (
	"context"
	"fmt"
	"sync"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// persons reads the people behind the subscribers of a visit: their cells by the
// ids of the subscribers. Who is not there is left out.
func (v *visit) persons(ctx context.Context) (map[string]diff.Cells, error) {
	if len(v.alone) > 0 {
		return v.personByPerson(ctx)
	}
	byID, byEmail := map[string]string{}, map[string]string{}
	for _, s := range v.people {
		if s.PersonID != "" {
			byID[diff.IDKey(s.PersonID)] = s.ID
		}
		byEmail[diff.FoldEmail(s.Email)] = s.ID
	}
	found, alike := map[string]diff.Cells{}, map[string]diff.Cells{}
	for p, err := range v.api.ListPeople(ctx, webex.PersonFilter{OrgID: v.customer.OrgID, CallingData: true}) {
		if err != nil {
			return nil, err
		}
		if id, ok := byID[diff.IDKey(p.ID)]; ok {
			found[id] = v.personCells(p)
		}
		for _, email := range p.Emails {
			if id, ok := byEmail[diff.FoldEmail(email)]; ok {
				alike[id] = v.personCells(p)
			}
		}
	}
	for id, cells := range alike { // the address tells where the id did not
		if found[id] == nil {
			found[id] = cells
		}
	}
	return found, nil
}

func (v *visit) personByPerson(ctx context.Context) (map[string]diff.Cells, error) {
	var mu sync.Mutex
	found := map[string]diff.Cells{}
	err := side(ctx, v.alone, func(ctx context.Context, s webex.Subscriber) error {
		p, err := v.api.GetPerson(ctx, s.PersonID)
		switch {
		case isNotFound(err):
			return nil
		case err != nil:
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		found[s.ID] = v.personCells(p)
		return nil
	})
	return found, err
}

// personColumns are what the person behind a subscriber has, and the subscriber of
// the wholesale API has not.
var personColumns = []diff.Column{diff.ColFirstName, diff.ColLastName, diff.ColPhone, diff.ColExtension, diff.ColLocationID}

// personCells are the columns of a subscriber that the person has.
func (v *visit) personCells(p webex.Person) diff.Cells {
	cells := diff.Cells{
		diff.ColFirstName: p.FirstName, diff.ColLastName: p.LastName,
		diff.ColPhone: workNumber(p), diff.ColExtension: p.Extension, diff.ColLocationID: p.LocationID,
	}
	for col, raw := range cells {
		cells[col] = canonical(diff.Subscriber, col, raw)
	}
	if spelled, ok := v.spelled[diff.IDKey(p.LocationID)]; ok {
		cells[diff.ColLocationID] = spelled
	}
	return cells
}

// workNumber is the number of a person that Webex Calling gives out: of those for
// work the primary one, where one is.
func workNumber(p webex.Person) string {
	number := ""
	for _, n := range p.PhoneNumbers {
		if n.Type == "work" && (number == "" || n.Primary) {
			number = n.Value
		}
	}
	return number
}

// lacksScope finds out whether refusals mean that the token may not read such
// things at all: then the partner's own organization refuses too.
func lacksScope(ctx context.Context, refused []*visit) error {
	var organizations, locations, people bool
	api := refused[0].api
	for _, v := range refused {
		switch {
		case v.entered && v.places && v.locations == nil:
			locations = true
		case v.entered:
			people = true
		default:
			organizations = true
		}
	}
	for _, probe := range []struct {
		refused bool
		scope   string
		read    func() error
	}{
		{organizations, "organizations_read", func() error { return readOwnOrganization(ctx, api) }},
		{locations, "locations_read", func() error { return first(api.ListLocations(ctx, webex.LocationFilter{})) }},
		{people, "people_read", func() error { return first(api.ListPeople(ctx, webex.PersonFilter{})) }},
	} {
		if !probe.refused {
			continue
		}
		if err := probe.read(); isForbidden(err) {
			return fmt.Errorf("reading in the organizations of customers: the sign-in lacks the scope spark-admin:%s: %w", probe.scope, err)
		}
	}
	return nil
}

func readOwnOrganization(ctx context.Context, api *webex.Client) error {
	me, err := api.Me(ctx)
	if err != nil || me.OrgID == "" {
		return nil //nolint:nilerr // nothing can be told
	}
	return api.OpenOrganization(ctx, me.OrgID)
}

// first gives the error of a list's first page.
func first[T any](list func(yield func(T, error) bool)) error {
	for _, err := range list {
		return err
	}
	return nil
}
