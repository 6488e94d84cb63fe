package webex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// remedy is what may be done about a failed try.
type remedy uint8

const (
	giveUp       remedy = iota
	backOff             // wait a growing time, this call alone
	waitAtGate          // wait with everybody else, until the shared gate opens
	refreshToken        // ask for another token, once
	renewToken          // likewise, but rarely: the token is good, and may be too old for the object
	askAgain            // like backOff, but only a few times
)

// failure is a failed try.
type failure struct {
	err    *Error
	remedy remedy
}

// finish completes the error with what all the tries have in common.
func (s *sending) finish(fail *failure) *Error {
	fail.err.Method, fail.err.Path, fail.err.Attempts = s.method, s.path, s.attempts
	return fail.err
}

// notSent is the end of a call before a try of it left.
func (s *sending) notSent(err error) *failure {
	return &failure{err: &Error{Class: ClassNotSent, Err: err}}
}

// noToken is a try that found no access token.
func (s *sending) noToken(ctx context.Context, err error) *failure {
	var known *Error
	if ctx.Err() != nil || !errors.As(err, &known) {
		return s.notSent(err)
	}
	fail := &failure{err: &Error{Class: known.Class, Description: known.Description, Err: known.Err}}
	if known.Class == ClassNotSent {
		fail.remedy = backOff
	}
	return fail
}

// broken is a try without a complete answer.
func (s *sending) broken(ctx context.Context, err error, nothingSent bool) *failure {
	fail := &failure{err: &Error{Class: ClassTransient, TrackingID: s.tracking, Err: err}, remedy: backOff}
	if nothingSent {
		fail.err.Class = ClassNotSent
	} else if s.write() {
		fail.err.Class = ClassUnknown
		fail.err.Description = "the answer was lost"
		fail.remedy = giveUp
	}
	if ctx.Err() != nil {
		fail.err.Err = ctx.Err()
		fail.remedy = giveUp
	} else if nothingSent && untrusted(err) {
		fail.err.Description = "the connection cannot be trusted"
		fail.remedy = giveUp
	}
	return fail
}

// strangeAnswer is an answer that cannot be the API's, or not all of it. A
// write may have been applied behind it.
func (s *sending) strangeAnswer(status int, err error) *failure {
	if s.write() {
		return &failure{err: &Error{
			Class: ClassUnknown, HTTPStatus: status, TrackingID: s.tracking, Err: err,
			Description: "the answer is not the API's or not complete",
		}}
	}
	return &failure{remedy: askAgain, err: &Error{
		Class: ClassTransient, HTTPStatus: status, TrackingID: s.tracking, Err: err,
		Description: "the answer is not the API's or not complete; is there a proxy or a sign-in page in between?",
	}}
}

// judge decides whether an answer is a success, and if not, what follows.
func (c *Client) judge(s *sending, a *answer) *failure {
	if a.status >= 200 && a.status < 300 {
		return s.judgeSuccess(a)
	}
	if a.status < 400 {
		return s.redirected(a)
	}
	if foreign(a) && a.status < 500 && a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
		return s.strangeAnswer(a.status, pageTitle(a.body))
	}
	method := s.method
	if !s.write() {
		method = http.MethodGet
	}
	err := parseProblem(a.body).toError()
	err.HTTPStatus = a.status
	err.TrackingID = cmp.Or(err.TrackingID, a.tracking)
	err.Class = Classify(method, a.status, err.Code)
	now := time.Now()
	err.RetryAfter, _ = retryAfter(a.header, now)
	fail := &failure{err: err, remedy: s.remedyFor(a.status)}
	if a.status == http.StatusForbidden && err.Code == 0 {
		fail.remedy = renewToken
	}
	if err.Code == codeSyncInProgress {
		fail.remedy = giveUp // it may last for an hour, and nobody else need wait
		return fail
	}
	c.closeGate(s, fail, now)
	return fail
}

// remedyFor looks at the status alone: refusals may be sent again by any
// method, failures only by calls that change nothing.
func (s *sending) remedyFor(status int) remedy {
	switch {
	case status == http.StatusUnauthorized:
		return refreshToken
	case status == http.StatusTooManyRequests:
		return waitAtGate
	case status == http.StatusLocked:
		return backOff
	case outageStatus(status) && !s.write():
		return backOff
	}
	return giveUp
}

// closeGate makes everybody wait after a 429, or a 503 that names a time. A
// 429 also costs half of the rate.
func (c *Client) closeGate(s *sending, fail *failure, now time.Time) {
	err := fail.err
	named := err.RetryAfter > 0
	switch {
	case err.HTTPStatus == http.StatusTooManyRequests:
		c.counters.throttled.Add(1)
		c.pace.throttled(s.sentAt, now)
		if !named {
			err.RetryAfter = throttleGuess(s.backoffs)
			s.backoffs++
		}
	case err.HTTPStatus == http.StatusServiceUnavailable && named:
		if fail.remedy == backOff {
			fail.remedy = waitAtGate
		}
	default:
		return
	}
	if !c.pace.closeFor(err.RetryAfter, now) {
		return
	}
	if notify := c.counters.notify.Load(); notify != nil {
		(*notify)(Event{
			Status: err.HTTPStatus, Pause: err.RetryAfter, FromAPI: named, Path: s.path, Tracking: err.TrackingID,
		})
	}
}

// judgeSuccess checks that a 2xx answer is the API's own and complete.
func (s *sending) judgeSuccess(a *answer) *failure {
	if htmlBody(a) {
		return s.strangeAnswer(a.status, pageTitle(a.body))
	}
	if err := s.accept(a); err != nil {
		fail := s.strangeAnswer(a.status, err)
		fail.err.TrackingID = a.tracking
		return fail
	}
	return nil
}

// redirected refuses a redirect and names the host that it leads to.
func (s *sending) redirected(a *answer) *failure {
	description := "the API answered with a redirect, which is not followed"
	if target, err := url.Parse(a.header.Get("Location")); err == nil && target.Host != "" {
		description = fmt.Sprintf("the redirect to host %s is not followed", clean(target.Host))
	}
	return &failure{err: &Error{
		Class: ClassRejected, HTTPStatus: a.status, TrackingID: a.tracking, Description: description,
	}}
}

// foreign reports an error page that did not come from the API: the API's own
// answers carry a tracking id, and its gateways' carry one even on an HTML page.
func foreign(a *answer) bool {
	return htmlBody(a) && a.header.Get("Trackingid") == ""
}

func htmlBody(a *answer) bool {
	if len(a.body) == 0 {
		return false
	}
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.body[0] == '<'
}

// pageTitle names an HTML page by its title; the rest of it is of no use.
func pageTitle(page []byte) error {
	text := strings.ToValidUTF8(string(page[:min(len(page), maxDescription)]), "")
	lower := strings.ToLower(text)
	start := strings.Index(lower, "<title>")
	end := strings.Index(lower, "</title>")
	if len(lower) != len(text) || start < 0 || end < start {
		return errors.New("an HTML page without a title")
	}
	return fmt.Errorf("an HTML page with the title %q", clean(strings.TrimSpace(text[start+len("<title>"):end])))
}
