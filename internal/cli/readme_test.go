package cli

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/diff"
)

var updateReadme = flag.Bool("update-readme", false, "put what commands print into the console blocks of the README where it says something else")

const readmePath = root + "/README.md"

func readReadme(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// brokenInput is the file that the README shows errors of.
const brokenInput = "customer_external_id,email,package,primary_phone_number\n" +
	"acme,grace@acme.example,webex_callin,\n" +
	"acme,alan@acme.example,webex_calling,1.24E+10\n"

// TestReadmeCommands types what the README types, one after the other in one
// folder. What it shows of a command's output must be what comes out.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	readme := readReadme(t)
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "samples"), os.DirFS(filepath.Join(root, "samples"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.csv"), []byte(brokenInput), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, block := range fences(readme) {
		switch {
		case block.language == "console":
			for _, typed := range consoleCommands(block.text) {
				readme = checkCommand(t, dir, readme, typed)
			}
		case block.language == "csv" && strings.HasPrefix(block.text, "file,line,"):
			checkShownResults(t, dir, block.text)
		}
	}
	if *updateReadme {
		if err := os.WriteFile(readmePath, []byte(readme), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// fence is a fenced block of Markdown.
type fence struct{ language, text string }

var fenceForm = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func fences(markdown string) []fence {
	var blocks []fence
	for _, m := range fenceForm.FindAllStringSubmatch(markdown, -1) {
		blocks = append(blocks, fence{m[1], m[2]})
	}
	return blocks
}

// consoleCommand is a command of a console block, and what the block shows of
// its output, "" if nothing.
type consoleCommand struct{ line, shown string }

func consoleCommands(text string) []consoleCommand {
	var commands []consoleCommand
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			commands = append(commands, consoleCommand{line: strings.TrimSpace(command)})
		} else if n := len(commands); n > 0 {
			commands[n-1].shown += line
		}
	}
	return commands
}

// checkCommand runs a command and returns the README, with the output mended
// where that is asked for.
func checkCommand(t *testing.T, dir, readme string, c consoleCommand) string {
	t.Helper()
	words := strings.Fields(c.line)
	if words[0] != "wholesync" || strings.ContainsAny(c.line, `"'|>`) {
		t.Fatalf("%q: console blocks have plain wholesync commands alone", c.line)
	}
	cmd := exec.Command(words[0], words[1:]...) // TestMain put this program there
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), envToken+"=", envCredentials+"=", "NO_COLOR=1", "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	case c.shown == "" && err != nil:
		t.Errorf("%s: %v\n%s", c.line, err, &stderr)
	case c.shown == "" || shows(stdout.String(), c.shown) || shows(stderr.String(), c.shown):
	case *updateReadme:
		real := stdout.String()
		if real == "" {
			real = stderr.String()
		}
		return strings.Replace(readme, "$ "+c.line+"\n"+c.shown, "$ "+c.line+"\n"+real, 1)
	default:
		t.Errorf("%s: the output is not as shown (-shown +stdout); -update-readme mends that\n%s", c.line, cmp.Diff(steady(c.shown), steady(stdout.String())))
	}
	return readme
}

// shows reports whether what was printed has the lines shown. A line "..." in
// them stands for any lines.
func shows(printed, shown string) bool {
	printed = "\n" + steady(printed)
	for _, part := range strings.Split("\n"+steady(shown), "\n...\n") {
		if part = strings.Trim(part, "\n"); part == "" {
			continue
		}
		_, after, found := strings.Cut(printed, "\n"+part+"\n")
		if !found {
			return false
		}
		printed = "\n" + after
	}
	return true
}

