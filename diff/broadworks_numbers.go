package diff

import "fmt"

// settleMoves takes back what cannot be carried out because of what is taken
// back elsewhere, until nothing is.
func (p *planner) settleMoves() {
	for {
		p.settleNumbers()
		if !p.keepStranded() {
			return
		}
	}
}

// settleNumbers takes back changes that cannot get the phone number or extension
// that they want: somebody keeps it, or several hand their numbers on in a
// circle. The API shows the numbers of BroadWorks subscribers, so this can be seen
// beforehand; and what is taken back may strand others, so it goes on until
// nothing is.
func (p *planner) settleNumbers() {
	holders := p.holders()
	if len(holders) == 0 {
		return
	}
	for {
		frees := p.numbersFreed()
		stuck := p.stuckNumbers(holders, frees)
		for id, why := range circles(p.takers(), frees) {
			stuck[id] = why
		}
		if len(stuck) == 0 {
			return
		}
		p.takeBack(stuck)
	}
}

// takers are the changes of BroadWorks that take a number, each with what it takes.
func (p *planner) takers() map[*Change][]holding {
	out := map[*Change][]holding{}
	for _, s := range p.states {
		if s.offer != BroadWorks {
			continue
		}
		for i := range s.changes {
			for _, h := range takes(&s.changes[i]) {
				if h.column == ColPhone || h.column == ColExtension {
					out[&s.changes[i]] = append(out[&s.changes[i]], h)
				}
			}
		}
	}
	return out
}

// holders are the live subscribers that have a number that a change takes.
func (p *planner) holders() map[holding][]Row {
	wanted := map[holding]bool{}
	for _, list := range p.takers() {
		for _, h := range list {
			wanted[h] = true
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	out := map[holding][]Row{}
	live := p.have.Of(BroadWorksSubscriber)
	for i := range live.Len() {
		l := live.Row(i)
		scope := Scope{BroadWorks, l.Get(ColSPEnterpriseID)}
		for _, h := range []holding{{column: ColPhone, value: l.Get(ColPhone)}, {ColExtension, scope, l.Get(ColExtension)}} {
			if wanted[h] {
				out[h] = append(out[h], l)
			}
		}
	}
	return out
}

// numbersFreed maps numbers to the changes of BroadWorks subscribers that set
// them free.
func (p *planner) numbersFreed() map[holding][]*Change {
	out := map[holding][]*Change{}
	for _, s := range p.states {
		for i := range s.changes {
			c := &s.changes[i]
			if c.Kind != BroadWorksSubscriber {
				continue
			}
			for _, h := range c.frees() {
				out[h] = append(out[h], c)
			}
		}
	}
	return out
}

// stuckNumbers finds the changes whose number somebody else keeps, with the
// reason, by change id.
func (p *planner) stuckNumbers(holders map[holding][]Row, frees map[holding][]*Change) map[string]string {
	stuck := map[string]string{}
	for c, list := range p.takers() {
		for _, h := range list {
			for _, l := range holders[h] {
				if l.Key() != c.Key && !freedBy(frees[h], l.Key()) && sameGroup(h, c, l) {
					stuck[c.ID] = fmt.Sprintf("%s %s is that of the live subscriber %q, who keeps it", h.column, h.value, l.Key())
				}
			}
		}
	}
	return stuck
}

func freedBy(changes []*Change, key Key) bool {
	for _, c := range changes {
		if c.Key == key {
			return true
		}
	}
	return false
}

// sameGroup keeps extensions of different groups of one enterprise apart, where
// both sides name their group.
func sameGroup(h holding, c *Change, l Row) bool {
	group, _ := c.Field(ColSPGroupID)
	has := l.Get(ColSPGroupID)
	return h.column != ColExtension || group == "" || has == "" || group == has
}

// circles finds the changes that wait for each other's numbers: none of them
// could be the first.
func circles(takers map[*Change][]holding, frees map[holding][]*Change) map[string]string {
	waits := map[*Change]map[*Change]bool{}
	for c, list := range takers {
		for _, h := range list {
			for _, other := range frees[h] {
				if other != c && len(takers[other]) > 0 {
					if waits[c] == nil {
						waits[c] = map[*Change]bool{}
					}
					waits[c][other] = true
				}
			}
		}
	}
	for again := true; again; {
		again = false
		for c, others := range waits {
			for other := range others {
				if waits[other] == nil { // it waits for nobody, so it goes first
					delete(others, other)
					again = true
				}
			}
			if len(others) == 0 {
				delete(waits, c)
				again = true
			}
		}
	}
	out := map[string]string{}
	for c := range waits {
		out[c.ID] = "rows hand their numbers on in a circle, so none of them can be the first"
	}
	return out
}

// takeBack holds the rows of changes instead of carrying them out.
func (p *planner) takeBack(stuck map[string]string) {
	for _, s := range p.states {
		kept := s.changes[:0]
		for i := range s.changes {
			c := s.changes[i]
			why, is := stuck[c.ID]
			if !is || s.offer != BroadWorks {
				kept = append(kept, c)
				continue
			}
			if r, ok := p.rowOf(&c); ok {
				p.hold(r, Conflict, why, "free the number first, with a run of its own if need be")
				p.joins[c.Kind][r.Index()] = false
			}
		}
		s.changes = kept
	}
}

// rowOf finds the row behind a change of what is below a customer.
func (p *planner) rowOf(c *Change) (Row, bool) {
	for r := range p.want.Of(c.Kind).IndexBy(SpecOf(c.Kind).OwnKey()).All(c.Key.Own()) {
		if r.Key() == c.Key && r.Position() == c.At {
			return r, true
		}
	}
	return Row{}, false
}
