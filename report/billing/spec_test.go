package billing

import (
	"bytes"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLaterHardDelete compares a month in which a user was removed, once while
// the inventory still shows that and once when it has forgotten the user.
func TestLaterHardDelete(t *testing.T) {
	in := tooMuch()
	in.Inventory = []Seat{{Customer: acme, User: "lee@acme.test", Package: "webex_calling", Removed: time.Date(2026, 4, 17, 22, 0, 0, 0, time.UTC)},
		{Customer: acme, User: "kim@acme.test", Package: "webex_calling"}}
	shown := compared(t, in)
	in.Inventory = in.Inventory[1:]
	gone := compared(t, in)
	if diff := cmp.Diff(briefs(shown), briefs(gone)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(shown.Findings[0].Evidence, "lee@acme.test removed on 2026-04-17") || strings.Contains(gone.Findings[0].Evidence, "lee") {
		t.Errorf("evidence %q and %q", shown.Findings[0].Evidence, gone.Findings[0].Evidence)
	}
}

func TestSameLineOnTwoInvoices(t *testing.T) {
	r := compared(t, Input{Lines: []Line{line("7", acme, "webex_suite", "140", "57.87"), on("INV-2", line("3", acme, "webex_suite", "140", "57.87"))},
		Reports: oneCell(acme, "webex_suite", "140")})
	if f := r.Findings[0]; f.Code != DuplicateLine || f.InvoiceID != "INV-2" || f.Evidence != "the same charge stands in line 7 of invoice INV-1" {
		t.Errorf("%s on %s: %s", f.Code, f.InvoiceID, f.Evidence)
	}
}

// TestCatchUp has the lines of a sub-partner whose own billing began on 10 April:
// what was used in March, and April in two pieces.
func TestCatchUp(t *testing.T) {
	piece := func(number, days, amount string, p Period) Line {
		return forPeriod(line(number, acme, "webex_calling", days, amount), p, "sub-1")
	}
	lines := []Line{
		piece("1", "31", "7.25", Period{NewDay(2026, 3, 1), NewDay(2026, 3, 31)}),
		piece("2", "9", "2.18", Period{april.First, april.First + 8}),
		piece("3", "21", "5.07", Period{april.First + 9, april.Last}),
	}
	own := report(LevelCustomer, usage(acme, "webex_calling", "", "30"))
	sub := ofSubPartner(report(LevelCustomer, usage(acme, "webex_calling", "", "30")), "sub-1")
	for name, reports := range map[string][]Report{"apart": {sub}, "held twice": {own, sub}} {
		r := compared(t, Input{Lines: lines, Reports: reports})
		want := []brief{{PriorPeriod, "1", "C-1001", "7.25", "0", "7.25"}, {Match, "2+3", "C-1001", "7.25", "7.25", "0"}}
		if name == "held twice" {
			want = append(want[:1:1], brief{SubPartnerScope, "", "C-1001", "", "", ""}, want[1])
		}
		if diff := cmp.Diff(want, briefs(r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestZeroQuantity(t *testing.T) {
	r := compared(t, Input{Lines: []Line{seatLine("1", bolt, "webex_voice", "0", "25.00")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "0"), usage(bolt, "webex_voice", "", "0"))}})
	if f := r.Findings[0]; f.Code != AmountDiffers || f.BilledUnitPrice != nil || Exact(f.Difference) != "25" {
		t.Errorf("%s with a price of %s", f.Code, Exact(f.BilledUnitPrice))
	}
	if len(r.Shown(false)) != 1 || len(r.Shown(true)) != 2 {
		t.Errorf("%d of %d findings are shown", len(r.Shown(false)), len(r.Shown(true)))
	}
}

// TestTwoCurrencies has a charge that can be compared and one in a currency
// without prices: its quantities are, its amount is in no total but its own.
func TestTwoCurrencies(t *testing.T) {
	euro := line("2", bolt, "webex_voice", "41", "7.04")
	euro.Currency = "EUR"
	r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25"), euro},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_voice", "", "30"))}})
	f := r.Findings[0]
	if f.Code != CurrencyMismatch || Exact(f.BilledQuantity) != "1.366667" || Exact(f.ExpectedQuantity) != "1" || f.ExpectedAmount != nil || f.Difference != nil {
		t.Errorf("%s: %s against %s", f.Code, Exact(f.BilledQuantity), Exact(f.ExpectedQuantity))
	}
	var totals []string
	for _, x := range r.Totals {
		totals = append(totals, x.Currency+" "+Exact(x.Billed)+" "+Exact(x.Expected)+" "+Exact(x.NotCompared))
	}
	if diff := cmp.Diff([]string{"EUR 0 0 7.04", "USD 7.25 7.25 0"}, totals); diff != "" || !r.Comparable() || r.Clean() {
		t.Error(diff, r.Comparable(), r.Clean())
	}
}

