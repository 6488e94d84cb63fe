package billing

import (
	"cmp"
	"math/big"
	"slices"
)

// Resale is what the provider charges its customers.
type Resale struct {
	of map[string]*Prices // by customer, as findings name it; blank = everybody else
}

// On gives the price that a customer pays for a package on a day, nil without one.
func (s *Resale) On(day Day, customer, pkg, iso string) *big.Rat {
	for _, key := range []string{customer, ""} {
		if unit, _ := s.of[key].On(day, pkg, iso); unit != nil {
			return unit
		}
	}
	return nil
}

// Margin is what a customer's package costs and brings in.
type Margin struct {
	Customer, Package, Currency string
	Cost                        *big.Rat // billed to the provider, its share of charges for the provider as a whole, and what is to be accrued where that is asked for
	Revenue                     *big.Rat // the metered usage at the resale price; nil = there is no price
}

// Amount is the revenue less the cost, nil where the revenue is not known.
func (m *Margin) Amount() *big.Rat { return subKnown(m.Revenue, m.Cost) }

// Percent is the margin in hundredths of the revenue, nil where there is none.
func (m *Margin) Percent() *big.Rat {
	if m.Revenue == nil || m.Revenue.Sign() == 0 {
		return nil
	}
	return HalfUp.Round(mul(fromInt(100), div(m.Amount(), m.Revenue)), 1)
}

// margins compares what customers cost with what they bring in, the worst first.
// A charge for usage that was not metered brings in nothing.
func (r *run) margins() {
	if r.in.Resale == nil {
		return
	}
	by := make(map[[3]string]*Margin)
	at := func(customer, pkg, iso string) *Margin {
		key := [3]string{customer, pkg, iso}
		if by[key] == nil {
			by[key] = &Margin{customer, pkg, iso, new(big.Rat), new(big.Rat)}
		}
		return by[key]
	}
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		if f.Customer != "" && f.Difference != nil && !f.Period.earlier(r.period) {
			m := at(f.Customer, f.Package, f.Currency)
			m.Cost.Add(m.Cost, f.BilledAmount)
			if r.opt.Accrue && f.unbilled() { // the revenue of these days is there, so their cost is too
				m.Cost.Add(m.Cost, f.ExpectedAmount)
			}
		}
	}
	for _, s := range r.result.Allocation {
		if s.Amount != nil {
			m := at(s.Customer, s.Package, s.Currency)
			m.Cost.Add(m.Cost, s.Amount)
		}
	}
	for _, g := range r.groups {
		for _, p := range g.shares {
			if p.customer != "" {
				r.addRevenue(at(p.customer, g.pkg, g.currency), g, p)
			}
		}
	}
	for _, m := range by {
		if m.Cost.Sign() != 0 || m.Revenue == nil || m.Revenue.Sign() != 0 {
			r.result.Margins = append(r.result.Margins, *m)
		}
	}
	slices.SortFunc(r.result.Margins, func(a, b Margin) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), orZero(a.Amount()).Cmp(orZero(b.Amount())), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Package, b.Package))
	})
}

// marginTotals adds up by currency what has a resale price. The customer is blank.
func marginTotals(margins []Margin) []Margin {
	var all []Margin
	for i := range margins {
		m := &margins[i]
		if m.Revenue == nil {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Currency != m.Currency {
			all = append(all, Margin{Currency: m.Currency, Cost: new(big.Rat), Revenue: new(big.Rat)})
		}
		t := &all[len(all)-1]
		t.Cost.Add(t.Cost, m.Cost)
		t.Revenue.Add(t.Revenue, m.Revenue)
	}
	return all
}

// earlier tells whether a period ended before another began.
func (p Period) earlier(than Period) bool { return p.Last < than.First }

// addRevenue adds what a customer pays for a part of the usage, by the policy that
// the provider is billed by.
func (r *run) addRevenue(m *Margin, g *group, p part) {
	unit := r.in.Resale.On(r.period.First, p.customer, g.pkg, g.currency)
	if unit == nil || m.Revenue == nil {
		m.Revenue = nil
		return
	}
	policy, _ := r.policyOf(g)
	c, ok := policy.apply(p.measure, unit, r.dim)
	if !ok {
		m.Revenue = nil
		return
	}
	m.Revenue.Add(m.Revenue, policy.Mode.Round(c.amount(), CurrencyScale(g.currency)))
}
