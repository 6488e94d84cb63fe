package billing

import (
	"math/big"
	"slices"
)

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
		case f.Code == MissingOnInvoice && len(r.lines) > 0 && key.customer != "" && !r.untold(f.Package, wanted):
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
		amounts := Allocate(r.billedFor(g, g.lines).amount, CurrencyScale(g.currency), customers, days)
		for i, amount := range amounts {
			r.result.Allocation = append(r.result.Allocation, Share{f.InvoiceID, f.InvoiceLine, g.pkg, g.currency, customers[i], days[i], amount})
		}
	}
}
