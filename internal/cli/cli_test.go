package cli

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wholesync/internal/sandbox"
	"wholesync/report"
)

// newSubscriber asks for one person more at a customer of the demo estate.
const newSubscriber = "customer_external_id,email,package\nhooli,new.person@hooli.example,webex_meetings\n"

func TestAgreement(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		tty          bool
		flags        []string
		code         int
		says         string
	}{
		{"yes", "yes\n", true, nil, exitOK, "Apply 1 change, no deletes? Type yes: "},
		{"yes in capitals", "YES \n", true, nil, exitOK, ""},
		{"y is not yes", "y\nn\n", true, nil, exitGuard, "the answer was not yes, so nothing was sent"},
		{"asked once more", "y\nyes\n", true, nil, exitOK, "Type yes: Type yes in full, or anything else to stop: "},
		{"asked twice at most", "y\ny\nyes\n", true, nil, exitGuard, "asking for agreement to apply 1 change, no deletes: the answer was not yes"},
		{"no", "no\n", true, nil, exitGuard, "the answer was not yes"},
		{"end of input", "", true, nil, exitGuard, "the answer was not yes"},
		{"nobody there", "yes\n", false, nil, exitGuard, "stdin is not a terminal, so nothing was sent; give --yes"},
		{"given before", "", false, []string{"--yes"}, exitOK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProcess(tt.answer)
			p.tty = tt.tty
			args := append([]string{"apply", input(t, "desired.csv", newSubscriber)}, p.against(t)...)
			if code := p.run(append(args, tt.flags...)...); code != tt.code {
				t.Errorf("exit code %d, not %d\n%s", code, tt.code, p.stderr)
			}
			if !strings.Contains(p.stderr.String(), tt.says) {
				t.Errorf("stderr lacks %q:\n%s", tt.says, p.stderr)
			}
		})
	}
}

func TestFirstInterruptDrains(t *testing.T) {
	p := newProcess("")
	desired := input(t, "desired.csv", newSubscriber+"hooli,second.person@hooli.example,webex_meetings\n")
	flags, arrived, release := p.slowly(t)
	code := p.start(append(flags, "apply", "--yes", "--concurrency=1", desired)...)
	<-arrived
	p.interrupts <- os.Interrupt
	p.stderr.await(t, "interrupt again to stop at once")
	release()
	if got := <-code; got != exitIncomplete {
		t.Errorf("exit code %d, not %d\n%s", got, exitIncomplete, p.stderr)
	}
	for _, words := range []string{"ok             1", "not_attempted  1"} {
		if !strings.Contains(p.stdout.String(), words) {
			t.Errorf("the summary lacks %q:\n%s", words, p.stdout)
		}
	}
}

func TestSecondInterruptCuts(t *testing.T) {
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	defer release() // the API never answers
	code := p.start(append(flags, "apply", "--yes", input(t, "desired.csv", newSubscriber))...)
	<-arrived
	p.interrupts <- os.Interrupt
	p.interrupts <- os.Interrupt
	if got := <-code; got != exitInterrupted {
		t.Errorf("exit code %d, not %d\n%s", got, exitInterrupted, p.stderr)
	}
}

func TestInterruptBeforeAnythingIsSent(t *testing.T) {
	for _, command := range []string{"plan", "apply"} {
		p := newProcess("")
		flags := p.against(t)
		p.interrupts <- os.Interrupt
		// The signal is taken by a goroutine, so the listing is made to wait for it.
		flags = append(flags, "--max-outage=1h", "--base-url=http://127.0.0.1:1/v1")
		if code := p.run(append(flags, command, input(t, "desired.csv", newSubscriber))...); code != exitIncomplete {
			t.Errorf("%s: exit code %d, not %d", command, code, exitIncomplete)
		}
		if diff := cmp.Diff("wholesync: interrupted; nothing was sent\n", lastLine(p.stderr)); diff != "" {
			t.Errorf("%s: %s", command, diff)
		}
	}
}

