package billing

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// Mode says how a value half-way between two is rounded, or that nothing is ever
// rounded away from zero.
type Mode string

// The rounding modes.
const (
	HalfUp   Mode = "half-up"   // halves away from zero
	HalfEven Mode = "half-even" // halves to the even digit
	Down     Mode = "down"      // towards zero
)

var one = big.NewInt(1)

// Round gives the value with at most the given number of decimal places.
func (m Mode) Round(v *big.Rat, places int) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(v, new(big.Rat).SetInt(unit))
	whole, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	if m.away(whole, rest, scaled.Denom()) {
		whole.Add(whole, big.NewInt(int64(v.Sign())))
	}
	return new(big.Rat).SetFrac(whole, unit)
}

// away tells whether whole + rest/by is rounded away from zero.
func (m Mode) away(whole, rest, by *big.Int) bool {
	if m == Down {
		return false
	}
	twice := new(big.Int).Lsh(new(big.Int).Abs(rest), 1)
	switch twice.Cmp(by) {
	case 1:
		return true
	case 0:
		return m == HalfUp || whole.Bit(0) == 1
	}
	return false
}

// CurrencyScale is the number of decimal places of a currency: 2 for USD, 0 for
// JPY, 3 for KWD, and 2 for a code that is not known.
func CurrencyScale(iso string) int {
	unit, err := currency.ParseISO(iso)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// halfUnit is half of the smallest amount of a currency.
func halfUnit(iso string) *big.Rat { return halfOf(CurrencyScale(iso)) }

// Count is a metered quantity in millionths, which is exact for everything that a
// report may hold and fits a machine word.
type Count int64

// Whole is the count of one.
const Whole Count = 1_000_000

// ParseCount reads a quantity such as 327 or 0.5, without sign of thousands.
func ParseCount(s string) (Count, error) {
	text, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(text, ".")
	if whole == "" || len(whole) > 12 || len(fraction) > 6 || point && fraction == "" || !digits(whole) || !digits(fraction) {
		return 0, fmt.Errorf("%q is not a quantity; write it like 327 or 0.5", s)
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a quantity: %w", s, err)
	}
	for range 6 - len(fraction) {
		n *= 10
	}
	if negative {
		n = -n
	}
	return Count(n), nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return false
		}
	}
	return true
}

// Rat gives the count as a rational.
func (c Count) Rat() *big.Rat { return big.NewRat(int64(c), int64(Whole)) }

// Exact writes a rational as a decimal where that is possible in 12 places, and
// else as the nearest decimal of 6; nil is written as nothing.
func Exact(v *big.Rat) string {
	if v == nil {
		return ""
	}
	if places, exact := v.FloatPrec(); exact && places <= 12 {
		return v.FloatString(places)
	}
	return HalfUp.Round(v, 6).FloatString(6)
}

// Money writes an amount with the places of its currency, and with more where it
// has more, so that nothing is rounded away unseen; nil is written as nothing.
func Money(v *big.Rat, iso string) string {
	if v == nil {
		return ""
	}
	scale := CurrencyScale(iso)
	if HalfUp.Round(v, scale).Cmp(v) != 0 {
		return Exact(v)
	}
	return v.FloatString(scale)
}

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func mul(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
func div(a, b *big.Rat) *big.Rat { return new(big.Rat).Quo(a, b) }
func abs(a *big.Rat) *big.Rat    { return new(big.Rat).Abs(a) }

func fromInt(n int) *big.Rat { return new(big.Rat).SetInt64(int64(n)) }

// subKnown is a less b, nil where one of them is not known.
func subKnown(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return sub(a, b)
}
