package billing

import (
	"fmt"
	"math/big"
	"slices"
)

// Price is what a seat of a package costs for a month, on some days.
type Price struct {
	Package  string
	Currency string // ISO 4217
	Valid    Period // First 0 = since ever, Last 0 = for ever
	Unit     *big.Rat
}

// Prices is a price list. On any day a package has at most one price in a
// currency.
type Prices struct {
	Name   string // of the file
	SHA256 string // of the file, hex
	of     map[string][]Price
}

// NewPrices makes a price list, and refuses prices that contradict each other.
func NewPrices(list []Price) (*Prices, error) {
	p := &Prices{of: map[string][]Price{}}
	for _, price := range list {
		for _, o := range p.of[price.Package] {
			if o.Currency == price.Currency && o.open().Overlaps(price.open()) {
				return nil, fmt.Errorf("package %q has two prices in %s for some days: %s and %s", price.Package, price.Currency, Exact(o.Unit), Exact(price.Unit))
			}
		}
		p.of[price.Package] = append(p.of[price.Package], price)
	}
	return p, nil
}

// Len is the number of prices in the list.
func (p *Prices) Len() int {
	n := 0
	for _, list := range p.of {
		n += len(list)
	}
	return n
}

func (p Price) open() Period {
	valid := p.Valid
	if valid.Last == 0 {
		valid.Last = 1<<31 - 1
	}
	return valid
}

// On gives the price of a package on a day. Without one in the currency asked
// for, it returns the currencies that the package has prices in.
func (p *Prices) On(day Day, pkg, iso string) (unit *big.Rat, others []string) {
	if p == nil {
		return nil, nil
	}
	for _, price := range p.of[pkg] {
		if !price.open().Overlaps(Period{day, day}) {
			continue
		}
		if price.Currency == iso {
			return price.Unit, nil
		}
		others = append(others, price.Currency)
	}
	slices.Sort(others)
	return nil, others
}

// only gives the currency of a price list that has one alone.
func (p *Prices) only() (iso string) {
	if p == nil {
		return ""
	}
	for _, list := range p.of {
		for _, price := range list {
			if iso != "" && price.Currency != iso {
				return ""
			}
			iso = price.Currency
		}
	}
	return iso
}

// notePriceChanges tells of prices that are others at the end of the period than
// at its beginning: the one of the first day is taken for all of it.
func (r *run) notePriceChanges() {
	told := make(map[groupKey]bool)
	for _, g := range r.groups {
		key := groupKey{pkg: g.pkg, currency: g.currency}
		first, _ := r.in.Prices.On(r.period.First, g.pkg, g.currency)
		last, _ := r.in.Prices.On(r.period.Last, g.pkg, g.currency)
		if first == nil || told[key] || last != nil && first.Cmp(last) == 0 {
			continue
		}
		told[key] = true
		then := "ends"
		if last != nil {
			then = "becomes " + Exact(last)
		}
		r.result.Notes = append(r.result.Notes, fmt.Sprintf("the price %s %s of %s %s within %s; that of the first day was taken",
			Exact(first), g.currency, g.pkg, then, r.period))
	}
}
