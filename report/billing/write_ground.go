package billing

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// mostRows is how many rows of usage an explanation shows.
const mostRows = 40

// WriteGround explains a finding to people: the charge, the usage, the arithmetic
// and the difference.
func WriteGround(w io.Writer, g *Ground) error {
	f := &g.Finding
	var b strings.Builder
	head := []string{string(f.Code)}
	if f.InvoiceLine != "" {
		head = append(head, "line "+f.InvoiceLine+" of invoice "+f.InvoiceID)
	}
	for _, s := range []string{f.Customer, f.User, f.Package} {
		if s != "" {
			head = append(head, s)
		}
	}
	fmt.Fprintf(&b, "%s, %s to %s\n", strings.Join(head, ", "), f.Period.First, f.Period.Last)
	for i := range g.Lines {
		l := &g.Lines[i]
		fmt.Fprintf(&b, "  billed      %s: %s", place(l.File, l.Row), l.Unit.count(l.Quantity))
		if l.UnitPrice != nil {
			fmt.Fprintf(&b, " x %s", Money(l.UnitPrice, l.Currency))
		}
		fmt.Fprintf(&b, ", %s %s\n", Money(l.Amount, l.Currency), l.Currency)
	}
	g.writeUsage(&b)
	if g.Days != nil {
		fmt.Fprintf(&b, "  proration   %s\n", g.Policy)
	}
	if g.Price != nil {
		fmt.Fprintf(&b, "  price       %s %s for a seat and month, from %s\n", Money(g.Price, f.Currency), f.Currency, g.PriceFrom)
	}
	for _, step := range g.Steps() {
		fmt.Fprintf(&b, "  expected    %s\n", step)
	}
	if f.Difference != nil {
		fmt.Fprintf(&b, "  difference  %s - %s = %s %s\n", Money(f.BilledAmount, f.Currency), Money(f.ExpectedAmount, f.Currency), Money(f.Difference, f.Currency), f.Currency)
	}
	if f.QuantityEffect != nil && f.Difference.Sign() != 0 {
		fmt.Fprintf(&b, "              of which quantity %s, price %s, rounding %s\n", Exact(f.QuantityEffect), Exact(f.RateEffect), f.printedRest())
	}
	for _, s := range []string{f.Evidence, f.Advice} {
		if s != "" {
			fmt.Fprintf(&b, "  %s\n", s)
		}
	}
	_, err := io.WriteString(w, printableLines(b.String()))
	return err
}

func (g *Ground) writeUsage(b *strings.Builder) {
	if g.Days == nil {
		return
	}
	fmt.Fprintf(b, "  usage       %s user-days\n", Exact(g.Days))
	for i := range g.Rows[:min(mostRows, len(g.Rows))] {
		row := &g.Rows[i]
		parts := []string{Exact(row.Count.Rat())}
		for _, s := range []string{row.Day.String(), row.User, row.Customer} {
			if s != "" {
				parts = append(parts, s)
			}
		}
		fmt.Fprintf(b, "              %s: %s\n", place(row.File, int(row.Line)), strings.Join(parts, " "))
	}
	if more := len(g.Rows) - mostRows; more > 0 {
		fmt.Fprintf(b, "              ... and %d rows more\n", more)
	}
	if g.Corrected {
		b.WriteString("              the rows add up to more or less: days in two packages, or days of another time zone, were moved\n")
	}
}

// groundView is what a finding rests on, for machines.
type groundView struct {
	Code      Code       `json:"code"`
	InvoiceID string     `json:"invoice_id,omitempty"`
	Line      string     `json:"invoice_line,omitempty"`
	Proration string     `json:"proration,omitempty"`
	Days      string     `json:"user_days,omitempty"`
	UnitPrice string     `json:"unit_price,omitempty"`
	Steps     []string   `json:"steps"`
	Usage     []usedView `json:"usage"`
}

type usedView struct {
	File     string `json:"file"`
	Row      int32  `json:"row,omitempty"`
	Level    Level  `json:"level"`
	Customer string `json:"customer,omitempty"`
	User     string `json:"user,omitempty"`
	Day      string `json:"day,omitempty"`
	Quantity string `json:"quantity"`
}

func (g *Ground) view() groundView {
	v := groundView{Code: g.Finding.Code, InvoiceID: g.Finding.InvoiceID, Line: g.Finding.InvoiceLine, Days: Exact(g.Days), UnitPrice: Exact(g.Price),
		Steps: append([]string{}, g.Steps()...), Usage: []usedView{}}
	if g.Days != nil {
		v.Proration = g.Policy.String()
	}
	for i := range g.Rows {
		row := &g.Rows[i]
		v.Usage = append(v.Usage, usedView{row.File, row.Line, row.Level, row.Customer, row.User, row.Day.String(), Exact(row.Count.Rat())})
	}
	return v
}

