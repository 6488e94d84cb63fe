package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// Share is a customer's part in a charge for the provider as a whole.
type Share struct {
	InvoiceID string
	Lines     string // the lines of the invoice that are divided
	Package   string
	Currency  string
	Customer  string
	Days      *big.Rat // user-days, by which is divided
	Amount    *big.Rat
}

// divided is what charges for the provider as a whole come to in a currency, and
// among how many customers they were divided.
type divided struct {
	Currency  string
	Amount    *big.Rat
	Customers int
}

func (d divided) String() string {
	return fmt.Sprintf("%s %s divided among %d customers", Money(d.Amount, d.Currency), d.Currency, d.Customers)
}

// divided adds up the shares by currency.
func (r *Result) divided() []divided {
	sums := make(map[string]*big.Rat)
	customers := make(map[string]map[string]bool)
	for i := range r.Allocation {
		s := &r.Allocation[i]
		if sums[s.Currency] == nil {
			sums[s.Currency], customers[s.Currency] = new(big.Rat), make(map[string]bool)
		}
		sums[s.Currency].Add(sums[s.Currency], s.Amount)
		customers[s.Currency][s.Customer] = true
	}
	var all []divided
	for _, iso := range sortedKeys(sums) {
		all = append(all, divided{iso, sums[iso], len(customers[iso])})
	}
	return all
}

// Allocate divides an amount in proportion to weights. Every part has at most
// scale decimal places and the parts add up to the amount exactly: the smallest
// units that are left over go to the largest remainders, and of equal ones to the
// lower key. It returns nil where the weights add up to nothing, or where the
// amount itself has more places.
func Allocate(amount *big.Rat, scale int, keys []string, weights []*big.Rat) []*big.Rat {
	total := new(big.Rat)
	for _, w := range weights {
		total.Add(total, w)
	}
	if total.Sign() == 0 || Down.Round(amount, scale).Cmp(amount) != 0 {
		return nil
	}
	parts := make([]*big.Rat, len(weights))
	rests := make([]*big.Rat, len(weights))
	left := new(big.Rat).Set(amount)
	for i, w := range weights {
		exact := div(mul(amount, w), total)
		parts[i] = Down.Round(exact, scale)
		rests[i] = abs(sub(exact, parts[i]))
		left.Sub(left, parts[i])
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(rests[b].Cmp(rests[a]), cmp.Compare(keys[a], keys[b]))
	})
	unit := mul(halfOf(scale), fromInt(2*left.Sign()))
	for i := 0; left.Sign() != 0; i++ {
		to := order[i%len(order)]
		parts[to] = add(parts[to], unit)
		left.Sub(left, unit)
	}
	return parts
}

// halves are those of the scales that money and quantities are written with: they
// are asked for several times for each charge.
var halves = func() (h [8]*big.Rat) {
	for scale := range h {
		h[scale] = makeHalf(scale)
	}
	return h
}()

// halfOf is half of the last of some decimal places.
func halfOf(scale int) *big.Rat {
	if scale < len(halves) {
		return new(big.Rat).Set(halves[scale])
	}
	return makeHalf(scale)
}

func makeHalf(scale int) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
	return new(big.Rat).SetFrac(one, unit.Lsh(unit, 1))
}
