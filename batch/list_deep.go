package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// DeepOptions ask for what the wholesale API does not return.
type DeepOptions struct {
	// Deep asks for names, numbers and locations of subscribers, which the People
	// API has, of the customers whose subscribers the input names.
	Deep bool
	// Access is how long access to an organization takes to become effective; 5 s
	// when not set.
	Access time.Duration
	// OnVisit is told before organizations are opened how many there are, and about
	// how many calls that and reading in them take.
	OnVisit func(organizations, calls int)
}

func (o DeepOptions) access() time.Duration { return cmp.Or(o.Access, accessTakes) }

// visit is what is read in one customer's organization.
type visit struct {
	api      *webex.Client
	customer webex.Customer
	// people are the subscribers whose persons are asked for, and alone those that
	// are read one by one, because that takes fewer calls than the list.
	people, alone []webex.Subscriber
	spelled       map[string]string // location ids by idKey, as the input writes them
	places        bool              // its locations are asked for

	entered   bool  // the organization was opened, the last time
	refused   error // by the organization or in it, the last time
	read      map[string]diff.Cells
	locations []diff.Location
}

// visitsFor are the organizations that have what rows need.
func (l *lister) visitsFor(want *diff.Desired, named []string, o ListOptions) []*visit {
	if !o.Deep && !want.NamesLocations() {
		return nil
	}
	rows, below := l.rowsBelow(want, named, o.Deep), l.below()
	var visits []*visit
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		v := &visit{api: l.api, customer: l.customers[id], spelled: map[string]string{}}
		subscribers := below[diff.IDKey(id)]
		v.places = namesPlace(rows[id], subscribers, o.Deep)
		if o.Deep {
			v.ask(subscribers, rows[id])
		}
		if v.places || len(v.people) > 0 {
			visits = append(visits, v)
		}
	}
	return visits
}

// visitAll are the organizations of all subscribers that were found. Those who have
// not agreed yet are not in one.
func (l *lister) visitAll() []*visit {
	below := l.below()
	var visits []*visit
	for _, id := range slices.Sorted(maps.Keys(l.customers)) {
		list := slices.DeleteFunc(below[diff.IDKey(id)], func(s webex.Subscriber) bool { return diff.WaitsForPerson(s.Status) })
		if len(list) > 0 {
			visits = append(visits, &visit{api: l.api, customer: l.customers[id], people: list})
		}
	}
	return visits
}

// rowsBelow gives the subscriber rows that do not ask for removal, by the API's id
// of their customer, where that is live: all of them, or those that name a location.
func (l *lister) rowsBelow(want *diff.Desired, named []string, all bool) map[string][]diff.Row {
	ids := map[string]string{} // by the name that rows use
	customers := l.named(want, named)
	for _, c := range customers {
		ids[canonical(diff.Customer, diff.ColExternalID, c.ExternalID)] = c.ID
	}
	for _, c := range customers {
		if r, ok := want.Of(diff.Customer).IndexBy(diff.ColOrgID).First(c.OrgID); ok && ids[r.Key().Customer] == "" {
			ids[r.Key().Customer] = c.ID
		}
	}
	rows := map[string][]diff.Row{}
	t := want.Of(diff.Subscriber)
	for i := range t.Len() {
		r := t.Row(i)
		if id := ids[r.Key().Customer]; id != "" && !r.Absent() && (all || r.Get(diff.ColLocationName) != "") {
			rows[id] = append(rows[id], r)
		}
	}
	return rows
}

// below gives the subscribers that were found, by idKey of their customer, in the
// order of ids.
func (l *lister) below() map[string][]webex.Subscriber {
	ids := map[string]string{}
	for _, c := range l.customers {
		ids[c.ExternalID] = c.ID
	}
	below := map[string][]webex.Subscriber{}
	for _, id := range slices.Sorted(maps.Keys(l.found)) {
		s := l.found[id]
		customer := diff.IDKey(cmp.Or(s.CustomerID, ids[s.ExternalCustomerID]))
		below[customer] = append(below[customer], s)
	}
	return below
}

// namesPlace reports whether one of a customer's rows names a location that is to
// be compared, or that its change will send: where the subscriber is new, or moves
// from the one package without calling.
func namesPlace(rows []diff.Row, live []webex.Subscriber, compared bool) bool {
	packages := map[string]string{} // of live subscribers, by address
	for _, s := range live {
		packages[diff.FoldEmail(s.Email)] = s.Package
	}
	return slices.ContainsFunc(rows, func(r diff.Row) bool {
		has, isLive := packages[r.Key().Email]
		wants := r.Get(diff.ColPackage)
		return r.Get(diff.ColLocationName) != "" && (compared || !isLive || has == diff.Meetings && wants != "" && wants != diff.Meetings)
	})
}

// ask chooses how the people of rows are read: by the list of all, or one by one
// where they are so few that this takes fewer calls.
func (v *visit) ask(live []webex.Subscriber, rows []diff.Row) {
	wanted := map[string]bool{}
	for _, r := range rows {
		wanted[r.Key().Email] = true
		if id := r.Get(diff.ColLocationID); id != "" {
			v.spelled[diff.IDKey(id)] = id
		}
	}
	for _, s := range live {
		if wanted[diff.FoldEmail(s.Email)] && !diff.WaitsForPerson(s.Status) {
			v.people = append(v.people, s)
		}
	}
	known := !slices.ContainsFunc(v.people, func(s webex.Subscriber) bool { return s.PersonID == "" })
	if known && len(v.people) < pages(len(live)) {
		v.alone = v.people
	}
}

