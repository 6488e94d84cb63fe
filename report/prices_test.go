package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"wholesync/diff"
)

const priceHeader = "package,currency,valid_from,valid_to,unit_price\n"

func TestMonthly(t *testing.T) {
	p, err := ReadPrices(strings.NewReader("\ufeffCurrency, package ,unit_price,valid_from,valid_to\n"+
		"USD,webex_calling,7.25,,2026-03-31\n"+
		"EUR,webex_calling,8,2026-04-01,2026-04-30\n"+
		"USD,webex_suite,12.40,2026-01-01,\n"), "prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ pkg, day, want string }{
		{"webex_calling", "1999-01-01", "7.25 USD"},
		{"webex_calling", "2026-03-31", "7.25 USD"},
		{"webex_calling", "2026-04-01", "8.00 EUR"},
		{"webex_calling", "2026-04-30", "8.00 EUR"},
		{"webex_calling", "2026-05-01", "none"},
		{"webex_suite", "2025-12-31", "none"},
		{"webex_suite", "2026-01-01", "12.40 USD"},
		{"webex_suite", "2099-01-01", "12.40 USD"},
		{"webex_voice", "2026-04-01", "none"},
	}
	for _, test := range tests {
		day, err := time.Parse(time.DateOnly, test.day)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if unit, iso, ok := p.Monthly(test.pkg, day.Add(23*time.Hour)); ok {
			got = money(unit, iso)
		}
		if got != test.want {
			t.Errorf("%s on %s: %s, want %s", test.pkg, test.day, got, test.want)
		}
	}
}

func TestReadPricesErrors(t *testing.T) {
	tests := map[string]string{
		"":                                       "p.csv is empty; its first line must be package,currency,valid_from,valid_to,unit_price",
		"package,currency,valid_from,valid_to\n": `p.csv:1: no column "unit_price"`,
		"package,currency,valid_from,valid_to,unit_price,tier\n":                       "p.csv:1: 6 columns",
		priceHeader + ",USD,,,1\n":                                                     "p.csv:2: the package is blank",
		priceHeader + "a,usd,,,1\n":                                                    `p.csv:2: currency "usd" is not a code of ISO 4217`,
		priceHeader + "a,XYZ,,,1\n":                                                    `p.csv:2: currency "XYZ" is not a code`,
		priceHeader + "a,USD,1.4.2026,,1\n":                                            `p.csv:2: valid_from "1.4.2026" is not a day; write it like 2026-01-31`,
		priceHeader + "a,USD,,2026-02-30,1\n":                                          `p.csv:2: valid_to "2026-02-30" is not a day`,
		priceHeader + "a,USD,2026-02-02,2026-02-01,1\n":                                "valid_to 2026-02-01 is before valid_from 2026-02-02",
		priceHeader + "a,USD,,,\"7,25\"\n":                                             `p.csv:2: unit_price "7,25" is not an amount`,
		priceHeader + "a,USD,,,1e999999999\n":                                          `p.csv:2: unit_price "1e999999999" is not an amount`,
		priceHeader + "a,USD,,,-1\n":                                                   `p.csv:2: unit_price "-1" is not an amount`,
		priceHeader + "a,USD,,,1\n\na,EUR,2026-01-01,,2\n":                             `p.csv:4: package "a" has another price for some of these days, in line 2`,
		priceHeader + "a,USD,2026-01-01,2026-01-31,1\na,USD,2026-01-31,2026-02-01,2\n": `in line 2`,
		priceHeader + "a,USD,,\n":                                                      "p.csv: record on line 2: wrong number of fields",
	}
	for text, want := range tests {
		if _, err := ReadPrices(strings.NewReader(text), "p.csv"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestMoney(t *testing.T) {
	tests := []struct{ amount, iso, want string }{
		{"0", "USD", "0.00 USD"},
		{"1234567.5", "USD", "1,234,567.50 USD"},
		{"-1234.5", "EUR", "-1,234.50 EUR"},
		{"7.255", "USD", "7.255 USD"},
		{"7.2500", "USD", "7.25 USD"},
		{"1200", "JPY", "1,200 JPY"},
		{"1200.5", "JPY", "1,200.5 JPY"},
		{"1.5", "KWD", "1.500 KWD"},
	}
	for _, test := range tests {
		if got := money(decimal.RequireFromString(test.amount), test.iso); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.amount, test.iso, got, test.want)
		}
	}
}

func FuzzReadPrices(f *testing.F) {
	f.Add(priceHeader + "webex_calling,USD,,2026-03-31,7.25\nwebex_calling,EUR,2026-04-01,,8\n")
	f.Add(priceHeader + "a,USD,,,1e999999999\n")
	f.Add("\ufeff")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPrices(strings.NewReader(text), "p.csv")
		if err != nil {
			return
		}
		for pkg, spans := range p.spans {
			for _, s := range spans {
				if unit, iso, ok := p.Monthly(pkg, s.from); !s.from.IsZero() && (!ok || !unit.Equal(s.unit) || iso != s.currency) {
					t.Fatalf("%q: the price of line %d is not the one of its first day", text, s.line)
				}
			}
		}
	})
}

// What a plan costs, for machines: exact amounts, and none where there is no price.
func TestCosts(t *testing.T) {
	p, err := ReadPrices(strings.NewReader(priceHeader+"webex_calling,USD,,,7.255\n"), "prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	effect := diff.Effect{Packages: []diff.Seats{{Package: "webex_calling", Before: 3, After: 0}, {Package: "webex_voice", Before: 1, After: 2}}}
	want := []PackageCost{{"webex_calling", "USD", "7.255", "21.765", "0"}, {Package: "webex_voice"}}
	if got := Costs(effect, p, time.Now()); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}
