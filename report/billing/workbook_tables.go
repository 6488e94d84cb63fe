package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"strings"
)

// fills are the colors of codes.
var fills = map[Severity]string{Error: "F8D7DA", Warning: "FFF1CC", Waived: "E2E3E5"}

func coded(f *Finding) styled { return styled{string(f.Code), style{fill: fills[f.Severity]}} }

func wrapped(text string) styled { return styled{text, style{wrap: true}} }

// findingSheet has the columns of findings.csv, under titles that wrap.
var findingSheet = func() []column {
	widths := []float64{23, 10, 14, 10, 12.5, 12.5, 15, 18, 22, 14, 10, 11, 11, 11, 11, 14, 14, 12, 12, 12, 14, 46, 34}
	columns := make([]column, len(findingColumns))
	for i, title := range findingColumns {
		columns[i] = column{title, widths[i], i > 10 && i < 21}
	}
	return columns
}()

func (b *bookWriter) writeFindings(r *Result) {
	s := b.table(sheetFindings, len(r.Findings), findingSheet...)
	for i := range r.Findings {
		f := &r.Findings[i]
		s.write(coded(f), string(f.Severity), f.InvoiceID, f.InvoiceLine, f.Period.First, f.Period.Last, f.Subscription, f.Customer, f.Package, f.SKU, f.Currency,
			quantity(f.BilledQuantity), quantity(f.ExpectedQuantity), quantity(f.BilledUnitPrice), quantity(f.ExpectedUnitPrice),
			money(f.BilledAmount, f.Currency), money(f.ExpectedAmount, f.Currency),
			effect(f.QuantityEffect, f.Currency), effect(f.RateEffect, f.Currency), effect(f.RoundingEffect, f.Currency), money(f.Difference, f.Currency), wrapped(f.Evidence), wrapped(f.Advice))
	}
	s.totals(r, len(r.Findings), "billed_amount", "expected_amount", "difference")
	s.end()
}

// totals writes a row for each currency below a table with the columns currency
// and difference. Amounts that could not be compared have no difference, and are
// in no total.
func (s *sheetWriter) totals(r *Result, rows int, billed, expected, difference string) {
	for _, t := range r.Totals {
		cells := make([]any, len(s.columns))
		cells[0] = bold("Total " + t.Currency)
		for i, c := range s.columns {
			switch c.title {
			case "currency":
				cells[i] = bold(t.Currency)
			case billed:
				cells[i] = bold(formula{s.sumOf(billed, rows, t.Currency), money(t.Billed, t.Currency)})
			case expected:
				cells[i] = bold(formula{s.sumOf(expected, rows, t.Currency), money(t.Expected, t.Currency)})
			case difference:
				cells[i] = bold(formula{s.sumOf(difference, rows, t.Currency), money(t.Difference, t.Currency)})
			}
		}
		s.write(cells...)
	}
}

