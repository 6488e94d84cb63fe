package diff

import (
	"fmt"
	"maps"
	"slices"
)

// prune plans the removal of live subscribers that no row names, of the
// customers that the input covers. Customers themselves are never pruned: only
// a row that says ensure=absent removes one.
func (p *planner) prune() {
	if !p.opt.Prune {
		return
	}
	kinds := slices.DeleteFunc([]Kind{Subscriber, BroadWorksSubscriber}, func(k Kind) bool { return !p.covers(k) })
	if reason := p.pruneRefused(kinds); reason != "" {
		p.plan.Deletes.Unproven = reason
		return
	}
	if len(kinds) == 0 {
		p.plan.Notes = append(p.plan.Notes, Note{Text: "--prune: the input does not describe subscribers, so none is pruned"})
		return
	}
	empty := map[string]bool{}
	for _, k := range kinds {
		p.pruneKind(k, empty)
	}
	p.plan.Deletes.EmptyScopes = slices.Sorted(maps.Keys(empty))
}

// pruneKind prunes the subscribers of one offer, and enters the customers that
// it leaves without any.
func (p *planner) pruneKind(k Kind, empty map[string]bool) {
	live := p.have.Of(k)
	for i := range live.Len() {
		l := live.Row(i)
		s := p.stateOf(Scope{k.Offer(), p.owner(l)})
		if p.named[k][i] || p.spoken[k][i] || !s.prunable() {
			continue
		}
		p.named[k][i] = true
		p.plan.Deletes.Pruned++
		// Two live objects may share a key; the id tells their removals apart.
		verb := "prune"
		if id := l.Get(ColID); id != "" {
			verb += "/" + idEscaper.Replace(id)
		}
		p.removeSubscriber(s, l, Row{}, "no row names it (--prune)", verb)
		if s.staying == 0 && !s.goes {
			empty[s.externalID] = true
		}
	}
}

// prunable reports whether the input covers the customer's subscribers. A
// customer that rows and live state do not agree about is not touched.
func (s *customerState) prunable() bool {
	return (s.hasWant || s.rowsBelow > 0) && (s.held == "" || s.goes)
}

// covers reports whether the input speaks of subscribers of a kind at all. An
// input of customers alone says nothing about who should not be there. Of
// BroadWorks it takes a row: the columns of its keys are those of workspaces too.
func (p *planner) covers(k Kind) bool {
	return (p.opt.Only == 0 || p.opt.Only == k) && (p.want.Of(k).Len() > 0 || k == Subscriber &&
		slices.ContainsFunc(p.want.Files, func(f File) bool { return f.Columns[ColCustomerExternalID] > 0 && f.Columns[ColEmail] > 0 }))
}

// pruneRefused says why nothing at all may be pruned, "" when it may.
func (p *planner) pruneRefused(kinds []Kind) string {
	if len(kinds) == 0 {
		kinds = []Kind{Subscriber}
	}
	switch {
	case slices.ContainsFunc(kinds, func(k Kind) bool { return !p.have.Proven[k] }):
		return "the listing is not proven complete (two passes did not show the same objects)"
	case len(p.want.Rejected) > 0 || p.opt.SkipInvalid && slices.ContainsFunc(p.plan.Held, func(h Held) bool { return h.Outcome == RejectedRow }):
		return "rows were set aside as invalid, and what they name could be pruned by mistake"
	}
	return ""
}

// settleCustomers takes back what the subscribers that stay make impossible: a
// customer with subscribers cannot go (code 2514), and neither can a package
// that somebody uses (code 2520).
func (p *planner) settleCustomers() {
	for _, s := range p.sorted {
		if stay := s.size - s.leaving; s.remove != nil && stay > 0 {
			s.remove = nil
			p.hold(s.want, Conflict, fmt.Sprintf("%d of its subscribers would stay, and the API removes only empty customers", stay),
				p.emptying(), s.live)
		}
		if s.shrink == nil {
			continue
		}
		for _, name := range s.shrink.PackagesLost() {
			if n := s.seatsAfter(name); n > 0 {
				s.shrink = nil
				p.hold(s.want, Conflict, fmt.Sprintf("package %s cannot go: %d subscribers would still use it", name, n),
					"move or remove them, or keep the package", s.live)
				break
			}
		}
	}
}

// emptying says how a customer gets rid of its subscribers.
func (p *planner) emptying() string {
	if p.covers(Subscriber) {
		return "list them with ensure=absent, or add --prune"
	}
	return "list them with ensure=absent in a file of subscribers; --prune looks at customers of such files alone"
}