// TestOneCustomerInThreeForms reads the organization in every form that it has.
func TestOneCustomerInThreeForms(t *testing.T) {
	const upper = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi81MmNmNTc2ZC02MGE4LTQwN2EtYjIyYy00NjdjNTE1OTE5MDk"
	const mixed = "Y2lzY29zcGFyazovL3VzL09yZ2FuaXphdGlvbi81MmNmNTc2ZC02MGE4LTQwN2EtYjIyYy00NjdjNTE1OTE5MDk="
	u, err := ReadUsage(strings.NewReader("CUSTOMER_ORG_ID,SERVICE_NAME,BILLING_START_DATE,BILLING_END_DATE,QUANTITY\n"+
		upper+",webex_calling,2026-04-01,2026-04-30,10\n"+strings.ToUpper(acmeOrg)+",webex_calling,2026-04-01,2026-04-30,10\n"+
		mixed+",Webex Calling,2026-04-01,2026-04-30,10\n"), "u.csv", UsageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{acmeOrg, upper, mixed} {
		i, err := ReadInvoice(strings.NewReader("invoice_id,period_start,period_end,customer_org_id,package,quantity,amount,currency\n"+
			"I,2026-04-01,2026-04-30,"+id+",webex_calling,1,7.25,USD\n"), "i.csv", nil)
		if err != nil {
			t.Fatal(err)
		}
		r := compared(t, Input{Lines: i.Lines, Reports: []Report{*u}})
		if diff := cmp.Diff([]brief{{Match, "2", acmeOrg, "7.25", "7.25", "0"}}, briefs(r)); diff != "" {
			t.Error(diff)
		}
	}
}

// TestTraps reads a file that has everything that spreadsheets and accounting
// programs do to a CSV.
func TestTraps(t *testing.T) {
	const layout = `
delimiter: ";"
decimal: ","
thousands: "."
footer: { column: Text, pattern: "^Total" }
columns: { invoice_id: Nr, sku: Art, description: Text, quantity: Menge, amount: Betrag, currency: { const: EUR }, period_start: Von, period_end: Bis }
`
	file := "\ufeffNr;Art;Text;Menge;Betrag;Von;Bis\r\n" +
		"R-1;A-1;\"Telefon,\r\nzwei Zeilen\";160,5;1.234,50;2026-04-01;2026-04-30\r\n" +
		"R-1;A-1;Gutschrift;-1;(3,14);2026-04-01;2026-04-30\r\n" +
		"R-1;A-2;\u00a0geschützt\u00a0;1;1\u00a0000,00;2026-04-01;2026-04-30\r\n" +
		";;Total;;2.231,36;;\r\n;;;;;;\r\n\r\n"
	got, err := ReadInvoice(strings.NewReader(file), "i.csv", readMapping(t, layout))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range got.Lines {
		lines = append(lines, l.Description+"|"+Exact(l.Quantity)+"|"+Exact(l.Amount)+"|line "+l.Number)
	}
	want := []string{"Telefon,\nzwei Zeilen|160.5|1234.5|line 2", "Gutschrift|-1|-3.14|line 4", "geschützt|1|1000|line 5"}
	if diff := cmp.Diff(want, lines); diff != "" || Exact(got.Stated["EUR"]) != "2231.36" {
		t.Error(diff, got.Stated)
	}
}

// TestDoubtfulCells reads cells that mean one thing here and another there.
func TestDoubtfulCells(t *testing.T) {
	const columns = "columns: { invoice_id: Nr, sku: Art, quantity: Menge, amount: Betrag, currency: { const: EUR }, period_start: Von, period_end: Bis }\n"
	file := func(amount, from string) string {
		return "Nr,Art,Menge,Betrag,Von,Bis\nI,A,1,\"" + amount + "\"," + from + ",2026-04-30\n"
	}
	for _, tt := range []struct{ mapping, file, want string }{
		{columns, file("1.234", "2026-04-01"), `i.csv:2 column "Betrag" value "1.234": amount: the number can be read in two ways`},
		{columns, file("1,234", "2026-04-01"), `i.csv:2 column "Betrag" value "1,234": amount: the number can be read in two ways`},
		{columns, file("1e3", "2026-04-01"), `i.csv:2 column "Betrag" value "1e3": amount: "1e3" is not a number`},
		{columns, file("12.34", "04/05/2026"), `i.csv:2 column "Von" value "04/05/2026": period_start: "04/05/2026" is not a day`},
		{columns + `date_formats: ["01/02/2006", "02/01/2006", "2006-01-02"]`, file("12.34", "04/05/2026"), `i.csv:2 column "Von" value "04/05/2026": period_start: "04/05/2026" is two days, 2026-04-05 and 2026-05-04`},
	} {
		_, err := ReadInvoice(strings.NewReader(tt.file), "i.csv", readMapping(t, tt.mapping))
		if got := problemsOf(t, err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestLicenseStandsForUser has a common-area row that names nothing but a license.
func TestLicenseStandsForUser(t *testing.T) {
	u, err := ReadUsage(strings.NewReader("CUSTOMER_EXTERNAL_ID,USER_EMAIL,LICENSE_ID,SERVICE_NAME,QUANTITY\nC-1002,,LIC-1,common_area_calling,30\nC-1002,,LIC-2,common_area_calling,30\n"), "u.csv", UsageOptions{})
	if err != nil || u.Level != LevelUser || u.Rows[0].User != "lic-1" || u.Rows[1].User != "lic-2" {
		t.Errorf("%+v, %v", u, err)
	}
}

// TestScales computes in currencies without and with three decimal places, at
// each level of rounding: 17 and 15 of 30 days.
func TestScales(t *testing.T) {
	for _, tt := range []struct{ iso, price, line, group, sum string }{
		// 800·32/30 = 853.33..., 800·17/30 = 453.33..., 800·15/30 = 400
		{"JPY", "801", "854", "855", "854"}, // 453.9 and 400.5, each rounded: 454 + 401; the sum is 854.4
		{"KWD", "2.345", "2.501", "2.502", "2.501"},
	} {
		prices, err := NewPrices([]Price{{Package: "webex_calling", Currency: tt.iso, Unit: rat(tt.price)}})
		if err != nil {
			t.Fatal(err)
		}
		for level, want := range map[RoundLevel]string{RoundLine: tt.line, RoundGroup: tt.group, RoundInvoice: tt.sum} {
			l := line("1", Party{}, "webex_calling", "32", want)
			l.Currency = tt.iso
			r := compared(t, Input{Lines: []Line{l}, Prices: prices, Options: Options{Policy: Policy{Rule: DailyExact, Level: level, Mode: HalfUp}},
				Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "17"), usage(bolt, "webex_calling", "", "15"))}})
			if f := r.Findings[0]; f.Code != Match || Exact(r.Totals[0].Expected) != want {
				t.Errorf("%s by %s: %s, expected %s, want %s", tt.iso, level, f.Code, Exact(r.Totals[0].Expected), want)
			}
			var b bytes.Buffer
			if err := WriteFindings(&b, r.Shown(true)); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), ","+rat(want).FloatString(CurrencyScale(tt.iso))+",") {
				t.Errorf("%s is written otherwise: %s", want, &b)
			}
		}
	}
}

