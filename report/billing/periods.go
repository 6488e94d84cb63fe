package billing

import (
	"cmp"
	"fmt"
	"slices"
)

// checkPeriods notes charges for the same thing whose periods overlap in part, or
// leave days out between them. Charges for the very same days are usual.
func (r *run) checkPeriods() {
	for _, g := range r.groups {
		var periods []Period
		for _, l := range g.lines {
			periods = append(periods, l.Period)
		}
		slices.SortFunc(periods, func(a, b Period) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last)) })
		periods = slices.Compact(periods)
		for i := 1; i < len(periods); i++ {
			before, p := periods[i-1], periods[i]
			word := ""
			switch {
			case before.Overlaps(p):
				word = "overlap"
			case p.First > before.Last+1:
				word = "leave days out"
			default:
				continue
			}
			r.result.Notes = append(r.result.Notes, fmt.Sprintf("charges for %s %s: %s and %s", g.what(), word, before, p))
		}
	}
}

// what names a group for people.
func (g *group) what() string {
	s := g.pkg
	if g.user != "" {
		s += " of " + g.user
	}
	if g.customer != "" {
		s += " of " + g.customer
	}
	return s
}
