package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	callback = "http://127.0.0.1:8484/callback"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

// consent asks for a code with the usual query, some of it replaced.
func (c *client) consent(replace url.Values, accept string) *http.Response {
	c.t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {"sandbox-client"}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"s t"},
		"scope":          {"spark-admin:wholesale_customers_read spark-admin:people_read"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for name, value := range replace {
		query[name] = value
	}
	r := httptest.NewRequest("GET", "http://sandbox.test/v1/authorize?"+query.Encode(), nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	return w.Result()
}

// redirected is the query of the address that an answer leads back to.
func (c *client) redirected(from *http.Response) url.Values {
	c.t.Helper()
	target, err := url.Parse(from.Header.Get("Location"))
	if err != nil || from.StatusCode != http.StatusFound || !strings.HasPrefix(target.String(), callback+"?") {
		c.t.Fatalf("status %d, Location %q", from.StatusCode, from.Header.Get("Location"))
	}
	return target.Query()
}

// redeem exchanges a code, with some of the form replaced.
func (c *client) redeem(code string, replace url.Values) response {
	c.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	for name, value := range replace {
		form[name] = value
	}
	return c.refresh(form, false)
}

func TestSignInByCode(t *testing.T) {
	c := start(t, Options{RotateRefresh: true})
	back := c.redirected(c.consent(nil, "*/*"))
	if back.Get("state") != "s t" || back.Get("code") == "" {
		t.Fatalf("back with %v", back)
	}
	got := c.redeem(back.Get("code"), nil)
	if got.status != 200 || got.text("scope") != "spark-admin:wholesale_customers_read spark-admin:people_read" || got.body["expires_in"] != 1209599.0 {
		t.Fatalf("redeemed: %d %v", got.status, got.body)
	}
	if again := c.redeem(back.Get("code"), nil); again.text("error") != "invalid_grant" {
		t.Errorf("redeemed twice: %d %v", again.status, again.body)
	}
	renewed := c.refresh(url.Values{"refresh_token": {got.text("refresh_token")}}, false)
	if renewed.text("scope") != got.text("scope") || renewed.text("refresh_token") == got.text("refresh_token") {
		t.Errorf("refreshed: %d %v", renewed.status, renewed.body)
	}
	if own := c.refresh(nil, false); own.status != 200 || own.body["scope"] != nil {
		t.Errorf("the sign-in that a sandbox begins with: %d %v", own.status, own.body)
	}
	c.token = renewed.text("access_token")
	c.want(200, "GET", "/wholesale/customers")
	c.want(200, "GET", "/people/me")
	c.want(200, "GET", "/locations?orgId="+c.want(200, "GET", "/people/me").text("orgId"))
	c.want(403, "GET", "/wholesale/subscribers")
	c.want(403, "POST", "/wholesale/customers "+customerBody(``))
	c.want(403, "POST", "/applications/x/token {}")
}

func TestCodesAreRefused(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, Options{Now: func() time.Time { return now }})
	for name, replace := range map[string]url.Values{
		"another verifier":    {"code_verifier": {"another"}},
		"no verifier":         {"code_verifier": {""}},
		"another redirect":    {"redirect_uri": {"http://127.0.0.1:9/callback"}},
		"a code never given":  {"code": {"sandbox-code-999999-e8d4b7"}},
		"a service app's try": {"client_id": {appClientID}, "client_secret": {appClientSecret}},
	} {
		code := c.redirected(c.consent(nil, "*/*")).Get("code")
		if got := c.redeem(code, replace); got.status != 400 || got.text("error") != "invalid_grant" {
			t.Errorf("%s: %d %v", name, got.status, got.body)
		}
	}
	code := c.redirected(c.consent(nil, "*/*")).Get("code")
	now = now.Add(consentLife)
	if got := c.redeem(code, nil); got.text("error") != "invalid_grant" {
		t.Errorf("too late: %d %v", got.status, got.body)
	}
	plain := url.Values{"code_challenge": {""}, "code_challenge_method": {""}}
	code = c.redirected(c.consent(plain, "*/*")).Get("code")
	if got := c.redeem(code, nil); got.text("error") != "invalid_grant" {
		t.Errorf("a verifier without a challenge: %d %v", got.status, got.body)
	}
	code = c.redirected(c.consent(plain, "*/*")).Get("code")
	if got := c.redeem(code, url.Values{"code_verifier": nil}); got.status != 200 {
		t.Errorf("without PKCE: %d %v", got.status, got.body)
	}
}

func TestConsentIsRefused(t *testing.T) {
	c := start(t, Options{})
	for want, replace := range map[string]url.Values{
		"unsupported_response_type": {"response_type": {"token"}},
		"invalid_scope":             {"scope": {"everything"}},
		"invalid_request":           {"code_challenge_method": {"plain"}},
		"access_denied":             {"decision": {"deny"}},
	} {
		back := c.redirected(c.consent(replace, "text/html"))
		if back.Get("error") != want || back.Get("state") != "s t" || back.Has("code") {
			t.Errorf("%v: back with %v", replace, back)
		}
	}
	for _, replace := range []url.Values{
		{"client_id": {"another"}}, {"redirect_uri": {"https://evil.example/callback"}}, {"redirect_uri": {""}},
	} {
		if got := c.consent(replace, "*/*"); got.StatusCode != 400 || got.Header.Get("Location") != "" {
			t.Errorf("%v: status %d, Location %q", replace, got.StatusCode, got.Header.Get("Location"))
		}
	}
}

