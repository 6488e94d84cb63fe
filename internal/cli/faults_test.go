package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"wholesync/internal/sandbox"
)

// fault is one thing that can go wrong while a plan is carried out. What must
// come of it is told by stories, which are played here, and by tests elsewhere.
type fault struct {
	id        string
	what      string
	stories   []story
	elsewhere []string // "directory TestName", or the path of a script
	// awaits is a word of the code that the fault is about, where the program has
	// none yet. As soon as it has, tests must be named.
	awaits string
}

// story is an apply against a sandbox that misbehaves.
type story struct {
	name     string
	faults   []string
	rows     []string
	flags    []string // global ones
	prune    bool
	delay    time.Duration // of provisioning
	spoilt   bool          // the refresh token is not good any more
	code     int
	outcomes string // of the rows, in order; "" = nothing was begun
	applied  int    // writes that changed the estate
	writes   int    // writes that were sent
	says     string // somewhere in what is said or in the results
	resumed  int    // exit code of a resume after it; -1 = there is none
}

// storySeed is what stories start from.
const storySeed = `{
  "provisioning_ids": ["demo-template"],
  "customers": [
    {"external_id": "acme", "packages": ["webex_calling", "webex_meetings"],
     "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA", "zip": "95035", "country": "US"}},
    {"external_id": "hollow", "packages": ["webex_meetings"],
     "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}
  ],
  "subscribers": [
    {"customer_external_id": "acme", "email": "ann@acme.example", "package": "webex_calling", "extension": "1001"},
    {"customer_external_id": "acme", "email": "bob@acme.example", "package": "webex_meetings"}
  ]
}`

// Rows of stories.
const (
	storyHeader = "kind,external_id,packages,name,primary_email,provisioning_id,address_line1,city,state_or_province,zip_or_postal_code,country," +
		"customer_external_id,email,package,extension,ensure"
	newcoRow   = "customer,newco,webex_meetings,Newco,it@newco.example,demo-template,771 Alder Drive,Milpitas,CA,95035,US,,,,,"
	newcosRow  = "subscriber,,,,,,,,,,,newco,nia@newco.example,webex_meetings,,"
	growRow    = "customer,acme,webex_calling;webex_meetings;webex_voice,,,,,,,,,,,,,"
	eveRow     = "subscriber,,,,,,,,,,,hollow,eve@hollow.example,webex_meetings,,"
	gilRow     = "subscriber,,,,,,,,,,,hollow,gil@hollow.example,webex_meetings,,"
	bobCalls   = "subscriber,,,,,,,,,,,acme,bob@acme.example,webex_calling,1002,"
	bobLeaves  = "subscriber,,,,,,,,,,,acme,bob@acme.example,,,absent"
	annLeaves  = "subscriber,,,,,,,,,,,acme,ann@acme.example,,,absent"
	takesOver  = "subscriber,,,,,,,,,,,acme,max@acme.example,webex_calling,1001,"
	hollowGoes = "customer,hollow,,,,,,,,,,,,,,absent"
)

// TestFaults goes through the whole catalogue: each fault is played here or has
// a test by the name that stands in the table.
func TestFaults(t *testing.T) {
	leavesNothing(t)
	known, code := testsOfProject(t), codeOfProject(t)
	seen := map[string]bool{}
	for _, f := range faults {
		seen[f.id] = true
		t.Run(f.id, func(t *testing.T) {
			if len(f.stories)+len(f.elsewhere) == 0 && f.awaits == "" {
				t.Fatalf("%s has no test", f.what)
			}
			if f.awaits != "" && strings.Contains(code, f.awaits) {
				t.Errorf("the program knows %s by now, so %s needs a test", f.awaits, f.what)
			}
			for _, name := range f.elsewhere {
				if !known[name] {
					t.Errorf("there is no %s", name)
				}
			}
			for _, s := range f.stories {
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					s.play(t)
				})
			}
		})
	}
	for _, id := range catalogue() {
		if !seen[id] {
			t.Errorf("fault %s is not in the table", id)
		}
	}
	if len(seen) != len(faults) {
		t.Error("a fault is in the table twice")
	}
}

// leavesNothing fails a test after which code of this program still runs, once
// its subtests have ended too.
func leavesNothing(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		left := running()
		for range 300 { // some are just about to end
			if left == "" {
				return
			}
			<-tick.C
			left = running()
		}
		t.Errorf("a goroutine is left:\n%s", left)
	})
}

// running is the stack of a goroutine in code of this program, tests aside.
func running() string {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, g := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(g, "wholesync/") && !strings.Contains(g, "testing.tRunner") {
			return g
		}
	}
	return ""
}

