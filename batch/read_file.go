package batch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"wholesync/diff"
)

// maxProblems ends the reading of a file that is wrong throughout: no one reads
// on, and a million of them would not fit into memory beside the rows.
const maxProblems = 100_000

// fileReader reads one file into tables of its own, so that files can be read
// side by side.
type fileReader struct {
	opt      ReadOptions
	src      *source
	file     uint16 // place among the inputs
	snapshot bool   // the file is an export that stands for the live state

	csv    *csvReader
	skip   int64 // length of the byte order mark
	head   header
	line   int   // physical line where the record begins
	start  int64 // byte where the record begins, the blank lines before it included; the mark not counted
	rows   int
	blanks []int    // per nameless field: the first line that has something in it
	bad    []string // what is wrong with the row, for its line in the results
	short  int      // the row that last had too few fields, counted from 1

	tables   map[diff.Kind]*diff.Table
	problems []diff.Problem
	rejected []diff.Rejected
}

func newFileReader(src *source, opt ReadOptions) *fileReader {
	f := &fileReader{opt: opt, src: src, tables: make(map[diff.Kind]*diff.Table)}
	for _, kind := range diff.Kinds() {
		f.tables[kind] = diff.NewInputTable(kind)
	}
	return f
}

// info describes the file for the plan.
func (f *fileReader) info() diff.File {
	columns := make(map[diff.Column]int)
	for i, column := range f.head.cols {
		if column != diff.ColNone {
			columns[column] = i + 1
		}
	}
	return diff.File{Name: f.src.name, SHA256: f.src.sha256(), Columns: columns}
}

// read reads the whole file. An error means that the disk failed; what is wrong
// with the content is in f.problems.
func (f *fileReader) read() error {
	if size := f.src.before.Size(); size > f.opt.MaxBytes {
		f.problems = append(f.problems, f.src.problem(fmt.Sprintf("has %d bytes or more, the limit is %d", size, f.opt.MaxBytes), "split it, or raise the limit with --max-bytes"))
		return nil
	}
	in := bufio.NewReaderSize(f.src, bufSize)
	head, err := in.Peek(bufSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return &InputError{f.src.name, bare(err)}
	}
	skip, problem := sniff(f.src, head)
	if problem != nil {
		f.problems = append(f.problems, *problem)
		return nil
	}
	f.skip = int64(skip)
	head = slices.Clone(head[skip:]) // the buffer moves on
	_, _ = in.Discard(skip)          // they were peeked at
	f.csv = newCSVReader(in)
	if err := f.readHeader(head); err != nil || f.head.ways == nil {
		return err
	}
	whole, err := f.readRows()
	if whole {
		f.finish()
	}
	return err
}

// readHeader reads the first record and settles what the fields mean.
func (f *fileReader) readHeader(head []byte) error {
	record, err := f.csv.Read()
	if line := headerBelow(head); err != nil && line > 1 {
		f.problems = append(f.problems, diff.Problem{File: f.src.name, Line: 1, Text: fmt.Sprintf("no header, line %d looks like it", line), Hint: "delete the lines above the header"})
		return nil
	}
	if errors.Is(err, io.EOF) { // more blank lines than sniff has seen
		f.problems = append(f.problems, f.src.problem(emptyFile, nameColumns))
		return nil
	}
	if err != nil {
		_, err = f.structure(record, err, true)
		return err
	}
	f.head.line = f.csv.line
	f.head.names = slices.Clone(record)
	c := &headerChecker{header: &f.head, src: f.src, extra: f.opt.AllowExtraColumns, snapshot: f.snapshot}
	c.check(head)
	for kind, m := range f.head.ways {
		m.table = f.tables[kind]
	}
	f.blanks = make([]int, len(f.head.blank))
	f.problems = append(f.problems, c.problems...)
	return nil
}

// readRows reads all rows; whole says that it came to the end of the file.
func (f *fileReader) readRows() (whole bool, _ error) {
	for {
		f.start = f.csv.Offset()
		f.src.mark = f.start
		record, err := f.csv.Read()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		f.rows++
		switch {
		case f.rows > f.opt.MaxRows:
			f.problems = append(f.problems, f.src.problem(fmt.Sprintf("has more than %d rows", f.opt.MaxRows), "split it, or raise the limit with --max-rows"))
			return false, nil
		case len(f.problems) > maxProblems && !f.opt.SkipInvalid:
			f.problems = append(f.problems, f.src.problem(fmt.Sprintf("more than %d problems: the rest of the file was not looked at", maxProblems), ""))
			return false, nil
		case err != nil:
			if stop, err := f.structure(record, err, false); stop || err != nil {
				return false, err
			}
		default:
			f.line = f.csv.line
			f.row(record)
		}
	}
}

// finish says what only the end of the file shows.
func (f *fileReader) finish() {
	if f.short > 0 && f.short == f.rows && f.src.last != '\n' {
		f.problems[len(f.problems)-1].Hint = "the file ends in the middle of this row: was it cut off?"
	}
	for i, field := range f.head.blank {
		p := diff.Problem{File: f.src.name, Line: f.head.line, Field: field + 1, Text: "a column without a name", Hint: "it is empty throughout and ignored", Warning: true}
		if line := f.blanks[i]; line > 0 {
			p.Text, p.Hint, p.Warning = fmt.Sprintf("a column without a name, and line %d has a value there", line), "name the column or delete it", false
		}
		f.problems = append(f.problems, p)
	}
	if f.rows == 0 {
		p := f.src.problem("no rows below the header", "")
		p.Warning = true
		f.problems = append(f.problems, p)
	}
	if f.src.changed() {
		f.problems = append(f.problems, f.src.problem("changed while it was being read", "start again when nothing writes to it"))
	}
}
