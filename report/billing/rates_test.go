package billing

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func inEuro(lines ...Line) []Line {
	for i := range lines {
		lines[i].Currency = "EUR"
	}
	return lines
}

func converting(t *testing.T, rates ...string) Options {
	t.Helper()
	o := DefaultOptions()
	for _, s := range rates {
		if err := o.Convert(s); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// TestConvertedPrices compares an invoice in EUR at a list in USD: 7.25 x 0.92 =
// 6.67 for a seat, and 30 / 30 x 6.67 = 6.67. Voice, which nobody billed, is
// 5.15 x 0.92 x 10 / 30 = 1.58.
func TestConvertedPrices(t *testing.T) {
	in := Input{
		Lines:   inEuro(line("1", acme, "webex_calling", "30", "6.67"), seatLine("2", bolt, "webex_suite", "1", "12.40", "12.40")),
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_suite", "", "30"), usage(bolt, "webex_voice", "", "10"))},
		Options: converting(t, "USD/EUR=0.92@2026-04-30", "GBP/EUR=1.15@2026-04-30"),
	}
	r := compared(t, in)
	want := []brief{
		{RateDiffers, "2", "C-1002", "12.4", "11.41", "0.99"},
		{MissingOnInvoice, "", "C-1002", "0", "1.58", "-1.58"},
		{Match, "1", "C-1001", "6.67", "6.67", "0"},
	}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
	for i, listed := range []string{"12.4", "5.15", "7.25"} {
		if said := "the price is " + listed + " USD at 0.92, the rate of 2026-04-30"; !strings.Contains(r.Findings[i].Evidence, said) {
			t.Errorf("%s: %q does not say %q", r.Findings[i].Code, r.Findings[i].Evidence, said)
		}
	}
	notes := []string{"prices in USD were converted to EUR at 0.92, the rate of 2026-04-30", "the rate GBP/EUR=1.15@2026-04-30 converted nothing; leave it out"}
	if diff := cmp.Diff(notes, r.Notes); diff != "" {
		t.Error(diff)
	}
}

// TestNoRateNoConversion has a rate for the way back only: it is not turned round.
func TestNoRateNoConversion(t *testing.T) {
	in := Input{Lines: inEuro(line("1", acme, "webex_calling", "30", "6.67")), Reports: oneCell(acme, "webex_calling", "30"), Options: converting(t, "EUR/USD=1.09@2026-04-30")}
	r := compared(t, in)
	if f := r.Findings[0]; f.Code != CurrencyMismatch || f.Difference != nil || !strings.Contains(f.Advice, "--fx") {
		t.Errorf("%s: %s", f.Code, f.Advice)
	}
}

// TestListWins takes a price of the list in the invoice's own currency, whatever
// rates there are.
func TestListWins(t *testing.T) {
	r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: oneCell(acme, "webex_calling", "30"), Options: converting(t, "EUR/USD=2@2026-04-30")})
	if f := r.Findings[0]; f.Code != Match || strings.Contains(f.Evidence, "rate") {
		t.Errorf("%s: %s", f.Code, f.Evidence)
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]string{
		"USD/EUR=0.9200@2026-04-30": "",
		"USD/EUR=0.92":              "not a dated rate",
		"usd/eur=0.92@2026-04-30":   "not a dated rate",
		"USD/EUR=0,92@2026-04-30":   "not a dated rate",
		"USD/EUR=0@2026-04-30":      "not a rate",
		"USD/EUR=1.2.3@2026-04-30":  "not a rate",
		"USD/EUR=0.92@2026-02-30":   "2026-02-30",
		"USD/XQZ=0.92@2026-04-30":   "not a currency",
		"USD/USD=1@2026-04-30":      "into itself",
	} {
		rate, err := ParseRate(text)
		if want == "" {
			if err != nil || rate.String() != "USD/EUR=0.92@2026-04-30" {
				t.Errorf("%s: %s, %v", text, rate, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	o := converting(t, "USD/EUR=0.92@2026-04-30")
	if err := o.Convert("USD/EUR=0.93@2026-05-31"); err == nil || !strings.Contains(err.Error(), "two rates") {
		t.Errorf("two rates between the same currencies: %v", err)
	}
}
