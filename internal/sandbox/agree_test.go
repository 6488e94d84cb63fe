package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Who agrees is provisioned, once; nobody else is.
func TestAgreement(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(`{
		"customers": [{"external_id":"acme","packages":["webex_meetings"]}],
		"subscribers": [{"customer_external_id":"acme","email":"ann@consumer.example","package":"webex_meetings","status":"pending_user_migration"},
			{"customer_external_id":"acme","email":"bob@consumer.example","package":"webex_meetings","status":"pending_user_migration"}]}`)})
	agree := func(email string) int {
		w := httptest.NewRecorder()
		c.s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/__sandbox/agree?email="+email, nil))
		return w.Code
	}
	statuses := func() (got []string) {
		for _, item := range c.want(200, "GET", "/wholesale/subscribers").body["items"].([]any) {
			got = append(got, item.(map[string]any)["status"].(string))
		}
		return got
	}
	for _, email := range []string{"nobody@acme.example", ""} {
		if code := agree(email); code != http.StatusNotFound {
			t.Errorf("%q agrees: %d", email, code)
		}
	}
	if code := agree("Ann@consumer.example"); code != http.StatusNoContent {
		t.Errorf("ann agrees: %d", code)
	}
	if got := strings.Join(statuses(), " "); got != "provisioned pending_user_migration" {
		t.Errorf("statuses are %s", got)
	}
	if code := agree("ann@consumer.example"); code != http.StatusNotFound {
		t.Errorf("ann agrees twice: %d", code)
	}
}
