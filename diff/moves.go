package diff

import (
	"cmp"
	"fmt"
	"slices"
)

// moveSubscriber plans a removal under the old customer and a provision under
// the new one; which waits for which is entered later, as for any e-mail address
// that changes hands.
func (p *planner) moveSubscriber(s *customerState, r, live Row) {
	old := p.state(p.owner(live))
	if old.held != "" && !old.goes {
		p.hold(r, old.heldAs, fmt.Sprintf("it is live under customer %q, of which nothing is touched: %s", old.externalID, old.held), "see the row of customer "+old.externalID, live)
		return
	}
	c, ok := p.provisionSubscriber(s, r)
	if !ok {
		return
	}
	if status := live.Get(ColStatus); WaitsForPerson(status) {
		c.Remark = "the subscriber there still waits for a person: " + status
	}
	p.removeSubscriber(old, live, r, fmt.Sprintf("the row puts this subscriber under customer %q", s.externalID), "remove")
}

// hasRow reports whether a live subscriber has an input row of its own.
func (p *planner) hasRow(live Row) bool {
	for r := range p.want.Of(Subscriber).IndexBy(ColEmail).All(live.Get(ColEmail)) {
		if r.Get(ColCustomerExternalID) == p.owner(live) {
			return true
		}
	}
	return false
}

// stays reports whether a live subscriber has a row and is not removed by it.
func (p *planner) stays(live Row) bool { return !p.going[Subscriber][live.Index()] && p.hasRow(live) }

// namesakes are those of the live subscribers with a row's e-mail address that
// keep accepts.
func (p *planner) namesakes(r Row, keep func(Row) bool) []Row {
	var out []Row
	for l := range p.have.Of(Subscriber).IndexBy(ColEmail).All(r.Get(ColEmail)) {
		if keep(l) {
			out = append(out, l)
		}
	}
	return out
}

// keepStranded takes back the removals of people who move with a row for each
// side and cannot arrive: better under the wrong customer than under none. It
// reports whether there were any.
func (p *planner) keepStranded() (some bool) {
	for _, s := range p.states {
		s.changes = slices.DeleteFunc(s.changes, func(c Change) bool {
			from, stranded := p.stranded(&c)
			if stranded {
				s.leaving--
				p.hold(from, Conflict, "the row that puts the same person under another "+s.offer.Customer()+" cannot be carried out", "see that row")
				some = true
			}
			return stranded
		})
	}
	return some
}

// stranded reports whether a removal is half of a move whose other half is not
// planned; from is the row behind the removal. The other half may be of the other
// offer, and is told by the e-mail address.
func (p *planner) stranded(c *Change) (from Row, stranded bool) {
	if c.Action != Remove || c.Kind.Offer() == BroadWorks && c.Kind != BroadWorksSubscriber {
		return Row{}, false
	}
	for r := range p.want.Of(c.Kind).IndexBy(SpecOf(c.Kind).OwnKey()).All(c.Key.Own()) {
		switch {
		case r.Key() == c.Key:
			from = r
		case p.missing(r):
			stranded = true
		}
	}
	other := BroadWorksSubscriber
	if c.Kind == other {
		other = Subscriber
	}
	for r := range p.want.Of(other).IndexBy(ColEmail).All(c.email()) {
		stranded = stranded || p.missing(r)
	}
	return from, stranded && from.t != nil
}

// email is the address of the person that a change is about, as far as it says.
func (c *Change) email() string {
	for _, f := range c.Fields {
		if f.Column == ColEmail {
			return cmp.Or(f.Before, f.After)
		}
	}
	return c.Key.Email
}

// missing reports whether a row wants somebody who is neither live nor planned.
func (p *planner) missing(r Row) bool {
	return !r.Absent() && !p.joins[r.Kind()][r.Index()] && !p.isLive(r)
}

// isLive reports whether a row's subscriber is live under the row's customer.
func (p *planner) isLive(r Row) bool {
	key, own := r.Key(), SpecOf(r.Kind()).OwnKey()
	for l := range p.have.Of(r.Kind()).IndexBy(own).All(r.Get(own)) {
		if p.owner(l) == key.Customer {
			return true
		}
	}
	return false
}

// staysElsewhere holds a row whose person has a live subscription of a kind of
// the other offer that is not removed: nobody is in both.
func (p *planner) staysElsewhere(r Row, k Kind) bool {
	if p.have.Of(k).Len() == 0 {
		return false
	}
	for l := range p.have.Of(k).IndexBy(ColEmail).All(r.Get(ColEmail)) {
		if !p.going[k][l.Index()] {
			p.hold(r, Conflict, fmt.Sprintf("the same person is the %s %q and stays it", k, Key{Customer: p.owner(l), Email: l.Key().Email, UserID: l.Key().UserID}),
				"add a row that removes that one (ensure=absent), or leave this one out", l)
			return true
		}
	}
	return false
}

// connectMove makes one move of a removal and a provision of the same person.
// Nobody is removed from the old customer before the new one is ready.
func (s *customerState) connectMove(c, gone *Change) {
	switch from := gone.Kind.Offer(); {
	case from != c.Kind.Offer():
		c.Reason = fmt.Sprintf("moves here from %s %s %q", from, from.Customer(), gone.Key.Customer)
	case gone.Key.Customer == c.Key.Customer:
		c.Reason = fmt.Sprintf("takes the e-mail address over from %q", gone.Key.Own())
		return // within one organization the vendor knows the person
	default:
		c.Reason = fmt.Sprintf("moves here from %s %q", from.Customer(), gone.Key.Customer)
	}
	gone.Remark = staysRemark
	if s.offer == Wholesale && s.ready != nil && slices.Contains(c.DependsOn, s.ready.ID) {
		gone.dependOn(s.ready)
	}
}

const staysRemark = "the vendor keeps the person in the old organization until removed for good; provisioning elsewhere may be refused (codes 2002, 2017, 2019) until then"
