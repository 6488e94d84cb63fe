package webex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Credentials are the contents of a credentials file: an integration's client
// and the tokens that a person granted to it. Times are RFC 3339; blank or absent,
// here zero, is not known.
type Credentials struct {
	ClientID              string    `json:"client_id"`
	ClientSecret          string    `json:"client_secret"`
	RefreshToken          string    `json:"refresh_token"`
	AccessToken           string    `json:"access_token"`
	ExpiresAt             time.Time `json:"expires_at,omitzero"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`

	life time.Duration // of the access token as it was granted; 0 = not known
}

// String keeps the secrets out of logs and messages.
func (Credentials) String() string { return "REDACTED" }

// GoString keeps the secrets out of %#v.
func (Credentials) GoString() string { return "REDACTED" }

// ReadCredentials reads a credentials file. One that others than its owner may
// read is refused.
func ReadCredentials(path string) (Credentials, error) {
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
	if c.ClientID == "" || c.ClientSecret == "" || c.RefreshToken == "" {
		return Credentials{}, fmt.Errorf("read credentials: %s lacks client_id, client_secret or refresh_token; sign in again", path)
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
	c.RefreshTokenExpiresAt, err = parseExpiry("refresh_token_expires_at", fields.RefreshTokenExpiresAt)
	return c, err
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
	data, err := json.MarshalIndent(c, "", "  ")
	if err == nil {
		_, err = p.file.Write(append(data, '\n'))
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