// connect enters what must have succeeded before a change may start. What only
// must have ended is said by the stages.
func (p *planner) connect() {
	released := p.released()
	for _, s := range p.sorted {
		for c := range s.below() {
			if c.Action == Remove {
				continue
			}
			if s.ready != nil && c != s.ready && (s.ready.Action == Provision || slices.Contains(s.gains, packageAfter(c))) {
				c.dependOn(s.ready)
			}
			for _, h := range takes(c) {
				for _, gone := range released[h] {
					if gone == c {
						continue
					}
					c.dependOn(gone)
					if gone.Action == Remove && gone.Kind.HasRows() && (h.column == ColEmail || h.column == ColUserID) {
						s.connectMove(c, gone)
						if p.opt.HardDelete { // then nobody is kept
							gone.Remark = ""
						}
					}
				}
			}
		}
		s.connectLast()
	}
}

// dependOn lets a change wait for the success of another.
func (c *Change) dependOn(other *Change) {
	if i, found := slices.BinarySearch(c.DependsOn, other.ID); !found {
		c.DependsOn = slices.Insert(c.DependsOn, i, other.ID)
	}
}

// connectLast lets the customer's own last changes wait for its subscribers.
func (s *customerState) connectLast() {
	if s.shrink != nil {
		if s.ready != nil {
			s.shrink.dependOn(s.ready)
		}
		lost := s.shrink.PackagesLost()
		for i := range s.changes {
			if slices.Contains(lost, s.changes[i].Before(ColPackage)) {
				s.shrink.dependOn(&s.changes[i])
			}
		}
	}
	if s.remove != nil {
		for i := range s.changes {
			s.remove.dependOn(&s.changes[i])
		}
	}
	if s.remove != nil && s.sync != nil {
		s.remove.dependOn(s.sync)
	}
	if s.sync != nil && s.ready != nil {
		s.sync.dependOn(s.ready)
	}
}

func packageAfter(c *Change) string {
	after, _ := c.Field(ColPackage)
	return after
}

// holding is something that only one subscriber can have at a time: an e-mail
// address, a phone number, a user id of BroadWorks, or an extension within a
// customer.
type holding struct {
	column Column
	scope  Scope // of an extension
	value  string
}

// released maps what removals, and updates of BroadWorks subscribers, set free to
// the changes that do.
func (p *planner) released() map[holding][]*Change {
	out := map[holding][]*Change{}
	for _, s := range p.sorted {
		for c := range s.below() {
			for _, h := range c.frees() {
				out[h] = append(out[h], c)
			}
		}
	}
	return out
}

func (c *Change) frees() []holding {
	if c.Action == Provision || c.Action == Update && c.Kind != BroadWorksSubscriber {
		return nil
	}
	out := c.holdings(func(f FieldChange) string { return f.Before })
	if c.Action == Remove {
		out = append(out, c.own()...)
	}
	return out
}

func takes(c *Change) []holding {
	out := c.holdings(func(f FieldChange) string { return f.After })
	if c.Action == Provision {
		out = append(out, c.own()...)
	}
	return out
}

// own is what a subscriber is known by everywhere.
func (c *Change) own() []holding {
	switch c.Kind {
	case Subscriber, Person, BroadWorksSubscriber, BroadWorksPerson:
		return []holding{{column: SpecOf(c.Kind).OwnKey(), value: c.Key.Own()}}
	}
	return nil
}

func (c *Change) holdings(value func(FieldChange) string) []holding {
	var out []holding
	for _, f := range c.Fields {
		v := value(f)
		switch {
		case v == "":
		case f.Column == ColPhone:
			out = append(out, holding{column: ColPhone, value: v})
		case f.Column == ColEmail && (c.Kind == BroadWorksSubscriber || c.Kind == BroadWorksPerson):
			out = append(out, holding{column: ColEmail, value: FoldEmail(v)})
		case f.Column == ColExtension:
			out = append(out, holding{ColExtension, c.Scope(), v})
		}
	}
	return out
}

// countDeletes gathers what the guards look at.
func (p *planner) countDeletes() {
	d := &p.plan.Deletes
	for _, k := range Kinds() {
		d.Population += max(p.have.Of(k).Len(), p.have.AtLeast[k])
	}
	for _, s := range p.sorted {
		switch {
		case s.remove != nil && s.offer == BroadWorks:
			d.Organizations++
		case s.remove != nil:
			d.Customers++
		}
		if s.shrink != nil {
			d.Packages += len(s.shrink.PackagesLost())
		}
		if s.offer == BroadWorks {
			d.BroadWorks += s.leaving
			d.Workspaces += s.workspacesLeaving()
		} else {
			d.Subscribers += s.leaving
		}
		d.count(s.changes)
		if s.leaving > 0 {
			d.PerCustomer = append(d.PerCustomer, CustomerDeletes{s.offer, s.externalID, s.leaving, s.size})
		}
	}
	if p.opt.Prune && p.want.Len() == 0 {
		d.EmptyScopes = []string{""}
	}
}
