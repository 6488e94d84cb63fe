package diff

import (
	"fmt"
	"maps"
	"slices"
)

// world is the vendor's side: objects by id, changed one at a time, under the
// vendor's rules. It refuses what the API would refuse.
type world struct {
	customers   map[string]Cells
	subscribers map[string]Cells
	broadworks  [kindEnd]map[string]Cells
	// numbers are the phone numbers and extensions of subscribers, by id. The
	// API knows them and does not list them.
	numbers map[string][]holding
}

func newWorld(have *Live) *world {
	w := &world{customers: map[string]Cells{}, subscribers: map[string]Cells{}, numbers: map[string][]holding{}}
	for _, k := range AllKinds() {
		w.broadworks[k] = map[string]Cells{}
	}
	for _, k := range AllKinds() {
		for i := range have.Of(k).Len() {
			r, cells := have.Of(k).Row(i), Cells{}
			for _, rule := range SpecOf(k).Rules {
				cells[rule.Column] = r.Get(rule.Column)
			}
			w.of(k)[cells[ColID]] = cells
		}
	}
	return w
}

func (w *world) of(k Kind) map[string]Cells {
	switch k {
	case Customer:
		return w.customers
	case Subscriber:
		return w.subscribers
	}
	return w.broadworks[k]
}

// live lists the world in the order of ids.
func (w *world) live() *Live {
	have := NewLive()
	have.Proven[Subscriber], have.Proven[BroadWorksSubscriber] = true, true
	for _, k := range AllKinds() {
		for _, id := range slices.Sorted(maps.Keys(w.of(k))) {
			if err := have.Of(k).Add(Position{}, w.of(k)[id]); err != nil {
				panic(err)
			}
		}
	}
	return have
}

func (w *world) apply(c *Change) error {
	switch {
	case !c.Kind.HasRows():
		return w.tearDown(c)
	case c.Kind.Offer() == BroadWorks:
		return w.applyBroadWorks(c)
	case c.Kind == Customer && c.Action == Provision:
		return w.provisionCustomer(c)
	case c.Action == Provision:
		return w.provisionSubscriber(c)
	}
	cells, ok := w.of(c.Kind)[c.LiveID]
	if !ok {
		return fmt.Errorf("no live %s %q", c.Kind, c.LiveID)
	}
	get := func(col Column) string { return cells[col] }
	if Fingerprint(c.Kind, get) != c.Precondition {
		return fmt.Errorf("the live object is not what the plan expects: %v", cells)
	}
	switch {
	case c.Kind == Customer && c.Action == Update:
		return w.updateCustomer(c, cells)
	case c.Kind == Customer:
		return w.removeCustomer(cells)
	case c.Action == Update:
		return w.updateSubscriber(c, cells)
	}
	delete(w.subscribers, c.LiveID)
	delete(w.numbers, c.LiveID)
	return nil
}

func (w *world) customerNamed(externalID string) Cells {
	for _, c := range w.customers {
		if c[ColExternalID] == externalID {
			return c
		}
	}
	return nil
}

func (w *world) provisionCustomer(c *Change) error {
	if w.customerNamed(c.Key.Customer) != nil {
		return fmt.Errorf("2503: the external id is taken")
	}
	cells := Cells{ColID: "new/" + c.Key.Customer, ColStatus: StatusProvisioned}
	for _, f := range c.Fields {
		if rule, _ := SpecOf(Customer).Rule(f.Column); rule.Compared {
			cells[f.Column] = f.After
		}
	}
	if err := needsLocation(nil, c, cells[ColPackages]); err != nil {
		return err
	}
	w.customers[cells[ColID]] = cells
	return nil
}

func needsLocation(before []string, c *Change, packages string) error {
	_, has := c.Field(ColLocationName)
	if needs := firstOfSort(before, SplitPackages(packages), isCalling) != nil; needs != has {
		return fmt.Errorf("a location is needed: %v, and sent: %v", needs, has)
	}
	return nil
}

func (w *world) updateCustomer(c *Change, cells Cells) error {
	before := SplitPackages(cells[ColPackages])
	after, changes := c.Field(ColPackages)
	if changes {
		added, lost := without(SplitPackages(after), before), without(before, SplitPackages(after))
		if len(added) > 0 && len(lost) > 0 {
			return fmt.Errorf("2544: adds %q and removes %q", added, lost)
		}
		for _, s := range w.subscribers {
			if s[ColCustomerExternalID] == cells[ColExternalID] && slices.Contains(lost, s[ColPackage]) {
				return fmt.Errorf("2520: %s still has %s", s[ColEmail], s[ColPackage])
			}
		}
		if err := needsLocation(before, c, after); err != nil {
			return err
		}
	}
	old := cells[ColExternalID]
	for _, f := range c.Fields {
		if rule, _ := SpecOf(Customer).Rule(f.Column); rule.Compared {
			cells[f.Column] = f.After
		}
	}
	for _, s := range w.subscribers {
		if s[ColCustomerExternalID] == old {
			s[ColCustomerExternalID] = cells[ColExternalID]
		}
	}
	return nil
}

