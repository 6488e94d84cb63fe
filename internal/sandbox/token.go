package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	clientID     = "sandbox-client"
	clientSecret = "sandbox-client-secret-9d1f"

	accessLife  = 1209599 * time.Second // 14 days, as the platform says it
	refreshLife = 7775999 * time.Second // 90 days
)

// tokens are what the token endpoint has given out.
type tokens struct {
	issued  int
	current string
	refresh string
	expires map[string]time.Time // of access tokens; the zero time is never
}

func newTokens() tokens {
	return tokens{refresh: refreshToken(1), expires: map[string]time.Time{}}
}

func refreshToken(n int) string { return fmt.Sprintf("sandbox-refresh-%06d-c3a7e1", n) }

// issue makes a new access token.
func (t *tokens) issue(now time.Time, ttl time.Duration) {
	t.issued++
	t.current = fmt.Sprintf("sandbox-access-%06d-5b20f8", t.issued)
	var expires time.Time
	if ttl > 0 {
		expires = now.Add(ttl)
	}
	t.expires[t.current] = expires
}

func (t *tokens) valid(token string, now time.Time) bool {
	expires, known := t.expires[token]
	return known && (expires.IsZero() || now.Before(expires))
}

// AccessToken returns a bearer token that is accepted now.
func (s *Sandbox) AccessToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !s.tokens.valid(s.tokens.current, now) {
		s.tokens.issue(now, s.options.TokenTTL)
	}
	return s.tokens.current
}

// Credentials returns a credentials file, JSON, that the sandbox accepts now. Its times are RFC 3339.
func (s *Sandbox) Credentials() []byte {
	token := s.AccessToken()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now().UTC()
	body, err := json.MarshalIndent(map[string]string{
		"client_id":                clientID,
		"client_secret":            clientSecret,
		"refresh_token":            s.tokens.refresh,
		"access_token":             token,
		"expires_at":               now.Add(s.accessLife()).Format(time.RFC3339),
		"refresh_token_expires_at": now.Add(refreshLife).Format(time.RFC3339),
	}, "", "  ")
	if err != nil {
		panic(err) // a map of strings always has a JSON form
	}
	return append(body, '\n')
}

func (s *Sandbox) accessLife() time.Duration {
	if s.options.TokenTTL > 0 {
		return s.options.TokenTTL
	}
	return accessLife
}

// wireTokenError is the OAuth form of an error, which is not that of the rest of the API.
type wireTokenError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	TrackingID  string `json:"trackingId"`
}

type wireTokens struct {
	AccessToken      string `json:"access_token"`
	ExpiresIn        int64  `json:"expires_in"`
	RefreshToken     string `json:"refresh_token"`
	RefreshExpiresIn int64  `json:"refresh_token_expires_in"`
	TokenType        string `json:"token_type"`
}

// refreshTokens is POST /access_token with the refresh_token grant. The client's id and secret may come as form fields
// or as HTTP Basic.
func (s *Sandbox) refreshTokens(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || !strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return tokenError(c, http.StatusBadRequest, "invalid_request")
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := c.request.BasicAuth(); ok {
		id, secret = user, password
	}
	switch {
	case id != clientID || secret != clientSecret:
		return tokenError(c, http.StatusUnauthorized, "invalid_client")
	case form.Get("grant_type") != "refresh_token":
		return tokenError(c, http.StatusBadRequest, "unsupported_grant_type")
	case form.Get("refresh_token") != s.tokens.refresh:
		return tokenError(c, http.StatusBadRequest, "invalid_grant")
	}
	s.tokens.issue(c.now, s.options.TokenTTL)
	if s.options.RotateRefresh {
		s.tokens.refresh = refreshToken(s.tokens.issued)
	}
	c.applied("token", "", "")
	return answer{status: http.StatusOK, body: wireTokens{
		AccessToken:      s.tokens.current,
		ExpiresIn:        int64(s.accessLife() / time.Second),
		RefreshToken:     s.tokens.refresh,
		RefreshExpiresIn: int64(refreshLife / time.Second),
		TokenType:        "Bearer",
	}}
}

func tokenError(c *call, status int, problem string) answer {
	return answer{status: status, body: wireTokenError{Error: problem, Description: "The token request was refused.", TrackingID: c.tracking}}
}
