//go:build unix

package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// heedHangUp lets the test, and the processes it starts, hear of a lost terminal
// although whoever started the test may have told it not to (nohup).
func heedHangUp(t *testing.T) {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(heard) })
}

// TestSignalsDrain sends real signals to a real process, one while its first
// write is on the way. The write must be finished and the run be gone on from.
func TestSignalsDrain(t *testing.T) {
	heedHangUp(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			p := newProcess("")
			flags, arrived, release := p.slowly(t)
			args := append(flags, "apply", "--yes", "--concurrency=1", input(t, "desired.csv", newSubscriber+"hooli,second.person@hooli.example,webex_meetings\n"))
			cmd := exec.Command("wholesync", args...) // TestMain put this program there
			for name, value := range p.vars {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			var stdout bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, p.stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() }) // where the test gives up on it
			ended := make(chan error, 1)
			go func() {
				err := cmd.Wait()
				p.stderr.close()
				ended <- err
			}()
			<-arrived
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			p.stderr.await(t, "interrupt again to stop at once")
			release()
			var exit *exec.ExitError
			if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != exitIncomplete {
				t.Errorf("it ended with %v, not with code %d\n%s", err, exitIncomplete, p.stderr)
			}
			for _, words := range []string{"ok             1", "not_attempted  1", "such as ", "the run ended before its turn: interrupted", "Next: wholesync resume "} {
				if !strings.Contains(stdout.String(), words) {
					t.Errorf("the summary lacks %q:\n%s", words, stdout.String())
				}
			}
		})
	}
}

// TestHangUpMayBeIgnored: a run under nohup survives its terminal.
func TestHangUpMayBeIgnored(t *testing.T) {
	heedHangUp(t)
	if !slices.Contains(drainSignals(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost terminal does not end a run")
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(drainSignals(), os.Signal(syscall.SIGHUP)) {
		t.Error("a lost terminal ends a run that was told to live on")
	}
}