func (w *world) removeCustomer(cells Cells) error {
	for _, s := range w.subscribers {
		if s[ColCustomerExternalID] == cells[ColExternalID] {
			return fmt.Errorf("2514: %s is still there", s[ColEmail])
		}
	}
	delete(w.customers, cells[ColID])
	return nil
}

func (w *world) provisionSubscriber(c *Change) error {
	for _, s := range w.subscribers {
		if FoldEmail(s[ColEmail]) == c.Key.Email {
			return fmt.Errorf("2507: the address is live under %s", s[ColCustomerExternalID])
		}
	}
	if u := w.userWith(ColEmail, c.Key.Email); u != nil {
		return fmt.Errorf("2552: the address is that of the BroadWorks user %s", u[ColUserID])
	}
	id := "new/" + c.Key.String()
	cells := Cells{ColID: id, ColStatus: StatusProvisioned}
	cells[ColCustomerExternalID], _ = c.Field(ColCustomerExternalID)
	cells[ColEmail], _ = c.Field(ColEmail)
	return w.place(c, cells)
}

func (w *world) updateSubscriber(c *Change, cells Cells) error {
	if _, sends := c.Field(ColExtension); sends && cells[ColPackage] != Meetings {
		return fmt.Errorf("an extension is only taken on a move from %s", Meetings)
	}
	return w.place(c, maps.Clone(cells))
}

// place puts a subscriber with a new package and new numbers where it belongs.
func (w *world) place(c *Change, cells Cells) error {
	cells[ColPackage] = packageAfter(c)
	customer := w.customerNamed(cells[ColCustomerExternalID])
	if customer == nil || !slices.Contains(SplitPackages(customer[ColPackages]), cells[ColPackage]) {
		return fmt.Errorf("2517: customer %v has no package %s", customer, cells[ColPackage])
	}
	id, takes := cells[ColID], c.holdings(func(f FieldChange) string { return f.After })
	for owner, numbers := range w.numbers {
		for _, n := range numbers {
			if owner != id && slices.Contains(takes, n) {
				return fmt.Errorf("%v belongs to %s", n, owner)
			}
		}
	}
	w.numbers[id] = append(w.numbers[id], takes...)
	w.subscribers[id] = cells
	return nil
}

// run carries a plan out the way the executor does: a change starts when all of
// its customer's lower stages have ended and all that it depends on is done. Of
// those that may start, pick says which does.
func (w *world) run(p *Plan, pick func(n int) int) error {
	done := map[string]bool{}
	for len(done) < len(p.Changes) {
		var ready []*Change
		for i := range p.Changes {
			if c := &p.Changes[i]; !done[c.ID] && mayStart(p, c, done) {
				ready = append(ready, c)
			}
		}
		if err := w.oneOpener(ready); err != nil {
			return err
		}
		if len(ready) == 0 {
			return fmt.Errorf("%d changes wait for each other", len(p.Changes)-len(done))
		}
		c := ready[pick(len(ready))]
		if err := w.apply(c); err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
		done[c.ID] = true
	}
	return nil
}

func mayStart(p *Plan, c *Change, done map[string]bool) bool {
	for _, id := range c.DependsOn {
		if !done[id] {
			return false
		}
	}
	return !slices.ContainsFunc(p.Changes, func(o Change) bool {
		return o.Scope() == c.Scope() && o.Stage < c.Stage && !done[o.ID]
	})
}

// runToEnd carries a plan out and makes sure that a second plan finds nothing to do.
func runToEnd(t reporter, e *estate, p *Plan) {
	t.Helper()
	w := newWorld(e.have)
	if err := w.run(p, func(int) int { return 0 }); err != nil {
		t.Fatalf("the plan cannot be carried out: %v", err)
	}
	after := &estate{want: e.want, have: w.live(), opt: e.opt}
	after.have.Proven = e.have.Proven
	after.have.Locations, after.have.Unread = e.have.Locations, e.have.Unread
	after.opt.SendLimits = false       // it asks for what cannot be seen, so it never ends
	after.opt.ResendWorkspaces = false // what cannot be compared would be sent for ever
	if again := after.plan(t); !again.Empty() {
		t.Errorf("after the plan there is still something to do:\n%s", planText(again, after.have))
	}
}
