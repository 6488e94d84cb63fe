package billing

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// compareGroups compares the charges of each group with its usage.
func (r *run) compareGroups() {
	explained := r.hintPolicy()
	for _, g := range r.groups {
		if explained[g] {
			continue
		}
		switch p := r.priceOf(g); {
		case len(g.lines) == 0:
			r.compareUnbilled(g, p)
		case p.unit == nil:
			r.compareUnpriced(g, p)
		default:
			r.compareGroup(g, p)
		}
	}
	r.compareInvoiceRounding()
}

// compareUnbilled reports usage that no line charges.
func (r *run) compareUnbilled(g *group, p priced) {
	f := g.finding(r, nil)
	f.Code = MissingOnInvoice
	f.say("%s user-days were metered", Exact(g.measure().days))
	f.Advice = "expect the charge on a later invoice, and accrue it"
	f.BilledAmount, f.BilledQuantity = new(big.Rat), new(big.Rat)
	f.ExpectedAmount = new(big.Rat)
	e, ok := r.expectedOf(g, p)
	switch {
	case ok:
		f.ExpectedAmount, f.ExpectedQuantity, f.ExpectedUnitPrice, f.Exact = e.rounded, e.quantity, e.price, e.exact
		policy, _ := r.policyOf(g)
		f.Working = r.working(g, policy, p.unit)
		f.tellConversion(p)
	default:
		f.ExpectedQuantity = div(g.measure().days, fromInt(r.monthDays(g)))
		f.say("what it costs is not known, for want of a price")
	}
	f.split()
	if f.ExpectedAmount.Sign() == 0 && (ok || f.ExpectedQuantity.Sign() == 0) { // what costs nothing needs no line
		f.Code = Match
	} else if rename := r.possibleRename(g); rename != "" {
		f.say("%s", rename)
	}
	if len(r.lines) == 0 {
		f.Severity, f.Advice = Info, "accrue it"
	}
	r.warn(f)
}

func (r *run) expectedOf(g *group, p priced) (expectation, bool) {
	if p.unit == nil {
		return expectation{}, false
	}
	policy, _ := r.policyOf(g)
	return r.expect(g, policy, p.unit)
}

// compareUnpriced reports charges that there is no price for: the quantities are
// compared, the money is not converted.
func (r *run) compareUnpriced(g *group, p priced) {
	f := g.finding(r, g.lines)
	b := r.billedFor(g, g.lines)
	f.BilledQuantity, f.BilledUnitPrice, f.BilledAmount = b.quantity, b.price, b.amount
	f.ExpectedQuantity = div(g.measure().days, fromInt(r.monthDays(g)))
	if len(p.others) > 0 {
		f.Code = CurrencyMismatch
		f.say("the invoice is in %s, the price list in %s", g.currency, strings.Join(p.others, " and "))
		f.Advice = "get prices in the currency of the invoice, or give the rate that was agreed with --fx; nothing is converted without one"
		r.warn(f)
		return
	}
	f.Code = UnknownSKU
	f.say("no price is known for %s on %s", g.pkg, r.period.First)
	f.Advice = "add the package to the price list"
	f.moneyOnly(b.amount, new(big.Rat))
	r.warn(f)
}

// compareGroup compares charges that usage and a price are known for.
func (r *run) compareGroup(g *group, p priced) {
	policy, _ := r.policyOf(g)
	e, ok := r.expect(g, policy, p.unit)
	if !ok {
		f := g.finding(r, g.lines)
		f.Code, f.Advice = AmountDiffers, "give a point-in-time report, or one with a row per day"
		f.say("the reports do not tell what the proration %s counts", policy.Rule)
		f.moneyOnly(r.billedFor(g, g.lines).amount, new(big.Rat))
		r.warn(f)
		return
	}
	kept, repeated := r.duplicates(g, e)
	for _, l := range repeated {
		r.unexpected(l, DuplicateLine, "the same charge stands in "+sameAs(l, kept), "claim the amount back")
	}
	f := g.finding(r, kept)
	b := r.billedFor(g, kept)
	f.BilledQuantity, f.BilledUnitPrice, f.BilledAmount = b.quantity, b.price, b.amount
	f.ExpectedQuantity, f.ExpectedUnitPrice, f.ExpectedAmount, f.Exact = e.quantity, e.price, e.rounded, e.exact
	f.Working = r.working(g, policy, p.unit)
	f.split()
	r.derivePrice(&f, e)
	if p.own {
		f.say("the invoice's own price was taken, for want of a price list")
	}
	f.tellConversion(p)
	r.classify(g, &f, e, b)
	r.warn(f)
}

