package cli

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// Anybody on the machine can open the page. Only the answer that knows the state
// of this sign-in counts, and only the first.
func TestLoginWaitsForItsOwnAnswer(t *testing.T) {
	p, file, args := newLoginProcess(t, vendor(t, tokensAnswer), "")
	code := p.start(args...)
	asked := p.shown(t)
	p.stderr.await(t, "Waiting for the browser")
	for range 2 {
		if status, page := comeBack(t, asked, url.Values{"code": {"canary-forged"}, "state": {"forged"}}); status != 400 || !strings.Contains(page, "does not belong") {
			t.Errorf("forged: %d %s", status, page)
		}
	}
	other := strings.TrimSuffix(asked.Get("redirect_uri"), "/callback")
	for _, path := range []string{"/", "/favicon.ico"} {
		resp, err := http.Get(other + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if status, page := comeBack(t, asked, url.Values{"code": {"canary-code"}, "state": asked["state"]}); status != 200 || !strings.Contains(page, "terminal says") {
		t.Errorf("answered: %d %s", status, page)
	}
	if got := <-code; got != exitOK {
		t.Fatalf("code %d\n%s", got, p.stderr)
	}
	if strings.Count(p.stderr.String(), "does not belong to this sign-in") != 1 {
		t.Errorf("of forged answers it said\n%s", p.stderr)
	}
	fields := readFields(t, file)
	if fields["access_token"] != "canary-access" || fields["refresh_token"] != "canary-refresh" || fields["client_secret"] != canarySecret || fields["scopes"] != "spark-admin:people_read" {
		t.Error("the file has not what was granted")
	}
	if !strings.Contains(p.stdout.String(), "signed in as   ada@partner.example") {
		t.Errorf("stdout:\n%s", p.stdout)
	}
	if !strings.Contains(p.stderr.String(), `granted less than was asked for" missing="spark-admin:organizations_read spark-admin:wholesale_customers_read spark-admin:wholesale_subscribers_read"`) {
		t.Errorf("stderr:\n%s", p.stderr)
	}
	p.checkSecrets(t)
	if _, err := http.Get(other); err == nil {
		t.Error("the page is still there")
	}
}

// Whatever ends a sign-in, nothing is saved, and the message says what to do.
func TestLoginEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		answer url.Values // the state is added; nil = an interrupt
		code   int
		want   string
	}{
		"denied":    {url.Values{"error": {"access_denied"}}, exitAuth, "access_denied, so nothing was saved; the person, or their administrator, did not agree"},
		"scope":     {url.Values{"error": {"invalid_scope"}}, exitAuth, "ask for less with --for or --scopes"},
		"challenge": {url.Values{"error": {"invalid_request"}}, exitAuth, "--pkce=false"},
		"odd":       {url.Values{"error": {"\x1b[2J"}}, exitAuth, "nothing was saved; start again"},
		"bad code":  {url.Values{"code": {"canary-other"}}, exitAuth, "the code is refused: it is too old, was used before"},
		"interrupt": {nil, exitIncomplete, "interrupted; nothing was sent"},
	} {
		t.Run(name, func(t *testing.T) {
			p, file, args := newLoginProcess(t, vendor(t, tokensAnswer), "")
			code := p.start(args...)
			asked := p.shown(t)
			p.stderr.await(t, "Waiting for the browser")
			if tt.answer == nil {
				p.interrupts <- os.Interrupt
			} else {
				tt.answer["state"] = asked["state"]
				comeBack(t, asked, tt.answer)
			}
			if got := <-code; got != tt.code || !strings.Contains(p.stderr.String(), tt.want) {
				t.Errorf("code %d\n%s", got, p.stderr)
			}
			if strings.Contains(p.stderr.String(), "\x1b") {
				t.Error("what the vendor sent reaches the terminal as it is")
			}
			entries, err := os.ReadDir(filepath.Dir(file))
			if err != nil || len(entries) != 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
			p.checkSecrets(t)
		})
	}
}

