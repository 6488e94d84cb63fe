package webex

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The canaries must never be seen outside of the credentials file and the wire.
const (
	canaryAccess  = "canary-access-0"
	canaryRefresh = "canary-refresh-0"
	canarySecret  = "canary-secret"
)

func writeCredentials(t *testing.T, change func(*Credentials)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials.json")
	c := Credentials{ClientID: "client", ClientSecret: canarySecret, RefreshToken: canaryRefresh, AccessToken: canaryAccess}
	if change != nil {
		change(&c)
	}
	if err := WriteCredentials(path, c); err != nil {
		t.Fatal(err)
	}
	return path
}

func readBack(t *testing.T, path string) Credentials {
	t.Helper()
	c, err := ReadCredentials(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tokenServer is a token endpoint that counts; answer gets the count from 1.
func tokenServer(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		n := int(count.Add(1))
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		if got := r.PostForm.Get("client_id") + " " + r.PostForm.Get("client_secret") + " " + r.PostForm.Get("grant_type"); got != "client "+canarySecret+" refresh_token" {
			t.Errorf("form is %v", r.PostForm)
		}
		w.Header().Set("Content-Type", "application/json")
		answer(n, w, r)
	})
	return server, &count
}

// grant answers with a pair of tokens that are numbered by n.
func grant(n int, w io.Writer, rotate bool) {
	pair := map[string]any{"access_token": fmt.Sprintf("canary-access-%d", n), "expires_in": 1209599, "refresh_token_expires_in": 7775999, "token_type": "Bearer"}
	if rotate {
		pair["refresh_token"] = fmt.Sprintf("canary-refresh-%d", n)
	}
	_ = json.NewEncoder(w).Encode(pair)
}

func source(t *testing.T, path, tokenURL string) TokenSource {
	t.Helper()
	s, err := CredentialsFile(path, tokenURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Many calls get a 401 at once: one refresh, and every call passes.
func TestRefreshOnce(t *testing.T) {
	path := writeCredentials(t, nil)
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if got := r.PostForm.Get("refresh_token"); got != canaryRefresh {
			t.Errorf("refresh token is %q", got)
		}
		grant(n, w, true)
	})
	api := startServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer canary-access-1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		// What is used is on disk already.
		if c := readBack(t, path); c.AccessToken != "canary-access-1" || c.RefreshToken != "canary-refresh-1" {
			t.Error("the new tokens are used before they are saved")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	c := newTestClient(t, Config{BaseURL: api.URL, Tokens: source(t, path, tokens.URL+"/access_token")})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := removeSubscriber(c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if refreshes.Load() != 1 {
		t.Errorf("%d refreshes, want 1", refreshes.Load())
	}
	got := readBack(t, path)
	if left := time.Until(got.ExpiresAt); left < 13*24*time.Hour || left > 15*24*time.Hour {
		t.Errorf("the access token ends in %v", left)
	}
	if left := time.Until(got.RefreshTokenExpiresAt); left < 89*24*time.Hour || left > 91*24*time.Hour {
		t.Errorf("the refresh token ends in %v", left)
	}
	if got.ClientID != "client" || got.ClientSecret != canarySecret {
		t.Error("the client was not kept")
	}
	checkPrivate(t, path)
}

// checkPrivate looks at the file's mode, and for anything left beside it.
func checkPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != filepath.Base(path) && name != filepath.Base(path)+".lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

// The API goes on refusing: one refresh, two requests, and then an end.
func TestRefusedAgain(t *testing.T) {
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) { grant(n, w, false) })
	var requests atomic.Int32
	api := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := newTestClient(t, Config{BaseURL: api.URL, Tokens: source(t, writeCredentials(t, nil), tokens.URL)})
	err := removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassAuth || requests.Load() != 2 || refreshes.Load() != 1 {
		t.Errorf("class %v after %d requests and %d refreshes", e.Class, requests.Load(), refreshes.Load())
	}
}

// Two programs with one file: the second takes what the first has got.
func TestTwoSourcesShareOneFile(t *testing.T) {
	path := writeCredentials(t, nil)
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if got := r.PostForm.Get("refresh_token"); got != canaryRefresh {
			t.Errorf("refresh token is %q: a spent one, or a second refresh", got)
		}
		grant(n, w, true)
	})
	var group sync.WaitGroup
	for range 2 {
		s := source(t, path, tokens.URL)
		group.Go(func() {
			if got, err := s.Refresh(t.Context(), canaryAccess); err != nil || got != "canary-access-1" {
				t.Errorf("token %q, error %v", got, err)
			}
		})
	}
	group.Wait()
	if refreshes.Load() != 1 {
		t.Errorf("%d refreshes, want 1", refreshes.Load())
	}
}

