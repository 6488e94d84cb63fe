package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Rule is a fault to play: which requests it strikes and what happens to them. The zero Rule does nothing.
// See ParseRule for the language.
type Rule struct {
	text    string
	method  string // "" is any
	pattern string // path below /v1; "" is any
	nth     int
	every   int
	times   int // 0 is without end
	chance  float64

	action action
	status int
	code   int
	target string        // of actionRedirect
	retry  time.Duration // of actionThrottle; 0 is no Retry-After
	delay  time.Duration
	twist  twist
}

// twist is what a fault does to the object that a request writes.
type twist struct {
	stuck         bool
	end           string
	late          time.Duration
	begin         string // status of a new report, instead of IN_PROGRESS
	url           string // of a report's download, instead of the right one
	plainCategory bool   // a report's category is not looked at
}

// action is what a fault does to the answer.
type action uint8

const (
	actionNone action = iota
	actionStatusBefore
	actionStatusAfter
	actionResetBefore
	actionResetAfter
	actionTruncate
	actionHTML
	actionThrottle
	actionRefuse
	actionEmpty
	actionDropLink
	actionRedirect
)

var plainActions = map[string]action{
	"reset":        actionResetBefore,
	"reset-before": actionResetBefore,
	"reset-after":  actionResetAfter,
	"truncate":     actionTruncate,
	"html":         actionHTML,
	"empty":        actionEmpty,
	"drop-link":    actionDropLink,
}

// String returns the rule as it was written.
func (r Rule) String() string { return r.text }

// ParseRule reads a fault rule: terms in any order, separated by spaces or commas.
//
// Which requests (left out: all):
//
//	GET, POST, PUT, DELETE          the method
//	/wholesale/subscribers          the path below /v1, or of a download; * stands for any characters
//	nth=N                           the N-th such request
//	every=N                         each N-th
//	p=0.05                          each with this probability, the same ones for the same order of requests
//	times=N                         at most N times; default once for nth, without end otherwise
//
// What happens to the answer (at most one):
//
//	500-before, 500-after           this status (400 to 599) and no error code; -after: the request was carried out
//	reset-before, reset-after       the connection is reset; "reset" is reset-before
//	truncate                        carried out, but the answer breaks off in the middle
//	html                            not carried out, 200 and an HTML page, as a proxy does
//	429=2s, 423=2s, 503=2s          not carried out, this status and Retry-After; =0 for no such header
//	302=URL, 301=, 303=, 307=, 308= not carried out, a redirect to this URL
//	error=2507                      not carried out, this API error
//	empty, drop-link                a list without items; a list without a link to its next page
//
// What happens to the object or the time (besides, or alone):
//
//	stuck                           the object stays provisioning (updating, deleting) for ever
//	end=error, end=FAILED           the object ends in this status; a report's are in capitals
//	begin=REQUESTED                 the new report has this status while it is generated
//	ignore-category                 the new report is a RECONCILIATION whatever was asked for
//	url=URL                         the report that is read shows this tempDownloadURL
//	late=20s                        the new object is hidden from reads for so long
//	delay=5s                        carried out at once, answered so much later
//
// Examples: "POST /wholesale/subscribers nth=3 500-after", "GET /wholesale/* p=0.05 429=2s",
// "POST /wholesale/subscribers nth=1 reset-after late=20s".
func ParseRule(text string) (Rule, error) {
	r := Rule{text: strings.TrimSpace(text)}
	terms := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' })
	for _, term := range terms {
		if err := r.parseTerm(term); err != nil {
			return Rule{}, fmt.Errorf("fault rule %q: term %q: %w", text, term, err)
		}
	}
	if r.action == actionNone && r.delay == 0 && r.twist == (twist{}) {
		return Rule{}, fmt.Errorf("fault rule %q: nothing to do; name an action such as 500-before or delay=2s", text)
	}
	if r.nth > 0 && r.times == 0 {
		r.times = 1
	}
	return r, nil
}

var errUnknownTerm = errors.New("not a method, path, condition or action")

