// Package webex is the REST client for the provisioning part of the Webex API,
// wholesale and BroadWorks, and for what an organization needs besides: it
// signs, paces, retries, pages and classes; it decides nothing about the estate.
//
// The reference pages are at
// https://developer.webex.com/docs/api/v1/wholesale-provisioning and
// https://developer.webex.com/docs/api/v1/broadworks-subscribers.
package webex

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	defaultConcurrency = 8
	defaultTimeout     = 60 * time.Second
	defaultMaxOutage   = 15 * time.Minute
	defaultMaxDownload = 4 << 30
	defaultUserAgent   = "wholesync"
)

// Config says where the API is and how hard it may be used.
type Config struct {
	// BaseURL is the API's root, for example https://webexapis.com/v1.
	// Plain http is accepted for loopback addresses alone.
	BaseURL string
	// Tokens gives the bearer tokens; required.
	Tokens TokenSource
	// SubPartner is sent as onBehalfOfSubPartnerOrgId with every wholesale call;
	// OnBehalfOf changes it.
	SubPartner string
	// Rate is the ceiling in requests per second. Every try of every call pays,
	// retries and polls too; token refreshes do not. Zero or less is no limit,
	// and then no slower rate is learned either.
	Rate float64
	// Burst is how many requests may leave at once; 1 when not set.
	Burst int
	// Concurrency is how many requests may be in flight; 8 when not set.
	Concurrency int
	// Timeout bounds one try, from dialling to the last byte; 60 s when not set.
	Timeout time.Duration
	// MaxOutage is how long one call, from its first failure, goes on retrying
	// what may be retried; 15 min when not set.
	MaxOutage time.Duration
	// Transport replaces the client's own HTTP transport.
	Transport http.RoundTripper
	// DownloadTransport replaces the transport for the files of reports, which
	// are on other hosts and get no token.
	DownloadTransport http.RoundTripper
	// MaxDownload is how many bytes such a file may have; 4 GiB when not set.
	MaxDownload int64
	// Log gets method, path template, status, tracking id and attempt of every
	// try, and never a query, a token or a body. Nothing is logged when nil.
	Log *slog.Logger
	// UserAgent is sent with every request; "wholesync" when not set.
	UserAgent string
}

// Client calls the API. It is safe for concurrent use, and all its users share
// one rate, one set of slots and one Retry-After gate.
type Client struct {
	cfg Config // its SubPartner is this client's own; all else is as New was told
	*shared
}

// shared is what a client and the clients that OnBehalfOf makes of it have in
// common, so that together they stay within one rate.
type shared struct {
	base     *url.URL
	http     *http.Client
	pace     *pacer
	slots    chan struct{}
	log      *slog.Logger
	counters counters
	secrets  secrets
	links    secrets       // of files of reports; answers that bring them are not cleared of them
	renewing chan struct{} // held while a token is renewed after a 403
	renewed  time.Time     // when that was last tried
	linked   sync.Map      // path templates of lists whose answers carried a Link header
}

// New checks cfg and returns a client for it. It sends nothing.
func New(cfg Config) (*Client, error) {
	base, err := parseEndpoint(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("configure the API client: base URL: %w", err)
	}
	if cfg.Tokens == nil {
		return nil, errors.New("configure the API client: no source of access tokens")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = strings.TrimRight(base.RawPath, "/")
	cfg.Burst = max(cfg.Burst, 1)
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.MaxOutage = cmp.Or(cfg.MaxOutage, defaultMaxOutage)
	cfg.MaxDownload = cmp.Or(cfg.MaxDownload, defaultMaxDownload)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, defaultUserAgent)
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg.Concurrency)
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, shared: &shared{
		base:  base,
		http:  &http.Client{Transport: cfg.Transport, CheckRedirect: refuseRedirect},
		pace:  newPacer(cfg.Rate, cfg.Burst),
		slots: make(chan struct{}, cfg.Concurrency),
		// One at a time: the others then find the new token.
		renewing: make(chan struct{}, 1),
		log:      log,
	}}, nil
}

// OnBehalfOf returns a client that acts for the sub-partner with the given
// organization id, whoever c acts for; "" is the partner itself. It shares the
// rate, the slots, the gate, the tokens and the counters of c, costs nothing and
// needs no closing. ListSubPartners gives the ids.
func (c *Client) OnBehalfOf(orgID string) *Client {
	view := *c
	view.cfg.SubPartner = orgID
	return &view
}

// parseEndpoint accepts an absolute https URL without user, query and fragment;
// http too where the host is this machine, because tokens would travel in clear.
func parseEndpoint(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	switch {
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("want https://host/path and nothing else")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, errors.New("plain http is accepted for loopback addresses only; use https")
	}
	return nil, fmt.Errorf("scheme %q is not supported; use https", u.Scheme)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Stats counts what the client has done since New.
type Stats struct {
	Requests  int64         // tries sent
	Retries   int64         // tries beyond the first of their call
	Throttled int64         // answers with status 429
	Rate      float64       // requests per second allowed now; 0 = no limit
	Paused    time.Duration // how long the shared gate was closed by Retry-After, until now
}

// Event tells that the API asked everybody to wait.
type Event struct {
	Status   int           // 429 or 503
	Pause    time.Duration // how long the shared gate stays closed, counted from now
	FromAPI  bool          // the API named the time in Retry-After; otherwise it is our guess
	Path     string        // path template of the call that was refused
	Tracking string        // tracking id of the refusal
}

// Stats returns the counters as they are now.
func (c *Client) Stats() Stats {
	rate, paused := c.pace.state(time.Now())
	return Stats{
		Requests:  c.counters.requests.Load(),
		Retries:   c.counters.retries.Load(),
		Throttled: c.counters.throttled.Load(),
		Rate:      rate,
		Paused:    paused,
	}
}

// SetNotify makes the client call f whenever the shared gate closes for longer
// than before. f runs on the goroutine of the refused call and must not block;
// it may run on several goroutines at once.
func (c *Client) SetNotify(f func(Event)) {
	c.counters.notify.Store(&f)
}
