package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"wholesync/internal/sandbox"
)

// TestMain makes this test binary the program that scripts call: as wholesync,
// as ws, which is wholesync against the sandbox of the script, in a hurry, and as
// visit, which is a browser whose user agrees to everything.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"wholesync": func() { os.Exit(Main()) },
		"ws": func() {
			hurry := []string{"--base-url=" + os.Getenv("BASE_URL"), "--rate=5000", "--burst=50", "--poll-interval=20ms"}
			os.Args = append(os.Args[:1], append(hurry, os.Args[1:]...)...)
			os.Exit(Main())
		},
		"visit": func() { os.Exit(visit(os.Args[len(os.Args)-1])) },
	})
}

// visit opens an address and goes wherever it leads.
func visit(address string) int {
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(address)
	if err != nil {
		return 1
	}
	defer resp.Body.Close()
	return 0
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join(root, "testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // or each command of a -race run sleeps for a second
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
			e.Setenv(envToken, "")
			e.Setenv(envCredentials, "")
			e.Setenv("SAMPLES", mustAbs(t, filepath.Join(root, "samples")))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"api":          startAPI,
			"state":        checkState,
			"requests":     countRequests,
			"replace":      replaceText,
			"agree":        agreeToMove,
			"backdate":     backdate,
			"organization": setOrganization,
		},
		RequireExplicitExec: true,
		// A command that waits for ever must not hold up everything else.
		Deadline: time.Now().Add(2 * time.Minute),
	})
}

func mustAbs(t *testing.T, p string) string {
	t.Helper()
	abs, err := filepath.Abs(p)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// faultList is a repeatable flag.
type faultList []sandbox.Rule

func (f *faultList) String() string { return fmt.Sprint(*f) }

func (f *faultList) Set(text string) error {
	r, err := sandbox.ParseRule(text)
	*f = append(*f, r)
	return err
}

// startAPI starts a sandbox in the test process for the rest of the script, or
// until the next one:
//
//	api [-seed FILE] [-delay D] [-ttl D] [-access D] [-stale] [-fault RULE]...
//
// -delay is that of provisioning and of billing reports, -stale is for tokens that
// do not cover objects younger than themselves.
// It sets $BASE_URL, $DOWNLOAD_URL, $WEBEX_ACCESS_TOKEN and $SERVICE_APP, and writes credentials.json.
func startAPI(ts *testscript.TestScript, neg bool, args []string) {
	var faults faultList
	f := flag.NewFlagSet("api", flag.ContinueOnError)
	seed := f.String("seed", "", "")
	delay := f.Duration("delay", 0, "")
	ttl := f.Duration("ttl", 0, "")
	stale := f.Bool("stale", false, "")
	access := f.Duration("access", 0, "") // until a customer's organization that was opened can be read in
	f.Var(&faults, "fault", "")
	if err := f.Parse(args); err != nil || neg || f.NArg() > 0 {
		ts.Fatalf("usage: api [-seed FILE] [-delay D] [-ttl D] [-access D] [-stale] [-fault RULE]...")
	}
	options := sandbox.Options{ProvisionDelay: *delay, ReportDelay: *delay, TokenTTL: *ttl, StaleTokens: *stale, Faults: faults}
	if *access > 0 {
		options.AccessDelay, options.AccessLife = *access, time.Hour
	}
	if *seed != "" {
		options.Seed = strings.NewReader(ts.ReadFile(*seed))
	}
	s, err := serveSandbox(options, "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(s.close)
	ts.Setenv("BASE_URL", s.url)
	ts.Setenv("DOWNLOAD_URL", s.downloadURL)
	ts.Setenv(envToken, s.box.AccessToken())
	ts.Check(os.WriteFile(ts.MkAbs("credentials.json"), s.box.Credentials(), 0o600))
	app, _, _ := s.box.ServiceApp()
	ts.Setenv("SERVICE_APP", app)
}

// setOrganization sets $ORGANIZATION from what auth status wrote: organization FILE.
func setOrganization(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: organization FILE")
	}
	var who struct {
		Organization string `json:"organization_id"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &who))
	ts.Setenv("ORGANIZATION", who.Organization)
}

// control reads one of the sandbox's own pages.
func control(ts *testscript.TestScript, page string, into any) {
	base, err := url.Parse(ts.Getenv("BASE_URL"))
	ts.Check(err)
	base.Path = "/__sandbox/" + page
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(base.String())
	ts.Check(err)
	defer resp.Body.Close()
	ts.Check(json.NewDecoder(resp.Body).Decode(into))
}

// checkState looks at one object of the estate:
//
//	[!] state customer EXTERNAL_ID [FIELD=VALUE]...
//	[!] state subscriber EXTERNAL_ID/EMAIL [FIELD=VALUE]...
//
// Fields have the names of /__sandbox/state; lists are joined with ";".
// With ! there must be no such object.
func checkState(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] state KIND KEY [FIELD=VALUE]...")
	}
	var estate map[string]any
	control(ts, "state", &estate)
	var found map[string]any
	list, _ := estate[args[0]+"s"].([]any)
	for _, item := range list {
		object, _ := item.(map[string]any)
		key := text(object["external_id"])
		if args[0] == "subscriber" {
			key = text(object["customer_external_id"]) + "/" + text(object["email"])
		}
		if key == args[1] {
			found = object
		}
	}
	if (found == nil) != neg {
		ts.Fatalf("%s %s: found = %v", args[0], args[1], found)
	}
	for _, want := range args[2:] {
		field, value, _ := strings.Cut(want, "=")
		if got := text(found[field]); got != value {
			ts.Fatalf("%s %s: %s is %q, not %q", args[0], args[1], field, got, value)
		}
	}
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = text(v[i])
		}
		return strings.Join(parts, ";")
	}
	return fmt.Sprint(v)
}

// countRequests counts what the API was asked:
//
//	requests METHOD PATH N
//
// PATH is a pattern of path.Match below /v1; METHOD "write" is any but GET.
func countRequests(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: requests METHOD PATH N")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	var log []struct{ Method, Path string }
	control(ts, "log", &log)
	n := 0
	for _, r := range log {
		matched, err := path.Match("/v1"+args[1], r.Path)
		ts.Check(err)
		if matched && (r.Method == args[0] || args[0] == "write" && r.Method != http.MethodGet) {
			n++
		}
	}
	if n != want {
		ts.Fatalf("%d requests %s %s, not %d", n, args[0], args[1], want)
	}
}

// agreeToMove has a person of the sandbox agree to the move of its account: agree EMAIL.
func agreeToMove(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: agree EMAIL")
	}
	base, err := url.Parse(ts.Getenv("BASE_URL"))
	ts.Check(err)
	base.Path, base.RawQuery = "/__sandbox/agree", url.Values{"email": args}.Encode()
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Post(base.String(), "", nil)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if resp.StatusCode != http.StatusNoContent {
		ts.Fatalf("nobody waits for %s: HTTP status %d", args[0], resp.StatusCode)
	}
}

// backdate puts every time of today in a file a year back: backdate FILE.
func backdate(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: backdate FILE")
	}
	year := time.Now().UTC().Year()
	old := strings.ReplaceAll(ts.ReadFile(args[0]), fmt.Sprint(year, "-"), fmt.Sprint(year-1, "-"))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(old), 0o600))
}

// replaceText changes a file: replace OLD NEW FILE. OLD must be there.
func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	content := ts.ReadFile(args[2])
	if !strings.Contains(content, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(content, args[0], args[1])), 0o600))
}
