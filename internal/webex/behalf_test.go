package webex

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// onBehalfOf collects whom each request acts for, in the order of arrival.
type onBehalfOf struct {
	mu   sync.Mutex
	orgs []string
}

func (o *onBehalfOf) note(r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.orgs = append(o.orgs, r.URL.Query().Get("onBehalfOfSubPartnerOrgId"))
}

// Each client acts for its own sub-partner, and none changes another.
func TestOnBehalfOf(t *testing.T) {
	var seen onBehalfOf
	api := &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
		seen.note(r)
		return reply(200, oneSubscriber), nil
	}}
	c := newTestClient(t, Config{Transport: api, SubPartner: "SUB"})
	first, second, none := c.OnBehalfOf("A+B"), c.OnBehalfOf("A").OnBehalfOf("C"), c.OnBehalfOf("")
	for _, client := range []*Client{first, second, none, c} {
		if err := getSubscriber(client); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"A+B", "C", "", "SUB"}; !slices.Equal(seen.orgs, want) {
		t.Errorf("requests act for %q, want %q", seen.orgs, want)
	}
}

// A partner with many sub-partners is one user of the API: all of their calls
// together stay below the rate, and are counted in one place.
func TestOnBehalfOfSharesTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := script(answer200(oneSubscriber))
		c := newTestClient(t, Config{Transport: api, Rate: 2})
		var group sync.WaitGroup
		for _, client := range []*Client{c, c.OnBehalfOf("A"), c.OnBehalfOf("B"), c.OnBehalfOf("C")} {
			for range 5 {
				group.Go(func() {
					if err := getSubscriber(client); err != nil {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		checkWindows(t, api.sent(), 2, 1)
		for _, client := range []*Client{c, c.OnBehalfOf("A")} {
			if got := client.Stats().Requests; got != 20 {
				t.Errorf("%d requests are counted, want 20", got)
			}
		}
	})
}

// A refusal of one sub-partner's call makes the others wait too.
func TestOnBehalfOfSharesTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := script(answerWith(429, "", "Retry-After", "7"), answer200(oneSubscriber))
		c := newTestClient(t, Config{Transport: api})
		var notified []Event
		c.SetNotify(func(e Event) { notified = append(notified, e) })
		start := time.Now()
		var group sync.WaitGroup
		group.Go(func() {
			if err := getSubscriber(c.OnBehalfOf("A")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := getSubscriber(c.OnBehalfOf("B")); err != nil {
			t.Error(err)
		}
		group.Wait()
		for i, at := range api.sent()[1:] {
			if at.Sub(start) < 7*time.Second {
				t.Errorf("request %d left after %v", i+2, at.Sub(start))
			}
		}
		if len(notified) != 1 || c.Stats().Throttled != 1 {
			t.Errorf("%d events, %d refusals counted, want 1 and 1", len(notified), c.Stats().Throttled)
		}
	})
}

// No more requests are in flight than one client alone may have, and a token
// that one of them renewed is not renewed again for the others.
func TestOnBehalfOfSharesSlotsAndTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := &countedTokens{}
		var mu sync.Mutex
		inFlight, most := 0, 0
		api := onlyFor("token-1")
		inner := api.answer
		api.answer = func(n int, r *http.Request) (*http.Response, error) {
			mu.Lock()
			inFlight++
			most = max(most, inFlight)
			mu.Unlock()
			time.Sleep(time.Second) // virtual
			mu.Lock()
			inFlight--
			mu.Unlock()
			return inner(n, r)
		}
		c := newTestClient(t, Config{Transport: api, Tokens: tokens, Concurrency: 3})
		var group sync.WaitGroup
		for _, org := range []string{"A", "B", "C", "D", "E", "F"} {
			group.Go(func() {
				if err := removeSubscriber(c.OnBehalfOf(org)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if most != 3 || tokens.refreshes != 1 {
			t.Errorf("%d requests in flight, %d refreshes, want 3 and 1", most, tokens.refreshes)
		}
	})
}
