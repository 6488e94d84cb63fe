package report

import (
	"cmp"
	"slices"
	"strings"

	"wholesync/batch"
	"wholesync/diff"
)

// Row is what became of one input row, of one pruned object, which no row names,
// or of one object that goes along with what a row removes. It shares its texts with the input and the results it was made from,
// so that a million rows cost little.
type Row struct {
	File    string        // name of the input file; "" for a pruned object
	At      diff.Position // in the input; Line 0 for a pruned object
	Kind    diff.Kind     // 0 for a rejected row whose kind could not be told
	Key     diff.Key
	Action  diff.Action // 0 where nothing was to be done
	Changes int         // more than one where a customer grows and shrinks, or a subscriber moves
	// Outcome is the worst of the row's changes, and Result is that change's.
	Outcome  diff.Outcome
	Result   *batch.Result // never nil
	Attempts int           // writes sent for all changes of the row
}

// Results of rows about which nothing is known but the outcome; all such rows
// share them.
var (
	unchanged    = &batch.Result{Outcome: diff.Unchanged}
	notAttempted = &batch.Result{Outcome: diff.NotAttempted}
)

// Rows brings input, plan and results together: one row per input row, in input
// order, then one per pruned object. A change without a result was not
// attempted.
func Rows(d *diff.Desired, p *diff.Plan, results []batch.Result) []Row {
	s := newRowSet(d)
	for i := range p.Held {
		h := &p.Held[i]
		s.settle(h.At, h.Kind, h.Key).hold(h)
	}
	byID := make(map[string]*batch.Result, len(results))
	for i := range results {
		if c := results[i].Change; c != nil {
			byID[c.ID] = &results[i]
		}
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		r := byID[c.ID]
		if r == nil {
			r = notAttempted
		}
		s.settle(c.At, c.Kind, c.Key).apply(c, r)
	}
	return s.rows
}

// rowSet is the rows in the making: first those of the input, in order, then
// those that no input row stands for.
type rowSet struct {
	rows  []Row
	input int // how many rows have a place in a file
}

func newRowSet(d *diff.Desired) *rowSet {
	s := &rowSet{}
	s.rows = make([]Row, 0, len(d.Rejected)+d.Len())
	for _, k := range diff.Kinds() {
		t := d.Of(k)
		for i := range t.Len() {
			r := t.Row(i)
			s.rows = append(s.rows, Row{File: d.FileName(r.Position()), At: r.Position(), Kind: k, Key: r.Key(), Outcome: diff.Unchanged, Result: unchanged})
		}
	}
	for i := range d.Rejected {
		s.rows = append(s.rows, rejected(&d.Rejected[i]))
	}
	s.order()
	return s
}

func rejected(r *diff.Rejected) Row {
	return Row{
		File: r.File, At: r.At, Kind: r.Kind, Key: diff.Key{Customer: r.Key}, Outcome: diff.RejectedRow,
		Result: &batch.Result{Outcome: diff.RejectedRow, Description: r.Problem, Advice: mendRow},
	}
}

func (s *rowSet) order() {
	if !slices.IsSortedFunc(s.rows, compareRows) {
		slices.SortStableFunc(s.rows, compareRows)
	}
	s.input = len(s.rows)
}

func compareRows(a, b Row) int { return comparePositions(a.At, b.At) }

func comparePositions(a, b diff.Position) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

func (s *rowSet) find(at diff.Position) (int, bool) {
	return slices.BinarySearchFunc(s.rows[:s.input], at, func(r Row, at diff.Position) int { return comparePositions(r.At, at) })
}

// settle finds the row at a position. What the input has no row for, because it
// was pruned or only goes along with what a row removes, gets a new one at the end.
func (s *rowSet) settle(at diff.Position, kind diff.Kind, key diff.Key) *Row {
	row := Row{Kind: kind, Key: key, Outcome: diff.Unchanged, Result: unchanged}
	if i, ok := s.find(at); ok {
		if kind.HasRows() {
			return &s.rows[i]
		}
		row.File, row.At = s.rows[i].File, at
	}
	s.rows = append(s.rows, row)
	return &s.rows[len(s.rows)-1]
}

// hold gives a row the verdict of the plan itself.
func (r *Row) hold(h *diff.Held) {
	if !batch.Worse(h.Outcome, r.Outcome) {
		return
	}
	r.Outcome = h.Outcome
	r.Result = &batch.Result{Outcome: h.Outcome, Description: h.Reason, Advice: h.Advice}
	r.Result.ResourceID = strings.Join(h.LiveIDs, " ")
	if len(h.LiveIDs) > 1 { // a person has to look at each of them
		r.Result.Description += " (live: " + strings.Join(h.LiveIDs, ", ") + ")"
	}
}

// apply adds a change and its result to a row. The row's action is the first in
// the order of diff.Actions: a subscriber that moves is removed for the sake of
// being provisioned.
func (r *Row) apply(c *diff.Change, res *batch.Result) {
	if r.Action == 0 || c.Action < r.Action {
		r.Action = c.Action
	}
	r.Changes++
	r.Attempts += res.Attempts
	if r.Result == unchanged || batch.Worse(res.Outcome, r.Outcome) { // a change that found nothing to do may say why
		r.Outcome, r.Result = res.Outcome, res
	}
}

// actionWord is the action in results and summaries.
func (r *Row) actionWord() string {
	if r.Action == 0 {
		return "none"
	}
	return r.Action.String()
}

// kindWord is the kind in results and summaries.
func (r *Row) kindWord() string {
	if r.Kind == 0 {
		return ""
	}
	return r.Kind.String()
}

// retryable says that the row has to be sent again.
func (r *Row) retryable() bool {
	return r.Outcome != diff.OK && r.Outcome != diff.Unchanged && r.Outcome != diff.Pending
}

// ExitCode tells the exit code of a run from its rows (the table in the README):
// 9 where an outcome is unknown, 8 where rows were not attempted or are still in
// progress, 4 where rows failed, conflicted, were rejected or skipped, else 0.
func ExitCode(rows []Row) int {
	code := 0
	for i := range rows {
		switch rows[i].Outcome {
		case diff.Unknown:
			return exitUnknown
		case diff.NotAttempted, diff.InProgress:
			code = max(code, exitIncomplete)
		case diff.Failed, diff.Conflict, diff.RejectedRow, diff.Skipped:
			code = max(code, exitFailures)
		}
	}
	return code
}

// Exit codes that rows decide, in the order of their claims.
const (
	exitFailures   = 4
	exitIncomplete = 8
	exitUnknown    = 9
)
