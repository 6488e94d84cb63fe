package sandbox

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// finished makes a report, lets it be generated and returns its path and its download URL.
func (b *billing) finished(fields string) (path, url string) {
	b.t.Helper()
	path = b.create(fields)
	b.now = b.now.Add(reportDelay)
	return path, b.want(200, "GET", path).text("tempDownloadURL")
}

// rows downloads a CSV.
func (b *billing) rows(url string) [][]string {
	b.t.Helper()
	got := b.fetch("GET", url)
	rows, err := csv.NewReader(got.Body).ReadAll()
	if got.Code != 200 || err != nil {
		b.t.Fatalf("%d %v", got.Code, err)
	}
	return rows
}

func TestDownload(t *testing.T) {
	b := startBilling(t, small)
	_, url := b.finished(`"type":"USER"`)
	got := b.fetch("GET", url)
	size := got.Body.Len()
	if got.Code != 200 || got.Header().Get("Content-Length") != strconv.Itoa(size) || size < 100 || got.Header().Get("Content-Type") != "text/csv" {
		t.Errorf("%d %v, %d bytes", got.Code, got.Header(), size)
	}
	if again := b.fetch("GET", url); !bytes.Equal(again.Body.Bytes(), b.fetch("GET", url).Body.Bytes()) || again.Body.Len() != size {
		t.Error("the same report twice, and not the same bytes")
	}
	head := b.fetch("HEAD", url)
	if head.Code != 200 || head.Header().Get("Content-Length") != strconv.Itoa(size) {
		t.Errorf("HEAD: %d %v", head.Code, head.Header())
	}
}

