package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"wholesync/diff"
	"wholesync/report"
)

func newValidate(a *app) *cobra.Command {
	var o inputOptions
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Find all input errors at once, without the API",
		Long: `Validate reads desired-state CSV files and prints everything that is wrong with
them, offline and without credentials. A file named - is stdin.

Ends with 3 where there is an error; warnings alone end with 0.`,
		Example: "  wholesync validate customers.csv subscribers.csv",
		Args:    someFiles,
		RunE:    func(_ *cobra.Command, args []string) error { return a.validate(args, o) },
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (a *app) validate(files []string, o inputOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if err := refuseJSON(files, a.global.sandbox); err != nil {
		return err
	}
	want, problems, err := a.load(files, o, a.stdin)
	if err != nil {
		return err
	}
	if a.json() {
		if err := writeJSON(a.stdout, append([]diff.Problem{}, problems...)); err != nil {
			return err
		}
	} else if err := a.printValidation(want, problems); err != nil {
		return err
	}
	if anyError(problems) {
		return endWith(exitInput)
	}
	return nil
}

func (a *app) printValidation(want *diff.Desired, problems []diff.Problem) error {
	if len(problems) > 0 {
		if err := report.WriteProblems(a.console, problems); err != nil {
			return err
		}
	}
	for i, f := range want.Files {
		parts := []string{f.Name + ":"}
		for _, k := range diff.Kinds() {
			if n := countRows(want, k, i); n > 0 || k.Offer() == diff.Wholesale {
				parts = append(parts, count(n, k.String())+",")
			}
		}
		if _, err := fmt.Fprintf(a.stdout, "%s %s\n", report.Clean(strings.Join(parts, " ")), countErrors(problems, f.Name)); err != nil {
			return err
		}
	}
	return nil
}

func countRows(d *diff.Desired, k diff.Kind, file int) int {
	n := 0
	for i := range d.Of(k).Len() {
		if int(d.Of(k).Row(i).Position().File) == file {
			n++
		}
	}
	return n
}

func countErrors(problems []diff.Problem, file string) string {
	n := 0
	for _, p := range problems {
		if p.File == file && !p.Warning {
			n++
		}
	}
	if n == 0 {
		return "no errors"
	}
	return count(n, "error")
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// writeJSON writes a value for a machine that people may look at too.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// shellLine joins words so that a shell takes them apart again.
func shellLine(words ...string) string {
	for i, w := range words {
		words[i] = report.ShellWord(w)
	}
	return strings.Join(words, " ")
}
