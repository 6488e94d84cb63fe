package billing

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// BelowThreshold is the code of the finding that stands for many small ones. No
// comparison makes it, only [Result.Shown].
const BelowThreshold Code = "BELOW_THRESHOLD"

// exact tells a charge that is right to the cent. One that a tolerance forgave is
// a match and not exact.
func (f *Finding) exact() bool { return f.Code == Match && orZero(f.Difference).Sign() == 0 }

// Shown gives the findings that people want to see: all of them, or all but the
// matches to the cent and, where there is a threshold, with one finding for each currency in
// place of those under it. Their differences add up to the same as all.
func (r *Result) Shown(all bool) []Finding {
	if all {
		return r.Findings
	}
	shown := make([]Finding, 0, len(r.Findings))
	small := make(map[string][]*Finding)
	for i := range r.Findings {
		f := &r.Findings[i]
		switch {
		case f.exact():
		case r.Threshold != nil && f.Difference != nil && f.Difference.Sign() != 0 && abs(f.Difference).Cmp(r.Threshold) < 0:
			small[f.Currency] = append(small[f.Currency], f)
		default:
			shown = append(shown, *f)
		}
	}
	for _, iso := range sortedKeys(small) {
		shown = append(shown, r.together(iso, small[iso]))
	}
	slices.SortStableFunc(shown, func(a, b Finding) int { return compareFindings(&a, &b) })
	return shown
}

// together makes one finding of many. Its severity is the worst of them.
func (r *Result) together(iso string, small []*Finding) Finding {
	f := Finding{Code: BelowThreshold, Severity: small[0].Severity, Period: r.Period, Currency: iso}
	billed, expected := new(big.Rat), new(big.Rat)
	count := make(map[string]int)
	for _, s := range small {
		billed.Add(billed, s.BilledAmount)
		expected.Add(expected, s.ExpectedAmount)
		count[string(s.Code)]++
	}
	f.moneyOnly(billed, expected)
	var parts []string
	for _, code := range sortedKeys(count) {
		parts = append(parts, fmt.Sprintf("%d %s", count[code], code))
	}
	f.Evidence = fmt.Sprintf("of less than %s each: %s", Money(r.Threshold, iso), strings.Join(parts, ", "))
	return f
}