// The port may be taken, and then nobody is sent anywhere.
func TestLoginPortIsTaken(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	p, _, args := newLoginProcess(t, vendor(t, tokensAnswer), "")
	args = append(args, "--redirect-url="+server.URL+"/callback")
	if got := p.run(args...); got != exitError || !strings.Contains(p.stderr.String(), "give another --redirect-port that is registered, or --paste") {
		t.Errorf("code %d\n%s", got, p.stderr)
	}
	if strings.Contains(p.stderr.String(), "Sign in and agree") {
		t.Errorf("an address was shown:\n%s", p.stderr)
	}
}

// With --paste the browser may be anywhere. The address is typed once it is known,
// so a pipe stands for the terminal.
func TestLoginPaste(t *testing.T) {
	for name, tt := range map[string]struct {
		paste func(asked url.Values) string
		code  int
		want  string
	}{
		"address": {func(q url.Values) string { return testCallback + "?code=canary-code&state=" + q.Get("state") }, exitOK, ""},
		"query":   {func(q url.Values) string { return "?state=" + q.Get("state") + "&code=canary-code" }, exitOK, ""},
		"code":    {func(url.Values) string { return "canary-code" }, exitAuth, "start again and paste all of the address"},
		"other":   {func(url.Values) string { return testCallback + "?code=canary-code&state=x" }, exitAuth, "does not belong to this sign-in"},
		"denied": {func(q url.Values) string { return testCallback + "?error=access_denied&state=" + q.Get("state") }, exitAuth,
			"did not agree"},
		"nothing": {func(url.Values) string { return "" }, exitAuth, "start again and paste all of the address"},
	} {
		t.Run(name, func(t *testing.T) {
			p, _, args := newLoginProcess(t, vendor(t, tokensAnswer), "")
			stdin, typing := io.Pipe()
			p.stdin = stdin
			code := p.start(append(args, "--paste", "--redirect-port=8484")...)
			asked := p.shown(t)
			if asked.Get("redirect_uri") != testCallback {
				t.Errorf("redirect is %s", asked.Get("redirect_uri"))
			}
			p.stderr.await(t, "Paste it here: ")
			_, _ = io.WriteString(typing, tt.paste(asked)+"\n")
			if got := <-code; got != tt.code || !strings.Contains(p.stderr.String(), tt.want) {
				t.Errorf("code %d\n%s", got, p.stderr)
			}
			p.checkSecrets(t)
		})
	}
}

const testCallback = "http://127.0.0.1:8484/callback"

// On a terminal the client is asked for, and nobody who reads the screen has its secret.
func TestLoginAsksForTheClient(t *testing.T) {
	p, file, args := newLoginProcess(t, vendor(t, tokensAnswer), "typed-client\n"+canarySecret+"\n")
	p.vars = map[string]string{"BROWSER": "true"}
	p.tty = true
	code := p.start(args...)
	asked := p.shown(t)
	p.stderr.await(t, "Waiting for the browser")
	if asked.Get("client_id") != "typed-client" {
		t.Errorf("client is %q", asked.Get("client_id"))
	}
	comeBack(t, asked, url.Values{"code": {"canary-code"}, "state": asked["state"]})
	if got := <-code; got != exitOK {
		t.Fatalf("code %d\n%s", got, p.stderr)
	}
	if fields := readFields(t, file); fields["client_secret"] != canarySecret {
		t.Error("the secret that was typed is not in the file")
	}
	p.checkSecrets(t)

	again := newProcess("")
	again.vars["BROWSER"] = "true"
	code = again.start(args...) // the file has the client now
	asked = again.shown(t)
	again.stderr.await(t, "Waiting for the browser")
	comeBack(t, asked, url.Values{"code": {"canary-code"}, "state": asked["state"]})
	if got := <-code; got != exitOK || asked.Get("client_id") != "typed-client" {
		t.Errorf("code %d, client %q\n%s", got, asked.Get("client_id"), again.stderr)
	}
	other := newProcess("")
	if got := other.run(append(args, "--client-id=another", "--wait=1ms")...); got != exitAuth || !strings.Contains(other.stderr.String(), "no client secret") {
		t.Errorf("the secret of one client was used for another: code %d\n%s", got, other.stderr)
	}
}

