package billing

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// Rule says how user-days become the quantity and the price that are billed.
type Rule string

// The rules. With ud user-days, dim days in the month and p the price of a seat
// for a month:
const (
	DailyExact Rule = "daily-exact" // ud/dim, times p
	AverageDP  Rule = "avg-dp"      // ud/dim rounded to N places, times p
	DayRateDP  Rule = "day-rate-dp" // ud, times p/dim rounded to N places
	Ceil       Rule = "ceil"        // ud/dim rounded up to a whole seat, times p
	Peak       Rule = "peak"        // the most seats on any day, times p
	Snapshot   Rule = "snapshot"    // the seats at the end of the period, times p
	Commit     Rule = "commit"      // at least C seats at p, those above at their own price
)

// RoundLevel says where the one rounding of money takes place.
type RoundLevel string

// The levels of rounding.
const (
	RoundLine    RoundLevel = "line"    // each charge of the invoice
	RoundGroup   RoundLevel = "group"   // each customer's share in a charge; the shares are added
	RoundInvoice RoundLevel = "invoice" // the sum of all exact amounts, once
)

// Policy is the way a provider computes charges from usage.
type Policy struct {
	Rule      Rule
	Places    int      // N of the rules that have one
	Committed *big.Rat // C of the rule commit
	Over      *big.Rat // price of a seat above C; nil = the list price
	Level     RoundLevel
	Mode      Mode
	Month30   bool // every month has 30 days
}

// DefaultPolicy is daily metering, rounded half up on each line.
func DefaultPolicy() Policy { return Policy{Rule: DailyExact, Level: RoundLine, Mode: HalfUp} }

// ParsePolicy reads a policy as [Policy.String] writes it: a rule, then in any
// order and only where they differ from the default the level of rounding, the
// mode, and 30-day. Examples: daily-exact; avg-dp=2,half-even; commit=100:6.50,invoice.
func ParsePolicy(s string) (Policy, error) {
	p := DefaultPolicy()
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '/' || r == ' ' })
	if len(words) == 0 {
		return p, fmt.Errorf("the proration %q names no rule; an example is daily-exact", s)
	}
	if err := p.parseRule(words[0]); err != nil {
		return p, err
	}
	for _, w := range words[1:] {
		switch w {
		case string(RoundLine), string(RoundGroup), string(RoundInvoice):
			p.Level = RoundLevel(w)
		case string(HalfUp), string(HalfEven), string(Down):
			p.Mode = Mode(w)
		case "30-day":
			p.Month30 = true
		default:
			return p, fmt.Errorf("the proration %q has an unknown word %q; the words are line, group, invoice, half-up, half-even, down and 30-day", s, w)
		}
	}
	return p, nil
}

func (p *Policy) parseRule(word string) error {
	name, value, _ := strings.Cut(word, "=")
	p.Rule = Rule(name)
	var err error
	switch p.Rule {
	case AverageDP, DayRateDP:
		if p.Places, err = strconv.Atoi(value); err != nil || p.Places < 0 || p.Places > 10 {
			return fmt.Errorf("the proration %q needs a number of places from 0 to 10, as in %s=2", word, name)
		}
		return nil
	case Commit:
		seats, over, given := strings.Cut(value, ":")
		if p.Committed, err = parseAmount(seats); err == nil && given {
			p.Over, err = parseAmount(over)
		}
		if err != nil {
			return fmt.Errorf("the proration %q needs a number of seats, and may give the price above it, as in commit=100:6.50", word)
		}
		return nil
	case DailyExact, Ceil, Peak, Snapshot:
		if value == "" {
			return nil
		}
	}
	return fmt.Errorf("the proration %q is not known; the rules are daily-exact, avg-dp=N, day-rate-dp=N, ceil, peak, snapshot and commit=SEATS", word)
}

// String names the policy, its level and its mode.
func (p Policy) String() string {
	rule := string(p.Rule)
	switch p.Rule {
	case AverageDP, DayRateDP:
		rule += "=" + strconv.Itoa(p.Places)
	case Commit:
		rule += "=" + Exact(p.Committed)
		if p.Over != nil {
			rule += ":" + Exact(p.Over)
		}
	}
	s := fmt.Sprintf("%s, %s, %s", rule, p.Level, p.Mode)
	if p.Month30 {
		s += ", 30-day"
	}
	return s
}

// monthDays is how many days a month's price is for, in a month of dim days.
func (p Policy) monthDays(dim int) int {
	if p.Month30 {
		return 30
	}
	return dim
}

// measure is what was metered for something: user-days, and the counts of seats
// that some policies ask for, nil where the reports do not tell.
type measure struct {
	days, peak, last *big.Rat
}

func (m measure) plus(o measure) measure {
	return measure{add(m.days, o.days), addKnown(m.peak, o.peak), addKnown(m.last, o.last)}
}

func addKnown(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil {
		return nil
	}
	return add(a, b)
}

// charge is what a policy makes of a measure: seats, and the price of one for a
// month. Their product is the amount before rounding.
type charge struct {
	quantity, price *big.Rat
}

func (c charge) amount() *big.Rat { return mul(c.quantity, c.price) }

// apply computes the charge for a measure, at a list price, in a month of dim
// days. It is not ok where the reports lack what the rule asks for.
func (p Policy) apply(m measure, price *big.Rat, dim int) (c charge, ok bool) {
	dim = p.monthDays(dim)
	units := div(m.days, fromInt(dim))
	switch p.Rule {
	case AverageDP:
		return charge{p.Mode.Round(units, p.Places), price}, true
	case DayRateDP:
		rate := p.Mode.Round(div(price, fromInt(dim)), p.Places)
		return charge{units, mul(rate, fromInt(dim))}, true
	case Ceil:
		return charge{roundUp(units), price}, true
	case Peak:
		return charge{m.peak, price}, m.peak != nil
	case Snapshot:
		return charge{m.last, price}, m.last != nil
	case Commit:
		return p.commit(units, price), true
	}
	return charge{units, price}, true
}

// commit bills the committed seats in any case. The price is the average one, so
// that quantity times price stays the amount.
func (p Policy) commit(units, price *big.Rat) charge {
	if units.Cmp(p.Committed) <= 0 {
		return charge{p.Committed, price}
	}
	over := price
	if p.Over != nil {
		over = p.Over
	}
	amount := add(mul(p.Committed, price), mul(sub(units, p.Committed), over))
	return charge{units, div(amount, units)}
}

func roundUp(v *big.Rat) *big.Rat {
	whole, rest := new(big.Int).QuoRem(v.Num(), v.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, one)
	}
	return new(big.Rat).SetInt(whole)
}
