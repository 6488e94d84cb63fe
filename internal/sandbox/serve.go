package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	apiPrefix      = "/v1"
	maxRequestBody = 1 << 20
)

// handler does the work of one endpoint, under the sandbox's lock.
type handler func(c *call) answer

// call is one request on its way through a handler.
type call struct {
	request  *http.Request
	body     []byte
	query    url.Values
	now      time.Time
	tracking string
	partner  *partner
	minted   time.Time // when its token was made
	twist    twist     // what a fault asks of the object that this call writes
	entry    *logEntry
}

// about notes for the log which object the call is about.
func (c *call) about(kind, key, id string) {
	c.entry.Kind, c.entry.Key, c.entry.ID = kind, key, id
}

// applied notes for the log that the call changed the object.
func (c *call) applied(kind, key, id string) {
	c.about(kind, key, id)
	c.entry.Applied = true
}

// answer is what a handler has to say.
type answer struct {
	status     int
	location   string // path below the API's base
	next       string // URL of the next page
	retryAfter string
	redirect   string   // where else to ask, with a status of 300 to 399
	page       string   // HTML, in place of body
	body       any      // becomes JSON; nil is an empty body
	sheet      *sheet   // of a download, instead of body
	refused    *refusal // instead of body
}

func refused(e *refusal) answer { return answer{status: e.status, refused: e} }

// endpoint turns a handler into the whole service: faults, log and the answer on the wire.
func (s *Sandbox) endpoint(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
		var tooLarge *http.MaxBytesError
		if err != nil && !errors.As(err, &tooLarge) {
			return // the client has gone, nobody reads an answer
		}
		c := &call{request: r, body: body, query: r.URL.Query()}
		if tooLarge != nil {
			h = func(*call) answer { return refused(refuseStatus(http.StatusRequestEntityTooLarge)) }
		}
		reply, rule := s.handle(c, h)
		send(w, c, reply, rule)
	}
}

// handle does what has to happen under the lock.
func (s *Sandbox) handle(c *call, h handler) (answer, Rule) {
	sum := ""
	if len(c.body) > 0 {
		hash := sha256.Sum256(c.body)
		sum = hex.EncodeToString(hash[:])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.options.Now()
	s.settle(c.now)
	s.requests++
	c.tracking = fmt.Sprintf("SANDBOX_%012x", s.requests)
	c.entry = &logEntry{Seq: s.requests, Time: c.now.UTC(), Method: c.request.Method, Path: c.request.URL.Path,
		Query: c.request.URL.RawQuery, BodySHA256: sum,
		Bearer: c.request.Header.Get("Authorization") != ""}
	rule := s.strike(c.request)
	c.entry.Fault, c.twist = rule.text, rule.twist
	reply, instead := rule.before()
	if !instead {
		reply = rule.after(h(c))
	}
	c.entry.Status = reply.status
	if rule.action == actionResetBefore || rule.action == actionResetAfter {
		c.entry.Status = 0
	}
	s.record(*c.entry)
	return reply, rule
}

// guarded lets a call through to h when its token, the rate and its sub-partner allow it.
func (s *Sandbox) guarded(h handler) handler {
	return func(c *call) answer {
		token, found := strings.CutPrefix(c.request.Header.Get("Authorization"), "Bearer ")
		if !found || !s.tokens.valid(token, c.now) {
			return refused(refuseStatus(http.StatusUnauthorized))
		}
		if wait, ok := s.bucket.take(c.now); !ok {
			reply := refused(refuseStatus(http.StatusTooManyRequests))
			reply.retryAfter = seconds(wait)
			return reply
		}
		if !s.tokens.access[token].allows(c.request) {
			return refused(refuseStatus(http.StatusForbidden))
		}
		c.partner, c.minted = s.estate.partner, s.tokens.access[token].minted
		if id := c.query.Get("onBehalfOfSubPartnerOrgId"); id != "" {
			if c.partner = s.estate.subPartner(id); c.partner == nil {
				return refused(refuse(2501))
			}
		}
		writes := c.request.Method == http.MethodPost || c.request.Method == http.MethodPut
		if writes && c.partner.state == stateSuspended {
			return refused(refuse(2006))
		}
		return h(c)
	}
}

// seconds is a Retry-After value: whole seconds, at least one.
func seconds(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

// decode reads a JSON request.
func decode(body []byte, into any) *refusal {
	err := json.Unmarshal(body, into)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return refuseField(1003, wrongType.Field)
	case err != nil:
		return refuse(1005)
	}
	return nil
}

// baseURL is the API's base as the client sees it.
func (c *call) baseURL() string {
	scheme := "http"
	if c.request.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + c.request.Host + apiPrefix
}
