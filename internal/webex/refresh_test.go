package webex

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An old refresh token is kept where none comes back, and a token that is about
// to end is replaced before it is used.
func TestRefreshEarly(t *testing.T) {
	for left, want := range map[time.Duration]string{time.Hour: canaryAccess, 4 * time.Minute: "canary-access-1", -time.Hour: "canary-access-1"} {
		path := writeCredentials(t, func(c *Credentials) { c.ExpiresAt = time.Now().Add(left) })
		tokens, _ := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) { grant(n, w, false) })
		got, err := source(t, path, tokens.URL).Token(t.Context())
		if err != nil || got != want {
			t.Errorf("%v left: token %q, error %v; want %q", left, got, err, want)
		}
		if c := readBack(t, path); c.AccessToken != want || c.RefreshToken != canaryRefresh {
			t.Errorf("%v left: the file is wrong", left)
		}
	}
}

// A token endpoint whose tokens live for a short while only is asked when a token
// is about to end, and not before every request.
func TestShortLivedTokens(t *testing.T) {
	for seconds, want := range map[int][]int{
		1:   {1, 1, 2}, // the numbers of the tokens at 0, 89 and 91 % of the first one's life
		60:  {1, 1, 2},
		300: {1, 1, 2},
		-1:  {1, 1, 1}, // no sensible time: until the API says 401
	} {
		synctest.Test(t, func(t *testing.T) {
			path := writeCredentials(t, func(c *Credentials) { c.AccessToken = "" })
			n := 0
			endpoint := &fakeAPI{answer: func(int, *http.Request) (*http.Response, error) {
				n++
				return reply(200, fmt.Sprintf(`{"access_token":"canary-access-%d","expires_in":%d}`, n, seconds)), nil
			}}
			s, err := CredentialsFile(path, "https://api.example.com/access_token", endpoint)
			if err != nil {
				t.Fatal(err)
			}
			life := time.Duration(seconds) * time.Second
			for i, pause := range []time.Duration{0, life * 89 / 100, life * 2 / 100} {
				time.Sleep(pause)
				for range 3 {
					got, err := s.Token(t.Context())
					if err != nil || got != fmt.Sprintf("canary-access-%d", want[i]) {
						t.Errorf("%d s: token %q, error %v, want number %d", seconds, got, err, want[i])
					}
				}
			}
		})
	}
}

// A token that cannot go into a header is refused, and the file stays as it was.
func TestOddTokensAreNotSaved(t *testing.T) {
	for _, pair := range []string{
		`{"access_token":"canary access","expires_in":3600}`,
		`{"access_token":"canary-access\r\nX: y","expires_in":3600}`,
		`{"access_token":"canary-access\u0000","expires_in":3600}`,
		`{"access_token":"canary-access","refresh_token":"canary\trefresh","expires_in":3600}`,
	} {
		path := writeCredentials(t, nil)
		before, _ := os.ReadFile(path)
		s, err := CredentialsFile(path, "https://api.example.com/access_token", script(answer200(pair)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Refresh(t.Context(), canaryAccess)
		if e := asError(t, err); e.Class != ClassAuth || !strings.Contains(err.Error(), "white space") {
			t.Errorf("%s: error is %v", pair, err)
		}
		checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s: the file was changed", pair)
		}
		checkPrivate(t, path)
	}
}