// catalogue is the ids of all faults.
func catalogue() []string {
	ids := []string{"F18a", "F18b"}
	for n := 1; n <= 70; n++ {
		ids = append(ids, fmt.Sprintf("F%d", n))
	}
	return ids
}

// play carries a story out and compares its end.
func (s story) play(t *testing.T) {
	box := s.sandbox(t)
	p := newProcess("")
	flags := append(p.at(t, box), "--concurrency=1", "--credentials="+s.credentials(t, box))
	flags = append(flags, s.flags...)
	dir := flagOf(flags, "--run-dir")
	desired := input(t, "desired.csv", strings.Join(append([]string{storyHeader}, s.rows...), "\n")+"\n")
	deletes := strings.Count(fmt.Sprint(s.rows), ",absent")
	apply := append(flags, "apply", "--yes", fmt.Sprint("--allow-deletes=", deletes), fmt.Sprint("--prune=", s.prune), desired)
	if code := p.run(apply...); code != s.code {
		t.Errorf("exit code %d, not %d\n%s", code, s.code, p.stderr)
	}
	results := readResults(t, filepath.Join(dir, resultsFile))
	if got := strings.Join(column(results, "outcome"), " "); got != s.outcomes {
		t.Errorf("outcomes are %q, not %q: %s", got, s.outcomes, results)
	}
	s.checkLog(t, box)
	if said := p.stdout.String() + p.stderr.String() + fmt.Sprint(results); !strings.Contains(said, s.says) {
		t.Errorf("nothing says %q:\n%s", s.says, said)
	}
	if s.outcomes == "" || s.resumed < 0 {
		return
	}
	again := newProcess("")
	again.vars = p.vars
	if code := again.run(append(flags, "resume", dir)...); code != s.resumed {
		t.Errorf("resume: exit code %d, not %d\n%s", code, s.resumed, again.stderr)
	}
	s.checkLog(t, box) // a finished row is never sent again
}

func (s story) sandbox(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	o := sandbox.Options{Seed: strings.NewReader(storySeed), ProvisionDelay: s.delay, RotateRefresh: true}
	for _, text := range s.faults {
		rule, err := sandbox.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, rule)
	}
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func (s story) credentials(t *testing.T, box *sandbox.Sandbox) (path string) {
	t.Helper()
	content := string(box.Credentials())
	if s.spoilt {
		content = strings.Replace(content, "sandbox-refresh", "spoilt", 1)
	}
	return input(t, "credentials.json", content)
}

func (s story) checkLog(t *testing.T, box http.Handler) {
	t.Helper()
	writes, applied := 0, 0
	for _, r := range requestLog(t, box) {
		if r.Method == http.MethodGet || !strings.HasPrefix(r.Path, "/v1/wholesale/") {
			continue
		}
		writes++
		if r.Applied {
			applied++
		}
	}
	if writes != s.writes || applied != s.applied {
		t.Errorf("%d of %d writes were applied, not %d of %d", applied, writes, s.applied, s.writes)
	}
}

// logged is one request as the sandbox saw it.
type logged struct {
	Method, Path, Key string
	Applied           bool
}

func requestLog(t *testing.T, box http.Handler) (log []logged) {
	t.Helper()
	w := httptest.NewRecorder()
	box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/__sandbox/log", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// flagOf is the value of the last flag with a name.
func flagOf(flags []string, name string) (value string) {
	for _, f := range flags {
		if v, ok := strings.CutPrefix(f, name+"="); ok {
			value = v
		}
	}
	return value
}

// readResults reads results.csv, header included; nil where there is none.
func readResults(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Error(err)
	}
	return rows
}

// column picks one column of a file with a header.
func column(rows [][]string, name string) (cells []string) {
	for i := range rows {
		for j, head := range rows[0] {
			if i > 0 && head == name {
				cells = append(cells, rows[i][j])
			}
		}
	}
	return cells
}

// testsOfProject finds all tests, as "directory TestName", and all scripts.
func testsOfProject(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	walkProject(t, func(path string) error {
		switch {
		case strings.HasSuffix(path, ".txtar"):
			found[path] = true
		case strings.HasSuffix(path, "_test.go"):
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					found[filepath.ToSlash(filepath.Dir(path))+" "+f.Name.Name] = true
				}
			}
		}
		return nil
	})
	return found
}

// codeOfProject is all code but tests and the sandbox.
func codeOfProject(t *testing.T) string {
	t.Helper()
	var code strings.Builder
	walkProject(t, func(path string) error {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "internal/sandbox/") {
			return nil
		}
		content, err := os.ReadFile(filepath.Join(root, path))
		code.Write(content)
		return err
	})
	return code.String()
}

func walkProject(t *testing.T, visit func(path string) error) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return visit(path)
	})
	if err != nil {
		t.Fatal(err)
	}
}
