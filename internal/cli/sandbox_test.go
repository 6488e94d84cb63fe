package cli

import (
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
