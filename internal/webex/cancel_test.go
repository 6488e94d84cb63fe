package webex

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimeout(t *testing.T) {
	api := &fakeAPI{}
	api.answer = func(n int, r *http.Request) (*http.Response, error) {
		if n > 1 {
			return reply(200, oneSubscriber), nil
		}
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	inBubble(t, api, Config{Timeout: 7 * time.Second}, func(c *Client) {
		start := time.Now()
		if err := getSubscriber(c); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 7*time.Second || took > 8*time.Second {
			t.Errorf("took %v", took)
		}
	})
	api.times = nil
	inBubble(t, api, Config{Timeout: 7 * time.Second}, func(c *Client) {
		err := removeSubscriber(c)
		if e := asError(t, err); e.Class != ClassUnknown || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestCancelled(t *testing.T) {
	hanging := func() *fakeAPI {
		return &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
	}
	tests := []struct {
		name  string
		api   *fakeAPI
		after time.Duration
		send  func(context.Context, *Client) error
		want  Class
	}{
		{"before sending", hanging(), 0, removeIn, ClassNotSent},
		{"write in flight", hanging(), time.Second, removeIn, ClassUnknown},
		{"read in flight", hanging(), time.Second, getIn, ClassTransient},
		{"at the gate", script(answerWith(429, "", "Retry-After", "60")), time.Second, removeIn, ClassNotSent},
		{"backing off", script(answerWith(423, "", "Retry-After", "60")), time.Second, removeIn, ClassNotSent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.api, Config{}, func(c *Client) {
				ctx, cancel := context.WithCancel(context.Background())
				if tt.after == 0 {
					cancel()
				}
				stop := time.AfterFunc(tt.after, cancel)
				defer stop.Stop()
				err := tt.send(ctx, c)
				if e := asError(t, err); e.Class != tt.want || !errors.Is(err, context.Canceled) {
					t.Errorf("class %v, error %v; want %v", e.Class, err, tt.want)
				}
			})
		})
	}
}

func removeIn(ctx context.Context, c *Client) error {
	_, err := c.RemoveSubscriber(ctx, "S1")
	return err
}

func getIn(ctx context.Context, c *Client) error {
	_, err := c.GetSubscriber(ctx, "S1")
	return err
}

// A call that waits for a slot can be cancelled too.
func TestConcurrencyIsBounded(t *testing.T) {
	release := make(chan struct{})
	api := &fakeAPI{answer: func(int, *http.Request) (*http.Response, error) {
		<-release
		return reply(204, ""), nil
	}}
	synctest.Test(t, func(t *testing.T) {
		release = make(chan struct{})
		c := newTestClient(t, Config{Transport: api, Concurrency: 2})
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if err := removeSubscriber(c); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := len(api.sent()); n != 2 {
			t.Errorf("%d requests in flight, want 2", n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if e := asError(t, removeIn(ctx, c)); e.Class != ClassNotSent || e.Attempts != 0 {
			t.Errorf("error is %+v", e)
		}
		close(release)
		group.Wait()
	})
}