func TestConsentPage(t *testing.T) {
	c := start(t, Options{})
	got := c.consent(url.Values{"state": {`"><script>`}}, "text/html,*/*")
	page, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != 200 || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("status %d, type %q, error %v", got.StatusCode, got.Header.Get("Content-Type"), err)
	}
	for _, want := range []string{"spark-admin:people_read", `value="accept"`, `name="redirect_uri"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	if strings.Contains(string(page), "<script>") {
		t.Errorf("the page holds what was sent:\n%s", page)
	}
	if back := c.redirected(c.consent(url.Values{"decision": {"accept"}}, "text/html")); back.Get("code") == "" {
		t.Errorf("back with %v", back)
	}
}

func TestServiceApp(t *testing.T) {
	c := start(t, Options{})
	org := c.want(200, "GET", "/people/me").text("orgId")
	app, id, secret := c.s.ServiceApp()
	body := func(id, secret, org string) string {
		return ` {"clientId":"` + id + `","clientSecret":"` + secret + `","targetOrgId":"` + org + `"}`
	}
	got := c.want(200, "POST", "/applications/"+app+"/token"+body(id, secret, org))
	if got.body["expires_in"] != 3600.0 || got.body["refresh_token_expires_in"] != 7776000.0 {
		t.Errorf("minted: %v", got.body)
	}
	form := url.Values{"client_id": {id}, "client_secret": {secret}, "refresh_token": {got.text("refresh_token")}}
	if renewed := c.refresh(form, false); renewed.status != 200 || renewed.body["expires_in"] != 3600.0 {
		t.Errorf("refreshed: %d %v", renewed.status, renewed.body)
	}
	if other := c.refresh(url.Values{"refresh_token": {got.text("refresh_token")}}, false); other.text("error") != "invalid_grant" {
		t.Errorf("refreshed by another client: %d %v", other.status, other.body)
	}
	for status, request := range map[int]string{
		404: "/applications/" + encodeID(kindApplication, 2) + "/token" + body(id, secret, org),
		400: "/applications/" + app + "/token" + body(id, "", org),
		403: "/applications/" + app + "/token" + body(id, secret, encodeID(kindOrganization, 99)),
	} {
		if got := c.want(status, "POST", request); got.text("message") == "" || got.text("trackingId") == "" || got.code() != 0 {
			t.Errorf("%s: %v", request, got.body)
		}
	}
	c.want(400, "POST", "/applications/"+app+"/token"+body(id, "wrong", org))
	c.token = got.text("access_token")
	c.want(200, "GET", "/wholesale/customers")
}

// What a request needs depends on its path and method; some need two scopes, or one of several.
func TestScopes(t *testing.T) {
	const admin = "spark-admin:"
	for request, tt := range map[string]struct{ enough, less string }{
		"GET /wholesale/customers":               {admin + "wholesale_customers_read", admin + "wholesale_customers_write"},
		"PUT /wholesale/customers/x":             {admin + "wholesale_customers_write", admin + "wholesale_customers_read"},
		"GET /wholesale/subPartners":             {admin + "wholesale_customers_read", admin + "wholesale_subscribers_read"},
		"DELETE /wholesale/subscribers/x":        {admin + "wholesale_subscribers_write", admin + "wholesale_customers_write"},
		"POST /subscribers/x/emails/consentMove": {admin + "wholesale_subscribers_write", admin + "wholesale_subscribers_read"},
		"POST /wholesale/billing/reports":        {admin + "wholesale_billing_reports_write", admin + "wholesale_customers_write"},
		"GET /broadworks/billing/reports":        {admin + "broadworks_billing_reports_read", admin + "wholesale_billing_reports_read"},
		"PUT /broadworks/subscribers/x":          {admin + "broadworks_subscribers_write", admin + "broadworks_subscribers_read"},
		"GET /broadworks/enterprises":            {admin + "broadworks_enterprises_read", admin + "broadworks_subscribers_read"},
		"POST /broadworks/workspaces":            {admin + "places_write", admin + "broadworks_subscribers_write"},
		"DELETE /people/x":                       {admin + "people_read " + admin + "people_write", admin + "people_write"},
		"GET /people":                            {admin + "people_read", admin + "people_write"},
		"DELETE /organizations/x":                {admin + "organizations_write", admin + "organizations_read"},
		"GET /locations":                         {admin + "device_read", admin + "organizations_read"},
		"DELETE /workspaces/x":                   {admin + "workspaces_write " + admin + "telephony_config_write", admin + "workspaces_write"},
		"POST /applications/x/token":             {"spark:applications_token", admin + "people_write"},
	} {
		method, path, _ := strings.Cut(request, " ")
		r := httptest.NewRequest(method, "http://sandbox.test/v1"+path, nil)
		if !(accessToken{scope: tt.enough}).allows(r) || !(accessToken{}).allows(r) {
			t.Errorf("%s is refused with %q, or without scopes", request, tt.enough)
		}
		if (accessToken{scope: tt.less}).allows(r) {
			t.Errorf("%s is allowed with %q", request, tt.less)
		}
	}
	r := httptest.NewRequest("GET", "http://sandbox.test/v1/people/me", nil)
	if !(accessToken{scope: "spark:applications_token"}).allows(r) {
		t.Error("a token may not ask whose it is")
	}
}
