package billing

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exampleUsers are the users and workspaces of the example, by days of use.
func exampleUsers() Report {
	var rows []UsageRow
	for _, u := range "abcdefghij" {
		rows = append(rows, usage(acme, "webex_calling", string(u)+"@acme.test", "30"))
	}
	rows = append(rows, usage(acme, "webex_calling", "kim@acme.test", "10"), usage(acme, "webex_suite", "kim@acme.test", "20"),
		usage(acme, "webex_calling", "lee@acme.test", "17"))
	for _, u := range "klmn" {
		rows = append(rows, usage(acme, "webex_suite", string(u)+"@acme.test", "30"))
	}
	for _, u := range []string{"ws1", "ws2", "ws3"} {
		rows = append(rows, usage(bolt, "common_area_calling", u, "30"))
	}
	rows = append(rows, usage(bolt, "common_area_calling", "ws4", "7"),
		usage(bolt, "webex_voice", "x@bolt.test", "30"), usage(bolt, "webex_voice", "y@bolt.test", "11"))
	return report(LevelUser, rows...)
}

func exampleSeats() Report {
	return report(LevelPointInTime, usage(acme, "webex_calling", "", "10"), usage(acme, "webex_suite", "", "5"),
		usage(bolt, "common_area_calling", "", "4"), usage(bolt, "webex_voice", "", "2"))
}

func TestPolicies(t *testing.T) {
	for _, tt := range []struct {
		policy, total string
		amounts       string // calling, suite, common area, voice
	}{
		{"daily-exact", "153.96", "79.03 57.87 10.02 7.04"},
		{"daily-exact,half-even", "153.95", "79.02 57.87 10.02 7.04"},
		{"daily-exact,down", "153.93", "79.02 57.86 10.02 7.03"},
		{"daily-exact/invoice", "153.95", "79.03 57.87 10.02 7.04"},
		{"daily-exact/invoice,down", "153.95", "79.02 57.86 10.02 7.03"},
		{"avg-dp=2", "154.01", "79.03 57.91 10.01 7.06"},
		{"avg-dp=4", "153.96", "79.03 57.87 10.02 7.04"},
		{"day-rate-dp=2,down", "152.55", "78.48 57.4 9.7 6.97"},
		{"ceil", "164.45", "79.75 62 12.4 10.3"},
		{"peak", "171.7", "87 62 12.4 10.3"},
		{"snapshot", "157.2", "72.5 62 12.4 10.3"},
		{"commit=11:8", "306.9", "79.75 136.4 34.1 56.65"},
		{"commit=10.5:10", "296.96", "80.13 130.2 32.55 54.08"},
	} {
		t.Run(tt.policy, func(t *testing.T) {
			policy, err := ParsePolicy(tt.policy)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ParsePolicy(policy.String()); err != nil || again.String() != policy.String() {
				t.Errorf("%q is read back as %q, %v", policy, again, err)
			}
			r := compared(t, Input{Lines: exampleLines("0", "0", "0", "0"), Reports: []Report{exampleReport(), exampleUsers(), exampleSeats()}, Options: Options{Policy: policy}})
			var amounts []string
			total := new(big.Rat)
			for _, number := range []string{"1", "2", "3", "4"} {
				for _, f := range r.Findings {
					if f.InvoiceLine == number && f.ExpectedAmount != nil {
						amounts = append(amounts, Exact(f.ExpectedAmount))
					}
				}
			}
			for _, total0 := range r.Totals {
				total.Add(total, total0.Expected)
			}
			if got := strings.Join(amounts, " "); got != tt.amounts {
				t.Errorf("amounts %s, want %s", got, tt.amounts)
			}
			if Exact(total) != tt.total {
				t.Errorf("total %s, want %s", Exact(total), tt.total)
			}
		})
	}
}

func TestBadPolicies(t *testing.T) {
	for _, s := range []string{"", "daily", "avg-dp", "avg-dp=x", "avg-dp=11", "commit", "commit=1e9", "ceil=2", "daily-exact,up"} {
		if p, err := ParsePolicy(s); err == nil {
			t.Errorf("%q is taken for %s", s, p)
		}
	}
}

