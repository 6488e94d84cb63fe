package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
)

// overlap is a user who was metered in two packages on the same days.
type overlap struct {
	user string
	old  *cell // the package whose days are too many
	days Count
	text string
}

// packageUse is a use with its cell at hand.
type packageUse struct {
	userUse
	cell *cell
}

// userCheck is what looking at some of the users has shown.
type userCheck struct {
	run      *run // is only read from
	cells    []*cell
	users    []int // by number of the cell
	breaches []Finding
	overlaps []overlap
	base     []packageUse
}

// checkUsers looks for usage that cannot be: more days than there are, and two
// packages at once. The days in two packages are taken off the older package,
// because a user has one package and the new one replaced it.
func (r *run) checkUsers(users *book) {
	r.packageNow = packagesNow(r.in.Inventory)
	var checks []*userCheck
	users.users.eachUser(func() func(*UsageRow, []userUse) {
		c := &userCheck{run: r, cells: users.list, users: make([]int, len(users.list))}
		checks = append(checks, c)
		return c.see
	})
	var breaches []Finding
	for _, c := range checks {
		breaches = append(breaches, c.breaches...)
		r.overlaps = append(r.overlaps, c.overlaps...)
		for i, n := range c.users {
			users.list[i].users += n
		}
	}
	slices.SortFunc(breaches, func(a, b Finding) int { return compareFindings(&a, &b) })
	for _, f := range breaches {
		r.warn(f)
	}
	slices.SortFunc(r.overlaps, func(a, b overlap) int { return cmp.Or(cmp.Compare(a.user, b.user), compareCells(a.old, b.old)) })
	r.takeOffOverlaps()
}

// see looks at one user, whom a row names.
func (c *userCheck) see(row *UsageRow, uses []userUse) {
	c.base = c.base[:0]
	for _, u := range uses {
		use := packageUse{u, c.cells[u.in]}
		if c.run.period.First != 0 && use.sum > Count(c.run.period.Days())*Whole {
			c.breaches = append(c.breaches, Finding{Code: ReportInconsistent, Period: c.run.period, Customer: use.cell.customerKey(), Package: use.cell.pkg,
				Evidence: fmt.Sprintf("%s has %s user-days in %d days", row.User, Exact(use.sum.Rat()), c.run.period.Days()),
				Advice:   "ask for the report again, and complain if it says the same"})
		}
		if use.sum > 0 {
			c.users[u.in]++
			if !addOns[use.cell.pkg] {
				c.base = append(c.base, use)
			}
		}
	}
	if len(c.base) > 1 {
		c.checkOverlap(row.User, c.base)
	}
}

// checkOverlap looks at the packages of one user.
func (c *userCheck) checkOverlap(user string, base []packageUse) {
	var sum Count
	shared := 0
	for i, use := range base {
		sum += use.sum
		for _, later := range base[i+1:] {
			shared += bits.OnesCount64(use.days & later.days)
		}
	}
	over := max(sum-Count(c.run.period.Days())*Whole, Count(shared)*Whole)
	if over <= 0 || c.run.period.First == 0 {
		return
	}
	slices.SortFunc(base, func(a, b packageUse) int { return c.run.older(user, a, b) })
	old := base[0]
	if old.sum > Count(c.run.period.Days())*Whole {
		return // impossible by itself, which is told already
	}
	at := c.run.period.First + Day(old.sum/Whole) - 1
	if both := old.days & base[1].days; both != 0 {
		at = c.run.period.First + Day(bits.TrailingZeros64(both))
	}
	c.overlaps = append(c.overlaps, overlap{user, old.cell, over, fmt.Sprintf("%s was metered in %s and %s on %s", user, old.cell.pkg, base[1].cell.pkg, at)})
}

// older orders two packages of a user by time: the one that the user has now is
// the newer, then the one whose days came later. Where nothing tells, the cheaper
// one counts as the older, so that no claim is too high.
func (r *run) older(user string, a, b packageUse) int {
	if now := r.packageNow[user]; now != "" && a.cell.pkg != b.cell.pkg {
		if now == a.cell.pkg {
			return 1
		}
		if now == b.cell.pkg {
			return -1
		}
	}
	if first := cmp.Compare(bits.TrailingZeros64(a.days), bits.TrailingZeros64(b.days)); first != 0 {
		return first
	}
	price := func(u packageUse) *big.Rat {
		unit, _ := r.in.Prices.On(r.period.First, u.cell.pkg, r.currency)
		return orZero(unit)
	}
	return cmp.Or(price(a).Cmp(price(b)), compareCells(a.cell, b.cell))
}

