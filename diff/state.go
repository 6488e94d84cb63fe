package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// customerState gathers what a plan knows of one customer.
type customerState struct {
	externalID string
	live, want Row
	hasLive    bool
	hasWant    bool
	goes       bool           // its row says ensure=absent
	subPartner string         // organization id; "" = that of the run as a whole
	claimed    bool           // somebody has said which sub-partner
	suspended  bool           // the sub-partner takes removals alone, and the row asks for more
	held       string         // why no row below it is carried out; "" = go on
	heldAs     Outcome        // what that makes of the rows below
	final      []string       // packages after the whole plan
	ready      *Change        // provision, or the update that adds
	gains      []string       // packages that ready brings
	shrink     *Change        // the update that takes packages away
	remove     *Change        // of the customer itself
	rowsBelow  int            // subscriber rows of the input
	staying    int            // those of them that do not say ensure=absent
	seats      map[string]int // live subscribers per package
	size       int            // live subscribers
	changes    []Change       // of its subscribers
	leaving    int            // removals among them
}

// hold stops everything below a customer.
func (s *customerState) hold(o Outcome, reason string) { s.held, s.heldAs = reason, o }

// waits reports whether the live customer takes no change before somebody acts.
func (s *customerState) waits() bool {
	return s.hasLive && WaitsForPerson(s.live.Get(ColStatus))
}

// owner is the external id of the customer that a live object belongs to, as
// the input calls it.
func (p *planner) owner(live Row) string {
	id := live.t.cell(live.i, SpecOf(live.t.kind).scope)
	if now, ok := p.renamed[id]; ok {
		return now
	}
	return id
}

// state returns what is known of a customer, making it at first sight.
func (p *planner) state(externalID string) *customerState {
	if p.last != nil && p.last.externalID == externalID {
		return p.last
	}
	s := p.states[externalID]
	if s == nil {
		s = &customerState{externalID: externalID, seats: map[string]int{}}
		p.states[externalID] = s
	}
	p.last = s
	return s
}

// countLive enters every live object under its customer.
func (p *planner) countLive() {
	customers := p.have.Of(Customer)
	for i := range customers.Len() {
		r := customers.Row(i)
		s := p.state(p.owner(r))
		if s.hasLive {
			s.hold(Conflict, fmt.Sprintf("more than one live customer has the external id %q", r.Get(ColExternalID)))
		}
		s.claim(r.Get(ColSubPartner))
		s.live, s.hasLive = r, true
		s.final = SplitPackages(r.Get(ColPackages))
	}
	subscribers := p.have.Of(Subscriber)
	for i := range subscribers.Len() {
		r := subscribers.Row(i)
		s := p.state(p.owner(r))
		s.size++
		if name := r.Get(ColPackage); name != "" {
			s.seats[name]++
		}
	}
}

// sortStates brings the customers, and the changes of each, into the plan's
// order; the steps after it walk them and must not depend on the order of rows.
func (p *planner) sortStates() {
	p.sorted = make([]*customerState, 0, len(p.states))
	for _, s := range p.states {
		p.sorted = append(p.sorted, s)
		slices.SortFunc(s.changes, func(a, b Change) int {
			return cmp.Or(cmp.Compare(a.Stage, b.Stage), a.Key.Compare(b.Key), strings.Compare(a.LiveID, b.LiveID))
		})
	}
	slices.SortFunc(p.sorted, func(a, b *customerState) int { return strings.Compare(a.externalID, b.externalID) })
}

// appendChanges adds the customer's changes and those of its subscribers, by stage.
func (s *customerState) appendChanges(out []Change) []Change {
	from := len(out)
	if s.ready != nil {
		out = append(out, *s.ready)
	}
	out = append(out, s.changes...)
	for _, c := range []*Change{s.shrink, s.remove} {
		if c != nil {
			out = append(out, *c)
		}
	}
	for i := range out[from:] {
		out[from+i].SubPartner = s.subPartner
	}
	return out
}

// seatsAfter counts who holds a package of the customer after the plan.
func (s *customerState) seatsAfter(name string) int {
	seats := map[string]int{name: s.seats[name]}
	for i := range s.changes {
		moveSeat(seats, &s.changes[i])
	}
	return seats[name]
}
