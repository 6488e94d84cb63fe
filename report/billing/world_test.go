package billing

import (
	"math/big"
	"testing"
	"time"
)

// The worked example: April 2026, 30 days, USD.
var april = Period{NewDay(2026, time.April, 1), NewDay(2026, time.April, 30)}

const (
	acmeOrg = "52cf576d-60a8-407a-b22c-467c51591909"
	boltOrg = "5b8d518a-8f00-451b-a406-eaf49b4a7fa8"
)

var (
	acme = Party{acmeOrg, "C-1001", "Acme Dental"}
	bolt = Party{boltOrg, "C-1002", "Bolt Bakery"}
)

func rat(s string) *big.Rat {
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		panic("no number: " + s)
	}
	return v
}

func priceList(iso string) *Prices {
	var list []Price
	for pkg, unit := range map[string]string{"webex_calling": "7.25", "webex_suite": "12.40", "common_area_calling": "3.10", "webex_voice": "5.15"} {
		list = append(list, Price{Package: pkg, Currency: iso, Unit: rat(unit)})
	}
	p, err := NewPrices(list)
	if err != nil {
		panic(err)
	}
	return p
}

// line is a charge for April in user-days, so that its quantity is exact.
func line(number string, who Party, pkg, userDays, amount string) Line {
	return Line{InvoiceID: "INV-1", Number: number, Period: april, Customer: who, Package: pkg, Charge: ChargeUsage, Unit: UnitDay,
		Quantity: rat(userDays), Amount: rat(amount), Currency: "USD"}
}

// seatLine is a charge for April in seats.
func seatLine(number string, who Party, pkg string, figures ...string) Line {
	l := line(number, who, pkg, figures[0], figures[len(figures)-1])
	l.Unit = UnitMonth
	if len(figures) == 3 {
		l.UnitPrice = rat(figures[1])
	}
	return l
}

func usage(who Party, pkg, user, count string) UsageRow {
	c, err := ParseCount(count)
	if err != nil {
		panic(err)
	}
	return UsageRow{Place: &Place{Customer: who, Package: pkg}, User: user, Count: c}
}

func report(level Level, rows ...UsageRow) Report {
	return Report{Name: string(level) + ".csv", Level: level, Period: april, Rows: rows}
}

func exampleReport() Report {
	return report(LevelCustomer,
		usage(acme, "webex_calling", "", "327"), usage(acme, "webex_suite", "", "140"),
		usage(bolt, "common_area_calling", "", "97"), usage(bolt, "webex_voice", "", "41"))
}

// exampleLines are the four charges, with amounts in the order calling, suite,
// common area, voice.
func exampleLines(amounts ...string) []Line {
	return []Line{
		line("1", acme, "webex_calling", "327", amounts[0]), line("2", acme, "webex_suite", "140", amounts[1]),
		line("3", bolt, "common_area_calling", "97", amounts[2]), line("4", bolt, "webex_voice", "41", amounts[3]),
	}
}

// compared runs a comparison at the prices of the example.
func compared(t *testing.T, in Input) *Result {
	t.Helper()
	if in.Options.Policy.Rule == "" {
		in.Options.Policy = DefaultPolicy()
	}
	if in.Prices == nil {
		in.Prices = priceList("USD")
	}
	r, err := Reconcile(in)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, r)
	return r
}

// checkSums checks what must hold for every result: effects add up to the
// difference, and differences to the totals.
func checkSums(t interface {
	Helper()
	Errorf(string, ...any)
}, r *Result) {
	t.Helper()
	checkShown(t, r)
	sums := make(map[string]*big.Rat)
	for _, f := range r.Findings {
		if f.Difference == nil {
			continue
		}
		if sums[f.Currency] == nil {
			sums[f.Currency] = new(big.Rat)
		}
		sums[f.Currency].Add(sums[f.Currency], f.Difference)
		if f.QuantityEffect != nil && add(add(f.QuantityEffect, f.RateEffect), f.RoundingEffect).Cmp(f.Difference) != 0 {
			t.Errorf("%s %s: the effects do not add up to %s", f.Code, f.InvoiceLine, Exact(f.Difference))
		}
	}
	for _, total := range r.Totals {
		if sum := orZero(sums[total.Currency]); sum.Cmp(sub(total.Billed, total.Expected)) != 0 || sum.Cmp(total.Difference) != 0 {
			t.Errorf("%s: findings add up to %s, totals differ by %s", total.Currency, Exact(sum), Exact(sub(total.Billed, total.Expected)))
		}
	}
}

// checkShown checks that nothing is lost on the way to people: the findings that
// they see and the causes come to the totals.
func checkShown(t interface {
	Helper()
	Errorf(string, ...any)
}, r *Result) {
	t.Helper()
	shown, causes := make(map[string]*big.Rat), make(map[string]*big.Rat)
	for _, f := range r.Shown(false) {
		if f.Difference != nil {
			shown[f.Currency] = add(orZero(shown[f.Currency]), f.Difference)
		}
	}
	for _, c := range r.Causes() {
		causes[c.Currency] = add(orZero(causes[c.Currency]), c.Difference)
	}
	for _, total := range r.Totals {
		if a, b := orZero(shown[total.Currency]), orZero(causes[total.Currency]); a.Cmp(total.Difference) != 0 || b.Cmp(total.Difference) != 0 {
			t.Errorf("%s: the totals differ by %s, the findings shown come to %s, the causes to %s", total.Currency, Exact(total.Difference), Exact(a), Exact(b))
		}
	}
}

// brief is what most tests look at in a finding.
type brief struct {
	Code                  Code
	Lines, Customer       string
	Billed, Expected, Off string
}

func briefs(r *Result) []brief {
	var all []brief
	for _, f := range r.Findings {
		all = append(all, brief{f.Code, f.InvoiceLine, f.Customer, Exact(f.BilledAmount), Exact(f.ExpectedAmount), Exact(f.Difference)})
	}
	return all
}
