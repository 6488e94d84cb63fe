package billing

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRound(t *testing.T) {
	for _, tt := range []struct {
		in                     string
		halfUp, halfEven, down string
	}{
		{"0.005", "0.01", "0", "0"}, {"0.015", "0.02", "0.02", "0.01"}, {"0.025", "0.03", "0.02", "0.02"}, {"-0.025", "-0.03", "-0.02", "-0.02"},
		{"-0.015", "-0.02", "-0.02", "-0.01"}, {"0.0151", "0.02", "0.02", "0.01"}, {"0.0149", "0.01", "0.01", "0.01"}, {"-3.625", "-3.63", "-3.62", "-3.62"}, {"7", "7", "7", "7"},
	} {
		got := []string{Exact(HalfUp.Round(rat(tt.in), 2)), Exact(HalfEven.Round(rat(tt.in), 2)), Exact(Down.Round(rat(tt.in), 2))}
		if diff := cmp.Diff([]string{tt.halfUp, tt.halfEven, tt.down}, got); diff != "" {
			t.Errorf("%s: %s", tt.in, diff)
		}
	}
	for iso, want := range map[string]int{"USD": 2, "JPY": 0, "KWD": 3} {
		if got := CurrencyScale(iso); got != want {
			t.Errorf("%s has %d places, want %d", iso, got, want)
		}
	}
}

func TestEncodedIDsAreLowerCase(t *testing.T) {
	id := base64.RawURLEncoding.EncodeToString([]byte("ciscospark://us/ORGANIZATION/" + strings.ToUpper(acmeOrg)))
	if got := NormalID(id); got != acmeOrg {
		t.Errorf("got %q", got)
	}
}

func TestTolerance(t *testing.T) {
	for _, tt := range []struct {
		name      string
		tolerance Tolerance
		clean     bool
	}{
		{"none", Tolerance{}, false},
		{"amount", Tolerance{Amount: rat("3.14")}, true},
		{"less amount", Tolerance{Amount: rat("3.13")}, false},
		{"percent", Tolerance{Percent: rat("77")}, true},
		{"less percent", Tolerance{Percent: rat("76")}, false},
		{"quantity", Tolerance{Quantity: rat("0.44")}, true},
		{"less quantity", Tolerance{Quantity: rat("0.43")}, false},
		{"either", Tolerance{Amount: rat("0.01"), Percent: rat("80")}, true},
	} {
		r := compared(t, Input{Lines: []Line{seatLine("1", acme, "webex_calling", "1", "7.25", "7.25")}, Reports: oneCell(acme, "webex_calling", "17"),
			Options: Options{Policy: DefaultPolicy(), Tolerance: tt.tolerance}})
		if r.Clean() != tt.clean {
			t.Errorf("%s: %v", tt.name, briefs(r))
		}
	}
	// A forgiven quantity does not forgive a price.
	r := compared(t, Input{Lines: []Line{seatLine("1", acme, "webex_calling", "1", "8.25", "8.25")}, Reports: oneCell(acme, "webex_calling", "30"),
		Options: Options{Policy: DefaultPolicy(), Tolerance: Tolerance{Quantity: rat("5")}}})
	if r.Clean() {
		t.Error("a tolerance for quantities forgives a price")
	}
}

// daily is the usage of a user on some days of April.
func daily(pkg, user string, first, last int) []UsageRow {
	var rows []UsageRow
	for d := first; d <= last; d++ {
		row := usage(acme, pkg, user, "1")
		row.Day = april.First + Day(d-1)
		rows = append(rows, row)
	}
	return rows
}

func TestDailyRows(t *testing.T) {
	rows := append(daily("webex_calling", "kim@acme.test", 3, 10), daily("webex_suite", "kim@acme.test", 10, 20)...)
	rows = append(rows, daily("webex_calling", "lee@acme.test", 5, 6)...)
	in := Input{Lines: []Line{line("1", acme, "webex_calling", "10", "2.42"), line("2", acme, "webex_suite", "11", "4.55")}, Reports: []Report{report(LevelUser, rows...)}}
	want := []brief{{OverlapDay, "1", "C-1001", "2.42", "2.18", "0.24"}, {Match, "2", "C-1001", "4.55", "4.55", "0"}}
	r := compared(t, in)
	if diff := cmp.Diff(want, briefs(r)); diff != "" || !strings.HasSuffix(r.Findings[0].Evidence, "on 2026-04-10") {
		t.Errorf("%s\n%s", r.Findings[0].Evidence, diff)
	}

	// The most on one day, and those of the last day.
	for policy, amount := range map[Rule]string{Peak: "14.5", Snapshot: "0"} {
		in.Options.Policy = Policy{Rule: policy, Level: RoundLine, Mode: HalfUp}
		for _, f := range compared(t, in).Findings {
			if f.InvoiceLine == "1" && f.ExpectedAmount != nil && Exact(f.ExpectedAmount) != amount {
				t.Errorf("%s: %s, want %s", policy, Exact(f.ExpectedAmount), amount)
			}
		}
	}
}

func TestDaysOutsideThePeriod(t *testing.T) {
	rows := daily("webex_calling", "kim@acme.test", 1, 31)
	r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{report(LevelUser, rows...)}})
	want := []brief{{PeriodMismatch, "", "", "", "", ""}, {Match, "1", "C-1001", "7.25", "7.25", "0"}}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
}