// pages is how many pages of a list so many objects take.
func pages(objects int) int { return (objects + pageSize - 1) / pageSize }

// calls is about how many a visit takes.
func (v *visit) calls() int {
	n := 1 + len(v.alone)
	if len(v.alone) == 0 && len(v.people) > 0 {
		n += max(pages(len(v.people)), 1)
	}
	if v.places {
		n++
	}
	return n
}

// deepen reads in organizations. All of them are opened side by side, and access
// to all is waited for once; those that refuse all the same are opened once more.
// Refusals that stay are part of what was found, unless the token lacks a scope.
func deepen(ctx context.Context, listers []*lister, o DeepOptions) error {
	var todo []*visit
	for _, l := range listers {
		todo = append(todo, l.visits...)
	}
	if len(todo) == 0 {
		return nil
	}
	if o.OnVisit != nil {
		calls := 0
		for _, v := range todo {
			calls += v.calls()
		}
		o.OnVisit(len(todo), calls)
	}
	for try := range 2 {
		if err := visitEach(ctx, todo, o.access()); err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(v *visit) bool { return !isForbidden(v.refused) })
		if len(todo) == 0 || try > 0 {
			return nil
		}
		if err := lacksScope(ctx, todo); err != nil {
			return err
		}
	}
	return nil
}

// visitEach opens organizations, waits, and reads in them.
func visitEach(ctx context.Context, visits []*visit, access time.Duration) error {
	if err := side(ctx, visits, func(ctx context.Context, v *visit) error { return v.open(ctx) }); err != nil {
		return fmt.Errorf("opening the organizations of customers: %w", err)
	}
	opened := slices.DeleteFunc(slices.Clone(visits), func(v *visit) bool { return v.refused != nil })
	if len(opened) == 0 {
		return nil
	}
	if err := wait(ctx, access); err != nil {
		return err
	}
	if err := side(ctx, opened, func(ctx context.Context, v *visit) error { return v.look(ctx) }); err != nil {
		return fmt.Errorf("reading in the organizations of customers: %w", err)
	}
	return nil
}

// errNoOrganization is why a customer that the API gives no organization has no
// people to read.
var errNoOrganization = errors.New("the API does not tell its organization")

func (v *visit) open(ctx context.Context) error {
	if v.customer.OrgID == "" {
		v.refused = errNoOrganization
		return nil
	}
	err := v.refuses(v.api.OpenOrganization(ctx, v.customer.OrgID))
	v.entered = v.refused == nil
	return err
}

// refuses keeps an error that is about this organization alone, and passes on all
// others.
func (v *visit) refuses(err error) error {
	if v.refused = nil; isForbidden(err) || isNotFound(err) {
		v.refused = err
		return nil
	}
	return err
}

// look reads what a second visit has not read before.
func (v *visit) look(ctx context.Context) error {
	if v.places && v.locations == nil {
		list, err := locationsOf(ctx, v.api, v.customer.OrgID)
		if err := v.refuses(err); err != nil || v.refused != nil {
			return err
		}
		v.locations = list
	}
	if len(v.people) == 0 || v.read != nil {
		return nil
	}
	read, err := v.persons(ctx)
	if err := v.refuses(err); err != nil || v.refused != nil {
		return err
	}
	v.read = read
	return nil
}

// locationsOf lists the locations of an organization. It is never nil without an
// error.
func locationsOf(ctx context.Context, api *webex.Client, org string) ([]diff.Location, error) {
	list := []diff.Location{}
	for at, err := range api.ListLocations(ctx, webex.LocationFilter{OrgID: org}) {
		if err != nil {
			return nil, err
		}
		list = append(list, diff.Location{ID: at.ID, Name: canonical(diff.Subscriber, diff.ColLocationName, at.Name)})
	}
	return list, nil
}

// seen enters what the visits have found, or why they have not, and gives the
// cells of people by the ids of their subscribers.
func (l *lister) seen(live *diff.Live) map[string]diff.Cells {
	people := map[string]diff.Cells{}
	for _, v := range l.visits {
		if v.places {
			live.Locations[canonical(diff.Customer, diff.ColExternalID, v.customer.ExternalID)] = v.found()
		}
		for _, s := range v.people {
			cells, ok := v.read[s.ID]
			switch {
			case ok:
				people[s.ID] = cells
			case v.read == nil:
				live.Unread[s.ID] = reasonOf(v.refused)
			default:
				live.Unread[s.ID] = "the organization has no such person"
			}
		}
	}
	return people
}

func (v *visit) found() diff.Locations {
	if v.locations == nil {
		return diff.Locations{Refused: reasonOf(v.refused)}
	}
	return diff.Locations{List: v.locations}
}

// reasonOf words a refusal without what is new in every answer, so that the same
// state gives the same plan.
func reasonOf(err error) string {
	switch {
	case isForbidden(err):
		return "there is no access to its organization (HTTP 403)"
	case isNotFound(err):
		return "its organization is not there (HTTP 404)"
	}
	return err.Error()
}

// MarkUnread says of the subscribers of a snapshot that has nothing of the person
// why nothing is known.
func MarkUnread(live *diff.Live, why string) {
	t := live.Of(diff.Subscriber)
	for i := range t.Len() {
		r := t.Row(i)
		if !slices.ContainsFunc(personColumns, func(c diff.Column) bool { return r.Get(c) != "" }) {
			live.Unread[r.Get(diff.ColID)] = why
		}
	}
}
