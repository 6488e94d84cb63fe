package billing

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tooMuch is a month with a QUANTITY finding of 3.14 for Acme alone.
func tooMuch(w ...Waiver) Input {
	return Input{Lines: []Line{seatLine("1", acme, "webex_calling", "1", "7.25", "7.25")}, Reports: oneCell(acme, "webex_calling", "17"), Waivers: w}
}

func TestWaivers(t *testing.T) {
	holds := Waiver{Reason: "trial, agreed by mail", Expires: april.Last}
	with := func(change func(*Waiver)) Waiver {
		w := holds
		change(&w)
		return w
	}
	quantity := with(func(w *Waiver) { w.Code = QuantityDiffers })
	for _, tt := range []struct {
		name     string
		waivers  []Waiver
		severity Severity
		note     string // what is noted about the waivers
		says     string // in the finding's evidence
	}{
		{"by code", []Waiver{quantity}, Waived, "", "waived until 2026-04-30: trial, agreed by mail"},
		{"by customer", []Waiver{with(func(w *Waiver) { w.Customer = "C-1001" })}, Waived, "", "trial"},
		{"by package", []Waiver{with(func(w *Waiver) { w.Package = "webex_calling" })}, Waived, "", "trial"},
		{"by invoice and line", []Waiver{with(func(w *Waiver) { w.InvoiceID, w.InvoiceLine = "INV-1", "1" })}, Waived, "", "trial"},
		{"within the amount", []Waiver{with(func(w *Waiver) { w.Code, w.UpTo = QuantityDiffers, rat("3.14") })}, Waived, "", "trial"},
		{"above the amount", []Waiver{with(func(w *Waiver) { w.Code, w.UpTo = QuantityDiffers, rat("3.13") })}, Error, `"QUANTITY" covers nothing`, ""},
		{"another code", []Waiver{with(func(w *Waiver) { w.Code = RateDiffers })}, Error, `"RATE" covers nothing`, ""},
		{"another customer", []Waiver{with(func(w *Waiver) { w.Code, w.Customer = QuantityDiffers, "C-9" })}, Error, `"QUANTITY C-9" covers nothing`, ""},
		{"another SKU", []Waiver{with(func(w *Waiver) { w.Code, w.SKU = QuantityDiffers, "A-1" })}, Error, `"QUANTITY A-1" covers nothing`, ""},
		{"expired", []Waiver{with(func(w *Waiver) { w.Code, w.Expires = QuantityDiffers, april.Last-1 })}, Error, "expired on 2026-04-29, and what it covers counts again", "the waiver expired on 2026-04-29: trial"},
		{"expired and renewed", []Waiver{with(func(w *Waiver) { w.Code, w.Expires = QuantityDiffers, april.Last-1 }), quantity}, Waived, "expired on 2026-04-29", "waived until 2026-04-30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := compared(t, tooMuch(tt.waivers...))
			f := r.Findings[0]
			if f.Severity != tt.severity || r.Clean() != (tt.severity == Waived) || !strings.Contains(f.Evidence, tt.says) {
				t.Errorf("severity %s, clean %t, evidence %q", f.Severity, r.Clean(), f.Evidence)
			}
			if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, tt.note)
			}
			if Exact(r.Totals[0].Difference) != "3.14" {
				t.Errorf("the waiver takes %s out of the totals", Exact(r.Totals[0].Difference))
			}
		})
	}
	var b bytes.Buffer
	if err := WriteText(&b, compared(t, tooMuch(quantity))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"QUANTITY  waived           1    3.14 USD", "waived until 2026-04-30: trial,\n    agreed by mail"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, &b)
		}
	}
	// What agrees is not waived.
	r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: oneCell(acme, "webex_calling", "30"),
		Waivers: []Waiver{with(func(w *Waiver) { w.Customer = "C-1001" })}})
	if r.Findings[0].Severity != Info || len(r.Notes) != 1 {
		t.Errorf("%s, notes %q", r.Findings[0].Severity, r.Notes)
	}
}

