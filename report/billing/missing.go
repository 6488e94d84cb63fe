package billing

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// plainWord is text that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_=-]*$`)

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// missingInReport says why charges have no usage, as far as that can be told.
func (r *run) missingInReport(g *group, f *Finding) {
	f.Code, f.Advice = MissingInReport, "dispute the charge, or get the report that has the usage"
	f.say("no usage was metered")
	subPartner := g.subPartner
	for _, l := range g.lines {
		subPartner = max(subPartner, l.SubPartner)
	}
	for i := range r.in.Inventory {
		if s := &r.in.Inventory[i]; s.SubPartner != "" && r.seatIn(s, g) && g.customer != "" {
			subPartner = max(subPartner, s.SubPartner)
		}
	}
	if subPartner != "" && !r.reportsOf(subPartner) {
		f.Code = SubPartnerScope
		f.say("the customer is of sub-partner %s, whose report is missing", subPartner)
		f.Advice = "get that sub-partner's report too"
		if plainWord.MatchString(subPartner) {
			f.Advice += fmt.Sprintf(": wholesync billing create --type customer --start %s --end %s --sub-partner %s", r.period.First, r.period.Last, subPartner)
		}
		return
	}
	if r.isInternal(g) {
		f.say("the customer is an internal organization, and the reports were made without those (internal=false)")
		f.Advice = "have the reports made with internal=true, or ask why an internal organization is billed"
		return
	}
	if rename := r.possibleRename(g); rename != "" {
		f.say("%s", rename)
		f.Advice = "add the name to customer_map in the mapping file, if it is the same customer"
	}
}

// isInternal tells whether a group is of an organization of the provider's own.
func (r *run) isInternal(g *group) bool {
	for _, l := range g.lines {
		for _, id := range []string{g.customer, l.Customer.OrgID, l.Customer.ExternalID, l.Customer.Name} {
			if id != "" && slices.ContainsFunc(r.opt.Internal, func(s string) bool { return NormalID(s) == id }) {
				return true
			}
		}
	}
	return false
}

func (r *run) reportsOf(subPartner string) bool {
	for _, report := range r.in.Reports {
		if report.SubPartner == subPartner {
			return true
		}
	}
	return slices.ContainsFunc(r.cells, func(c *cell) bool { return c.subPartner == subPartner })
}

// possibleRename hints at the customer that a group without a counterpart may
// be: one of the other side, with the same package and about the same quantity.
func (r *run) possibleRename(g *group) string {
	if g.customer == "" {
		return ""
	}
	var near []string
	for _, o := range r.groups {
		if o.pkg != g.pkg || o.customer == "" || len(o.lines) > 0 == (len(g.lines) > 0) || len(o.cells) > 0 == (len(g.cells) > 0) {
			continue
		}
		billed, cells := g, o
		if len(billed.lines) == 0 {
			billed, cells = o, g
		}
		quantity := r.billedFor(billed, billed.lines).quantity
		if quantity == nil {
			continue
		}
		metered := div(cells.measure().days, fromInt(r.monthDays(cells)))
		if abs(sub(quantity, metered)).Cmp(big.NewRat(1, 2)) <= 0 {
			near = append(near, o.customer)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return "possible rename of " + strings.Join(near, " or ")
}

// compareInvoiceRounding compares what is left over where the sum is rounded
// once: the lines are shown rounded, and a rounding charge or the stated total
// makes up for it.
func (r *run) compareInvoiceRounding() {
	if r.opt.Policy.Level != RoundInvoice || len(r.lines) == 0 {
		return
	}
	type sums struct{ exact, rounded, lines, charged *big.Rat }
	by := make(map[string]*sums)
	of := func(iso string) *sums {
		if by[iso] == nil {
			by[iso] = &sums{new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)}
		}
		return by[iso]
	}
	for i := range r.result.Findings {
		if f := &r.result.Findings[i]; f.Exact != nil {
			s := of(f.Currency)
			s.exact.Add(s.exact, f.Exact)
			s.rounded.Add(s.rounded, f.ExpectedAmount)
		}
	}
	for i := range r.lines {
		l := &r.lines[i]
		s := of(l.Currency)
		s.lines.Add(s.lines, l.Amount)
		if l.Charge == ChargeRounding {
			s.charged.Add(s.charged, l.Amount)
		}
	}
	for _, iso := range sortedKeys(by) {
		s := by[iso]
		if stated := r.opt.Stated[iso]; stated != nil {
			s.charged.Add(s.charged, sub(stated, s.lines))
		}
		due := sub(r.opt.Policy.Mode.Round(s.exact, CurrencyScale(iso)), s.rounded)
		r.noteInvoiceRounding(iso, s.charged, due)
	}
}

func (r *run) noteInvoiceRounding(iso string, charged, due *big.Rat) {
	if charged.Sign() == 0 && due.Sign() == 0 {
		return
	}
	f := Finding{Code: Rounding, InvoiceID: r.lines[0].InvoiceID, Period: r.period, Currency: iso,
		Evidence: "the sum is rounded once; the lines are rounded for show"}
	f.moneyOnly(charged, due)
	bound := mul(halfUnit(iso), fromInt(len(r.lines)+1))
	switch {
	case f.Difference.Sign() == 0:
		f.Code = Match
	case abs(f.Difference).Cmp(bound) > 0:
		f.Code, f.Advice = InvoiceTotal, "check that no line is missing from the file"
		f.Evidence = fmt.Sprintf("the lines and the total differ by %s, rounding explains %s", Money(charged, iso), Money(due, iso))
	}
	r.warn(f)
}
