package webex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// A renewal asks for new tokens even while the old ones are good.
func TestRenew(t *testing.T) {
	path := writeCredentials(t, func(c *Credentials) { c.ExpiresAt, c.Scopes = time.Now().Add(time.Hour), "one two" })
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) { grant(n, w, true) })
	got, err := RenewCredentials(t.Context(), path, tokens.URL, nil)
	if err != nil || refreshes.Load() != 1 || got.AccessToken != "canary-access-1" {
		t.Fatalf("error %v after %d refreshes", err, refreshes.Load())
	}
	if c := readBack(t, path); c.AccessToken != "canary-access-1" || c.RefreshToken != "canary-refresh-1" || c.Scopes != "one two" {
		t.Error("the file is not renewed, or its scopes are lost")
	}
	checkPrivate(t, path)
}

// Two renewals of one file at once spend one refresh token each, and never one twice.
func TestRenewTwiceAtOnce(t *testing.T) {
	path := writeCredentials(t, nil)
	var mu sync.Mutex
	spent := map[string]bool{}
	tokens, refreshes := tokenServer(t, func(n int, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		token := r.PostForm.Get("refresh_token")
		if spent[token] {
			t.Errorf("%s is spent twice", token)
		}
		spent[token] = true
		grant(n, w, true)
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := RenewCredentials(t.Context(), path, tokens.URL, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if c := readBack(t, path); refreshes.Load() != 4 || c.RefreshToken != "canary-refresh-4" {
		t.Errorf("%d refreshes, and the file has not the last", refreshes.Load())
	}
}

// A renewal waits for whoever holds the file, as long as its caller does.
func TestRenewWaitsForTheFile(t *testing.T) {
	path := writeCredentials(t, nil)
	synctest.Test(t, func(t *testing.T) {
		unlock, err := lockCredentials(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		endpoint := script(answer200(`{"access_token":"canary-access-1","expires_in":60}`))
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := RenewCredentials(impatient, path, "https://api.example.com/access_token", endpoint); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := RenewCredentials(t.Context(), path, "https://api.example.com/access_token", endpoint)
			done <- err
		}()
		time.Sleep(time.Hour)
		if sent := endpoint.sent(); len(sent) != 0 {
			t.Errorf("%d requests while the file was held", len(sent))
		}
		unlock()
		if err := <-done; err != nil || len(endpoint.sent()) != 1 {
			t.Errorf("error %v after %d requests", err, len(endpoint.sent()))
		}
	})
}

// What went wrong tells whether a person is needed; the file stays as it was.
func TestRenewFails(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		person bool
	}{
		"invalid grant":  {refuseGrant(400, "invalid_grant"), true},
		"invalid client": {refuseGrant(401, "invalid_client"), true},
		"vendor's form":  {func(w http.ResponseWriter) { w.WriteHeader(400); _, _ = io.WriteString(w, `{"message":"no"}`) }, true},
		"forbidden":      {func(w http.ResponseWriter) { w.WriteHeader(403) }, true},
		"refused by 200": {refuseGrant(200, "invalid_grant"), true},
		"wrong place":    {func(w http.ResponseWriter) { w.WriteHeader(404) }, false},
		"too often":      {func(w http.ResponseWriter) { w.WriteHeader(429) }, false},
		"outage":         {func(w http.ResponseWriter) { w.WriteHeader(502) }, false},
		"proxy's page":   {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>") }, false},
		"lost answer":    {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeCredentials(t, nil)
			before, _ := os.ReadFile(path)
			tokens, _ := tokenServer(t, func(_ int, w http.ResponseWriter, _ *http.Request) { tt.answer(w) })
			_, err := RenewCredentials(t.Context(), path, tokens.URL, nil)
			if err == nil || NeedsPerson(err) != tt.person {
				t.Errorf("error %v, needs a person: %v", err, NeedsPerson(err))
			}
			checkNoSecret(t, fmt.Sprintf("%v %+v", err, err))
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	path := writeCredentials(t, nil)
	if _, err := RenewCredentials(t.Context(), path, "http://127.0.0.1:1/access_token", nil); err == nil || NeedsPerson(err) {
		t.Errorf("unreachable: %v", err)
	}
	if _, err := RenewCredentials(t.Context(), path, "http://api.example.com/access_token", nil); err == nil || !strings.Contains(err.Error(), "plain http") {
		t.Errorf("plain http: %v", err)
	}
}

// What others keep in the file stays there, through a renewal and a new sign-in.
func TestOtherFieldsStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	content := `{"Client_ID":"client","client_secret":"` + canarySecret + `","refresh_token":"` + canaryRefresh + `","owner":{"team":"noc"},"n":1e3}`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, _ := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) { grant(n, w, true) })
	check := func(refresh string) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		checkEqual(t, map[string]any{"team": "noc"}, fields["owner"].(map[string]any))
		if fields["n"] != 1000.0 || fields["client_id"] != "client" || fields["Client_ID"] != nil || fields["refresh_token"] != refresh {
			t.Errorf("the file is %s", data)
		}
		checkPrivate(t, path)
	}
	if _, err := RenewCredentials(t.Context(), path, tokens.URL, nil); err != nil {
		t.Fatal(err)
	}
	check("canary-refresh-1")
	if err := SaveCredentials(t.Context(), path, Credentials{ClientID: "client", ClientSecret: "s", RefreshToken: "canary-new"}); err != nil {
		t.Fatal(err)
	}
	check("canary-new")
}

func TestPrepareCredentials(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "c.json")
	if c, err := PrepareCredentials(path); err != nil || c.ClientID != "" {
		t.Errorf("no file yet: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if err := os.WriteFile(path, []byte(`{"client_id":"client"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := PrepareCredentials(path); err != nil || c.ClientID != "client" {
		t.Errorf("an incomplete file: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := PrepareCredentials(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	if _, err := PrepareCredentials(filepath.Join(dir, "nowhere", "c.json")); err == nil {
		t.Error("a folder that is not there is accepted")
	}
}

// With a keychain the file holds no secret, and everything else goes on as before.
func TestKeychain(t *testing.T) {
	keyring.MockInit()
	path := filepath.Join(t.TempDir(), "c.json")
	entry := NewKeychainEntry()
	if entry == NewKeychainEntry() {
		t.Error("two entries have one name")
	}
	c := Credentials{ClientID: "client", ClientSecret: canarySecret, RefreshToken: canaryRefresh, AccessToken: canaryAccess, Keychain: entry}
	if err := SaveCredentials(t.Context(), path, c); err != nil {
		t.Fatal(err)
	}
	checkFile := func() {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), entry) {
			t.Errorf("the file does not refer to the keychain: %v", err)
		}
		checkNoSecret(t, string(data))
		checkPrivate(t, path)
	}
	checkFile()
	tokens, _ := tokenServer(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if got := r.PostForm.Get("refresh_token"); got != canaryRefresh {
			t.Errorf("refresh token is %q", got)
		}
		grant(n, w, true)
	})
	if _, err := source(t, path, tokens.URL).Refresh(t.Context(), canaryAccess); err != nil {
		t.Fatal(err)
	}
	checkFile()
	if got := readBack(t, path); got.AccessToken != "canary-access-1" || got.RefreshToken != "canary-refresh-1" || got.ClientSecret != canarySecret {
		t.Error("the keychain has not the new tokens")
	}
	c.Keychain = ""
	if err := SaveCredentials(t.Context(), path, c); err != nil {
		t.Fatal(err)
	}
	if _, err := keyring.Get(keychainService, entry); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("the entry is still there: %v", err)
	}
}

