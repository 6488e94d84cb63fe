package billing

import (
	"fmt"
	"io"
	"text/tabwriter"
)

type marginView struct {
	Customer string `json:"customer"`
	Package  string `json:"package"`
	Currency string `json:"currency"`
	Cost     string `json:"cost"`
	Revenue  string `json:"revenue,omitempty"`
	Margin   string `json:"margin,omitempty"`
	Percent  string `json:"percent,omitempty"`
}

func (m *Margin) view() marginView {
	return marginView{m.Customer, m.Package, m.Currency, Money(m.Cost, m.Currency), Money(m.Revenue, m.Currency), Money(m.Amount(), m.Currency), Exact(m.Percent())}
}

// writeMargins writes the customers that bring in least beyond their cost.
func writeMargins(w io.Writer, r *Result) error {
	if len(r.Margins) == 0 {
		return nil
	}
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\nLEAST MARGIN\tPACKAGE\tCOST\tREVENUE\tMARGIN")
	for i := range r.Margins[:min(topFindings, len(r.Margins))] {
		v := r.Margins[i].view()
		revenue, margin := "no price", ""
		if v.Revenue != "" {
			revenue, margin = v.Revenue+" "+v.Currency, v.Margin+" "+v.Currency
		}
		if v.Percent != "" {
			margin += " (" + v.Percent + " %)"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", printable(v.Customer), printable(v.Package), v.Cost+" "+v.Currency, revenue, margin)
	}
	if more := len(r.Margins) - topFindings; more > 0 {
		fmt.Fprintf(out, "... and %d more\n", more)
	}
	return out.Flush()
}