// Nobody comes: the wait ends when it was said to, and not before.
func TestLoginGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &app{stop: t.Context()}
		begun := time.Now()
		_, err := a.await(make(chan codeAnswer), 5*time.Minute)
		if exitCode(err) != exitAuth || time.Since(begun) != 5*time.Minute {
			t.Errorf("error %v after %v", err, time.Since(begun))
		}
		stop, cancel := context.WithCancelCause(t.Context())
		a.stop = stop
		time.AfterFunc(time.Minute, func() { cancel(errInterrupted) })
		begun = time.Now()
		if _, err = a.await(make(chan codeAnswer), time.Hour); !errors.Is(err, errInterrupted) || time.Since(begun) != time.Minute {
			t.Errorf("error %v after %v", err, time.Since(begun))
		}
	})
}

// With --keychain the file has no secret in it, and stays that way until told otherwise.
func TestLoginKeychain(t *testing.T) {
	keyring.MockInit()
	base := vendor(t, tokensAnswer)
	file := filepath.Join(t.TempDir(), "credentials.json")
	for _, tt := range []struct {
		flag string
		kept bool
	}{{"--keychain", true}, {"--wait=1m", true}, {"--keychain=false", false}} {
		p, _, args := newLoginProcess(t, base, "")
		code := p.start(append(args, "--credentials="+file, tt.flag)...)
		asked := p.shown(t)
		p.stderr.await(t, "Waiting for the browser")
		comeBack(t, asked, url.Values{"code": {"canary-code"}, "state": asked["state"]})
		if got := <-code; got != exitOK {
			t.Fatalf("code %d\n%s", got, p.stderr)
		}
		data, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(data), "canary") == tt.kept {
			t.Errorf("%s: %v\n%s", tt.flag, err, data)
		}
		if strings.Contains(p.stdout.String(), "secrets in the keychain") != tt.kept {
			t.Errorf("%s: stdout\n%s", tt.flag, p.stdout)
		}
		p.checkSecrets(t)
	}
}

func TestCallbackAddress(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:0/callback":      "http://127.0.0.1:PORT/callback",
		"http://localhost:0/a/b":           "http://localhost:PORT/a/b",
		"http://127.0.0.1:0":               "http://127.0.0.1:PORT",
		"https://127.0.0.1:0/callback":     "",
		"http://192.0.2.1:0/callback":      "",
		"http://partner.example:0/back":    "",
		"http://a:b@127.0.0.1:0/callback":  "",
		"http://127.0.0.1:0/callback?x=1":  "",
		"http://127.0.0.1:0/callback#part": "",
		"callback":                         "",
	} {
		page, err := listenAt(address)
		if want == "" {
			if err == nil {
				t.Errorf("%s is listened at", address)
				page.close()
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_, port, err := net.SplitHostPort(page.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if page.url != strings.Replace(want, "PORT", port, 1) {
			t.Errorf("%s: told to come back to %s", address, page.url)
		}
		page.close()
	}
}

func TestBrowserCommand(t *testing.T) {
	for in, want := range map[[2]string][]string{
		{"", "linux"}:                       {"xdg-open"},
		{"", "darwin"}:                      {"open"},
		{"", "windows"}:                     {"rundll32", "url.dll,FileProtocolHandler"},
		{" firefox --new-window ", "linux"}: {"firefox", "--new-window"},
	} {
		if got := browserCommand(in[0], in[1]); !slices.Equal(got, want) {
			t.Errorf("%v: %q", in, got)
		}
	}
}
