package diff

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// customerState gathers what a plan knows of one customer, which in BroadWorks
// is an enterprise.
type customerState struct {
	offer      Offer
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
	ready      *Change        // provision, or the update that adds; of an enterprise its first subscriber
	gains      []string       // packages that ready brings
	shrink     *Change        // the update that takes packages away
	remove     *Change        // of the customer itself
	sync       *Change        // switches the directory sync of an enterprise
	rowsBelow  int            // subscriber rows of the input
	staying    int            // those of them that do not say ensure=absent
	seats      map[string]int // live subscribers per package
	size       int            // live subscribers
	changes    []Change       // of its subscribers and workspaces
	leaving    int            // removals of subscribers among them
}

// below yields the changes of subscribers and workspaces; where one of them opens
// the enterprise, that one is the first.
func (s *customerState) below() iter.Seq[*Change] {
	return func(yield func(*Change) bool) {
		if s.ready != nil && s.ready.Kind == BroadWorksSubscriber && !yield(s.ready) {
			return
		}
		for i := range s.changes {
			if !yield(&s.changes[i]) {
				return
			}
		}
	}
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
	if live.t.kind.Offer() != Wholesale {
		return id
	}
	if now, ok := p.renamed[id]; ok {
		return now
	}
	return id
}

// state returns what is known of a wholesale customer, making it at first sight.
func (p *planner) state(externalID string) *customerState {
	return p.stateOf(Scope{Wholesale, externalID})
}

// stateOf does the same for either offer.
func (p *planner) stateOf(scope Scope) *customerState {
	if p.last != nil && p.last.externalID == scope.Customer && p.last.offer == scope.Offer {
		return p.last
	}
	s := p.states[scope]
	if s == nil {
		s = &customerState{offer: scope.Offer, externalID: scope.Customer, seats: map[string]int{}}
		p.states[scope] = s
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
	p.countEnterprises()
	for _, k := range []Kind{Subscriber, BroadWorksSubscriber} {
		subscribers := p.have.Of(k)
		for i := range subscribers.Len() {
			r := subscribers.Row(i)
			s := p.stateOf(Scope{k.Offer(), p.owner(r)})
			s.size++
			if name := r.Get(ColPackage); name != "" {
				s.seats[k.seatName(name)]++
			}
		}
	}
}

// sortStates brings the customers, and the changes of each, into the plan's
// order; the steps after it walk them and must not depend on the order of rows.
func (p *planner) sortStates() {
	p.sorted = make([]*customerState, 0, len(p.states))
	for _, s := range p.states {
		p.sorted = append(p.sorted, s)
		slices.SortFunc(s.changes, compareChanges)
	}
	slices.SortFunc(p.sorted, func(a, b *customerState) int {
		return cmp.Or(cmp.Compare(a.offer, b.offer), strings.Compare(a.externalID, b.externalID))
	})
}

// compareChanges is the order of the changes below one customer.
func compareChanges(a, b Change) int {
	return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Kind, b.Kind), a.Key.Compare(b.Key), strings.Compare(a.LiveID, b.LiveID), strings.Compare(a.ID, b.ID))
}

// appendChanges adds the customer's changes and those of its subscribers, by stage.
func (s *customerState) appendChanges(out []Change) []Change {
	from := len(out)
	if s.ready != nil {
		out = append(out, *s.ready)
	}
	out = append(out, s.changes...)
	for _, c := range []*Change{s.shrink, s.sync, s.remove} {
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
