package billing

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAmbiguousName(t *testing.T) {
	twin := Party{boltOrg, "C-1002", "Acme Dental"}
	in := Input{
		Lines:   []Line{line("1", Party{Name: "acme dental"}, "webex_calling", "30", "7.25")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(twin, "webex_calling", "", "0"))},
	}
	r := compared(t, in)
	if f := r.Findings[0]; f.Code != AmbiguousKey && r.Findings[1].Code != AmbiguousKey {
		t.Errorf("%v", briefs(r))
	}
	in.Options = Options{Policy: DefaultPolicy(), CustomerMap: map[string]string{"Acme Dental": "C-1001"}}
	if r := compared(t, in); !r.Clean() {
		t.Errorf("the customer map is not used: %v", briefs(r))
	}
}

func TestSubPartnerScope(t *testing.T) {
	corvo := Party{ExternalID: "C-1003"}
	in := Input{
		Lines: []Line{forPeriod(seatLine("1", corvo, "webex_calling", "5", "7.25", "36.25"), april, "sub-9"),
			line("2", acme, "webex_calling", "30", "7.25")},
		Reports: oneCell(acme, "webex_calling", "30"),
	}
	f := compared(t, in).Findings[0]
	if want := "get that sub-partner's report too: wholesync billing create --type customer --start 2026-04-01 --end 2026-04-30 --sub-partner sub-9"; f.Code != SubPartnerScope || f.Advice != want {
		t.Errorf("%s: %s", f.Code, f.Advice)
	}
	in.Lines[0].SubPartner = "$(reboot)"
	if f := compared(t, in).Findings[0]; strings.Contains(f.Advice, "reboot") {
		t.Errorf("a command to copy holds what the invoice says: %s", f.Advice)
	}
	in.Lines[0].SubPartner = ""
	in.Options = Options{Policy: DefaultPolicy(), Internal: []string{"C-1003"}}
	if f := compared(t, in).Findings[0]; f.Code != MissingInReport || !strings.Contains(f.Evidence, "internal=false") {
		t.Errorf("%s: %s", f.Code, f.Evidence)
	}
	// A customer in the report of the provider and in that of the sub-partner counts once.
	in = Input{Lines: []Line{line("2", acme, "webex_calling", "30", "7.25")},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30")), ofSubPartner(report(LevelCustomer, usage(acme, "webex_calling", "", "30")), "sub-1")}}
	want := []brief{{SubPartnerScope, "", "C-1001", "", "", ""}, {Match, "2", "C-1001", "7.25", "7.25", "0"}}
	if diff := cmp.Diff(want, briefs(compared(t, in))); diff != "" {
		t.Error(diff)
	}
}

func TestReportsContradict(t *testing.T) {
	r := compared(t, Input{
		Lines: []Line{line("1", acme, "webex_calling", "70", "16.92")},
		Reports: []Report{
			report(LevelPartner, usage(Party{}, "webex_calling", "", "71")),
			report(LevelCustomer, usage(acme, "webex_calling", "", "70")),
			report(LevelUser, usage(acme, "webex_calling", "a@acme.test", "31"), usage(acme, "webex_calling", "b@acme.test", "30")),
		},
	})
	var said []string
	for _, f := range r.Findings {
		if f.Code == ReportInconsistent {
			said = append(said, f.Evidence)
		}
	}
	want := []string{
		"CUSTOMER reports have 70 user-days, PARTNER reports have 71",
		"USER reports have 61 user-days, CUSTOMER reports have 70",
		"a@acme.test has 31 user-days in 30 days",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

// TestPeriodsOfCharges looks at how the periods of charges for one thing go on.
func TestPeriodsOfCharges(t *testing.T) {
	days := func(first, last Day) Period { return Period{april.First + first - 1, april.First + last - 1} }
	for _, tt := range []struct {
		a, b Period
		says string
	}{
		{days(1, 10), days(11, 30), ""},
		{april, april, ""},
		{days(1, 20), days(15, 30), "charges for webex_calling of C-1001 overlap: 2026-04-01..2026-04-20 and 2026-04-15..2026-04-30"},
		{days(12, 30), days(1, 10), "charges for webex_calling of C-1001 leave days out: 2026-04-01..2026-04-10 and 2026-04-12..2026-04-30"},
	} {
		r := compared(t, Input{Reports: oneCell(acme, "webex_calling", "30"), Lines: []Line{
			forPeriod(line("1", acme, "webex_calling", "10", "2.42"), tt.a, ""), forPeriod(line("2", acme, "webex_calling", "20", "4.83"), tt.b, "")}})
		if got := strings.Join(r.Notes, "\n"); got != tt.says || !r.Clean() {
			t.Errorf("%s and %s: %q, clean %t", tt.a, tt.b, got, r.Clean())
		}
	}
}

// TestUsersOfNobody has a user report without customers: it is added up by package.
func TestUsersOfNobody(t *testing.T) {
	for days, agree := range map[string]bool{"30": true, "29": false} {
		r := compared(t, Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25"), line("2", bolt, "webex_calling", "30", "7.25")},
			Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(bolt, "webex_calling", "", "30")),
				report(LevelUser, usage(Party{}, "webex_calling", "a@x.test", "30"), usage(Party{}, "webex_calling", "b@x.test", days))}})
		if r.Clean() != agree {
			t.Errorf("%s days: %v", days, briefs(r))
		}
	}
}

