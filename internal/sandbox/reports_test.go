package sandbox

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// billing is a sandbox whose clock a test turns.
type billing struct {
	*client
	now time.Time
}

const reportDelay = time.Minute

// startBilling starts at noon of 25 November 2026.
func startBilling(t *testing.T, seed string, rules ...string) *billing {
	t.Helper()
	b := &billing{now: time.Date(2026, time.November, 25, 12, 0, 0, 0, time.UTC)}
	o := faults(t, rules...)
	o.Seed, o.ReportDelay, o.Now = strings.NewReader(seed), reportDelay, func() time.Time { return b.now }
	b.client = start(t, o)
	return b
}

const (
	wholesaleReports  = "/wholesale/billing/reports"
	broadworksReports = "/broadworks/billing/reports"
)

// create makes a report and returns its path; fields are added to the body.
func (b *billing) create(fields string) (path string) {
	b.t.Helper()
	made := b.want(200, "POST", wholesaleReports+" "+reportBody(fields))
	return wholesaleReports + "/" + made.text("id")
}

// reportBody asks for October 2026, with some of the fields replaced.
func reportBody(fields string) string {
	return merge(`{"billingStartDate":"2026-10-01","billingEndDate":"2026-10-31"}`, fields)
}

// refuses fails the test unless the request is answered with this status and error code.
func (b *billing) refuses(status, code int, method, pathAndBody string) {
	b.t.Helper()
	if got := b.want(status, method, pathAndBody); got.code() != code {
		b.t.Errorf("%s %s: code %d, want %d", method, pathAndBody, got.code(), code)
	}
}

func TestLifeOfAReport(t *testing.T) {
	b := startBilling(t, small)
	made := b.want(200, "POST", wholesaleReports+" "+reportBody(`"type":"CUSTOMER","internal":true`))
	id := made.text("id")
	want := map[string]any{"id": id, "billingStartDate": "2026-10-01", "billingEndDate": "2026-10-31", "type": "CUSTOMER",
		"category": "RECONCILIATION", "internal": true}
	if diff := cmp.Diff(want, made.body); diff != "" {
		t.Error(diff)
	}
	path := wholesaleReports + "/" + id
	delete(want, "internal")
	want["status"], want["created"], want["createdBy"] = "IN_PROGRESS", "2026-11-25T12:00:00.000Z", b.want(200, "GET", "/people/me").text("id")
	if diff := cmp.Diff(want, b.want(200, "GET", path).body); diff != "" {
		t.Error(diff)
	}
	b.refuses(409, 2025, "DELETE", path)
	b.refuses(409, 2025, "POST", wholesaleReports+" "+reportBody(`"type":"CUSTOMER"`))

	b.now = b.now.Add(reportDelay)
	done := b.want(200, "GET", path)
	want["status"], want["tempDownloadURL"] = "COMPLETED", done.text("tempDownloadURL")
	if diff := cmp.Diff(want, done.body); diff != "" {
		t.Error(diff)
	}
	b.refuses(409, 2026, "POST", wholesaleReports+" "+reportBody(`"type":"CUSTOMER"`))
	url := done.text("tempDownloadURL")
	if got := b.fetch("GET", url); got.Code != 200 {
		t.Errorf("download: %d %s", got.Code, got.Body)
	}
	b.want(204, "DELETE", path)
	if got := b.fetch("GET", url); got.Code != 403 {
		t.Errorf("download of a deleted report: %d %s", got.Code, got.Body)
	}
	b.refuses(404, 2024, "GET", path)
	b.refuses(404, 2024, "DELETE", path)
	b.create(`"type":"CUSTOMER"`)
}