// sumOf is the formula for the compared amounts of a currency.
func (s *sheetWriter) sumOf(title string, rows int, iso string) string {
	return fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s,"<>")`, s.rangeOf(title, rows), s.rangeOf("currency", rows), iso, s.rangeOf("difference", rows))
}

func (b *bookWriter) writeCustomers(r *Result) {
	all := r.Customers()
	s := b.table(sheetCustomers, len(all), text("customer", 40), text("currency", 10), figure("billed_amount", 16), figure("expected_amount", 18), figure("difference", 14), figure("findings", 10))
	for _, c := range all {
		s.write(cmp.Or(c.Customer, "(the provider as a whole)"), c.Currency, money(c.Billed, c.Currency), money(c.Expected, c.Currency), money(c.Difference, c.Currency), count(c.Findings))
	}
	s.totals(r, len(all), "billed_amount", "expected_amount", "difference")
	s.end()
}

// writeEvidence shows for everything that was billed or expected how the expected
// amount came about.
func (b *bookWriter) writeEvidence(r *Result) {
	all := r.byLine()
	s := b.table(sheetEvidence, len(all), text("invoice_id", 14), text("invoice_line", 10), text("code", 23), text("customer", 18), text("package", 20), text("currency", 10),
		figure("user_days", 11), figure("month_days", 9), figure("seats_exact", 13), figure("seats", 11), figure("list_price", 10), text("proration", 32),
		text("arithmetic", 50), figure("expected_amount", 14), figure("billed_amount", 14), figure("difference", 14))
	for _, f := range all {
		cells := []any{f.InvoiceID, f.InvoiceLine, coded(f), f.Customer, f.Package, f.Currency, "", "", "", "", "", "", wrapped(f.Evidence)}
		if w := f.Working; w != nil {
			copy(cells[6:], []any{quantity(w.Days), count(w.MonthDays), styled{f.ExpectedQuantity.RatString(), style{right: true}}, quantity(f.ExpectedQuantity), quantity(w.ListPrice), wrapped(w.Policy.String()), wrapped(f.Arithmetic())})
		}
		s.write(append(cells, money(f.ExpectedAmount, f.Currency), money(f.BilledAmount, f.Currency), money(f.Difference, f.Currency))...)
	}
	s.totals(r, len(all), "billed_amount", "expected_amount", "difference")
	s.end()
}

func (b *bookWriter) writeSources(r *Result) {
	if len(r.Sources) == 0 {
		return
	}
	s := b.table(sheetSources, len(r.Sources), text("file", 36), text("kind", 14), text("first_day", 12.5), text("last_day", 12.5), figure("rows", 10), text("sha256", 67), text("columns_taken", 80))
	for i := range r.Sources {
		f := &r.Sources[i]
		s.write(wrapped(f.Name), f.Kind, f.Period.First, f.Period.Last, count(f.Rows), f.SHA256, wrapped(f.roles()))
	}
	s.end()
}

func (b *bookWriter) writeShares(r *Result) {
	if len(r.Allocation) == 0 {
		return
	}
	s := b.table(sheetShares, len(r.Allocation), text("invoice_id", 16), text("invoice_line", 14), text("package", 22), text("customer", 40), text("currency", 10), figure("user_days", 13), figure("amount", 14))
	for _, a := range r.Allocation {
		s.write(a.InvoiceID, a.Lines, a.Package, a.Customer, a.Currency, quantity(a.Days), money(a.Amount, a.Currency))
	}
	for _, d := range r.divided() {
		sum := fmt.Sprintf(`SUMIFS(%s,%s,"%s")`, s.rangeOf("amount", len(r.Allocation)), s.rangeOf("currency", len(r.Allocation)), d.Currency)
		s.write(bold("Total "+d.Currency), "", "", "", bold(d.Currency), "", bold(formula{sum, money(d.Amount, d.Currency)}))
	}
	s.end()
}

// writeLedger shows what was opened, closed and carried on.
func (b *bookWriter) writeLedger(r *Result) {
	if r.Carried == nil {
		return
	}
	parts := []struct {
		state   string
		entries []Entry
	}{{"opened", r.Carried.Opened}, {"closed", r.Carried.Closed}, {"carried", r.Carried.Open}}
	s := b.table(sheetLedger, len(r.Carried.Opened)+len(r.Carried.Closed)+len(r.Carried.Open), text("state", 10), text("id", 16), figure("age_months", 9), text("code", 23),
		text("invoice_id", 14), text("invoice_line", 10), text("customer", 22), text("package", 20), text("currency", 10), figure("amount", 12), figure("open", 12), text("settled_by", 40), text("evidence", 60))
	for _, part := range parts {
		for i := range part.entries {
			e := &part.entries[i]
			var by []string
			for _, t := range e.Settled {
				by = append(by, fmt.Sprintf("%s line %s, %s", t.InvoiceID, t.InvoiceLine, Money(t.Amount, e.Currency)))
			}
			s.write(part.state, e.ID, count(e.Age(r.Period)), string(e.Code), e.InvoiceID, e.InvoiceLine, e.Customer, e.Package, e.Currency,
				money(e.Amount, e.Currency), money(e.Rest(), e.Currency), wrapped(strings.Join(by, "; ")), wrapped(e.Evidence))
		}
	}
	s.end()
}

func (b *bookWriter) writeAccruals(r *Result) {
	if len(r.Accruals) == 0 {
		return
	}
	s := b.table(sheetAccruals, len(r.Accruals), text("package", 26), text("currency", 10), figure("seats", 13), figure("amount", 14))
	for _, a := range r.Accruals {
		s.write(a.Package, a.Currency, quantity(a.Seats), money(a.Amount, a.Currency))
	}
	for _, t := range accrued(r.Accruals) {
		if t.Amount == nil {
			continue
		}
		sum := fmt.Sprintf(`SUMIFS(%s,%s,"%s")`, s.rangeOf("amount", len(r.Accruals)), s.rangeOf("currency", len(r.Accruals)), t.Currency)
		s.write(bold("Total "+t.Currency), bold(t.Currency), "", bold(formula{sum, money(t.Amount, t.Currency)}))
	}
	s.end()
}

func (b *bookWriter) writeMargins(r *Result) {
	if len(r.Margins) == 0 {
		return
	}
	s := b.table(sheetMargins, len(r.Margins), text("customer", 40), text("package", 26), text("currency", 10), figure("cost", 14), figure("revenue", 14), figure("margin", 14), figure("percent", 10))
	for i := range r.Margins {
		m := &r.Margins[i]
		s.write(m.Customer, m.Package, m.Currency, money(m.Cost, m.Currency), money(m.Revenue, m.Currency), money(m.Amount(), m.Currency), amount{m.Percent(), places(1)})
	}
	// What has no resale price has no margin, so its cost is in no total either.
	for _, t := range marginTotals(r.Margins) {
		sum := func(column string, v *big.Rat) styled {
			at := func(name string) string { return s.rangeOf(name, len(r.Margins)) }
			return bold(formula{fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s,"<>")`, at(column), at("currency"), t.Currency, at("revenue")), money(v, t.Currency)})
		}
		s.write(bold("Total "+t.Currency+", of what has a price"), "", bold(t.Currency), sum("cost", t.Cost), sum("revenue", t.Revenue), sum("margin", t.Amount()), bold(amount{t.Percent(), places(1)}))
	}
	s.end()
}
