package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// logCap is how many of the newest requests the log surely holds; it may hold up to twice as many.
const logCap = 250_000

// logEntry is one request as the sandbox saw it.
type logEntry struct {
	Seq        int       `json:"seq"`
	Time       time.Time `json:"time"`
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Query      string    `json:"query"`
	BodySHA256 string    `json:"body_sha256"` // hexadecimal; empty without a body
	Status     int       `json:"status"`      // as sent; 0 where the connection was reset
	Bearer     bool      `json:"bearer"`      // a token came along, good or bad
	Applied    bool      `json:"applied"`     // the request changed the estate
	Kind       string    `json:"kind"`        // customer, subscriber, enterprise, workspace, organization, person, report or token
	Key        string    `json:"key"`         // external id; external id "/" e-mail; enterprise "/" user id or name; e-mail
	ID         string    `json:"id"`
	Fault      string    `json:"fault"` // the rule that struck
}

// record adds to the log; the older half goes when it is full.
func (s *Sandbox) record(e logEntry) {
	if len(s.log) >= 2*logCap {
		s.log = slices.Delete(s.log, 0, logCap)
	}
	s.log = append(s.log, e)
}

// serveLog is GET /__sandbox/log: a JSON array of the requests under /v1 and of the downloads, oldest first.
func (s *Sandbox) serveLog(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	entries := append([]logEntry{}, s.log...)
	s.mu.Unlock()
	serveJSON(w, entries)
}

// serveState is GET /__sandbox/state: the whole estate, in the form of a seed and with ids.
func (s *Sandbox) serveState(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.settle(s.options.Now())
	state := s.estate.dump()
	s.mu.Unlock()
	serveJSON(w, state)
}

func serveJSON(w http.ResponseWriter, content any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(content) // fails only when the reader has gone
}
