package cli

import (
	"slices"
	"testing"
	"time"

	"wholesync/batch"
	"wholesync/internal/webex"
)

// A sign-in is held to the scopes of what is asked for, and to no others.
func TestScopesOfReports(t *testing.T) {
	a := &app{needed: commandScopes["billing create"]}
	a.needReports(string(webex.BroadWorks))
	if want := toChange("broadworks_billing_reports"); !slices.Equal(a.needed, want) {
		t.Errorf("a broadworks report needs %q, want %q", a.needed, want)
	}
	if want := toChange("wholesale_billing_reports"); !slices.Equal(commandScopes["billing create"], want) {
		t.Errorf("the table was changed: %q", commandScopes["billing create"])
	}
	for want, o := range map[string]fromAPI{
		"spark-admin:wholesale_billing_reports_read":  {offerOptions: offerOptions{"wholesale"}, period: "2026-04"},
		"spark-admin:broadworks_billing_reports_read": {offerOptions: offerOptions{"broadworks"}, period: "2026-04"},
		"spark-admin:wholesale_customers_read":        {live: true},
	} {
		if a.needToReconcile(&o); a.needed[0] != want {
			t.Errorf("%+v needs %q first, want %q", o, a.needed, want)
		}
	}
	a.needToReconcile(&fromAPI{offerOptions: offerOptions{"wholesale"}, period: "2026-04", subPartners: []string{"All"}})
	if want := "spark-admin:wholesale_customers_read"; !slices.Contains(a.needed, want) {
		t.Errorf("to list the sub-partners needs %q, not %q", want, a.needed)
	}
}

// Names of files come from what the API says, and lead nowhere else.
func TestReportFile(t *testing.T) {
	order := batch.ReportOrder{ReportRequest: webex.ReportRequest{Internal: true, SubPartner: "52CF576D-60a8-407a-b22c-467c51591909"}}
	for want, tt := range map[string]struct {
		r     webex.BillingReport
		order batch.ReportOrder
	}{
		"user-2026-04-a791366f.csv":                            {webex.BillingReport{ID: "R1", Type: "USER", Start: "2026-04-01", End: "2026-04-30"}, batch.ReportOrder{}},
		"customer-2026-04-01_2026-04-29-a791366f.csv":          {webex.BillingReport{ID: "R1", Type: "CUSTOMER", Start: "2026-04-01", End: "2026-04-29"}, batch.ReportOrder{}},
		"broadworks-2026-04-a791366f.csv":                      {webex.BillingReport{ID: "R1", Offer: webex.BroadWorks, Month: "2026-04"}, batch.ReportOrder{}},
		"______etc-_____-a791366f.csv":                         {webex.BillingReport{ID: "R1", Type: "../../etc", Start: "/..", End: "\x00"}, batch.ReportOrder{}},
		"user-seats-internal-d36298e1-2026-04-30-a791366f.csv": {webex.BillingReport{ID: "R1", Type: "USER", Category: webex.CategoryPointInTime, Start: "2026-04-30", End: "2026-04-30"}, order},
	} {
		if got := reportFile(tt.r, tt.order); got != want {
			t.Errorf("%+v: %s, want %s", tt.r, got, want)
		}
	}
}

func TestDaysOf(t *testing.T) {
	for want, r := range map[string]webex.BillingReport{
		"2026-04":                {Start: "2026-04-01", End: "2026-04-30"},
		"2026-04-01..2026-04-29": {Start: "2026-04-01", End: "2026-04-29"},
		"2026-04-30":             {Start: "2026-04-30", End: "2026-04-30"},
		"2026-05":                {Month: "2026-05"},
		"2026-04-01":             {Start: "2026-04-01"},
	} {
		if got := daysOf(r); got != want {
			t.Errorf("%+v: %s, want %s", r, got, want)
		}
	}
}

// The first and the last day that the API has usage of.
func TestCheckDays(t *testing.T) {
	now := time.Date(2026, 5, 2, 23, 0, 0, 0, time.FixedZone("far west", -10*60*60)) // 3 May in UTC
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, tt := range []struct {
		start, end string
		seats      bool
		code       int
	}{
		{"2026-05-01", "2026-05-02", false, exitOK},
		{"2026-05-01", "2026-05-03", false, exitInput},
		{"2026-05-03", "2026-05-03", true, exitOK},
		{"2026-05-04", "2026-05-04", true, exitInput},
		{"2021-05-03", "2021-05-31", false, exitOK},
		{"2021-05-02", "2021-05-31", false, exitInput},
		{"2026-04-02", "2026-04-01", false, exitInput},
	} {
		if got := exitCode(checkDays(day(tt.start), day(tt.end), now, tt.seats)); got != tt.code {
			t.Errorf("%s to %s, seats %t: exit code %d, want %d", tt.start, tt.end, tt.seats, got, tt.code)
		}
	}
	if got := exitCode(checkDays(time.Time{}, time.Time{}, now, false)); got != exitError {
		t.Errorf("no days: exit code %d", got)
	}
}
