package diff

import (
	"fmt"
	"slices"
)

// subscriptions finds the live subscribers that stay, by the person behind them
// and, where nobody knows who that is, by customer and address. Of those that go it
// knows the removals.
type subscriptions struct {
	byPerson  map[string]Row // by IDKey
	byAddress map[address]Row
	removals  map[string][]string // ids of changes by IDKey of the person
}

// address is an e-mail address within an organization.
type address struct {
	scope Scope
	email string
}

// stayingSubscriptions gathers the live subscribers, of both offers, that no
// change of the plan removes.
func (p *planner) stayingSubscriptions() *subscriptions {
	going := map[Kind]map[string]string{Subscriber: {}, BroadWorksSubscriber: {}} // live id -> change
	for _, s := range p.sorted {
		for i := range s.changes {
			if c := &s.changes[i]; c.Action == Remove && going[c.Kind] != nil {
				going[c.Kind][c.LiveID] = c.ID
			}
		}
	}
	out := &subscriptions{map[string]Row{}, map[address]Row{}, map[string][]string{}}
	for _, k := range []Kind{BroadWorksSubscriber, Subscriber} {
		live, ids := p.have.Of(k), going[k]
		for i := range live.Len() {
			l := live.Row(i)
			person, id := l.Get(ColPersonID), l.Get(ColID)
			if change, goes := ids[id]; goes && (id != "" || p.going[k][i]) {
				if person != "" {
					out.removals[IDKey(person)] = append(out.removals[IDKey(person)], change)
				}
				continue
			}
			if person != "" {
				if other, is := out.byPerson[IDKey(person)]; !is || other.Kind() != k || l.Key().Compare(other.Key()) < 0 {
					out.byPerson[IDKey(person)] = l
				}
			}
			if email := l.Get(ColEmail); email != "" {
				out.byAddress[address{Scope{k.Offer(), p.owner(l)}, FoldEmail(email)}] = l
			}
		}
	}
	return out
}

// of finds a subscription of the person that a removal is about.
func (s *subscriptions) of(c *Change) (Row, bool) {
	if c.LiveID != "" {
		l, found := s.byPerson[IDKey(c.LiveID)]
		return l, found
	}
	l, found := s.byAddress[address{c.Scope(), FoldEmail(c.email())}]
	return l, found
}

// goesAfter lets the removal of a person wait until every subscription of that
// person is gone.
func (s *subscriptions) goesAfter(c *Change, own string) {
	c.DependsOn = []string{own}
	if c.LiveID == "" {
		return
	}
	for _, id := range s.removals[IDKey(c.LiveID)] {
		if !slices.Contains(c.DependsOn, id) {
			c.DependsOn = append(c.DependsOn, id)
		}
	}
	slices.Sort(c.DependsOn)
}

// keepsPerson reports whether the removal of a person must not be, because the
// person would lose a subscription that nobody wants gone, and notes that.
func (p *planner) keepsPerson(staying *subscriptions, c *Change) bool {
	l, found := staying.of(c)
	if found {
		p.plan.Notes = append(p.plan.Notes, Note{FileName: c.FileName, Line: c.Line, Text: fmt.Sprintf(
			"the person %s is not removed for good: the live %s %s is the same person, and stays", c.Key, l.Kind(), l.Key())})
	}
	return found
}
