package sandbox

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serve puts a Sandbox behind a real loopback socket.
func serve(t *testing.T, o Options) (*client, *httptest.Server) {
	t.Helper()
	c := start(t, o)
	server := httptest.NewServer(c.s)
	t.Cleanup(server.Close)
	return c, server
}

// send sends a request to a server; the connection is a fresh one.
func (c *client) send(server *httptest.Server, method, path, body string) (*http.Response, error) {
	c.t.Helper()
	r, err := http.NewRequest(method, server.URL+"/v1"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Close = true
	return server.Client().Do(r)
}

func faults(t *testing.T, rules ...string) Options {
	t.Helper()
	o := Options{Seed: strings.NewReader(small)}
	for _, text := range rules {
		o.Faults = append(o.Faults, mustRule(t, text))
	}
	return o
}

// TestBrokenConnections judges by the log whether the request was carried out.
func TestBrokenConnections(t *testing.T) {
	for rule, want := range map[string]struct {
		reset, cut, applied bool
		status              int
	}{
		"POST reset-before": {reset: true},
		"POST reset-after":  {reset: true, applied: true},
		"POST truncate":     {cut: true, applied: true, status: 200},
	} {
		t.Run(rule, func(t *testing.T) {
			c, server := serve(t, faults(t, rule))
			answer, err := c.send(server, "POST", "/wholesale/subscribers", c.subscriberBody("acme", ``))
			if reset := errors.Is(err, syscall.ECONNRESET); reset != want.reset {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				defer answer.Body.Close()
				if _, err := io.ReadAll(answer.Body); errors.Is(err, io.ErrUnexpectedEOF) != want.cut {
					t.Errorf("reading the body: %v", err)
				}
			}
			log := c.log()
			last := log[len(log)-1]
			if last.Applied != want.applied || last.Status != want.status || last.Fault != rule {
				t.Errorf("log %+v", last)
			}
		})
	}
}

// TestFaultyAnswers plays each rule against a request and looks at answer and estate.
func TestFaultyAnswers(t *testing.T) {
	type result struct {
		Status  int
		Retry   string
		Code    int
		Applied bool
	}
	for rule, want := range map[string]result{
		"POST 500-before":                        {Status: 500},
		"POST 500-after":                         {Status: 500, Applied: true},
		"POST 502-before":                        {Status: 502},
		"POST,503-after":                         {Status: 503, Applied: true},
		"POST 429=2s":                            {Status: 429, Retry: "2"},
		"POST 429=0":                             {Status: 429},
		"POST 429=1500ms":                        {Status: 429, Retry: "2"},
		"POST 423=3s":                            {Status: 423, Retry: "3"},
		"POST 503=1m":                            {Status: 503, Retry: "60"},
		"POST error=2002":                        {Status: 409, Code: 2002},
		"POST error=10022":                       {Status: 400, Code: 10022},
		"POST /wholesale/subscribers 403-before": {Status: 403},
		"/wholesale/* 401-before POST":           {Status: 401},
		"PUT 500-before":                         {Status: 200, Applied: true},
		"POST /wholesale/customers 500-after":    {Status: 200, Applied: true},
	} {
		t.Run(rule, func(t *testing.T) {
			c := start(t, faults(t, rule))
			got := c.do("POST", "/wholesale/subscribers", c.subscriberBody("acme", ``))
			log := c.log()
			have := result{got.status, got.header.Get("Retry-After"), got.code(), log[len(log)-1].Applied}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Error(diff)
			}
			if found := len(c.want(200, "GET", "/wholesale/subscribers?email=new@acme.example").items()); (found == 1) != want.Applied {
				t.Errorf("%d found", found)
			}
		})
	}
}

func TestProxyPage(t *testing.T) {
	c, server := serve(t, faults(t, "GET html"))
	answer, err := c.send(server, "GET", "/wholesale/customers", "")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") ||
		!strings.Contains(string(body), "<html>") || answer.Header.Get("trackingid") != "" {
		t.Errorf("%d %v %s (%v)", answer.StatusCode, answer.Header, body, err)
	}
}

