package batch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const lockURL = "https://api.example.com/v1"

func lockOrganization(t *testing.T, dir, url, organization string) *RunLock {
	t.Helper()
	l, err := LockOrganization(dir, url, organization)
	must(t, err)
	t.Cleanup(func() { _ = l.file.Close() }) // most are closed by then; it also keeps the file from the garbage collector
	return l
}

func wantLocked(t *testing.T, dir, url, organization string) *LockedError {
	t.Helper()
	l, err := LockOrganization(dir, url, organization)
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got %v, %v", l, err)
	}
	return locked
}

func TestLockIsOfOneOrganization(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "locks")
	l := lockOrganization(t, dir, lockURL, "org-1")
	runDir := t.TempDir()
	must(t, l.NameRunDir(runDir))

	locked := wantLocked(t, dir, "https://API.example.com/v1/", "org-1")
	for _, part := range []string{fmt.Sprintf("process %d", os.Getpid()), fmt.Sprintf("%q", runDir), "organization org-1", "since 2"} {
		if !strings.Contains(locked.Error(), part) {
			t.Errorf("%q does not say %q", locked.Error(), part)
		}
	}
	must(t, lockOrganization(t, dir, lockURL, "org-2").Close(), lockOrganization(t, dir, "http://127.0.0.1:80", "org-1").Close())

	must(t, l.Close(), lockOrganization(t, dir, lockURL, "org-1").Close())
}

// The note is for people. The lock holds whatever it says.
func TestLockWithDamagedNote(t *testing.T) {
	dir := t.TempDir()
	l := lockOrganization(t, dir, lockURL, "org-1")
	note := notePath(l.file.Name())
	for _, text := range []string{"", "{", `{"pid":"x"}`, "\x00\xff", strings.Repeat(" ", maxNote) + "{}", "[]"} {
		must(t, os.WriteFile(note, []byte(text), 0o600))
		if locked := wantLocked(t, dir, lockURL, "org-1"); locked.Owner != (Owner{}) || !strings.Contains(locked.Error(), "another run") {
			t.Errorf("note %.20q: %v", text, locked)
		}
	}
	must(t, os.WriteFile(note, []byte(`{"pid":7,"host":"h\u001b[31m","user":"u","run_dir":"d\n"}`), 0o600))
	if text := wantLocked(t, dir, lockURL, "org-1").Error(); strings.ContainsAny(text, "\x1b\n") || !strings.Contains(text, `"h\x1b[31m"`) {
		t.Errorf("%q", text)
	}
	must(t, os.Remove(note))
	wantLocked(t, dir, lockURL, "org-1")
}

func TestLockEndsWithItsProcess(t *testing.T) {
	dir := t.TempDir()
	cmd, lines := child(t, "TestLockingChild", dir)
	if !lines.Scan() || lines.Text() != "locked" {
		t.Fatalf("the child says %q", lines.Text())
	}
	if locked := wantLocked(t, dir, lockURL, "org-1"); locked.Owner.PID != cmd.Process.Pid {
		t.Errorf("owner %+v, want process %d", locked.Owner, cmd.Process.Pid)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // it says that it was killed
	must(t, lockOrganization(t, dir, lockURL, "org-1").Close())
}

func TestLockingChild(t *testing.T) {
	dir := os.Getenv(childPath)
	if dir == "" {
		return
	}
	lockOrganization(t, dir, lockURL, "org-1")
	fmt.Println("locked")
	time.Sleep(time.Minute) // it is killed long before
}

func TestLockWithoutDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := LockOrganization(file, lockURL, "org-1"); err == nil || !strings.Contains(err.Error(), "locking organization org-1") {
		t.Error(err)
	}
}

func TestStateDir(t *testing.T) {
	home := filepath.Join("/home", "u", ".local", "state")
	tests := []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"XDG_STATE_HOME": "/x/state", "HOME": "/home/u"}, "/x/state"},
		{map[string]string{"HOME": "/home/u"}, home},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": "/home/u"}, home},
		{nil, ""},
	}
	if runtime.GOOS == "windows" {
		tests = tests[3:]
		tests = append(tests, struct {
			env  map[string]string
			want string
		}{map[string]string{"LocalAppData": `C:\u`}, `C:\u`})
	}
	for _, test := range tests {
		got, err := StateDir(func(name string) string { return test.env[name] })
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%v: %q, %v", test.env, got, err)
		}
	}
}

// One API has one lock, however its address is written.
func TestLockNames(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://webexapis.com/v1", "https://WebexAPIs.com/v1/", true},
		{"http://127.0.0.1:8089/v1", "http://localhost:8089/v1", true},
		{"http://127.0.0.1:8089/v1", "http://[::1]:8089/v1", true},
		{"http://127.0.0.1:8089/v1", "http://127.0.0.1:8090/v1", false},
		{"https://webexapis.com/v1", "https://other.example/v1", false},
	} {
		if got := lockName(c.a, "org") == lockName(c.b, "org"); got != c.same {
			t.Errorf("%s and %s: the same lock is %v", c.a, c.b, got)
		}
	}
}
