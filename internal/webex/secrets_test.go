package webex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// echo is an API that repeats whatever it was ever signed with, wherever it can.
func echo(status int, secrets string) func() (*http.Response, error) {
	escaped := strings.NewReplacer("/", `\/`, "=", `\u003d`).Replace(secrets)
	body := `{"id":"S1","status":"bad ` + escaped + `","message":"` + escaped + `","trackingId":"` + secrets + `",
		"errors":[{"errorCode":1001,"description":"` + secrets + `","fieldName":"` + escaped + `"},"\\` + secrets + `"]}`
	return answerWith(status, body, "Trackingid", secrets, "Location", "https://"+secrets+"/"+secrets)
}

// No token that was ever used, the refresh tokens and the client's secret
// included, comes back in what is kept of an answer.
func TestAnswersHideSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const first, second, refresh = "canary-access/0=", "canary-access/1=", "canary-refresh/0="
		path := writeCredentials(t, func(c *Credentials) { c.AccessToken, c.RefreshToken = first, refresh })
		endpoint := script(answer200(`{"access_token":"` + second + `","refresh_token":"canary-refresh/1="}`))
		tokens, err := CredentialsFile(path, "https://api.example.com/v1/access_token", endpoint)
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Join([]string{first, second, refresh, "canary-refresh/1=", canarySecret}, " ")
		host := "canary-secret"
		steps := []func() (*http.Response, error){
			answerWith(401, ""), echo(200, all), echo(400, all), echo(302, host),
			answerWith(400, all), answerWith(502, "<title>"+all+"</title>"), echo(200, all)}
		c := newTestClient(t, Config{Tokens: tokens, Transport: script(steps...)})
		for range 6 {
			got, err := c.GetSubscriber(context.Background(), "S1")
			shown, _ := json.Marshal(got)
			checkNoSecret(t, fmt.Sprintf("%s %+v %v %+v", shown, got, err, errors.Unwrap(err)))
		}
		_, receipt, err := c.ProvisionSubscriber(context.Background(), SubscriberProvision{})
		checkNoSecret(t, fmt.Sprintf("%+v %v", receipt, err))
	})
}

// An answer that is not HTTP is quoted by the error; it is cleared like a body.
func TestBrokenAnswersHideSecrets(t *testing.T) {
	broken := fmt.Errorf("malformed HTTP response %q", "Bearer "+canaryAccess)
	c := newTestClient(t, Config{Tokens: StaticToken(canaryAccess), Transport: script(failWith(broken))})
	err := removeSubscriber(c)
	checkNoSecret(t, fmt.Sprintf("%v %+v %v", err, err, errors.Unwrap(err)))
	c = newTestClient(t, Config{Tokens: StaticToken(canaryAccess), Transport: script(failWith(io.ErrUnexpectedEOF))})
	if err := removeSubscriber(c); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestHide(t *testing.T) {
	var s secrets
	s.add("", "short", "secret-1", "secret-12", "a/b+c=d~", "secret-1")
	tests := map[string]string{
		"":                                 "",
		"short and sweet":                  "short and sweet",
		"x secret-1 y secret-12 z":         "x REDACTED y REDACTED z",
		`{"a":"a\/b\u002bc\u003dd\u007e"}`: `{"a":"REDACTED"}`,
		`{"a":"\\\/\\u002b\n\u0022\u005c\u00e4\u001b\u2"}`: `{"a":"\\/\\u002b\n\u0022\u005c\u00e4\u001b\u2"}`,
		`\u002bsecret-1\`: `+REDACTED\`,
	}
	for in, want := range tests {
		if got := string(s.hide([]byte(in))); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
