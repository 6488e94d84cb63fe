package cli

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// brokenStream takes nothing.
type brokenStream struct{ err error }

func (b brokenStream) Write([]byte) (int, error) { return 0, b.err }

// TestStdoutFails looks at runs whose summary nobody can read. What was done
// stays done and written down.
func TestStdoutFails(t *testing.T) {
	bad := newSubscriber + "initech,second.person@hooli.example,webex_meetings\n" // a package that its customer does not have
	for _, tt := range []struct {
		name string
		err  error
		rows string
		code int
		says string
	}{
		{"a full disk", syscall.ENOSPC, newSubscriber, exitFiles, "wholesync: printing the summary: no space left on device\n"},
		{"a reader that has gone", syscall.EPIPE, newSubscriber, exitOK, ""},
		{"a reader that has gone, and rows that failed", syscall.EPIPE, bad, exitRows, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProcess("")
			p.out = brokenStream{tt.err}
			dir := filepath.Join(t.TempDir(), "run")
			args := append(p.against(t), "apply", "--yes", "--skip-invalid", "--run-dir="+dir, input(t, "desired.csv", tt.rows))
			if code := p.run(args...); code != tt.code {
				t.Errorf("exit code %d, not %d\n%s", code, tt.code, p.stderr)
			}
			if !strings.HasSuffix(p.stderr.String(), tt.says) {
				t.Errorf("stderr does not end in %q:\n%s", tt.says, p.stderr)
			}
			for _, name := range []string{resultsFile, summaryFile} {
				if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestSideFileFailsAtTheEnd takes away the place of the metrics while the run is
// on: that is told, after everything else.
func TestSideFileFailsAtTheEnd(t *testing.T) {
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	dir, side := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "side")
	if err := os.Mkdir(side, 0o700); err != nil {
		t.Fatal(err)
	}
	code := p.start(append(flags, "apply", "--yes", "--run-dir="+dir, "--metrics-textfile="+filepath.Join(side, "ws.prom"), input(t, "desired.csv", newSubscriber))...)
	<-arrived
	if err := os.Remove(side); err != nil {
		t.Fatal(err)
	}
	release()
	if got := <-code; got != exitFiles {
		t.Errorf("exit code %d, not %d", got, exitFiles)
	}
	if !strings.Contains(p.stdout.String(), "ok  1  done") {
		t.Errorf("the summary is not there:\n%s", p.stdout)
	}
	if last := lastLine(p.stderr); !strings.HasPrefix(last, "wholesync: writing metrics: ") {
		t.Errorf("the last line is %q", last)
	}
	if content, err := os.ReadFile(filepath.Join(dir, resultsFile)); err != nil || !strings.Contains(string(content), ",provision,ok,") {
		t.Errorf("results.csv: %v\n%s", err, content)
	}
}

// TestOutputsAreTriedFirst wants nothing to be sent for a run that could not
// write a file at its end.
func TestOutputsAreTriedFirst(t *testing.T) {
	for _, flag := range []string{"--metrics-textfile=", "--html="} {
		for name, path := range map[string]string{"no folder": filepath.Join(t.TempDir(), "missing", "out"), "a folder": t.TempDir()} {
			p := newProcess("")
			var asked atomic.Int64
			api := counting(p.sandbox(t), &asked)
			if code := p.run(append(p.at(t, api), "apply", "--yes", flag+path, input(t, "desired.csv", newSubscriber))...); code != exitFiles {
				t.Errorf("%s: %s: exit code %d, not %d\n%s", flag, name, code, exitFiles, p.stderr)
			}
			if !strings.Contains(p.stderr.String(), "cannot be written: ") {
				t.Errorf("%s: %s: stderr is %s", flag, name, p.stderr)
			}
			if n := asked.Load(); n > 0 {
				t.Errorf("%s: %s: %d requests were sent", flag, name, n)
			}
		}
	}
	p := newProcess("")
	file := input(t, "desired.csv", newSubscriber)
	if code := p.run(append(p.against(t), "apply", "--yes", "--metrics-textfile="+file, file)...); code != exitError {
		t.Errorf("the input as the file of metrics: exit code %d\n%s", code, p.stderr)
	}
}

// counting counts the requests to an API.
func counting(api http.Handler, n *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		api.ServeHTTP(w, r)
	})
}

// TestBarLeavesStdoutAlone looks at stdout while a bar is on the terminal.
func TestBarLeavesStdoutAlone(t *testing.T) {
	p := newProcess("")
	p.tty = true
	flags, arrived, release := p.slowly(t)
	code := p.start(append(flags, "apply", "--yes", "--color=never", input(t, "desired.csv", newSubscriber))...)
	<-arrived
	p.stderr.await(t, "applying")
	if said := p.stdout.String(); said != "" {
		t.Errorf("stdout has %q", said)
	}
	release()
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d\n%s", got, p.stderr)
	}
	if said := p.stdout.String(); strings.Contains(said, "applying") || strings.ContainsAny(said, "\r\x1b") || !strings.HasPrefix(said, "1 row in ") {
		t.Errorf("stdout is %q", said)
	}
}

func TestColors(t *testing.T) {
	for _, tt := range []struct {
		name string
		vars map[string]string
		flag string
		want bool
	}{
		{"a terminal", nil, "auto", true},
		{"$NO_COLOR", map[string]string{"NO_COLOR": "1"}, "auto", false},
		{"a dumb terminal", map[string]string{"TERM": "dumb"}, "auto", false},
		{"asked for", map[string]string{"NO_COLOR": "1"}, "always", true},
		{"not wanted", nil, "never", false},
	} {
		p := newProcess("")
		p.tty = true
		args := append(p.against(t), "plan", "--color="+tt.flag, input(t, "desired.csv", newSubscriber))
		for name, value := range tt.vars {
			p.vars[name] = value
		}
		if code := p.run(args...); code != exitOK {
			t.Fatalf("%s: exit code %d\n%s", tt.name, code, p.stderr)
		}
		if got := strings.Contains(p.stdout.String(), "\x1b["); got != tt.want {
			t.Errorf("%s: coloured %v, want %v", tt.name, got, tt.want)
		}
	}
}