func lastLine(s *screen) string {
	lines := strings.SplitAfter(s.String(), "\n")
	if len(lines) < 2 {
		return s.String()
	}
	return lines[len(lines)-2]
}

func TestInterruptedPrompt(t *testing.T) {
	p := newProcess("")
	p.tty = true
	never, end := newPipe(t)
	defer end()
	p.stdin = never
	code := p.start(append(p.against(t), "apply", input(t, "desired.csv", newSubscriber))...)
	p.stderr.await(t, "Type yes: ")
	p.interrupts <- os.Interrupt
	if got := <-code; got != exitIncomplete {
		t.Errorf("exit code %d, not %d\n%s", got, exitIncomplete, p.stderr)
	}
}

func newPipe(t *testing.T) (*os.File, func()) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, func() {
		_ = w.Close()
		_ = r.Close()
	}
}

func TestFlagsThatCannotWork(t *testing.T) {
	for _, tt := range []struct{ flag, says string }{
		{"--rate=0", "--rate 0 is out of range"},
		{"--rate=-1", "--rate -1 is out of range"},
		{"--rate=NaN", "--rate NaN is out of range"},
		{"--burst=0", "--burst 0 is out of range"},
		{"--concurrency=0", "--concurrency 0 is out of range"},
		{"--timeout=0s", "--timeout 0s is out of range"},
		{"--poll-interval=-1s", "--poll-interval -1s is out of range"},
		{"--poll-timeout=0s", "--poll-timeout 0s is out of range"},
		{"--max-outage=0s", "--max-outage 0s is out of range"},
		{"--output=xml", `invalid argument "xml" for "--output" flag: want one of text, json`},
		{"--color=red", `"--color" flag: want one of auto, always, never`},
		{"--log-level=loud", `"--log-level" flag: want one of warn, debug, info, error`},
		{"--only=users", `"--only" flag: want one of customers, subscribers`},
		{"--allow-deletes=-3", "--allow-deletes -3 is out of range"},
		{"--expect-rows=-1", "--expect-rows -1 is out of range"},
		{"--max-bytes=0", "--max-bytes 0 is out of range"},
		{"--base-url=http://api.example/v1", "--base-url: "},
		{"--base-url=ftp://api.example/v1", "--base-url: "},
		{"--sandbox", "--sandbox and --base-url exclude each other"},
	} {
		p := newProcess("")
		flags := p.against(t)
		if code := p.run(append(flags, "plan", input(t, "desired.csv", newSubscriber), tt.flag)...); code != exitError {
			t.Errorf("%s: exit code %d, not %d", tt.flag, code, exitError)
		}
		if !strings.Contains(p.stderr.String(), tt.says) {
			t.Errorf("%s: stderr lacks %q:\n%s", tt.flag, tt.says, p.stderr)
		}
	}
}

