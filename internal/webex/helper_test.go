package webex

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testToken = "test-access-token"

// wantRequest is what a method must send.
type wantRequest struct {
	method string
	path   string // escaped, as on the wire, below the prefix
	query  string // sorted, as url.Values.Encode writes it
	body   string // JSON; empty = none
}

// serve starts an API below the prefix /v1 and returns a client of it.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	return newTestClient(t, Config{BaseURL: startServer(t, handler).URL + "/v1"})
}

func startServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// newTestClient fills in what the test leaves open.
func newTestClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	if cfg.BaseURL == "" {
		cfg.BaseURL = "https://api.example.com/v1"
	}
	if cfg.Tokens == nil {
		cfg.Tokens = StaticToken(testToken)
	}
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// answering serves one literal answer and checks the request.
func answering(t *testing.T, want wantRequest, status int, file string, header map[string]string) *Client {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		checkRequest(t, r, want)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if file != "" {
			_, _ = w.Write(literal(t, file))
		}
	})
}

// exchange is one request that must come and its answer: the literal file, else
// the body; status 200 when not set.
type exchange struct {
	want   wantRequest
	status int
	file   string
	body   string
	link   string // Link header
}

// talking serves exchanges, all of them and no more, in this order.
func talking(t *testing.T, exchanges ...exchange) *Client {
	t.Helper()
	var mu sync.Mutex
	n := 0
	t.Cleanup(func() {
		if n != len(exchanges) {
			t.Errorf("%d requests came, want %d", n, len(exchanges))
		}
	})
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n > len(exchanges) {
			t.Errorf("%s %s is one request too many", r.Method, r.URL)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		e := exchanges[n-1]
		checkRequest(t, r, e.want)
		if e.link != "" {
			w.Header().Set("Link", e.link)
		}
		w.Header().Set("Content-Type", "application/json")
		if e.status != 0 {
			w.WriteHeader(e.status)
		}
		body := []byte(e.body)
		if e.file != "" {
			body = literal(t, e.file)
		}
		_, _ = w.Write(body)
	})
}

// collect reads a list to its end.
func collect[T any](t *testing.T, items iter.Seq2[T, error]) []T {
	t.Helper()
	var all []T
	for item, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item)
	}
	return all
}

func checkRequest(t *testing.T, r *http.Request, want wantRequest) {
	t.Helper()
	if got := r.Method + " " + r.URL.EscapedPath() + "?" + r.URL.RawQuery; got != want.method+" /v1"+want.path+"?"+want.query {
		t.Errorf("request is\n%s, want\n%s", got, want.method+" /v1"+want.path+"?"+want.query)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer "+testToken {
		t.Errorf("Authorization is %q", got)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(parseJSON(t, want.body), parseJSON(t, string(body))); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func parseJSON(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Errorf("%q: %v", text, err)
	}
	return value
}

// literal reads an answer that was written from the vendor's pages.
func literal(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "api", file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// asError expects an *Error.
func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *Error", err)
	}
	return e
}

// fakeAPI is a transport without a network, for tests in virtual time. It keeps
// when each request came.
type fakeAPI struct {
	answer func(n int, r *http.Request) (*http.Response, error) // n counts from 1

	mu    sync.Mutex
	times []time.Time
}

func (f *fakeAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.times = append(f.times, time.Now())
	n := len(f.times)
	f.mu.Unlock()
	return f.answer(n, r)
}

func (f *fakeAPI) sent() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time(nil), f.times...)
}

// reply makes an answer; header is name, value, name, value...
func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewBufferString(body))}
}

// script answers the n-th request with the n-th step, and the last step for ever.
func script(steps ...func() (*http.Response, error)) *fakeAPI {
	return &fakeAPI{answer: func(n int, _ *http.Request) (*http.Response, error) {
		return steps[min(n, len(steps))-1]()
	}}
}

func answer200(body string) func() (*http.Response, error) { return answerWith(200, body) }

func answerWith(status int, body string, header ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return reply(status, body, header...), nil }
}

func failWith(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

const oneSubscriber = `{"id":"S1","status":"provisioned"}`

func checkEqual[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func mustTime(value string) time.Time {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		panic(err)
	}
	return at
}
