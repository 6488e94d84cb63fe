package webex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Credentials are the contents of a credentials file: an integration's client
// and the tokens that a person granted to it. Times are RFC 3339; blank or absent,
// here zero, is not known.
type Credentials struct {
	ClientID              string    `json:"client_id"`
	ClientSecret          string    `json:"client_secret,omitempty"`
	RefreshToken          string    `json:"refresh_token,omitempty"`
	AccessToken           string    `json:"access_token,omitempty"`
	ExpiresAt             time.Time `json:"expires_at,omitzero"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
	// Scopes are what was granted, separated by spaces; empty is not known.
	Scopes string `json:"scopes,omitempty"`
	// Keychain names the entry of the system's keychain that holds the secrets
	// in place of the file; empty where the file holds them.
	Keychain string `json:"keychain,omitempty"`

	life  time.Duration              // of the access token as it was granted; 0 = not known
	other map[string]json.RawMessage // fields of the file that are not ours
}

// String keeps the secrets out of logs and messages.
func (Credentials) String() string { return "REDACTED" }

// GoString keeps the secrets out of %#v.
func (Credentials) GoString() string { return "REDACTED" }

// ReadCredentials reads a credentials file, and the secrets that it refers to. One
// that others than its owner may read is refused.
func ReadCredentials(path string) (Credentials, error) {
	c, err := readCredentials(path)
	if err == nil && (c.ClientID == "" || c.ClientSecret == "" || c.RefreshToken == "") {
		err = fmt.Errorf("read credentials: %s lacks client_id, client_secret or refresh_token; sign in again", path)
	}
	if err != nil {
		return Credentials{}, err
	}
	return c, nil
}

// readCredentials reads a file that need not be complete.
func readCredentials(path string) (Credentials, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("read credentials: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return Credentials{}, fmt.Errorf("read credentials: others may read %s; run chmod 600 %s", path, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Credentials{}, fmt.Errorf("read credentials: %w", err)
	}
	c, err := parseCredentials(data)
	if err != nil {
		return Credentials{}, fmt.Errorf("read credentials: %s: %w", path, err)
	}
	if err := c.fetchSecrets(); err != nil {
		return Credentials{}, fmt.Errorf("read credentials: %s: %w", path, err)
	}
	return c, nil
}

// parseCredentials reads the JSON of a credentials file. Its errors name the
// field and never quote what is in it, which may be a secret.
func parseCredentials(data []byte) (Credentials, error) {
	var fields struct {
		Credentials
		ExpiresAt             string `json:"expires_at"`
		RefreshTokenExpiresAt string `json:"refresh_token_expires_at"`
	}
	err := json.Unmarshal(data, &fields)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped) && mistyped.Field != "":
		return Credentials{}, fmt.Errorf("the field %q is no text", strings.TrimPrefix(mistyped.Field, "Credentials."))
	case err != nil:
		return Credentials{}, errors.New("not JSON of the expected form")
	}
	c := fields.Credentials
	if c.ExpiresAt, err = parseExpiry("expires_at", fields.ExpiresAt); err != nil {
		return Credentials{}, err
	}
	if c.RefreshTokenExpiresAt, err = parseExpiry("refresh_token_expires_at", fields.RefreshTokenExpiresAt); err != nil {
		return Credentials{}, err
	}
	c.other, err = otherFields(data)
	return c, err
}

// ownFields are the names of a credentials file, which JSON matches without
// regard to case.
var ownFields = []string{
	"client_id", "client_secret", "refresh_token", "access_token", "expires_at", "refresh_token_expires_at", "scopes", "keychain",
}

// otherFields are what somebody else keeps in the file.
func otherFields(data []byte) (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, errors.New("not JSON of the expected form")
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool {
		return slices.ContainsFunc(ownFields, func(own string) bool { return strings.EqualFold(own, name) })
	})
	return all, nil
}

// encode is the reverse of parseCredentials, without secrets that are kept
// elsewhere.
func (c Credentials) encode() ([]byte, error) {
	if c.Keychain != "" {
		c.ClientSecret, c.RefreshToken, c.AccessToken = "", "", ""
	}
	own, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(own, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, c.other)
	data, err := json.MarshalIndent(all, "", "  ")
	return append(data, '\n'), err
}

// parseExpiry reads a time of a credentials file; a blank one is not known.
func parseExpiry(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("the field %q is no time; write it like 2026-01-31T12:00:00Z, or leave it blank", field)
	}
	return at, nil
}

// WriteCredentials replaces a credentials file as a whole, or leaves it as it
// was. The new one is on disk, readable by its owner alone, when it returns.
func WriteCredentials(path string, c Credentials) error {
	file, err := newCredentialsFile(path)
	if err != nil {
		return err
	}
	return file.commit(c)
}

// PrepareCredentials looks, before a person signs in, whether the result could
// be saved at path. It returns what is there, which need not be complete, and
// nothing where there is no file.
func PrepareCredentials(path string) (Credentials, error) {
	c, err := readCredentials(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Credentials{}, err
	}
	file, err := newCredentialsFile(path)
	if err != nil {
		return Credentials{}, err
	}
	file.discard()
	return c, nil
}

// SaveCredentials replaces what a credentials file says of its client and
// tokens, and keeps what else is in it. It waits for other processes that are
// about to change the file.
func SaveCredentials(ctx context.Context, path string, c Credentials) error {
	unlock, err := lockCredentials(ctx, path)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := readCredentials(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.other = old.other
	if err := WriteCredentials(path, c); err != nil {
		return err
	}
	if old.Keychain != "" && old.Keychain != c.Keychain {
		forgetSecrets(old.Keychain)
	}
	return nil
}

// pendingFile is the successor of a credentials file before it takes its place.
type pendingFile struct {
	file   *os.File
	target string
}

// newCredentialsFile creates the successor next to the file. Doing that before
// a refresh token is spent tells early that the result could not be kept.
func newCredentialsFile(path string) (*pendingFile, error) {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = path, nil
	}
	if err != nil {
		return nil, fmt.Errorf("write credentials: %w", err)
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".credentials-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write credentials: %w", err)
	}
	return &pendingFile{file: file, target: target}, nil
}

// discard removes the successor.
func (p *pendingFile) discard() {
	_ = p.file.Close()
	_ = os.Remove(p.file.Name())
}

// commit puts c on disk and into place.
func (p *pendingFile) commit(c Credentials) error {
	data, err := c.encode()
	if err == nil {
		err = c.storeSecrets()
	}
	if err == nil {
		_, err = p.file.Write(data)
	}
	if err == nil {
		err = p.file.Sync()
	}
	if err != nil {
		p.discard()
		return fmt.Errorf("write credentials: %w", err)
	}
	if err := p.file.Close(); err != nil {
		p.discard()
		return fmt.Errorf("write credentials: %w", err)
	}
	if err := os.Rename(p.file.Name(), p.target); err != nil {
		p.discard()
		return fmt.Errorf("write credentials: %w", err)
	}
	return syncDir(filepath.Dir(p.target))
}

// lockCredentials takes the lock beside a credentials file and returns what
// gives it back. The lock also works between processes.
func lockCredentials(ctx context.Context, path string) (func(), error) {
	file, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock credentials: %w", err)
	}
	for {
		held, err := tryLock(file)
		if held {
			return func() { _ = file.Close() }, nil // closing unlocks
		}
		if err == nil {
			err = sleep(ctx, lockInterval)
		}
		if err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("lock credentials: %w", err)
		}
	}
}

const lockInterval = 50 * time.Millisecond
