package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"wholesync/diff"
)

// effectTable is the billing effect of a plan: seats per package before and
// after, and with prices what they cost per month. Its first row is the header;
// totals, where there is something to add up, are per currency. Missing are the packages that have seats and no price.
func effectTable(e diff.Effect, prices *Prices, on time.Time) (rows [][]string, missing []string) {
	rows = [][]string{{"package", "before", "after", "+/-"}}
	if prices != nil {
		rows[0] = append(rows[0], "per seat", "monthly before", "monthly after", "+/-")
	}
	sum := diff.Seats{Package: "total"}
	totals := map[string]bill{}
	for _, s := range e.Packages {
		sum.Before += s.Before
		sum.After += s.After
		row := seatCells(s)
		if prices != nil {
			unit, iso, ok := prices.Monthly(s.Package, on)
			if !ok {
				missing = append(missing, Clean(s.Package))
				row = append(row, "no price")
				rows = append(rows, row)
				continue
			}
			b := bill{unit.Mul(decimal.NewFromInt(int64(s.Before))), unit.Mul(decimal.NewFromInt(int64(s.After)))}
			totals[iso] = totals[iso].plus(b)
			row = append(append(row, money(unit, iso)), b.cells(iso)...)
		}
		rows = append(rows, row)
	}
	if len(e.Packages) > 1 {
		rows = append(rows, totalRows(sum, totals)...)
	}
	return rows, missing
}

// PackageCost is what the seats of one package cost per month, before and after a
// plan. Amounts are decimal numbers as text; a package without a price has none.
type PackageCost struct {
	Package   string `json:"package"`
	Currency  string `json:"currency,omitempty"` // ISO 4217
	UnitPrice string `json:"unit_price,omitempty"`
	Before    string `json:"before,omitempty"`
	After     string `json:"after,omitempty"`
}

// Costs are the costs of every package of a billing effect, on a day.
func Costs(e diff.Effect, prices *Prices, on time.Time) []PackageCost {
	costs := make([]PackageCost, len(e.Packages))
	for i, s := range e.Packages {
		costs[i].Package = s.Package
		if unit, iso, ok := prices.Monthly(s.Package, on); ok {
			before, after := unit.Mul(decimal.NewFromInt(int64(s.Before))), unit.Mul(decimal.NewFromInt(int64(s.After)))
			costs[i] = PackageCost{s.Package, iso, unit.String(), before.String(), after.String()}
		}
	}
	return costs
}

// totalRows has the total of seats, and of money for each currency.
func totalRows(sum diff.Seats, totals map[string]bill) [][]string {
	currencies := make([]string, 0, len(totals))
	for iso := range totals {
		currencies = append(currencies, iso)
	}
	slices.Sort(currencies)
	rows := [][]string{seatCells(sum)}
	for i, iso := range currencies {
		if i > 0 {
			rows = append(rows, []string{"", "", "", ""})
		}
		rows[i] = append(append(rows[i], ""), totals[iso].cells(iso)...)
	}
	return rows
}

func seatCells(s diff.Seats) []string {
	return []string{Clean(s.Package), number(s.Before), number(s.After), signedNumber(s.After - s.Before)}
}

func signedNumber(n int) string {
	if n > 0 {
		return "+" + number(n)
	}
	return number(n)
}

// bill is what seats cost per month, before and after a plan.
type bill struct{ before, after decimal.Decimal }

func (b bill) plus(o bill) bill { return bill{b.before.Add(o.before), b.after.Add(o.after)} }

func (b bill) cells(iso string) []string {
	change := b.after.Sub(b.before)
	sign := ""
	if change.IsPositive() {
		sign = "+"
	}
	return []string{money(b.before, iso), money(b.after, iso), sign + money(change, iso)}
}

// missingPrices says which packages the money leaves out; "" where it is whole.
func missingPrices(missing []string, on time.Time) string {
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("The money leaves out what has no price on %s: %s", on.Format(time.DateOnly), strings.Join(missing, ", "))
}
