package webex

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	refreshEarly   = 5 * time.Minute // a token this close to its end is replaced first ...
	refreshShare   = 10              // ... or in the last tenth of its life, where that is shorter
	refreshTimeout = time.Minute
)

// CredentialsFile is a source that keeps its tokens in a JSON file (see
// Credentials) and refreshes them at tokenURL. New tokens are on disk before
// they are used, and processes that share the file do not spend a refresh token
// twice. A nil transport means the client's own kind.
func CredentialsFile(path, tokenURL string, transport http.RoundTripper) (TokenSource, error) {
	if _, err := parseEndpoint(tokenURL); err != nil {
		return nil, fmt.Errorf("configure credentials: token URL: %w", err)
	}
	current, err := ReadCredentials(path)
	if err != nil {
		return nil, err
	}
	return &fileTokens{path: path, tokenURL: tokenURL, current: current, http: tokenClient(transport)}, nil
}

// tokenClient talks to the token endpoint.
func tokenClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = newTransport(1)
	}
	return &http.Client{Transport: transport, CheckRedirect: refuseRedirect, Timeout: refreshTimeout}
}

// ErrUnsaved is in the error of a refresh whose new tokens were lost: the old
// refresh token may be spent.
var ErrUnsaved = errors.New("the new tokens could not be saved")

// RenewCredentials spends the refresh token of a credentials file whether or not
// the access token is still good, which keeps the refresh token alive, and returns
// what is in the file then. After an error the file is as it was; see NeedsPerson
// and ErrUnsaved. ctx bounds the wait for the file alone.
func RenewCredentials(ctx context.Context, path, tokenURL string, transport http.RoundTripper) (Credentials, error) {
	if _, err := parseEndpoint(tokenURL); err != nil {
		return Credentials{}, fmt.Errorf("configure credentials: token URL: %w", err)
	}
	f := &fileTokens{path: path, tokenURL: tokenURL, http: tokenClient(transport)}
	unlock, err := lockCredentials(ctx, path)
	if err != nil {
		return Credentials{}, err
	}
	defer unlock()
	c, err := ReadCredentials(path)
	if err != nil {
		return Credentials{}, err
	}
	// What was sent may be spent: the answer must be saved, whatever ends meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*refreshTimeout)
	defer cancel()
	if err := f.spend(ctx, c); err != nil {
		return Credentials{}, err
	}
	return f.get(), nil
}

// fileTokens is the token source behind CredentialsFile.
type fileTokens struct {
	path     string
	tokenURL string
	http     *http.Client
	flight   singleflight.Group

	mu      sync.Mutex
	current Credentials
}

func (f *fileTokens) Token(ctx context.Context) (string, error) {
	c := f.get()
	if c.usable(time.Now()) {
		return c.AccessToken, nil
	}
	return f.Refresh(ctx, c.AccessToken)
}

