package billing

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math/big"
)

//go:embed page.html
var pageHTML string

var resultPage = template.Must(template.New("page").Parse(pageHTML))

// Limits and measures of the page.
const (
	pageRows  = 2000 // findings, customers
	barHeight = 26
	barWidth  = 400
)

// bar is a cause in the chart.
type bar struct {
	Label, Amount, Fill    string
	Y, TextY, TextX, Width int
}

// pageFinding is a finding in the table.
type pageFinding struct {
	Code, Severity, Line, Customer, Package, Billed, Expected, Difference, Why string
}

// pageCustomer is a customer in the table.
type pageCustomer struct {
	Customer, Currency, Billed, Expected, Difference string
	Findings                                         int
}

// pageView is what the template shows; its texts are printable, and it escapes them.
type pageView struct {
	First, Last, Proration, Inference string
	Totals                            []totalView
	Bars                              []bar
	Height                            int
	Findings                          []pageFinding
	Hidden                            int
	Customers                         []pageCustomer
	Notes                             []string
}

// WriteHTML writes a result as one self-contained page, which asks nothing of the
// network and holds no script. It has the first 2,000 findings and customers.
func WriteHTML(w io.Writer, r *Result) error {
	v := pageView{First: r.Period.First.String(), Last: r.Period.Last.String(), Proration: r.Policy.String(), Bars: bars(r.Causes())}
	v.Height = len(v.Bars) * barHeight
	if r.Inference != nil {
		v.Inference = r.Inference.Text
	}
	for _, t := range r.Totals {
		v.Totals = append(v.Totals, t.view())
	}
	shown := r.Shown(false)
	v.Hidden = max(0, len(shown)-pageRows)
	for i := range shown[:min(pageRows, len(shown))] {
		f := &shown[i]
		v.Findings = append(v.Findings, pageFinding{string(f.Code), string(f.Severity), printable(f.InvoiceLine), printable(f.Customer), printable(f.Package),
			Money(f.BilledAmount, f.Currency), Money(f.ExpectedAmount, f.Currency), Money(f.Difference, f.Currency), printable(explain(f))})
	}
	customers := r.Customers()
	for _, c := range customers[:min(pageRows, len(customers))] {
		v.Customers = append(v.Customers, pageCustomer{printable(c.Customer), c.Currency, Money(c.Billed, c.Currency), Money(c.Expected, c.Currency), Money(c.Difference, c.Currency), c.Findings})
	}
	for _, n := range r.Notes {
		v.Notes = append(v.Notes, printable(n))
	}
	if err := resultPage.Execute(w, v); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// bars lays the chart out: the longest bar is the cause with the most money.
func bars(causes []Cause) []bar {
	most := new(big.Rat)
	for _, c := range causes {
		if abs(c.Difference).Cmp(most) > 0 {
			most = abs(c.Difference)
		}
	}
	var all []bar
	for i, c := range causes {
		const left = 230
		b := bar{Label: string(c.Code), Amount: fmt.Sprint(c.Findings), Fill: "#b03030", Y: i*barHeight + 4, TextY: i*barHeight + 18}
		if c.Currency != "" {
			b.Amount = Money(c.Difference, c.Currency) + " " + c.Currency
		}
		if most.Sign() > 0 {
			share, _ := div(abs(c.Difference), most).Float64()
			b.Width = int(share * barWidth)
		}
		if c.Difference.Sign() < 0 {
			b.Fill = "#3060a0"
		}
		b.TextX = left + b.Width + 8
		all = append(all, b)
	}
	return all
}
