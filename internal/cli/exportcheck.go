package cli

import (
	"fmt"
	"maps"

	"wholesync/diff"
	"wholesync/report"
)

// sheet is what an export writes: rows for live objects, and the cells of them
// that stay blank.
type sheet struct {
	rows    []diff.Row
	columns []diff.Column // after "kind"
	blank   map[place]bool
}

// place is one cell of a sheet.
type place struct {
	row    diff.Row
	column diff.Column
}

// omission is a live object or, where blank, one value of it that the sheet does
// not have, because a plan for the sheet would not be empty with it. The column
// is ColNone where the row as a whole is the cause.
type omission struct {
	place
	blank bool
	other string // id of the object that it collides with, if it does
}

// cell is what a row has in a column.
func (s *sheet) cell(r diff.Row, c diff.Column) string {
	if s.blank[place{r, c}] {
		return ""
	}
	return exportCell(r, c)
}

// settle takes out of the sheet what a plan for it would refuse or change, until
// such a plan is empty. The live state may well be one that no input can describe:
// an e-mail address under two customers, or a subscriber of a customer that is
// not listed.
func (s *sheet) settle(live *diff.Live) ([]omission, error) {
	var taken []omission
	for {
		want, err := s.desired()
		if err != nil {
			return nil, err
		}
		found := s.objections(want, live)
		if len(found) == 0 {
			return taken, nil
		}
		taken = append(taken, s.take(found)...)
	}
}

// desired is the input that the sheet would be. Lines are the rows of the sheet,
// counted from 1.
func (s *sheet) desired() (*diff.Desired, error) {
	want := diff.NewDesired()
	want.Files = []diff.File{{Name: "the export"}}
	cells := diff.Cells{}
	for i, r := range s.rows {
		clear(cells)
		for _, c := range s.columns {
			if v := s.cell(r, c); v != "" && c.Input() {
				cells[c] = v
			}
		}
		if err := want.Of(r.Kind()).Add(diff.Position{Line: uint32(i + 1)}, cells); err != nil {
			return nil, fmt.Errorf("checking the export: %s %q: %w", r.Kind(), r.Key(), err)
		}
	}
	return want, nil
}

// objections are what a plan for the sheet has against it: input errors, of both
// rows where two collide, and changes.
func (s *sheet) objections(want *diff.Desired, live *diff.Live) []omission {
	problems := diff.CheckWholeFile(want)
	var changes []diff.Change
	if len(problems) == 0 {
		plan := diff.Compute(want, live, diff.Options{})
		problems, changes = plan.Problems, plan.Changes
	}
	var found []omission
	for _, p := range problems {
		column, _ := diff.ParseColumn(p.Column)
		row := s.rows[p.Line-1]
		if p.Other.Line == 0 {
			found = append(found, omission{place: place{row, column}})
			continue
		}
		other := s.rows[p.Other.Line-1]
		found = append(found, omission{place: place{row, column}, other: other.Get(diff.ColID)},
			omission{place: place{other, column}, other: row.Get(diff.ColID)})
	}
	for _, c := range changes {
		found = append(found, omission{place: place{row: s.rows[c.At.Line-1]}})
	}
	return found
}

// take blanks the cells that are objected to, and leaves out the rows that
// cannot be without them or are objected to all the same. Each call takes
// something, so that a loop of them ends.
func (s *sheet) take(found []omission) []omission {
	var taken []omission
	before, out := maps.Clone(s.blank), map[diff.Row]bool{}
	for _, o := range found {
		rule, _ := diff.SpecOf(o.row.Kind()).Rule(o.column)
		o.blank = rule.Need != diff.Always && exportCell(o.row, o.column) != "" && !before[o.place]
		if o.blank && s.blank[o.place] || !o.blank && out[o.row] {
			continue // several objections to the same
		}
		if o.blank {
			s.blank[o.place] = true
		} else {
			out[o.row] = true
		}
		taken = append(taken, o)
	}
	kept := s.rows[:0]
	for _, r := range s.rows {
		if !out[r] {
			kept = append(kept, r)
		}
	}
	s.rows = kept
	return taken
}

// warnOfOmissions says what the sheet lacks, object by object.
func (a *app) warnOfOmissions(taken []omission) {
	people := false
	for _, o := range taken {
		text := "left out: a plan refuses its row for this cell"
		switch {
		case o.column == diff.ColNone:
			text = "left out: a plan would change something for its row"
		case o.blank:
			text = "left blank: a plan refuses this cell"
		}
		attrs := nameOf(o.row)
		if o.column != diff.ColNone {
			attrs = append(attrs, "column", o.column.String(), "value", report.Clean(o.row.Get(o.column)))
		}
		if o.other != "" {
			attrs = append(attrs, "collides_with", report.Clean(o.other))
		}
		a.log.Warn(text, attrs...)
		people = people || !o.blank && o.row.Kind() == diff.Subscriber
	}
	if people {
		a.log.Warn("subscribers were left out, and plan --prune with this file would remove them")
	}
}

// nameOf names a live object in a log line.
func nameOf(r diff.Row) []any {
	return []any{"kind", r.Kind().String(), "key", report.Clean(r.Key().String()), "id", report.Clean(r.Get(diff.ColID))}
}