// fetch asks the download host.
func (b *billing) fetch(method, url string) *httptest.ResponseRecorder {
	b.t.Helper()
	if !strings.HasPrefix(url, DefaultDownloadURL+"/") {
		b.t.Fatalf("the download URL is %q", url)
	}
	w := httptest.NewRecorder()
	b.s.Downloads().ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

func TestReportRequests(t *testing.T) {
	type want struct {
		status, code int
		field        string
	}
	for fields, want := range map[string]want{
		`"billingStartDate":null`:                      {400, 1001, "billingStartDate"},
		`"billingEndDate":null`:                        {400, 1001, "billingEndDate"},
		`"billingStartDate":"2026-13-01"`:              {400, 2509, ""},
		`"billingEndDate":"31.10.2026"`:                {400, 2509, ""},
		`"billingStartDate":"2026-11-01"`:              {400, 2509, ""}, // after the end
		`"billingEndDate":"2026-11-25"`:                {400, 2509, ""}, // today
		`"billingEndDate":"2026-11-24"`:                {200, 0, ""},
		`"billingStartDate":"2021-11-24"`:              {400, 2509, ""}, // more than five years
		`"billingStartDate":"2021-11-25"`:              {200, 0, ""},
		`"billingStartDate":"2026-10-31"`:              {200, 0, ""}, // one day
		`"billingStartDate":20261001`:                  {400, 1003, "billingStartDate"},
		`"type":"PARTNER"`:                             {200, 0, ""},
		`"type":"USER"`:                                {200, 0, ""},
		`"type":"EVERYBODY"`:                           {400, 2512, ""},
		`"type":"user"`:                                {400, 2512, ""},
		`"category":"RECONCILIATION"`:                  {200, 0, ""},
		`"category":"FORECAST"`:                        {400, 1003, "category"},
		`"category":"POINT_IN_TIME"`:                   {400, 2512, ""}, // of PARTNER
		`"category":"POINT_IN_TIME","type":"USER"`:     {200, 0, ""},
		`"category":"POINT_IN_TIME","type":"CUSTOMER"`: {200, 0, ""},
		`"subPartnerOrgId":"nobody"`:                   {404, 2501, ""},
		`"category":"POINT_IN_TIME","type":"USER","billingStartDate":"2026-11-25","billingEndDate":"2026-11-25"`: {200, 0, ""},
	} {
		t.Run(fields, func(t *testing.T) {
			b := startBilling(t, small)
			got := b.do("POST", wholesaleReports, reportBody(fields))
			if got.status != want.status || got.code() != want.code || got.field() != want.field {
				t.Errorf("%d %v, want %+v", got.status, got.body, want)
			}
		})
	}
}

func TestEqualReports(t *testing.T) {
	b := startBilling(t, `{"sub_partners":[{"org_id":"sub-1"}],"customers":[]}`)
	b.create(`"type":"USER"`)
	b.now = b.now.Add(reportDelay)
	b.refuses(409, 2026, "POST", wholesaleReports+" "+reportBody(`"type":"USER","internal":true`))
	for _, other := range []string{``, `"type":"CUSTOMER"`, `"type":"USER","category":"POINT_IN_TIME"`, `"type":"USER","subPartnerOrgId":"sub-1"`,
		`"type":"USER","billingEndDate":"2026-10-30"`, `"type":"USER","billingStartDate":"2026-09-30"`} {
		b.create(other)
	}
}

func TestListOfReports(t *testing.T) {
	b := startBilling(t, `{"sub_partners":[{"org_id":"sub-1"}],"customers":[]}`)
	ids := map[string]string{}
	for _, r := range []struct{ name, fields string }{
		{"october", ``},
		{"users", `"type":"USER"`},
		{"september", `"billingStartDate":"2026-09-01","billingEndDate":"2026-09-30"`},
		{"sub", `"subPartnerOrgId":"sub-1"`},
	} {
		ids[strings.TrimPrefix(b.create(r.fields), wholesaleReports+"/")] = r.name
	}
	b.now = b.now.Add(reportDelay)
	ids[strings.TrimPrefix(b.create(`"billingEndDate":"2026-10-02"`), wholesaleReports+"/")] = "running"
	for query, want := range map[string]string{
		"":                             "september october users running",
		"?sortBy=billingStartDate":     "september october users running",
		"?sortBy=id":                   "october users september running",
		"?sortBy=billingEndDate":       "september running october users",
		"?sortBy=status":               "october users september running",
		"?status=COMPLETED":            "september october users",
		"?status=IN_PROGRESS":          "running",
		"?status=FAILED":               "",
		"?type=USER":                   "users",
		"?type=CUSTOMER":               "",
		"?billingStartDate=2026-10-01": "october users running",
		"?billingEndDate=2026-09-30":   "september",
		"?billingStartDate=2026-10-01&billingEndDate=2026-10-31&type=PARTNER": "october",
		"?billingStartDate=2026-09-15":                                        "",
		"?subPartnerOrgId=sub-1":                                              "sub",
		"?max=2":                                                              "september october",
		"?max=2&offset=2":                                                     "users running",
		"?onBehalfOfSubPartnerOrgId=sub-1":                                    "september october users running", // not a parameter of this call
	} {
		var names []string
		for _, item := range b.want(200, "GET", wholesaleReports+query).items() {
			names = append(names, ids[item["id"].(string)])
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	first := b.want(200, "GET", wholesaleReports).items()[0]
	want := map[string]any{"id": first["id"], "billingStartDate": "2026-09-01", "billingEndDate": "2026-09-30", "status": "COMPLETED",
		"type": "PARTNER", "category": "RECONCILIATION"}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	for query, code := range map[string]int{"sortBy=created": 2510, "status=REQUESTED": 2511, "status=completed": 2511, "type=GROUP": 2512,
		"max=0": 1004, "max=x": 1004, "billingEndDate=october": 1004} {
		b.refuses(400, code, "GET", wholesaleReports+"?"+query)
	}
	b.refuses(404, 2501, "GET", wholesaleReports+"?subPartnerOrgId=nobody")
}

func TestPagesOfReports(t *testing.T) {
	b := startBilling(t, `{"customers":[]}`)
	first := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	for i := range 130 {
		day := first.AddDate(0, 0, i).Format(time.DateOnly)
		b.create(fmt.Sprintf(`"billingStartDate":%q,"billingEndDate":%q`, day, day))
	}
	seen := map[string]bool{}
	var sizes []int
	for path := wholesaleReports + "?max=1000&type=PARTNER"; path != ""; {
		page := b.want(200, "GET", path)
		sizes = append(sizes, len(page.items()))
		for _, item := range page.items() {
			seen[item["id"].(string)] = true
		}
		next, _, _ := strings.Cut(strings.TrimPrefix(page.header.Get("Link"), "<http://sandbox.test/v1"), ">")
		path = next
	}
	if diff := cmp.Diff([]int{100, 30}, sizes); diff != "" || len(seen) != 130 {
		t.Errorf("%d reports seen in pages of %v", len(seen), sizes)
	}
}

func TestFaultyReports(t *testing.T) {
	t.Run("FAILED", func(t *testing.T) {
		b := startBilling(t, small, "POST /wholesale/billing/reports nth=1 end=FAILED")
		path := b.create(``)
		b.now = b.now.Add(reportDelay)
		got := b.want(200, "GET", path)
		want := []any{map[string]any{"code": 5001.0, "description": "Internal server error."}}
		if diff := cmp.Diff(want, got.body["errors"]); diff != "" || got.text("status") != "FAILED" || got.text("tempDownloadURL") != "" {
			t.Errorf("%v", got.body)
		}
		b.refuses(409, 2026, "POST", wholesaleReports+" "+reportBody(``))
		b.want(204, "DELETE", path)
		b.create(``)
	})
	t.Run("REQUESTED", func(t *testing.T) {
		b := startBilling(t, small, "POST begin=REQUESTED")
		path := b.create(``)
		if got := b.want(200, "GET", path).text("status"); got != "REQUESTED" {
			t.Errorf("at first: %s", got)
		}
		b.refuses(409, 2025, "DELETE", path)
		b.now = b.now.Add(reportDelay)
		if got := b.want(200, "GET", path).text("status"); got != "COMPLETED" {
			t.Errorf("then: %s", got)
		}
	})
	t.Run("stuck", func(t *testing.T) {
		b := startBilling(t, small, "POST stuck")
		path := b.create(``)
		b.now = b.now.Add(24 * time.Hour)
		if got := b.want(200, "GET", path).text("status"); got != "IN_PROGRESS" {
			t.Errorf("a day later: %s", got)
		}
	})
	t.Run("late", func(t *testing.T) {
		b := startBilling(t, small, "POST late=20s")
		path := b.create(``)
		b.refuses(404, 2024, "GET", path)
		if items := b.want(200, "GET", wholesaleReports).items(); len(items) != 0 {
			t.Errorf("seen at once: %v", items)
		}
		b.now = b.now.Add(20 * time.Second)
		b.want(200, "GET", path)
	})
	t.Run("ignored category", func(t *testing.T) {
		b := startBilling(t, small, "POST ignore-category")
		made := b.want(200, "POST", wholesaleReports+" "+reportBody(`"type":"USER","category":"POINT_IN_TIME"`))
		read := b.want(200, "GET", wholesaleReports+"/"+made.text("id"))
		if made.text("category") != "RECONCILIATION" || read.text("category") != "RECONCILIATION" {
			t.Errorf("%v, then %v", made.body, read.body)
		}
	})
	t.Run("foreign download", func(t *testing.T) {
		b := startBilling(t, small, "GET /wholesale/billing/reports/* nth=2 url=http://169.254.169.254/latest?a=b")
		path := b.create(``)
		if got := b.want(200, "GET", path).text("tempDownloadURL"); got != "" {
			t.Errorf("not finished, yet at %s", got)
		}
		b.now = b.now.Add(reportDelay)
		if got := b.want(200, "GET", path).text("tempDownloadURL"); got != "http://169.254.169.254/latest?a=b" {
			t.Errorf("got %s", got)
		}
		if got := b.want(200, "GET", path).text("tempDownloadURL"); !strings.HasPrefix(got, DefaultDownloadURL) {
			t.Errorf("got %s", got)
		}
	})
	for code, status := range map[int]int{2029: 403, 2030: 503, 2024: 404, 2025: 409, 2026: 409} {
		b := startBilling(t, small, fmt.Sprintf("POST /wholesale/billing/* error=%d", code))
		b.refuses(status, code, "POST", wholesaleReports+" "+reportBody(``))
	}
}

func TestReportsInStateAndLog(t *testing.T) {
	b := startBilling(t, small)
	path := b.create(`"type":"CUSTOMER"`)
	b.want(200, "POST", broadworksReports+` {"billingPeriod":"2026-10"}`)
	id := strings.TrimPrefix(path, wholesaleReports+"/")
	state := b.state()
	want := seedReport{ID: id, API: "wholesale", Type: "CUSTOMER", Category: "RECONCILIATION", Start: "2026-10-01", End: "2026-10-31",
		Status: "IN_PROGRESS", Created: b.now}
	if len(state.Reports) != 2 || state.Reports[0] != want || state.Reports[1].API != "broadworks" {
		t.Errorf("state: %+v", state.Reports)
	}
	entry := b.log()[0]
	if !entry.Applied || entry.Kind != "report" || entry.ID != id || entry.Key != "CUSTOMER/2026-10-01/2026-10-31" || !entry.Bearer {
		t.Errorf("log: %+v", entry)
	}
	b.now = b.now.Add(reportDelay)
	b.want(204, "DELETE", path)
	if left := b.state().Reports; len(left) != 1 || left[0].Status != "COMPLETED" {
		t.Errorf("after the removal: %+v", left)
	}
}
