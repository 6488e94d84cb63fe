//go:build unix

package batch

import (
	"errors"
	"os"
	"testing"
)

func TestJournalFileIsPrivate(t *testing.T) {
	_, path := createJournal(t)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

// TestGuardedFault: a mapped page that the disk does not give is an error of the
// journal, not the end of the process.
func TestGuardedFault(t *testing.T) {
	j, path := createJournal(t)
	must(t, j.Intend(writeOf("a", 1)), os.Truncate(path, 0))
	var journal *JournalError
	if _, err := j.History(); !errors.As(err, &journal) || !isPanic(err) {
		t.Errorf("reading: %v", err)
	}
	if err := j.Intend(writeOf("b", 1)); !errors.As(err, &journal) {
		t.Errorf("writing: %v", err)
	}
}
