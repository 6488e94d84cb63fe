package billing

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Problem is something wrong with a file, placed where a person can mend it.
type Problem struct {
	File   string
	Line   int    // physical line, from 1; 0 = the file as a whole
	Column string // as the header spells it
	Value  string
	Text   string
}

// String writes the problem like FILE:LINE column "NAME" value "VALUE": problem.
func (p Problem) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column != "" {
		s += fmt.Sprintf(" column %q value %s", p.Column, quoteShort(p.Value))
	}
	return s + ": " + p.Text
}

func quoteShort(s string) string {
	const shown = 60
	if len(s) <= shown {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q...", strings.ToValidUTF8(s[:shown], ""))
}

// ReadError says that a file cannot be used, and everything that is wrong with it,
// up to a limit.
type ReadError struct{ Problems []Problem }

func (e *ReadError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// maxProblems is how many problems of one file are told.
const maxProblems = 20

// Limits of a file.
const (
	maxBytes = 4 << 30
	maxCells = 512 // columns
)

var errTooManyProblems = errors.New("too many problems")

// format says how a file is written; the zero value is UTF-8 with commas.
type format struct {
	delimiter rune
	encoding  string
	skipRows  int
	loose     bool // rows may be shorter than the header, as footers often are
	mapped    bool // a mapping file can say otherwise
}

// table reads the rows of a CSV file below its header.
type table struct {
	name     string
	in       *bufio.Reader // as UTF-8; what the header has not taken is below it
	csv      *csv.Reader
	sum      hash.Hash
	all      io.Reader // the bytes as they are, for the hash
	header   []string
	skipped  int // lines above the header
	loose    bool
	problems []Problem
}

// openTable reads up to the header. A byte order mark decides the encoding,
// whatever the format says.
func openTable(r io.Reader, name string, f format) (*table, error) {
	t := &table{name: name, sum: sha256.New(), skipped: f.skipRows, loose: f.loose}
	t.all = io.TeeReader(io.LimitReader(r, maxBytes+1), t.sum)
	in, err := decoded(bufio.NewReaderSize(&guard{r: t.all, wide: f.encoding == "utf-16le"}, 1<<18), f.encoding)
	if err != nil {
		return nil, t.fail(0, err.Error())
	}
	for i := range f.skipRows {
		if _, err := in.ReadString('\n'); err != nil {
			return nil, t.fail(i+1, "the file ends above its header; look at skip_rows")
		}
	}
	t.in = in
	t.csv = csv.NewReader(in) // reads from in itself, not from a buffer of its own
	t.csv.ReuseRecord = true
	t.csv.FieldsPerRecord = -1
	if f.delimiter != 0 {
		t.csv.Comma = f.delimiter
	}
	record, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, t.fail(0, "the file is empty")
	}
	if err != nil {
		return nil, t.fail(t.lineOf(err), "the header cannot be read: "+csvCause(err))
	}
	if len(record) > maxCells {
		return nil, t.fail(t.line(), fmt.Sprintf("the header has %d columns", len(record)))
	}
	for _, cell := range record {
		t.header = append(t.header, strings.TrimSpace(strings.Clone(cell)))
	}
	if len(t.header) == 1 && strings.ContainsAny(t.header[0], ";\t|") {
		hint := "save the file with commas"
		if f.mapped {
			hint = "name the delimiter in a mapping file"
		}
		return nil, t.fail(t.line(), "the columns are not separated by commas; "+hint)
	}
	return t, nil
}

// decoded gives the text of a file as UTF-8.
func decoded(in *bufio.Reader, encoding string) (*bufio.Reader, error) {
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := in.Discard(3)
		return in, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")), encoding == "utf-16le":
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
		return bufio.NewReader(transform.NewReader(in, utf16.NewDecoder())), nil
	}
	switch encoding {
	case "", "utf-8":
		return in, nil
	case "windows-1252":
		return bufio.NewReader(transform.NewReader(in, charmap.Windows1252.NewDecoder())), nil
	}
	return nil, fmt.Errorf("the encoding %q is not known; the encodings are utf-8, utf-16le and windows-1252", encoding)
}

// line is the physical line of the record last read.
func (t *table) line() int {
	line, _ := t.csv.FieldPos(0)
	return line + t.skipped
}

func (t *table) lineOf(err error) int {
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		return pe.StartLine + t.skipped
	}
	return 0
}

func csvCause(err error) string {
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// fail makes the error for a file that cannot be read at all.
func (t *table) fail(line int, text string) error {
	return &ReadError{append(t.problems, Problem{File: t.name, Line: line, Text: text})}
}

// next reads a row. It ends with io.EOF; rows without any text are left out. The
// row is valid until the next call.
func (t *table) next() ([]string, error) {
	for {
		row, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, t.fail(t.lineOf(err), csvCause(err))
		}
		if t.csv.InputOffset() > maxBytes {
			return nil, t.fail(0, "the file is too large")
		}
		if blank(row) {
			continue
		}
		if len(row) != len(t.header) {
			if t.loose && len(row) < len(t.header) {
				return append(row, make([]string, len(t.header)-len(row))...), nil
			}
			return nil, t.fail(t.line(), fmt.Sprintf("the row has %d cells, the header has %d", len(row), len(t.header)))
		}
		return row, nil
	}
}

func blank(row []string) bool {
	for _, cell := range row {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// found notes a problem with a cell of the row last read; field is -1 for the row
// as a whole. The error says that there are too many.
func (t *table) found(field int, row []string, text string) error {
	p := Problem{File: t.name, Line: t.line(), Text: text}
	if field >= 0 {
		p.Column, p.Value = t.header[field], strings.Clone(row[field])
	}
	t.problems = append(t.problems, p)
	if len(t.problems) >= maxProblems {
		return errTooManyProblems
	}
	return nil
}

// finish gives the hash of the file, or the problems that were found.
func (t *table) finish(err error) (sum string, _ error) {
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTooManyProblems) {
		return "", err
	}
	if len(t.problems) > 0 {
		return "", &ReadError{t.problems}
	}
	if _, err := io.Copy(io.Discard, t.all); err != nil {
		return "", t.fail(0, err.Error())
	}
	return hex.EncodeToString(t.sum.Sum(nil)), nil
}

// headers lists the header for a message.
func (t *table) headers() string {
	names := make([]string, len(t.header))
	for i, h := range t.header {
		names[i] = quoteShort(h)
	}
	return strings.Join(names, ", ")
}

// cleanCell takes the spaces off a cell, those that do not break included, and
// tells whether the cell is text at all.
func cleanCell(s string) (string, bool) {
	return strings.TrimSpace(strings.Trim(s, "\u00a0\ufeff")), utf8.ValidString(s)
}