func (r *Rule) parseTerm(term string) error {
	name, value, hasValue := strings.Cut(term, "=")
	if hasValue {
		return r.parseSetting(name, value)
	}
	if a, known := plainActions[term]; known {
		return r.setAction(a)
	}
	switch {
	case strings.HasPrefix(term, "/"):
		r.pattern = strings.TrimPrefix(term, apiPrefix)
		return nil
	case term == http.MethodGet || term == http.MethodPost || term == http.MethodPut || term == http.MethodDelete:
		r.method = term
		return nil
	case term == "stuck":
		r.twist.stuck = true
		return nil
	case term == "ignore-category":
		r.twist.plainCategory = true
		return nil
	}
	return r.parseStatus(term)
}

// parseStatus reads NNN-before and NNN-after.
func (r *Rule) parseStatus(term string) error {
	digits, when, _ := strings.Cut(term, "-")
	status, err := strconv.Atoi(digits)
	if err != nil || status < 400 || status > 599 {
		return errUnknownTerm
	}
	r.status = status
	switch when {
	case "before":
		return r.setAction(actionStatusBefore)
	case "after":
		return r.setAction(actionStatusAfter)
	}
	return fmt.Errorf("say %d-before or %d-after", status, status)
}

func (r *Rule) parseSetting(name, value string) (err error) {
	switch name {
	case "nth":
		r.nth, err = parseCount(value)
	case "every":
		r.every, err = parseCount(value)
	case "times":
		r.times, err = parseCount(value)
	case "p":
		r.chance, err = strconv.ParseFloat(value, 64)
		if err != nil || !(r.chance > 0 && r.chance <= 1) {
			err = errors.New("want a number above 0 and up to 1")
		}
	case "error":
		if r.code, err = parseCount(value); err == nil {
			err = r.setAction(actionRefuse)
		}
	case "end":
		if r.twist.end = value; !customerStatuses[value] && !subscriberStatuses[value] && !everyStatus[value] {
			err = errors.New("not a status of a customer, subscriber or report")
		}
	case "begin":
		if r.twist.begin = value; !everyStatus[value] {
			err = errors.New("not a status of a report")
		}
	case "url":
		r.twist.url = value
	case "301", "302", "303", "307", "308":
		r.status, _ = strconv.Atoi(name)
		r.target = value
		err = r.setAction(actionRedirect)
	case "late":
		r.twist.late, err = parseDuration(value)
	case "delay":
		r.delay, err = parseDuration(value)
	case "423", "429", "503":
		r.status, _ = strconv.Atoi(name)
		if r.retry, err = parseDuration(value); err == nil {
			err = r.setAction(actionThrottle)
		}
	default:
		err = errUnknownTerm
	}
	return err
}

func (r *Rule) setAction(a action) error {
	if r.action != actionNone {
		return errors.New("a rule has one action; write two rules")
	}
	r.action = a
	return nil
}

func parseCount(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, errors.New("want a whole number from 1 on")
	}
	return n, nil
}

func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, errors.New("want a duration such as 2s")
	}
	return d, nil
}

// armedRule is a rule together with what it has seen.
type armedRule struct {
	Rule
	random *rand.Rand
	seen   int
	struck int
}

// arm makes a rule ready; index sets its source of chance apart from that of the other rules.
func arm(r Rule, index int) *armedRule {
	return &armedRule{Rule: r, random: rand.New(rand.NewPCG(uint64(index), 0x5eed))}
}

// strike finds the rule that strikes the request; none is the zero Rule.
func (s *Sandbox) strike(r *http.Request) Rule {
	var hit Rule
	path := strings.TrimPrefix(r.URL.Path, apiPrefix)
	for _, rule := range s.faults {
		if !rule.covers(r.Method, path) || !rule.due() || hit.text != "" {
			continue
		}
		rule.struck++
		hit = rule.Rule
	}
	return hit
}

func (r *Rule) covers(method, path string) bool {
	return (r.method == "" || r.method == method) && (r.pattern == "" || glob(r.pattern, path))
}

// due counts a request that the rule covers and tells whether its turn has come.
func (r *armedRule) due() bool {
	r.seen++
	lucky := r.chance == 0 || r.random.Float64() < r.chance
	switch {
	case r.times > 0 && r.struck >= r.times:
		return false
	case r.nth > 0 && r.seen < r.nth:
		return false
	case r.every > 0 && r.seen%r.every != 0:
		return false
	}
	return lucky
}

// glob matches s against a pattern in which * stands for any characters, slashes included.
func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	for i := len(head); i <= len(s); i++ {
		if glob(rest, s[i:]) {
			return true
		}
	}
	return false
}
