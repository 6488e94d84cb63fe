package billing

import (
	"fmt"
	"math/big"
	"slices"
)

// settleCredits ties each credit to the finding that it settles: one that an
// earlier month left open, or one of this comparison.
func (r *run) settleCredits() {
	open := slices.Clone(r.in.Open)
	settled := make([]bool, len(r.result.Findings))
	for _, l := range r.credits {
		key := r.customerKey(l)
		if i := slices.IndexFunc(open, func(o OpenFinding) bool { return r.settles(l, key, o) }); i >= 0 {
			f := Finding{Code: CreditMatched, Evidence: fmt.Sprintf("settles %s of %s on invoice %s", open[i].Code, Money(open[i].Amount, l.Currency), open[i].InvoiceID)}
			f.moneyOnly(l.Amount, l.Amount)
			r.note(l, f)
			open = slices.Delete(open, i, i+1)
			continue
		}
		if i := r.settledHere(l, key, settled); i >= 0 {
			settled[i] = true
			of := r.result.Findings[i]
			r.unexpected(l, CreditMatched, fmt.Sprintf("settles %s of %s on line %s", of.Code, Money(of.Difference, of.Currency), of.InvoiceLine), "")
			continue
		}
		if l.Period.Last < r.period.First {
			r.note(l, Finding{Code: PriorPeriod, Evidence: "the credit is for days before the period; it is kept out of the period's quantities"})
		}
		r.unmatchedCredit(l)
	}
}

// settles tells whether a credit is the answer to an open finding.
func (r *run) settles(l *Line, customer string, o OpenFinding) bool {
	return o.Currency == l.Currency && add(o.Amount, l.Amount).Sign() == 0 &&
		(l.Corrects == "" || l.Corrects == o.InvoiceID) && (l.Corrects != "" || customer == o.Customer) &&
		(customer == "" || o.Customer == "" || customer == o.Customer) &&
		(r.packageOf(l.Package, l.SKU) == "" || o.Package == "" || r.packageOf(l.Package, l.SKU) == o.Package)
}

func (r *run) settledHere(l *Line, customer string, settled []bool) int {
	for i := range settled {
		f := &r.result.Findings[i]
		if settled[i] || f.Difference == nil || f.Difference.Sign() <= 0 || f.Severity == Info {
			continue
		}
		if r.settles(l, customer, OpenFinding{f.InvoiceID, f.Code, f.Customer, f.Package, f.Currency, f.Difference}) {
			return i
		}
	}
	return -1
}

// unmatchedCredit reports a credit that settles nothing known. What it should
// come to is told where its quantity says so.
func (r *run) unmatchedCredit(l *Line) {
	f := Finding{Code: CreditUnmatched, Evidence: "no finding is known that the credit settles",
		Advice: "ask the provider what the credit is for"}
	pkg := r.packageOf(l.Package, l.SKU)
	unit, _ := r.in.Prices.On(l.Period.First, pkg, l.Currency)
	if seats := l.seats(l.Period.creditDays(r.dim)); unit != nil && seats != nil {
		due := r.policyFor(pkg).Mode.Round(mul(seats, unit), CurrencyScale(l.Currency))
		f.say("at the list price the quantity comes to %s", Money(due, l.Currency))
	}
	f.moneyOnly(l.Amount, new(big.Rat))
	r.note(l, f)
}

// creditDays is the days of the month that a credit is for.
func (p Period) creditDays(otherwise int) int {
	if p.First == 0 {
		return otherwise
	}
	return p.monthDays()
}