func TestFaultyLists(t *testing.T) {
	for rule, want := range map[string]struct {
		items int
		link  bool
	}{
		"GET nth=2 empty":     {2, true},
		"GET nth=1 empty":     {0, false},
		"GET nth=1 drop-link": {2, false},
	} {
		c := start(t, faults(t, rule))
		got := c.want(200, "GET", "/wholesale/subscribers?max=2")
		if len(got.items()) != want.items || (got.header.Get("Link") != "") != want.link {
			t.Errorf("%s: %d items, Link %q", rule, len(got.items()), got.header.Get("Link"))
		}
	}
}

func TestTimesOfFaults(t *testing.T) {
	for rule, want := range map[string]string{
		"GET nth=2 500-before":           ".x....",
		"GET nth=2 times=3 500-before":   ".xxx..",
		"GET every=2 500-before":         ".x.x.x",
		"GET every=2 times=2 500-before": ".x.x..",
		"GET times=1 500-before":         "x.....",
		"GET 500-before":                 "xxxxxx",
		"GET p=1 500-before":             "xxxxxx",
	} {
		c := start(t, faults(t, rule))
		var got strings.Builder
		for range 6 {
			if c.do("GET", "/people/me", "").status == 500 {
				got.WriteByte('x')
			} else {
				got.WriteByte('.')
			}
		}
		if got.String() != want {
			t.Errorf("%s: %s, want %s", rule, got.String(), want)
		}
	}
}

func TestChanceIsRepeatable(t *testing.T) {
	run := func() (hits []int) {
		c := start(t, faults(t, "p=0.2 500-before"))
		for i := range 200 {
			if c.do("GET", "/people/me", "").status == 500 {
				hits = append(hits, i)
			}
		}
		return hits
	}
	first := run()
	if len(first) < 20 || len(first) > 60 {
		t.Errorf("%d of 200 struck, want about 40", len(first))
	}
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Error(diff)
	}
}

func TestFaultyObjects(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	with := func(rule string) *client {
		o := faults(t, rule)
		o.ProvisionDelay, o.Now = time.Minute, func() time.Time { return now }
		return start(t, o)
	}
	t.Run("stuck", func(t *testing.T) {
		c := with("POST /wholesale/customers stuck")
		c.want(202, "POST", "/wholesale/customers "+customerBody(``))
		now = now.Add(24 * time.Hour)
		if got := c.want(200, "GET", "/wholesale/customers?externalId=new").items()[0]["status"]; got != "provisioning" {
			t.Errorf("status %v", got)
		}
	})
	t.Run("end", func(t *testing.T) {
		c := with("end=error")
		c.want(202, "POST", "/wholesale/customers "+customerBody(``))
		made := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", ``))
		now = now.Add(time.Minute)
		if got := c.want(200, "GET", "/wholesale/customers?externalId=new").items()[0]; got["status"] != "error" || got["errors"] == nil {
			t.Errorf("customer %v", got)
		}
		if made.text("status") != "error" || made.code() != 5001 {
			t.Errorf("subscriber %v", made.body)
		}
	})
	t.Run("delete ends badly", func(t *testing.T) {
		c := with("DELETE end=error")
		path := "/wholesale/customers/" + c.customerID("two")
		c.want(202, "DELETE", path)
		now = now.Add(time.Minute)
		if got := c.want(200, "GET", path).text("status"); got != "error" {
			t.Errorf("status %s", got)
		}
	})
	t.Run("late", func(t *testing.T) {
		c := with("POST /wholesale/subscribers 500-after late=20s")
		body := c.subscriberBody("acme", ``)
		c.want(500, "POST", "/wholesale/subscribers "+body)
		seen := func() int { return len(c.want(200, "GET", "/wholesale/subscribers?externalCustomerId=acme").items()) }
		if got := seen(); got != 3 {
			t.Errorf("%d seen at once, want 3", got)
		}
		now = now.Add(20 * time.Second)
		if got := seen(); got != 4 {
			t.Errorf("%d seen later, want 4", got)
		}
		c.subscriberID("new@acme.example")
	})
	t.Run("late customer", func(t *testing.T) {
		c := with("POST late=20s")
		made := c.want(202, "POST", "/wholesale/customers "+customerBody(``))
		path := strings.TrimPrefix(made.text("url"), "http://sandbox.test/v1")
		c.want(404, "GET", path)
		if got := c.want(200, "GET", "/wholesale/customers?externalId=new").items(); len(got) != 0 {
			t.Errorf("seen at once: %v", got)
		}
		now = now.Add(20 * time.Second)
		c.want(200, "GET", path)
		c.customerID("new")
	})
}

