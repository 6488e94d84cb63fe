package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// consentLife is how long an authorization code can be redeemed.
const consentLife = 10 * time.Minute

// consent is an authorization code that waits to be redeemed, once.
type consent struct {
	grant
	redirect  string
	challenge string // of S256; "" = none was sent
	expires   time.Time
}

// authorize is GET /authorize, where a person agrees to what an integration asks for. A browser gets a page with
// buttons, whose answer comes back as decision=; anything else gets what the person would: the redirect with a code.
// Every address of http on loopback counts as registered, and no other.
func (s *Sandbox) authorize(c *call) answer {
	redirect, ok := loopbackURL(c.query.Get("redirect_uri"))
	if c.query.Get("client_id") != integration.id || !ok {
		return tokenError(c, http.StatusBadRequest, "invalid_request")
	}
	scope := strings.Join(strings.Fields(c.query.Get("scope")), " ")
	method := c.query.Get("code_challenge_method")
	decision := c.query.Get("decision")
	back := func(name, value string) answer {
		query := redirect.Query()
		query.Set(name, value)
		if state := c.query.Get("state"); state != "" {
			query.Set("state", state)
		}
		target := *redirect
		target.RawQuery = query.Encode()
		return answer{status: http.StatusFound, redirect: target.String()}
	}
	switch {
	case c.query.Get("response_type") != "code":
		return back("error", "unsupported_response_type")
	case !plausibleScopes(scope):
		return back("error", "invalid_scope")
	case c.query.Get("code_challenge") != "" && method != "S256":
		return back("error", "invalid_request")
	case decision == "deny":
		return back("error", "access_denied")
	case decision == "" && strings.Contains(c.request.Header.Get("Accept"), "text/html"):
		return answer{status: http.StatusOK, page: s.consentPage(c, scope)}
	}
	return back("code", s.agree(c, scope))
}

// agree makes an authorization code.
func (s *Sandbox) agree(c *call, scope string) string {
	for code, old := range s.tokens.consents {
		if !c.now.Before(old.expires) {
			delete(s.tokens.consents, code)
		}
	}
	s.tokens.agreed++
	code := fmt.Sprintf("sandbox-code-%06d-e8d4b7", s.tokens.agreed)
	s.tokens.consents[code] = &consent{
		grant:    grant{client: integration, scope: scope},
		redirect: c.query.Get("redirect_uri"), challenge: c.query.Get("code_challenge"), expires: c.now.Add(consentLife),
	}
	c.applied("token", "", "")
	return code
}

// redeem is the authorization_code grant.
func (s *Sandbox) redeem(c *call, client *oauthClient, form url.Values) answer {
	code := form.Get("code")
	given := s.tokens.consents[code]
	if given == nil || given.client != client || !c.now.Before(given.expires) || form.Get("redirect_uri") != given.redirect {
		return tokenError(c, http.StatusBadRequest, "invalid_grant")
	}
	delete(s.tokens.consents, code) // also where the verifier is wrong: a code is good for one try
	if !given.verified(form.Get("code_verifier")) {
		return tokenError(c, http.StatusBadRequest, "invalid_grant")
	}
	g := given.grant
	return answer{status: http.StatusOK, body: s.answerTokens(c, &g, s.tokens.keep(&g))}
}

// verified holds a code_verifier against the challenge (RFC 7636).
func (g *consent) verified(verifier string) bool {
	if g.challenge == "" || verifier == "" {
		return g.challenge == verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return g.challenge == base64.RawURLEncoding.EncodeToString(sum[:])
}

func loopbackURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || u.User != nil || u.Fragment != "" {
		return nil, false
	}
	ip := net.ParseIP(u.Hostname())
	return u, u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// plausibleScopes knows scopes by their form, because an integration may be registered for any.
func plausibleScopes(scope string) bool {
	for name := range strings.FieldsSeq(scope) {
		if !strings.HasPrefix(name, "spark:") && !strings.HasPrefix(name, "spark-admin:") {
			return false
		}
	}
	return scope != ""
}

var consentTemplate = template.Must(template.New("consent").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sandbox sign-in</title></head><body>
<h1>Sandbox sign-in</h1>
<p>{{.Client}} asks {{.Person}} for:</p>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<form method="get">{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button name="decision" value="accept">Accept</button> <button name="decision" value="deny">Deny</button></form>
</body></html>
`))

func (s *Sandbox) consentPage(c *call, scope string) string {
	var page strings.Builder
	err := consentTemplate.Execute(&page, map[string]any{
		"Client": integration.id, "Person": s.estate.admin.email, "Scopes": strings.Fields(scope), "Query": c.query,
	})
	if err != nil {
		panic(err) // the template takes plain data
	}
	return page.String()
}
