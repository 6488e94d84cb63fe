package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

// scopeRule says what a token must be allowed to do below a path: one of the scopes named, where "a+b" is both.
type scopeRule struct {
	path        string
	read, write []string
}

// scopeRules go from special to general; the first whose path fits counts. What is in none needs no scope. That the
// check of a request needs what the request needs, and a consent mail what a subscriber needs, the vendor does not say.
var scopeRules = []scopeRule{
	adminScopes("/wholesale/billing/", "wholesale_billing_reports"),
	adminScopes("/wholesale/subscribers", "wholesale_subscribers"),
	adminScopes("/wholesale/", "wholesale_customers"),
	adminScopes("/subscribers/", "wholesale_subscribers"),
	adminScopes("/broadworks/billing/", "broadworks_billing_reports"),
	adminScopes("/broadworks/subscribers", "broadworks_subscribers"),
	adminScopes("/broadworks/enterprises", "broadworks_enterprises"),
	{path: "/broadworks/workspaces", write: []string{"spark-admin:places_write"}},
	{path: "/people/me"},
	{path: "/people", read: []string{"spark-admin:people_read"}, write: []string{"spark-admin:people_write+spark-admin:people_read"}},
	adminScopes("/organizations", "organizations"),
	{path: "/locations", read: []string{"spark-admin:locations_read", "spark-admin:people_read", "spark-admin:device_read"},
		write: []string{"spark-admin:locations_write"}},
	{path: "/workspaces", read: []string{"spark-admin:workspaces_read"},
		write: []string{"spark-admin:workspaces_write+spark-admin:telephony_config_write"}},
	{path: "/applications/", read: []string{scopeAppTokens}, write: []string{scopeAppTokens}},
}

// scopeAppTokens lets a token make the tokens of a service app.
const scopeAppTokens = "spark:applications_token"

func adminScopes(path, name string) scopeRule {
	return scopeRule{path, []string{"spark-admin:" + name + "_read"}, []string{"spark-admin:" + name + "_write"}}
}

// allows tells whether the token's scopes cover a request.
func (t accessToken) allows(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, apiPrefix)
	at := slices.IndexFunc(scopeRules, func(rule scopeRule) bool { return strings.HasPrefix(path, rule.path) })
	if t.scope == "" || at < 0 {
		return true
	}
	wanted := scopeRules[at].write
	if r.Method == http.MethodGet {
		wanted = scopeRules[at].read
	}
	granted := strings.Fields(t.scope)
	covers := func(all string) bool {
		for scope := range strings.SplitSeq(all, "+") {
			if !slices.Contains(granted, scope) {
				return false
			}
		}
		return true
	}
	return len(wanted) == 0 || slices.ContainsFunc(wanted, covers)
}
