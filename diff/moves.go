package diff

import (
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
func (p *planner) stays(live Row) bool { return !p.going[live.Index()] && p.hasRow(live) }

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
// side and cannot arrive: better under the wrong customer than under none.
func (p *planner) keepStranded() {
	for _, s := range p.states {
		s.changes = slices.DeleteFunc(s.changes, func(c Change) bool {
			from, stranded := p.stranded(&c)
			if stranded {
				s.leaving--
				p.hold(from, Conflict, "the row that puts the same person under another customer cannot be carried out", "see that row")
			}
			return stranded
		})
	}
}

// stranded reports whether a removal is half of a move whose other half is not
// planned; from is the row behind the removal.
func (p *planner) stranded(c *Change) (from Row, stranded bool) {
	if c.Action != Remove {
		return Row{}, false
	}
	for r := range p.want.Of(Subscriber).IndexBy(ColEmail).All(c.Key.Email) {
		switch {
		case r.Key() == c.Key:
			from = r
		case !r.Absent() && !p.joins[r.Index()] && !p.isLive(r):
			stranded = true
		}
	}
	return from, stranded && from.t != nil
}

// isLive reports whether a row's subscriber is live under the row's customer.
func (p *planner) isLive(r Row) bool {
	for l := range p.have.Of(Subscriber).IndexBy(ColEmail).All(r.Get(ColEmail)) {
		if p.owner(l) == r.Get(ColCustomerExternalID) {
			return true
		}
	}
	return false
}

// connectMove makes one move of a removal and a provision of the same person.
// Nobody is removed from the old customer before the new one is ready.
func (s *customerState) connectMove(c, gone *Change) {
	c.Reason = fmt.Sprintf("moves here from customer %q", gone.Key.Customer)
	gone.Remark = staysRemark
	if s.ready != nil && slices.Contains(c.DependsOn, s.ready.ID) {
		gone.dependOn(s.ready)
	}
}

const staysRemark = "the vendor keeps the person in the old organization until removed for good; provisioning elsewhere may be refused (codes 2002, 2017, 2019) until then"
