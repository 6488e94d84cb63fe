package webex

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sampleReportID = "Y2lzY29zcGFyazovL3VzL0JJTExJTkdfUkVQT1JULzViOGQ1MThhLThmMDAtNDUxYi1hNDA2LWVhZjQ5YjRhN2ZhOA"

// checkReport compares a report but for its link, which is compared by itself.
func checkReport(t *testing.T, want, got BillingReport) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Link{})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestGetReport(t *testing.T) {
	c := answering(t, wantRequest{method: "GET", path: "/wholesale/billing/reports/A%2FB+C"}, 200, "billing_report.json", nil)
	got, err := c.GetReport(t.Context(), Wholesale, "A/B+C")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(got.Link.raw, "Key-Pair-Id=APKAJADAKLCI2FW2U32Q") {
		t.Errorf("link is %q", got.Link.raw)
	}
	got.Link = Link{}
	checkReport(t, BillingReport{
		Offer: Wholesale, ID: sampleReportID, Start: "2021-05-21", End: "2021-05-30", Type: "PARTNER", Status: "COMPLETED",
		Created:   time.Date(2021, 6, 16, 12, 40, 33, 109e6, time.UTC),
		CreatedBy: "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8wYWNkMzg3NS00ZTEyLTRkNzctYjk4MS1lMzg5ZmQ4ODQ2YzA",
	}, got)
	if !got.Completed() || got.Failed() {
		t.Error("a completed report does not look like one")
	}
}

// The errors of a report have code for errorCode; words that are not documented
// are kept, and a flag may be a string.
func TestReportOddities(t *testing.T) {
	yes := true
	c := newTestClient(t, Config{Transport: script(answer200(`{"id":"R1","status":"Failed","type":"SUBPARTNER","category":"FORECAST",
		"internal":"true","subPartnerOrgId":"O1","errors":[{"code":2024,"description":"gone"},{"code":"5001"}],"tempDownloadURL":null}`))})
	got, err := c.GetReport(t.Context(), Wholesale, "R1")
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, BillingReport{
		Offer: Wholesale, ID: "R1", Status: "Failed", Type: "SUBPARTNER", Category: "FORECAST", Internal: &yes, SubPartner: "O1",
		Errors: []Detail{{2024, "gone"}, {5001, ""}},
	}, got)
	if !got.Failed() || !got.Link.NoLink() {
		t.Error("a failed report does not look like one")
	}
}

func TestListReports(t *testing.T) {
	want := wantRequest{method: "GET", path: "/wholesale/billing/reports",
		query: "billingEndDate=2021-05-30&billingStartDate=2021-05-21&max=100&status=COMPLETED&subPartnerOrgId=O1&type=PARTNER"}
	c := answering(t, want, 200, "billing_reports.json", nil)
	var ids, words []string
	filter := ReportFilter{Offer: Wholesale, Start: "2021-05-21", End: "2021-05-30", Type: "PARTNER", Status: "COMPLETED", SubPartner: "O1"}
	for r, err := range c.ListReports(t.Context(), filter) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
		words = append(words, r.Type+" "+r.Category+" "+r.Status)
	}
	checkEqual(t, []string{"PARTNER  COMPLETED", "USER POINT_IN_TIME REQUESTED"}, words)
	if len(ids) != 2 || ids[0] != sampleReportID {
		t.Errorf("ids are %q", ids)
	}
}

