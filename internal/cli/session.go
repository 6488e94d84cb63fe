package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"
	"unicode"

	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// Rehearsals in this process should be quick, and yet show that provisioning
// takes a while.
const (
	rehearsalDelay = 300 * time.Millisecond
	rehearsalPoll  = 150 * time.Millisecond
)

// sandboxIdentity begins the identity of a sandbox in this process.
const sandboxIdentity = "sandbox:"

// endpoint says where an API is and how to sign requests to it.
type endpoint struct {
	url    string
	tokens webex.TokenSource
	// identity tells APIs apart in saved plans: the URL, or "sandbox:SEED",
	// because the sandbox in this process has another port each time.
	identity  string
	rehearsal bool // nothing real can happen
	close     func()
}

// session is a connection to an API.
type session struct {
	endpoint
	client       *webex.Client
	organization string // "" = not known
}

// connect makes the API client that the flags ask for, and asks which
// organization its token belongs to.
func (a *app) connect(ctx context.Context) (*session, error) {
	e, err := a.endpoint()
	if err != nil {
		return nil, err
	}
	if err := a.checkScopes(e.tokens); err != nil {
		e.close()
		return nil, err
	}
	client, err := a.client(e.url, e.tokens, a.global.maxOutage)
	if err != nil {
		e.close()
		return nil, err
	}
	s := &session{endpoint: e, client: client}
	if s.organization, err = a.organizationOf(ctx, client); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// client makes an API client with the limits that the flags set.
func (a *app) client(url string, tokens webex.TokenSource, maxOutage time.Duration) (*webex.Client, error) {
	client, err := webex.New(webex.Config{
		BaseURL: url, Tokens: tokens, SubPartner: a.global.subPartner,
		Rate: a.global.rate, Burst: a.global.burst, Concurrency: a.global.concurrency,
		Timeout: a.global.timeout, MaxOutage: maxOutage,
		Log: a.log, UserAgent: "wholesync/" + version(),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the flags: --base-url: %w", err)
	}
	client.SetNotify(a.sayPause)
	return client, nil
}

// sayPause tells people why nothing moves. The client calls it from many goroutines.
func (a *app) sayPause(e webex.Event) {
	a.log.Warn("paused: the API asks to wait", "seconds", e.Pause.Seconds(), "status", e.Status, "tracking_id", e.Tracking)
}

// source names the session's live state for people.
func (s *session) source() string {
	if s.rehearsal {
		return "the live state of the sandbox (" + strings.TrimPrefix(s.identity, sandboxIdentity) + " estate)"
	}
	return "the live state of " + s.identity
}

// organizationOf asks whom the token belongs to. It is the first call of a run,
// so a token that is not good any more shows here. An answer is not vital: not
// every token may read it.
func (a *app) organizationOf(ctx context.Context, client *webex.Client) (string, error) {
	me, err := client.Me(ctx)
	var refused *webex.Error
	switch {
	case err == nil:
		return me.OrgID, nil
	case errors.As(err, &refused) && refused.Class == webex.ClassAuth && refused.HTTPStatus != 403:
		return "", fail(exitAuth, "signing in: %w; get a new token, or run wholesync auth login", err)
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "the organization of the token is not known", slog.String("error", err.Error()))
	return "", nil
}

// endpoint finds the API that the flags ask for, and starts the sandbox where
// that is it.
func (a *app) endpoint() (endpoint, error) {
	if a.global.sandbox != "" {
		return a.rehearsal(a.global.sandbox)
	}
	tokens, err := a.tokens()
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{url: a.global.baseURL, identity: a.global.baseURL, tokens: tokens, close: func() {}}, nil
}

func (a *app) rehearsal(seed string) (endpoint, error) {
	if !a.global.flags.Changed(pollIntervalFlag) {
		a.global.pollInterval = rehearsalPoll
	}
	options := sandbox.Options{ProvisionDelay: rehearsalDelay, ReportDelay: rehearsalDelay}
	if seed != demoSeed {
		f, err := os.Open(seed)
		if err != nil {
			return endpoint{}, fmt.Errorf("starting the sandbox: %w; --sandbox alone uses the built-in estate", err)
		}
		defer f.Close()
		options.Seed = f
	}
	server, err := serveSandbox(options, "127.0.0.1:0")
	if err != nil {
		return endpoint{}, fmt.Errorf("starting the sandbox: %w", err)
	}
	return endpoint{
		url: server.url, identity: sandboxIdentity + seed, tokens: webex.StaticToken(server.box.AccessToken()), rehearsal: true, close: server.close,
	}, nil
}

// tokens finds the credentials of this run.
func (a *app) tokens() (webex.TokenSource, error) {
	if token := strings.TrimSpace(a.getenv(envToken)); token != "" {
		if strings.ContainsFunc(token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return nil, fail(exitAuth, "signing in: $%s holds spaces or control characters; set it to the token alone", envToken)
		}
		return webex.StaticToken(token), nil
	}
	if a.global.credentials == "" {
		return nil, fail(exitAuth, "signing in: no credentials; set $%s, or give --%s FILE (see wholesync auth login), or try it out with --sandbox", envToken, credentialsFlag)
	}
	tokens, err := webex.CredentialsFile(a.global.credentials, a.tokenURL(), nil)
	if err != nil {
		return nil, noCredentials(err)
	}
	return tokens, nil
}

// noCredentials is about a credentials file that cannot be used. One that is not
// there is made by signing in.
func noCredentials(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fail(exitAuth, "signing in: %w; name the right one, or run wholesync auth login", err)
	}
	return fail(exitAuth, "signing in: %w", err)
}
