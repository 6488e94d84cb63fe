package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wholesync/internal/sandbox"
)

// victim is the program as a process of its own, with all that it says.
type victim struct {
	cmd     *exec.Cmd
	said    bytes.Buffer
	started chan struct{}
	ended   chan struct{}
}

// newVictim makes this test binary the program; see TestMain.
func newVictim(t *testing.T, state string, args ...string) *victim {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{cmd: &exec.Cmd{Path: self, Args: append([]string{"wholesync"}, args...)}, started: make(chan struct{}), ended: make(chan struct{})}
	v.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "XDG_STATE_HOME="+state, "LocalAppData="+state, envToken+"=", envCredentials+"=")
	v.cmd.Stdout, v.cmd.Stderr = &v.said, &v.said
	return v
}

// live runs the program to its end and returns the exit code, -1 where it was
// killed.
func (v *victim) live(t *testing.T) int {
	t.Helper()
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(v.started)
	_ = v.cmd.Wait() // the code says it all
	close(v.ended)
	return v.cmd.ProcessState.ExitCode()
}

// hitman is an API that kills the program when the k-th request comes, counted
// from the first write on, before it is carried out or after. It never answers
// that one. It waits while a new token may be on its way to the disk: nothing
// helps a program that dies between the two, for the old token is void by then.
type hitman struct {
	box   *sandbox.Sandbox
	k     int // 0 = none
	after bool

	mu       sync.Mutex
	seen     int
	done     bool
	renewing bool   // a token was given out that no request has used yet
	token    string // of the latest request
	victim   *victim
}

// strikes counts a request, and reports whether it is the last one.
func (h *hitman) strikes(r *http.Request) (hit bool, v *victim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/access_token") {
		h.renewing = true
		return false, nil
	}
	if token := r.Header.Get("Authorization"); token != h.token {
		h.renewing, h.token = false, token
	}
	if h.seen > 0 || r.Method != http.MethodGet {
		h.seen++
	}
	hit = h.k > 0 && h.seen >= h.k && !h.renewing && !h.done
	h.done = h.done || hit
	return hit, h.victim
}

func (h *hitman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hit, v := h.strikes(r)
	if !hit {
		h.box.ServeHTTP(w, r)
		return
	}
	if h.after {
		h.box.ServeHTTP(httptest.NewRecorder(), r)
	}
	<-v.started
	_ = v.cmd.Process.Kill() // fails only for one that has ended
	<-v.ended
	panic(http.ErrAbortHandler)
}

// killing is a run that is killed once and then resumed.
type killing struct {
	hitman
	dir         string
	state       string
	credentials string
	flags       []string
}

// killRows touch customers and subscribers in every way.
var killRows = strings.Join([]string{storyHeader, newcoRow, newcosRow, growRow, eveRow, gilRow, bobCalls, annLeaves}, "\n") + "\n"

func newKilling(t *testing.T, k int, after bool, faults ...string) *killing {
	t.Helper()
	s := story{faults: faults}
	c := &killing{hitman: hitman{box: s.sandbox(t), k: k, after: after}, state: t.TempDir(), dir: filepath.Join(t.TempDir(), "run")}
	c.credentials = s.credentials(t, c.box)
	server, err := serve(c, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.close)
	c.flags = []string{"--base-url=" + server.url, "--rate=5000", "--poll-interval=10ms", "--log-level=debug", "--credentials=" + c.credentials}
	return c
}

// play applies, and resumes where the run was killed. It returns all that was said.
func (c *killing) play(t *testing.T, desired string) string {
	t.Helper()
	v := newVictim(t, c.state, append(c.flags, "apply", "--yes", "--allow-deletes=1", "--run-dir="+c.dir, desired)...)
	c.mu.Lock()
	c.victim = v
	c.mu.Unlock()
	code := v.live(t)
	said := v.said.String()
	if want := map[bool]int{true: -1, false: exitOK}[c.k > 0]; code != want {
		t.Fatalf("exit code %d, not %d\n%s", code, want, said)
	}
	if c.k > 0 {
		again := newVictim(t, c.state, append(c.flags, "resume", c.dir)...)
		if code := again.live(t); code != exitOK {
			t.Errorf("resume: exit code %d\n%s", code, again.said.String())
		}
		said += again.said.String()
	}
	return said
}

