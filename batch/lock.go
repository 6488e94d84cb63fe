package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Owner says who holds the lock of an organization.
type Owner struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host,omitempty"`
	User    string    `json:"user,omitempty"`
	Started time.Time `json:"started"`
	RunDir  string    `json:"run_dir,omitempty"`
}

// LockedError says that another run works on the same organization.
type LockedError struct {
	Organization string
	Owner        Owner // zero where its note cannot be read
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("locking organization %s: %s works on it; wait until that run has ended", e.Organization, e.Owner)
}

// String names the process, as far as it is known. A note is a file that others
// may have written, so its texts are quoted.
func (o Owner) String() string {
	if o.PID == 0 {
		return "another run"
	}
	text := fmt.Sprintf("process %d", o.PID)
	if o.User != "" {
		text += fmt.Sprintf(" of %q", o.User)
	}
	if o.Host != "" {
		text += fmt.Sprintf(" on %q", o.Host)
	}
	if !o.Started.IsZero() {
		text += " since " + o.Started.UTC().Format(time.RFC3339)
	}
	if o.RunDir != "" {
		text += fmt.Sprintf(" (run directory %q)", o.RunDir)
	}
	return text
}

// RunLock keeps other runs off an organization. The operating system drops it
// with the process, however that ends, so no lock is ever stale. It is held until
// Close: the holder must keep the RunLock.
type RunLock struct {
	file  *os.File
	owner Owner
}

// LockOrganization takes the lock of one organization behind one API, or fails
// at once with a *[LockedError]. The lock and a note about who holds it are files
// in stateDir, which is made where it is missing.
func LockOrganization(stateDir, baseURL, organization string) (*RunLock, error) {
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, fmt.Errorf("locking organization %s: %w", organization, err)
	}
	path := filepath.Join(stateDir, lockName(baseURL, organization)+".lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking organization %s: %w", organization, err)
	}
	free, err := tryLock(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("locking organization %s: %w", organization, errors.Join(err, file.Close()))
	case !free:
		_ = file.Close() // nothing was written to it
		return nil, &LockedError{organization, readOwner(notePath(path))}
	}
	l := &RunLock{file: file, owner: thisProcess()}
	if err := l.writeNote(); err != nil {
		return nil, fmt.Errorf("locking organization %s: %w", organization, errors.Join(err, file.Close()))
	}
	return l, nil
}

// lockName is the same for the same organization, however the URL is spelled.
func lockName(baseURL, organization string) string {
	place := strings.ToLower(strings.TrimRight(baseURL, "/"))
	if u, err := url.Parse(place); err == nil {
		if host := u.Hostname(); host == "localhost" || net.ParseIP(host).IsLoopback() {
			place = u.Scheme + "://loopback:" + u.Port() + u.Path
		}
	}
	sum := sha256.Sum256([]byte(place + "\n" + organization))
	return hex.EncodeToString(sum[:16])
}

// NameRunDir adds the run's directory to the note that others are shown.
func (l *RunLock) NameRunDir(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	l.owner.RunDir = abs
	return l.writeNote()
}

// Close gives the lock back. The lock's file stays: whoever removes it may take
// it from under a process that has just opened it.
func (l *RunLock) Close() error {
	return errors.Join(os.Remove(notePath(l.file.Name())), l.file.Close())
}

func (l *RunLock) writeNote() error {
	return WriteFile(notePath(l.file.Name()), func(w io.Writer) error { return json.NewEncoder(w).Encode(l.owner) })
}

func notePath(lock string) string { return strings.TrimSuffix(lock, ".lock") + ".json" }

// thisProcess describes the caller as far as the system tells.
func thisProcess() Owner {
	o := Owner{PID: os.Getpid(), Started: time.Now().UTC().Truncate(time.Second)}
	if host, err := os.Hostname(); err == nil {
		o.Host = host
	}
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	return o
}

// maxNote bounds what is read from a note.
const maxNote = 64 << 10

// readOwner reads a note. One that is missing, cut or not a note names nobody:
// the lock holds all the same.
func readOwner(path string) Owner {
	data, err := readBounded(path, maxNote)
	if err != nil {
		return Owner{}
	}
	var o Owner
	if json.Unmarshal(data, &o) != nil {
		return Owner{}
	}
	return o
}

// StateDir is the directory under which programs keep their state for this user:
// $XDG_STATE_HOME, or .local/state in the home directory; on Windows %LocalAppData%.
func StateDir(getenv func(string) string) (string, error) {
	if runtime.GOOS == "windows" {
		if dir := getenv("LocalAppData"); dir != "" {
			return dir, nil
		}
		return "", errors.New("finding the state directory: LocalAppData is not set")
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) { // a relative one is to be ignored, says the XDG specification
		return dir, nil
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state"), nil
	}
	return "", errors.New("finding the state directory: HOME is not set; set it or XDG_STATE_HOME")
}
