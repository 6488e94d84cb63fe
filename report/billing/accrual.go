package billing

import (
	"cmp"
	"math/big"
	"slices"
)

// Accrual is what usage of the period comes to that no line of the invoice
// charges.
type Accrual struct {
	Currency string
	Package  string
	Seats    *big.Rat // for a month
	Amount   *big.Rat // nil = not known, for want of a price
}

// accrue adds up the usage that is not billed yet.
func (r *run) accrue() {
	if !r.opt.Accrue {
		return
	}
	by := make(map[[2]string]*Accrual)
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		if !f.unbilled() {
			continue
		}
		key := [2]string{f.Currency, f.Package}
		if by[key] == nil {
			by[key] = &Accrual{f.Currency, f.Package, new(big.Rat), new(big.Rat)}
		}
		a := by[key]
		a.Seats.Add(a.Seats, f.ExpectedQuantity)
		if f.Exact == nil {
			a.Amount = nil
		}
		if a.Amount != nil {
			a.Amount.Add(a.Amount, f.ExpectedAmount)
		}
	}
	for _, a := range by {
		r.result.Accruals = append(r.result.Accruals, *a)
	}
	slices.SortFunc(r.result.Accruals, func(a, b Accrual) int {
		return cmp.Or(cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Package, b.Package))
	})
}

// unbilled tells usage that no line charges.
func (f *Finding) unbilled() bool {
	return f.Code == MissingOnInvoice || f.Code == MeteredNotBilled || f.Code == MeteredNotWanted
}

// accrued adds accruals up by currency. What has no price is in the seats alone;
// where nothing has one, the sum is not known either.
func accrued(accruals []Accrual) []Accrual {
	var all []Accrual
	for _, a := range accruals {
		if n := len(all); n == 0 || all[n-1].Currency != a.Currency {
			all = append(all, Accrual{a.Currency, "", new(big.Rat), nil})
		}
		t := &all[len(all)-1]
		t.Seats.Add(t.Seats, a.Seats)
		if a.Amount != nil {
			t.Amount = add(orZero(t.Amount), a.Amount)
		}
	}
	return all
}
