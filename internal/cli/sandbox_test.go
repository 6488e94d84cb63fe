package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newCustomer asks for a customer that the demo estate does not have.
const newCustomer = "external_id,packages,name,primary_email,provisioning_id,address_line1,city,state_or_province,zip_or_postal_code,country\n" +
	"stark,webex_meetings,Stark Industries,it@stark.example,demo-template,10880 Malibu Point,Malibu,CA,90265,US\n"

// TestSandboxFlags serves a sandbox with one flag, and looks at how a run against
// it ends.
func TestSandboxFlags(t *testing.T) {
	for _, tt := range []struct {
		name    string
		flags   []string
		input   string
		code    int
		results string // what results.csv has in it
	}{
		{"as it is", nil, newSubscriber, exitOK, ",provision,ok,"},
		{"tokens that end at once", []string{"--token-ttl=1ns"}, newSubscriber, exitAuth, ""},
		{"customers take their time", []string{"--provision-delay=1h"}, newCustomer, exitIncomplete, ",provision,in_progress,"},
		{"subscribers take none", []string{"--provision-delay=1h"}, newSubscriber, exitOK, ",provision,ok,"},
		{"unless they are asynchronous", []string{"--provision-delay=1h", "--async-subscribers"}, newSubscriber, exitIncomplete, ",provision,in_progress,"},
		{"faults", []string{"--fault=POST /wholesale/subscribers error=2002"}, newSubscriber, exitRows, ",provision,failed,409,2002,"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, at, _ := serveWith(t, tt.flags...)
			dir := filepath.Join(t.TempDir(), "run")
			got := client.run("apply", "--yes", "--rate=5000", "--poll-interval=10ms", "--poll-timeout=50ms", "--run-dir="+dir, at, input(t, "desired.csv", tt.input))
			if got != tt.code {
				t.Errorf("exit code %d, not %d\n%s", got, tt.code, client.stderr)
			}
			if content, err := os.ReadFile(filepath.Join(dir, resultsFile)); tt.results != "" && (err != nil || !strings.Contains(string(content), tt.results)) {
				t.Errorf("results.csv lacks %q: %v\n%s", tt.results, err, content)
			}
		})
	}
}

// serveWith serves a sandbox until the test ends. The client has its token, and
// leads there with the flag.
func serveWith(t *testing.T, flags ...string) (client *process, baseURL, credentials string) {
	t.Helper()
	credentials = filepath.Join(t.TempDir(), "demo.json")
	served := newProcess("")
	code := served.start(append([]string{"sandbox", "--listen=127.0.0.1:0", "--output=json", "--credentials-file=" + credentials}, flags...)...)
	served.stdout.await(t, "}\n")
	said := jsonStrings(t, []byte(served.stdout.String()), "base_url", "access_token")
	t.Cleanup(func() {
		served.interrupts <- os.Interrupt
		if got := <-code; got != exitOK {
			t.Errorf("the sandbox: exit code %d\n%s", got, served.stderr)
		}
	})
	client = newProcess("")
	client.vars[envToken] = said[1]
	client.vars["XDG_STATE_HOME"], client.vars["LocalAppData"] = t.TempDir(), t.TempDir()
	return client, "--base-url=" + said[0], credentials
}

// again is a new process in the place of another one.
func (p *process) again() *process {
	next := newProcess("")
	next.vars = p.vars
	return next
}

// want runs a command of the client, and looks at its exit code and at what it says.
func (p *process) want(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	got := p.run(append(args, "--rate=5000")...)
	if said := p.stdout.String() + p.stderr.String(); got != code || !strings.Contains(said, says) {
		t.Errorf("%s: exit code %d, not %d; wanted %q:\n%s", args[0], got, code, says, said)
	}
}

const consumerSubscriber = "customer_external_id,email,package\nhooli,free@consumer.example,webex_meetings\n"

// TestSandboxPeopleDelay rehearses a run that waits for somebody to agree.
func TestSandboxPeopleDelay(t *testing.T) {
	for says, flags := range map[string][]string{"1 mailed\n": nil, "1 provisioned by now\n": {"--people-delay=1ns"}} {
		client, at, _ := serveWith(t, flags...)
		dir := filepath.Join(t.TempDir(), "run")
		client.want(t, exitOK, "pending  1", "apply", "--yes", "--run-dir="+dir, at, input(t, "desired.csv", consumerSubscriber))
		client.again().want(t, exitOK, says, "remind", "--yes", at, dir)
	}
}

// TestSandboxAccess rehearses organizations that open late, or close at once.
func TestSandboxAccess(t *testing.T) {
	const row = "customer_external_id,email,first_name\nhooli,felix.wirth@hooli.example,Felix\n"
	for flag, says := range map[string]string{"--access-delay=0s": "Plan: nothing to do", "--access-delay=1h": "there is no access to its organization (HTTP 403)", "--access-life=1ns": "there is no access to its organization (HTTP 403)"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			client, at, _ := serveWith(t, flag)
			client.want(t, exitOK, says, "plan", "--deep", at, input(t, "desired.csv", row))
		})
	}
}