func TestReadWaivers(t *testing.T) {
	got, err := ReadWaivers(strings.NewReader("waivers:\n  - code: RATE\n    package: Webex Calling\n    up_to: 5.00\n    reason: old price until July\n    expires: 2026-06-30\n"), "w.yaml")
	want := []Waiver{{Code: RateDiffers, Package: "webex_calling", UpTo: big.NewRat(5, 1), Reason: "old price until July", Expires: april.Last + 61}}
	if diff := cmp.Diff(want, got, byValue); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for text, wrong := range map[string]string{
		"waivers: [{code: RATE, expires: 2026-12-31}]":                                     "waiver 1: it has no reason",
		"waivers: [{code: RATE, reason: ' ', expires: 2026-12-31}]":                        "waiver 1: it has no reason",
		"waivers: [{code: RATE, reason: x}]":                                               "waiver 1: it has no last day",
		"waivers: [{code: RATE, reason: x, expires: 31.12.2026}]":                          "is not a day",
		"waivers: [{reason: x, expires: 2026-12-31}]":                                      "it would cover everything",
		"waivers: [{code: RATES, reason: x, expires: 2026-12-31}]":                         `"RATES" is not a code`,
		"waivers: [{code: RATE, reason: x, expires: 2026-12-31, up_to: 1e9}]":              `up_to "1e9" is not an amount`,
		"waivers: [{code: RATE, reason: x, expires: 2026-12-31, up_to: -1}]":               `up_to "-1" is not an amount`,
		"waivers: [{code: RATE, reason: x, expires: 2026-12-31, costumer: C-1}]":           "costumer",
		"- {code: RATE, reason: x, expires: 2026-12-31}":                                   "w.yaml",
		"waivers: [{code: RATE, reason: x, expires: 2026-12-31}, {code: RATE, reason: y}]": "waiver 2: it has no last day",
	} {
		if _, err := ReadWaivers(strings.NewReader(text), "w.yaml"); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, want %q", text, err, wrong)
		}
	}
}

func FuzzReadWaivers(f *testing.F) {
	f.Add("waivers:\n  - code: RATE\n    package: Webex Calling\n    up_to: 5.00\n    reason: old price\n    expires: 2026-06-30\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ReadWaivers(strings.NewReader(text), "w.yaml")
		if err != nil {
			return
		}
		for _, w := range all {
			if w.Reason == "" || w.Expires == 0 || w.String() == "" {
				t.Errorf("waiver %+v", w)
			}
		}
	})
}

