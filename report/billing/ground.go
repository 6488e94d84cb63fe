package billing

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// Ground is all that a finding rests on: the charges, the rows of usage and the
// arithmetic between them.
type Ground struct {
	Finding   Finding
	Lines     []Line      // of the invoice
	Rows      []GroundRow // of the reports, by file and line
	Policy    Policy
	MonthDays int      // of the month that a price is for
	Days      *big.Rat // user-days that were counted; nil = the finding is not about usage
	Price     *big.Rat // of a seat for a month, nil = not known
	PriceFrom string   // where the price is from
	Corrected bool     // the rows add up to something else, because days in two packages or in another zone were moved
}

// GroundRow is a row of a usage report.
type GroundRow struct {
	File     string
	Line     int32
	Level    Level
	Customer string
	UsageRow
}

// groundAll collects the grounds that were asked for, with one walk over the rows.
func (r *run) groundAll() {
	if r.opt.Ground == nil {
		return
	}
	of := make(map[*Line]*group)
	for _, g := range r.groups {
		for _, l := range g.lines {
			of[l] = g
		}
	}
	for i := range r.result.Findings {
		if f := &r.result.Findings[i]; r.opt.Ground(f) {
			r.result.Grounds = append(r.result.Grounds, r.groundOf(f, of))
		}
	}
	wanted := make(map[string][]*Ground) // by package
	for i := range r.result.Grounds {
		g := &r.result.Grounds[i]
		if g.Days != nil {
			wanted[g.Finding.Package] = append(wanted[g.Finding.Package], g)
		}
	}
	for i := range r.in.Reports {
		r.groundRows(&r.in.Reports[i], wanted)
	}
	for i := range r.result.Grounds {
		r.result.Grounds[i].finish()
	}
}

// groundOf collects everything but the rows.
func (r *run) groundOf(f *Finding, of map[*Line]*group) Ground {
	ground := Ground{Finding: *f, MonthDays: r.dim}
	var g *group
	numbers := strings.Split(f.InvoiceLine, "+")
	for i := range r.lines {
		if l := &r.lines[i]; f.InvoiceLine != "" && slices.Contains(numbers, l.Number) && l.Currency == f.Currency && (l.InvoiceID == f.InvoiceID || of[l] != nil && of[l] == g) {
			ground.Lines = append(ground.Lines, *l)
			g = cmp.Or(of[l], g)
		}
	}
	if f.InvoiceLine == "" {
		if i := slices.IndexFunc(r.groups, func(g *group) bool { return len(g.lines) == 0 && g.isOf(f) }); i >= 0 {
			g = r.groups[i]
		}
	}
	if g == nil {
		return ground
	}
	if f.Code == DuplicateLine { // the charge that it repeats is the proof
		ground.Lines = nil
		for _, l := range g.lines {
			ground.Lines = append(ground.Lines, *l)
		}
	}
	p := r.priceOf(g)
	policy, _ := r.policyOf(g)
	w := r.working(g, policy, p.unit)
	ground.Days, ground.MonthDays, ground.Policy, ground.Price, ground.PriceFrom = w.Days, w.MonthDays, w.Policy, w.ListPrice, "the invoice itself"
	if !p.own {
		ground.PriceFrom = cmp.Or(r.in.Prices.Name, "the price list")
		if how := p.conversion(); how != "" {
			ground.PriceFrom += ": " + how
		}
	}
	return ground
}

// isOf tells whether a finding about usage without charges is about the group.
func (g *group) isOf(f *Finding) bool {
	return g.customer == f.Customer && g.pkg == f.Package && g.user == f.User && g.currency == f.Currency && g.subscription == f.Subscription
}

// groundRows gives the rows of a report to the grounds that they belong to.
func (r *run) groundRows(report *Report, wanted map[string][]*Ground) {
	for i := range report.Rows {
		row := &report.Rows[i]
		key := r.places[row.Place]
		if len(wanted[key.pkg]) == 0 {
			continue
		}
		customer := ""
		if key.customer != nil {
			customer = key.customer.Key()
		}
		for _, g := range wanted[key.pkg] {
			f := &g.Finding
			if f.Customer != "" && customer != "" && customer != f.Customer || f.User != "" && row.User != "" && f.User != row.User || report.Level == LevelPartner && f.Customer != "" {
				continue
			}
			g.Rows = append(g.Rows, GroundRow{report.Name, row.Line, report.Level, customer, *row})
		}
	}
}

// finish puts the rows in order and adds them up.
func (g *Ground) finish() {
	slices.SortStableFunc(g.Rows, func(a, b GroundRow) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.User, b.User), cmp.Compare(a.Day, b.Day))
	})
	if g.Days == nil {
		return
	}
	sums := make(map[Level]Count)
	for i := range g.Rows {
		sums[g.Rows[i].Level] += g.Rows[i].Count
	}
	g.Corrected = len(g.Rows) > 0
	for _, sum := range sums {
		if sum.Rat().Cmp(g.Days) == 0 {
			g.Corrected = false
		}
	}
}

// Steps says in words how the expected amount comes about, one step each.
func (g *Ground) Steps() []string {
	f := &g.Finding
	switch {
	case f.Working != nil:
		return f.Steps()
	case g.Days == nil || f.ExpectedQuantity == nil:
		return nil
	}
	return []string{averageStep(g.Days, g.MonthDays), "no price is known"}
}
