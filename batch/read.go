package batch

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"wholesync/diff"
)

// Limits of an input when [ReadOptions] gives none.
const (
	DefaultMaxBytes = 2 << 30
	DefaultMaxRows  = 10_000_000
)

// ReadOptions are the choices of a person who reads an input; the zero value is
// the strict reading.
type ReadOptions struct {
	SkipInvalid       bool      // bad rows go to [diff.Desired.Rejected] and their problems are warnings
	AllowExtraColumns bool      // unknown columns are ignored with a warning
	ExpectRows        int       // rows that all files together must have; 0 = any number
	MaxBytes          int64     // per file; 0 = [DefaultMaxBytes]
	MaxRows           int       // per file; 0 = [DefaultMaxRows]
	Stdin             io.Reader // what the path "-" stands for; nil = os.Stdin
	ProvisioningID    string    // fills the blank provisioning_id cells of customer rows
}

// InputError says that an input cannot be read at all: it is missing, is not a
// file, may not be opened, was given twice, or the disk failed.
type InputError struct {
	File string
	Err  error
}

func (e *InputError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// ReadDesired reads desired-state CSV files; "-" is standard input. It returns
// every problem of every file, [diff.CheckWholeFile]'s included, in the order of
// the input. Unless all of them are warnings the rows must not be used. The error
// is an [*InputError], or says that opt is wrong.
//
// With opt.SkipInvalid the rows that have a problem are set aside, and of rows
// that collide both are: which one was meant is not for a program to say. What is
// wrong with a header or a file as a whole is never skipped.
func ReadDesired(paths []string, opt ReadOptions) (*diff.Desired, []diff.Problem, error) {
	if err := opt.fill(); err != nil {
		return nil, nil, err
	}
	sources, err := openAll(paths, opt)
	if err != nil {
		return nil, nil, err
	}
	defer closeAll(sources)

	files := make([]*fileReader, len(sources))
	var g errgroup.Group
	for i, src := range sources {
		g.Go(func() error {
			files[i] = newFileReader(src, opt)
			files[i].file = uint16(i)
			return files[i].read()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	return gather(files, opt)
}

// fill puts the defaults in and checks what would spoil every row.
func (opt *ReadOptions) fill() error {
	opt.MaxBytes = cmp.Or(opt.MaxBytes, DefaultMaxBytes)
	opt.MaxRows = cmp.Or(opt.MaxRows, DefaultMaxRows)
	if opt.Stdin == nil {
		opt.Stdin = os.Stdin
	}
	id, issue := diff.Parse(diff.ValueID, opt.ProvisioningID)
	if issue.Text != "" || id == diff.Clear {
		return fmt.Errorf("provisioning id %q: not an id", opt.ProvisioningID)
	}
	opt.ProvisioningID = id
	return nil
}

// gather joins what the files hold and looks at the whole.
func gather(files []*fileReader, opt ReadOptions) (*diff.Desired, []diff.Problem, error) {
	d := diff.NewDesired()
	var problems []diff.Problem
	var names []string
	rows := 0
	for _, f := range files {
		d.Files = append(d.Files, f.info())
		for _, kind := range diff.Kinds() {
			if err := d.Of(kind).Append(f.tables[kind]); err != nil {
				return nil, nil, &InputError{f.src.name, err}
			}
		}
		d.Rejected = append(d.Rejected, f.rejected...)
		problems = append(problems, f.problems...)
		names = append(names, f.src.name)
		rows += f.rows
	}
	if opt.ExpectRows > 0 && rows != opt.ExpectRows {
		problems = append(problems, diff.Problem{
			File: strings.Join(names, " + "),
			Text: fmt.Sprintf("%d rows, %d expected", rows, opt.ExpectRows),
			Hint: "is the file complete? --expect-rows says how many there must be",
		})
	}
	found := diff.CheckWholeFile(d)
	if opt.SkipInvalid {
		found = reject(d, found)
	}
	problems = append(problems, found...)
	d.SortProblems(problems)
	return d, problems, nil
}

// buildIndexes makes the indexes that the comparison uses, one goroutine a table.
func buildIndexes(live *diff.Live) {
	var group sync.WaitGroup
	for _, kind := range diff.Kinds() {
		group.Go(live.Of(kind).BuildIndexes)
	}
	group.Wait()
}

// reject takes the rows that the whole-file checks refuse out of the tables, the
// earlier row of a collision with the later one.
func reject(d *diff.Desired, found []diff.Problem) []diff.Problem {
	byName := make(map[string]uint16)
	for i, f := range d.Files {
		byName[f.Name] = uint16(i)
	}
	bad := make(map[diff.Position]string)
	for i, p := range found {
		if p.Warning {
			continue
		}
		found[i].Warning = true
		at := diff.Position{File: byName[p.File], Line: uint32(p.Line)}
		bad[at] = p.Text
		if _, said := bad[p.Other]; p.Other.Line > 0 && !said {
			bad[p.Other] = fmt.Sprintf("%s:%d collides with this row: %s", p.File, p.Line, p.Text)
		}
	}
	if len(bad) == 0 {
		return found
	}
	for _, kind := range diff.Kinds() {
		d.Tables[kind] = d.Of(kind).Filter(func(r diff.Row) bool {
			text, isBad := bad[r.Position()]
			if isBad {
				at := r.Position()
				d.Rejected = append(d.Rejected, diff.Rejected{At: at, File: d.FileName(at), Line: at.Line, Kind: kind, Key: r.Key().String(), Problem: text})
			}
			return !isBad
		})
	}
	slices.SortStableFunc(d.Rejected, func(a, b diff.Rejected) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line))
	})
	return found
}

// ReadSnapshot reads an export as the live state: both kinds in one file, with
// the columns of the tool's own. It is one consistent picture, so the listing
// counts as proven and whole. A value that the reader of inputs would refuse is
// kept with a warning: the API said so, and it knows.
func ReadSnapshot(path string) (*diff.Live, []diff.Problem, error) {
	opt := ReadOptions{Stdin: strings.NewReader("")}
	if err := opt.fill(); err != nil {
		return nil, nil, err
	}
	src, err := openSource(path, opt)
	if err != nil {
		return nil, nil, err
	}
	defer src.close()
	f := newFileReader(src, opt)
	f.snapshot = true
	for kind := range f.tables {
		f.tables[kind] = diff.NewTable(kind) // with the tool's own columns
	}
	if err := f.read(); err != nil {
		return nil, nil, err
	}
	live := diff.NewLive()
	for _, kind := range diff.Kinds() {
		live.Tables[kind] = f.tables[kind]
		live.Proven[kind] = f.head.holds(kind)
		live.Whole[kind] = f.head.holds(kind)
	}
	buildIndexes(live)
	new(diff.Desired).SortProblems(f.problems) // of one file: by line and field
	return live, f.problems, nil
}