func TestThreshold(t *testing.T) {
	in := Input{Lines: []Line{
		seatLine("1", acme, "webex_calling", "1", "7.25", "7.25"), line("2", acme, "webex_suite", "30", "12.42"), line("3", bolt, "webex_voice", "30", "5.17"),
	}, Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "17"), usage(acme, "webex_suite", "", "30"), usage(bolt, "webex_voice", "", "30"))}}
	in.Options = Options{Policy: DefaultPolicy(), Threshold: rat("3.14")}
	r := compared(t, in)
	var got []brief
	shown := r.Shown(false)
	for _, f := range shown {
		got = append(got, brief{f.Code, f.InvoiceLine, f.Customer, Exact(f.BilledAmount), Exact(f.ExpectedAmount), Exact(f.Difference)})
	}
	want := []brief{{QuantityDiffers, "1", "C-1001", "7.25", "4.11", "3.14"}, {BelowThreshold, "", "", "17.59", "17.55", "0.04"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if says := "of less than 3.14 each: 2 RATE"; shown[1].Evidence != says || shown[1].Severity != Error {
		t.Errorf("%s: %q, want %q", shown[1].Severity, shown[1].Evidence, says)
	}
	if Exact(r.Totals[0].Difference) != "3.18" || r.Clean() || len(r.Shown(true)) != 3 {
		t.Errorf("difference %s, clean %t, %d findings in all", Exact(r.Totals[0].Difference), r.Clean(), len(r.Shown(true)))
	}
}

func TestAccrual(t *testing.T) {
	in := Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_voice", "", "41"), usage(acme, "webex_voice", "", "30"),
			usage(bolt, "webex_suite", "", "30"), usage(bolt, "webex_meetings", "", "15"), usage(bolt, "webex_calling", "", "0"))},
		Inventory: []Seat{{Customer: bolt, User: "b@bolt.test", Package: "webex_voice"}}, Options: Options{Policy: DefaultPolicy(), Accrue: true}}
	r := compared(t, in)
	var got []string
	for _, a := range append(r.Accruals, accrued(r.Accruals)...) {
		got = append(got, a.Currency+" "+a.Package+" "+Exact(a.Seats)+" "+Exact(a.Amount))
	}
	// 41/30 + 30/30 of voice at 5.15: 7.04 + 5.15; the price of meetings is not known.
	if diff := cmp.Diff([]string{"USD webex_meetings 0.5 ", "USD webex_suite 1 12.4", "USD webex_voice 2.366667 12.19", "USD  3.866667 24.59"}, got); diff != "" {
		t.Error(diff)
	}
	// Before the invoice comes all usage is to be accrued, and needs nobody.
	in.Lines = nil
	r = compared(t, in)
	got = nil
	for _, a := range accrued(r.Accruals) {
		got = append(got, a.Currency+" "+Exact(a.Amount))
	}
	if diff := cmp.Diff([]string{"USD 31.84"}, got); diff != "" || !r.Clean() || Exact(r.Totals[0].Expected) != "31.84" {
		t.Errorf("%s, clean %t", diff, r.Clean())
	}
	in.Options.Policy.Level = RoundInvoice
	compared(t, in)
	in.Options.Accrue, in.Lines = false, []Line{line("1", acme, "webex_calling", "30", "7.25")}
	if r := compared(t, in); len(r.Accruals) > 0 {
		t.Error("accruals that nobody asked for")
	}
}

func TestLimits(t *testing.T) {
	daily := func(day Day, count string) UsageRow {
		row := usage(acme, "webex_calling", "", count)
		row.Day = day
		return row
	}
	lines := []Line{line("1", acme, "webex_calling", "60", "14.50")}
	limit := func(seats int) []Limit {
		return []Limit{{Customer: Party{ExternalID: "C-1001"}, Package: "webex_calling", Seats: seats}}
	}
	for _, tt := range []struct {
		name    string
		reports []Report
		seats   int
		says    string // "" = within the limit
	}{
		{"on average", oneCell(acme, "webex_calling", "60"), 1, "2 seats metered on average, the limit is 1"},
		{"within", oneCell(acme, "webex_calling", "60"), 2, ""},
		{"on one day", []Report{report(LevelCustomer, daily(april.First, "50"), daily(april.First+1, "10"))}, 49, "50 seats metered on 2026-04-01, the limit is 49"},
		{"within on each day", []Report{report(LevelCustomer, daily(april.First, "50"), daily(april.First+1, "10"))}, 50, ""},
		{"at the end", append(oneCell(acme, "webex_calling", "60"), report(LevelPointInTime, usage(acme, "webex_calling", "", "7"))), 6, "7 seats assigned at the end of the period, the limit is 6"},
		// Two users one after the other are one seat.
		{"one after the other", []Report{report(LevelUser, usage(acme, "webex_calling", "a@acme.test", "15"), usage(acme, "webex_calling", "b@acme.test", "15"))}, 1, ""},
	} {
		r := compared(t, Input{Lines: lines, Reports: tt.reports, Limits: limit(tt.seats)})
		says := ""
		for _, f := range r.Findings {
			if f.Code == OverLimit {
				says = f.Evidence
			}
		}
		if says != tt.says {
			t.Errorf("%s: %q, want %q", tt.name, says, tt.says)
		}
	}
}