func (f *fileTokens) Refresh(ctx context.Context, failed string) (string, error) {
	if c := f.get(); c.AccessToken != failed && c.usable(time.Now()) {
		return c.AccessToken, nil
	}
	// The refresh outlives the call that asked first: others wait for it, and
	// a refresh token that was sent may be spent.
	result := f.flight.DoChan(failed, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*refreshTimeout)
		defer cancel()
		return f.replace(ctx, failed)
	})
	select {
	case r := <-result:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// replace gets a token other than failed: from the file, where another process
// may have put one, or from the token endpoint.
func (f *fileTokens) replace(ctx context.Context, failed string) (string, error) {
	unlock, err := lockCredentials(ctx, f.path)
	if err != nil {
		return "", authError("", err)
	}
	defer unlock()
	c, err := ReadCredentials(f.path)
	if err != nil {
		return "", authError("", err)
	}
	if c.AccessToken != failed && c.usable(time.Now()) {
		f.set(c)
		return c.AccessToken, nil
	}
	if err := f.spend(ctx, c); err != nil {
		return "", err
	}
	return f.get().AccessToken, nil
}

// spend gets new tokens for c's refresh token and keeps them. The file's lock is held.
func (f *fileTokens) spend(ctx context.Context, c Credentials) error {
	successor, err := newCredentialsFile(f.path)
	if err != nil {
		return authError("", err)
	}
	if c, err = f.grant(ctx, c); err != nil {
		successor.discard()
		return err
	}
	if err := successor.commit(c); err != nil {
		return authError("", fmt.Errorf("%w: %w; sign in again", ErrUnsaved, err))
	}
	f.set(c)
	return nil
}

// grant spends c's refresh token. The result keeps it where none came back.
func (f *fileTokens) grant(ctx context.Context, c Credentials) (Credentials, error) {
	conf := oauth2.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		// With the style unknown the library would send the token twice.
		Endpoint: oauth2.Endpoint{TokenURL: f.tokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	var how reach
	ctx = context.WithValue(how.watch(ctx), oauth2.HTTPClient, f.http)
	now := time.Now()
	token, err := conf.TokenSource(ctx, &oauth2.Token{RefreshToken: c.RefreshToken}).Token()
	if err != nil {
		return c, refreshWords.grantError(err, how.nothingSent(err))
	}
	return c.with(token, now)
}

// with takes over what a token endpoint answered. Of the refresh token and the
// scopes it may say nothing, which means that they stay.
func (c Credentials) with(token *oauth2.Token, now time.Time) (Credentials, error) {
	if !plausibleToken(token.AccessToken) || token.RefreshToken != "" && !plausibleToken(token.RefreshToken) {
		return c, authError("the token endpoint answered with a token that holds white space or control characters; sign in again", nil)
	}
	c.AccessToken = token.AccessToken
	c.ExpiresAt, c.life = time.Time{}, 0
	if token.Expiry.After(now) {
		c.ExpiresAt, c.life = token.Expiry.UTC().Truncate(time.Millisecond), token.Expiry.Sub(now)
	}
	if token.RefreshToken != "" {
		c.RefreshToken = token.RefreshToken
	}
	if seconds, ok := token.Extra("refresh_token_expires_in").(float64); ok && seconds > 0 {
		c.RefreshTokenExpiresAt = now.Add(time.Duration(seconds) * time.Second).UTC().Truncate(time.Second)
	}
	if scope, ok := token.Extra("scope").(string); ok && scope != "" {
		c.Scopes = strings.Join(strings.Fields(scope), " ")
	}
	return c, nil
}

// grantWords say what went wrong with what was spent at the token endpoint.
type grantWords struct{ refused, undone, lost string }

var refreshWords = grantWords{
	refused: "the refresh token is refused, it has expired or was revoked; sign in again",
	undone:  "the token endpoint did not refresh the access token; try again later or sign in again",
	lost:    "the answer of the token endpoint was lost; try again later or sign in again",
}

// grantError leaves out what the token endpoint wrote: it may repeat secrets.
func (w grantWords) grantError(err error, nothingSent bool) *Error {
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && refused.Response != nil:
		e := authError(w.undone, nil)
		switch refused.ErrorCode {
		case "invalid_grant":
			e.Description = w.refused
		case "invalid_client":
			e.Description = "the token endpoint refuses client_id or client_secret; check the credentials file"
		}
		e.HTTPStatus = refused.Response.StatusCode
		return e
	case nothingSent && !untrusted(err):
		return &Error{
			Class: ClassNotSent, Method: http.MethodPost, Path: tokenPath, Err: withoutURL(err),
			Description: "the token endpoint cannot be reached",
		}
	}
	return authError(w.lost, networkCause(err))
}

// NeedsPerson reports whether err is the token endpoint's refusal of what it was
// given, which a person has to mend, and not trouble on the way that may pass.
func NeedsPerson(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Path != tokenPath {
		return false
	}
	switch e.HTTPStatus {
	case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden: // 200: some refuse with it
		return true
	}
	return false
}

// networkCause keeps an error's cause where that is the network's, and not a
// parser's, which may quote the answer.
func networkCause(err error) error {
	if cause := withoutURL(err); cause != err { //nolint:errorlint // the very error: nothing was taken off
		return cause
	}
	return nil
}

// usable reports whether the access token is there and not about to end.
func (c Credentials) usable(now time.Time) bool {
	early := refreshEarly
	if c.life > 0 {
		early = min(early, c.life/refreshShare)
	}
	return c.AccessToken != "" && (c.ExpiresAt.IsZero() || now.Add(early).Before(c.ExpiresAt))
}

// GrantedScopes returns the scopes of the tokens that a source gives out. It is
// nil where they are not known: for bare tokens, and for sign-ins of which the
// token endpoint did not say.
func GrantedScopes(from TokenSource) []string {
	if file, ok := from.(*fileTokens); ok {
		return strings.Fields(file.get().Scopes)
	}
	return nil
}

// secrets are all that the file holds now.
func (f *fileTokens) secrets() []string {
	c := f.get()
	return []string{c.ClientSecret, c.RefreshToken, c.AccessToken}
}

func (f *fileTokens) get() Credentials {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.current
}

func (f *fileTokens) set(c Credentials) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current = c
}
