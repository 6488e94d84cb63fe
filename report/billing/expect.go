package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// expectation is what a policy makes of the usage of a group.
type expectation struct {
	charge
	exact   *big.Rat // before rounding
	rounded *big.Rat
	bound   *big.Rat // how far rounding may take an amount from exact
}

// part is the usage of one customer in a group.
type part struct {
	customer string
	measure  measure
}

// partsOf adds usage up by customer, in the order of the customers.
func partsOf(cells []*cell) []part {
	by := make(map[string]measure)
	for _, c := range cells {
		if m, ok := by[c.customerKey()]; ok {
			by[c.customerKey()] = m.plus(c.measure)
			continue
		}
		by[c.customerKey()] = c.measure
	}
	var all []part
	for _, key := range sortedKeys(by) {
		all = append(all, part{key, by[key]})
	}
	return all
}

// measure is the usage of the whole group.
func (g *group) measure() measure {
	if len(g.shares) == 1 {
		return g.shares[0].measure
	}
	sum := measure{new(big.Rat), new(big.Rat), new(big.Rat)}
	for _, p := range g.shares {
		sum = sum.plus(p.measure)
	}
	return sum
}

// ownSKU gives an SKU where it has a proration of its own, and else nothing.
func (r *run) ownSKU(sku string) string {
	if _, ok := r.opt.Prorations[sku]; ok {
		return sku
	}
	return ""
}

// policyFor gives the policy of an SKU, or else of its package. It is own where
// one of them has a proration of its own.
func (r *run) policyFor(sku, pkg string) (p Policy, own bool) {
	for _, name := range []string{sku, pkg} {
		if p, own = r.opt.Prorations[name]; own {
			return p, true
		}
	}
	return r.opt.Policy, false
}

// policyOf gives the policy of a group. Reports that do not tell SKUs apart put
// SKUs with different policies into one group; the first charge decides there.
func (r *run) policyOf(g *group) (p Policy, own bool) {
	sku := g.ownSKU
	for _, l := range g.lines {
		sku = cmp.Or(sku, r.ownSKU(l.SKU))
	}
	return r.policyFor(sku, g.pkg)
}

// expect computes what a policy charges for the usage of a group. It is not ok
// where the reports lack what the policy asks for.
func (r *run) expect(g *group, p Policy, price *big.Rat) (e expectation, ok bool) {
	scale := CurrencyScale(g.currency)
	parts := g.shares
	e.bound = mul(halfUnit(g.currency), fromInt(max(1, len(parts))))
	if p.Level != RoundGroup {
		e.charge, ok = p.apply(g.measure(), price, r.dim)
		if !ok {
			return e, false
		}
		e.exact = e.amount()
		e.rounded = p.Mode.Round(e.exact, scale)
		return e, true
	}
	e.quantity, e.exact, e.rounded, e.price = new(big.Rat), new(big.Rat), new(big.Rat), price
	for _, part := range parts {
		c, ok := p.apply(part.measure, price, r.dim)
		if !ok {
			return e, false
		}
		e.quantity.Add(e.quantity, c.quantity)
		e.exact.Add(e.exact, c.amount())
		e.rounded.Add(e.rounded, p.Mode.Round(c.amount(), scale))
	}
	if e.quantity.Sign() != 0 {
		e.price = div(e.exact, e.quantity)
	}
	return e, true
}

// billed is what an invoice charges for a group.
type billed struct {
	quantity *big.Rat // nil = the lines count something else than seats
	price    *big.Rat // the average where lines differ; nil = not on the invoice
	amount   *big.Rat
	places   int // decimal places that quantities were printed with
}

// monthDays is how many days a month's price is for in a group: user-days that are
// billed become seats by the same number as those that were metered.
func (r *run) monthDays(g *group) int {
	policy, _ := r.policyOf(g)
	return policy.monthDays(r.dim)
}

// billedFor adds up lines of a group.
func (r *run) billedFor(g *group, lines []*Line) billed {
	dim := r.monthDays(g)
	b := billed{quantity: new(big.Rat), price: new(big.Rat), amount: new(big.Rat)}
	for _, l := range lines {
		b.amount.Add(b.amount, l.Amount)
		b.places = max(b.places, l.Places)
		seats, price := l.seats(dim), l.seatPrice(dim)
		if seats == nil || l.Unit == UnitEach || l.Unit == UnitMinute {
			b.quantity = nil
		}
		if b.quantity != nil {
			b.quantity.Add(b.quantity, seats)
		}
		if price == nil {
			b.price = nil
		}
		if b.price != nil && seats != nil {
			b.price.Add(b.price, mul(seats, price))
		}
	}
	if b.quantity == nil || b.price == nil || b.quantity.Sign() == 0 {
		b.price = nil
		if len(lines) > 0 && b.quantity != nil {
			b.price = lines[0].seatPrice(dim)
		}
		return b
	}
	b.price = div(b.price, b.quantity)
	return b
}

// priced is the price that a group is expected to have, and where it is from.
type priced struct {
	unit   *big.Rat
	others []string // the currencies that there are prices in, where there is none in this one
	own    bool     // taken from the invoice, for want of a price list
	listed *big.Rat // the price of the list, where it is in another currency
	rate   *Rate    // that it was converted by
}

func (r *run) priceOf(g *group) priced {
	if r.in.Prices == nil {
		b := r.billedFor(g, g.lines)
		if b.price == nil && b.quantity != nil && b.quantity.Sign() != 0 {
			b.price = div(b.amount, b.quantity)
		}
		return priced{unit: b.price, own: true}
	}
	unit, others := r.in.Prices.On(r.period.First, g.pkg, g.currency)
	if unit == nil {
		if p, ok := r.converted(g); ok {
			return p
		}
	}
	return priced{unit: unit, others: others}
}

// finding begins a finding about a group and some of its lines.
func (g *group) finding(r *run, lines []*Line) Finding {
	f := Finding{Period: r.period, Subscription: g.subscription, Customer: g.customer, User: g.user, Package: g.pkg, Currency: g.currency}
	for i, l := range lines {
		if i == 0 {
			f.InvoiceID, f.Period, f.SKU = l.InvoiceID, l.Period, l.SKU
			f.Subscription = cmp.Or(f.Subscription, l.Subscription)
			f.InvoiceLine = l.Number
			continue
		}
		f.Period = f.Period.join(l.Period)
		f.InvoiceLine += "+" + l.Number
	}
	if f.SKU == "" && len(g.cells) > 0 {
		f.SKU = slices.MaxFunc(g.cells, func(a, b *cell) int { return cmp.Compare(a.sku, b.sku) }).sku
	}
	if g.user != "" {
		f.Evidence = fmt.Sprintf("user %s", g.user)
	}
	return f
}

// say adds a sentence to the evidence.
func (f *Finding) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if f.Evidence != "" {
		text = f.Evidence + "; " + text
	}
	f.Evidence = text
}
