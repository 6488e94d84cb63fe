package billing

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var byValue = cmp.Comparer(func(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 })

// genInput draws an invoice and reports that mostly agree.
func genInput(t *rapid.T) Input {
	customers := []Party{acme, bolt, {ExternalID: "C-3"}, {Name: "Dunn"}}
	packages := []string{"webex_calling", "webex_suite", "webex_voice", "common_area_calling"}
	in := Input{Prices: priceList("USD"), Options: Options{Policy: Policy{
		Rule:  rapid.SampledFrom([]Rule{DailyExact, Ceil}).Draw(t, "rule"),
		Level: rapid.SampledFrom([]RoundLevel{RoundLine, RoundGroup, RoundInvoice}).Draw(t, "level"),
		Mode:  rapid.SampledFrom([]Mode{HalfUp, HalfEven, Down}).Draw(t, "mode"),
	}}}
	var users, totals []UsageRow
	for n, who := range customers {
		for _, pkg := range packages {
			days := rapid.IntRange(0, 60).Draw(t, "days")
			totals = append(totals, usage(who, pkg, "", fmt.Sprint(days)))
			user := fmt.Sprintf("%d@x.test", n)
			users = append(users, usage(who, pkg, user, fmt.Sprint(rapid.IntRange(0, 31).Draw(t, "of user"))))
		}
	}
	in.Reports = []Report{report(LevelCustomer, totals...), report(LevelUser, users...)}
	for n := range rapid.IntRange(1, 12).Draw(t, "lines") {
		who := rapid.SampledFrom(append(customers, Party{})).Draw(t, "who")
		days := rapid.IntRange(-5, 60).Draw(t, "billed days")
		cents := rapid.Int64Range(-500, 30000).Draw(t, "cents")
		l := line(fmt.Sprint(n+1), who, rapid.SampledFrom(packages).Draw(t, "package"), fmt.Sprint(days), "0")
		l.Amount = big.NewRat(cents, 100)
		l.Charge = rapid.SampledFrom([]Charge{ChargeUsage, ChargeUsage, ChargeUsage, ChargeRounding, ChargeOneTime}).Draw(t, "charge")
		in.Lines = append(in.Lines, l)
	}
	return in
}

func reconciled(t *rapid.T, in Input) *Result {
	t.Helper()
	r, err := Reconcile(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDifferencesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genInput(t)
		r := reconciled(t, in)
		checkSums(t, r)
		sum := new(big.Rat)
		for _, l := range in.Lines {
			sum.Add(sum, l.Amount)
		}
		if len(r.Totals) != 1 || r.Totals[0].Billed.Cmp(sum) != 0 {
			t.Errorf("the invoice has %s, the findings have %v", Exact(sum), r.Totals)
		}
	})
}

func TestOrderOfRowsIsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genInput(t)
		want := reconciled(t, in)
		other := in
		other.Lines = rapid.Permutation(in.Lines).Draw(t, "lines")
		other.Reports = nil
		for _, i := range rapid.Permutation([]int{0, 1}).Draw(t, "reports") {
			report := in.Reports[i]
			report.Rows = rapid.Permutation(report.Rows).Draw(t, "rows")
			other.Reports = append(other.Reports, report)
		}
		if diff := cmp.Diff(want, reconciled(t, other), byValue); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSplitRowsAreOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genInput(t)
		want := reconciled(t, in)
		level := rapid.IntRange(0, 1).Draw(t, "level")
		rows := append([]UsageRow{}, in.Reports[level].Rows...)
		at := rapid.IntRange(0, len(rows)-1).Draw(t, "row")
		part := Count(rapid.Int64Range(0, int64(rows[at].Count)).Draw(t, "part"))
		rest := rows[at]
		rest.Count -= part
		rows[at].Count = part
		split := in
		split.Reports = append([]Report{}, in.Reports...)
		split.Reports[level].Rows = append(rows, rest)
		got := reconciled(t, split)
		want.Sources, got.Sources = nil, nil // which count the rows
		if diff := cmp.Diff(want, got, byValue); diff != "" {
			t.Error(diff)
		}
	})
}

func TestExactAmountsScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genInput(t)
		// Only what the usage comes to is looked at, so the lines say nothing.
		in.Lines = []Line{line("1", acme, "webex_calling", "1", "1")}
		exact := func(scale int64) map[string]*big.Rat {
			var list []Price
			for _, prices := range priceList("USD").of {
				for _, p := range prices {
					p.Unit = mul(p.Unit, big.NewRat(scale, 1))
					list = append(list, p)
				}
			}
			var err error
			if in.Prices, err = NewPrices(list); err != nil {
				t.Fatal(err)
			}
			all := make(map[string]*big.Rat)
			for _, f := range reconciled(t, in).Findings {
				if f.Exact != nil {
					all[f.Customer+f.Package] = mul(f.Exact, big.NewRat(1, scale))
				}
			}
			return all
		}
		if diff := cmp.Diff(exact(1), exact(10), byValue); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAllocationAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.IntRange(0, 3).Draw(t, "scale")
		unit := mul(halfOf(scale), big.NewRat(2, 1))
		amount := mul(unit, big.NewRat(rapid.Int64Range(-100000, 100000).Draw(t, "amount"), 1))
		var keys []string
		var weights []*big.Rat
		for i := range rapid.IntRange(1, 9).Draw(t, "shares") {
			keys = append(keys, fmt.Sprint(i))
			weights = append(weights, big.NewRat(rapid.Int64Range(1, 1000).Draw(t, "weight"), 7))
		}
		sum, total := new(big.Rat), new(big.Rat)
		for _, w := range weights {
			total.Add(total, w)
		}
		for i, part := range Allocate(amount, scale, keys, weights) {
			sum.Add(sum, part)
			if off := abs(sub(part, div(mul(amount, weights[i]), total))); off.Cmp(unit) >= 0 {
				t.Errorf("share %d is off by %s", i, Exact(off))
			}
		}
		if sum.Cmp(amount) != 0 {
			t.Errorf("the shares of %s add up to %s", Exact(amount), Exact(sum))
		}
	})
}
