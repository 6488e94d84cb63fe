package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wholesync/internal/sandbox"
)

// The vendor's answers, as its pages have them, with words in them that must not
// be seen anywhere but in the credentials file.
const (
	canarySecret = "canary-client-secret"
	tokensAnswer = `{"access_token":"canary-access","expires_in":1209599,"refresh_token":"canary-refresh","refresh_token_expires_in":7775999,"token_type":"Bearer","scope":"spark-admin:people_read"}`
	meAnswer     = `{"id":"P1","emails":["ada@partner.example"],"orgId":"O1"}`
)

// vendor is an API that gives tokens for the code canary-code.
func vendor(t *testing.T, tokens string) (base string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "POST /v1/access_token":
			if code := r.FormValue("code"); r.FormValue("grant_type") == "authorization_code" && code != "canary-code" {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"`+code+" "+r.FormValue("client_secret")+`"}`)
				return
			}
			_, _ = io.WriteString(w, tokens)
		case "GET /v1/people/me":
			_, _ = io.WriteString(w, meAnswer)
		default:
			t.Errorf("request %s %s", r.Method, r.URL.Path)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// newLoginProcess is a process with a client, and the flags of a sign-in that it begins with.
func newLoginProcess(t *testing.T, base, stdin string) (p *process, file string, login []string) {
	t.Helper()
	p = newProcess(stdin)
	p.vars[envClientID], p.vars[envClientSecret] = "client", canarySecret
	p.vars["BROWSER"] = "true"
	file = filepath.Join(t.TempDir(), "credentials.json")
	return p, file, []string{"auth", "login", "--base-url=" + base, "--credentials=" + file, "--log-level=debug", "--redirect-port=0", "--for=export"}
}

var shownAddress = regexp.MustCompile(`(?m)^  (http\S+/authorize\?\S+)$`)

// shown waits for the address of a sign-in, and returns its query.
func (p *process) shown(t *testing.T) url.Values {
	t.Helper()
	p.stderr.await(t, "\n\n  http")
	p.stderr.await(t, "state=")
	p.stderr.await(t, "\n\n")
	found := shownAddress.FindStringSubmatch(p.stderr.String())
	if found == nil {
		t.Fatalf("no address in\n%s", p.stderr)
	}
	address, err := url.Parse(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return address.Query()
}

// comeBack is what a browser does after the person has decided.
func comeBack(t *testing.T, asked url.Values, answer url.Values) (status int, page string) {
	t.Helper()
	resp, err := http.Get(asked.Get("redirect_uri") + "?" + answer.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Security-Policy": "default-src 'none'"} {
		if resp.Header.Get(name) != want {
			t.Errorf("%s is %q", name, resp.Header.Get(name))
		}
	}
	return resp.StatusCode, string(body)
}

// checkSecrets wants no secret on stdout or stderr.
func (p *process) checkSecrets(t *testing.T) {
	t.Helper()
	for _, out := range []string{p.stdout.String(), p.stderr.String()} {
		if strings.Contains(out, "canary") {
			t.Errorf("a secret is shown:\n%s", out)
		}
	}
}

func readFields(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return fields
}

// Refreshes that meet spend one refresh token each, even where the API takes none twice.
func TestRefreshesAtOnce(t *testing.T) {
	box, err := sandbox.New(sandbox.Options{RotateRefresh: true})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(box)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "credentials.json")
	if err := os.WriteFile(file, box.Credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	before := readFields(t, file)["refresh_token"]
	var codes []<-chan int
	var all []*process
	for range 4 {
		p := newProcess("")
		all = append(all, p)
		codes = append(codes, p.start("auth", "refresh", "--base-url="+server.URL+"/v1", "--credentials="+file, "--log-level=debug"))
	}
	for i, code := range codes {
		if got := <-code; got != exitOK || !strings.Contains(all[i].stdout.String(), "admin@partner.example") {
			t.Errorf("code %d\n%s%s", got, all[i].stdout, all[i].stderr)
		}
	}
	after := readFields(t, file)
	if after["refresh_token"] == before {
		t.Error("the file has the old refresh token")
	}
	for _, p := range all {
		for _, secret := range []string{before, after["refresh_token"], after["access_token"], after["client_secret"]} {
			if strings.Contains(p.stdout.String()+p.stderr.String(), secret) {
				t.Errorf("a secret is shown:\n%s%s", p.stdout, p.stderr)
			}
		}
	}
}

// How many days are left decides what is said, and a token that has ended needs a person.
func TestStatusCountsDays(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		access, refresh time.Duration // 0 = not known
		code            int
		out, warn       string
	}{
		{time.Hour, 60 * 24 * time.Hour, exitOK, "59 days left", ""},
		{time.Hour, 14*24*time.Hour + time.Minute, exitOK, "14 days left", ""},
		{time.Hour, 14*24*time.Hour - time.Minute, exitOK, "13 days left", "days_left=13"},
		{time.Hour, 30 * time.Hour, exitOK, "1 day left", "days_left=1"},
		{time.Hour, time.Hour, exitOK, "m0s left", "days_left=0"},
		{time.Hour, -time.Hour, exitOK, "ended at", "days_left=-1"},
		{-time.Hour, -time.Hour, exitAuth, "", "run wholesync auth login"},
		{0, -time.Hour, exitAuth, "", "run wholesync auth login"},
		{0, 0, exitOK, "end not known", ""},
	} {
		fields := map[string]string{"client_id": "client", "client_secret": canarySecret, "refresh_token": "canary-refresh", "access_token": "canary-access"}
		for name, left := range map[string]time.Duration{"expires_at": tt.access, "refresh_token_expires_at": tt.refresh} {
			if left != 0 {
				fields[name] = now.Add(left).Format(time.RFC3339Nano)
			}
		}
		data, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "credentials.json")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		p := newProcess("")
		got := p.run("auth", "status", "--offline", "--credentials="+file, "--log-level=error")
		if got != tt.code || !strings.Contains(p.stdout.String(), tt.out) || !strings.Contains(p.stderr.String(), tt.warn) || tt.warn == "" && p.stderr.String() != "" {
			t.Errorf("%v and %v left: code %d\n%s%s", tt.access, tt.refresh, got, p.stdout, p.stderr)
		}
		p.checkSecrets(t)
	}
}

// Every scope that a command needs is asked for by a sign-in for that command.
func TestScopesOfPurposes(t *testing.T) {
	for command, needed := range commandScopes {
		word := purposeOf(command)
		asked, err := scopesFor([]string{word})
		if err != nil {
			t.Errorf("%s: %v", command, err)
			continue
		}
		if missing := lacking(asked, needed); len(missing) > 0 {
			t.Errorf("--for %s does not ask for %v, which %s needs", word, missing, command)
		}
	}
	both, err := scopesFor([]string{"plan", "export"})
	if want := []string{"spark-admin:organizations_read", "spark-admin:people_read", "spark-admin:wholesale_customers_read", "spark-admin:wholesale_subscribers_read"}; err != nil || !slices.Equal(both, want) {
		t.Errorf("both: %v, %v", both, err)
	}
	apply, err := scopesFor([]string{"apply"})
	if err != nil || fmt.Sprint(enoughFor(apply)) != "[apply export plan precheck remind resume subpartners]" {
		t.Errorf("apply is enough for %v, %v", enoughFor(apply), err)
	}
}
