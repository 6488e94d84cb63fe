package webex

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Whatever is refused in between: in no window do more requests leave than
// rate times its length plus the burst, and none while the gate is closed.
func TestPaceProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perSecond := rapid.Float64Range(0.2, 50).Draw(rt, "rate")
		burst := rapid.IntRange(1, 5).Draw(rt, "burst")
		workers := rapid.IntRange(1, 12).Draw(rt, "workers")
		refuseEvery := rapid.IntRange(2, 30).Draw(rt, "refuseEvery")
		latency := time.Duration(rapid.IntRange(0, 3000).Draw(rt, "latency")) * time.Millisecond
		var closedFrom, closedUntil []time.Time
		var mu sync.Mutex
		api := &fakeAPI{answer: func(n int, _ *http.Request) (*http.Response, error) {
			time.Sleep(latency) // virtual
			if n%refuseEvery != 0 {
				return reply(204, ""), nil
			}
			mu.Lock()
			defer mu.Unlock()
			closedFrom, closedUntil = append(closedFrom, time.Now()), append(closedUntil, time.Now().Add(3*time.Second))
			return reply(429, "", "Retry-After", "3"), nil
		}}
		synctest.Test(t, func(*testing.T) {
			// The refusals may fall on one call again and again.
			c := newTestClient(t, Config{Transport: api, Rate: perSecond, Burst: burst, Concurrency: workers, MaxOutage: 100 * time.Hour})
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					for range 10 {
						if err := removeSubscriber(c); err != nil {
							rt.Errorf("call failed: %v", err)
						}
					}
				})
			}
			group.Wait()
			if rate := c.Stats().Rate; rate > perSecond || rate < min(rateFloor, perSecond) {
				rt.Errorf("learned rate is %v", rate)
			}
		})
		checkWindows(rt, api.sent(), perSecond, burst)
		for _, at := range api.sent() {
			for i := range closedFrom {
				if at.After(closedFrom[i]) && at.Before(closedUntil[i]) {
					rt.Errorf("a request left while the gate was closed")
				}
			}
		}
	})
}

func checkWindows(rt rapid.TB, sent []time.Time, perSecond float64, burst int) {
	for i := range sent {
		for j := i; j < len(sent); j++ {
			allowed := perSecond*sent[j].Sub(sent[i]).Seconds() + float64(burst)
			if float64(j-i+1) > allowed+1e-6 {
				rt.Fatalf("%d requests within %v, allowed %v", j-i+1, sent[j].Sub(sent[i]), allowed)
			}
		}
	}
}

// The whole ceiling is used: calls take no longer than they must.
func TestPaceUsesTheRate(t *testing.T) {
	api := script(answerWith(204, ""))
	inBubble(t, api, Config{Rate: 10}, func(c *Client) {
		start := time.Now()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 25 {
					_ = removeSubscriber(c)
				}
			})
		}
		group.Wait()
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("200 requests at 10 per second took %v", took)
		}
	})
}

// One refusal costs half of the rate once, however many requests it hits, and
// successes give it back.
func TestRateAdapts(t *testing.T) {
	const inFlight = 4
	api := &fakeAPI{answer: func(n int, _ *http.Request) (*http.Response, error) {
		time.Sleep(time.Second)
		if n <= inFlight {
			return reply(429, "", "Retry-After", "1"), nil
		}
		return reply(204, ""), nil
	}}
	inBubble(t, api, Config{Rate: 100, Burst: inFlight, Concurrency: inFlight}, func(c *Client) {
		var group sync.WaitGroup
		for range inFlight {
			group.Go(func() { _ = removeSubscriber(c) })
		}
		time.Sleep(1500 * time.Millisecond)
		if rate := c.Stats().Rate; rate != 50 {
			t.Errorf("rate after one refusal is %v, want 50", rate)
		}
		group.Wait()
		for range 40 {
			_ = removeSubscriber(c)
		}
		if rate := c.Stats().Rate; rate <= 60 || rate >= 100 {
			t.Errorf("rate is %v on its way back", rate)
		}
		for range 80 {
			_ = removeSubscriber(c)
		}
		if rate := c.Stats().Rate; rate != 100 {
			t.Errorf("rate is %v at the end, want 100", rate)
		}
	})
}

func TestRateFloor(t *testing.T) {
	for _, tt := range []struct{ ceiling, want float64 }{{10, rateFloor}, {0.1, 0.1}, {0, 0}} {
		p := newPacer(tt.ceiling, 1)
		now := time.Now()
		for range 20 {
			now = now.Add(time.Second)
			p.throttled(now, now)
		}
		if got, _ := p.state(now); got != tt.want {
			t.Errorf("ceiling %v: rate is %v, want %v", tt.ceiling, got, tt.want)
		}
	}
}

// Pauses are counted once, although they overlap.
func TestPausedTime(t *testing.T) {
	p := newPacer(10, 1)
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	p.closeFor(10*time.Second, at(0))
	if p.closeFor(3*time.Second, at(5)) {
		t.Error("a shorter pause counts as longer")
	}
	if !p.closeFor(10*time.Second, at(5)) { // until 15
		t.Error("a longer pause does not count")
	}
	p.closeFor(10*time.Second, at(20)) // until 30
	for _, tt := range []struct{ now, want int }{{22, 17}, {30, 25}, {99, 25}} {
		if _, paused := p.state(at(tt.now)); paused != time.Duration(tt.want)*time.Second {
			t.Errorf("at %d s it was paused for %v, want %d s", tt.now, paused, tt.want)
		}
	}
}

// Callers are admitted in the order in which they came.
func TestAdmitInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(1, 1)
		order := make(chan int, 5)
		for i := range 5 {
			go func() {
				_ = p.admit(context.Background())
				order <- i
			}()
			synctest.Wait()
		}
		for i := range 5 {
			if got := <-order; got != i {
				t.Errorf("caller %d was admitted at place %d", got, i)
			}
		}
	})
}