// TestSandboxStaleTokens rehearses the removal of a person for good with a token
// that is older than the person. It can be renewed where it is from a credentials
// file.
func TestSandboxStaleTokens(t *testing.T) {
	const gone = "customer_external_id,email,ensure\nhooli,new.person@hooli.example,absent\n"
	for _, tt := range []struct {
		name    string
		flags   []string
		renewed bool
		code    int
		says    string
	}{
		{"as it is", nil, false, exitOK, "ok  2"},
		{"a bare token", []string{"--stale-tokens"}, false, exitAuth, "or get a new token: one that is older than what it is to delete does not do\n"},
		{"a token that is renewed", []string{"--stale-tokens"}, true, exitOK, "ok  2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, at, credentials := serveWith(t, tt.flags...)
			if tt.renewed {
				client.vars[envToken], client.vars[envCredentials] = "", credentials
			}
			runs := t.TempDir()
			client.want(t, exitOK, "ok  1", "apply", "--yes", "--run-dir="+filepath.Join(runs, "first"), at, input(t, "desired.csv", newSubscriber))
			client.again().want(t, tt.code, tt.says, "apply", "--yes", "--hard-delete", "--run-dir="+filepath.Join(runs, "second"), at, input(t, "gone.csv", gone))
		})
	}
}

// TestSandboxRotation rehearses refresh tokens that end with their use.
func TestSandboxRotation(t *testing.T) {
	for flag, rotates := range map[string]bool{"--rotate-refresh=false": false, "--rotate-refresh": true} {
		client, at, credentials := serveWith(t, flag)
		refreshToken := func() string {
			content, err := os.ReadFile(credentials)
			if err != nil {
				t.Fatal(err)
			}
			return jsonStrings(t, content, "refresh_token")[0]
		}
		client.vars[envToken] = ""
		before := refreshToken()
		client.want(t, exitOK, "signed in as", "auth", "refresh", at, "--credentials="+credentials)
		client.again().want(t, exitOK, "signed in as", "auth", "refresh", at, "--credentials="+credentials)
		if changed := refreshToken() != before; changed != rotates {
			t.Errorf("%s: the refresh token changed: %v", flag, changed)
		}
	}
}

// TestServedDownloads makes a report at a served sandbox, and fetches it where
// the sandbox says. The download URL cannot be had elsewhere, it expires, and
// both ports are closed when the sandbox ends.
func TestServedDownloads(t *testing.T) {
	for ttl, want := range map[string]int{"10m": http.StatusOK, "1ns": http.StatusForbidden} {
		served := newProcess("")
		code := served.start("sandbox", "--listen=127.0.0.1:0", "--output=json", "--report-delay=0", "--download-ttl="+ttl)
		served.stdout.await(t, "}\n")
		said := jsonStrings(t, []byte(served.stdout.String()), "base_url", "access_token", "download_url")

		var made, read struct{ ID, Status, TempDownloadURL string }
		reports := said[0] + "/wholesale/billing/reports"
		ask(t, http.MethodPost, reports, said[1], `{"billingStartDate":"2026-04-01","billingEndDate":"2026-04-30","type":"CUSTOMER"}`, &made)
		ask(t, http.MethodGet, reports+"/"+made.ID, said[1], "", &read)
		if read.Status != "COMPLETED" || !strings.HasPrefix(read.TempDownloadURL, said[2]+"/") {
			t.Fatalf("%+v, downloads at %s", read, said[2])
		}
		status, body := fetch(t, read.TempDownloadURL)
		if status != want || strings.HasPrefix(body, "PARTNER_NAME,") != (want == http.StatusOK) {
			t.Errorf("life of %s: %d %s", ttl, status, body)
		}
		atAPI, err := url.Parse(read.TempDownloadURL)
		if err != nil {
			t.Fatal(err)
		}
		atAPI.Host = strings.TrimSuffix(strings.TrimPrefix(said[0], "http://"), "/v1")
		if status, _ := fetch(t, atAPI.String()); status != http.StatusNotFound {
			t.Errorf("at the API's port: %d", status)
		}

		served.interrupts <- os.Interrupt
		if got := <-code; got != exitOK {
			t.Errorf("exit code %d\n%s", got, served.stderr)
		}
		for _, u := range []string{said[0], said[2]} {
			if _, err := http.Get(u); err == nil {
				t.Errorf("%s still answers", u)
			}
		}
	}
}

// ask calls the API and decodes the answer.
func ask(t *testing.T, method, u, token, body string, into any) {
	t.Helper()
	r, err := http.NewRequest(method, u, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d, %v", method, u, resp.StatusCode, err)
	}
}

func fetch(t *testing.T, u string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(u)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}

// TestSandboxSaysWhere looks at what people are told.
func TestSandboxSaysWhere(t *testing.T) {
	served := newProcess("")
	code := served.start("sandbox", "--listen=127.0.0.1:0")
	served.stdout.await(t, "Ctrl-C\n")
	first, _, _ := strings.Cut(served.stdout.String(), "\n")
	var api, downloads string
	if n, err := fmt.Sscanf(first, "sandbox at %s its report downloads at %s", &api, &downloads); n != 2 || err != nil || api == downloads+"," {
		t.Errorf("it says %q", first)
	}
	if status, _ := fetch(t, downloads); status != http.StatusForbidden {
		t.Errorf("%s: %d", downloads, status)
	}
	served.interrupts <- os.Interrupt
	<-code
}
