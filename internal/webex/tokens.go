package webex

import (
	"context"
	"net/http"
	"strings"
)

// TokenSource gives access tokens. It is used from many goroutines at once.
type TokenSource interface {
	// Token returns an access token to use now.
	Token(ctx context.Context) (string, error)
	// Refresh returns another token after the API refused failed with 401, or with
	// a 403 that may mean its age. Many callers at once cost one refresh. Where there is no other token the error
	// is an *Error with ClassAuth.
	Refresh(ctx context.Context, failed string) (string, error)
}

const tokenPath = "/access_token"

// StaticToken is a source of one bare token that cannot be refreshed.
func StaticToken(token string) TokenSource { return staticToken(token) }

type staticToken string

func (t staticToken) Token(context.Context) (string, error) { return string(t), nil }

func (t staticToken) Refresh(context.Context, string) (string, error) {
	return "", authError("the API refuses the access token; it may have expired: get a new one", nil)
}

// String keeps the token out of logs and messages.
func (t staticToken) String() string { return "REDACTED" }

// GoString keeps the token out of %#v.
func (t staticToken) GoString() string { return "REDACTED" }

// plausibleToken keeps line breaks and the like out of request headers.
func plausibleToken(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// authError is an error that only a person with an account can mend.
func authError(description string, err error) *Error {
	return &Error{Class: ClassAuth, Method: http.MethodPost, Path: tokenPath, Description: description, Err: err}
}