// Whatever goes wrong at the token endpoint: the class and the text tell, the
// file stays as it was, and no secret gets out.
func TestRefreshFails(t *testing.T) {
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   string
	}{
		{"invalid grant", refuseGrant(400, "invalid_grant"), "sign in again"},
		{"invalid client", refuseGrant(401, "invalid_client"), "check the credentials file"},
		{"other code", refuseGrant(400, "evil\x1b"), "did not refresh"},
		{"page", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>"+canarySecret) }, "sign in again"},
		{"no token", func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"refresh_token":"`+canaryRefresh+`"}`) }, "sign in again"},
		{"outage", func(w http.ResponseWriter) { w.WriteHeader(503); _, _ = io.WriteString(w, canaryRefresh) }, "try again later"},
		{"redirect", func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:1/"+canarySecret)
			w.WriteHeader(307)
		}, "sign in again"},
		{"lost answer", func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }, "was lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeCredentials(t, nil)
			before, _ := os.ReadFile(path)
			tokens, refreshes := tokenServer(t, func(_ int, w http.ResponseWriter, _ *http.Request) { tt.answer(w) })
			_, err := source(t, path, tokens.URL).Refresh(t.Context(), canaryAccess)
			if e := asError(t, err); e.Class != ClassAuth || !strings.Contains(err.Error(), tt.want) || refreshes.Load() != 1 {
				t.Errorf("class %v after %d refreshes: %v", e.Class, refreshes.Load(), err)
			}
			checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
			checkPrivate(t, path)
		})
	}
}

func refuseGrant(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": canaryRefresh + " is bad"})
	}
}

func checkNoSecret(t *testing.T, text string) {
	t.Helper()
	if i := strings.Index(text, "canary"); i >= 0 {
		t.Errorf("a secret is shown: %s", text[i:])
	}
}

// The token endpoint cannot be reached: nothing was spent, so the call goes on
// trying and ends as not sent.
func TestTokenEndpointUnreachable(t *testing.T) {
	path := writeCredentials(t, func(c *Credentials) { c.AccessToken = "" })
	tokens, err := CredentialsFile(path, "http://127.0.0.1:1/access_token", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, Config{Tokens: tokens, MaxOutage: time.Millisecond, Transport: script(answerWith(204, ""))})
	if e := asError(t, removeSubscriber(c)); e.Class != ClassNotSent || e.Attempts != 0 {
		t.Errorf("error is %+v", e)
	}
}

// A directory that cannot be written to is found before the refresh token is spent.
func TestUnwritableDirectory(t *testing.T) {
	path := writeCredentials(t, nil)
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) { grant(n, w, true) })
	s := source(t, path, tokens.URL)
	if err := os.RemoveAll(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Refresh(t.Context(), canaryAccess)
	if e := asError(t, err); e.Class != ClassAuth || refreshes.Load() != 0 {
		t.Errorf("class %v after %d refreshes", e.Class, refreshes.Load())
	}
}

func TestReadCredentialsRefuses(t *testing.T) {
	good := `{"client_id":"c","client_secret":"` + canarySecret + `","refresh_token":"` + canaryRefresh + `"}`
	tests := []struct {
		name, content string
		mode          fs.FileMode
		want          string // empty = accepted
	}{
		{"good", good, 0o600, ""},
		{"read-only", good, 0o400, ""},
		{"group may read", good, 0o640, "chmod 600"},
		{"world may read", good, 0o604, "chmod 600"},
		{"no JSON", `"` + canarySecret, 0o600, "not JSON"},
		{"blank times are not known", strings.TrimSuffix(good, "}") + `,"access_token":"","expires_at":"","refresh_token_expires_at":""}`, 0o600, ""},
		{"wrong type", `{"client_id":1}`, 0o600, `the field "client_id" is no text`},
		{"odd time", `{"expires_at":"` + canarySecret + `"}`, 0o600, `the field "expires_at" is no time; write it like 2026-01-31T12:00:00Z`},
		{"odd time of the refresh token", `{"refresh_token_expires_at":"tomorrow"}`, 0o600, `the field "refresh_token_expires_at" is no time`},
		{"no refresh token", `{"client_id":"c","client_secret":"s"}`, 0o600, "lacks"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.json")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := CredentialsFile(path, "https://api.example.com/access_token", nil)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
			checkNoSecret(t, fmt.Sprint(err))
		})
	}
	if _, err := CredentialsFile("nowhere.json", "http://api.example.com/access_token", nil); err == nil || !strings.Contains(err.Error(), "plain http") {
		t.Errorf("error is %v", err)
	}
	if _, err := CredentialsFile("nowhere.json", "https://api.example.com/access_token", nil); err == nil {
		t.Error("a missing file is accepted")
	}
}

