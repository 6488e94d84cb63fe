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
			served := newProcess("")
			code := served.start(append([]string{"sandbox", "--listen=127.0.0.1:0", "--output=json"}, tt.flags...)...)
			served.stdout.await(t, "}\n")
			said := jsonStrings(t, []byte(served.stdout.String()), "base_url", "access_token")

			client := newProcess("")
			client.vars[envToken] = said[1]
			client.vars["XDG_STATE_HOME"], client.vars["LocalAppData"] = t.TempDir(), t.TempDir()
			dir := filepath.Join(t.TempDir(), "run")
			got := client.run("apply", "--yes", "--rate=5000", "--poll-interval=10ms", "--poll-timeout=50ms", "--run-dir="+dir, "--base-url="+said[0], input(t, "desired.csv", tt.input))
			if got != tt.code {
				t.Errorf("exit code %d, not %d\n%s", got, tt.code, client.stderr)
			}
			if content, err := os.ReadFile(filepath.Join(dir, resultsFile)); tt.results != "" && (err != nil || !strings.Contains(string(content), tt.results)) {
				t.Errorf("results.csv lacks %q: %v\n%s", tt.results, err, content)
			}

			served.interrupts <- os.Interrupt
			if got := <-code; got != exitOK {
				t.Errorf("the sandbox: exit code %d\n%s", got, served.stderr)
			}
		})
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
