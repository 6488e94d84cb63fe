package batch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/internal/webex"
)

const fileBody = "CUSTOMER_NAME,SKU,QUANTITY\nAcme,A-1,30\n"

// reportAPI plays the billing report calls of the API from a script, in virtual
// time: the n-th answer to a call is the n-th of its list, the last one for ever.
type reportAPI struct {
	answers map[string][]string // by "METHOD path": "STATUS BODY", or "reset"

	mu    sync.Mutex
	began time.Time
	asked map[string]int
	log   []string // "SECONDS METHOD path?query body"
}

func (a *reportAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.began.IsZero() {
		a.began, a.asked = time.Now(), map[string]int{}
	}
	body := ""
	if r.Body != nil {
		read, _ := io.ReadAll(r.Body)
		body = string(read)
	}
	call := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/v1")
	query := r.URL.RawQuery
	if r.URL.Host == "files.example.com" {
		call, query = "file", ""
	}
	a.log = append(a.log, strings.TrimSpace(fmt.Sprintf("%.0f %s %s %s", time.Since(a.began).Seconds(), call, query, body)))
	list := a.answers[call]
	if list == nil {
		return nil, fmt.Errorf("nobody expected %s", call)
	}
	answer := list[min(a.asked[call], len(list)-1)]
	a.asked[call]++
	if answer == "reset" {
		return nil, errors.New("connection reset by peer")
	}
	var status int
	_, text, _ := strings.Cut(answer, " ")
	if _, err := fmt.Sscan(answer, &status); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, ProtoMajor: 2, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, nil
}

// calls are the requests without their times.
func (a *reportAPI) calls() []string {
	var calls []string
	for _, line := range a.log {
		_, call, _ := strings.Cut(line, " ")
		calls = append(calls, call)
	}
	return calls
}

const (
	reportsURL = "/wholesale/billing/reports"
	april      = `"billingStartDate":"2026-04-01","billingEndDate":"2026-04-30"`
	asked      = "POST " + reportsURL + `  {` + april + `,"type":"USER"}`
	listedAll  = "GET " + reportsURL + " billingEndDate=2026-04-30&billingStartDate=2026-04-01&max=100"
)

// full is what a read of one report says. Rest begins with a comma.
func full(id, status, rest string) string {
	return `200 {"id":"` + id + `",` + april + `,"type":"USER","status":"` + status + `","created":"2026-05-03T00:00:00.000Z"` + rest + `}`
}

func link(id string, n int) string {
	return fmt.Sprintf(`,"tempDownloadURL":"https://files.example.com/%s.csv?Expires=4102444800&Signature=secret-%d"`, id, n)
}

func list(reports ...string) string { return `200 {"items":[` + strings.Join(reports, ",") + `]}` }

func listedUser(id string) string { return `{"id":"` + id + `",` + april + `,"type":"USER"}` }

func userOrder() ReportOrder {
	return ReportOrder{ReportRequest: webex.ReportRequest{Offer: webex.Wholesale, Start: "2026-04-01", End: "2026-04-30", Type: "USER"}}
}

// fetched runs an order in virtual time, at noon of a day in 2026.
func fetched(t *testing.T, day string, api *reportAPI, order ReportOrder, check func(path string, e ReportEvidence, err error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(at.Add(12 * time.Hour)))
		client, err := webex.New(webex.Config{BaseURL: "https://api.example.com/v1", Tokens: webex.StaticToken("token-of-the-api"), Transport: api, DownloadTransport: api})
		if err != nil {
			t.Fatal(err)
		}
		f := &Fetcher{API: client, PollInterval: 5 * time.Second, PollTimeout: 15 * time.Minute}
		path := filepath.Join(t.TempDir(), "user.csv")
		e, err := f.Fetch(t.Context(), order, func(webex.BillingReport) string { return path })
		check(path, e, err)
	})
}

// wantReport expects the file and what is known about it.
func wantReport(t *testing.T, path string, e ReportEvidence, err error, id string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != fileBody {
		t.Errorf("file is %q, error %v", content, err)
	}
	read, ok, err := ReadEvidence(path)
	if err != nil || !ok || read != e {
		t.Errorf("evidence is %+v, %t, error %v; want %+v", read, ok, err, e)
	}
	if e.ID != id || e.Start != "2026-04-01" || e.End != "2026-04-30" || e.Bytes != int64(len(fileBody)) || len(e.SHA256) != 64 || e.Created.IsZero() {
		t.Errorf("evidence is %+v", e)
	}
	beside, err := os.ReadFile(EvidencePath(path))
	if err != nil || strings.Contains(string(beside), "secret") || strings.Contains(string(beside), "http") {
		t.Errorf("the evidence has the link in it: %s, error %v", beside, err)
	}
}

// wantNothing expects that no file was left, not even a part of one.
func wantNothing(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) > 0 {
		t.Errorf("left over: %v, error %v", entries, err)
	}
}

func wantReason(t *testing.T, err error, reason ReportReason, says string) {
	t.Helper()
	var known *ReportError
	if !errors.As(err, &known) || known.Reason != reason || !strings.Contains(err.Error(), says) {
		t.Errorf("error is %v, want reason %d and %q", err, reason, says)
	}
}

func wantCalls(t *testing.T, api *reportAPI, want ...string) {
	t.Helper()
	if got := api.calls(); !slices.Equal(got, want) {
		t.Errorf("calls are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
