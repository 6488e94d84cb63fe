package billing

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// oneCell is a customer report with a single row.
func oneCell(who Party, pkg, days string) []Report {
	return []Report{report(LevelCustomer, usage(who, pkg, "", days))}
}

func TestCases(t *testing.T) {
	corvo := Party{ExternalID: "C-1003", Name: "Corvo"}
	april29 := report(LevelCustomer, usage(acme, "webex_calling", "", "30"))
	april29.Period.Last--
	ignoring := Options{Policy: DefaultPolicy(), IgnoreSKUs: []string{"SETUP-FEE"}}
	group := Options{Policy: Policy{Rule: DailyExact, Level: RoundGroup, Mode: HalfUp}}
	partial := Options{Policy: DefaultPolicy(), AllowPartial: true}
	provider := line("1", Party{}, "webex_calling", "342", "82.65")
	may := Period{NewDay(2026, time.May, 1), NewDay(2026, time.May, 31)}

	for _, tt := range []struct {
		name string
		in   Input
		want []brief
		says string // in the evidence of the first finding
	}{
		{
			name: "a package change in mid-month",
			in: Input{
				Lines: []Line{line("1", acme, "webex_calling", "10", "2.42"), line("2", acme, "webex_suite", "20", "8.27")},
				Reports: []Report{
					report(LevelCustomer, usage(acme, "webex_calling", "", "10"), usage(acme, "webex_suite", "", "20")),
					report(LevelUser, usage(acme, "webex_calling", "kim@acme.test", "10"), usage(acme, "webex_suite", "kim@acme.test", "20")),
				},
			},
			want: []brief{{Match, "1", "C-1001", "2.42", "2.42", "0"}, {Match, "2", "C-1001", "8.27", "8.27", "0"}},
		}, {
			name: "a package change whose day counts twice",
			in: Input{
				Lines:   []Line{line("1", acme, "webex_calling", "11", "2.66"), line("2", acme, "webex_suite", "20", "8.27")},
				Reports: []Report{report(LevelUser, usage(acme, "webex_calling", "kim@acme.test", "11"), usage(acme, "webex_suite", "kim@acme.test", "20"))},
			},
			want: []brief{{OverlapDay, "1", "C-1001", "2.66", "2.42", "0.24"}, {Match, "2", "C-1001", "8.27", "8.27", "0"}},
			says: "kim@acme.test was metered in webex_calling and webex_suite on 2026-04-11",
		}, {
			name: "removed in mid-month",
			in: Input{
				Lines: []Line{seatLine("1", acme, "webex_calling", "1", "7.25", "7.25")}, Reports: oneCell(acme, "webex_calling", "17"),
				Inventory: []Seat{{Customer: acme, User: "lee@acme.test", Package: "webex_calling", Removed: time.Date(2026, 4, 17, 22, 0, 0, 0, time.UTC)}},
			},
			want: []brief{{QuantityDiffers, "1", "C-1001", "7.25", "4.11", "3.14"}},
			says: "lee@acme.test removed on 2026-04-17",
		}, {
			name: "a line twice",
			in: Input{
				Lines:   []Line{line("1", acme, "webex_suite", "140", "57.87"), line("2", acme, "webex_suite", "140", "57.87")},
				Reports: oneCell(acme, "webex_suite", "140"),
			},
			want: []brief{{DuplicateLine, "2", "C-1001", "57.87", "0", "57.87"}, {Match, "1", "C-1001", "57.87", "57.87", "0"}},
			says: "line 1",
		}, {
			name: "two equal lines that are both due",
			in: Input{
				Lines:   []Line{line("1", acme, "webex_suite", "70", "28.93"), line("2", acme, "webex_suite", "70", "28.93")},
				Reports: oneCell(acme, "webex_suite", "140"), Options: Options{Policy: DefaultPolicy(), Tolerance: Tolerance{Amount: rat("0.01")}},
			},
			want: []brief{{Match, "1+2", "C-1001", "57.86", "57.87", "-0.01"}},
		}, {
			name: "a penny from the level of rounding, by line",
			in:   Input{Lines: []Line{provider}, Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "327"), usage(bolt, "webex_calling", "", "15"))}},
			want: []brief{{Match, "1", "", "82.65", "82.65", "0"}},
		}, {
			name: "a penny from the level of rounding, by customer",
			in: Input{Lines: []Line{provider}, Options: group,
				Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "327"), usage(bolt, "webex_calling", "", "15"))}},
			want: []brief{{Rounding, "1", "", "82.65", "82.66", "-0.01"}},
			says: "rounding may come to 0.01",
		}, {
			name: "not in the report",
			in: Input{
				Lines:   []Line{seatLine("1", corvo, "webex_calling", "5", "7.25", "36.25"), line("2", acme, "webex_calling", "30", "7.25")},
				Reports: oneCell(acme, "webex_calling", "30"),
			},
			want: []brief{{MissingInReport, "1", "C-1003", "36.25", "0", "36.25"}, {Match, "2", "C-1001", "7.25", "7.25", "0"}},
		}, {
			name: "not on the invoice",
			in: Input{
				Lines:   []Line{line("2", acme, "webex_calling", "30", "7.25")},
				Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_voice", "", "41"))},
			},
			want: []brief{{MissingOnInvoice, "", "C-1002", "0", "7.04", "-7.04"}, {Match, "2", "C-1001", "7.25", "7.25", "0"}},
		}, {
			name: "renamed, with the same organization",
			in:   Input{Lines: []Line{line("1", Party{OrgID: acmeOrg, Name: "Acme Dental Group"}, "webex_calling", "30", "7.25")}, Reports: oneCell(acme, "webex_calling", "30")},
			want: []brief{{NameChanged, "1", "C-1001", "", "", ""}, {Match, "1", "C-1001", "7.25", "7.25", "0"}},
			says: `the invoice says "Acme Dental Group", the report says "Acme Dental"`,
		}, {
			name: "renamed, and nothing but the name",
			in:   Input{Lines: []Line{line("1", Party{Name: "Acme Dental Group"}, "webex_calling", "30", "7.25")}, Reports: oneCell(acme, "webex_calling", "30")},
			want: []brief{{MissingInReport, "1", "Acme Dental Group", "7.25", "0", "7.25"}, {MissingOnInvoice, "", "C-1001", "0", "7.25", "-7.25"}},
			says: "possible rename of C-1001",
		}, {
			name: "a quantity of zero",
			in: Input{
				Lines: []Line{seatLine("1", bolt, "webex_voice", "0", "25.00")},
				Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "0"),
					usage(bolt, "webex_voice", "", "0"))},
			},
			want: []brief{{AmountDiffers, "1", "C-1002", "25", "0", "25"}, {Match, "", "C-1001", "0", "0", "0"}},
			says: "a charge without quantity",
		}, {
			name: "a currency without prices",
			in:   Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: oneCell(acme, "webex_calling", "30"), Prices: priceList("EUR")},
			want: []brief{{CurrencyMismatch, "1", "C-1001", "7.25", "", ""}},
			says: "the invoice is in USD, the price list in EUR",
		}, {
			name: "a report for other days, allowed",
			in:   Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{april29}, Options: partial},
			want: []brief{{PeriodMismatch, "", "", "", "", ""}, {Match, "1", "C-1001", "7.25", "7.25", "0"}},
		}, {
			name: "another price",
			in:   Input{Lines: []Line{seatLine("1", acme, "webex_calling", "11", "7.50", "82.50")}, Reports: oneCell(acme, "webex_calling", "327")},
			want: []brief{{RateDiffers, "1", "C-1001", "82.5", "79.03", "3.47"}},
		}, {
			name: "a workspace has no e-mail",
			in:   Input{Lines: []Line{line("1", bolt, "common_area_calling", "97", "10.02")}, Reports: []Report{exampleUsersOf("common_area_calling")}},
			want: []brief{{Match, "1", "C-1002", "10.02", "10.02", "0"}},
		}, {
			name: "what is ignored, taxed, unknown or once",
			in: Input{
				Lines: []Line{
					line("1", acme, "webex_calling", "30", "7.25"),
					withSKU(line("2", Party{}, "", "1", "99"), "SETUP-FEE", ChargeUsage),
					withSKU(line("3", Party{}, "", "1", "11"), "TAX", ChargeTax),
					withSKU(line("4", acme, "", "1", "12"), "SKU-WHAT", ChargeUsage),
					withSKU(line("5", acme, "", "1", "13"), "SKU-SETUP", ChargeOneTime),
				},
				Reports: oneCell(acme, "webex_calling", "30"), Options: ignoring,
			},
			want: []brief{
				{AmountDiffers, "5", "C-1001", "13", "0", "13"}, {UnknownSKU, "4", "C-1001", "12", "0", "12"},
				{Excluded, "2", "", "99", "99", "0"}, {Excluded, "3", "", "11", "11", "0"}, {Match, "1", "C-1001", "7.25", "7.25", "0"},
			},
		}, {
			name: "the catch-up of a sub-partner",
			in: Input{
				Lines: []Line{
					forPeriod(line("1", acme, "webex_calling", "31", "7.25"), Period{NewDay(2026, 3, 1), NewDay(2026, 3, 31)}, "sub-1"),
					forPeriod(line("2", acme, "webex_calling", "30", "7.25"), april, "sub-1"),
				},
				Reports: []Report{ofSubPartner(report(LevelCustomer, usage(acme, "webex_calling", "", "30")), "sub-1")},
			},
			want: []brief{{PriorPeriod, "1", "C-1001", "7.25", "0", "7.25"}, {Match, "2", "C-1001", "7.25", "7.25", "0"}},
			says: "catch-up of a sub-partner",
		}, {
			name: "months of thirty days",
			in: Input{
				Lines: []Line{
					forPeriod(seatLine("1", acme, "webex_calling", "1", "7.49"), may, ""),
					forPeriod(seatLine("2", bolt, "webex_suite", "1", "12.81"), may, ""),
				},
				Reports: []Report{{Level: LevelCustomer, Period: may, Rows: []UsageRow{usage(acme, "webex_calling", "", "31"), usage(bolt, "webex_suite", "", "31")}}},
			},
			want: []brief{{PolicyDiffers, "1+2", "", "20.3", "19.65", "0.65"}},
			says: "daily-exact, line, half-up, 30-day",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := compared(t, tt.in)
			if diff := cmp.Diff(tt.want, briefs(r)); diff != "" {
				t.Error(diff)
			}
			if len(r.Findings) > 0 && !strings.Contains(r.Findings[0].Evidence, tt.says) {
				t.Errorf("evidence %q, want %q", r.Findings[0].Evidence, tt.says)
			}
		})
	}
}

