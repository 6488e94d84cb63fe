package webex

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// countedTokens gives token-0 and, after each refresh, the next one.
type countedTokens struct {
	mu        sync.Mutex
	refreshes int
	fails     error
}

func (c *countedTokens) Token(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("token-%d", c.refreshes), nil
}

func (c *countedTokens) Refresh(ctx context.Context, _ string) (string, error) {
	if err := sleep(ctx, time.Second); err != nil { // so that others come while it lasts
		return "", err
	}
	if c.fails != nil {
		return "", c.fails
	}
	c.mu.Lock()
	c.refreshes++
	c.mu.Unlock()
	return c.Token(ctx)
}

// onlyFor answers 204 to the token alone and 403 without a code to all others.
func onlyFor(token string) *fakeAPI {
	return &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") == "Bearer "+token {
			return reply(204, ""), nil
		}
		return reply(403, `{"message":"not allowed"}`), nil
	}}
}

// A token that is older than the object: many calls get a 403 at once, one
// refresh mends them all.
func TestForbiddenByStaleToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, api := &countedTokens{}, onlyFor("token-1")
		c := newTestClient(t, Config{Tokens: tokens, Transport: api})
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := removeSubscriber(c); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if tokens.refreshes != 1 || len(api.sent()) != 16 {
			t.Errorf("%d refreshes, %d requests, want 1 and 16", tokens.refreshes, len(api.sent()))
		}
	})
}

// A permission that is missing: one retry with a new token, and no more than one
// refresh a minute however many calls are refused.
func TestForbiddenForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, api := &countedTokens{}, onlyFor("nobody")
		c := newTestClient(t, Config{Tokens: tokens, Transport: api})
		for i, want := range []struct {
			pause               time.Duration
			refreshes, requests int
		}{{0, 1, 2}, {0, 1, 3}, {58 * time.Second, 1, 4}, {2 * time.Second, 2, 6}} {
			time.Sleep(want.pause)
			e := asError(t, removeSubscriber(c))
			if e.Class != ClassAuth || e.HTTPStatus != 403 || e.Description != "not allowed" {
				t.Errorf("call %d: %+v", i, e)
			}
			if tokens.refreshes != want.refreshes || len(api.sent()) != want.requests {
				t.Errorf("call %d: %d refreshes, %d requests, want %d and %d", i, tokens.refreshes, len(api.sent()), want.refreshes, want.requests)
			}
		}
	})
}

// Where no other token can be had the refusal itself is the answer, and a code
// says that the token is not the cause.
func TestForbiddenIsFinal(t *testing.T) {
	tests := []struct {
		name   string
		tokens TokenSource
		body   string
		class  Class
	}{
		{"bare token", StaticToken(testToken), `{"message":"not allowed"}`, ClassAuth},
		{"refresh fails", &countedTokens{fails: authError("sign in again", nil)}, `{"message":"not allowed"}`, ClassAuth},
		{"code of the table", &countedTokens{}, `{"errors":[{"errorCode":2042,"description":"not allowed"}]}`, ClassConfig},
		{"unknown code", &countedTokens{}, `{"errors":[{"errorCode":10022,"description":"not allowed"}]}`, ClassAuth},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, script(answerWith(403, tt.body), answerWith(204, "")), Config{Tokens: tt.tokens}, func(c *Client) {
				e := asError(t, removeSubscriber(c))
				if e.Class != tt.class || e.HTTPStatus != 403 || e.Description != "not allowed" || e.Attempts != 1 {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// A call that waits for another one's refresh gives up with its own context.
func TestForbiddenAndCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, api := &countedTokens{}, onlyFor("token-1")
		c := newTestClient(t, Config{Tokens: tokens, Transport: api})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		first := make(chan error)
		go func() { first <- removeSubscriber(c) }()
		synctest.Wait()
		if e := asError(t, removeIn(ctx, c)); e.Class != ClassAuth || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}
