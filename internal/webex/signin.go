package webex

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// SignInConfig says who asks a person for what.
type SignInConfig struct {
	BaseURL      string // the API's root, as in Config
	ClientID     string
	ClientSecret string
	RedirectURL  string   // as it is registered with the integration
	Scopes       []string // at least one
	PKCE         bool     // protect the code with a challenge (RFC 7636, S256)
	Transport    http.RoundTripper
}

// String keeps the secret out of logs and messages.
func (SignInConfig) String() string { return "REDACTED" }

// GoString keeps the secret out of %#v.
func (SignInConfig) GoString() string { return "REDACTED" }

// SignIn is one try of a person to let an integration act for them, by the
// authorization code grant: the person opens URL in a browser, the browser is
// sent back to the redirect URL, Code takes its query, and Redeem gets tokens.
// https://developer.webex.com/docs/integrations
type SignIn struct {
	conf     oauth2.Config
	state    string
	verifier string // "" = no PKCE
	http     *http.Client
}

// NewSignIn begins a sign-in. It sends nothing.
func NewSignIn(cfg SignInConfig) (*SignIn, error) {
	base := strings.TrimRight(cfg.BaseURL, "/")
	if _, err := parseEndpoint(base); err != nil {
		return nil, fmt.Errorf("configure the sign-in: base URL: %w", err)
	}
	if cfg.ClientID == "" || cfg.ClientSecret == "" || len(cfg.Scopes) == 0 {
		return nil, errors.New("configure the sign-in: a client id, a client secret and scopes are needed")
	}
	s := &SignIn{
		conf: oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, RedirectURL: cfg.RedirectURL, Scopes: cfg.Scopes,
			Endpoint: oauth2.Endpoint{AuthURL: base + "/authorize", TokenURL: base + tokenPath, AuthStyle: oauth2.AuthStyleInParams},
		},
		state: rand.Text(),
		http:  tokenClient(cfg.Transport),
	}
	if cfg.PKCE {
		s.verifier = oauth2.GenerateVerifier()
	}
	return s, nil
}

// URL is where the person agrees. Spaces are %20, as the vendor writes them.
func (s *SignIn) URL() string {
	var options []oauth2.AuthCodeOption
	if s.verifier != "" {
		options = append(options, oauth2.S256ChallengeOption(s.verifier))
	}
	return strings.ReplaceAll(s.conf.AuthCodeURL(s.state, options...), "+", "%20")
}

// ErrOtherSignIn is why Code refuses an answer that belongs to no or to another
// sign-in. Who sent it is not known, so nothing else in it counts.
var ErrOtherSignIn = errors.New("the answer does not belong to this sign-in")

// ConsentError is the refusal of a sign-in, by the person or by the vendor.
type ConsentError struct {
	Code string // of RFC 6749, such as "access_denied"
}

func (e *ConsentError) Error() string { return "the sign-in was refused: " + e.Code }

// Code takes the code out of the query that the browser came back with. The
// error is ErrOtherSignIn or a *ConsentError.
func (s *SignIn) Code(query url.Values) (string, error) {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(s.state)) != 1 {
		return "", ErrOtherSignIn
	}
	if problem := query.Get("error"); problem != "" {
		return "", &ConsentError{Code: clean(cut(problem, 100))}
	}
	if code := query.Get("code"); code != "" {
		return code, nil
	}
	return "", &ConsentError{Code: "no code was given"}
}

var codeWords = grantWords{
	refused: "the code is refused: it is too old, was used before, or is for another redirect address; start again",
	undone:  "the token endpoint gave no tokens for the code; start again",
	lost:    "the answer of the token endpoint was lost; start again",
}

// Redeem exchanges a code for tokens, once. An answer that names no scopes means
// that those asked for were granted (RFC 6749, 5.1).
func (s *SignIn) Redeem(ctx context.Context, code string) (Credentials, error) {
	var options []oauth2.AuthCodeOption
	if s.verifier != "" {
		options = append(options, oauth2.VerifierOption(s.verifier))
	}
	var how reach
	ctx = context.WithValue(how.watch(ctx), oauth2.HTTPClient, s.http)
	now := time.Now()
	token, err := s.conf.Exchange(ctx, code, options...)
	if err != nil {
		return Credentials{}, codeWords.grantError(err, how.nothingSent(err))
	}
	asked := Credentials{ClientID: s.conf.ClientID, ClientSecret: s.conf.ClientSecret, Scopes: strings.Join(s.conf.Scopes, " ")}
	granted, err := asked.with(token, now)
	if err != nil {
		return Credentials{}, err
	}
	if granted.RefreshToken == "" {
		return Credentials{}, authError("the token endpoint gave no refresh token; start again", nil)
	}
	return granted, nil
}
