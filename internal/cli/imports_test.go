package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.." // of the module, from this package
	module = "wholesync"
)

// arrows says which of our packages each of them may import. A folder that is
// not here may not hold Go files, and one that is here must.
var arrows = map[string][]string{
	".":                {"internal/cli"},
	"diff":             {},
	"batch":            {"diff", "internal/webex"},
	"report":           {"batch", "diff"},
	"report/billing":   {},
	"internal/webex":   {},
	"internal/sandbox": {},
	"internal/bench":   {"internal/sandbox"},
	"internal/cli":     {"diff", "batch", "report", "report/billing", "internal/webex", "internal/sandbox"},
}

// later are packages that may be missing as long as nothing needs them.
var later = []string{"report/billing"}

// impure are the imports that package diff must not have, because a decision
// depends on its arguments alone.
var impure = []string{"os", "os/exec", "io", "io/fs", "io/ioutil", "net", "net/http", "time", "context", "log", "log/slog", "bufio", "math/rand", "math/rand/v2", "crypto/rand"}

func TestImportArrows(t *testing.T) {
	for dir, allowed := range arrows {
		files := goFiles(t, filepath.Join(root, dir))
		if len(files) == 0 && !slices.Contains(later, dir) {
			t.Errorf("%s has no Go files; was it renamed?", dir)
		}
		for _, file := range files {
			for _, path := range importsOf(t, file) {
				ours, ok := strings.CutPrefix(path, module+"/")
				if ok && !slices.Contains(allowed, ours) {
					t.Errorf("%s imports %s; %s may import %v alone", file, path, dir, allowed)
				}
			}
		}
	}
}

func TestNoOtherPackages(t *testing.T) {
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || dir != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if _, known := arrows[filepath.ToSlash(dir)]; d.IsDir() && !known && len(goFiles(t, path)) > 0 {
			t.Errorf("package %s has no import arrows", dir)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDiffIsPure(t *testing.T) {
	for _, file := range goFiles(t, filepath.Join(root, "diff")) {
		for _, path := range importsOf(t, file) {
			if slices.Contains(impure, path) {
				t.Errorf("%s imports %s: diff stays pure", file, path)
			}
		}
		for _, call := range printing(t, file) {
			t.Errorf("%s calls %s: diff does not print", file, call)
		}
	}
}

// topLevel is everything that may lie beside go.mod.
var topLevel = []string{"go.mod", "go.sum", "main.go", "batch", "diff", "report", "samples", "testdata", "internal", "README.md", "LICENSE"}

func TestTopLevel(t *testing.T) {
	leftBehind := ignoredAtTop(t)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		allowed := strings.HasPrefix(e.Name(), ".") || slices.Contains(topLevel, e.Name()) || matchesAny(t, leftBehind, e.Name())
		if !allowed {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
	for name, want := range map[string]bool{"wholesync-runs": true, "wholesync": true, "cli.test": true,
		"user.csv": true, "plan.html": true, "load": true, "wholesync.prom": true, "notes.txt": false, "batch": false, "samples": false} {
		if matchesAny(t, leftBehind, name) != want {
			t.Errorf(".gitignore covers %s: %v, not %v", name, !want, want)
		}
	}
}

// ignoredAtTop are the patterns of .gitignore: what a run or a build may leave
// beside go.mod. They are read here and not asked of git, so that the test also
// runs where there is none.
func ignoredAtTop(t *testing.T) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for line := range strings.Lines(string(content)) {
		pattern := strings.Trim(strings.TrimSpace(line), "/")
		if pattern != "" && !strings.HasPrefix(pattern, "#") {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

func matchesAny(t *testing.T, patterns []string, name string) bool {
	t.Helper()
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		if err != nil {
			t.Fatalf(".gitignore: %s: %v", pattern, err)
		}
		return matched
	})
}

// goFiles are the Go files of a folder that are not tests.
func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// printing are the calls of fmt functions that write to stdout or to a writer,
// and of the built-in print functions.
func printing(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			if fn.Name == "print" || fn.Name == "println" {
				found = append(found, fn.Name)
			}
		case *ast.SelectorExpr:
			pkg, ok := fn.X.(*ast.Ident)
			if ok && pkg.Name == "fmt" && strings.Contains(fn.Sel.Name, "rint") && !strings.HasPrefix(fn.Sel.Name, "S") {
				found = append(found, "fmt."+fn.Sel.Name)
			}
		}
		return true
	})
	return found
}
