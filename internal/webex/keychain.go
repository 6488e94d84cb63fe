package webex

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"
)

// keychainService is the name that all entries in the keychain have in common.
const keychainService = "wholesync"

// keptSecrets are what an entry of the keychain holds, as JSON.
type keptSecrets struct {
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
	AccessToken  string `json:"access_token"`
}

// NewKeychainEntry makes a name for an entry of the system's keychain, for
// Credentials.Keychain.
func NewKeychainEntry() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return "credentials-" + hex.EncodeToString(b[:])
}

// fetchSecrets completes credentials whose secrets are in the keychain.
func (c *Credentials) fetchSecrets() error {
	if c.Keychain == "" {
		return nil
	}
	text, err := keyring.Get(keychainService, c.Keychain)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil // the entry was removed: as good as a file without secrets
	}
	if err != nil {
		return fmt.Errorf("the keychain cannot be read: %w; unlock it, or sign in again without --keychain", err)
	}
	var kept keptSecrets
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return errors.New("the entry in the keychain is not as it was written; sign in again")
	}
	c.ClientSecret, c.RefreshToken, c.AccessToken = kept.ClientSecret, kept.RefreshToken, kept.AccessToken
	return nil
}

// storeSecrets puts the secrets into the keychain, where they belong there.
func (c Credentials) storeSecrets() error {
	if c.Keychain == "" {
		return nil
	}
	text, err := json.Marshal(keptSecrets{c.ClientSecret, c.RefreshToken, c.AccessToken})
	if err == nil {
		err = keyring.Set(keychainService, c.Keychain, string(text))
	}
	if err != nil {
		return fmt.Errorf("the keychain cannot be written: %w; unlock it, or sign in again without --keychain", err)
	}
	return nil
}

// forgetSecrets removes an entry that nothing refers to any more. One that cannot
// be removed does no harm.
func forgetSecrets(entry string) { _ = keyring.Delete(keychainService, entry) }
