//go:build unix

package batch

import (
	"syscall"
	"testing"
)

// Opening a pipe would wait for its writer.
func TestB22Pipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("fifo.csv", 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := ReadDesired([]string{"fifo.csv"}, ReadOptions{})
	if want := `fifo.csv: cannot open: not a regular file; to read a pipe, redirect it and give "-"`; err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}
