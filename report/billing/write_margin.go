package billing

import (
	"fmt"
	"io"
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

func hundredths(percent string) string {
	if percent == "" {
		return ""
	}
	return percent + " %"
}

// writeMargins writes the customers that bring in least beyond their cost.
func writeMargins(w io.Writer, r *Result) error {
	if len(r.Margins) == 0 {
		return nil
	}
	out := columns{right: "  >>>>"}
	out.row("LEAST MARGIN", "PACKAGE", "COST", "REVENUE", "MARGIN", "")
	for i := range r.Margins[:min(topFindings, len(r.Margins))] {
		v := r.Margins[i].view()
		revenue, margin, percent := "no price", "", ""
		if v.Revenue != "" {
			revenue, margin = v.Revenue+" "+v.Currency, v.Margin+" "+v.Currency
		}
		if v.Percent != "" {
			percent = hundredths(v.Percent)
		}
		out.row(printable(v.Customer), printable(v.Package), v.Cost+" "+v.Currency, revenue, margin, percent)
	}
	if more := len(r.Margins) - topFindings; more > 0 {
		out.row(fmt.Sprintf("... and %d more", more))
	}
	for _, t := range marginTotals(r.Margins) {
		v := t.view()
		out.row("all with a price", "", v.Cost+" "+v.Currency, v.Revenue+" "+v.Currency, v.Margin+" "+v.Currency, hundredths(v.Percent))
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return out.write(w)
}
