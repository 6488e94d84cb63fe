package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

// stdinName is the argument that stands for standard input, and stdinShown the
// name that the reader gives it.
const (
	stdinName  = "-"
	stdinShown = "stdin"
)

// inputOptions are the flags of every command that reads desired-state CSV.
type inputOptions struct {
	allowExtraColumns bool
	expectRows        int
	maxBytes          int64
	maxRows           int
	skipInvalid       bool
	provisioningID    string
}

func (o *inputOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.allowExtraColumns, "allow-extra-columns", false, "ignore columns that are not known")
	f.IntVar(&o.expectRows, "expect-rows", 0, "refuse input with another number of rows, such as one cut on its way here")
	f.IntVar(&o.maxRows, "max-rows", batch.DefaultMaxRows, "refuse files with more rows than this")
	f.Int64Var(&o.maxBytes, "max-bytes", batch.DefaultMaxBytes, "refuse files larger than this")
}

func (o *inputOptions) addSendFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.skipInvalid, "skip-invalid", false, "set invalid rows aside and go on with the others")
	f.StringVar(&o.provisioningID, "provisioning-id", "", "provisioning id for customer rows that name none")
}

func (o *inputOptions) check() error {
	if o.expectRows < 0 {
		return fmt.Errorf("reading the flags: --expect-rows %d is out of range; give the number of rows", o.expectRows)
	}
	if o.maxRows < 1 {
		return fmt.Errorf("reading the flags: --max-rows %d is out of range; give a number of rows", o.maxRows)
	}
	if o.maxBytes < 1 {
		return fmt.Errorf("reading the flags: --max-bytes %d is out of range; give a number of bytes", o.maxBytes)
	}
	return nil
}

// load reads the input files, each and all together.
func (a *app) load(files []string, o inputOptions, stdin io.Reader) (*diff.Desired, []diff.Problem, error) {
	want, problems, err := batch.ReadDesired(files, batch.ReadOptions{
		SkipInvalid: o.skipInvalid, AllowExtraColumns: o.allowExtraColumns, ExpectRows: o.expectRows, MaxBytes: o.maxBytes, MaxRows: o.maxRows,
		Stdin: stdin, ProvisioningID: o.provisioningID,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the input: %w", err)
	}
	return want, problems, nil
}

// read is load for commands that need an input without errors. Warnings are
// printed and do not stop them.
func (a *app) read(files []string, o inputOptions, stdin io.Reader) (*diff.Desired, error) {
	want, problems, err := a.load(files, o, stdin)
	if err != nil {
		return nil, err
	}
	return want, a.judge(problems)
}

// judge prints problems, and ends the command where one of them is an error.
func (a *app) judge(problems []diff.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	if err := report.WriteProblems(a.console, problems); err != nil {
		return err
	}
	if anyError(problems) {
		return fail(exitInput, "reading the input: it has errors, so nothing was sent; mend them and run the same command again")
	}
	return nil
}

func anyError(problems []diff.Problem) bool {
	return slices.ContainsFunc(problems, func(p diff.Problem) bool { return !p.Warning })
}

// unlike refuses an output that would overwrite one of the inputs. Outputs are
// by flag; a blank one is not asked for.
func unlike(inputs []string, outputs map[string]string) error {
	for _, flag := range slices.Sorted(maps.Keys(outputs)) {
		for _, in := range inputs {
			if outputs[flag] != "" && sameFile(outputs[flag], in) {
				return fmt.Errorf("reading the flags: %s %s is an input of this command; name another file", flag, outputs[flag])
			}
		}
	}
	return nil
}

// checkOutputs makes sure that files can be written, by flag, before anything is
// sent: a run must not find out at its end.
func (a *app) checkOutputs(inputs []string, outputs map[string]string) error {
	if err := unlike(inputs, outputs); err != nil {
		return err
	}
	for _, flag := range slices.Sorted(maps.Keys(outputs)) {
		if err := probe(outputs[flag]); err != nil {
			return fail(exitFiles, "reading the flags: %s %s cannot be written: %w; name another file", flag, outputs[flag], err)
		}
	}
	return nil
}

// probe tries whether a file could be put in place; "" is none.
func probe(path string) error {
	switch path {
	case "":
		return nil
	case stdinName:
		return errors.New("it stands for a stream, and only a file is put in place whole")
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is no regular file, and would be replaced by one")
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// refuseJSON turns down saved plans and estates where desired-state CSV is wanted.
func refuseJSON(files []string, sandbox string) error {
	at := slices.IndexFunc(files, func(f string) bool { return strings.EqualFold(filepath.Ext(f), ".json") })
	switch {
	case at < 0:
		return nil
	case sandbox == demoSeed:
		return fmt.Errorf("reading the arguments: %s is no desired-state CSV; an estate is loaded with %s, and a saved plan applied with %s",
			files[at], report.ShellWord("--sandbox="+files[at]), shellLine("wholesync", "apply", "--sandbox", files[at]))
	}
	return fmt.Errorf("reading the arguments: %s is no desired-state CSV; a saved plan is applied with %s", files[at], shellLine("wholesync", "apply", files[at]))
}

func sameFile(a, b string) bool {
	if a == stdinName || b == stdinName {
		return a == b
	}
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	ai, aErr := os.Stat(a)
	bi, bErr := os.Stat(b)
	return aErr == nil && bErr == nil && os.SameFile(ai, bi)
}