func TestFreshReport(t *testing.T) {
	fresh := report(LevelCustomer, usage(acme, "webex_calling", "", "30"))
	fresh.Created = time.Date(2026, 5, 1, 0, 10, 0, 0, time.UTC)
	in := Input{Lines: []Line{line("1", acme, "webex_calling", "30", "7.25")}, Reports: []Report{fresh}}
	if r := compared(t, in); len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "2026-04-30") {
		t.Errorf("notes %q", r.Notes)
	}
	in.Reports[0].Created = time.Date(2026, 5, 3, 0, 10, 0, 0, time.UTC)
	if r := compared(t, in); len(r.Notes) != 0 {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestInventory(t *testing.T) {
	corvo := Party{ExternalID: "C-1003"}
	dunn := Party{ExternalID: "C-1004"}
	r := compared(t, Input{
		Lines: []Line{
			line("1", acme, "webex_calling", "30", "7.25"), line("2", acme, "webex_suite", "30", "12.40"),
			line("3", corvo, "webex_calling", "30", "7.25"), line("4", corvo, "webex_suite", "30", "12.40"),
		},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "30"), usage(acme, "webex_suite", "", "30"),
			usage(bolt, "webex_calling", "", "30"), usage(bolt, "webex_suite", "", "30"), usage(bolt, "common_area_calling", "", "30"))},
		Inventory: []Seat{
			{Customer: acme, User: "a@acme.test", Package: "webex_calling"}, {Customer: corvo, User: "c@corvo.test", Package: "webex_calling"},
			{Customer: bolt, User: "b@bolt.test", Package: "webex_calling"}, {Customer: dunn, User: "d@dunn.test", Package: "webex_voice"},
		},
	})
	want := map[string]string{
		"C-1001 webex_calling": "MATCH", "C-1001 webex_suite": "BILLED_NOT_WANTED MATCH",
		"C-1003 webex_calling": "BILLED_NOT_METERED", "C-1003 webex_suite": "BILLED_UNKNOWN",
		"C-1002 webex_calling": "METERED_NOT_BILLED", "C-1002 webex_suite": "METERED_NOT_WANTED",
		"C-1002 common_area_calling": "MISSING_ON_INVOICE", "C-1004 webex_voice": "WANTED_NOT_LIVE",
	}
	got := make(map[string]string)
	for _, f := range r.Findings {
		key := f.Customer + " " + f.Package
		got[key] = strings.TrimSpace(got[key] + " " + string(f.Code))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLineChecks(t *testing.T) {
	wrong := seatLine("1", acme, "webex_calling", "2", "7.25", "15.00")
	r := compared(t, Input{Lines: []Line{wrong}, Reports: oneCell(acme, "webex_calling", "60"),
		Options: Options{Policy: DefaultPolicy(), Stated: map[string]*big.Rat{"USD": rat("20")}}})
	want := []brief{
		{InvoiceTotal, "", "", "5", "0", "5"},
		{AmountDiffers, "1", "C-1001", "15", "14.5", "0.5"},
		{LineArithmetic, "1", "C-1001", "", "", ""},
	}
	if diff := cmp.Diff(want, briefs(r)); diff != "" {
		t.Error(diff)
	}
}

func TestIDForms(t *testing.T) {
	for _, id := range []string{
		acmeOrg, strings.ToUpper(acmeOrg), " " + acmeOrg + " ",
		"Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi81MmNmNTc2ZC02MGE4LTQwN2EtYjIyYy00NjdjNTE1OTE5MDk",
		"Y2lzY29zcGFyazovL3VzL09yZ2FuaXphdGlvbi81MmNmNTc2ZC02MGE4LTQwN2EtYjIyYy00NjdjNTE1OTE5MDk=",
	} {
		if got := NormalID(id); got != acmeOrg {
			t.Errorf("%q gives %q", id, got)
		}
	}
	if got := NormalID("C-1001"); got != "C-1001" {
		t.Errorf("an external id becomes %q", got)
	}
}
