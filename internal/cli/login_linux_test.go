package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal opens a terminal: what is written to person is typed at tty, and
// what tty shows is read from it.
func pseudoTerminal(t *testing.T) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	openTerminals = append(openTerminals, person)
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	openTerminals = append(openTerminals, tty)
	return person, tty
}

// openTerminals stay open: a reader that was given up may still wait at one.
var openTerminals []*os.File

func echoes(t *testing.T, tty *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// The secret is read from a terminal that does not show it, and that shows again
// what is typed after it.
func TestSecretIsNotShown(t *testing.T) {
	person, tty := pseudoTerminal(t)
	a := &app{env: env{stdin: tty}, console: &console{w: tty}, stop: t.Context()}
	type answer struct {
		secret string
		err    error
	}
	read := make(chan answer, 1)
	go func() {
		secret, err := a.readSecret(bufio.NewReader(tty))
		read <- answer{secret, err}
	}()
	for echoes(t, tty) {
		runtime.Gosched()
	}
	if _, err := io.WriteString(person, canarySecret+"\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got.err != nil || got.secret != canarySecret {
		t.Errorf("read %q, %v", got.secret, got.err)
	}
	if !echoes(t, tty) {
		t.Error("the terminal stays mute")
	}
	if _, err := io.WriteString(tty, "the end"); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for buf := make([]byte, 1024); !strings.Contains(shown.String(), "the end"); {
		n, err := person.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(buf[:n])
	}
	if strings.Contains(shown.String(), "canary") {
		t.Errorf("the screen has %q", shown.String())
	}
}

// An interrupt while the secret is asked for leaves a terminal that can be used.
func TestInterruptWhileAskingForTheSecret(t *testing.T) {
	_, tty := pseudoTerminal(t)
	stop, interrupt := context.WithCancelCause(t.Context())
	a := &app{env: env{stdin: tty}, console: &console{w: io.Discard}, stop: stop}
	read := make(chan error, 1)
	go func() {
		_, err := a.readSecret(bufio.NewReader(tty))
		read <- err
	}()
	for echoes(t, tty) {
		runtime.Gosched()
	}
	interrupt(errInterrupted)
	if err := <-read; !errors.Is(err, errInterrupted) {
		t.Errorf("error is %v", err)
	}
	if !echoes(t, tty) {
		t.Error("the terminal stays mute")
	}
}
