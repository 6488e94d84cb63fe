// Package cli is the command line of wholesync: its commands and flags, the
// wiring of the other packages, the exit codes, and what is said to people.
//
// Machine output alone goes to stdout, everything else to stderr. A message
// reads "wholesync: what was being done: what went wrong; hint".
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"wholesync/report"
)

// env is all that a run sees of the process around it, so that tests can run
// commands side by side without touching globals.
type env struct {
	stdin      io.Reader
	stdout     io.Writer
	stderr     io.Writer
	getenv     func(string) string
	now        func() time.Time
	isTerminal func(stream any) bool
	interrupts <-chan os.Signal
}

// Main runs the command line of the process and returns its exit code.
func Main() int {
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, drainSignals()...)
	defer signal.Stop(interrupts)
	// A reader of our output that goes away (| head) must not kill a run that is
	// half-way through its changes; the write then fails like any other.
	signal.Ignore(syscall.SIGPIPE)
	return run(context.Background(), os.Args[1:], env{
		stdin:      os.Stdin,
		stdout:     os.Stdout,
		stderr:     os.Stderr,
		getenv:     os.Getenv,
		now:        time.Now,
		isTerminal: isTerminal,
		interrupts: interrupts,
	})
}

// drainSignals are the signals that end a run. A lost terminal is one of them,
// unless whoever started the process wants it to live on (nohup).
func drainSignals() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func isTerminal(stream any) bool {
	if p, ok := stream.(*patientWriter); ok {
		stream = p.Writer
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, e env) int {
	ctx, stop, release := watchInterrupts(ctx, e.interrupts)
	defer release()
	e.stdout = &patientWriter{Writer: e.stdout}
	a := &app{env: e, console: &console{w: e.stderr}, stop: stop}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	var exit *exitErr
	if err != nil && !(errors.As(err, &exit) && exit.err == nil) {
		fmt.Fprintf(a.console, "wholesync: %s\n", report.Clean(oneLine.Replace(message(err))))
	}
	return code
}

// patientWriter goes on without its reader once that is gone (| head): it has
// what it wanted, and what the command does is not over for that.
type patientWriter struct {
	io.Writer
	gone bool
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if p.gone {
		return len(b), nil
	}
	n, err := p.Writer.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.gone = true
		return len(b), nil
	}
	return n, err
}

// oneLine joins what errors of others, which may end in full stops or have lines
// of their own, make of a message.
var oneLine = strings.NewReplacer(".;", ";", ".\n", "; ", "\n", "; ")

// message words what ended the run. A context that an interrupt ended reports
// "context canceled" from wherever it was noticed, which tells people nothing.
func message(err error) string {
	var exit *exitErr
	if errors.As(err, &exit) {
		return err.Error()
	}
	if code := exitCode(err); code == exitIncomplete || code == exitInterrupted {
		return "interrupted; nothing was sent"
	}
	return err.Error()
}

// watchInterrupts derives two contexts: the first interrupt ends stop, so that
// nothing new is begun; the second ends ctx too, which cuts what is in flight.
func watchInterrupts(parent context.Context, interrupts <-chan os.Signal) (ctx, stop context.Context, release func()) {
	ctx, cut := context.WithCancelCause(parent)
	stop, halt := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		for _, end := range []func(){func() { halt(errInterrupted) }, func() { cut(errCut) }} {
			select {
			case <-interrupts:
				end()
			case <-done:
				return
			}
		}
	}()
	return ctx, stop, func() {
		close(done)
		halt(nil)
		cut(nil)
	}
}

// version is what --version and the run's records say about this build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