// unsteady is what differs from run to run: names of run directories, ids,
// durations, times, and how often a run had to look until something was ready.
var unsteady = []struct {
	form *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}`), "RUN"},
	{regexp.MustCompile(`Y2lzY29[A-Za-z0-9]+`), "ID"},
	{regexp.MustCompile(`SANDBOX_[0-9a-f]+`), "TRACKING"},
	{regexp.MustCompile(`in ([0-9]+m)?[0-9.]+m?s:`), "in TIME:"},
	{regexp.MustCompile(`(?m)^API: .*$`), "API: CALLS"},
	{regexp.MustCompile(`[0-9-]{10}T[0-9:.]+Z(,[0-9]+)?`), "TIME"},
}

func steady(text string) string {
	for _, u := range unsteady {
		text = u.form.ReplaceAllString(text, u.is)
	}
	return text
}

// checkShownResults wants the lines of a results.csv to be those of the last run.
func checkShownResults(t *testing.T, dir, shown string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, runsDir, "*", resultsFile))
	if err != nil || len(files) == 0 {
		t.Fatalf("no run before the results that are shown: %v", err)
	}
	written, err := os.ReadFile(slices.Max(files))
	if err != nil {
		t.Fatal(err)
	}
	printed := strings.Split(steady(string(written)), "\n")
	for line := range strings.Lines(steady(shown)) {
		if line = strings.TrimSpace(line); line != "..." && !slices.Contains(printed, line) {
			t.Errorf("results.csv has no line %q", line)
		}
	}
}

func TestShows(t *testing.T) {
	const printed = "a\nb\nc\nd in 2.06s: wholesync-runs/20261122T003041Z-317d57\n"
	for shown, want := range map[string]bool{
		printed: true, "a\n": true, "b\nc\n": true, "a\n...\nc\n": true, "...\nc\n": true,
		"d in 7s: wholesync-runs/20990101T000000Z-abcdef\n": true,
		"x\n": false, "a\nc\n": false, "c\n...\na\n": false, "d in 7s\n": false,
	} {
		if got := shows(printed, shown); got != want {
			t.Errorf("%q: %v, not %v", shown, got, want)
		}
	}
}

// TestReadmeFlags wants every flag that the README names to exist.
func TestReadmeFlags(t *testing.T) {
	known := map[string]bool{"help": true, "version": true}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { known[f.Name] = true })
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	a := &app{env: env{getenv: func(string) string { return "" }}, console: &console{w: io.Discard}, log: slog.New(slog.DiscardHandler)}
	walk(newRoot(a))
	named := regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(readReadme(t), -1)
	if len(named) == 0 {
		t.Fatal("the README names no flag")
	}
	for _, m := range named {
		if !known[m[1]] {
			t.Errorf("the README names --%s, which no command takes", m[1])
		}
	}
}

// TestReadmeTables holds the tables of exit codes, outcomes and columns against
// the program, both ways.
func TestReadmeTables(t *testing.T) {
	readme := readReadme(t)
	var codes, outcomes []string
	for _, c := range exitCodes {
		codes = append(codes, strconv.Itoa(c))
	}
	for _, o := range diff.Outcomes() {
		outcomes = append(outcomes, string(o))
	}
	for title, want := range map[string][]string{
		"exit": codes, "outcome": outcomes,
		"customer column": inputColumns(diff.Customer), "subscriber column": inputColumns(diff.Subscriber),
	} {
		got := firstCells(readme, title)
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("the table of the README that begins with %q (-program +README):\n%s", title, d)
		}
	}
}

// TestReadmeSystems holds the table of systems against the scripts: each command
// is run by one of those that the row names.
func TestReadmeSystems(t *testing.T) {
	_, table, _ := strings.Cut(readReadme(t), "\n| system | commands | scripts |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")[1:]
	if len(rows) < 12 {
		t.Fatalf("the README lists %d systems", len(rows))
	}
	quoted := regexp.MustCompile("`([a-z_ ]+)`")
	for _, row := range rows {
		cells := strings.Split(row, "|")
		var said strings.Builder
		for _, m := range quoted.FindAllStringSubmatch(cells[3], -1) {
			script, err := os.ReadFile(filepath.Join(root, "testdata", "script", m[1]+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			said.Write(script)
		}
		commands := quoted.FindAllStringSubmatch(cells[2], -1)
		if len(commands) == 0 {
			t.Errorf("no command does%s", cells[1])
		}
		for _, m := range commands {
			if !regexp.MustCompile(`(?m)^(! )?exec (sh -c ')?ws (--[^\n]* )?` + m[1] + `\b`).MatchString(said.String()) {
				t.Errorf("no script named runs %q for%s", m[1], cells[1])
			}
		}
	}
}

// inputColumns are the columns of a kind that a file may have. "ensure" is for
// both kinds, and the README has it beside the tables.
func inputColumns(k diff.Kind) []string {
	var names []string
	for _, rule := range diff.SpecOf(k).Rules {
		if rule.Column.Input() && rule.Column != diff.ColEnsure {
			names = append(names, rule.Column.String())
		}
	}
	return names
}

var nameInCell = regexp.MustCompile("`([a-z0-9_]+)`|^([0-9]+)$")

// firstCells are the names in the first column of a table, by its header.
func firstCells(readme, title string) []string {
	_, table, _ := strings.Cut(readme, "\n| "+title+" |")
	table, _, _ = strings.Cut(table, "\n\n")
	var names []string
	for _, line := range strings.Split(table, "\n")[1:] {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for _, m := range nameInCell.FindAllStringSubmatch(cell, -1) {
			names = append(names, m[1]+m[2])
		}
	}
	return names
}