// told is what results.csv says, but for times and ids.
func (c *killing) told(t *testing.T) [][]string {
	t.Helper()
	rows := readResults(t, filepath.Join(c.dir, resultsFile))
	var told [][]string
	for _, name := range []string{"file", "line", "kind", "key", "action", "outcome", "error_code", "blocked_by"} {
		told = append(told, column(rows, name))
	}
	return told
}

// shape is the estate, but for times and ids.
func (c *killing) shape(t *testing.T) map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	c.box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/__sandbox/state", nil))
	var state map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil {
		t.Fatal(err)
	}
	shape := map[string]any{}
	for _, kind := range []string{"customers", "locations", "subscribers"} {
		objects, _ := state[kind].([]any)
		for _, o := range objects {
			object, _ := o.(map[string]any)
			for _, name := range []string{"id", "org_id", "person_id", "created", "package_since"} {
				delete(object, name)
			}
			shape[fmt.Sprint(kind, object["external_id"], object["customer_external_id"], object["email"], object["name"])] = object
		}
	}
	return shape
}

// TestKilledRunIsResumed kills the real program at requests all over a run, by
// SIGKILL, and resumes it. The estate and the results are those of a run that
// nobody has killed, and no write was applied twice.
func TestKilledRunIsResumed(t *testing.T) {
	leavesNothing(t)
	desired := input(t, "desired.csv", killRows)
	clean := newKilling(t, 0, false)
	clean.play(t, desired)
	want, told := clean.shape(t), clean.told(t)
	step := 2
	if testing.Short() {
		step = 6
	}
	for k := 1; k <= clean.seen; k += step {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("request %d, after its commit %v", k, after), func(t *testing.T) {
				t.Parallel()
				c := newKilling(t, k, after)
				c.play(t, desired)
				if diff := cmp.Diff(want, c.shape(t)); diff != "" {
					t.Errorf("the estate (-clean +killed):\n%s", diff)
				}
				if diff := cmp.Diff(told, c.told(t)); diff != "" {
					t.Errorf("results.csv (-clean +killed):\n%s", diff)
				}
				applied := map[string]int{}
				for _, r := range requestLog(t, c.box) {
					if r.Applied {
						applied[r.Method+" "+r.Key]++
					}
				}
				for what, n := range applied {
					if n != 1 {
						t.Errorf("%s was applied %d times", what, n)
					}
				}
			})
		}
	}
}

// TestSecretsOfKilledRun rotates the tokens in the middle of a run, breaks it,
// kills it after that and rotates once more. The new tokens were kept, or the
// resumed run could not sign in; and no token is anywhere but in its file.
func TestSecretsOfKilledRun(t *testing.T) {
	c := newKilling(t, 9, true, "POST /wholesale/* nth=1 401-before", "PUT nth=1 401-before", "POST /wholesale/* nth=3 500-after", "DELETE nth=1 truncate", "GET /people/me nth=2 401-before")
	secrets := c.secrets(t)
	said := c.play(t, input(t, "desired.csv", killRows))
	secrets = append(secrets, c.secrets(t)...)
	mustLack(t, "the output", said, secrets)
	refreshes := 0
	for _, r := range requestLog(t, c.box) {
		if r.Applied && strings.HasSuffix(r.Path, "/access_token") {
			refreshes++
		}
	}
	if refreshes < 2 {
		t.Errorf("the tokens were renewed %d times", refreshes)
	}
	files := 0
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		mustLack(t, path, string(content), secrets)
		return err
	})
	if err != nil || files < 4 {
		t.Errorf("%d files, error %v", files, err)
	}
}

// secrets are those of the credentials file as it is now.
func (c *killing) secrets(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(c.credentials)
	if err != nil {
		t.Fatal(err)
	}
	return jsonStrings(t, content, "client_secret", "refresh_token", "access_token")
}