func TestDownloadIsDenied(t *testing.T) {
	b := startBilling(t, small)
	_, good := b.finished(`"type":"USER"`)
	_, other := b.finished(`"type":"CUSTOMER"`)
	change := func(name, value string) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	path, _, _ := strings.Cut(good, "?")
	_, query, _ := strings.Cut(other, "?")
	for name, url := range map[string]string{
		"no signature":        path,
		"of another report":   path + "?" + query,
		"changed signature":   change("Signature", "x"),
		"later end":           change("Expires", "99999999999"),
		"end is no number":    change("Expires", "never"),
		"another key":         change("Key-Pair-Id", "K"),
		"no such report":      strings.Replace(good, "/WHOLESALE/", "/WHOLESALE/0", 1),
		"in another folder":   strings.Replace(good, "/WHOLESALE/", "/2026/11/25/", 1),
		"the API is not here": DefaultDownloadURL + "/v1/wholesale/billing/reports",
	} {
		got := b.fetch("GET", url)
		if got.Code != 403 || !strings.Contains(got.Body.String(), "<Code>AccessDenied</Code>") || got.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	if got := b.fetch("POST", good); got.Code != 405 {
		t.Errorf("POST: %d", got.Code)
	}
	if got := b.fetch("GET", good); got.Code != 200 {
		t.Errorf("the right one: %d %s", got.Code, got.Body)
	}
}

func TestDownloadExpires(t *testing.T) {
	b := startBilling(t, small)
	path, first := b.finished(``)
	b.now = b.now.Add(10*time.Minute - time.Second)
	if got := b.fetch("GET", first); got.Code != 200 {
		t.Errorf("just before the end: %d", got.Code)
	}
	b.now = b.now.Add(time.Second)
	if got := b.fetch("GET", first); got.Code != 403 {
		t.Errorf("at the end: %d", got.Code)
	}
	fresh := b.want(200, "GET", path).text("tempDownloadURL")
	if got := b.fetch("GET", fresh); got.Code != 200 || fresh == first {
		t.Errorf("a fresh one: %d", got.Code)
	}
}

func TestDownloadTTL(t *testing.T) {
	now := time.Date(2026, time.November, 25, 12, 0, 0, 500, time.UTC)
	c := start(t, Options{DownloadTTL: time.Nanosecond, DownloadURL: "http://127.0.0.1:1", Now: func() time.Time { return now }})
	made := c.want(200, "POST", wholesaleReports+" "+reportBody(``))
	got := c.want(200, "GET", wholesaleReports+"/"+made.text("id")).text("tempDownloadURL")
	if !strings.HasPrefix(got, "http://127.0.0.1:1/WHOLESALE/") {
		t.Error(got)
	}
	b := &billing{client: c}
	if answer := b.fetch("GET", strings.Replace(got, "http://127.0.0.1:1", DefaultDownloadURL, 1)); answer.Code != 403 {
		t.Errorf("already expired: %d", answer.Code)
	}
}

// TestDownloadTellsOfTokens shows that a test can prove that no token was sent to the wrong host.
func TestDownloadTellsOfTokens(t *testing.T) {
	b := startBilling(t, small)
	_, good := b.finished(``)
	for _, header := range []string{"", "Bearer " + b.token} {
		r := httptest.NewRequest("GET", good, nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		w := httptest.NewRecorder()
		b.s.Downloads().ServeHTTP(w, r)
		log := b.log()
		last := log[len(log)-1]
		if w.Code != 200 || last.Bearer != (header != "") || last.Kind != "report" || last.Status != 200 || last.Key != "PARTNER/2026-10-01/2026-10-31" {
			t.Errorf("header %q: %d, log %+v", header, w.Code, last)
		}
	}
}

// TestFaultyDownloads plays each rule on a real connection.
func TestFaultyDownloads(t *testing.T) {
	for rule, want := range map[string]struct {
		reset, cut bool
		status     int
		body       string
		header     string // of the answer
		value      string
	}{
		"GET /WHOLESALE/* truncate":                      {cut: true, status: 200, body: "PARTNER_NAME"},
		"GET /WHOLESALE/* reset":                         {reset: true},
		"GET /WHOLESALE/* 500-before":                    {status: 500, body: "<Code>InternalServerError</Code>"},
		"GET /WHOLESALE/* 503=7s":                        {status: 503, header: "Retry-After", value: "7"},
		"GET /WHOLESALE/* 403-before":                    {status: 403, body: "AccessDenied"},
		"GET /WHOLESALE/* html":                          {status: 200, body: "<html>", header: "Content-Type", value: "text/html; charset=utf-8"},
		"GET /WHOLESALE/* 302=http://169.254.169.254/x?": {status: 302, header: "Location", value: "http://169.254.169.254/x?"},
	} {
		t.Run(rule, func(t *testing.T) {
			o := faults(t, rule)
			place := httptest.NewUnstartedServer(nil)
			o.DownloadURL = "http://" + place.Listener.Addr().String()
			c := start(t, o)
			place.Config.Handler = c.s.Downloads()
			place.Start()
			defer place.Close()
			made := c.want(200, "POST", wholesaleReports+` {"billingStartDate":"2026-04-01","billingEndDate":"2026-04-30"}`)
			path := wholesaleReports + "/" + made.text("id")
			read := c.want(200, "GET", path)
			client := place.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			got, err := client.Get(read.text("tempDownloadURL"))
			if reset := errors.Is(err, syscall.ECONNRESET); reset != want.reset {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			defer got.Body.Close()
			body, err := io.ReadAll(got.Body)
			if errors.Is(err, io.ErrUnexpectedEOF) != want.cut || got.StatusCode != want.status || !strings.Contains(string(body), want.body) {
				t.Errorf("%d %s (%v)", got.StatusCode, body, err)
			}
			if want.cut && int64(len(body)) != got.ContentLength/2 {
				t.Errorf("%d bytes of %d", len(body), got.ContentLength)
			}
			if want.header != "" && got.Header.Get(want.header) != want.value {
				t.Errorf("%s: %q", want.header, got.Header.Get(want.header))
			}
		})
	}
}

func TestRedirectedAPI(t *testing.T) {
	c := start(t, faults(t, "GET /people/me 307=https://elsewhere.test/v1/people/me"))
	if got := c.want(307, "GET", "/people/me"); got.header.Get("Location") != "https://elsewhere.test/v1/people/me" {
		t.Errorf("%v", got.header)
	}
}