// TestPolicyOfSKU has two SKUs of one package, which the provider computes in
// different ways.
func TestPolicyOfSKU(t *testing.T) {
	of := func(row UsageRow, sku string) UsageRow {
		row.Place.SKU = sku
		return row
	}
	lines := []Line{withSKU(line("1", acme, "", "30", "14.50"), "A-FULL", ChargeUsage), withSKU(line("2", acme, "", "15", "3.63"), "A-DAILY", ChargeUsage)}
	lines[0].Quantity, lines[0].Unit = rat("2"), UnitMonth
	rows := []UsageRow{of(usage(acme, "webex_calling", "", "31"), "A-FULL"), of(usage(acme, "webex_calling", "", "15"), "A-DAILY")}
	var opt Options
	if err := opt.Prorate("A-FULL", "ceil"); err != nil {
		t.Fatal(err)
	}
	r := compared(t, Input{Lines: lines, Reports: []Report{report(LevelCustomer, rows...)}, Options: opt})
	want := []brief{{Match, "1", "C-1001", "14.5", "14.5", "0"}, {Match, "2", "C-1001", "3.63", "3.63", "0"}}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
	// Without its own policy both are one charge for 46 user-days.
	r = compared(t, Input{Lines: lines, Reports: []Report{report(LevelCustomer, rows...)}})
	if diff := cmp.Diff([]brief{{QuantityDiffers, "1+2", "C-1001", "18.13", "11.12", "7.01"}}, briefs(r)); diff != "" {
		t.Error(diff)
	}
	// The policy of a package is for all its SKUs.
	opt.Prorations = nil
	if err := opt.Prorate("Webex Calling", "ceil"); err != nil {
		t.Fatal(err)
	}
	r = compared(t, Input{Lines: []Line{seatLine("1", acme, "webex_calling", "2", "7.25", "14.50")}, Reports: []Report{report(LevelCustomer, rows...)}, Options: opt})
	if !r.Clean() {
		t.Error(briefs(r))
	}
	// What the invoice does not charge is expected by the same policy.
	opt.Prorations = map[string]Policy{"A-FULL": {Rule: Ceil, Level: RoundLine, Mode: HalfUp}}
	r = compared(t, Input{Lines: lines[1:], Reports: []Report{report(LevelCustomer, rows...)}, Options: opt})
	if diff := cmp.Diff(brief{MissingOnInvoice, "", "C-1001", "0", "14.5", "-14.5"}, briefs(r)[0]); diff != "" {
		t.Error(diff)
	}
}

