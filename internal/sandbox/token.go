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

// oauthClient is an application that may ask for tokens.
type oauthClient struct {
	id, secret string
	life       time.Duration // of its access tokens, where Options.TokenTTL does not say otherwise
	renewal    time.Duration // of its refresh tokens
}

var (
	integration = &oauthClient{clientID, clientSecret, accessLife, refreshLife}
	serviceApp  = &oauthClient{appClientID, appClientSecret, appAccessLife, appRefreshLife}
)

// grant is what a person, or an organization, has agreed to.
type grant struct {
	client *oauthClient
	scope  string // separated by spaces; "" is everything, and is not told
}

// accessToken is what is known of an access token.
type accessToken struct {
	scope   string
	minted  time.Time
	expires time.Time // the zero time is never
}

// tokens are what the token endpoint has given out.
type tokens struct {
	issued, refreshes, agreed int
	current, refresh          string // of the sign-in that a sandbox begins with
	access                    map[string]accessToken
	grants                    map[string]*grant   // by refresh token
	consents                  map[string]*consent // by authorization code
}

func newTokens() tokens {
	t := tokens{access: map[string]accessToken{}, grants: map[string]*grant{}, consents: map[string]*consent{}}
	t.refresh = t.keep(&grant{client: integration})
	return t
}

// keep makes a refresh token for g.
func (t *tokens) keep(g *grant) string {
	t.refreshes++
	token := fmt.Sprintf("sandbox-refresh-%06d-c3a7e1", t.refreshes)
	t.grants[token] = g
	return token
}

// issue makes a new access token.
func (t *tokens) issue(scope string, now time.Time, ttl time.Duration) string {
	t.issued++
	token := fmt.Sprintf("sandbox-access-%06d-5b20f8", t.issued)
	known := accessToken{scope: scope, minted: now}
	if ttl > 0 {
		known.expires = now.Add(ttl)
	}
	t.access[token] = known
	return token
}

func (t *tokens) valid(token string, now time.Time) bool {
	known, ok := t.access[token]
	return ok && (known.expires.IsZero() || now.Before(known.expires))
}

// AccessToken returns a bearer token that is accepted now.
func (s *Sandbox) AccessToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !s.tokens.valid(s.tokens.current, now) {
		s.tokens.current = s.tokens.issue("", now, s.options.TokenTTL)
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
		"expires_at":               now.Add(s.life(integration)).Format(time.RFC3339),
		"refresh_token_expires_at": now.Add(refreshLife).Format(time.RFC3339),
	}, "", "  ")
	if err != nil {
		panic(err) // a map of strings always has a JSON form
	}
	return append(body, '\n')
}

// life is how long an access token of a client is good for, as it is told.
func (s *Sandbox) life(of *oauthClient) time.Duration {
	if s.options.TokenTTL > 0 {
		return s.options.TokenTTL
	}
	return of.life
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
	Scope            string `json:"scope,omitempty"`
}

// giveTokens is POST /access_token. The client's id and secret may come as form fields or as HTTP Basic.
func (s *Sandbox) giveTokens(c *call) answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || !strings.HasPrefix(c.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return tokenError(c, http.StatusBadRequest, "invalid_request")
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, ok := c.request.BasicAuth(); ok {
		id, secret = user, password
	}
	client := findClient(id)
	if client == nil || secret != client.secret {
		return tokenError(c, http.StatusUnauthorized, "invalid_client")
	}
	switch form.Get("grant_type") {
	case "refresh_token":
		return s.refreshTokens(c, client, form.Get("refresh_token"))
	case "authorization_code":
		return s.redeem(c, client, form)
	}
	return tokenError(c, http.StatusBadRequest, "unsupported_grant_type")
}

func findClient(id string) *oauthClient {
	for _, known := range []*oauthClient{integration, serviceApp} {
		if known.id == id {
			return known
		}
	}
	return nil
}

// refreshTokens is the refresh_token grant.
func (s *Sandbox) refreshTokens(c *call, client *oauthClient, refresh string) answer {
	g := s.tokens.grants[refresh]
	if g == nil || g.client != client {
		return tokenError(c, http.StatusBadRequest, "invalid_grant")
	}
	builtIn := refresh == s.tokens.refresh
	if s.options.RotateRefresh {
		delete(s.tokens.grants, refresh)
		refresh = s.tokens.keep(g)
	}
	reply := s.answerTokens(c, g, refresh)
	if builtIn {
		s.tokens.current, s.tokens.refresh = reply.AccessToken, refresh
	}
	return answer{status: http.StatusOK, body: reply}
}

// answerTokens makes an access token of a grant, and words the pair.
func (s *Sandbox) answerTokens(c *call, g *grant, refresh string) wireTokens {
	c.applied("token", "", "")
	return wireTokens{
		AccessToken:      s.tokens.issue(g.scope, c.now, s.options.TokenTTL),
		ExpiresIn:        int64(s.life(g.client) / time.Second),
		RefreshToken:     refresh,
		RefreshExpiresIn: int64(g.client.renewal / time.Second),
		TokenType:        "Bearer",
		Scope:            g.scope,
	}
}

func tokenError(c *call, status int, problem string) answer {
	return answer{status: status, body: wireTokenError{Error: problem, Description: "The token request was refused.", TrackingID: c.tracking}}
}
