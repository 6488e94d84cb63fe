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

// Steps says in words how the expected amount comes about, one step each, so that
// a person can do it again. There are none where nothing was computed.
func (f *Finding) Steps() []string {
	w := f.Working
	if w == nil || f.Exact == nil {
		return nil
	}
	p, money := w.Policy, Money(f.ExpectedAmount, f.Currency)
	if p.Level == RoundGroup && w.Shares > 1 {
		return []string{fmt.Sprintf("the shares of %d customers, each rounded %s, are %s %s; their exact sum is %s", w.Shares, p.Mode, money, f.Currency, Exact(f.Exact))}
	}
	average, quantity := averageStep(w.Days, w.MonthDays), Exact(f.ExpectedQuantity)
	var steps []string
	switch p.Rule {
	case AverageDP:
		steps = []string{average, fmt.Sprintf("rounded to %d places: %s seats", p.Places, quantity)}
	case DayRateDP:
		steps = []string{average, fmt.Sprintf("%s / %d days, rounded to %d places, is the price of a day; for the month %s",
			Money(w.ListPrice, f.Currency), w.MonthDays, p.Places, Money(f.ExpectedUnitPrice, f.Currency))}
	case Ceil:
		steps = []string{average, "rounded up to whole seats: " + quantity}
	case Peak:
		steps = []string{"the most seats on one day: " + quantity}
	case Snapshot:
		steps = []string{"the seats at the end: " + quantity}
	case Commit:
		steps = []string{average, fmt.Sprintf("at least %s seats are committed: %s", Exact(p.Committed), quantity)}
	default:
		steps = []string{average}
	}
	mode := string(p.Mode)
	if p.Level == RoundGroup {
		mode += " for each customer"
	}
	return append(steps, fmt.Sprintf("%s x %s = %s", UnitMonth.count(f.ExpectedQuantity), Money(f.ExpectedUnitPrice, f.Currency), Exact(f.Exact)),
		fmt.Sprintf("rounded %s: %s %s", mode, money, f.Currency))
}

// averageStep is the step from user-days to the seats of a month.
func averageStep(days *big.Rat, monthDays int) string {
	return fmt.Sprintf("%s user-days / %d days = %s seats", Exact(days), monthDays, Exact(div(days, fromInt(monthDays))))
}

// Arithmetic is the steps on one line, blank where there are none.
func (f *Finding) Arithmetic() string { return strings.Join(f.Steps(), "; ") }

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
