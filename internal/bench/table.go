package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// table is what is printed: promises and figures.
type table struct {
	title string
	rows  [][4]string // what, target, measured, verdict
}

// judge adds a figure that has a target.
func (t *table) judge(what, target, measured string, met bool) {
	verdict := "missed"
	if met {
		verdict = "ok"
	}
	t.rows = append(t.rows, [4]string{what, target, measured, verdict})
}

// tell adds a figure without a target.
func (t *table) tell(what, measured string) {
	t.rows = append(t.rows, [4]string{what, "", measured, ""})
}

// absent adds a peer that is not installed, and how to install it.
func (t *table) absent(what, target, hint string) {
	t.rows = append(t.rows, [4]string{what, target, hint, "absent"})
}

func (t *table) print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n\n", t.title) // an error shows at the end, in Flush
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][4]string{{"what", "target", "measured", "verdict"}}, t.rows...) {
		fmt.Fprintf(aligned, "%s\t%s\t%s\t%s\n", row[0], row[1], row[2], row[3])
	}
	return aligned.Flush()
}

// sample is one figure of several runs.
type sample []float64

// median is the middle figure; of an even number, the mean of the two there.
// The sample must not be empty.
func (s sample) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}

// format shows the median and the range, in a unit.
func (s sample) format(decimals int, unit string) string {
	return fmt.Sprintf("%.*f %s (%.*f..%.*f)", decimals, s.median(), unit, decimals, slices.Min(s), decimals, slices.Max(s))
}