// count writes a quantity and what it counts.
func (u Unit) count(quantity *big.Rat) string {
	word := string(u)
	switch u {
	case UnitMonth:
		word = "seats"
	case UnitDay:
		word = "user-days"
	}
	if Exact(quantity) == "1" {
		word = strings.TrimSuffix(word, "s")
	}
	return Exact(quantity) + " " + word
}

// place names a row of a file; a row that is not known is left out.
func place(file string, row int) string {
	if row == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, row)
}

// printableLines makes text of several lines safe for a terminal.
func printableLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// File is a file of evidence.
type File struct{ Name, SHA256 string }

var disputeColumns = []string{"kind", "file", "sha256", "row", "invoice_id", "invoice_line", "period_start", "period_end", "customer", "package", "sku", "user", "day",
	"quantity", "unit", "unit_price", "amount", "currency", "text"}

// WriteDispute writes the evidence for a claim as CSV: the claim itself, the
// charges, the rows of usage, the price and the arithmetic. Each row names its file
// and the SHA-256 of that, so that the other side can look it up in its own copy.
func WriteDispute(w io.Writer, g *Ground, files []File) error {
	sums := make(map[string]string)
	for _, f := range files {
		sums[f.Name] = f.SHA256
	}
	f := &g.Finding
	rows := [][]string{disputeColumns, {"claim", "", "", "", f.InvoiceID, f.InvoiceLine, f.Period.First.String(), f.Period.Last.String(), f.Customer, f.Package, f.SKU, f.User, "",
		Exact(subKnown(f.BilledQuantity, f.ExpectedQuantity)), string(UnitMonth), "", Money(f.Difference, f.Currency), f.Currency, string(f.Code) + ": " + explain(f)}}
	for i := range g.Lines {
		l := &g.Lines[i]
		rows = append(rows, []string{"charge", l.File, sums[l.File], fmt.Sprint(l.Row), l.InvoiceID, l.Number, l.Period.First.String(), l.Period.Last.String(), l.Customer.Key(), f.Package, l.SKU, l.User, "",
			Exact(l.Quantity), string(l.Unit), Exact(l.UnitPrice), Money(l.Amount, l.Currency), l.Currency, l.Description})
	}
	for i := range g.Rows {
		row := &g.Rows[i]
		unit := string(UnitDay)
		if row.Level == LevelPointInTime {
			unit = string(UnitMonth)
		}
		rows = append(rows, []string{"usage", row.File, sums[row.File], fmt.Sprint(row.Line), "", "", "", "", row.Customer, f.Package, row.Place.SKU, row.User, row.Day.String(),
			Exact(row.Count.Rat()), unit, "", "", "", string(row.Level)})
	}
	if g.Price != nil {
		rows = append(rows, []string{"price", "", "", "", "", "", "", "", "", f.Package, "", "", "", "1", string(UnitMonth), Exact(g.Price), "", f.Currency, "from " + g.PriceFrom})
	}
	for _, step := range g.Steps() {
		rows = append(rows, []string{"expected", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", step})
	}
	for _, file := range files {
		rows = append(rows, []string{"file", file.Name, file.SHA256, "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", ""})
	}
	return writeSafe(w, rows)
}

// Claim is the file that the evidence of a finding is in.
type Claim struct {
	File    string
	Finding *Finding
}

// WriteClaims lists claims as CSV, and what they come to in each currency.
func WriteClaims(w io.Writer, claims []Claim) error {
	rows := [][]string{{"file", "code", "invoice_id", "invoice_line", "customer", "package", "currency", "claimed"}}
	total := make(map[string]*big.Rat)
	for _, c := range claims {
		f := c.Finding
		rows = append(rows, []string{c.File, string(f.Code), f.InvoiceID, f.InvoiceLine, f.Customer, f.Package, f.Currency, Money(f.Difference, f.Currency)})
		total[f.Currency] = add(orZero(total[f.Currency]), f.Difference)
	}
	for _, iso := range sortedKeys(total) {
		rows = append(rows, []string{"", "all", "", "", "", "", iso, Money(total[iso], iso)})
	}
	return writeSafe(w, rows)
}

// writeSafe writes rows as CSV that is safe to open in a spreadsheet.
func writeSafe(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i := range row {
			row[i] = safeCell(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
