package webex

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Class says what can be done about an error.
type Class uint8

// The first seven follow the API's code table; the others tell how far a call got.
const (
	ClassPermanentInput Class = iota + 1 // the request is wrong and stays wrong
	ClassConflict                        // the request contradicts what exists
	ClassConfig                          // the partner's account or template must be changed
	ClassNotReady                        // the object is busy; the same request may pass later
	ClassTransient                       // the API, or the way to it, is out of order for now
	ClassNotFound                        // the object does not exist
	ClassAuth                            // the token or its permissions do not allow it
	ClassNotSent                         // nothing left this machine
	ClassUnknown                         // a write whose answer was lost: it may be applied or not
	ClassRejected                        // another final refusal, such as a redirect
)

var classNames = [...]string{
	ClassPermanentInput: "permanent_input",
	ClassConflict:       "conflict",
	ClassConfig:         "config",
	ClassNotReady:       "not_ready",
	ClassTransient:      "transient",
	ClassNotFound:       "not_found",
	ClassAuth:           "auth",
	ClassNotSent:        "not_sent",
	ClassUnknown:        "unknown",
	ClassRejected:       "rejected",
}

// String is the name of the class, such as "not_ready".
func (c Class) String() string {
	if int(c) < len(classNames) && classNames[c] != "" {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Classify decides the class of an API answer that is not a success; it is the
// only place that does. The error code decides first, from the table that Codes
// returns, then the HTTP status. Pass status 0 for a code that was found in an
// object's errors, and code 0 when the answer named none.
//
// Two rules stand before the table. A write that is answered with 408 or 5xx
// (save 501) may have been applied whatever code came with it, so it is
// ClassUnknown; code 6002 alone says that it was not, for another directory
// synchronisation runs. Code 2003 means two things in the vendor's guides, and
// its status tells which.
func Classify(method string, status, code int) Class {
	if outageStatus(status) && code != codeSyncInProgress && method != "" && method != http.MethodGet {
		return ClassUnknown
	}
	if code == codeUpdateNotAllowed && status == http.StatusNotFound {
		return ClassNotFound
	}
	if info, ok := LookupCode(code); ok {
		return info.Class
	}
	return classOfStatus(status)
}

// codeSyncInProgress is about one enterprise and not about the API's load,
// although it comes with 503 or 429.
const codeSyncInProgress = 6002

// codeUpdateNotAllowed is "wrong status" with 403 and "user not found" with 404.
const codeUpdateNotAllowed = 2003

func classOfStatus(status int) Class {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return ClassPermanentInput
	case http.StatusUnauthorized, http.StatusForbidden:
		return ClassAuth
	case http.StatusNotFound, http.StatusGone:
		return ClassNotFound
	case http.StatusProxyAuthRequired:
		return ClassConfig
	case http.StatusConflict:
		return ClassConflict
	case http.StatusLocked:
		return ClassNotReady
	case http.StatusTooManyRequests:
		return ClassTransient
	}
	if outageStatus(status) {
		return ClassTransient
	}
	return ClassRejected
}

// outageStatus reports the statuses that say nothing about the request itself.
func outageStatus(status int) bool {
	return status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented
}

// Error is why a call failed. On a write every class but ClassUnknown means
// that the API did not apply it.
type Error struct {
	Class        Class
	HTTPStatus   int    // 0 when no answer came
	Code         int    // the API's error code, 0 when it named none
	Title        string // the code's title in the table, empty for unknown codes
	Field        string // the field that codes 1001 and 1002 name
	Description  string // what the API, or this client, says about it; control characters are escaped
	InternalCode string // only with code 5001
	TrackingID   string // the API's id of the request, else the one that was sent with it
	RetryAfter   time.Duration
	Attempts     int    // tries that were sent
	Method       string // HTTP method
	Path         string // path template, without ids and query
	Err          error  // the cause below HTTP, if any
}

// Error says what was being done and what went wrong.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", e.Method, e.Path)
	var parts []string
	if e.HTTPStatus != 0 {
		parts = append(parts, fmt.Sprintf("HTTP status %d", e.HTTPStatus))
	}
	if e.Code != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("code %d %s", e.Code, e.Title)))
	}
	if e.Field != "" {
		parts = append(parts, "field "+e.Field)
	}
	if e.Description != "" {
		parts = append(parts, e.Description)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	b.WriteString(strings.Join(parts, ": "))
	if e.TrackingID != "" {
		fmt.Fprintf(&b, " (tracking id %s)", e.TrackingID)
	}
	return b.String()
}

// Unwrap gives the cause, for errors.Is with context.Canceled and the like.
func (e *Error) Unwrap() error { return e.Err }

// Receipt is what is known about a write that the API answered.
type Receipt struct {
	ID         string // id of the object that was written
	HTTPStatus int
	TrackingID string
	Attempts   int
}

// Detail is one error, warning or precheck note inside an answer.
type Detail struct {
	Code        int // 0 when the API gave none that is a number
	Description string
}
