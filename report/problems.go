package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"wholesync/diff"
)

// maxProblems is how many problems are printed; nobody reads more.
const maxProblems = 1000

// WriteProblems prints the problems of the input, one per line, then their
// totals. Where there are too many to print, errors come before warnings.
func WriteProblems(w io.Writer, problems []diff.Problem) error {
	warnings := 0
	files := map[string]bool{}
	for i := range problems {
		files[problems[i].File] = true
		if problems[i].Warning {
			warnings++
		}
	}
	shown := problems
	if len(problems) > maxProblems {
		shown = slices.Clone(problems)
		slices.SortStableFunc(shown, func(a, b diff.Problem) int { return boolInt(a.Warning) - boolInt(b.Warning) })
		shown = shown[:maxProblems]
	}
	out := bufio.NewWriter(w)
	for _, p := range shown {
		fmt.Fprintln(out, Clean(p.String()))
	}
	if hidden := len(problems) - len(shown); hidden > 0 {
		fmt.Fprintf(out, "... and %s more\n", number(hidden))
	}
	totals := plural(len(problems)-warnings, "error")
	if warnings > 0 {
		totals += ", " + plural(warnings, "warning")
	}
	if len(problems) > 0 {
		totals += " in " + plural(len(files), "file")
	}
	fmt.Fprintln(out, totals)
	return out.Flush()
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