func TestInfer(t *testing.T) {
	for _, tt := range []struct {
		name    string
		amounts []string
		stated  string
		best    string
		says    string
	}{
		{"half up on each line", []string{"79.03", "57.87", "10.02", "7.04"}, "", "daily-exact, line, half-up", "cannot be told from avg-dp=4, line, half-up"},
		{"lines half even", []string{"79.02", "57.87", "10.02", "7.04"}, "153.95", "daily-exact, line, half-even", "2 prorations give the total, and the charges speak against daily-exact, invoice, half-up"},
		{"rounded once", []string{"79.03", "57.87", "10.02", "7.04"}, "153.95", "daily-exact, invoice, half-up", "the charges speak against daily-exact, line, half-even"},
		{"two places of seats", []string{"79.03", "57.91", "10.01", "7.06"}, "", "avg-dp=2, line, half-up", "gives 154.01 USD"},
		{"whole seats", []string{"79.75", "62.00", "12.40", "10.30"}, "", "ceil, line, half-up", "gives 164.45 USD"},
		{"seats at the end", []string{"72.50", "62.00", "12.40", "10.30"}, "", "snapshot, line, half-up", "gives 157.20 USD"},
		{"none", []string{"85.07", "57.87", "10.02", "7.04"}, "", "", "no known proration gives the 160.00 USD of the charges that usage and a price are known for; the nearest is daily-exact, line, half-up, with 3 of 4 charges to the cent"},
		{"none, and whole seats are the nearest", []string{"79.75", "62.00", "12.40", "5.85"}, "", "", "known for; the nearest is ceil, line, half-up, with 3 of 4 charges to the cent"},
		{"nothing near", []string{"1.00", "2.00", "3.00", "154.00"}, "", "", "no known proration gives the 160.00 USD of the charges that usage and a price are known for"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt := Options{Policy: DefaultPolicy(), Auto: true}
			if tt.stated != "" {
				opt.Stated = map[string]*big.Rat{"USD": rat(tt.stated)}
			}
			r := compared(t, Input{Lines: exampleLines(tt.amounts...), Reports: []Report{exampleReport(), exampleUsers(), exampleSeats()}, Options: opt})
			best := ""
			if len(r.Inference.Fits) > 0 {
				best = r.Inference.Fits[0].Policy.String()
			}
			if best != tt.best || !strings.Contains(r.Inference.Text, tt.says) || strings.Contains(r.Inference.Text, "nearest") != strings.Contains(tt.says, "nearest") {
				t.Errorf("best %q, want %q; says %q, want %q", best, tt.best, r.Inference.Text, tt.says)
			}
			if tt.best != "" && !r.Clean() {
				t.Errorf("the best proration leaves findings:\n%v", briefs(r))
			}
		})
	}
}

// TestInferNeedsPrices: the invoice's own prices give every proration that divides
// by the same days, so nothing is inferred from them.
func TestInferNeedsPrices(t *testing.T) {
	opt := DefaultOptions()
	opt.Auto = true
	r, err := Reconcile(Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.04"), Reports: []Report{exampleReport()}, Options: opt})
	if err != nil {
		t.Fatal(err)
	}
	if want := "the proration cannot be found out: no charge has both usage and a price of a price list"; r.Inference.Text != want || r.Policy.String() != DefaultPolicy().String() {
		t.Errorf("%q, compared by %s", r.Inference.Text, r.Policy)
	}
}

func TestExampleIsClean(t *testing.T) {
	r := compared(t, Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.04"), Reports: []Report{exampleReport(), exampleUsers()}})
	want := []brief{
		{Match, "3", "C-1002", "10.02", "10.02", "0"},
		{Match, "4", "C-1002", "7.04", "7.04", "0"},
		{Match, "1", "C-1001", "79.03", "79.03", "0"},
		{Match, "2", "C-1001", "57.87", "57.87", "0"},
	}
	want[0], want[1], want[2], want[3] = want[2], want[3], want[0], want[1]
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
	if !r.Clean() || len(r.Notes) > 0 {
		t.Errorf("not clean: %v", r.Notes)
	}
}
