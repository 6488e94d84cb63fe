package webex

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	backoffBase   = time.Second
	backoffCap    = time.Minute
	backoffFloor  = 100 * time.Millisecond
	throttleBase  = 5 * time.Second // for a 429 without Retry-After
	minRetryAfter = time.Second
	maxRetryAfter = 10 * time.Minute
	renewInterval = time.Minute
	maxStrange    = 4 // answers that are not the API's, before a call gives up
)

// next decides whether a call is tried again, and how long to wait before.
func (c *Client) next(ctx context.Context, s *sending, fail *failure) (time.Duration, bool) {
	var wait time.Duration
	budget := time.Duration(0) // what the wait costs of MaxOutage
	switch fail.remedy {
	case giveUp:
		return 0, false
	case refreshToken:
		return 0, c.refresh(ctx, s, fail)
	case renewToken:
		return 0, c.renew(ctx, s)
	case waitAtGate:
		budget = fail.err.RetryAfter
	case askAgain:
		s.strange++
		if s.strange > maxStrange {
			return 0, false
		}
		fallthrough
	case backOff:
		wait = max(backoff(s.backoffs), fail.err.RetryAfter)
		budget = wait
		s.backoffs++
	}
	now := time.Now()
	if s.failing.IsZero() {
		s.failing = now
	}
	if now.Sub(s.failing)+budget > c.cfg.MaxOutage {
		return 0, false
	}
	return wait, true
}

// refresh gets another token after a 401. A second 401 in a call is final.
func (c *Client) refresh(ctx context.Context, s *sending, fail *failure) bool {
	fail.err.Class = ClassAuth
	if s.refreshed {
		return false
	}
	s.refreshed = true
	_, err := c.cfg.Tokens.Refresh(ctx, s.token)
	if err == nil {
		return true
	}
	fail.err.Err = err
	var known *Error
	if errors.As(err, &known) {
		fail.err.Class = known.Class
		fail.err.Description = known.Description
		fail.err.Err = known.Err
	}
	return false
}

// renew gets another token after a 403 without a code: the API lets a token do
// nothing to an object that is younger than the token. A permission that is
// missing looks the same, so it is tried once a minute at most; a call that finds
// the token replaced meanwhile needs no more than that.
func (c *Client) renew(ctx context.Context, s *sending) bool {
	if s.refreshed {
		return false
	}
	s.refreshed = true
	select {
	case c.renewing <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-c.renewing }()
	if token, err := c.cfg.Tokens.Token(ctx); err != nil || token != s.token {
		return err == nil
	}
	now := time.Now()
	if !c.renewed.IsZero() && now.Sub(c.renewed) < renewInterval {
		return false
	}
	c.renewed = now
	_, err := c.cfg.Tokens.Refresh(ctx, s.token)
	return err == nil
}

// backoff is full jitter: anything up to a limit that doubles with each failure.
func backoff(failures int) time.Duration {
	limit := min(backoffCap, backoffBase<<min(failures, 10))
	return max(rand.N(limit), backoffFloor)
}

// throttleGuess is the pause after a 429 that names none: about 5 s, doubling.
func throttleGuess(failures int) time.Duration {
	middle := min(backoffCap, throttleBase<<min(failures, 10))
	return middle/2 + rand.N(middle)
}

// retryAfter reads the Retry-After header, as seconds or as a date in one of
// the three HTTP forms. A date is measured from the answer's own Date, for this
// machine's clock may be wrong. Whatever is understood is kept within bounds.
func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(seconds) {
		seconds = min(max(seconds, minRetryAfter.Seconds()), maxRetryAfter.Seconds())
		return time.Duration(seconds * float64(time.Second)), true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if sent, err := http.ParseTime(header.Get("Date")); err == nil {
		now = sent
	}
	return min(max(at.Sub(now), minRetryAfter), maxRetryAfter), true
}