// TestInferKeepsOwnPolicies looks for the policy of all but a package that has one.
func TestInferKeepsOwnPolicies(t *testing.T) {
	opt := Options{Policy: DefaultPolicy(), Auto: true, Prorations: map[string]Policy{"webex_voice": {Rule: Ceil, Level: RoundLine, Mode: HalfUp}}}
	r := compared(t, Input{Lines: exampleLines("79.02", "57.87", "10.02", "10.30"), Reports: []Report{exampleReport()}, Options: opt})
	if len(r.Inference.Fits) == 0 || r.Inference.Fits[0].Policy.String() != "daily-exact, line, half-even" || !r.Clean() {
		t.Errorf("%s; %v", r.Inference.Text, briefs(r))
	}
}

// TestEveryCode makes a finding of every code there is.
func TestEveryCode(t *testing.T) {
	found := make(map[Code]bool)
	look := func(in Input) {
		t.Helper()
		for _, f := range compared(t, in).Findings {
			found[f.Code] = true
		}
	}
	partial := Options{Policy: DefaultPolicy(), AllowPartial: true, IgnoreSKUs: []string{"SETUP"}, Stated: map[string]*big.Rat{"USD": rat("1000")}}
	euro := line("11", acme, "webex_voice", "30", "5.15")
	euro.Currency = "EUR"
	r29 := report(LevelCustomer, usage(acme, "webex_calling", "", "33"), usage(bolt, "webex_suite", "", "30"), usage(Party{boltOrg[:35] + "0", "C-2", "Acme Dental"}, "webex_voice", "", "30"))
	users := report(LevelUser, usage(acme, "webex_calling", "a@acme.test", "31"))
	r29.Period.Last--
	users.Period.Last--
	look(Input{Options: partial, Reports: []Report{r29, users},
		Limits: []Limit{{Customer: acme, Package: "webex_calling", Seats: 1}},
		Lines: []Line{
			seatLine("1", Party{OrgID: acmeOrg, Name: "Acme Dental Group"}, "webex_calling", "2", "7.25", "14.60"),
			line("2", bolt, "webex_voice", "30", "5.15"), withSKU(line("3", acme, "", "1", "9"), "SETUP", ChargeUsage), withSKU(line("4", acme, "", "1", "9"), "WHAT", ChargeUsage),
			line("5", Party{Name: "Acme Dental"}, "webex_voice", "30", "5.15"), forPeriod(line("6", acme, "webex_calling", "30", "7.25"), Period{april.First - 30, april.First - 1}, ""),
			line("7", bolt, "common_area_calling", "-1", "-0.10"), forPeriod(line("8", bolt, "webex_calling", "30", "7.25"), april, "sub-1"), euro,
		}})
	look(Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25"), line("2", acme, "webex_calling", "30", "7.25"), line("3", acme, "webex_calling", "-30", "-7.25"),
		seatLine("4", acme, "webex_suite", "1", "13", "13"), seatLine("5", bolt, "webex_suite", "0", "25")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(acme, "webex_suite", "", "30"), usage(bolt, "webex_voice", "", "30"))}})
	look(tooMuch())
	look(Input{Lines: []Line{line("1", Party{}, "webex_calling", "342", "82.65")}, Options: Options{Policy: Policy{Rule: DailyExact, Level: RoundGroup, Mode: HalfUp}},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "327"), usage(bolt, "webex_calling", "", "15"))}})
	look(Input{Lines: []Line{line("1", acme, "webex_calling", "11", "2.66"), line("2", acme, "webex_suite", "20", "8.27")},
		Reports: []Report{report(LevelUser, usage(acme, "webex_calling", "kim@acme.test", "11"), usage(acme, "webex_suite", "kim@acme.test", "20"))}})
	look(Input{Lines: []Line{line("1", acme, "webex_calling", "1", "0.24")}, Reports: oneCell(acme, "webex_calling", "0"),
		Inventory: []Seat{{Customer: acme, User: "new@acme.test", Package: "webex_calling", Created: april.Last.Time().Add(30 * time.Hour)}}})
	look(Input{Lines: []Line{forPeriod(seatLine("1", acme, "webex_calling", "1", "7.49"), may, ""), forPeriod(seatLine("2", bolt, "webex_suite", "1", "12.81"), may, "")},
		Reports: []Report{{Level: LevelCustomer, Period: may, Rows: []UsageRow{usage(acme, "webex_calling", "", "31"), usage(bolt, "webex_suite", "", "31")}}}})
	dunn, corvo := Party{ExternalID: "C-1004"}, Party{ExternalID: "C-1003"}
	look(Input{Lines: []Line{line("1", acme, "webex_suite", "30", "12.40"), line("2", corvo, "webex_calling", "30", "7.25"), line("3", dunn, "webex_suite", "30", "12.40")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_suite", "", "30"), usage(bolt, "webex_calling", "", "30"), usage(bolt, "webex_suite", "", "30"))},
		Inventory: []Seat{{Customer: corvo, User: "c@corvo.test", Package: "webex_calling"}, {Customer: bolt, User: "b@bolt.test", Package: "webex_calling"},
			{Customer: dunn, User: "d@dunn.test", Package: "webex_voice"}}})
	for code := range knownCodes {
		if !found[code] {
			t.Errorf("no finding has the code %s", code)
		}
	}
	for code := range found {
		if !knownCodes[code] {
			t.Errorf("the code %s is not known", code)
		}
	}
}

// TestPlainMessages wants evidence and advice that people in finance can act on:
// without names out of the source, and without a word said twice.
func TestPlainMessages(t *testing.T) {
	for _, in := range []Input{tooMuch(), aprilInput(nil), mayInput(nil, memo("2", "INV-1", "-2.00", acme, "webex_calling"))} {
		for _, f := range compared(t, in).Findings {
			if f.Code != Match && f.Evidence == "" && f.Advice == "" {
				t.Errorf("%s says nothing", f.Code)
			}
			for _, s := range []string{f.Evidence, f.Advice} {
				if strings.Contains(s, "%!") || strings.Contains(s, "  ") || strings.HasSuffix(s, ".") || strings.Contains(s, "nil") {
					t.Errorf("%s reads %q", f.Code, s)
				}
			}
		}
	}
}
