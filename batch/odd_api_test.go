package batch

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// odd is a transport behind which the API speaks in ways that the vendor's pages
// allow and the sandbox does not have: it rewrites requests and answers.
type odd struct {
	direct
	ask    func(r *http.Request) *http.Response // an answer without the sandbox, or nil
	answer func(r *http.Request, status int, body []byte) (int, []byte)
}

func (o odd) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.ask != nil {
		if res := o.ask(r); res != nil {
			return res, nil
		}
	}
	res, err := o.direct.RoundTrip(r)
	if err != nil || o.answer == nil {
		return res, err
	}
	body, _ := io.ReadAll(res.Body)
	res.StatusCode, body = o.answer(r, res.StatusCode, body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

func speaking(t *testing.T, o odd, faults ...string) *estate {
	t.Helper()
	box := newBox(t, sandbox.Options{}, faults)
	o.direct = direct{box}
	return &estate{box, newClient(t, box, webex.Config{BaseURL: memoryURL, Transport: o})}
}

var (
	customerID         = regexp.MustCompile(`"customerId":"([^"]*)"`)
	externalCustomerID = regexp.MustCompile(`,?"externalCustomerId":"[^"]*"`)
)

// paddedIDs is how some of the vendor's examples name a subscriber's customer.
func paddedIDs(_ *http.Request, status int, body []byte) (int, []byte) {
	body = customerID.ReplaceAll(body, []byte(`"customerId":"$1=="`))
	return status, externalCustomerID.ReplaceAll(body, nil)
}

// A customer named with padding is the same customer: nobody moves, nobody is
// provisioned twice.
func TestOddPadding(t *testing.T) {
	e := speaking(t, odd{answer: paddedIDs})
	want := wanted(t, aSubscriber("acme", "ann@acme.example", "webex_calling"), aSubscriber("acme", "bob@acme.example", "webex_meetings"))
	if p, _ := e.plan(t, want); !p.Empty() || len(p.Held) > 0 {
		t.Errorf("planned %+v, held %+v", p.Changes, p.Held)
	}
	e = speaking(t, odd{answer: paddedIDs}, "POST /wholesale/subscribers reset-after")
	for id, r := range e.apply(t, wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings"))) {
		check(t, id, diff.OK, r.Outcome)
	}
	check(t, "writes applied", 1, e.writes(t))
}

// A subscriber of nobody is left alone, whatever the row asks for.
func TestOddOwner(t *testing.T) {
	e := speaking(t, odd{answer: func(_ *http.Request, status int, body []byte) (int, []byte) {
		return status, externalCustomerID.ReplaceAll(customerID.ReplaceAll(body, []byte(`"customerId":""`)), nil)
	}})
	p, _ := e.plan(t, wanted(t, aSubscriber("acme", "ann@acme.example", "webex_calling"), anAbsent("acme", "bob@acme.example")))
	if !p.Empty() || len(p.Held) != 2 || !strings.Contains(p.Held[0].Reason, "a customer that the API does not name") || len(p.Held[0].LiveIDs) != 1 {
		t.Errorf("planned %+v, held %+v", p.Changes, p.Held)
	}
}

// A removal that is only promised is not done.
func TestOddRemoval(t *testing.T) {
	promised := func(r *http.Request) *http.Response {
		if r.Method != http.MethodDelete {
			return nil
		}
		return &http.Response{StatusCode: http.StatusAccepted, Header: http.Header{"Trackingid": {"T"}}, Body: http.NoBody, Request: r}
	}
	e := speaking(t, odd{ask: promised})
	p, live := e.plan(t, wanted(t, anAbsent("acme", "bob@acme.example")))
	x := e.executor(live)
	x.PollTimeout = 20 * time.Millisecond
	results, err := x.run(p)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range results {
		check(t, id, diff.InProgress, r.Outcome)
	}
}

// An address that the API takes and forgets is no success.
func TestOddUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forgets := func(_ *http.Request, status int, body []byte) (int, []byte) {
			return status, bytes.ReplaceAll(body, []byte("9 Elm Street"), []byte("771 Alder Drive"))
		}
		e := speaking(t, odd{answer: forgets})
		p, live := e.plan(t, wanted(t, diff.Cells{diff.ColExternalID: "acme", diff.ColAddressLine1: "9 Elm Street"}))
		x := e.executor(live)
		x.PollInterval = 2 * time.Second
		results, err := x.run(p)
		if err != nil {
			t.Fatal(err)
		}
		for id, r := range results {
			check(t, id, diff.Failed, r.Outcome)
			check(t, "description", "provisioned, but with address_line1 771 Alder Drive instead of 9 Elm Street", r.Description)
		}
	})
}

// A 403 without a code, to a token that has written before, may mean that access
// to the customer's organization has lapsed: it is opened once, and the change is
// sent once more.
func TestOddAccess(t *testing.T) {
	for _, opens := range []bool{true, false} {
		var opened, posts, refused atomic.Int32
		lapsed := func(r *http.Request) *http.Response {
			if strings.HasPrefix(r.URL.Path, "/v1/organizations/") {
				opened.Add(1)
			}
			if r.Method != http.MethodPost || posts.Add(1) == 1 || opens && opened.Load() > 0 {
				return nil
			}
			refused.Add(1)
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{"Trackingid": {"T"}, "Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"message":"access denied","trackingId":"T"}`)), Request: r}
		}
		e := speaking(t, odd{ask: lapsed})
		p, live := e.plan(t, wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings"), aSubscriber("acme", "gil@acme.example", "webex_meetings")))
		x := e.executor(live)
		x.Workers = 1
		results, err := x.run(p)
		check(t, "first", diff.OK, results["subscriber/acme/eve@acme.example/provision"].Outcome)
		check(t, "second", map[bool]diff.Outcome{true: diff.OK, false: diff.NotAttempted}[opens], results["subscriber/acme/gil@acme.example/provision"].Outcome)
		check(t, "the run goes on to its end", opens, err == nil)
		check(t, "organizations opened", 1, opened.Load())
		check(t, "refusals", map[bool]int32{true: 1, false: 2}[opens], refused.Load())
	}
}
