package batch

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func writeText(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// checkFile holds a folder against the one file that must be in it.
func checkFile(t *testing.T, path, content string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != content {
		t.Errorf("content is %q, error %v", data, err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside it lie %v, error %v", entries, err)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	for _, text := range []string{"first", strings.Repeat("long ", 1<<16), ""} {
		if err := WriteFile(path, writeText(text)); err != nil {
			t.Fatal(err)
		}
		checkFile(t, path, text)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

var errHalfway = errors.New("halfway")

// Whoever writes may fail at any point; the old content stays.
func TestWriteFileFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := WriteFile(path, writeText("old")); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, func(w io.Writer) error {
		return errors.Join(writeText(strings.Repeat("new ", 1<<16))(w), errHalfway)
	})
	if !errors.Is(err, errHalfway) || !strings.HasPrefix(err.Error(), "writing "+path+": ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %q", err)
	}
	checkFile(t, path, "old")
}

// What a killed process has left goes with the next file of the name; what
// somebody may be writing to, and what is not ours, stays.
func TestWriteFileSweeps(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".r.csv.123": 2 * time.Hour, ".r.csv.9": time.Minute, ".r.csv.": 2 * time.Hour, ".r.csv.1a": 2 * time.Hour, ".x.csv.123": 2 * time.Hour, "r.csv.123": 2 * time.Hour} {
		path, at := filepath.Join(dir, name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteFile(filepath.Join(dir, "r.csv"), writeText("rows")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".r.csv.", ".r.csv.1a", ".r.csv.9", ".x.csv.123", "r.csv", "r.csv.123"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left are %q, %v, want %q", left, err, want)
	}
}

// A link is replaced, and what it points to is left alone.
func TestWriteFileReplacesLinks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.csv")
	if err := os.Symlink(secret, path); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, writeText("rows")); err != nil {
		t.Fatal(err)
	}
	checkFile(t, path, "rows")
	checkFile(t, secret, "secret")
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		t.Errorf("it is %v, error %v", info.Mode(), err)
	}
}

// A folder that takes no files is named, before anything is written.
func TestWriteFileNowhere(t *testing.T) {
	called := false
	for _, path := range []string{filepath.Join(t.TempDir(), "missing", "results.csv"), "/dev/null/results.csv"} {
		err := WriteFile(path, func(io.Writer) error { called = true; return nil })
		if err == nil || called || !strings.HasPrefix(err.Error(), "writing "+path) {
			t.Errorf("called is %v, error %v", called, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "results.csv")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, writeText("rows")); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left are %v, error %v", entries, err)
	}
}