// TestDelayedAnswer runs on virtual time.
func TestDelayedAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, faults(t, "GET /people/me delay=5m"))
		began := time.Now()
		c.want(200, "GET", "/people/me")
		if took := time.Since(began); took != 5*time.Minute {
			t.Errorf("took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequest("GET", "http://sandbox.test/v1/people/me", nil).WithContext(ctx)
		c.s.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(began); took != 5*time.Minute+time.Second {
			t.Errorf("the client has gone, yet it took %v", took)
		}
	})
}

// TestProvisioningOnVirtualTime shows that no goroutine is needed for time to do its work.
func TestProvisioningOnVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, Options{ProvisionDelay: time.Hour})
		c.want(202, "POST", "/wholesale/customers "+customerBody(``))
		status := func() any { return c.want(200, "GET", "/wholesale/customers?externalId=new").items()[0]["status"] }
		time.Sleep(time.Hour - time.Nanosecond)
		if got := status(); got != "provisioning" {
			t.Errorf("just before: %v", got)
		}
		time.Sleep(time.Nanosecond)
		if got := status(); got != "provisioned" {
			t.Errorf("then: %v", got)
		}
	})
}

// TestResetWithoutTCP is the way of a reset where no TCP connection is below.
func TestResetWithoutTCP(t *testing.T) {
	c := start(t, faults(t, "reset"))
	near, far := net.Pipe()
	server := &http.Server{Handler: c.s}
	go func() { _ = server.Serve(&onePipe{conn: far}) }()
	defer server.Close()
	if _, err := near.Write([]byte("GET /v1/people/me HTTP/1.1\r\nHost: sandbox.test\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(near); err != nil || len(got) != 0 {
		t.Errorf("read %q, %v", got, err)
	}
}

// onePipe is a listener that gives out one connection.
type onePipe struct{ conn net.Conn }

func (p *onePipe) Accept() (net.Conn, error) {
	if p.conn == nil {
		return nil, net.ErrClosed
	}
	conn := p.conn
	p.conn = nil
	return conn, nil
}

func (p *onePipe) Close() error   { return nil }
func (p *onePipe) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestParseRuleRefuses(t *testing.T) {
	for _, text := range []string{"", "POST", "GET /wholesale/*", "500", "500-later", "200-before", "nth=0 reset", "nth=x reset", "p=0 reset",
		"p=2 reset", "p=NaN reset", "429=soon", "429=-2s", "429=2", "end=happy", "sometimes reset", "reset truncate", "late=x", "times=-1 reset",
		"error=x", "color=red"} {
		if r, err := ParseRule(text); err == nil {
			t.Errorf("%q: accepted as %+v", text, r)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("POST /wholesale/subscribers nth=3 500-after")
	f.Add("GET /wholesale/* p=0.05,429=2s")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		again, err := ParseRule(r.String())
		if err != nil || again != r {
			t.Errorf("%q: read again: %+v, %v", text, again, err)
		}
	})
}
