package billing

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

type accrualView struct {
	Currency string `json:"currency"`
	Package  string `json:"package"`
	Seats    string `json:"seats"`
	Amount   string `json:"amount,omitempty"`
}

// carriedView is what a comparison did to a ledger, for machines.
type carriedView struct {
	Opened []carriedEntry `json:"opened"`
	Closed []carriedEntry `json:"closed"`
	Open   []carriedEntry `json:"open"`
}

type carriedEntry struct {
	entryView
	Rest string `json:"rest"`
	Age  int    `json:"age_months"`
}

func (c *Carried) view(now Period) *carriedView {
	view := func(entries []Entry) []carriedEntry {
		all := []carriedEntry{}
		for i := range entries {
			e := &entries[i]
			all = append(all, carriedEntry{e.view(), Money(e.Rest(), e.Currency), e.Age(now)})
		}
		return all
	}
	return &carriedView{view(c.Opened), view(c.Closed), view(c.Open)}
}

// writeAccruals writes what the usage that is not billed comes to.
func writeAccruals(w io.Writer, r *Result) error {
	if len(r.Accruals) == 0 {
		return nil
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	out := columns{right: " >>"}
	out.row("TO ACCRUE", "SEATS", "AMOUNT")
	for _, a := range r.Accruals {
		out.row(printable(a.Package), Exact(a.Seats), a.money())
	}
	for _, t := range accrued(r.Accruals) {
		out.row("all", Exact(t.Seats), t.money())
	}
	return out.write(w)
}

// money is the amount and its currency, where there is a price.
func (a *Accrual) money() string {
	if a.Amount == nil {
		return "no price"
	}
	return Money(a.Amount, a.Currency) + " " + a.Currency
}

// writeCarried writes what became of the ledger.
func writeCarried(w io.Writer, r *Result) error {
	if r.Carried == nil {
		return nil
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "\nLedger: %d opened, %d closed, %d still open\n", len(r.Carried.Opened), len(r.Carried.Closed), len(r.Carried.Open))
	for _, o := range r.Carried.owed() {
		fmt.Fprintf(out, "  in all, %s\n", o)
	}
	for _, part := range []struct {
		word    string
		entries []Entry
	}{{"closed", r.Carried.Closed}, {"open", r.Carried.Open}, {"opened", r.Carried.Opened}} {
		for i := range part.entries {
			if i == topFindings {
				fmt.Fprintf(out, "  %s\t... and %d more\n", part.word, len(part.entries)-topFindings)
				break
			}
			e := &part.entries[i]
			fmt.Fprintf(out, "  %s\t%s\t%s\t%s\n", part.word, e.age(r.Period), e.ID, printable(e.words()))
		}
	}
	return out.Flush()
}

func (e *Entry) age(now Period) string {
	switch n := e.Age(now); n {
	case 0:
		return "new"
	case 1:
		return "1 month"
	default:
		return fmt.Sprintf("%d months", n)
	}
}

// words says what an entry is, and what is left of it.
func (e *Entry) words() string {
	parts := []string{string(e.Code)}
	if e.InvoiceID != "" {
		of := "invoice " + e.InvoiceID
		if e.InvoiceLine != "" {
			of += " line " + e.InvoiceLine
		}
		parts = append(parts, of)
	}
	for _, s := range []string{e.Customer, e.Package} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	parts = append(parts, Money(e.Amount, e.Currency)+" "+e.Currency)
	if rest := e.Rest(); rest.Sign() != 0 && len(e.Settled) > 0 {
		parts = append(parts, Money(rest, e.Currency)+" of it open")
	}
	if n := len(e.Settled); n > 0 && e.Rest().Sign() == 0 {
		parts = append(parts, "settled by "+e.Settled[n-1].InvoiceID+" line "+e.Settled[n-1].InvoiceLine)
	}
	return strings.Join(parts, ", ")
}
