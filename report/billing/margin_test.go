package billing

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const resaleFile = "customer,package,currency,valid_from,valid_to,unit_price\n" +
	",webex_calling,USD,2026-01-01,,10.00\nC-1002,webex_calling,USD,2026-01-01,,5.00\n,webex_suite,USD,2026-01-01,,20.00\n"

func TestMargins(t *testing.T) {
	resale, err := ReadResale(strings.NewReader(resaleFile), "r.csv")
	if err != nil {
		t.Fatal(err)
	}
	last := forPeriod(line("9", acme, "webex_calling", "31", "7.25"), Period{april.First - 31, april.First - 1}, "")
	r := compared(t, Input{Resale: resale, Reports: []Report{exampleReport2()}, Lines: []Line{
		line("1", Party{}, "webex_calling", "342", "82.65"), line("2", acme, "webex_suite", "140", "57.87"), line("3", acme, "webex_suite", "140", "57.87"),
		line("4", bolt, "webex_voice", "41", "7.04"), seatLine("5", Party{ExternalID: "C-9"}, "webex_suite", "1", "12.40"), last,
	}})
	var got []string
	for _, m := range r.Margins {
		v := m.view()
		got = append(got, strings.Join([]string{v.Customer, v.Package, v.Cost, v.Revenue, v.Margin, v.Percent}, " "))
	}
	want := []string{
		"C-1001 webex_suite 115.74 93.33 -22.41 -24", // billed twice; 14/3 seats at 20.00
		"C-9 webex_suite 12.40 0.00 -12.40 ",         // billed, and nobody uses it
		"C-1002 webex_calling 3.62 2.50 -1.12 -44.8", // its share of 82.65; half a seat at its own 5.00
		"C-1002 webex_voice 7.04   ",                 // no resale price
		"C-1001 webex_calling 79.03 109.00 29.97 27.5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// exampleReport2 has calling of two customers, so that a charge is divided.
func exampleReport2() Report {
	return report(LevelCustomer, usage(acme, "webex_calling", "", "327"), usage(bolt, "webex_calling", "", "15"), usage(acme, "webex_suite", "", "140"), usage(bolt, "webex_voice", "", "41"))
}

func TestBadResale(t *testing.T) {
	for text, wrong := range map[string]string{
		"customer,package\n": `no column "currency"`,
		resaleFile + "C-1002,webex_calling,USD,2026-02-01,,6.00\n": "has two prices in USD",
		resaleFile + "C-1002,webex_calling,USD,2026-02-01,,six\n":  `column "unit_price" value "six"`,
	} {
		if _, err := ReadResale(strings.NewReader(text), "r.csv"); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%v, want %q", err, wrong)
		}
	}
}

// TestMarginsWithAccruals: usage that no line charges costs what is to be accrued,
// where that is asked for, so that a month that is not billed yet leaves no margin
// of 100 %.
func TestMarginsWithAccruals(t *testing.T) {
	resale, err := ReadResale(strings.NewReader(resaleFile), "r.csv")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Resale: resale, Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(acme, "webex_suite", "", "15"), usage(bolt, "webex_voice", "", "30"))},
		Options: Options{Policy: DefaultPolicy(), Accrue: true}}
	for _, tt := range []struct {
		lines []Line
		want  string
	}{
		{nil, "7.25 10.00, 6.20 10.00, 5.15 , total 13.45 20.00 6.55 32.8"}, // 15 / 30 x 12.40 = 6.20 and x 20.00
		{[]Line{line("1", acme, "webex_calling", "30", "7.00")}, "7.00 10.00, 6.20 10.00, 5.15 , total 13.20 20.00 6.80 34"},
	} {
		in.Lines = tt.lines
		r := compared(t, in)
		var got []string
		for _, key := range []string{"webex_calling", "webex_suite", "webex_voice"} {
			for i := range r.Margins {
				if v := r.Margins[i].view(); v.Package == key {
					got = append(got, v.Cost+" "+v.Revenue)
				}
			}
		}
		for _, total := range marginTotals(r.Margins) {
			v := total.view()
			got = append(got, strings.Join([]string{"total", v.Cost, v.Revenue, v.Margin, v.Percent}, " "))
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
			t.Error(diff)
		}
	}
}

// TestTablesLineUp: figures stand under each other, and what has no price is said
// to have none, in the sum too.
func TestTablesLineUp(t *testing.T) {
	r := compared(t, Input{Options: Options{Policy: DefaultPolicy(), Accrue: true},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "3000"), usage(acme, "webex_voice", "", "15"), usage(acme, "cx_essentials", "", "30"))}})
	var b strings.Builder
	if err := writeAccruals(&b, r); err != nil {
		t.Fatal(err)
	}
	want := `
TO ACCRUE      SEATS      AMOUNT
cx_essentials      1    no price
webex_calling    100  725.00 USD
webex_voice      0.5    2.58 USD
all            101.5  727.58 USD
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := writeAccruals(&b, &Result{Accruals: []Accrual{{Currency: "", Package: "basic", Seats: rat("1")}}}); err != nil || !strings.Contains(b.String(), "all            1  no price\n") {
		t.Errorf("%v:\n%s", err, &b)
	}
}