// A keychain that is locked, or whose entry is gone, is told as such.
func TestKeychainFails(t *testing.T) {
	keyring.MockInit()
	path := filepath.Join(t.TempDir(), "c.json")
	c := Credentials{ClientID: "client", ClientSecret: canarySecret, RefreshToken: canaryRefresh, Keychain: "credentials-1"}
	if err := WriteCredentials(path, c); err != nil {
		t.Fatal(err)
	}
	keyring.MockInit() // forgets
	if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "sign in again") {
		t.Errorf("gone: %v", err)
	}
	keyring.MockInitWithError(errors.New("locked"))
	defer keyring.MockInit()
	if _, err := ReadCredentials(path); err == nil || !strings.Contains(err.Error(), "the keychain cannot be read: locked") {
		t.Errorf("locked: %v", err)
	}
	before, _ := os.ReadFile(path)
	err := WriteCredentials(path, c)
	if err == nil || !strings.Contains(err.Error(), "the keychain cannot be written: locked") {
		t.Errorf("locked: %v", err)
	}
	checkNoSecret(t, fmt.Sprint(err))
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the file was changed")
	}
}

// The new tokens could not be kept: the old refresh token may be spent, so it is not
// "nothing has changed".
func TestRenewalThatIsNotSaved(t *testing.T) {
	path := writeCredentials(t, nil)
	tokens, _ := tokenServer(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Error(err)
		}
		grant(n, w, true)
	})
	if _, err := RenewCredentials(t.Context(), path, tokens.URL, nil); !errors.Is(err, ErrUnsaved) {
		t.Errorf("error is %v", err)
	}
}

func TestGrantedScopes(t *testing.T) {
	path := writeCredentials(t, func(c *Credentials) { c.Scopes = "one two" })
	checkEqual(t, []string{"one", "two"}, GrantedScopes(source(t, path, "https://api.example.com/access_token")))
	if got := GrantedScopes(source(t, writeCredentials(t, nil), "https://api.example.com/access_token")); len(got) != 0 {
		t.Errorf("scopes %v of a sign-in that does not say", got)
	}
	if got := GrantedScopes(StaticToken("t")); got != nil {
		t.Errorf("scopes %v of a bare token", got)
	}
}
