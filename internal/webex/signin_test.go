package webex

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const testRedirect = "http://127.0.0.1:8484/callback"

func newTestSignIn(t *testing.T, base string, pkce bool) *SignIn {
	t.Helper()
	s, err := NewSignIn(SignInConfig{
		BaseURL: base, ClientID: "client", ClientSecret: canarySecret, RedirectURL: testRedirect,
		Scopes: []string{"spark-admin:people_read", "spark:a+b"}, PKCE: pkce,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asked is the query of the address that a sign-in starts at.
func asked(t *testing.T, s *SignIn) url.Values {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestSignInURL(t *testing.T) {
	s := newTestSignIn(t, "https://api.example.com/v1/", true)
	if !strings.HasPrefix(s.URL(), "https://api.example.com/v1/authorize?") || !strings.Contains(s.URL(), "scope=spark-admin%3Apeople_read%20spark%3Aa%2Bb&") {
		t.Errorf("URL is %s", s.URL())
	}
	query := asked(t, s)
	if len(query.Get("state")) < 20 || len(query.Get("code_challenge")) != 43 {
		t.Errorf("query is %v", query)
	}
	for name, want := range map[string]string{
		"client_id": "client", "response_type": "code", "redirect_uri": testRedirect, "code_challenge_method": "S256",
		"scope": "spark-admin:people_read spark:a+b",
	} {
		if query.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, query.Get(name), want)
		}
	}
	other := newTestSignIn(t, "https://api.example.com/v1", false)
	if asked(t, other).Get("state") == query.Get("state") || asked(t, other).Has("code_challenge") {
		t.Errorf("the next one has %v", asked(t, other))
	}
	checkNoSecret(t, s.URL())
}

func TestSignInRefusesConfig(t *testing.T) {
	good := SignInConfig{BaseURL: "https://api.example.com/v1", ClientID: "c", ClientSecret: canarySecret, Scopes: []string{"a"}}
	for name, change := range map[string]func(*SignInConfig){
		"plain http": func(c *SignInConfig) { c.BaseURL = "http://api.example.com/v1" },
		"no client":  func(c *SignInConfig) { c.ClientID = "" },
		"no secret":  func(c *SignInConfig) { c.ClientSecret = "" },
		"no scopes":  func(c *SignInConfig) { c.Scopes = nil },
	} {
		bad := good
		change(&bad)
		if _, err := NewSignIn(bad); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	checkNoSecret(t, fmt.Sprintf("%v %+v %#v", good, good, good))
}

func TestSignInCode(t *testing.T) {
	s := newTestSignIn(t, "https://api.example.com/v1", true)
	state := asked(t, s).Get("state")
	tests := []struct {
		query, code, refusal string // refusal: "" = the answer of another sign-in, where there is no code
	}{
		{"code=abc&state=" + state, "abc", ""},
		{"code=abc&state=other", "", ""},
		{"code=abc", "", ""},
		{"error=access_denied", "", ""},
		{"error=access_denied&state=" + state, "", "access_denied"},
		{"error=a%1b%5B1m&state=" + state, "", `a\x1b[1m`},
		{"error=" + strings.Repeat("x", 5000) + "&state=" + state, "", strings.Repeat("x", 100)},
		{"code=&state=" + state, "", "no code was given"},
	}
	for _, tt := range tests {
		query, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		code, err := s.Code(query)
		var refused *ConsentError
		switch {
		case tt.code != "":
			if err != nil || code != tt.code {
				t.Errorf("%s: code %q, error %v", tt.query, code, err)
			}
		case tt.refusal == "":
			if !errors.Is(err, ErrOtherSignIn) {
				t.Errorf("%s: error is %v", tt.query, err)
			}
		case !errors.As(err, &refused) || refused.Code != tt.refusal:
			t.Errorf("%s: error is %v", tt.query, err)
		}
	}
}

// codeServer is a token endpoint that checks what comes with a code.
func codeServer(t *testing.T, s **SignIn, answer func(w http.ResponseWriter)) string {
	t.Helper()
	return startServer(t, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		want := url.Values{
			"grant_type": {"authorization_code"}, "code": {"canary-code"}, "redirect_uri": {testRedirect},
			"client_id": {"client"}, "client_secret": {canarySecret},
		}
		if challenge := asked(t, *s).Get("code_challenge"); challenge != "" {
			verifier := r.PostForm.Get("code_verifier")
			if oauth2.S256ChallengeFromVerifier(verifier) != challenge {
				t.Errorf("the verifier %q does not fit the challenge", verifier)
			}
			want["code_verifier"] = []string{verifier}
		}
		checkEqual(t, want, r.PostForm)
		if r.URL.Path != "/v1/access_token" || r.Header.Get("Authorization") != "" {
			t.Errorf("sent to %s with Authorization %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		w.Header().Set("Content-Type", "application/json")
		answer(w)
	}).URL + "/v1"
}

func TestRedeem(t *testing.T) {
	const full = `{"access_token":"canary-access-1","expires_in":1209599,"refresh_token":"canary-refresh-1","refresh_token_expires_in":7775999,"token_type":"Bearer","scope":"one  two"}`
	for name, tt := range map[string]struct {
		answer, scopes string
		pkce           bool
		access         time.Duration // 0 = not known
	}{
		"all":                   {full, "one two", true, 1209599 * time.Second},
		"without PKCE":          {full, "one two", false, 1209599 * time.Second},
		"no scope: as asked":    {`{"access_token":"canary-access-1","refresh_token":"canary-refresh-1","expires_in":60}`, "spark-admin:people_read spark:a+b", true, time.Minute},
		"no life is not a life": {`{"access_token":"canary-access-1","refresh_token":"canary-refresh-1"}`, "spark-admin:people_read spark:a+b", true, 0},
	} {
		var s *SignIn
		s = newTestSignIn(t, codeServer(t, &s, func(w http.ResponseWriter) { _, _ = io.WriteString(w, tt.answer) }), tt.pkce)
		before := time.Now()
		got, err := s.Redeem(t.Context(), "canary-code")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.AccessToken != "canary-access-1" || got.RefreshToken != "canary-refresh-1" || got.ClientID != "client" || got.ClientSecret != canarySecret || got.Scopes != tt.scopes {
			t.Errorf("%s: got other credentials, scopes %q", name, got.Scopes)
		}
		if tt.access == 0 && !got.ExpiresAt.IsZero() || tt.access > 0 && got.ExpiresAt.Sub(before).Round(time.Minute) != tt.access.Round(time.Minute) {
			t.Errorf("%s: ends at %v", name, got.ExpiresAt)
		}
	}
}

func TestRedeemFails(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		want   string
		person bool
	}{
		"refused code":   {refuseGrant(400, "invalid_grant"), "the code is refused", true},
		"refused client": {refuseGrant(401, "invalid_client"), "refuses client_id or client_secret", true},
		"vendor's form": {func(w http.ResponseWriter) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, `{"message":"`+canarySecret+`"}`)
		}, "gave no tokens", true},
		"outage":           {func(w http.ResponseWriter) { w.WriteHeader(503) }, "HTTP status 503", false},
		"lost answer":      {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, "was lost; start again", false},
		"no refresh token": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"access_token":"canary-access-1"}`) }, "no refresh token", false},
		"odd token": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"access_token":"canary a","refresh_token":"r"}`)
		}, "white space", false},
		"sign-in page": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://proxy.example/"+canarySecret)
			w.WriteHeader(302)
		}, "HTTP status 302", false},
	} {
		t.Run(name, func(t *testing.T) {
			var s *SignIn
			s = newTestSignIn(t, codeServer(t, &s, tt.answer), true)
			_, err := s.Redeem(t.Context(), "canary-code")
			if err == nil || !strings.Contains(err.Error(), tt.want) || NeedsPerson(err) != tt.person {
				t.Errorf("error is %v, needs a person: %v", err, NeedsPerson(err))
			}
			checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
		})
	}
}