// lookAtInventory takes the third side in: what is wanted or provisioned.
func (r *run) lookAtInventory() {
	if len(r.in.Inventory) == 0 {
		return
	}
	wanted := r.wanted()
	live := make(map[groupKey]bool)
	for _, c := range r.cells {
		if c.sum > 0 || c.seats > 0 {
			live[groupKey{customer: c.customerKey(), pkg: c.pkg}] = true
		}
	}
	billedOnly := make(map[groupKey]bool)
	for _, g := range r.groups {
		if len(g.lines) > 0 {
			billedOnly[groupKey{customer: g.customer, pkg: g.pkg}] = true
		}
	}
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		key := groupKey{customer: f.Customer, pkg: f.Package}
		switch {
		case f.Code == MissingInReport && key.customer != "":
			f.become(wanted[key], BilledNotMetered, BilledUnknown)
		case f.Code == MissingOnInvoice && key.customer != "" && !r.untold(f.Package, wanted):
			f.become(wanted[key], MeteredNotBilled, MeteredNotWanted)
		}
	}
	for _, key := range sortedGroupKeys(live) {
		if key.customer == "" || wanted[key] || r.untold(key.pkg, wanted) || !billedOnly[key] && !billedOnly[groupKey{pkg: key.pkg}] {
			continue
		}
		r.warn(Finding{Code: BilledNotWanted, Period: r.period, Customer: key.customer, Package: key.pkg,
			Evidence: "billed and metered, but not in the inventory", Advice: "remove the package, or add it to the inventory"})
	}
	for _, key := range sortedGroupKeys(wanted) {
		if !live[key] && !billedOnly[key] {
			r.warn(Finding{Code: WantedNotLive, Period: r.period, Customer: key.customer, Package: key.pkg,
				Evidence: "in the inventory, but neither metered nor billed", Advice: "check the provisioning"})
		}
	}
}

// wanted are the customers and packages of the inventory.
func (r *run) wanted() map[groupKey]bool {
	all := make(map[groupKey]bool)
	for i := range r.in.Inventory {
		s := &r.in.Inventory[i]
		c := r.parties.same(s.Customer)
		if c == nil || !s.Removed.IsZero() && DayOf(s.Removed.UTC()) <= r.period.First {
			continue
		}
		all[groupKey{customer: c.Key(), pkg: s.Package}] = true
	}
	return all
}

// untold tells whether the inventory cannot know about a package: it belongs to
// customers, and the inventory has subscribers alone.
func (r *run) untold(pkg string, wanted map[groupKey]bool) bool {
	if !seatless[pkg] {
		return false
	}
	for key := range wanted {
		if seatless[key.pkg] {
			return false
		}
	}
	return true
}

// become refines a code by whether the inventory has the thing.
func (f *Finding) become(wanted bool, yes, no Code) {
	f.Code = no
	text := "not in the inventory either"
	if wanted {
		f.Code = yes
		text = "in the inventory"
	}
	f.Severity = severityOf(f.Code)
	f.say("%s", text)
	switch f.Code {
	case BilledNotMetered:
		f.Advice = "look for late usage or another period before disputing the charge"
	case BilledUnknown:
		f.Advice = "dispute the charge"
	case MeteredNotWanted:
		f.Advice = "remove the package now; it will be billed"
	}
}

func sortedGroupKeys(m map[groupKey]bool) []groupKey {
	all := make([]groupKey, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.SortFunc(all, groupKey.compare)
	return all
}

// allocate divides the charges for the provider as a whole among its customers.
func (r *run) allocate() {
	for _, g := range r.groups {
		parts := g.shares
		if g.customer != "" || len(g.lines) == 0 || len(parts) == 0 || parts[0].customer == "" {
			continue
		}
		var customers []string
		var days []*big.Rat
		for _, p := range parts {
			customers = append(customers, p.customer)
			days = append(days, p.measure.days)
		}
		f := g.finding(r, g.lines)
		amounts := Allocate(r.billedFor(g.lines).amount, CurrencyScale(g.currency), customers, days)
		for i, amount := range amounts {
			r.result.Allocation = append(r.result.Allocation, Share{f.InvoiceID, f.InvoiceLine, g.pkg, g.currency, customers[i], days[i], amount})
		}
	}
}
