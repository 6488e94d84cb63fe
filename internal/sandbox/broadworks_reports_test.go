package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wayne is an estate with a BroadWorks enterprise, and with wholesale subscribers, who are not in its reports.
const wayne = `{
	"customers": [{"external_id":"acme","packages":["webex_meetings"]}],
	"subscribers": [{"customer_external_id":"acme","email":"bob@acme.example","package":"webex_meetings"}],
	"broadworks_templates": [{"provisioning_id": "broadworks-template"}],
	"enterprises": [{"sp_enterprise_id": "wayne", "name": "Wayne Shipping"}],
	"broadworks_subscribers": [
		{"sp_enterprise_id": "wayne", "user_id": "ines.duarte@wayne.example", "email": "ines.duarte@wayne.example", "package": "premium", "first_name": "Ines", "last_name": "Duarte", "phone": "+12012010101", "extension": "6001"},
		{"sp_enterprise_id": "wayne", "user_id": "jonas.falk@wayne.example", "email": "jonas.falk@wayne.example", "package": "standard", "first_name": "Jonas", "last_name": "Falk", "phone": "+12012010102", "extension": "6002"},
		{"sp_enterprise_id": "wayne", "user_id": "kaya.olsen@wayne.example", "email": "kaya.olsen@wayne.example", "package": "basic", "first_name": "Kaya", "last_name": "Olsen", "extension": "6003"},
		{"sp_enterprise_id": "wayne", "user_id": "lobby.phone@wayne.example", "email": "lobby.phone@wayne.example", "package": "softphone", "first_name": "Lobby", "last_name": "Phone", "extension": "6004"}
		]
}`

func TestReportsOfBroadWorks(t *testing.T) {
	b := startBilling(t, wayne)
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
		{"Example Partner", "wayne", "ines.duarte@wayne.example", "ines.duarte@wayne.example", "premium", "broadworks-template", "31"},
		{"Example Partner", "wayne", "jonas.falk@wayne.example", "jonas.falk@wayne.example", "standard", "broadworks-template", "31"},
		{"Example Partner", "wayne", "kaya.olsen@wayne.example", "kaya.olsen@wayne.example", "basic", "broadworks-template", "31"},
		{"Example Partner", "wayne", "lobby.phone@wayne.example", "lobby.phone@wayne.example", "softphone", "broadworks-template", "31"},
	}
	if diff := cmp.Diff(wantRows, b.rows(url)); diff != "" {
		t.Error(diff)
	}
	old := b.want(200, "POST", broadworksReports+` {"billingPeriod":"2022-02"}`).text("id") // they have been there for ever
	b.now = b.now.Add(reportDelay)
	oldRows := b.rows(b.want(200, "GET", broadworksReports+"/"+old).text("tempDownloadURL"))
	if len(oldRows) != 5 || oldRows[1][6] != "28" {
		t.Errorf("in February 2022: %v", oldRows)
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

// TestMeteringOfBroadWorks follows subscribers through the calls of the API.
func TestMeteringOfBroadWorks(t *testing.T) {
	b := startBilling(t, wayne)
	at := func(day, hour int) { b.now = time.Date(2026, time.December, day, hour, 0, 0, 0, time.UTC) }
	subscriber := func(user, pkg string) string {
		b.t.Helper()
		got := b.want(200, "POST", fmt.Sprintf(`/broadworks/subscribers {"provisioningId":"broadworks-template","spEnterpriseId":"wayne",
			"userId":"%[1]s","email":"%[1]s","firstName":"New","lastName":"Starter","package":%[2]q,"extension":"6100"}`, user, pkg))
		return "/broadworks/subscribers/" + got.text("id")
	}
	at(3, 23)
	path := subscriber("new@wayne.example", "basic")
	at(10, 8)
	b.want(200, "PUT", path+` {"package":"premium"}`)
	at(12, 8)
	b.want(200, "PUT", path+` {"firstName":"Old","package":"premium"}`)
	at(20, 0)
	b.want(204, "DELETE", path)
	at(20, 5)
	path = subscriber("new@wayne.example", "basic")
	at(22, 5)
	b.want(204, "DELETE", path)
	b.now = time.Date(2027, time.January, 2, 0, 0, 0, 0, time.UTC)
	id := b.want(200, "POST", broadworksReports+` {"billingPeriod":"2026-12"}`).text("id")
	b.now = b.now.Add(reportDelay)
	rows := b.rows(b.want(200, "GET", broadworksReports+"/"+id).text("tempDownloadURL"))
	var got []string
	for _, row := range rows[1:] {
		if row[column(rows, "USER_ID")] == "new@wayne.example" {
			got = append(got, row[column(rows, "PACKAGE")]+" "+row[column(rows, "QUANTITY")])
		}
	}
	if diff := cmp.Diff([]string{"basic 10", "premium 10"}, got); diff != "" || len(rows) != 7 {
		t.Errorf("%d rows %s", len(rows), diff)
	}
}
