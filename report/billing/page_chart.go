package billing

import "math/big"

// Measures of the chart, in units of its drawing.
const (
	barHeight = 26
	barsLeft  = 230 // room for the names of the causes
	barsWidth = 440 // for both directions together
	barText   = 70  // room for an amount below zero
)

// pageChart is the causes of one currency as bars, below zero to the left.
type pageChart struct {
	Currency     string
	Height, Zero int
	Bars         []bar
}

// bar is a cause in the chart.
type bar struct {
	Label, Amount, Sign, Anchor string
	X, Y, Width, TextX, TextY   int
}

// newPageChart lays the chart out. Causes without money have no bar.
func newPageChart(causes []Cause) pageChart {
	over, under := new(big.Rat), new(big.Rat) // the longest either way
	for _, c := range causes {
		if c.Difference.Cmp(over) > 0 {
			over = c.Difference
		}
		if c.Difference.Cmp(under) < 0 {
			under = c.Difference
		}
	}
	chart := pageChart{Currency: causes[0].Currency, Zero: barsLeft}
	span := sub(over, under)
	if span.Sign() == 0 {
		return chart
	}
	length := func(v *big.Rat) int {
		share, _ := div(abs(v), span).Float64()
		return int(share * barsWidth)
	}
	if under.Sign() < 0 {
		chart.Zero += barText + length(under)
	}
	for _, c := range causes {
		if c.Difference.Sign() == 0 {
			continue
		}
		b := bar{Label: string(c.Code), Amount: Money(c.Difference, c.Currency), Sign: "over", Anchor: "start", X: chart.Zero, Y: chart.Height + 4, Width: max(1, length(c.Difference)), TextY: chart.Height + 18}
		b.TextX = b.X + b.Width + 8
		if c.Difference.Sign() < 0 {
			b.Sign, b.Anchor = "under", "end"
			b.X -= b.Width
			b.TextX = b.X - 8
		}
		chart.Bars = append(chart.Bars, b)
		chart.Height += barHeight
	}
	return chart
}
