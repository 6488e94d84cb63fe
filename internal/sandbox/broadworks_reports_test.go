package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReportsOfBroadWorks(t *testing.T) {
	b := startBilling(t, small)
	made := b.want(200, "POST", broadworksReports+` {"billingPeriod":"2026-10"}`)
	id := made.text("id")
	if diff := cmp.Diff(map[string]any{"id": id}, made.body); diff != "" {
		t.Error(diff)
	}
	path := broadworksReports + "/" + id
	want := map[string]any{"id": id, "billingPeriod": "2026-10", "status": "IN_PROGRESS", "created": "2026-11-25T12:00:00.000Z",
		"createdBy": b.want(200, "GET", "/people/me").text("id")}
	if diff := cmp.Diff(want, b.want(200, "GET", path).body); diff != "" {
		t.Error(diff)
	}
	b.refuses(409, 2025, "POST", broadworksReports+` {"billingPeriod":"2026-10"}`)
	b.refuses(409, 2025, "DELETE", path)
	b.refuses(404, 2024, "GET", wholesaleReports+"/"+id) // the APIs share no reports
	b.refuses(404, 2024, "DELETE", wholesaleReports+"/"+id)
	b.now = b.now.Add(reportDelay)
	b.refuses(409, 2026, "POST", broadworksReports+` {"billingPeriod":"2026-10"}`)
	url := b.want(200, "GET", path).text("tempDownloadURL")
	if !strings.HasPrefix(url, DefaultDownloadURL+"/2026/11/25/") {
		t.Errorf("download URL %q", url)
	}
	wantRows := [][]string{
		{"PARTNER_NAME", "SP_ENTERPRISE_ID", "USER_ID", "EMAIL", "PACKAGE", "PROVISIONING_ID", "QUANTITY"},
		{"Example Partner", "acme", "ann@acme.example", "ann@acme.example", "standard", "demo-template", "31"},
		{"Example Partner", "acme", "bob@acme.example", "bob@acme.example", "basic", "demo-template", "31"},
		{"Example Partner", "other", "olga@other.example", "olga@other.example", "standard", "demo-template", "31"},
	}
	if diff := cmp.Diff(wantRows, b.rows(url)); diff != "" {
		t.Error(diff)
	}
	if items := b.want(200, "GET", wholesaleReports).items(); len(items) != 0 {
		t.Errorf("in the other list: %v", items)
	}
	b.want(204, "DELETE", path)
	b.refuses(404, 2024, "GET", path)
}

func TestBroadWorksPeriods(t *testing.T) {
	for body, want := range map[string]int{
		`{"billingPeriod":"2026-10"}`:    0,
		`{"billingPeriod":"2021-12"}`:    0,
		`{"billingPeriod":"2021-11"}`:    2023, // more than five years
		`{"billingPeriod":"2026-11"}`:    2023, // not over yet
		`{"billingPeriod":"2027-01"}`:    2023,
		`{"billingPeriod":"2026-13"}`:    2028,
		`{"billingPeriod":"2026-10-01"}`: 2028,
		`{"billingPeriod":"October"}`:    2028,
		`{}`:                             1001,
		`{"billingPeriod":202610}`:       1003,
		`hello`:                          1005,
	} {
		b := startBilling(t, small)
		if got := b.do("POST", broadworksReports, body); got.code() != want || (want == 0) != (got.status == 200) {
			t.Errorf("%s: %d %v", body, got.status, got.body)
		}
	}
}

func TestListOfBroadWorks(t *testing.T) {
	b := startBilling(t, small)
	ids := map[string]string{}
	for _, period := range []string{"2026-10", "2026-08"} {
		ids[b.want(200, "POST", broadworksReports+fmt.Sprintf(` {"billingPeriod":%q}`, period)).text("id")] = period
	}
	b.now = time.Date(2026, time.December, 2, 0, 0, 0, 0, time.UTC)
	ids[b.want(200, "POST", broadworksReports+` {"billingPeriod":"2026-09"}`).text("id")] = "2026-09"
	for query, want := range map[string]string{
		"":                              "2026-08 2026-09 2026-10",
		"?sortBy=billingPeriod":         "2026-08 2026-09 2026-10",
		"?sortBy=id":                    "2026-10 2026-08 2026-09",
		"?sortBy=status":                "2026-10 2026-08 2026-09",
		"?before=2026-12":               "2026-08 2026-10", // made before December
		"?after=2026-12":                "2026-09",
		"?after=2026-11&before=2027-01": "2026-08 2026-09 2026-10",
	} {
		var periods []string
		for _, item := range b.want(200, "GET", broadworksReports+query).items() {
			if len(item) != 3 || ids[item["id"].(string)] != item["billingPeriod"] {
				t.Errorf("%s: %v", query, item)
			}
			periods = append(periods, item["billingPeriod"].(string))
		}
		if got := strings.Join(periods, " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	b.refuses(400, 2031, "GET", broadworksReports+"?sortBy=created")
	b.refuses(400, 2028, "GET", broadworksReports+"?before=2026")
	b.refuses(400, 2028, "GET", broadworksReports+"?after=x")
}
