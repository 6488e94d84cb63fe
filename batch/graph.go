package batch

import "wholesync/diff"

// graph knows which changes may start. A change waits for the changes it depends
// on to succeed, and for every change of its customer with a lower stage to end.
type graph struct {
	changes    []diff.Change
	waits      []int32   // what a change still waits for
	dependents [][]int32 // who waits for it
	customers  []*customerStages
	of         []int32 // change -> its customer in customers
	ended      []bool
	open       int // changes that have not ended
}

// customerStages counts, per stage, the changes of one customer that have not
// ended. Changes of later stages hold one wait each until their stage comes.
type customerStages struct {
	members map[diff.Stage][]int32
	left    map[diff.Stage]int
	now     diff.Stage
}

func newGraph(changes []diff.Change) *graph {
	g := &graph{
		changes: changes, waits: make([]int32, len(changes)), dependents: make([][]int32, len(changes)),
		of: make([]int32, len(changes)), ended: make([]bool, len(changes)), open: len(changes),
	}
	ids := make(map[string]int32, len(changes))
	for i := range changes {
		ids[changes[i].ID] = int32(i)
	}
	byScope := map[diff.Scope]int32{}
	for i := range changes {
		c := &changes[i]
		for _, id := range c.DependsOn {
			if on, ok := ids[id]; ok {
				g.waits[i]++
				g.dependents[on] = append(g.dependents[on], int32(i))
			}
		}
		n, ok := byScope[c.Scope()]
		if !ok {
			n = int32(len(g.customers))
			byScope[c.Scope()] = n
			g.customers = append(g.customers, &customerStages{members: map[diff.Stage][]int32{}, left: map[diff.Stage]int{}})
		}
		g.of[i] = n
		g.waits[i]++ // for its stage
		s := g.customers[n]
		s.members[c.Stage] = append(s.members[c.Stage], int32(i))
		s.left[c.Stage]++
	}
	return g
}

// start returns the changes that wait for nothing, in plan order by customer.
func (g *graph) start() []int32 {
	var ready []int32
	for _, s := range g.customers {
		ready = g.advance(s, ready)
	}
	return ready
}

// end records that a change has ended and returns the changes that may start now.
// The dependents of one that did not end well are not among them: the caller ends
// those too, see [graph.blocked].
func (g *graph) end(i int32, well bool) []int32 {
	if g.ended[i] {
		return nil
	}
	g.ended[i] = true
	g.open--
	var ready []int32
	if well {
		for _, d := range g.dependents[i] {
			ready = g.release(d, ready)
		}
	}
	s := g.customers[g.of[i]]
	s.left[g.changes[i].Stage]--
	return g.advance(s, ready)
}

// blocked are the changes that can never start because this one did not end well.
func (g *graph) blocked(i int32) []int32 {
	var out []int32
	for _, d := range g.dependents[i] {
		if !g.ended[d] {
			out = append(out, d)
		}
	}
	return out
}

// advance opens the customer's next stages as long as the present one is empty.
func (g *graph) advance(s *customerStages, ready []int32) []int32 {
	for s.left[s.now] == 0 && s.now < diff.StageRemoveCustomer {
		s.now++
		for _, m := range s.members[s.now] {
			ready = g.release(m, ready)
		}
	}
	return ready
}

func (g *graph) release(i int32, ready []int32) []int32 {
	g.waits[i]--
	if g.waits[i] == 0 && !g.ended[i] {
		return append(ready, i)
	}
	return ready
}
