package cli

import (
	"crypto/sha256"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// wants runs a command and compares its exit code.
func (p *process) wants(t *testing.T, code int, args ...string) {
	t.Helper()
	if got := p.run(args...); got != code {
		t.Errorf("exit code %d, not %d\n%s", got, code, p.stderr)
	}
}

// next is another process of the same user.
func (p *process) next() *process {
	n := newProcess("")
	n.vars = p.vars
	return n
}

// TestNoConnection: nobody answers, or nobody who can be trusted. Nothing can be
// planned then.
func TestNoConnection(t *testing.T) {
	leavesNothing(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	untrusted := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for _, url := range []string{closed, untrusted.URL} {
		p := newProcess("")
		p.at(t, http.NotFoundHandler())
		p.vars[envToken] = "token"
		dir := filepath.Join(t.TempDir(), "run")
		p.wants(t, exitError, "apply", "--yes", "--base-url="+url+"/v1", "--max-outage=50ms", "--run-dir="+dir, input(t, "desired.csv", newSubscriber))
		if _, err := os.Stat(dir); err == nil {
			t.Error("a run was begun")
		}
	}
}

// TestSecondRunIsKeptOff starts a run beside another on the same organization,
// from another directory.
func TestSecondRunIsKeptOff(t *testing.T) {
	leavesNothing(t)
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	desired := input(t, "desired.csv", newSubscriber)
	first := p.start(append(flags, "apply", "--yes", desired)...)
	<-arrived
	second := p.next()
	dir := filepath.Join(t.TempDir(), "second")
	second.wants(t, exitLocked, append(flags, "apply", "--yes", "--run-dir="+dir, desired)...)
	if said := second.stderr.String(); !strings.Contains(said, flagOf(flags, "--run-dir")) {
		t.Errorf("it does not say who is at work: %s", said)
	}
	release()
	if code := <-first; code != exitOK {
		t.Errorf("the first run: exit code %d\n%s", code, p.stderr)
	}
	third := p.next()
	third.wants(t, exitOK, append(flags, "apply", "--yes", "--run-dir="+dir, desired)...)
}

// TestCutRunIsResumed: the second interrupt leaves a write in the dark, and a
// resumed run finds out.
func TestCutRunIsResumed(t *testing.T) {
	leavesNothing(t)
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	code := p.start(append(flags, "apply", "--yes", input(t, "desired.csv", newSubscriber))...)
	<-arrived
	p.interrupts <- os.Interrupt
	p.interrupts <- os.Interrupt
	if got := <-code; got != exitInterrupted {
		t.Errorf("exit code %d, not %d\n%s", got, exitInterrupted, p.stderr)
	}
	dir := flagOf(flags, "--run-dir")
	if got := column(readResults(t, filepath.Join(dir, resultsFile)), "outcome"); len(got) != 1 || got[0] != "unknown" {
		t.Errorf("outcomes are %v", got)
	}
	release()
	p.next().wants(t, exitOK, append(flags, "resume", dir)...)
	if got := column(readResults(t, filepath.Join(dir, resultsFile)), "outcome"); len(got) != 1 || got[0] != "ok" {
		t.Errorf("outcomes are %v", got)
	}
}

// TestResultsAgain: what the disk did not take is written again out of the
// journal, without the API, and as it would have been.
func TestResultsAgain(t *testing.T) {
	p := newProcess("")
	flags := p.against(t)
	dir := flagOf(flags, "--run-dir")
	p.wants(t, exitOK, append(flags, "apply", "--yes", input(t, "desired.csv", newSubscriber))...)
	results := filepath.Join(dir, resultsFile)
	before := sumOf(t, results)
	if err := os.Remove(results); err != nil {
		t.Fatal(err)
	}
	nobody := newProcess("")
	nobody.wants(t, exitOK, "results", dir)
	if before != sumOf(t, results) {
		t.Error("the results are others now")
	}
	p.next().wants(t, exitOK, append(flags, "resume", dir)...)
	if before != sumOf(t, results) {
		t.Error("the results are others after a resume")
	}
}

func sumOf(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(content)
}

// TestNoRunDirectory: where nothing can be written down, nothing is sent.
func TestNoRunDirectory(t *testing.T) {
	p := newProcess("")
	box := p.sandbox(t)
	flags := p.at(t, box)
	inTheWay := input(t, "file", "")
	p.wants(t, exitFiles, append(flags, "apply", "--yes", "--run-dir="+filepath.Join(inTheWay, "run"), input(t, "desired.csv", newSubscriber))...)
	if log := requestLog(t, box); len(log) != 0 {
		t.Errorf("%d requests were sent", len(log))
	}
}

// brittle is a stream that nobody reads any more from some time on.
type brittle struct {
	*screen
	gone atomic.Bool
}

func (b *brittle) Write(p []byte) (int, error) {
	if b.gone.Load() {
		return 0, errors.New("broken pipe")
	}
	return b.screen.Write(p)
}

// TestNobodyReads: a terminal that goes away in the middle does not end the run.
func TestNobodyReads(t *testing.T) {
	leavesNothing(t)
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	stderr := &brittle{screen: p.stderr}
	code := make(chan int)
	go func() {
		code <- run(t.Context(), append(flags, "--log-level=debug", "apply", "--yes", input(t, "desired.csv", newSubscriber)), env{
			stdin: p.stdin, stdout: p.stdout, stderr: stderr, now: time.Now,
			getenv:     func(name string) string { return p.vars[name] },
			isTerminal: func(any) bool { return false },
		})
	}()
	<-arrived
	stderr.gone.Store(true)
	release()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d", got)
	}
	if got := column(readResults(t, filepath.Join(flagOf(flags, "--run-dir"), resultsFile)), "outcome"); len(got) != 1 || got[0] != "ok" {
		t.Errorf("outcomes are %v", got)
	}
}