// A page without a link, on a list that takes no offset, is not asked for again.
func TestListMonthlyReports(t *testing.T) {
	requests := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests++
		checkRequest(t, r, wantRequest{method: "GET", path: "/broadworks/billing/reports", query: "after=2019-12&before=2020-03"})
		fmt.Fprint(w, `{"items":[{"id":"R1","billingPeriod":"2020-01","status":"COMPLETED"}]}`)
	})
	var got []BillingReport
	for r, err := range c.ListReports(t.Context(), ReportFilter{Offer: BroadWorks, Before: "2020-03", After: "2019-12"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 1 || requests != 1 {
		t.Fatalf("%d reports with %d requests", len(got), requests)
	}
	checkReport(t, BillingReport{Offer: BroadWorks, ID: "R1", Month: "2020-01", Status: "COMPLETED"}, got[0])
}

func TestCreateReport(t *testing.T) {
	for name, tt := range map[string]struct {
		req    ReportRequest
		path   string
		body   string
		status int
	}{
		"plain": {ReportRequest{Offer: Wholesale, Start: "2021-05-21", End: "2021-05-30"}, "/wholesale/billing/reports",
			`{"billingStartDate":"2021-05-21","billingEndDate":"2021-05-30"}`, 200},
		"all": {ReportRequest{Offer: Wholesale, Start: "2021-05-21", End: "2021-05-30", Type: "USER", Category: CategoryPointInTime, SubPartner: "O1", Internal: true}, "/wholesale/billing/reports",
			`{"billingStartDate":"2021-05-21","billingEndDate":"2021-05-30","type":"USER","category":"POINT_IN_TIME","subPartnerOrgId":"O1","internal":true}`, 201},
		"the usual category is not sent": {ReportRequest{Offer: Wholesale, Start: "2021-05-21", End: "2021-05-30", Type: "USER", Category: CategoryReconciliation}, "/wholesale/billing/reports",
			`{"billingStartDate":"2021-05-21","billingEndDate":"2021-05-30","type":"USER"}`, 202},
		"month": {ReportRequest{Offer: BroadWorks, Month: "2020-11"}, "/broadworks/billing/reports", `{"billingPeriod":"2020-11"}`, 202},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				checkRequest(t, r, wantRequest{method: "POST", path: tt.path, body: tt.body})
				w.WriteHeader(tt.status)
				fmt.Fprint(w, `{"id":"R1","type":"PARTNER","internal":true}`)
			})
			got, err := c.CreateReport(t.Context(), tt.req)
			if err != nil || got.ID != "R1" || got.Offer != tt.req.Offer || got.Category != "" {
				t.Errorf("report is %+v, error %v", got, err)
			}
		})
	}
}

// A busy service has a code of its own, and so have reports that exist; the
// class of a write that a 503 refuses is unknown nevertheless.
func TestCreateReportRefused(t *testing.T) {
	for body, want := range map[string]struct {
		status, code int
		class        Class
	}{
		`{"errors":[{"code":2026}]}`:        {409, 2026, ClassConflict},
		`{"errors":[{"errorCode":"2025"}]}`: {409, 2025, ClassNotReady},
		`{"errors":[{"code":2030}]}`:        {503, 2030, ClassUnknown},
		`{"errors":[{"code":2509}]}`:        {400, 2509, ClassPermanentInput},
		`{"errors":[{"code":2029}]}`:        {403, 2029, ClassAuth},
	} {
		c := newTestClient(t, Config{Transport: script(answerWith(want.status, body))})
		_, err := c.CreateReport(t.Context(), ReportRequest{Offer: Wholesale})
		if e := asError(t, err); e.Code != want.code || e.Class != want.class || e.Attempts != 1 {
			t.Errorf("%s: code %d, class %v after %d tries", body, e.Code, e.Class, e.Attempts)
		}
	}
}

func TestRemoveReport(t *testing.T) {
	c := answering(t, wantRequest{method: "DELETE", path: "/broadworks/billing/reports/R1"}, 204, "", nil)
	if err := c.RemoveReport(t.Context(), BroadWorks, "R1"); err != nil {
		t.Error(err)
	}
}

// No way of printing a report shows its link, and an error that repeats the link
// does not show it either. The link still works after it was read twice.
func TestLinkIsSecret(t *testing.T) {
	const signature, query = "canary-signature~1_", "Expires=1624978489&Signature=canary-signature~1_&Key-Pair-Id=CANARYKEYPAIR"
	const body = `{"id":"R1","status":"COMPLETED","tempDownloadURL":"https://files.example.com/a.csv?` + query + `"}`
	c := newTestClient(t, Config{Transport: script(answer200(body), answer200(body),
		answerWith(400, `{"errors":[{"code":2509,"description":"no `+signature+` and `+query+`"}]}`, "Trackingid", signature))})
	var report BillingReport
	for range 2 {
		var err error
		if report, err = c.GetReport(t.Context(), Wholesale, "R1"); err != nil || !strings.HasSuffix(report.Link.raw, query) {
			t.Fatalf("link is %q, error %v", report.Link.raw, err)
		}
	}
	_, refused := c.GetReport(t.Context(), Wholesale, "R1")
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "report", report, "link", report.Link)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "report", report, "link", report.Link)
	marshalled, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %q %x %v %s %s %v", report, report, report, report.Link, report.Link, report.Link, &report, &logged, marshalled, refused)
	for _, secret := range []string{"canary", "CANARY", "1624978489"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q is shown: %s", secret, shown)
		}
	}
	if !report.Link.Expired(time.Unix(1624978489, 0)) || report.Link.Expired(time.Unix(1624978488, 0)) || (Link{"https://x/"}).Expired(time.Now()) {
		t.Error("expiry is not read")
	}
}