// TestSecrets runs everything that handles tokens as loudly as it can, and looks
// for them in all that is left behind.
func TestSecrets(t *testing.T) {
	box, err := sandbox.New(sandbox.Options{RotateRefresh: true, TokenTTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve(box, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	dir := t.TempDir()
	credentials := filepath.Join(dir, "credentials.json")
	if err := os.WriteFile(credentials, box.Credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets := append(jsonStrings(t, box.Credentials(), "client_secret", "refresh_token", "access_token"), "stale-token")
	runs := filepath.Join(dir, "runs")
	desired := input(t, "desired.csv", newSubscriber)
	common := []string{"--base-url=" + s.url, "--rate=5000", "--poll-interval=10ms", "--log-level=debug"}
	for i, args := range [][]string{
		{"export", "--credentials=" + credentials},
		{"plan", "--output=json", "--credentials=" + credentials, desired},
		{"apply", "--yes", "--credentials=" + credentials, "--run-dir=" + runs, desired},
		{"export"},
	} {
		p := newProcess("")
		p.vars["XDG_STATE_HOME"], p.vars["LocalAppData"] = dir, dir
		if i == 3 {
			p.vars[envToken] = "stale-token"
		}
		code := p.run(append(common, args...)...)
		if want := map[bool]int{true: exitAuth, false: exitOK}[i == 3]; code != want {
			t.Errorf("%v: exit code %d, not %d\n%s", args, code, want, p.stderr)
		}
		mustLack(t, args[0]+" stdout", p.stdout.String(), secrets)
		mustLack(t, args[0]+" stderr", p.stderr.String(), secrets)
	}
	err = filepath.WalkDir(runs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		mustLack(t, path, string(content), secrets)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustLack(t *testing.T, where, content string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(content, s) {
			t.Errorf("%s holds a secret", where)
		}
	}
}

func TestServeSandbox(t *testing.T) {
	p := newProcess("")
	credentials := filepath.Join(t.TempDir(), "credentials.json")
	code := p.start("sandbox", "--listen=127.0.0.1:0", "--credentials-file="+credentials, "--output=json")
	p.stdout.await(t, "}\n")
	said := jsonStrings(t, []byte(p.stdout.String()), "base_url", "access_token")

	client := newProcess("")
	client.vars[envToken] = said[1]
	if got := client.run("export", "--rate=5000", "--base-url="+said[0]); got != exitOK {
		t.Errorf("export: exit code %d\n%s", got, client.stderr)
	}
	viaFile := newProcess("")
	if got := viaFile.run("export", "--rate=5000", "--base-url="+said[0], "--credentials="+credentials); got != exitOK {
		t.Errorf("export with a credentials file: exit code %d\n%s", got, viaFile.stderr)
	}
	if diff := cmp.Diff(client.stdout.String(), viaFile.stdout.String()); diff != "" {
		t.Error(diff)
	}

	p.interrupts <- os.Interrupt
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d, not %d\n%s", got, exitOK, p.stderr)
	}
	if _, err := http.Get(said[0]); err == nil {
		t.Error("the sandbox still answers")
	}
}

// TestResultsCannotBeWritten blocks the results while the run is on: what was
// done must not be reported as done.
func TestResultsCannotBeWritten(t *testing.T) {
	p := newProcess("")
	flags, arrived, release := p.slowly(t)
	dir := filepath.Join(t.TempDir(), "run")
	code := p.start(append(flags, "apply", "--yes", "--run-dir="+dir, input(t, "desired.csv", newSubscriber))...)
	<-arrived
	if err := os.MkdirAll(filepath.Join(dir, "results.csv", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	release()
	if got := <-code; got != exitFiles {
		t.Errorf("exit code %d, not %d\n%s", got, exitFiles, p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "wholesync: writing "+filepath.Join(dir, "results.csv")) {
		t.Errorf("stderr does not say which file:\n%s", p.stderr)
	}
}

// TestExitCodesAreExplained keeps the help and the constants together.
func TestExitCodesAreExplained(t *testing.T) {
	for _, c := range exitCodes {
		if report.ExitMeaning(c) == "" {
			t.Errorf("exit code %d has no words", c)
		}
	}
}

func TestWorst(t *testing.T) {
	for _, tt := range []struct {
		codes []int
		want  int
	}{
		{[]int{exitOK}, exitOK},
		{[]int{exitRows, exitOK}, exitRows},
		{[]int{exitRows, exitIncomplete}, exitIncomplete},
		{[]int{exitIncomplete, exitUnknown}, exitUnknown},
		{[]int{exitUnknown, exitAuth}, exitAuth},
		{[]int{exitAuth, exitInterrupted}, exitInterrupted},
		{[]int{exitInterrupted, exitFiles}, exitFiles},
		{[]int{exitRows, exitError}, exitError},
	} {
		if got := worst(tt.codes...); got != tt.want {
			t.Errorf("worst(%v) = %d, not %d", tt.codes, got, tt.want)
		}
	}
}