// A service app's tokens live as long as the answer says, whatever form its numbers have.
func TestServiceAppTokens(t *testing.T) {
	for name, tt := range map[string]struct {
		answer          string
		access, refresh time.Duration // 0 = not known
	}{
		"as published": {`{"access_token":"canary-access-1","expires_in":3600,"refresh_token":"canary-refresh-1","refresh_token_expires_in":7776000,"token_type":"Bearer"}`, time.Hour, 7776000 * time.Second},
		"as text":      {`{"access_token":"canary-access-1","expires_in":"60","refresh_token":"canary-refresh-1"}`, time.Minute, 0},
	} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			checkRequest(t, r, wantRequest{method: "POST", path: "/applications/A%2F1/token",
				body: `{"clientId":"client","clientSecret":"` + canarySecret + `","targetOrgId":"O1"}`})
			_, _ = io.WriteString(w, tt.answer)
		})
		before := time.Now()
		got, err := c.ServiceAppTokens(t.Context(), ServiceApp{"A/1", "client", canarySecret, "O1"})
		if err != nil {
			t.Fatal(err)
		}
		if got.AccessToken != "canary-access-1" || got.RefreshToken != "canary-refresh-1" || got.ClientID != "client" || got.ClientSecret != canarySecret {
			t.Errorf("%s: got other credentials", name)
		}
		for what, life := range map[string][2]time.Duration{"access": {got.ExpiresAt.Sub(before), tt.access}, "refresh": {got.RefreshTokenExpiresAt.Sub(before), tt.refresh}} {
			if life[1] == 0 && life[0] > 0 || life[1] > 0 && life[0].Round(10*time.Second) != life[1] {
				t.Errorf("%s: the %s token lives for %v, want %v", name, what, life[0], life[1])
			}
		}
	}
}

// The refusals of the endpoint have no codes; none of them, and no answer that is
// something else, brings the secret out.
func TestServiceAppRefused(t *testing.T) {
	for status, class := range map[int]Class{400: ClassPermanentInput, 401: ClassAuth, 403: ClassAuth, 404: ClassNotFound} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"message":"`+canarySecret+` is wrong","trackingId":"T","errors":[{"description":"`+canarySecret+` is wrong"}]}`)
		})
		_, err := c.ServiceAppTokens(context.Background(), ServiceApp{"A", "client", canarySecret, "O"})
		if e := asError(t, err); e.Class != class || e.HTTPStatus != status {
			t.Errorf("%d: %+v", status, e)
		}
		checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
	}
	for _, body := range []string{`{}`, `{"access_token":"canary-access-1"}`, `{"access_token":"canary access","refresh_token":"r"}`} {
		var c Credentials
		if _, err := c.decodeGrant([]byte(body), time.Now()); err == nil {
			t.Errorf("%s is accepted", body)
		}
	}
	app := ServiceApp{ClientSecret: canarySecret}
	checkNoSecret(t, fmt.Sprintf("%v %+v %#v", app, app, app))
}