// packagesNow are the packages that the inventory has users on. Where it has a
// user on two, the first by name is taken, so that its order does not matter.
func packagesNow(inventory []Seat) map[string]string {
	now := make(map[string]string)
	for i := range inventory {
		s := &inventory[i]
		if known := now[s.User]; s.Removed.IsZero() && !addOns[s.Package] && (known == "" || s.Package < known) {
			now[s.User] = s.Package
		}
	}
	return now
}

// takeOffOverlaps corrects the usage that is expected on the invoice.
func (r *run) takeOffOverlaps() {
	index := newCellIndex(r.cells)
	for i := range r.overlaps {
		o := &r.overlaps[i]
		if c := index.like(o.old); c != nil {
			o.old = c
			c.sum -= o.days
		}
	}
}

// namesCustomers tells whether the reports of a level say whose usage theirs is.
func (b *book) namesCustomers() bool {
	for _, c := range b.cells {
		if c.customer != nil {
			return true
		}
	}
	return false
}

// crossFoot checks that the levels add up to one another.
func (r *run) crossFoot(books map[Level]*book) {
	type pair struct{ customer, pkg string }
	sums := func(b *book, byCustomer bool) map[pair]Count {
		all := make(map[pair]Count)
		for _, c := range b.cells {
			key := pair{pkg: c.pkg}
			if byCustomer {
				key.customer = c.customerKey()
			}
			all[key] += c.sum
		}
		for _, o := range r.overlaps { // they were taken off the sums of one level
			if b.cells[o.old.cellKey] == o.old {
				key := pair{pkg: o.old.pkg}
				if byCustomer {
					key.customer = o.old.customerKey()
				}
				all[key] += o.days
			}
		}
		return all
	}
	check := func(fine, coarse Level, byCustomer bool) {
		if books[fine] == nil || books[coarse] == nil {
			return
		}
		byCustomer = byCustomer && books[fine].namesCustomers()
		a, b := sums(books[fine], byCustomer), sums(books[coarse], byCustomer)
		for key := range b {
			a[key] += 0
		}
		for key, sum := range a {
			if sum != b[key] {
				r.warn(Finding{Code: ReportInconsistent, Period: r.period, Customer: key.customer, Package: key.pkg,
					Evidence: fmt.Sprintf("%s reports have %s user-days, %s reports have %s", fine, Exact(sum.Rat()), coarse, Exact(b[key].Rat())),
					Advice:   "ask for both reports again on the same day"})
			}
		}
	}
	check(LevelUser, LevelCustomer, true)
	check(LevelCustomer, LevelPartner, false)
	if books[LevelCustomer] == nil {
		check(LevelUser, LevelPartner, false)
	}
}

// moveToZone corrects the usage for an invoice that counts the days of another
// zone than the reports do: a seat that came or went near midnight has a day more
// or less there.
func (r *run) moveToZone() {
	zone := r.opt.Zone
	if zone == nil || r.period.First == 0 {
		return
	}
	index := newCellIndex(r.cells)
	for i := range r.in.Inventory {
		s := &r.in.Inventory[i]
		here, there := DayOf(s.Created.In(zone)), DayOf(s.Created.UTC())
		var days int
		if !s.Created.IsZero() && here != there {
			days += r.daysFrom(here) - r.daysFrom(there)
		}
		if here, there := DayOf(s.Removed.In(zone)), DayOf(s.Removed.UTC()); !s.Removed.IsZero() && here != there {
			days -= r.daysFrom(here) - r.daysFrom(there)
		}
		if days == 0 {
			continue
		}
		key := cellKey{customer: r.parties.same(s.Customer), pkg: s.Package, user: s.User}
		c := index.like(&cell{cellKey: key})
		if c == nil {
			key.user = ""
			c = &cell{cellKey: key}
			r.cells = append(r.cells, c)
			index.add(c)
		}
		c.sum += Count(days) * Whole
	}
	slices.SortFunc(r.cells, compareCells)
}

// daysFrom counts the days of the period from a day on.
func (r *run) daysFrom(d Day) int {
	return max(0, int(r.period.Last-max(d, r.period.First))+1)
}
