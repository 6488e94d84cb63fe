package sandbox

import (
	"bytes"
	"cmp"
	"container/heap"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options configure a Sandbox. The zero value is the demo estate without rate limit and with instant provisioning.
type Options struct {
	Seed             io.Reader        // JSON seed, see the package comment; nil is Demo()
	Empty            bool             // start with no customer at all; Seed wins
	ProvisionDelay   time.Duration    // how long customers stay provisioning, updating and deleting
	ReportDelay      time.Duration    // how long billing reports stay IN_PROGRESS
	DownloadURL      string           // base URL at which Downloads is reachable; default DefaultDownloadURL
	DownloadTTL      time.Duration    // life of a report's download URL, in whole seconds; default 10 minutes
	AsyncSubscribers bool             // subscribers too take ProvisionDelay, as in the older form of the API
	Rate             float64          // requests per second before 429; 0 is no limit
	Burst            int              // requests at once before the rate counts; default max(1, ceil(Rate))
	Faults           []Rule           // tried in order, the first that strikes is used
	TokenTTL         time.Duration    // life of an access token; 0 is for ever
	PeopleDelay      time.Duration    // until people act on the vendor's mails; 0 is never
	AccessDelay      time.Duration    // from reading a customer's organization until the partner can work in it
	AccessLife       time.Duration    // and for so long; with both 0 every organization is open
	PrecheckObject   bool             // validations answer info as an object, as the schema has it, not as a list
	SubPartnersKey   bool             // the list of sub-partners is under "subPartners", as the example has it
	PeopleBlock      bool             // people left in its organization keep a customer from being deleted (2514)
	StaleTokens      bool             // a token older than a person or organization of less than a day cannot delete it
	RotateRefresh    bool             // each refresh gives a new refresh token and ends the old one
	Now              func() time.Time // default time.Now
}

// Sandbox is the simulated API, an http.Handler. It is safe for use by many goroutines.
type Sandbox struct {
	options Options
	mux     *http.ServeMux

	mu       sync.Mutex // guards everything below
	estate   *estate
	tokens   tokens
	bucket   bucket
	faults   []*armedRule
	pending  transitions
	requests int
	log      []logEntry
}

// New makes a Sandbox and loads its seed.
func New(o Options) (*Sandbox, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.DownloadURL = cmp.Or(o.DownloadURL, DefaultDownloadURL)
	o.DownloadTTL = cmp.Or(o.DownloadTTL, defaultDownloadTTL)
	s := &Sandbox{options: o, estate: newEstate()}
	seed := o.Seed
	switch {
	case seed == nil && o.Empty:
		seed = strings.NewReader("{}")
	case seed == nil:
		seed = bytes.NewReader(Demo())
	}
	if seed != nil {
		if err := s.estate.load(seed); err != nil {
			return nil, fmt.Errorf("load sandbox seed: %w", err)
		}
	}
	s.bucket = newBucket(o.Rate, o.Burst, o.Now())
	for i, rule := range o.Faults {
		s.faults = append(s.faults, arm(rule, i))
	}
	s.tokens = newTokens()
	s.mux = s.routes()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// later runs change when d has gone by: at the start of the first request after that, or at once when d is 0. So the
// sandbox needs no goroutine and no timer, and a virtual clock is as good as a real one.
func (s *Sandbox) later(now time.Time, d time.Duration, change func(now time.Time)) {
	if d <= 0 {
		change(now)
		return
	}
	heap.Push(&s.pending, transition{at: now.Add(d), order: s.requests, change: change})
}

// settle makes every change that is due.
func (s *Sandbox) settle(now time.Time) {
	for len(s.pending) > 0 && !s.pending[0].at.After(now) {
		due := heap.Pop(&s.pending).(transition)
		due.change(due.at)
	}
}

// transition is a change of the estate that waits for its time.
type transition struct {
	at     time.Time
	order  int
	change func(now time.Time)
}

// transitions is a heap, earliest first.
type transitions []transition

func (t transitions) Len() int      { return len(t) }
func (t transitions) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *transitions) Push(x any)   { *t = append(*t, x.(transition)) }

func (t transitions) Less(i, j int) bool {
	if t[i].at.Equal(t[j].at) {
		return t[i].order < t[j].order
	}
	return t[i].at.Before(t[j].at)
}

func (t *transitions) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = transition{}
	*t = old[:len(old)-1]
	return last
}

// bucket is a token bucket over the sandbox's own clock.
type bucket struct {
	rate   float64 // per second; 0 is no limit
	burst  float64
	tokens float64
	filled time.Time
}

func newBucket(rate float64, burst int, now time.Time) bucket {
	if burst <= 0 {
		burst = max(1, int(math.Ceil(rate)))
	}
	return bucket{rate: rate, burst: float64(burst), tokens: float64(burst), filled: now}
}

// take takes a token; without one it says how long to wait.
func (b *bucket) take(now time.Time) (wait time.Duration, ok bool) {
	if b.rate <= 0 {
		return 0, true
	}
	b.tokens = min(b.burst, b.tokens+now.Sub(b.filled).Seconds()*b.rate)
	b.filled = now
	if b.tokens >= 1 {
		b.tokens--
		return 0, true
	}
	return time.Duration((1 - b.tokens) / b.rate * float64(time.Second)), false
}
