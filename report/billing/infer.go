package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Inference says which policies reproduce an invoice.
type Inference struct {
	Total *big.Rat // what had to be reproduced
	Fits  []Fit    // to the cent; the best first
	Near  Fit      // where none fits: what gives the most charges; zero = none gives any
	Text  string   // in words
}

// Fit is a policy that reproduces the total of an invoice.
type Fit struct {
	Policy Policy
	Lines  int // charges that it reproduces to the cent
	Of     int // charges that were compared
}

// candidates are the policies that are tried, the simplest first.
func candidates() []Policy {
	var all []Policy
	for _, month30 := range []bool{false, true} {
		for _, level := range []RoundLevel{RoundLine, RoundGroup} {
			for _, mode := range []Mode{HalfUp, HalfEven, Down} {
				all = append(all, Policy{Rule: DailyExact, Level: level, Mode: mode, Month30: month30})
			}
		}
		all = append(all, Policy{Rule: DailyExact, Level: RoundInvoice, Mode: HalfUp, Month30: month30})
		for _, places := range []int{4, 2} {
			all = append(all, Policy{Rule: AverageDP, Places: places, Level: RoundLine, Mode: HalfUp, Month30: month30})
		}
		for _, places := range []int{4, 2} {
			for _, mode := range []Mode{HalfUp, Down} {
				all = append(all, Policy{Rule: DayRateDP, Places: places, Level: RoundLine, Mode: mode, Month30: month30})
			}
		}
		all = append(all, Policy{Rule: Ceil, Level: RoundLine, Mode: HalfUp, Month30: month30})
	}
	for _, rule := range []Rule{Snapshot, Peak} {
		all = append(all, Policy{Rule: rule, Level: RoundLine, Mode: HalfUp})
	}
	return all
}

// comparison is what all candidates are tried on: the charges that usage and a
// price are known for, in the currency of most lines.
type comparison struct {
	groups []*group
	prices []*big.Rat
	billed []*big.Rat
	stated *big.Rat // the total, rounding included
}

func (r *run) comparison() comparison {
	c := comparison{stated: new(big.Rat)}
	for _, g := range r.groups {
		p := r.priceOf(g)
		if g.currency != r.currency || p.unit == nil || p.own || len(g.lines) == 0 || len(g.cells) == 0 {
			continue
		}
		amount := r.billedFor(g, g.lines).amount
		c.groups = append(c.groups, g)
		c.prices = append(c.prices, p.unit)
		c.billed = append(c.billed, amount)
		c.stated.Add(c.stated, amount)
	}
	// What the invoice rounds apart from its lines belongs to the total.
	sum := new(big.Rat)
	for i := range r.lines {
		l := &r.lines[i]
		if l.Currency != r.currency {
			continue
		}
		sum.Add(sum, l.Amount)
		if l.Charge == ChargeRounding {
			c.stated.Add(c.stated, l.Amount)
		}
	}
	if stated := r.opt.Stated[r.currency]; stated != nil {
		c.stated.Add(c.stated, sub(stated, sum))
	}
	return c
}

// try computes the total and the charges that a policy reproduces.
func (r *run) try(c comparison, p Policy) (total *big.Rat, lines int, ok bool) {
	total, exact := new(big.Rat), new(big.Rat)
	for i, g := range c.groups {
		policy := p
		if of, own := r.policyOf(g); own {
			policy = of
		}
		e, ok := r.expect(g, policy, c.prices[i])
		if !ok {
			return nil, 0, false
		}
		total.Add(total, e.rounded)
		exact.Add(exact, e.exact)
		if e.rounded.Cmp(c.billed[i]) == 0 {
			lines++
		}
	}
	if p.Level == RoundInvoice {
		return p.Mode.Round(exact, CurrencyScale(r.currency)), lines, true
	}
	return total, lines, true
}

// useful leaves out the candidates that cannot differ from a simpler one here.
func (r *run) useful(c comparison) []Policy {
	single := !slices.ContainsFunc(c.groups, func(g *group) bool { return len(g.shares) > 1 })
	return slices.DeleteFunc(candidates(), func(p Policy) bool {
		return p.Level == RoundGroup && single || p.Month30 && r.dim == 30
	})
}