func withSKU(l Line, sku string, c Charge) Line {
	l.SKU, l.Charge = sku, c
	return l
}

func forPeriod(l Line, p Period, subPartner string) Line {
	l.Period, l.SubPartner = p, subPartner
	return l
}

func ofSubPartner(r Report, id string) Report {
	r.SubPartner = id
	return r
}

func exampleUsersOf(pkg string) Report {
	all := exampleUsers()
	var rows []UsageRow
	for _, row := range all.Rows {
		if row.Place.Package == pkg {
			rows = append(rows, row)
		}
	}
	all.Rows = rows
	return all
}

func TestNothingComparable(t *testing.T) {
	in := Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Prices: priceList("EUR"),
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_voice", "", "30"))}}
	if r := compared(t, in); r.Comparable() {
		t.Errorf("an invoice without prices is comparable: %v", briefs(r))
	}
	in.Prices = priceList("USD")
	if r := compared(t, in); !r.Comparable() {
		t.Errorf("nothing is comparable: %v", briefs(r))
	}
}

func TestEffects(t *testing.T) {
	r := compared(t, Input{Lines: []Line{seatLine("1", acme, "webex_calling", "11", "7.50", "82.50")}, Reports: oneCell(acme, "webex_calling", "327")})
	f := r.Findings[0]
	got := []string{Exact(f.ExpectedQuantity), Exact(f.Exact), Exact(f.QuantityEffect), Exact(f.RateEffect), Exact(f.RoundingEffect), Exact(f.Difference)}
	if diff := cmp.Diff([]string{"10.9", "79.025", "0.725", "2.75", "-0.005", "3.47"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAllocation(t *testing.T) {
	r := compared(t, Input{Lines: []Line{line("1", Party{}, "webex_calling", "342", "82.65")},
		Reports: []Report{report(LevelCustomer, usage(bolt, "webex_calling", "", "15"), usage(acme, "webex_calling", "", "327"))}})
	var got []string
	for _, s := range r.Allocation {
		got = append(got, s.Customer+" "+Exact(s.Amount))
	}
	if diff := cmp.Diff([]string{"C-1001 79.03", "C-1002 3.62"}, got); diff != "" {
		t.Error(diff)
	}
	var text, page bytes.Buffer
	if err := errors.Join(WriteText(&text, r), WriteHTML(&page, r)); err != nil {
		t.Fatal(err)
	}
	if want := "\n82.65 USD divided among 2 customers; --xlsx, --html and --output json have the shares\n"; !strings.Contains(text.String(), want) {
		t.Errorf("the summary lacks %q:\n%s", want, &text)
	}
	if want := `<tr class="total"><th scope="row">Total USD<td><td><td><td class="n">82.65<td>USD</tr>`; !strings.Contains(page.String(), want) {
		t.Errorf("the page lacks %q", want)
	}
}

func TestCredits(t *testing.T) {
	memo := line("1", acme, "webex_calling", "-13", "-3.14")
	memo.Document, memo.Corrects = DocumentCredit, "INV-1"
	memo.InvoiceID = "INV-2"
	may := Period{NewDay(2026, time.May, 1), NewDay(2026, time.May, 31)}
	usual := forPeriod(line("2", acme, "webex_calling", "31", "7.25"), may, "")
	reports := []Report{{Level: LevelCustomer, Period: may, Rows: []UsageRow{usage(acme, "webex_calling", "", "31")}}}
	open := &Ledger{[]Entry{{ID: "1", Found: april, Invoices: []string{"INV-1"}, Code: QuantityDiffers, InvoiceID: "INV-1", Period: april,
		Customer: "C-1001", Package: "webex_calling", Currency: "USD", Amount: rat("3.14")}}}

	r := compared(t, Input{Lines: []Line{memo, usual}, Reports: reports, Ledger: open})
	if diff := cmp.Diff([]brief{{CreditMatched, "1", "C-1001", "-3.14", "-3.14", "0"}, {Match, "2", "C-1001", "7.25", "7.25", "0"}}, briefs(r)); diff != "" {
		t.Error(diff)
	}
	r = compared(t, Input{Lines: []Line{memo, usual}, Reports: reports})
	want := []brief{{CreditUnmatched, "1", "C-1001", "-3.14", "0", "-3.14"}, {PriorPeriod, "1", "C-1001", "", "", ""}, {Match, "2", "C-1001", "7.25", "7.25", "0"}}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
	// A credit for fifteen user-days comes to a half, away from zero.
	credit := line("1", acme, "webex_calling", "-15", "-3.63")
	for mode, due := range map[Mode]string{HalfUp: "-3.63", HalfEven: "-3.62", Down: "-3.62"} {
		policy := DefaultPolicy()
		policy.Mode = mode
		r = compared(t, Input{Lines: []Line{credit}, Reports: oneCell(acme, "webex_calling", "0"), Options: Options{Policy: policy}})
		if f := r.Findings[0]; f.Code != CreditUnmatched || !strings.HasSuffix(f.Evidence, "comes to "+due) {
			t.Errorf("%s: %s %q, want %s", mode, f.Code, f.Evidence, due)
		}
	}
	// One of this invoice settles the duplicate on it.
	back := line("3", acme, "webex_calling", "-30", "-7.25")
	r = compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25"), line("2", acme, "webex_calling", "30", "7.25"), back}, Reports: oneCell(acme, "webex_calling", "30")})
	want = []brief{{DuplicateLine, "2", "C-1001", "7.25", "0", "7.25"}, {CreditMatched, "3", "C-1001", "-7.25", "0", "-7.25"}, {Match, "1", "C-1001", "7.25", "7.25", "0"}}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
	if f := r.Findings[0]; !r.Clean() || f.Evidence != "the same charge stands in line 1; settled by line 3" {
		t.Errorf("a month whose credit settles all is not clean: %s %q", f.Severity, f.Evidence)
	}
}

func TestDayBoundary(t *testing.T) {
	created, err := time.Parse(time.RFC3339, "2026-04-30T23:30:00-07:00")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Lines:     []Line{line("1", acme, "webex_calling", "1", "0.24")},
		Reports:   oneCell(acme, "webex_calling", "0"),
		Inventory: []Seat{{Customer: acme, User: "new@acme.test", Package: "webex_calling", Created: created}},
	}
	if diff := cmp.Diff([]brief{{BoundaryDay, "1", "C-1001", "0.24", "0", "0.24"}}, briefs(compared(t, in))); diff != "" {
		t.Error(diff)
	}
	in.Options = Options{Policy: DefaultPolicy(), Zone: time.FixedZone("PDT", -7*60*60)}
	if diff := cmp.Diff([]brief{{Match, "1", "C-1001", "0.24", "0.24", "0"}}, briefs(compared(t, in))); diff != "" {
		t.Error(diff)
	}
}

func TestOtherPeriodIsRefused(t *testing.T) {
	r29 := report(LevelCustomer, usage(acme, "webex_calling", "", "29"))
	r29.Period.Last--
	_, err := Reconcile(Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{r29}, Prices: priceList("USD"), Options: DefaultOptions()})
	var period *PeriodError
	if !errors.As(err, &period) || period.Report != r29.Period {
		t.Errorf("got %v", err)
	}
	may := report(LevelCustomer, usage(acme, "webex_calling", "", "31"))
	may.Period = Period{april.Last + 1, april.Last + 31}
	if _, err := Reconcile(Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{may}, Options: DefaultOptions()}); !errors.As(err, &period) || period.Invoice != april {
		t.Errorf("a report of another month gives %v", err)
	}
	if _, err := Reconcile(Input{Reports: []Report{r29}, Options: DefaultOptions()}); err == nil {
		t.Error("an invoice without lines is reconciled")
	}
	if _, err := Reconcile(Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{exampleSeats()}, Options: DefaultOptions()}); err == nil {
		t.Error("seats at one moment are taken for user-days")
	}
}
