package webex

import (
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestNewChecksBaseURL(t *testing.T) {
	tests := []struct {
		url string
		err string // empty = accepted
	}{
		{"https://webexapis.com/v1", ""},
		{"https://webexapis.com/v1/", ""},
		{"http://127.0.0.1:8080/v1", ""},
		{"http://[::1]:8080", ""},
		{"http://localhost", ""},
		{"http://webexapis.com/v1", "plain http"},
		{"http://localhost.example.com", "plain http"},
		{"http://10.0.0.1", "plain http"},
		{"ftp://webexapis.com", "not supported"},
		{"webexapis.com/v1", "want https://host/path"},
		{"https://user:pass@webexapis.com/v1", "want https://host/path"},
		{"https://webexapis.com/v1?x=y", "want https://host/path"},
		{"https://webexapis.com/v1#x", "want https://host/path"},
		{"", "want https://host/path"},
		{"https://%zz", "not a URL"},
	}
	for _, tt := range tests {
		_, err := New(Config{BaseURL: tt.url, Tokens: StaticToken("x")})
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: error is %v, want %q", tt.url, err, tt.err)
		}
		if err != nil && strings.Contains(err.Error(), "pass") {
			t.Errorf("the error shows the URL's password: %v", err)
		}
	}
	if _, err := New(Config{BaseURL: "https://webexapis.com/v1"}); err == nil {
		t.Error("no token source is accepted")
	}
}

// The base URL's path stays in front, escaped as it was.
func TestBasePath(t *testing.T) {
	for base, want := range map[string]string{
		"https://gate.example.com/a%2Fb/v1/": "/a%2Fb/v1/wholesale/subscribers/S%2F1%3F",
		"https://gate.example.com":           "/wholesale/subscribers/S%2F1%3F",
	} {
		api := &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
			if got := r.URL.EscapedPath(); got != want {
				t.Errorf("path is %s, want %s", got, want)
			}
			return reply(200, oneSubscriber), nil
		}}
		if _, err := newTestClient(t, Config{BaseURL: base, Transport: api}).GetSubscriber(t.Context(), "S/1?"); err != nil {
			t.Error(err)
		}
	}
}

func TestDecodingIsTolerant(t *testing.T) {
	tests := []struct {
		name, body string
		want       func(*Subscriber)
	}{
		{"package from the list", `"packages":["cx_essentials"]`, func(s *Subscriber) { s.Package, s.Packages = "cx_essentials", []string{"cx_essentials"} }},
		{"package alone", `"package":"webex_suite"`, func(s *Subscriber) { s.Package = "webex_suite" }},
		{"one package for a list", `"packages":"webex_suite"`, func(s *Subscriber) { s.Package, s.Packages = "webex_suite", []string{"webex_suite"} }},
		{"null", `"packages":null,"errors":null,"email":null`, func(*Subscriber) {}},
		{"unknown status and field", `"status":"hibernating","new":{"a":[1]}`, func(s *Subscriber) { s.Status = "hibernating" }},
		{"number for a string", `"externalCustomerId":4711`, func(s *Subscriber) { s.ExternalCustomerID = "4711" }},
		{"object for a string", `"email":{"a":1}`, func(*Subscriber) {}},
		{"error object", `"errors":{"errorCode":"2010","description":"d"}`, func(s *Subscriber) { s.Errors = []Detail{{2010, "d"}} }},
		{"error strings", `"errors":["a\u001b",7]`, func(s *Subscriber) { s.Errors = []Detail{{0, `a\x1b`}, {0, "7"}} }},
		{"error code", `"errors":[{"code":1e400,"message":"m"},{"code":5}]`, func(s *Subscriber) { s.Errors = []Detail{{0, "m"}, {5, ""}} }},
		{"zone", `"created":"2021-08-06T04:03:00+02:00"`, func(s *Subscriber) { s.Created = mustTime("2021-08-06T02:03:00Z") }},
		{"milliseconds", `"created":1628215380000`, func(s *Subscriber) { s.Created = mustTime("2021-08-06T02:03:00Z") }},
		{"odd times", `"created":"yesterday","lastStatusChange":{}`, func(*Subscriber) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := Subscriber{ID: "S1"}
			tt.want(&want)
			c := newTestClient(t, Config{Transport: script(answer200(`{"id":"S1",` + tt.body + `}`))})
			got, err := c.GetSubscriber(t.Context(), "S1")
			if err != nil {
				t.Fatal(err)
			}
			checkEqual(t, want, got)
		})
	}
}

func FuzzDecodeCustomer(f *testing.F) {
	f.Add([]byte(`{"id":"C","resourceDetails":[{"packages":{"name":1}}],"errors":[null,[],"a"]}`))
	f.Add([]byte(`{"id":1e400,"packages":[1,null,{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		customer, err := decodeCustomer(body)
		if err == nil && customer.ID == "" {
			t.Errorf("%q gives a customer without an id", body)
		}
	})
}
