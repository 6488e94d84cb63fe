package billing

import (
	"cmp"
	"encoding/json"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// findingColumns are the columns of findings.csv.
var findingColumns = []string{
	"code", "severity", "invoice_id", "invoice_line", "period_start", "period_end", "subscription_id", "customer", "package", "sku", "currency",
	"billed_quantity", "expected_quantity", "billed_unit_price", "expected_unit_price", "billed_amount", "expected_amount",
	"quantity_effect", "rate_effect", "rounding_effect", "difference", "evidence", "advice",
}

// cells gives a finding in the order of findingColumns.
func (f *Finding) cells() []string {
	return []string{
		string(f.Code), string(f.Severity), f.InvoiceID, f.InvoiceLine, f.Period.First.String(), f.Period.Last.String(), f.Subscription, f.Customer, f.Package, f.SKU, f.Currency,
		Exact(f.BilledQuantity), Exact(f.ExpectedQuantity), Exact(f.BilledUnitPrice), Exact(f.ExpectedUnitPrice), Money(f.BilledAmount, f.Currency), Money(f.ExpectedAmount, f.Currency),
		Exact(f.QuantityEffect), Exact(f.RateEffect), f.printedRest(), Money(f.Difference, f.Currency), f.Evidence, f.Advice,
	}
}

// printedRest is the rounding effect as it must be printed so that the printed
// effects, some of which have more digits than a cell, add up to the difference.
func (f *Finding) printedRest() string {
	if f.QuantityEffect == nil {
		return ""
	}
	return Exact(sub(f.Difference, add(printed(f.QuantityEffect), printed(f.RateEffect))))
}

// printed is the value that [Exact] writes.
func printed(v *big.Rat) *big.Rat {
	p, _ := new(big.Rat).SetString(Exact(v))
	return p
}

// WriteFindings writes findings as CSV that is safe to open in a spreadsheet.
// Numbers are plain: a decimal point and nothing else.
func WriteFindings(w io.Writer, findings []Finding) error {
	rows := [][]string{slices.Clone(findingColumns)}
	for i := range findings {
		rows = append(rows, findings[i].cells())
	}
	return writeSafe(w, rows)
}

// formulaStarts make a spreadsheet take a cell for a formula, or skip to one.
const formulaStarts = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"

// harmless begins like a formula and is a number.
var harmless = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// safeCell puts a quote before what a spreadsheet would compute.
func safeCell(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if s == "" || !strings.ContainsRune(formulaStarts, r) || harmless.MatchString(s) {
		return s
	}
	return "'" + s
}

// printable replaces what could harm a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// findingView is a finding for machines. Amounts are texts, because a JSON number
// is not exact.
type findingView struct {
	Code         Code     `json:"code"`
	Severity     Severity `json:"severity"`
	InvoiceID    string   `json:"invoice_id,omitempty"`
	InvoiceLine  string   `json:"invoice_line,omitempty"`
	Period       Period   `json:"period"`
	Subscription string   `json:"subscription_id,omitempty"`
	Customer     string   `json:"customer,omitempty"`
	Package      string   `json:"package,omitempty"`
	SKU          string   `json:"sku,omitempty"`
	Currency     string   `json:"currency,omitempty"`

	BilledQuantity    string `json:"billed_quantity,omitempty"`
	ExpectedQuantity  string `json:"expected_quantity,omitempty"`
	BilledUnitPrice   string `json:"billed_unit_price,omitempty"`
	ExpectedUnitPrice string `json:"expected_unit_price,omitempty"`
	BilledAmount      string `json:"billed_amount,omitempty"`
	ExpectedAmount    string `json:"expected_amount,omitempty"`
	QuantityEffect    string `json:"quantity_effect,omitempty"`
	RateEffect        string `json:"rate_effect,omitempty"`
	RoundingEffect    string `json:"rounding_effect,omitempty"`
	Difference        string `json:"difference,omitempty"`

	Evidence string `json:"evidence,omitempty"`
	Advice   string `json:"advice,omitempty"`
}

func (f *Finding) view() findingView {
	return findingView{
		f.Code, f.Severity, f.InvoiceID, f.InvoiceLine, f.Period, f.Subscription, f.Customer, f.Package, f.SKU, f.Currency,
		Exact(f.BilledQuantity), Exact(f.ExpectedQuantity), Exact(f.BilledUnitPrice), Exact(f.ExpectedUnitPrice), Money(f.BilledAmount, f.Currency), Money(f.ExpectedAmount, f.Currency),
		Exact(f.QuantityEffect), Exact(f.RateEffect), f.printedRest(), Money(f.Difference, f.Currency), f.Evidence, f.Advice,
	}
}

type totalView struct {
	Currency    string `json:"currency"`
	Billed      string `json:"billed"`
	Expected    string `json:"expected"`
	Difference  string `json:"difference"`
	Excluded    string `json:"excluded"`
	NotCompared string `json:"not_compared"`
}

func (t *Total) view() totalView {
	money := func(v *big.Rat) string { return Money(v, t.Currency) }
	return totalView{t.Currency, money(t.Billed), money(t.Expected), money(t.Difference), money(t.Excluded), money(t.NotCompared)}
}

type shareView struct {
	InvoiceID string `json:"invoice_id"`
	Lines     string `json:"invoice_line"`
	Package   string `json:"package"`
	Currency  string `json:"currency"`
	Customer  string `json:"customer"`
	Days      string `json:"user_days"`
	Amount    string `json:"amount"`
}

// WriteJSON writes a result for machines, all findings included.
func WriteJSON(w io.Writer, r *Result) error {
	view := struct {
		Period     Period        `json:"period"`
		Proration  string        `json:"proration"`
		Inference  string        `json:"inference,omitempty"`
		Clean      bool          `json:"clean"`
		Totals     []totalView   `json:"totals"`
		Findings   []findingView `json:"findings"`
		Allocation []shareView   `json:"allocation"`
		Accruals   []accrualView `json:"accruals,omitempty"`
		Margins    []marginView  `json:"margins,omitempty"`
		Grounds    []groundView  `json:"grounds,omitempty"`
		Ledger     *carriedView  `json:"ledger,omitempty"`
		Notes      []string      `json:"notes"`
	}{Period: r.Period, Proration: r.Policy.String(), Clean: r.Clean(), Totals: []totalView{}, Findings: []findingView{}, Allocation: []shareView{}, Notes: append([]string{}, r.Notes...)}
	if r.Inference != nil {
		view.Inference = r.Inference.Text
	}
	for _, t := range r.Totals {
		view.Totals = append(view.Totals, t.view())
	}
	for i := range r.Findings {
		view.Findings = append(view.Findings, r.Findings[i].view())
	}
	for _, s := range r.Allocation {
		view.Allocation = append(view.Allocation, shareView{s.InvoiceID, s.Lines, s.Package, s.Currency, s.Customer, Exact(s.Days), Money(s.Amount, s.Currency)})
	}
	for _, a := range r.Accruals {
		view.Accruals = append(view.Accruals, accrualView{a.Currency, a.Package, Exact(a.Seats), Money(a.Amount, a.Currency)})
	}
	for i := range r.Margins {
		view.Margins = append(view.Margins, r.Margins[i].view())
	}
	for i := range r.Grounds {
		view.Grounds = append(view.Grounds, r.Grounds[i].view())
	}
	if r.Carried != nil {
		view.Ledger = r.Carried.view(r.Period)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(view)
}

// Cause is what one code comes to in one currency.
type Cause struct {
	Code       Code
	Severity   Severity // the worst
	Currency   string
	Findings   int
	Difference *big.Rat
}

// Causes adds the findings up by code, the most money first. Matches are left
// out, but for what a tolerance forgave: it is in the totals.
func (r *Result) Causes() []Cause {
	type key struct {
		code Code
		iso  string
	}
	by := make(map[key]*Cause)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.exact() {
			continue
		}
		k := key{f.Code, f.Currency}
		if f.Difference == nil {
			k.iso = ""
		}
		if by[k] == nil {
			by[k] = &Cause{f.Code, f.Severity, k.iso, 0, new(big.Rat)}
		}
		by[k].Findings++
		by[k].Difference.Add(by[k].Difference, orZero(f.Difference))
	}
	var all []Cause
	for _, c := range by {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Cause) int {
		return cmp.Or(abs(b.Difference).Cmp(abs(a.Difference)), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Currency, b.Currency))
	})
	return all
}
