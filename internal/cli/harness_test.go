package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wholesync/internal/sandbox"
)

// screen is a stderr or stdout that can be read while it is written.
type screen struct {
	mu      sync.Mutex
	changed sync.Cond
	buf     bytes.Buffer
	closed  bool
}

func newScreen() *screen {
	s := &screen{}
	s.changed.L = &s.mu
	return s
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed.Broadcast()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// close says that nothing more comes.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
}

// await waits until the words are there.
func (s *screen) await(t *testing.T, words string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.buf.String(), words) {
		if s.closed {
			t.Fatalf("never said %q, but:\n%s", words, s.buf.String())
		}
		s.changed.Wait()
	}
}

// process is one run of the command line inside the test.
type process struct {
	stdin      io.Reader
	stdout     *screen
	out        io.Writer // instead of stdout; nil = none
	stderr     *screen
	tty        bool // all streams are terminals
	vars       map[string]string
	interrupts chan os.Signal
}

func newProcess(stdin string) *process {
	return &process{
		stdin: strings.NewReader(stdin), stdout: newScreen(), stderr: newScreen(), vars: map[string]string{}, interrupts: make(chan os.Signal, 2),
	}
}

// start is run beside the test; the code comes through the channel.
func (p *process) start(args ...string) <-chan int {
	code := make(chan int, 1)
	go func() { code <- p.run(args...) }()
	return code
}

func (p *process) run(args ...string) int {
	defer p.stdout.close()
	defer p.stderr.close()
	stdout := io.Writer(p.stdout)
	if p.out != nil {
		stdout = p.out
	}
	return run(context.Background(), args, env{
		stdin: p.stdin, stdout: stdout, stderr: p.stderr,
		getenv:     func(name string) string { return p.vars[name] },
		now:        time.Now,
		isTerminal: func(any) bool { return p.tty },
		interrupts: p.interrupts,
	})
}

// against starts a sandbox and returns the flags that lead to it.
func (p *process) against(t *testing.T) []string {
	t.Helper()
	box := p.sandbox(t)
	return p.at(t, box)
}

// slowly is against with writes that wait until release is called. Arrived
// closes with the first of them.
func (p *process) slowly(t *testing.T) (flags []string, arrived <-chan struct{}, release func()) {
	t.Helper()
	box := p.sandbox(t)
	first, gate := make(chan struct{}), make(chan struct{})
	arrive := sync.OnceFunc(func() { close(first) })
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	return p.at(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			arrive()
			<-gate
		}
		box.ServeHTTP(w, r)
	})), first, release
}

func (p *process) sandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p.vars[envToken] = box.AccessToken()
	return box
}

func (p *process) at(t *testing.T, api http.Handler) []string {
	t.Helper()
	p.vars["XDG_STATE_HOME"], p.vars["LocalAppData"] = t.TempDir(), t.TempDir()
	s, err := serve(api, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return []string{"--base-url=" + s.url, "--rate=5000", "--poll-interval=10ms", "--run-dir=" + filepath.Join(t.TempDir(), "run")}
}

// input writes a file into a folder of the test.
func input(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// jsonStrings picks string fields of a JSON object.
func jsonStrings(t *testing.T, data []byte, fields ...string) []string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i], _ = object[f].(string)
		if values[i] == "" {
			t.Fatalf("no field %q in %s", f, data)
		}
	}
	return values
}

// serve starts serving; see listen for addr.
func serve(handler http.Handler, addr string) (*server, error) {
	listener, err := listen(addr)
	if err != nil {
		return nil, err
	}
	return serveOn(listener, handler), nil
}
