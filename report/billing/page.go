package billing

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math/big"
	"strings"
)

//go:embed page.html
var pageHTML string

var resultPage = template.Must(template.New("page").Parse(pageHTML))

// pageRows is how many rows of each table the page shows.
const pageRows = 2000

// pageView is what the template shows; its texts are printable, and it escapes them.
type pageView struct {
	First, Last, Proration, Inference string
	Totals                            []pageTotal
	Charts                            []pageChart
	Causes                            []pageCause
	Findings, Evidence                []pageFinding
	Hidden, HiddenEvidence            int
	Ledger                            []pageEntry
	Owed                              []string
	Accruals, Accrued                 []pageAccrual
	Margins, MarginTotals             []marginView
	Customers                         []pageCustomer
	Shares, ShareTotals               []pageShare
	HiddenCustomers, HiddenShares     int
	Sources                           []pageSource
	Notes                             []string
}

type pageTotal struct {
	totalView
	Sign                  string // class of the difference
	HasExcluded, HasApart bool
}

type pageCause struct {
	Code, Severity, Difference, Currency string
	Findings                             int
}

type pageFinding struct {
	Code, Severity, Line, Customer, Package, Days, Billed, Expected, Difference, Currency, Why string
}

type pageEntry struct{ State, ID, Age, What string }

type pageAccrual struct{ Package, Seats, Amount, Currency string }

type pageCustomer struct {
	Customer, Currency, Billed, Expected, Difference string
	Findings                                         int
}

type pageShare struct{ Line, Package, Customer, Days, Amount, Currency string }

type pageSource struct {
	Name, Kind, Period, SHA256, Columns string
	Rows                                int
}

// WriteHTML writes a result as one self-contained page, which asks nothing of the
// network and holds no script. It has the first 2,000 rows of each table.
func WriteHTML(w io.Writer, r *Result) error {
	v := pageView{First: r.Period.First.String(), Last: r.Period.Last.String(), Proration: r.Policy.String()}
	if r.Inference != nil {
		v.Inference = printable(r.Inference.Text)
	}
	for _, n := range r.Notes {
		v.Notes = append(v.Notes, printable(n))
	}
	v.addTotals(r)
	v.addFindings(r)
	v.addMoney(r)
	v.addSources(r)
	if err := resultPage.Execute(w, v); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// few gives the first rows of a table.
func few[T any](all []T) []T { return all[:min(pageRows, len(all))] }

func signOf(v *big.Rat) string { return []string{"under", "", "off"}[v.Sign()+1] }

func (v *pageView) addTotals(r *Result) {
	for i := range r.Totals {
		t := &r.Totals[i]
		v.Totals = append(v.Totals, pageTotal{t.view(), signOf(t.Difference), t.Excluded.Sign() != 0, t.NotCompared.Sign() != 0})
	}
	causes := causesByCurrency(r)
	for _, c := range causes {
		shown := pageCause{string(c.Code), string(c.Severity), "", c.Currency, c.Findings}
		if c.Currency != "" {
			shown.Difference = Money(c.Difference, c.Currency)
		}
		v.Causes = append(v.Causes, shown)
	}
	for first := 0; first < len(causes); {
		last := first
		for last < len(causes) && causes[last].Currency == causes[first].Currency {
			last++
		}
		if chart := newPageChart(causes[first:last]); len(chart.Bars) > 0 {
			v.Charts = append(v.Charts, chart)
		}
		first = last
	}
}

// lineOf names a line of an invoice.
func lineOf(invoice, line string) string {
	return printable(strings.Trim(invoice+", "+line, ", "))
}

func (v *pageView) addFindings(r *Result) {
	row := func(f *Finding, why string) pageFinding {
		shown := pageFinding{string(f.Code), string(f.Severity), lineOf(f.InvoiceID, f.InvoiceLine), printable(f.Customer), printable(cmp.Or(f.Package, f.SKU)), "",
			Money(f.BilledAmount, f.Currency), Money(f.ExpectedAmount, f.Currency), Money(f.Difference, f.Currency), f.Currency, printable(why)}
		if f.Working != nil {
			shown.Days = Exact(f.Working.Days)
		}
		return shown
	}
	found := r.Shown(false)
	v.Hidden = len(found) - len(few(found))
	for i := range few(found) {
		v.Findings = append(v.Findings, row(&found[i], explain(&found[i])))
	}
	billed := r.byLine()
	v.HiddenEvidence = len(billed) - len(few(billed))
	for _, f := range few(billed) {
		v.Evidence = append(v.Evidence, row(f, cmp.Or(f.Arithmetic(), f.Evidence)))
	}
}

func (v *pageView) addMoney(r *Result) {
	for _, c := range few(r.Customers()) {
		v.Customers = append(v.Customers, pageCustomer{printable(cmp.Or(c.Customer, "(the provider as a whole)")), c.Currency, Money(c.Billed, c.Currency), Money(c.Expected, c.Currency), Money(c.Difference, c.Currency), c.Findings})
	}
	for _, s := range few(r.Allocation) {
		v.Shares = append(v.Shares, pageShare{lineOf(s.InvoiceID, s.Lines), printable(s.Package), printable(s.Customer), Exact(s.Days), Money(s.Amount, s.Currency), s.Currency})
	}
	for _, d := range r.divided() {
		v.ShareTotals = append(v.ShareTotals, pageShare{"Total " + d.Currency, "", "", "", Money(d.Amount, d.Currency), d.Currency})
	}
	v.HiddenCustomers, v.HiddenShares = len(r.Customers())-len(v.Customers), len(r.Allocation)-len(v.Shares)
	for _, a := range r.Accruals {
		v.Accruals = append(v.Accruals, pageAccrual{printable(a.Package), Exact(a.Seats), cmp.Or(Money(a.Amount, a.Currency), "no price"), a.Currency})
	}
	for i := range few(r.Margins) {
		m := r.Margins[i].view()
		m.Customer, m.Package, m.Revenue = printable(m.Customer), printable(m.Package), cmp.Or(m.Revenue, "no price")
		v.Margins = append(v.Margins, m)
	}
	for _, t := range accrued(r.Accruals) {
		if t.Amount != nil {
			v.Accrued = append(v.Accrued, pageAccrual{"Total " + t.Currency, Exact(t.Seats), Money(t.Amount, t.Currency), t.Currency})
		}
	}
	for _, t := range marginTotals(r.Margins) {
		v.MarginTotals = append(v.MarginTotals, t.view())
	}
	if r.Carried == nil {
		return
	}
	for _, o := range r.Carried.owed() {
		v.Owed = append(v.Owed, o.String())
	}
	for _, part := range []struct {
		state   string
		entries []Entry
	}{{"opened", r.Carried.Opened}, {"closed", r.Carried.Closed}, {"carried", r.Carried.Open}} {
		for i := range few(part.entries) {
			e := &part.entries[i]
			v.Ledger = append(v.Ledger, pageEntry{part.state, e.ID, e.age(r.Period), printable(e.words())})
		}
	}
}

func (v *pageView) addSources(r *Result) {
	for i := range r.Sources {
		s := &r.Sources[i]
		period := ""
		if s.Period.First != 0 {
			period = s.Period.String()
		}
		v.Sources = append(v.Sources, pageSource{printable(s.Name), s.Kind, period, s.SHA256, printable(s.roles()), s.Rows})
	}
}
