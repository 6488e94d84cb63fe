package webex

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	rateFloor = 0.5 // requests per second that even a throttled client may send
	// A cut of one half is regained over a hundred successes, so that a client
	// at the API's limit runs into it rarely.
	recoverySteps = 200
)

// pacer decides when a request may leave. Rate and gate are looked at in one
// step, so nothing can slip out between them.
type pacer struct {
	// front admits one caller at a time to the bucket, in order of arrival.
	// Callers ask instead of reserving: a reservation made at an older rate
	// would break the ceiling once the rate recovers.
	front   chan struct{}
	ceiling rate.Limit

	mu          sync.Mutex
	bucket      *rate.Limiter
	closedFrom  time.Time     // the gate is closed from here
	closedUntil time.Time     // to here
	closedTotal time.Duration // by earlier closures
	cutAt       time.Time     // when the rate was last halved
}

func newPacer(perSecond float64, burst int) *pacer {
	ceiling := rate.Limit(perSecond)
	if perSecond <= 0 {
		ceiling = rate.Inf
	}
	return &pacer{front: make(chan struct{}, 1), ceiling: ceiling, bucket: rate.NewLimiter(ceiling, burst)}
}

// admit returns when one request may be sent now, or when ctx ends.
func (p *pacer) admit(ctx context.Context) error {
	select {
	case p.front <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.front }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait := p.take(time.Now())
		if wait == 0 {
			return nil
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take spends one token and returns 0, or says when asking again makes sense.
func (p *pacer) take(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := p.closedUntil.Sub(now); wait > 0 {
		return wait
	}
	if p.bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - p.bucket.TokensAt(now)
	wait := time.Duration(missing / float64(p.bucket.Limit()) * float64(time.Second))
	return max(wait, time.Microsecond)
}

// closeFor closes the gate for everybody and reports whether that is longer
// than it was closed already.
func (p *pacer) closeFor(wait time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := now.Add(wait)
	if !until.After(p.closedUntil) {
		return false
	}
	if now.After(p.closedUntil) {
		p.closedTotal += p.closedUntil.Sub(p.closedFrom)
		p.closedFrom = now
	}
	p.closedUntil = until
	return true
}

// throttled halves the rate after a 429 to a request that was sent at sentAt.
// Refusals of requests from before the last cut tell nothing about the new rate.
func (p *pacer) throttled(sentAt, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ceiling == rate.Inf || !sentAt.After(p.cutAt) {
		return
	}
	p.cutAt = now
	floor := min(rateFloor, p.ceiling)
	p.bucket.SetLimitAt(now, max(p.bucket.Limit()/2, floor))
}

// succeeded gives back a little of what throttled took.
func (p *pacer) succeeded(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.bucket.Limit(); limit < p.ceiling {
		p.bucket.SetLimitAt(now, min(limit+p.ceiling/recoverySteps, p.ceiling))
	}
}

// state returns the rate allowed now (0 = no limit) and for how long the gate
// has been closed in all.
func (p *pacer) state(now time.Time) (perSecond float64, paused time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if limit := p.bucket.Limit(); limit != rate.Inf {
		perSecond = float64(limit)
	}
	end := p.closedUntil
	if now.Before(end) {
		end = now
	}
	return perSecond, p.closedTotal + end.Sub(p.closedFrom)
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
