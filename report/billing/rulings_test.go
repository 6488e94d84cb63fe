package billing

import (
	"slices"
	"testing"
	"time"
)

// Where every month has 30 days, user-days become seats by 30 on the invoice as
// in the reports: no difference of quantity and price is made up in May.
func TestMonthOf30DaysOnBothSides(t *testing.T) {
	may := Period{NewDay(2026, time.May, 1), NewDay(2026, time.May, 31)}
	thirty, err := ParsePolicy("daily-exact,30-day")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		days, amount, difference, quantity, rate string
		code                                     Code
	}{
		"agrees":   {"31", "7.44", "0", "0", "0", Match},                // 31 x 7.20 / 30
		"too many": {"61", "14.64", "7.2", "7.2", "0", QuantityDiffers}, // 61 x 0.24, and 31 are due
	} {
		for where, opt := range map[string]Options{
			"for all":     {Policy: thirty, Zone: time.UTC},
			"for one SKU": {Policy: DefaultPolicy(), Prorations: map[string]Policy{"SKU-CALL": thirty}, Zone: time.UTC},
		} {
			l := forPeriod(line("1", acme, "webex_calling", tt.days, tt.amount), may, "")
			l.SKU, l.UnitPrice = "SKU-CALL", rat("0.24")
			metered := report(LevelCustomer, usage(acme, "webex_calling", "", "31"))
			metered.Period = may
			metered.Rows[0].Place.SKU = "SKU-CALL"
			prices, err := NewPrices([]Price{{Package: "webex_calling", Currency: "USD", Unit: rat("7.20")}})
			if err != nil {
				t.Fatal(err)
			}
			f := compared(t, Input{Lines: []Line{l}, Reports: []Report{metered}, Prices: prices, Options: opt}).Findings[0]
			if f.Code != tt.code || Exact(f.Difference) != tt.difference || Exact(f.QuantityEffect) != tt.quantity || Exact(f.RateEffect) != tt.rate {
				t.Errorf("%s, %s: %s off by %s, of which quantity %s and rate %s", name, where, f.Code, Exact(f.Difference), Exact(f.QuantityEffect), Exact(f.RateEffect))
			}
		}
	}
}

// Usage of a package that costs nothing, or too little for a cent, is on no
// invoice, and that is right. Without a price it cannot be told.
func TestUnbilledUsageWorthNothing(t *testing.T) {
	for pkg, want := range map[string]Code{"webex_free": Match, "webex_dust": Match, "webex_unpriced": MissingOnInvoice} {
		prices, err := NewPrices([]Price{
			{Package: "webex_calling", Currency: "USD", Unit: rat("7.25")},
			{Package: "webex_free", Currency: "USD", Unit: rat("0")},
			{Package: "webex_dust", Currency: "USD", Unit: rat("0.004")},
		})
		if err != nil {
			t.Fatal(err)
		}
		r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Prices: prices,
			Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(acme, pkg, "", "30"))}})
		if r.Clean() != (want == Match) || !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Package == pkg && f.Code == want }) {
			t.Errorf("%s: %+v, want %s", pkg, briefs(r), want)
		}
	}
}

// The price of the first day counts for the whole period. Where there is another
// one at its end, that is told.
func TestPriceChangesWithinPeriod(t *testing.T) {
	middle := april.First + 14
	for name, tt := range map[string]struct {
		list  []Price
		notes []string
	}{
		"the same":      {[]Price{{Unit: rat("7.25")}}, nil},
		"written twice": {[]Price{{Unit: rat("7.25"), Valid: Period{Last: middle}}, {Unit: rat("7.25"), Valid: Period{First: middle + 1}}}, nil},
		"raised": {[]Price{{Unit: rat("7.25"), Valid: Period{Last: middle}}, {Unit: rat("7.50"), Valid: Period{First: middle + 1}}},
			[]string{"the price 7.25 USD of webex_calling becomes 7.5 within 2026-04-01..2026-04-30; that of the first day was taken"}},
		"ended": {[]Price{{Unit: rat("7.25"), Valid: Period{Last: middle}}},
			[]string{"the price 7.25 USD of webex_calling ends within 2026-04-01..2026-04-30; that of the first day was taken"}},
	} {
		for i := range tt.list {
			tt.list[i].Package, tt.list[i].Currency = "webex_calling", "USD"
		}
		prices, err := NewPrices(tt.list)
		if err != nil {
			t.Fatal(err)
		}
		r := compared(t, Input{Prices: prices, Lines: []Line{line("1", acme, "webex_calling", "30", "7.25"), line("2", bolt, "webex_calling", "30", "7.25")},
			Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_calling", "", "30"))}})
		if !r.Clean() || !slices.Equal(r.Notes, tt.notes) {
			t.Errorf("%s: notes %q, want %q", name, r.Notes, tt.notes)
		}
	}
}

// Rounding down takes nearly a cent: right charges are no differences that the
// very policy that was compared would explain.
func TestRightChargesRoundedDown(t *testing.T) {
	down, err := ParsePolicy("daily-exact,down")
	if err != nil {
		t.Fatal(err)
	}
	r := compared(t, Input{Lines: exampleLines("79.02", "57.86", "10.02", "7.03"), Reports: []Report{exampleReport()}, Options: Options{Policy: down, Zone: time.UTC}})
	if !r.Clean() {
		t.Errorf("%+v", briefs(r))
	}
}