// infer looks for the policy that reproduces the invoice and compares by it. With
// several the charges decide, then the simpler one.
func (r *run) infer() {
	c := r.comparison()
	found := &Inference{Total: c.stated}
	for _, p := range r.useful(c) {
		total, lines, ok := r.try(c, p)
		switch {
		case ok && total.Cmp(c.stated) == 0 && len(c.groups) > 0:
			found.Fits = append(found.Fits, Fit{p, lines, len(c.groups)})
		case ok && lines > found.Near.Lines: // of equals the simplest, which is tried first
			found.Near = Fit{p, lines, len(c.groups)}
		}
	}
	slices.SortStableFunc(found.Fits, func(a, b Fit) int { return cmp.Compare(b.Lines, a.Lines) })
	found.Text = found.words(Money(c.stated, r.currency) + " " + r.currency)
	if len(c.groups) == 0 {
		found.Text = "the proration cannot be found out: no charge has both usage and a price of a price list"
	}
	if len(found.Fits) > 0 {
		r.opt.Policy = found.Fits[0].Policy
	}
	r.result.Policy = r.opt.Policy
	r.result.Inference = found
}

// nearest says which proration to look at first where none gives the total: what
// is left of the difference is in the other charges.
func (i *Inference) nearest() string {
	if i.Near.Lines == 0 {
		return ""
	}
	return fmt.Sprintf("; the nearest is %s, with %d of %d charges to the cent", i.Near.Policy, i.Near.Lines, i.Near.Of)
}

func (i *Inference) words(total string) string {
	if len(i.Fits) == 0 {
		return fmt.Sprintf("no known proration gives the %s of the charges that usage and a price are known for", total) + i.nearest()
	}
	best := i.Fits[0]
	s := fmt.Sprintf("%s gives %s", best.Policy, total)
	if best.Lines < best.Of {
		s += fmt.Sprintf(", but only %d of %d charges", best.Lines, best.Of)
	}
	var equal, worse []string
	for _, f := range i.Fits[1:] {
		if f.Lines == best.Lines {
			equal = append(equal, f.Policy.String())
			continue
		}
		worse = append(worse, f.Policy.String())
	}
	if len(equal) > 0 {
		s += "; here it cannot be told from " + strings.Join(equal, " or ")
	}
	if len(worse) > 0 {
		s += fmt.Sprintf("; %d prorations give the total, and the charges speak against %s", len(i.Fits), strings.Join(worse, " and "))
	}
	return s
}

// hintPolicy looks for one policy behind many differences. Where one explains
// all of them, they are one finding and not many.
func (r *run) hintPolicy() map[*group]bool {
	if r.opt.Auto || len(r.opt.Prorations) > 0 {
		return nil
	}
	c := r.comparison()
	var differ []int
	for i, g := range c.groups {
		if e, ok := r.expect(g, r.opt.Policy, c.prices[i]); ok && e.rounded.Cmp(c.billed[i]) != 0 && abs(sub(c.billed[i], e.exact)).Cmp(e.bound) > 0 {
			differ = append(differ, i)
		}
	}
	if len(differ) < 2 {
		return nil
	}
	// Most policies fail on the first charge that differs.
	every := make([]int, len(c.groups))
	for i := range every {
		every[i] = i
	}
	for _, p := range r.useful(c) {
		if r.reproduces(c, differ, p) && r.reproduces(c, every, p) {
			return r.reportPolicy(c, differ, p)
		}
	}
	return nil
}

// reproduces tells whether a policy gives charges to the cent.
func (r *run) reproduces(c comparison, charges []int, p Policy) bool {
	return !slices.ContainsFunc(charges, func(i int) bool {
		e, ok := r.expect(c.groups[i], p, c.prices[i])
		return !ok || e.rounded.Cmp(c.billed[i]) != 0
	})
}

func (r *run) reportPolicy(c comparison, differ []int, p Policy) map[*group]bool {
	explained := make(map[*group]bool)
	billed, expected := new(big.Rat), new(big.Rat)
	var lines []*Line
	for _, i := range differ {
		e, _ := r.expect(c.groups[i], r.opt.Policy, c.prices[i])
		billed.Add(billed, c.billed[i])
		expected.Add(expected, e.rounded)
		lines = append(lines, c.groups[i].lines...)
		explained[c.groups[i]] = true
	}
	slices.SortFunc(lines, func(a, b *Line) int { return compareLines(*a, *b) })
	f := (&group{groupKey: groupKey{currency: r.currency}}).finding(r, lines)
	f.SKU = ""
	f.Code, f.Advice = PolicyDiffers, fmt.Sprintf("settle with the provider which proration counts, or compare with --proration %q", p)
	f.say("the proration %s gives all %d charges to the cent; compared was %s", p, len(c.groups), r.opt.Policy)
	f.moneyOnly(billed, expected)
	r.warn(f)
	return explained
}
