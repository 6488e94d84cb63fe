package webex

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whatever a credentials file holds: what is read is written and read again as the
// same, what is not ours included, and no error quotes the file.
func FuzzCredentials(f *testing.F) {
	for _, seed := range []string{
		`{"client_id":"c","client_secret":"s","refresh_token":"r","access_token":"a","expires_at":"2026-01-31T12:00:00.5+02:00","scopes":"a b"}`,
		`{"CLIENT_ID":"c","client_id":"d","owner":{"team":["noc",null]},"n":1e400}`,
		`{"keychain":"credentials-1","refresh_token_expires_at":""}`,
		`{"expires_at":"canary-canary"}`, `{"client_id":1}`, `null`, `[]`, `"canary-canary`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCredentials(data)
		if err != nil {
			if text := err.Error(); strings.Contains(text, "canary") {
				t.Errorf("the error quotes the file: %s", text)
			}
			return
		}
		written, err := c.encode()
		if err != nil {
			t.Fatalf("%q is read and cannot be written: %v", data, err)
		}
		again, err := parseCredentials(written)
		if err != nil {
			t.Fatalf("%q is written as %q, which cannot be read: %v", data, written, err)
		}
		if c.Keychain != "" {
			c.ClientSecret, c.RefreshToken, c.AccessToken = "", "", ""
		}
		if !c.ExpiresAt.Equal(again.ExpiresAt) || !c.RefreshTokenExpiresAt.Equal(again.RefreshTokenExpiresAt) {
			t.Errorf("%q: the times are other ones in %q", data, written)
		}
		for _, field := range [][2]string{
			{c.ClientID, again.ClientID}, {c.ClientSecret, again.ClientSecret}, {c.RefreshToken, again.RefreshToken},
			{c.AccessToken, again.AccessToken}, {c.Scopes, again.Scopes}, {c.Keychain, again.Keychain},
		} {
			if field[0] != field[1] {
				t.Errorf("%q: %q becomes %q", data, field[0], field[1])
			}
		}
		if len(c.other) != len(again.other) {
			t.Errorf("%q has %d other fields, and %q has %d", data, len(c.other), written, len(again.other))
		}
		for name := range c.other {
			if !json.Valid(again.other[name]) {
				t.Errorf("%q: the field %q is lost in %q", data, name, written)
			}
		}
	})
}