// duplicates sets apart the lines of a group that repeat another, unless the
// usage shows that all of them are due.
func (r *run) duplicates(g *group, e expectation) (kept, repeated []*Line) {
	if len(g.lines) < 2 {
		return g.lines, nil
	}
lines:
	for _, l := range g.lines {
		for _, k := range kept {
			if l.repeats(k) {
				repeated = append(repeated, l)
				continue lines
			}
		}
		kept = append(kept, l)
	}
	all, few := sub(r.billedFor(g, g.lines).amount, e.rounded), sub(r.billedFor(g, kept).amount, e.rounded)
	if abs(all).Cmp(abs(few)) < 0 {
		return g.lines, nil
	}
	return kept, repeated
}

// sameAs names the line that another one repeats.
func sameAs(l *Line, kept []*Line) string {
	for _, k := range kept {
		if !l.repeats(k) {
			continue
		}
		if k.InvoiceID != l.InvoiceID {
			return fmt.Sprintf("line %s of invoice %s", k.Number, k.InvoiceID)
		}
		return "line " + k.Number
	}
	return ""
}

// derivePrice takes amount by quantity for the price of charges that print none,
// where rounding cannot explain the rest: that of the charge and that of what is
// expected.
func (r *run) derivePrice(f *Finding, e expectation) {
	if f.BilledUnitPrice != nil || f.Difference.Sign() == 0 || f.BilledQuantity == nil || f.BilledQuantity.Sign() == 0 || abs(f.RoundingEffect).Cmp(add(e.bound, e.bound)) <= 0 {
		return
	}
	f.BilledUnitPrice = div(f.BilledAmount, f.BilledQuantity)
	f.split()
	f.say("the unit price is the amount by the quantity")
}

// classify names what caused the difference of a finding.
func (r *run) classify(g *group, f *Finding, e expectation, b billed) {
	samePrice := b.price == nil && f.BilledUnitPrice == nil || f.BilledUnitPrice != nil && f.BilledUnitPrice.Cmp(e.price) == 0
	sameQuantity := b.quantity == nil || abs(sub(b.quantity, e.quantity)).Cmp(b.shortened()) <= 0
	switch {
	case b.quantity != nil && b.quantity.Sign() == 0 && b.amount.Sign() != 0:
		f.Code, f.Advice = AmountDiffers, "ask the provider what is charged"
		f.say("a charge without quantity")
	case f.Difference.Sign() == 0:
		f.Code = Match
		r.flagCancelled(f, samePrice, sameQuantity)
	case r.opt.Tolerance.forgives(f, samePrice):
		f.Code = Match
		f.say("within the tolerance")
	case r.isOverlap(g, f, e):
	case r.isBoundary(g, f):
	case len(g.cells) == 0:
		r.missingInReport(g, f)
	case samePrice && sameQuantity && abs(sub(b.amount, e.exact)).Cmp(e.bound) <= 0:
		f.Code = Rounding
		f.say("rounding may come to %s", Exact(e.bound))
	case f.QuantityEffect == nil || samePrice && sameQuantity:
		f.Code, f.Advice = AmountDiffers, "ask the provider how the amount was computed"
	case abs(f.QuantityEffect).Cmp(abs(f.RateEffect)) >= 0:
		f.Code, f.Advice = QuantityDiffers, "claim the difference, with the usage report as evidence"
		r.tellMoves(g, f)
	default:
		f.Code, f.Advice = RateDiffers, "compare the price with the contract"
	}
}

// shortened is how much of a quantity its printed form may lack.
func (b billed) shortened() *big.Rat {
	if b.places == 0 {
		return new(big.Rat)
	}
	return halfOf(b.places)
}

// flagCancelled looks behind an amount that is right: a wrong quantity and a
// wrong price may have cancelled out.
func (r *run) flagCancelled(f *Finding, samePrice, sameQuantity bool) {
	if samePrice || sameQuantity || f.RateEffect == nil {
		return
	}
	f.Code, f.Severity, f.Advice = RateDiffers, Warning, "compare quantity and price with the contract"
	f.say("quantity and price both differ, and cancel out")
}

