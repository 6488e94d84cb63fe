package sandbox

import (
	"cmp"
	"math"
	"slices"
	"time"
)

const dayMillis = 24 * 60 * 60 * 1000

// stay is a time during which a person, or the workspaces of a customer, had one package. The estate keeps the stays
// that are over; the one that lasts is in the subscriber or customer itself.
type stay struct {
	customer   *customer
	person     *person // nil for workspaces
	workspaces int
	pkg        string
	from, to   int64 // Unix milliseconds; from 0 is since ever, to openEnd is still
}

const openEnd = math.MaxInt64

// days are the first and the last day, counted from 1970, on which the stay is seen: days that it touches count.
func (s stay) days() (first, last int64) {
	return s.from / dayMillis, max(s.from, s.to-1) / dayMillis
}

// period is a range of days, both ends included, counted from 1970 in UTC.
type period struct {
	first, last int64
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// share is how many days of the period the stay is seen on, all other stays set aside.
func (p period) share(s stay) int {
	first, last := s.days()
	return int(max(0, min(last, p.last)-max(first, p.first)+1))
}

// usage is the user-days of one person or workspace in one package; at one moment it counts seats.
type usage struct {
	place     *place
	person    *person // nil for a workspace
	workspace int     // 1 for a customer's first; 0 of a person
	pkg       string
	amount    int
}

// place is a customer as a report shows it. A report outlives renaming and removal of the customer.
type place struct {
	number     int
	name       string
	externalID string
	orgID      string
	packages   []string
}

// meter collects what a report is about. A person is metered once a day, with the package that came last: so the day of
// a change counts for the new package, and the days of provisioning and of removal count.
type meter struct {
	estate   *estate
	owner    *partner
	internal bool // internal customers too
	places   map[*customer]*place
	usages   []usage
}

func (e *estate) meterOf(owner *partner, internal bool) *meter {
	return &meter{estate: e, owner: owner, internal: internal, places: map[*customer]*place{}}
}

// covers tells whether the customer is part of the report.
func (m *meter) covers(c *customer) bool { return c.owner == m.owner && (m.internal || !c.internal) }

// holder is who is metered once a day: a person, or one workspace of a customer.
type holder struct {
	person    *person
	customer  *customer // of a workspace
	workspace int
}

// over meters a period. Its result is in the order of customers, then of persons and workspaces, then of packages.
func (m *meter) over(p period) []usage {
	unclear := map[holder][]stay{} // those that may have more than one stay
	note := func(s stay) {
		for _, h := range s.holders() {
			unclear[h] = append(unclear[h], s)
		}
	}
	for _, s := range m.estate.stays {
		if m.covers(s.customer) && p.share(s) > 0 {
			note(s)
		}
	}
	for s := range m.lasting() {
		if s.person == nil || len(s.person.subscribers) > 1 || unclear[holder{person: s.person}] != nil {
			note(s)
			continue
		}
		m.add(s, 0, p.share(s))
	}
	for h, stays := range unclear {
		m.addByDay(h, stays, p)
	}
	return m.sorted()
}

// holders are those whom the stay is about.
func (s stay) holders() []holder {
	if s.person != nil {
		return []holder{{person: s.person}}
	}
	all := make([]holder, s.workspaces)
	for i := range all {
		all[i] = holder{customer: s.customer, workspace: i + 1}
	}
	return all
}

// now counts the seats of this moment. A person with two subscriptions to one package has one seat.
func (m *meter) now() []usage {
	for s := range m.lasting() {
		for _, h := range s.holders() {
			m.add(s, h.workspace, 1)
		}
	}
	seats := m.sorted()
	for i := range seats {
		seats[i].amount = 1
	}
	return seats
}

// lasting yields the stays that are not over.
func (m *meter) lasting() func(yield func(stay) bool) {
	return func(yield func(stay) bool) {
		for c := range m.owner.customers.all() {
			if m.covers(c) && c.workspacesSeen > 0 && !yield(c.workspaceStay(openEnd)) {
				return
			}
		}
		for s := range m.owner.subscribers.all() {
			if m.covers(s.customer) && s.metered && !yield(s.stay(openEnd)) {
				return
			}
		}
	}
}

// addByDay meters a holder of several stays day by day.
func (m *meter) addByDay(h holder, stays []stay, p period) {
	for i, days := range lastOfEachDay(stays, p) {
		m.add(stays[i], h.workspace, days)
	}
}

// lastOfEachDay counts for each stay the days of the period on which none of the others began later.
func lastOfEachDay(stays []stay, p period) []int {
	days := make([]int, len(stays))
	for day := p.first; day <= p.last; day++ {
		latest := -1
		for i, s := range stays {
			first, last := s.days()
			if first <= day && day <= last && (latest < 0 || s.from >= stays[latest].from) {
				latest = i
			}
		}
		if latest >= 0 {
			days[latest]++
		}
	}
	return days
}

func (m *meter) add(s stay, workspace, amount int) {
	if amount > 0 {
		m.usages = append(m.usages, usage{place: m.placeOf(s.customer), person: s.person, workspace: workspace, pkg: s.pkg, amount: amount})
	}
}

func (m *meter) placeOf(c *customer) *place {
	found := m.places[c]
	if found == nil {
		found = &place{number: c.number, name: c.name, externalID: c.externalID, orgID: bareUUID(c.org.number), packages: c.packages}
		m.places[c] = found
	}
	return found
}

// sorted puts the usages in order and makes one of those that are about the same.
func (m *meter) sorted() []usage {
	slices.SortFunc(m.usages, func(a, b usage) int {
		return cmp.Or(cmp.Compare(a.place.number, b.place.number), cmp.Compare(a.personNumber(), b.personNumber()),
			cmp.Compare(a.workspace, b.workspace), cmp.Compare(a.pkg, b.pkg))
	})
	return addUp(m.usages, func(a, b usage) bool {
		return a.place == b.place && a.person == b.person && a.workspace == b.workspace && a.pkg == b.pkg
	})
}

func (u usage) personNumber() int {
	if u.person == nil {
		return 0
	}
	return u.person.number
}

// addUp makes one of neighbours that are about the same.
func addUp(usages []usage, same func(a, b usage) bool) []usage {
	merged := usages[:0]
	for _, u := range usages {
		if last := len(merged) - 1; last >= 0 && same(merged[last], u) {
			merged[last].amount += u.amount
			continue
		}
		merged = append(merged, u)
	}
	return merged
}

// perCustomer adds up usages by customer and package. It changes what it is given, and keeps none of it.
func perCustomer(usages []usage) []usage {
	slices.SortFunc(usages, func(a, b usage) int {
		return cmp.Or(cmp.Compare(a.place.number, b.place.number), cmp.Compare(a.pkg, b.pkg))
	})
	return slices.Clone(addUp(usages, func(a, b usage) bool { return a.place == b.place && a.pkg == b.pkg }))
}

// perPackage adds up usages by package, as perCustomer does.
func perPackage(usages []usage) []usage {
	slices.SortFunc(usages, func(a, b usage) int { return cmp.Compare(a.pkg, b.pkg) })
	return slices.Clone(addUp(usages, func(a, b usage) bool { return a.pkg == b.pkg }))
}

func (s *subscriber) stay(to int64) stay {
	return stay{customer: s.customer, person: s.person, pkg: s.pkg, from: s.since, to: to}
}

func (c *customer) workspaceStay(to int64) stay {
	return stay{customer: c, workspaces: c.workspacesSeen, pkg: commonArea, from: c.workspacesSince, to: to}
}

// beginStay meters s from a moment on; one that is metered already stays so.
func (e *estate) beginStay(s *subscriber, at int64) {
	if !s.metered {
		s.metered, s.since = true, at
	}
}

// endStay writes down what s had up to a moment.
func (e *estate) endStay(s *subscriber, at int64) {
	if s.metered {
		e.stays = append(e.stays, s.stay(at))
		s.metered = false
	}
}

// meterWorkspaces begins and ends the metering of a customer's workspaces, which have the package for common areas as
// long as the customer has.
func (e *estate) meterWorkspaces(c *customer, at int64) {
	n := 0
	if slices.Contains(c.packages, commonArea) {
		n = c.org.workspaces.size
	}
	if n == c.workspacesSeen {
		return
	}
	if c.workspacesSeen > 0 && c.workspacesSince != at {
		e.stays = append(e.stays, c.workspaceStay(at))
	}
	c.workspacesSeen, c.workspacesSince = n, at
}
