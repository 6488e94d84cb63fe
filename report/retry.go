package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"wholesync/batch"
	"wholesync/diff"
)

// Records reads the raw records of an input file, the header first, each with
// the physical line on which it begins. It returns the error of fn, if any.
type Records func(path string, fn func(line int, record []string) error) error

// The columns that retry.csv adds. Inputs ignore them, as all columns that begin
// with "_".
const (
	retryOutcome = "_outcome"
	retryCode    = "_error_code"
	retryError   = "_error"
)

// WriteRetry writes retry.csv: the input rows that have to be sent again, raw as
// they were, with what became of them in three columns at the end. It is valid
// input as it stands. It returns the number of rows written; where that is 0
// there is no file, and one that was there is removed. Left out are pruned
// objects, which a new plan with --prune finds again, and rejected rows that do
// not have as many fields as the header: only a person can tell which is which.
//
// Input cells are not made safe for spreadsheets, because that would change the
// data; the three columns are.
//
// Several input files with different headers share one header, the union of
// theirs in the order of appearance, with a column "kind". An absent column and
// a blank cell ask for the same, so nothing is lost by that.
func WriteRetry(path string, d *diff.Desired, rows []Row, records Records) (int, error) {
	t := &retryFile{read: records, column: map[string]int{}}
	for _, f := range d.Files {
		t.inputs = append(t.inputs, retryInput{name: f.Name})
	}
	for i := range rows {
		r := &rows[i]
		if r.At.Line != 0 && int(r.At.File) < len(t.inputs) && r.retryable() {
			t.inputs[r.At.File].rows = append(t.inputs[r.At.File].rows, r)
		}
	}
	for i := range t.inputs { // what goes along with a removal stands behind all rows, and asks for its own once more
		in := &t.inputs[i]
		slices.SortStableFunc(in.rows, func(a, b *Row) int { return comparePositions(a.At, b.At) })
		in.rows = slices.CompactFunc(in.rows, func(a, b *Row) bool { return a.At == b.At })
	}
	t.inputs = slices.DeleteFunc(t.inputs, func(in retryInput) bool { return len(in.rows) == 0 })
	if err := t.readHeaders(); err != nil {
		return 0, err
	}
	if err := batch.WriteFile(path, t.write); err != nil {
		return 0, err
	}
	if t.written == 0 {
		if err := os.Remove(path); err != nil {
			return 0, fmt.Errorf("removing a retry file without rows: %w", err)
		}
	}
	return t.written, nil
}

// retryFile is a retry.csv in the making.
type retryFile struct {
	inputs  []retryInput
	read    Records
	header  []string       // without the three added columns
	column  map[string]int // folded name -> place in header
	written int            // rows
}

// retryInput is an input file that has rows in retry.csv.
type retryInput struct {
	name string
	rows []*Row // in the order of the file
	to   []int  // field -> place in the header of retry.csv, -1 for one that is written anew
}

var errEnough = errors.New("enough was read")

// readHeaders makes the header of the file from those of its inputs.
func (t *retryFile) readHeaders() error {
	narrowest := 0
	for i := range t.inputs {
		in := &t.inputs[i]
		err := t.read(in.name, func(_ int, header []string) error {
			in.to = t.adopt(header)
			return errEnough
		})
		if !errors.Is(err, errEnough) {
			return readAgain(in.name, err)
		}
		own := 0
		for _, place := range in.to {
			if place >= 0 {
				own++
			}
		}
		if i == 0 || own < narrowest {
			narrowest = own
		}
	}
	if narrowest < len(t.header) {
		t.adopt([]string{batch.KindColumn})
	}
	return nil
}

func readAgain(name string, err error) error {
	if err == nil {
		return fmt.Errorf("reading %s again for the retry file: it is not what the run read", name)
	}
	return fmt.Errorf("reading %s again for the retry file: %w", name, err)
}

// adopt takes the columns of an input into the header, and tells where each of
// them went.
func (t *retryFile) adopt(header []string) []int {
	to := make([]int, len(header))
	for i, name := range header {
		folded := batch.FoldName(name)
		if folded == batch.FoldName(retryOutcome) || folded == batch.FoldName(retryCode) || folded == batch.FoldName(retryError) {
			to[i] = -1
			continue
		}
		place, ok := t.column[folded]
		if !ok {
			place = len(t.header)
			t.column[folded] = place
			t.header = append(t.header, name)
		}
		to[i] = place
	}
	return to
}

// write writes the whole file.
func (t *retryFile) write(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(append(slices.Clone(t.header), retryOutcome, retryCode, retryError)); err != nil {
		return err
	}
	for i := range t.inputs {
		if err := t.copyRows(out, &t.inputs[i]); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// copyRows copies the rows of one input.
func (t *retryFile) copyRows(out *csv.Writer, in *retryInput) error {
	rows := in.rows
	missing := func(before int) error {
		for len(rows) > 0 && int(rows[0].At.Line) < before {
			if rows[0].Outcome != diff.RejectedRow { // one with broken quotes cannot be read as a record
				return fmt.Errorf("no row begins in line %d any more", rows[0].At.Line)
			}
			rows = rows[1:]
		}
		return nil
	}
	err := t.read(in.name, func(line int, record []string) error {
		if err := missing(line); err != nil {
			return err
		}
		if len(rows) == 0 || int(rows[0].At.Line) > line {
			return nil
		}
		r := rows[0]
		rows = rows[1:]
		if len(record) != len(in.to) && r.Outcome == diff.RejectedRow {
			return nil
		}
		t.written++
		return out.Write(t.record(in, record, r))
	})
	if err == nil {
		err = missing(math.MaxInt)
	}
	if err != nil {
		return readAgain(in.name, err)
	}
	return nil
}

// record makes one record of retry.csv from one of an input.
func (t *retryFile) record(in *retryInput, record []string, r *Row) []string {
	cells := make([]string, len(t.header), len(t.header)+3)
	if k, ok := t.column[batch.KindColumn]; ok && !slices.Contains(in.to, k) {
		cells[k] = r.kindWord()
	}
	for i, v := range record {
		if i < len(in.to) && in.to[i] >= 0 {
			cells[in.to[i]] = v
		}
	}
	return append(cells, string(r.Outcome), numberOrBlank(r.Result.Code), Cell(r.Result.Description))
}