// forgives tells whether a difference is small enough.
func (t Tolerance) forgives(f *Finding, samePrice bool) bool {
	off := abs(f.Difference)
	if t.Amount != nil && off.Cmp(t.Amount) <= 0 {
		return true
	}
	if t.Percent != nil && mul(off, fromInt(100)).Cmp(mul(t.Percent, abs(f.ExpectedAmount))) <= 0 {
		return true
	}
	return t.Quantity != nil && samePrice && f.BilledQuantity != nil && abs(sub(f.BilledQuantity, f.ExpectedQuantity)).Cmp(t.Quantity) <= 0
}

// daysOver is by how many user-days a finding's quantities differ, nil if unknown.
func (r *run) daysOver(g *group, f *Finding) *big.Rat {
	if f.BilledQuantity == nil || f.ExpectedQuantity == nil {
		return nil
	}
	return mul(sub(f.BilledQuantity, f.ExpectedQuantity), fromInt(r.monthDays(g)))
}

// isOverlap tells whether days that users were metered in two packages explain
// the difference.
func (r *run) isOverlap(g *group, f *Finding, e expectation) bool {
	var days Count
	var users []string
	for _, o := range r.overlaps {
		for _, c := range g.cells {
			if c == o.old {
				days += o.days
				users = append(users, o.text)
			}
		}
	}
	over := r.daysOver(g, f)
	if days == 0 || over == nil {
		return false
	}
	off := abs(sub(over, days.Rat()))
	if off.Cmp(new(big.Rat).SetFrac64(1, 2)) >= 0 || abs(f.RateEffect).Cmp(e.bound) > 0 {
		return false
	}
	f.Code, f.Advice = OverlapDay, "claim the day back: a user has one package at a time"
	f.say("%s", strings.Join(users, ", "))
	return true
}

// isBoundary tells whether seats that came or went within a day of the edge of
// the period explain the difference.
func (r *run) isBoundary(g *group, f *Finding) bool {
	over := r.daysOver(g, f)
	if over == nil || over.Sign() == 0 || orZero(f.RateEffect).Sign() != 0 {
		return false
	}
	var near []string
	for i := range r.in.Inventory {
		s := &r.in.Inventory[i]
		if s.Package != g.pkg || !r.seatIn(s, g) {
			continue
		}
		for _, at := range []time.Time{s.Created, s.Removed} {
			if !at.IsZero() && r.nearEdge(at) {
				near = append(near, fmt.Sprintf("%s came or went at %s", s.User, at.Format(time.RFC3339)))
			}
		}
	}
	if len(near) == 0 || abs(over).Cmp(fromInt(len(near))) > 0 {
		return false
	}
	f.Code, f.Advice = BoundaryDay, "compare again with the time zone that the provider bills by"
	f.say("%s", strings.Join(sorted(near), ", "))
	return true
}

func (r *run) nearEdge(at time.Time) bool {
	for _, edge := range []time.Time{r.period.First.Time(), (r.period.Last + 1).Time()} {
		if at.Sub(edge).Abs() <= 24*time.Hour {
			return true
		}
	}
	return false
}

// seatIn tells whether a seat is among those that a group charges.
func (r *run) seatIn(s *Seat, g *group) bool {
	if g.user != "" && g.user != s.User {
		return false
	}
	if g.customer == "" {
		return true
	}
	c := r.parties.same(s.Customer)
	return c != nil && c.Key() == g.customer
}

// tellMoves names the seats that came or went within the period.
func (r *run) tellMoves(g *group, f *Finding) {
	const most = 3
	var moves []string
	for i := range r.in.Inventory {
		s := &r.in.Inventory[i]
		if s.Package != g.pkg || !r.seatIn(s, g) {
			continue
		}
		if r.within(s.Created) {
			moves = append(moves, fmt.Sprintf("%s created on %s", s.User, DayOf(s.Created.UTC())))
		}
		if r.within(s.Removed) {
			moves = append(moves, fmt.Sprintf("%s removed on %s", s.User, DayOf(s.Removed.UTC())))
		}
	}
	moves = sorted(moves)
	if len(moves) > most {
		moves = append(moves[:most:most], fmt.Sprintf("%d more", len(moves)-most))
	}
	if len(moves) > 0 {
		f.say("%s", strings.Join(moves, ", "))
	}
}

func (r *run) within(at time.Time) bool {
	return !at.IsZero() && r.period.Contains(Period{DayOf(at.UTC()), DayOf(at.UTC())})
}
