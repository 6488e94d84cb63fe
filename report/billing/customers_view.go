package billing

import (
	"cmp"
	"math/big"
	"slices"
)

// CustomerTotal is the money of one customer in one currency.
type CustomerTotal struct {
	Customer, Currency           string // a blank customer is the provider as a whole
	Billed, Expected, Difference *big.Rat
	Findings                     int // matches left out
}

// Customers adds the findings up by customer and currency.
func (r *Result) Customers() []CustomerTotal {
	type key struct{ customer, iso string }
	by := make(map[key]*CustomerTotal)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Difference == nil {
			continue
		}
		k := key{f.Customer, f.Currency}
		if by[k] == nil {
			by[k] = &CustomerTotal{f.Customer, f.Currency, new(big.Rat), new(big.Rat), new(big.Rat), 0}
		}
		t := by[k]
		t.Billed.Add(t.Billed, f.BilledAmount)
		t.Expected.Add(t.Expected, f.ExpectedAmount)
		t.Difference.Add(t.Difference, f.Difference)
		if f.Code != Match {
			t.Findings++
		}
	}
	var all []CustomerTotal
	for _, t := range by {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b CustomerTotal) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Currency, b.Currency))
	})
	return all
}