// The file may be a link to where secrets are kept; the link stays.
func TestCredentialsBehindLink(t *testing.T) {
	path := writeCredentials(t, nil)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	c := readBack(t, link)
	c.AccessToken = "canary-new"
	if err := WriteCredentials(link, c); err != nil {
		t.Fatal(err)
	}
	if got := readBack(t, path); got.AccessToken != "canary-new" {
		t.Error("the file behind the link was not written")
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
}

func TestStaticToken(t *testing.T) {
	var requests atomic.Int32
	api := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message":"token `+canaryAccess+` is bad"}`)
	})
	c := newTestClient(t, Config{BaseURL: api.URL, Tokens: StaticToken(canaryAccess)})
	err := removeSubscriber(c)
	if e := asError(t, err); e.Class != ClassAuth || e.HTTPStatus != 401 || requests.Load() != 1 {
		t.Errorf("class %v after %d requests", e.Class, requests.Load())
	}
	checkNoSecret(t, err.Error())
	for _, bad := range []string{"", "a b", "a\r\nX: y", "ä"} {
		c := newTestClient(t, Config{BaseURL: api.URL, Tokens: StaticToken(bad)})
		if e := asError(t, removeSubscriber(c)); e.Class != ClassAuth || e.Attempts != 0 {
			t.Errorf("token %q: %+v", bad, e)
		}
	}
}

// Secrets and personal data stay out of logs and errors, whatever happens.
func TestNothingSecretIsLogged(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tokens := StaticToken(canaryAccess)
	steps := []func() (*http.Response, error){
		answerWith(500, `{"message":"`+canaryAccess+` canary@example.com"}`, "Trackingid", "T\x1b[1m"),
		failWith(fmt.Errorf("dial: %w", io.ErrUnexpectedEOF)),
		answerWith(400, `{"message":"`+canaryAccess+`","trackingId":"`+canaryAccess+`"}`),
	}
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t, Config{Transport: script(steps...), Tokens: tokens, Log: log, SubPartner: "canary-sub"})
		for _, err := range c.ListSubscribers(context.Background(), SubscriberFilter{Email: "canary@example.com", CustomerID: "canary"}) {
			checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
		}
		_, err := c.GetCustomer(context.Background(), "canary")
		checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
	})
	checkNoSecret(t, out.String())
	checkNoSecret(t, fmt.Sprintf("%v %+v %#v %s %v %#v", tokens, tokens, tokens, tokens, Credentials{RefreshToken: "canary"}, Credentials{RefreshToken: "canary"}))
	for _, want := range []string{"method=GET", "path=/wholesale/subscribers", "attempt=2", "status=500", "tracking_id=", `path=/wholesale/customers/{id}`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, out.String())
		}
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Error("the log holds a control character")
	}
}

// What the API says of one object is for who asked. What ails the API, or the
// token, is for everybody.
func TestWhatIsWarnedOf(t *testing.T) {
	for status, warns := range map[int]bool{400: false, 404: false, 409: false, 401: true, 403: true, 502: true} {
		var out strings.Builder
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo}))
		synctest.Test(t, func(t *testing.T) {
			c := newTestClient(t, Config{Transport: script(answerWith(status, `{}`)), Log: log})
			if err := removeSubscriber(c); err == nil {
				t.Errorf("status %d: no error", status)
			}
		})
		if !strings.Contains(out.String(), fmt.Sprintf("status=%d", status)) || strings.Contains(out.String(), "level=WARN") != warns {
			t.Errorf("status %d is logged as\n%s", status, out.String())
		}
	}
}
