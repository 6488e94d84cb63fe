package billing

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// groundsOf compares and gives the grounds of the findings about a line.
func groundsOf(t *testing.T, in Input, line string) []Ground {
	t.Helper()
	if in.Options.Policy.Rule == "" {
		in.Options.Policy = DefaultPolicy()
	}
	in.Options.Ground = func(f *Finding) bool { return f.InvoiceLine == line }
	return compared(t, in).Grounds
}

// TestSteps checks the arithmetic that is shown against the amounts of the worked
// example.
func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		policy string
		want   []string
	}{
		{"daily-exact", []string{"327 user-days / 30 days = 10.9 seats", "10.9 seats x 7.25 = 79.025", "rounded half-up: 79.03 USD"}},
		{"daily-exact,half-even", []string{"327 user-days / 30 days = 10.9 seats", "10.9 seats x 7.25 = 79.025", "rounded half-even: 79.02 USD"}},
		{"avg-dp=0", []string{"327 user-days / 30 days = 10.9 seats", "rounded to 0 places: 11 seats", "11 seats x 7.25 = 79.75", "rounded half-up: 79.75 USD"}},
		{"day-rate-dp=2,down", []string{"327 user-days / 30 days = 10.9 seats", "7.25 / 30 days, rounded to 2 places, is the price of a day; for the month 7.20", "10.9 seats x 7.20 = 78.48", "rounded down: 78.48 USD"}},
		{"ceil,group", []string{"327 user-days / 30 days = 10.9 seats", "rounded up to whole seats: 11", "11 seats x 7.25 = 79.75", "rounded half-up for each customer: 79.75 USD"}},
		{"peak", []string{"the most seats on one day: 12", "12 seats x 7.25 = 87", "rounded half-up: 87.00 USD"}},
		{"snapshot", []string{"the seats at the end: 10", "10 seats x 7.25 = 72.5", "rounded half-up: 72.50 USD"}},
		{"commit=11", []string{"327 user-days / 30 days = 10.9 seats", "at least 11 seats are committed: 11", "11 seats x 7.25 = 79.75", "rounded half-up: 79.75 USD"}},
	} {
		policy, err := ParsePolicy(tt.policy)
		if err != nil {
			t.Fatal(err)
		}
		g := groundsOf(t, Input{Lines: exampleLines("0", "0", "0", "0"), Reports: []Report{exampleReport(), exampleUsers(), exampleSeats()}, Options: Options{Policy: policy}}, "1")
		if len(g) != 1 {
			t.Fatalf("%s: %d grounds", tt.policy, len(g))
		}
		if diff := cmp.Diff(tt.want, g[0].Steps()); diff != "" {
			t.Errorf("%s: %s", tt.policy, diff)
		}
	}
}

// TestGroundRows wants the rows of the finding's customer and package, of all
// reports, and no others.
func TestGroundRows(t *testing.T) {
	g := groundsOf(t, Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.25"), Reports: []Report{exampleReport(), exampleUsers(), report(LevelPartner, usage(Party{}, "webex_voice", "", "41"))}}, "4")[0]
	var rows []string
	for _, row := range g.Rows {
		rows = append(rows, row.File+" "+row.Customer+" "+row.User+" "+Exact(row.Count.Rat()))
	}
	want := []string{"CUSTOMER.csv C-1002  41", "USER.csv C-1002 x@bolt.test 30", "USER.csv C-1002 y@bolt.test 11"}
	if diff := cmp.Diff(want, rows); diff != "" || g.Corrected {
		t.Error(diff, g.Corrected)
	}
	// What no line charges is grounded too.
	opt := Options{Policy: DefaultPolicy(), Ground: func(f *Finding) bool { return f.Code == MissingOnInvoice }}
	r := compared(t, Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.04")[:3], Reports: []Report{exampleReport(), exampleUsers()}, Options: opt})
	if len(r.Grounds) != 1 || len(r.Grounds[0].Rows) != 3 || Exact(r.Grounds[0].Days) != "41" {
		t.Errorf("grounds %+v", r.Grounds)
	}
	// A day in two packages is in the rows and not in what was counted.
	in := Input{Lines: []Line{line("1", acme, "webex_calling", "11", "2.66"), line("2", acme, "webex_suite", "20", "8.27")},
		Reports: []Report{report(LevelUser, usage(acme, "webex_calling", "kim@acme.test", "11"), usage(acme, "webex_suite", "kim@acme.test", "20"))}}
	if g := groundsOf(t, in, "1")[0]; !g.Corrected || Exact(g.Days) != "10" {
		t.Errorf("corrected %t, %s days", g.Corrected, Exact(g.Days))
	}
}

func TestWriteDispute(t *testing.T) {
	evil := line("2", acme, "webex_suite", "140", "57.87")
	evil.Description, evil.File, evil.Row = "=cmd|' /C calc'!A0", "i.csv", 3
	first := line("1", acme, "webex_suite", "140", "57.87")
	first.File, first.Row = "i.csv", 2
	g := groundsOf(t, Input{Lines: []Line{first, evil}, Reports: []Report{exampleReport()}}, "2")[0]
	var b bytes.Buffer
	if err := WriteDispute(&b, &g, []File{{"i.csv", "aa"}, {"CUSTOMER.csv", "bb"}}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, strings.Join([]string{row[0], row[1], row[2], row[3], row[13], row[16], row[18]}, "|"))
	}
	want := []string{
		"claim|||||57.87|DUPLICATE_LINE: the same charge stands in line 1; claim the amount back",
		"charge|i.csv|aa|2|140|57.87|", "charge|i.csv|aa|3|140|57.87|'=cmd|' /C calc'!A0",
		"usage|CUSTOMER.csv|bb|0|140||CUSTOMER", "price||||1||from the price list", "file|i.csv|aa||||", "file|CUSTOMER.csv|bb||||",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := WriteClaims(&b, []Claim{{"001.csv", &g.Finding}, {"002.csv", &g.Finding}}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "\n,all,,,,,USD,115.74\n") {
		t.Errorf("the claims add up otherwise:\n%s", &b)
	}
}
