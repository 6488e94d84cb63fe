package billing

import (
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"
)

// The sheets of the workbook.
const (
	sheetSummary   = "Summary"
	sheetFindings  = "Findings"
	sheetCustomers = "Customers"
	sheetShares    = "Allocation"
)

// bookWriter writes sheets; the first error stays, and nothing is written after it.
type bookWriter struct {
	file   *excelize.File
	bold   int
	places map[int]int // styles of numbers by decimal places
	err    error
}

// WriteWorkbook writes a result as an Excel workbook: totals and causes with a
// chart, findings, customers, and the shares of charges for the provider as a
// whole. Numbers are numbers, headers stay in sight and can be filtered by.
func WriteWorkbook(w io.Writer, r *Result) error {
	b := &bookWriter{file: excelize.NewFile(), places: make(map[int]int)}
	defer b.file.Close()
	b.bold, b.err = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	b.try(b.file.SetSheetName("Sheet1", sheetSummary))
	b.summary(r)
	b.findings(r)
	b.customers(r)
	b.shares(r)
	if b.err == nil {
		b.err = b.file.Write(w)
	}
	if b.err != nil {
		return fmt.Errorf("writing the workbook: %w", b.err)
	}
	return nil
}

func (b *bookWriter) try(err error) {
	if b.err == nil {
		b.err = err
	}
}

// row writes cells from column A on. Texts are written as texts, so a formula in
// one stays a text.
func (b *bookWriter) row(sheet string, number int, cells ...any) {
	for i, cell := range cells {
		at, err := excelize.CoordinatesToCellName(i+1, number)
		b.try(err)
		switch v := cell.(type) {
		case amount:
			b.number(sheet, at, v)
		case string:
			b.try(b.file.SetCellStr(sheet, at, cellText(v)))
		default:
			b.try(b.file.SetCellValue(sheet, at, v))
		}
	}
}

// amount is a number with the places that it is shown with.
type amount struct {
	value  *big.Rat
	places int
}

func money(v *big.Rat, iso string) amount { return amount{v, CurrencyScale(iso)} }
func quantity(v *big.Rat) amount          { return amount{v, 4} }

func (b *bookWriter) number(sheet, at string, a amount) {
	if a.value == nil {
		return
	}
	f, _ := a.value.Float64()
	b.try(b.file.SetCellFloat(sheet, at, f, -1, 64))
	b.try(b.file.SetCellStyle(sheet, at, at, b.numberStyle(a.places)))
}

func (b *bookWriter) numberStyle(places int) int {
	if style, ok := b.places[places]; ok {
		return style
	}
	format := "#,##0"
	if places > 0 {
		format += "." + strings.Repeat("0", places)
	}
	style, err := b.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
	b.try(err)
	b.places[places] = style
	return style
}

// cellText takes out what XML cannot hold.
func cellText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\ufffd'
		}
		return r
	}, s)
}

// table writes a header that stays in sight, with a filter over all rows.
func (b *bookWriter) table(sheet string, header []string, rows int, widths ...float64) {
	_, err := b.file.NewSheet(sheet)
	b.try(err)
	cells := make([]any, len(header))
	for i, h := range header {
		cells[i] = h
	}
	b.row(sheet, 1, cells...)
	b.try(b.file.SetRowStyle(sheet, 1, 1, b.bold))
	last, err := excelize.CoordinatesToCellName(len(header), rows+1)
	b.try(err)
	b.try(b.file.AutoFilter(sheet, "A1:"+last, nil))
	b.try(b.file.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	for i, width := range widths {
		column, err := excelize.ColumnNumberToName(i + 1)
		b.try(err)
		b.try(b.file.SetColWidth(sheet, column, column, width))
	}
}

func (b *bookWriter) summary(r *Result) {
	b.row(sheetSummary, 1, fmt.Sprintf("Invoice against usage, %s to %s", r.Period.First, r.Period.Last))
	b.row(sheetSummary, 2, "Proration: "+r.Policy.String())
	at := 4
	b.row(sheetSummary, at, "Currency", "Billed", "Expected", "Difference", "Excluded", "Not compared")
	b.try(b.file.SetRowStyle(sheetSummary, at, at, b.bold))
	for _, t := range r.Totals {
		at++
		b.row(sheetSummary, at, t.Currency, money(t.Billed, t.Currency), money(t.Expected, t.Currency), money(t.Difference, t.Currency),
			money(t.Excluded, t.Currency), money(t.NotCompared, t.Currency))
	}
	at += 2
	b.row(sheetSummary, at, "Cause", "Severity", "Findings", "Difference", "Currency")
	b.try(b.file.SetRowStyle(sheetSummary, at, at, b.bold))
	first := at + 1
	for _, c := range r.Causes() {
		at++
		b.row(sheetSummary, at, string(c.Code), string(c.Severity), c.Findings, money(c.Difference, c.Currency), c.Currency)
	}
	b.try(b.file.SetRowStyle(sheetSummary, 1, 1, b.bold))
	b.try(b.file.SetColWidth(sheetSummary, "A", "A", 24))
	b.try(b.file.SetColWidth(sheetSummary, "B", "F", 14))
	if at < first {
		return
	}
	b.try(b.file.AddChart(sheetSummary, "H4", &excelize.Chart{
		Type: excelize.Bar,
		Series: []excelize.ChartSeries{{
			Name:       "Difference",
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheetSummary, first, at),
			Values:     fmt.Sprintf("%s!$D$%d:$D$%d", sheetSummary, first, at),
		}},
		Title:  excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Difference by cause"}}},
		Legend: excelize.ChartLegend{Position: "none"},
	}))
}

func (b *bookWriter) findings(r *Result) {
	b.table(sheetFindings, findingColumns, len(r.Findings), 20, 10, 14, 12, 12, 12, 14, 18, 20, 14, 10, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 60, 50)
	for i := range r.Findings {
		f := &r.Findings[i]
		b.row(sheetFindings, i+2,
			string(f.Code), string(f.Severity), f.InvoiceID, f.InvoiceLine, f.Period.First.String(), f.Period.Last.String(), f.Subscription, f.Customer, f.Package, f.SKU, f.Currency,
			quantity(f.BilledQuantity), quantity(f.ExpectedQuantity), quantity(f.BilledUnitPrice), quantity(f.ExpectedUnitPrice),
			money(f.BilledAmount, f.Currency), money(f.ExpectedAmount, f.Currency),
			quantity(f.QuantityEffect), quantity(f.RateEffect), quantity(f.RoundingEffect), money(f.Difference, f.Currency), f.Evidence, f.Advice)
	}
}

func (b *bookWriter) customers(r *Result) {
	all := r.Customers()
	b.table(sheetCustomers, []string{"customer", "currency", "billed_amount", "expected_amount", "difference", "findings"}, len(all), 30, 10, 16, 16, 14, 10)
	for i, c := range all {
		b.row(sheetCustomers, i+2, c.Customer, c.Currency, money(c.Billed, c.Currency), money(c.Expected, c.Currency), money(c.Difference, c.Currency), c.Findings)
	}
}

func (b *bookWriter) shares(r *Result) {
	b.table(sheetShares, []string{"invoice_id", "invoice_line", "package", "customer", "currency", "user_days", "amount"}, len(r.Allocation), 16, 14, 22, 30, 10, 12, 14)
	for i, s := range r.Allocation {
		b.row(sheetShares, i+2, s.InvoiceID, s.Lines, s.Package, s.Customer, s.Currency, quantity(s.Days), money(s.Amount, s.Currency))
	}
}
