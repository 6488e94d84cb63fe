package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Source is a file that a comparison looked at.
type Source struct {
	Kind    string // invoice, or the level of a usage report
	Name    string
	SHA256  string
	Period  Period // zero = the file does not say
	Rows    int
	Columns []ColumnUse // of a usage report: which header was taken for what
}

// sources lists the files, whatever order they were given in.
func (r *run) sources() {
	all := slices.Clone(r.in.Sources)
	for _, report := range r.in.Reports {
		all = append(all, Source{string(report.Level), report.Name, report.SHA256, report.Period, len(report.Rows), report.Columns})
	}
	slices.SortFunc(all, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256))
	})
	r.result.Sources = all
}

// roles says which headers were taken for what, and which were not used.
func (s *Source) roles() string {
	var used, unused []string
	for _, c := range s.Columns {
		if c.Role == "" {
			unused = append(unused, c.Header)
			continue
		}
		used = append(used, c.Header+" as "+c.Role)
	}
	text := strings.Join(used, ", ")
	if len(unused) > 0 {
		text += "; not used: " + strings.Join(unused, ", ")
	}
	return text
}

// Working is what an expected amount was computed from.
type Working struct {
	Days      *big.Rat // user-days that were metered
	MonthDays int      // that a month's price is for
	ListPrice *big.Rat // per seat and month
	Policy    Policy
	Shares    int // customers whose usage is in it
}

func (r *run) working(g *group, p Policy, price *big.Rat) *Working {
	return &Working{g.measure().days, p.monthDays(r.dim), price, p, len(g.shares)}
}

// Arithmetic writes down how the expected amount was computed, so that a person
// can do it again. It is blank where nothing was computed.
func (f *Finding) Arithmetic() string {
	w := f.Working
	if w == nil || f.Exact == nil {
		return ""
	}
	p, money := w.Policy, Money(f.ExpectedAmount, f.Currency)
	if p.Level == RoundGroup && w.Shares > 1 {
		return fmt.Sprintf("the shares of %d customers, each rounded %s, are %s; their exact sum is %s", w.Shares, p.Mode, money, Exact(f.Exact))
	}
	days, price := fmt.Sprintf("%s / %d", Exact(w.Days), w.MonthDays), Money(w.ListPrice, f.Currency)
	var s string
	switch p.Rule {
	case AverageDP:
		s = fmt.Sprintf("%s to %d places is %s; %s x %s", days, p.Places, Exact(f.ExpectedQuantity), Exact(f.ExpectedQuantity), price)
	case DayRateDP:
		rate := Exact(div(f.ExpectedUnitPrice, fromInt(w.MonthDays)))
		s = fmt.Sprintf("%s / %d to %d places is %s; %s x %s", price, w.MonthDays, p.Places, rate, Exact(w.Days), rate)
	case Ceil:
		s = fmt.Sprintf("%s up to a whole seat is %s; %s x %s", days, Exact(f.ExpectedQuantity), Exact(f.ExpectedQuantity), price)
	case Peak:
		s = fmt.Sprintf("%s seats at most; %s x %s", Exact(f.ExpectedQuantity), Exact(f.ExpectedQuantity), price)
	case Snapshot:
		s = fmt.Sprintf("%s seats at the end; %s x %s", Exact(f.ExpectedQuantity), Exact(f.ExpectedQuantity), price)
	case Commit:
		s = fmt.Sprintf("%s seats, %s committed; %s x %s", days, Exact(p.Committed), Exact(f.ExpectedQuantity), Money(f.ExpectedUnitPrice, f.Currency))
	default:
		s = fmt.Sprintf("%s x %s", days, price)
	}
	s += " = " + Exact(f.Exact)
	if f.Exact.Cmp(f.ExpectedAmount) != 0 {
		s += fmt.Sprintf(", rounded %s to %s", p.Mode, money)
	}
	return s
}

// byLine lists everything that was billed or expected in the order of the
// invoice, and then what is on no line.
func (r *Result) byLine() []*Finding {
	all := make([]*Finding, 0, len(r.Findings))
	for i := range r.Findings {
		if r.Findings[i].BilledAmount != nil {
			all = append(all, &r.Findings[i])
		}
	}
	slices.SortStableFunc(all, func(a, b *Finding) int {
		if on, other := a.InvoiceLine != "", b.InvoiceLine != ""; on != other {
			if on {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.InvoiceID, b.InvoiceID), compareNumbers(a.InvoiceLine, b.InvoiceLine))
	})
	return all
}
