package webex

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inBubble runs a test in virtual time, with a client of api.
func inBubble(t *testing.T, api *fakeAPI, cfg Config, test func(c *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Transport = api
		test(newTestClient(t, cfg))
	})
}

func getSubscriber(c *Client) error {
	_, err := c.GetSubscriber(context.Background(), "S1")
	return err
}

func removeSubscriber(c *Client) error {
	_, err := c.RemoveSubscriber(context.Background(), "S1")
	return err
}

// Refusals are retried on any method, and everybody waits as long as the API said.
func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name     string
		header   []string
		min, max time.Duration
	}{
		{"seconds", []string{"Retry-After", "2"}, 2 * time.Second, 2 * time.Second},
		{"zero", []string{"Retry-After", "0"}, time.Second, time.Second},
		{"negative", []string{"Retry-After", "-5"}, time.Second, time.Second},
		{"fraction", []string{"Retry-After", "1.5"}, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{"too long", []string{"Retry-After", "9999999999"}, 10 * time.Minute, 10 * time.Minute},
		{"much too long", []string{"Retry-After", "99999999999999999999"}, 10 * time.Minute, 10 * time.Minute},
		{"no number at all", []string{"Retry-After", "nan"}, 2500 * time.Millisecond, 7500 * time.Millisecond},
		{"word", []string{"Retry-After", "abc"}, 2500 * time.Millisecond, 7500 * time.Millisecond},
		{"missing", nil, 2500 * time.Millisecond, 7500 * time.Millisecond},
		{
			"date by the server's clock",
			[]string{"Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
			30 * time.Second, 30 * time.Second,
		},
		{
			"RFC 850 date",
			[]string{"Retry-After", "Wednesday, 21-Oct-15 07:28:30 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
			30 * time.Second, 30 * time.Second,
		},
		{
			"asctime date",
			[]string{"Retry-After", "Wed Oct 21 07:28:30 2015", "Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
			30 * time.Second, 30 * time.Second,
		},
		{
			"past date",
			[]string{"Retry-After", "Wed, 21 Oct 2015 07:27:00 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT"},
			time.Second, time.Second,
		},
		{"past date by our clock", []string{"Retry-After", "Wed, 21 Oct 1998 07:28:00 GMT"}, time.Second, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := script(answerWith(429, "", tt.header...), answerWith(204, ""))
			inBubble(t, api, Config{}, func(c *Client) {
				if err := removeSubscriber(c); err != nil {
					t.Fatal(err)
				}
				sent := api.sent()
				if gap := sent[1].Sub(sent[0]); len(sent) != 2 || gap < tt.min || gap > tt.max {
					t.Errorf("%d requests, the second after %v", len(sent), gap)
				}
			})
		})
	}
}

// The gate is shared: a 429 to one call stops the others too.
func TestGateHoldsEverybody(t *testing.T) {
	api := script(answerWith(429, "", "Retry-After", "30", "Trackingid", "T"), answer200(oneSubscriber))
	var events []Event
	inBubble(t, api, Config{}, func(c *Client) {
		c.SetNotify(func(e Event) { events = append(events, e) })
		var group sync.WaitGroup
		group.Go(func() { _ = getSubscriber(c) })
		synctest.Wait()
		for range 5 {
			group.Go(func() {
				if err := getSubscriber(c); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		sent := api.sent()
		for _, at := range sent[1:] {
			if at.Sub(sent[0]) < 30*time.Second {
				t.Errorf("a request left %v after the 429", at.Sub(sent[0]))
			}
		}
		stats := c.Stats()
		if len(sent) != 7 || stats.Requests != 7 || stats.Retries != 1 || stats.Throttled != 1 || stats.Paused != 30*time.Second {
			t.Errorf("stats are %+v after %d requests", stats, len(sent))
		}
	})
	want := Event{Status: 429, Pause: 30 * time.Second, FromAPI: true, Path: subscriberPath, Tracking: "T"}
	if len(events) != 1 || events[0] != want {
		t.Errorf("events are %+v", events)
	}
}

// 423 is about one object: only its call waits.
func TestLockedHoldsOneCall(t *testing.T) {
	api := &fakeAPI{answer: func(n int, r *http.Request) (*http.Response, error) {
		if n == 1 {
			return reply(423, "", "Retry-After", "30"), nil
		}
		return reply(204, ""), nil
	}}
	inBubble(t, api, Config{}, func(c *Client) {
		var group sync.WaitGroup
		group.Go(func() {
			if err := removeSubscriber(c); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := removeSubscriber(c); err != nil {
			t.Error(err)
		}
		group.Wait()
		sent := api.sent()
		if len(sent) != 3 || sent[1] != sent[0] || sent[2].Sub(sent[0]) < 30*time.Second {
			t.Errorf("requests left at %v", sent)
		}
	})
}

// An unavailable API that names a time holds everybody, even behind a write
// that is not sent again.
func TestUnavailableClosesGate(t *testing.T) {
	api := script(answerWith(503, "", "Retry-After", "60"), answer200(oneSubscriber))
	inBubble(t, api, Config{Rate: 10}, func(c *Client) {
		err := removeSubscriber(c)
		if e := asError(t, err); e.Class != ClassUnknown || e.RetryAfter != time.Minute {
			t.Errorf("error is %+v", e)
		}
		if err := getSubscriber(c); err != nil {
			t.Error(err)
		}
		sent := api.sent()
		if len(sent) != 2 || sent[1].Sub(sent[0]) < time.Minute {
			t.Errorf("requests left at %v", sent)
		}
		if rate := c.Stats().Rate; rate != 10 {
			t.Errorf("rate is %v: a 503 says nothing about it", rate)
		}
	})
}

// For ever refused: the call ends after MaxOutage, and says that it was refused.
func TestOutageEnds(t *testing.T) {
	for _, status := range []int{429, 423, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			api := script(answerWith(status, "", "Retry-After", "10"))
			inBubble(t, api, Config{MaxOutage: 5 * time.Minute}, func(c *Client) {
				start := time.Now()
				err := getSubscriber(c)
				e := asError(t, err)
				if took := time.Since(start); took > 5*time.Minute || took < 4*time.Minute {
					t.Errorf("gave up after %v", took)
				}
				if e.HTTPStatus != status || e.Attempts < 5 || e.Attempts != len(api.sent()) {
					t.Errorf("error is %+v after %d requests", e, len(api.sent()))
				}
			})
		})
	}
}

// Reads go on through whatever passes, and writes stop at once where they may
// have been applied.
func TestFaults(t *testing.T) {
	cut := func() (*http.Response, error) {
		r := reply(200, "")
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id":`), errorReader{io.ErrUnexpectedEOF}))
		return r, nil
	}
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	page := answerWith(200, "<html><head><TITLE>Sign \x1bin</title>", "Content-Type", "text/html")
	tests := []struct {
		name  string
		fault func() (*http.Response, error)
		read  Class // 0 = retried until it passes
		write Class // likewise
	}{
		{"500", answerWith(500, ""), 0, ClassUnknown},
		{"502", answerWith(502, "<html>"), 0, ClassUnknown},
		{"504 with a code", answerWith(504, `{"errors":[{"errorCode":2560}]}`), 0, ClassUnknown},
		{"408", answerWith(408, ""), 0, ClassUnknown},
		{"reset", failWith(errors.New("connection reset by peer")), 0, ClassUnknown},
		{"unexpected end", failWith(io.ErrUnexpectedEOF), 0, ClassUnknown},
		{"cut body", cut, 0, ClassUnknown},
		{"HTML page", page, 0, ClassUnknown},
		{"not JSON", answerWith(200, `{"id":"S1"`), 0, ClassUnknown},
		{"foreign 404", answerWith(404, "<html>not here"), 0, ClassUnknown},
		{"foreign 403", answerWith(403, "<!DOCTYPE html>"), 0, ClassUnknown},
		{"refused connection", failWith(refused), 0, 0},
		{"unknown host", failWith(&net.DNSError{Err: "no such host"}), 0, 0},
		{"429", answerWith(429, ""), 0, 0},
		{"423", answerWith(423, ""), 0, 0},
		{"501", answerWith(501, ""), ClassRejected, ClassRejected},
		{"400", answerWith(400, ""), ClassPermanentInput, ClassPermanentInput},
		{"404 of the API", answerWith(404, "<html>", "Trackingid", "T"), ClassNotFound, ClassNotFound},
		{"403", answerWith(403, "{}"), ClassAuth, ClassAuth},
		{"302", answerWith(302, ""), ClassRejected, ClassRejected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, script(tt.fault, tt.fault, answer200(oneSubscriber)), Config{}, func(c *Client) {
				checkFault(t, c, tt.read, getSubscriber)
			})
			inBubble(t, script(tt.fault, tt.fault, answer200(oneSubscriber)), Config{}, func(c *Client) {
				checkFault(t, c, tt.write, removeSubscriber)
			})
		})
	}
}

func checkFault(t *testing.T, c *Client, want Class, send func(*Client) error) {
	t.Helper()
	err := send(c)
	requests := c.Stats().Requests
	if want == 0 {
		if err != nil || requests != 3 {
			t.Errorf("error %v after %d requests, want success after 3", err, requests)
		}
		return
	}
	if e := asError(t, err); e.Class != want || requests != 1 || e.Attempts != 1 {
		t.Errorf("class %v after %d requests, want %v after 1", e.Class, requests, want)
	}
}

// A precheck is a POST that changes nothing, so it is retried like a read.
func TestPrecheckIsRetried(t *testing.T) {
	api := script(answerWith(502, ""), answer200(`{"message":"success"}`))
	inBubble(t, api, Config{}, func(c *Client) {
		if _, err := c.ValidateSubscriber(context.Background(), SubscriberPrecheck{}); err != nil {
			t.Error(err)
		}
	})
}

// A sign-in page does not go away by waiting.
func TestProxyPageEndsReads(t *testing.T) {
	api := script(answerWith(200, "<html><title>Sign \x1b[1min</title>"))
	inBubble(t, api, Config{}, func(c *Client) {
		err := getSubscriber(c)
		e := asError(t, err)
		if e.Class != ClassTransient || e.Attempts != 1+maxStrange || !strings.Contains(err.Error(), `an HTML page with the title "Sign \\x1b[1min"`) {
			t.Errorf("error is %v after %d tries", err, e.Attempts)
		}
	})
}

// Nothing was sent for as long as nobody answers.
func TestUnreachableIsNotSent(t *testing.T) {
	api := script(failWith(&net.OpError{Op: "dial", Err: errors.New("no route")}))
	inBubble(t, api, Config{}, func(c *Client) {
		start := time.Now()
		err := removeSubscriber(c)
		e := asError(t, err)
		if took := time.Since(start); e.Class != ClassNotSent || took < 10*time.Minute || took > 15*time.Minute {
			t.Errorf("class %v after %v", e.Class, took)
		}
	})
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestBackoffBounds(t *testing.T) {
	for n := range 100 {
		if d := backoff(n); d < backoffFloor || d > backoffCap {
			t.Errorf("backoff %d is %v", n, d)
		}
		if d := throttleGuess(n); d < throttleBase/2 || d > backoffCap*3/2 {
			t.Errorf("pause %d is %v", n, d)
		}
	}
}
