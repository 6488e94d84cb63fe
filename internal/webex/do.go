package webex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// call is one operation of the API.
type call struct {
	method   string
	path     string // template below the base URL; {id} stands for id
	id       string
	query    url.Values
	page     *url.URL // a link to a page, sent as it is in place of path and query
	body     any      // sent as JSON; nil = none
	harmless bool     // a POST that changes nothing and may be repeated
	// accept reads the body of a 2xx answer; an error means that the answer
	// cannot be the API's, or not all of it.
	accept func(*answer) error
}

// write reports whether sending the call twice could do harm.
func (req call) write() bool { return req.method != http.MethodGet && !req.harmless }

// answer is a complete answer of the API.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	tracking string
	attempts int
	url      *url.URL // where it came from
}

// receipt tells a write's caller about it; a nil answer has nothing to tell.
func (a *answer) receipt(id string) Receipt {
	if a == nil {
		return Receipt{}
	}
	return Receipt{ID: id, HTTPStatus: a.status, TrackingID: a.tracking, Attempts: a.attempts}
}

// counters are the numbers behind Stats.
type counters struct {
	requests, retries, throttled atomic.Int64
	notify                       atomic.Pointer[func(Event)]
}

// sending is a call on its way: what is fixed for all tries, and what they taught.
type sending struct {
	call
	url       *url.URL
	payload   []byte
	attempts  int
	token     string    // of the last try
	tracking  string    // our id of the last try
	sentAt    time.Time // the last try
	failing   time.Time // the first failure
	backoffs  int
	strange   int  // answers that were not the API's
	refreshed bool // another token was asked for
}

// do sends a call until it is answered for good. All requests to the API leave
// through here. The answer is nil if and only if there is an error, which then
// is an *Error.
func (c *Client) do(ctx context.Context, req call) (*answer, error) {
	s, err := c.prepare(req)
	if err != nil {
		return nil, err
	}
	for {
		a, fail := c.try(ctx, s)
		if fail == nil {
			a.attempts = s.attempts
			return a, nil
		}
		wait, again := c.next(ctx, s, fail)
		if !again {
			return nil, s.finish(fail)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, s.finish(s.notSent(err))
		}
	}
}

// prepare builds what all tries of a call share.
func (c *Client) prepare(req call) (*sending, error) {
	s := &sending{call: req, url: req.page}
	// These would be another path: the list itself, or the one above.
	if strings.Contains(req.path, "{id}") && slices.Contains([]string{"", ".", ".."}, req.id) {
		return nil, s.finish(s.notSent(fmt.Errorf("%q cannot be an id", req.id)))
	}
	if s.url == nil {
		s.url = c.endpoint(req)
	}
	if req.body == nil {
		return s, nil
	}
	payload, err := json.Marshal(req.body)
	if err != nil {
		return nil, s.finish(s.notSent(err))
	}
	s.payload = payload
	return s, nil
}

// endpoint puts a call's path below the base URL. The id is one segment,
// whatever characters it holds.
func (c *Client) endpoint(req call) *url.URL {
	u := *c.base
	u.RawPath = u.EscapedPath() + strings.ReplaceAll(req.path, "{id}", url.PathEscape(req.id))
	u.Path += strings.ReplaceAll(req.path, "{id}", req.id)
	u.RawQuery = req.query.Encode()
	return &u
}

// try sends a call once, as soon as a slot, the rate and the gate allow it.
func (c *Client) try(ctx context.Context, s *sending) (*answer, *failure) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, s.notSent(ctx.Err())
	}
	defer func() { <-c.slots }()

	// The token comes first, because fetching one takes time and what the
	// pacer admits must leave at once.
	token, err := c.cfg.Tokens.Token(ctx)
	if err == nil && !plausibleToken(token) {
		err = authError("there is no access token, or it holds characters that no token has", nil)
	}
	if err != nil {
		return nil, s.noToken(ctx, err)
	}
	c.learnSecrets(token)
	if err := c.pace.admit(ctx); err != nil {
		return nil, s.notSent(err)
	}
	s.attempts++
	s.token, s.tracking, s.sentAt = token, newTrackingID(), time.Now()
	c.counters.requests.Add(1)
	if s.attempts > 1 {
		c.counters.retries.Add(1)
	}
	a, fail := c.exchange(ctx, s)
	if fail == nil {
		fail = c.judge(s, a)
	}
	c.logTry(ctx, s, a, fail)
	if fail == nil {
		c.pace.succeeded(time.Now())
	}
	return a, fail
}

// learnSecrets makes a token and its source's other secrets known before an
// answer can repeat them.
func (c *Client) learnSecrets(token string) {
	c.secrets.add(token)
	if source, ok := c.cfg.Tokens.(keeper); ok {
		c.secrets.add(source.secrets()...)
	}
}

// exchange sends one request and reads its answer to the end.
func (c *Client) exchange(ctx context.Context, s *sending) (*answer, *failure) {
	tryCtx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var how reach
	request, err := http.NewRequestWithContext(how.watch(tryCtx), s.method, s.url.String(), bytes.NewReader(s.payload))
	if err != nil {
		return nil, s.notSent(err)
	}
	c.setHeaders(request, s)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, s.broken(ctx, c.secrets.hideError(withoutURL(err)), how.nothingSent(err))
	}
	body, err := readBody(response.Body)
	if errors.Is(err, errTooLarge) {
		return nil, s.strangeAnswer(response.StatusCode, err)
	}
	if err != nil {
		return nil, s.broken(ctx, err, false)
	}
	c.secrets.hideIn(response.Header)
	body = c.secrets.hide(bytes.TrimPrefix(body, []byte("\ufeff")))
	if response.StatusCode >= 300 { // a success may bring a link again, an error only quotes it
		c.links.hideIn(response.Header)
		body = c.links.hide(body)
	}
	return &answer{
		status: response.StatusCode, header: response.Header, body: body, url: s.url,
		tracking: trackingOf(response.Header, s.tracking),
	}, nil
}

// setHeaders signs and describes a request. There is no Idempotency-Key: the
// API has none, and net/http resends writes that carry one by itself.
func (c *Client) setHeaders(request *http.Request, s *sending) {
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.cfg.UserAgent)
	request.Header.Set("TrackingID", s.tracking)
	if s.payload != nil {
		request.Header.Set("Content-Type", "application/json")
	}
}

// logTry logs a try without anything that is secret or personal. A refusal that
// is about one object is nothing to warn of: who asked tells what it means.
func (c *Client) logTry(ctx context.Context, s *sending, a *answer, fail *failure) {
	attrs := []slog.Attr{slog.String("method", s.method), slog.String("path", s.path), slog.Int("attempt", s.attempts)}
	if fail == nil {
		attrs = append(attrs, slog.Int("status", a.status), slog.String("tracking_id", a.tracking))
		c.log.LogAttrs(ctx, slog.LevelDebug, "API call", attrs...)
		return
	}
	attrs = append(attrs,
		slog.Int("status", fail.err.HTTPStatus), slog.String("tracking_id", fail.err.TrackingID),
		slog.Int("code", fail.err.Code), slog.String("class", fail.err.Class.String()))
	level := slog.LevelWarn
	switch fail.err.Class {
	case ClassPermanentInput, ClassConflict, ClassNotFound:
		level = slog.LevelInfo
	}
	c.log.LogAttrs(ctx, level, "API call failed", attrs...)
}
