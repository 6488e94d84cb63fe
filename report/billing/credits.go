package billing

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// tie is what a line settles of a claim.
type tie struct {
	*claim
	of     string // the claim as it was, in words
	amount *big.Rat
}

// settleClaims ties credits, and charges for earlier days, to what they settle.
// What fits to the cent comes first, so that nothing else takes it away. The
// claims point into the findings: none is added until all lines are tied.
func (r *run) settleClaims() {
	claims := r.openClaims()
	lines := slices.Concat(r.credits, r.late)
	ties := make([][]tie, len(lines))
	for i, l := range lines {
		ties[i] = r.tieExactly(l, claims)
	}
	for i, l := range r.credits {
		if ties[i] == nil {
			ties[i] = r.tiePartly(l, claims)
		}
	}
	r.closeSettled()
	for i, l := range lines {
		switch {
		case i >= len(r.credits):
			r.lateCharge(l, ties[i])
		case len(ties[i]) > 0:
			r.matchedCredit(l, ties[i])
		default:
			if l.Period.Last < r.period.First {
				r.note(l, Finding{Code: PriorPeriod, Evidence: "the credit is for days before the period; it is kept out of the period's quantities"})
			}
			r.unmatchedCredit(l, r.mayBeFor(l, claims))
		}
	}
}

// closeSettled takes the findings of this comparison that its own credits settle
// in full for done.
func (r *run) closeSettled() {
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		rest := orZero(f.Difference)
		for _, s := range f.Settled {
			rest = sub(rest, s.Amount)
		}
		if len(f.Settled) == 0 || rest.Sign() != 0 {
			continue
		}
		f.Severity, f.Advice = Info, ""
		f.say("settled by line %s", f.Settled[len(f.Settled)-1].InvoiceLine)
	}
}

// tieExactly finds the oldest claim that a line settles to the cent.
func (r *run) tieExactly(l *Line, claims []*claim) []tie {
	for _, c := range claims {
		if c.rest.Sign() != 0 && add(c.rest, l.Amount).Sign() == 0 && r.answers(l, c) {
			return []tie{r.settle(c, l, c.rest)}
		}
	}
	return nil
}

// tiePartly ties a credit that names the invoice it corrects to the claims on
// that invoice: to all of them where they add up to it, and to the only one
// whatever the amount. It does not guess among several.
func (r *run) tiePartly(l *Line, claims []*claim) (ties []tie) {
	open := r.candidates(l, claims)
	sum := new(big.Rat)
	for _, c := range open {
		sum.Add(sum, c.rest)
	}
	credit := abs(l.Amount)
	switch {
	case len(open) == 1:
		amount := open[0].rest
		if credit.Cmp(amount) < 0 {
			amount = credit
		}
		return []tie{r.settle(open[0], l, amount)}
	case sum.Cmp(credit) == 0:
		for _, c := range open {
			ties = append(ties, r.settle(c, l, c.rest))
		}
	}
	return ties
}

// candidates are the claims on the invoice that a credit corrects.
func (r *run) candidates(l *Line, claims []*claim) (open []*claim) {
	if l.Corrects == "" || l.Amount.Sign() >= 0 {
		return nil
	}
	for _, c := range claims {
		if c.rest.Sign() > 0 && r.answers(l, c) {
			open = append(open, c)
		}
	}
	return open
}

// answers tells whether a line is for the same thing as a claim: on the invoice
// that it corrects, or else of the very customer.
func (r *run) answers(l *Line, c *claim) bool {
	customer, pkg := r.customerKey(l), r.packageOf(l.Package, l.SKU)
	if c.currency != l.Currency || pkg != "" && c.pkg != "" && pkg != c.pkg {
		return false
	}
	if c.rest.Sign() < 0 { // usage that was not billed in its month
		return c.entry != nil && customer == c.customer && l.Period.Overlaps(c.period)
	}
	if l.Corrects == "" {
		return customer == c.customer
	}
	return l.Corrects == c.invoice && (customer == "" || c.customer == "" || customer == c.customer)
}

// settle notes that a line settles an amount of a claim.
func (r *run) settle(c *claim, l *Line, amount *big.Rat) tie {
	t := tie{c, c.String(), amount}
	s := Settlement{r.period, l.InvoiceID, l.Number, amount}
	c.rest = sub(c.rest, amount)
	if c.entry != nil {
		c.entry.Settled = append(c.entry.Settled, s)
	} else {
		c.finding.Settled = append(c.finding.Settled, s)
	}
	return t
}

// matchedCredit reports what a credit settles. What settles a finding of an
// earlier month was to be expected; what settles one of this comparison takes
// that one's difference back.
func (r *run) matchedCredit(l *Line, ties []tie) {
	f := Finding{Code: CreditMatched}
	expected, rest := new(big.Rat), new(big.Rat).Set(l.Amount)
	for _, t := range ties {
		if t.entry != nil {
			expected.Sub(expected, t.amount)
		}
		rest.Add(rest, t.amount)
		f.say("settles %s", t.of)
		if t.rest.Sign() != 0 {
			f.say("%s of it stays open", Money(t.rest, l.Currency))
		}
	}
	if rest.Sign() != 0 {
		f.Severity = Warning
		f.say("%s more is credited than was open", Money(abs(rest), l.Currency))
		f.Advice = "ask the provider what the rest of the credit is for"
	}
	f.moneyOnly(l.Amount, expected)
	r.note(l, f)
}

// mayBeFor names the claims that a credit could be for, where it does not say.
func (r *run) mayBeFor(l *Line, claims []*claim) string {
	var names []string
	for _, c := range r.candidates(l, claims) {
		names = append(names, c.String())
	}
	if len(names) == 0 {
		return ""
	}
	return "it may be for " + strings.Join(names, " or ")
}

// unmatchedCredit reports a credit that settles nothing known. What it should
// come to is told where its quantity says so.
func (r *run) unmatchedCredit(l *Line, mayBe string) {
	f := Finding{Code: CreditUnmatched, Evidence: "no finding is known that the credit settles",
		Advice: "ask the provider what the credit is for"}
	if mayBe != "" {
		f.say("%s", mayBe)
	}
	pkg := r.packageOf(l.Package, l.SKU)
	unit, _ := r.in.Prices.On(l.Period.First, pkg, l.Currency)
	policy, _ := r.policyFor(l.SKU, pkg)
	if seats := l.seats(policy.monthDays(l.Period.creditDays(r.dim))); unit != nil && seats != nil {
		due := policy.Mode.Round(mul(seats, unit), CurrencyScale(l.Currency))
		f.say("at the list price the quantity comes to %s", Money(due, l.Currency))
	}
	f.moneyOnly(l.Amount, new(big.Rat))
	r.note(l, f)
}

// lateCharge reports a charge for days before the period. One that an earlier
// month found missing was to be expected.
func (r *run) lateCharge(l *Line, ties []tie) {
	if len(ties) == 0 {
		r.unexpected(l, PriorPeriod, "the charge is for days before the period; "+r.priorReason(l), "compare it with the report of its own period")
		return
	}
	f := Finding{Code: PriorPeriod, Severity: Info, Evidence: fmt.Sprintf("settles %s", ties[0].of)}
	f.moneyOnly(l.Amount, l.Amount)
	r.note(l, f)
}

// creditDays is the days of the month that a credit is for.
func (p Period) creditDays(otherwise int) int {
	if p.First == 0 {
		return otherwise
	}
	return p.monthDays()
}
