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
	"time"
)

// Credentials are the contents of a credentials file: an integration's client
// and the tokens that a person granted to it. Times are RFC 3339, zero = not known.
type Credentials struct {
	ClientID              string    `json:"client_id"`
	ClientSecret          string    `json:"client_secret"`
	RefreshToken          string    `json:"refresh_token"`
	AccessToken           string    `json:"access_token"`
	ExpiresAt             time.Time `json:"expires_at,omitzero"`
	RefreshTokenExpiresAt time.Time `json:"refresh_token_expires_at,omitzero"`
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
	var c Credentials
	if err := json.Unmarshal(data, &c); err != nil {
		// The JSON error may quote what it met, and that may be a secret.
		return Credentials{}, fmt.Errorf("read credentials: %s is not JSON of the expected form", path)
	}
	if c.ClientID == "" || c.ClientSecret == "" || c.RefreshToken == "" {
		return Credentials{}, fmt.Errorf("read credentials: %s lacks client_id, client_secret or refresh_token; sign in again", path)
	}
	return c, nil
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
