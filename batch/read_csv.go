package batch

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"unsafe"
)

// csvReader reads the records of a file. A line without a quote is split at its
// commas, because that is all there is to it and most lines are like that. The
// rest is left to encoding/csv: the header, quotes, blank lines, and a last line
// without an end. The two share a buffer, and neither reads beyond its record.
type csvReader struct {
	in     *bufio.Reader
	csv    *csv.Reader
	ahead  string   // the whole lines in the buffer, in place
	fields []string // of the last plain line
	line   int      // physical line where the record begins
	seen   int      // lines that csv has read
	plain  int      // lines that it has not, and
	size   int64    // the bytes in them
}

// newCSVReader reads from in, whose buffer must have 4096 bytes or more: then
// encoding/csv uses it as it is.
func newCSVReader(in *bufio.Reader) *csvReader {
	r := &csvReader{in: in, csv: csv.NewReader(in)}
	r.csv.ReuseRecord = true
	return r
}

// Offset is the number of bytes read, as [csv.Reader.InputOffset].
func (r *csvReader) Offset() int64 { return r.size + r.csv.InputOffset() }

// Read returns what [csv.Reader.Read] would return. The record and its fields are
// only valid until the next call: the fields of a plain line are not copied, as
// a copy of every cell would be half of the memory that a big plan takes. What
// is kept of them must be cloned.
func (r *csvReader) Read() ([]string, error) {
	line, ok := r.plainLine()
	if !ok {
		return r.readQuoted()
	}
	r.line = r.seen + r.plain
	r.fields = r.fields[:0]
	for {
		end := 0 // most cells of a wide file are blank
		if line == "" || line[0] != ',' {
			if end = strings.IndexByte(line, ','); end < 0 {
				break
			}
		}
		r.fields = append(r.fields, line[:end])
		line = line[end+1:]
	}
	r.fields = append(r.fields, line)
	if len(r.fields) != r.csv.FieldsPerRecord {
		return r.fields, &csv.ParseError{StartLine: r.line, Line: r.line, Column: 1, Err: csv.ErrFieldCount}
	}
	return r.fields, nil
}

// plainLine takes the next line, if that is plain, and returns it without its end.
func (r *csvReader) plainLine() (string, bool) {
	if r.csv.FieldsPerRecord == 0 {
		return "", false // the header, which sets it
	}
	if r.ahead == "" {
		whole, _ := r.in.Peek(r.in.Size()) // an error comes again when csv reads on
		whole = whole[:bytes.LastIndexByte(whole, '\n')+1]
		// The buffer stays as it is until something reads beyond these lines,
		// and nothing does before all of them are taken.
		r.ahead = unsafe.String(unsafe.SliceData(whole), len(whole))
	}
	end := strings.IndexByte(r.ahead, '\n')
	if end < 0 {
		return "", false
	}
	line := strings.TrimSuffix(r.ahead[:end], "\r")
	if line == "" || strings.IndexByte(line, '"') >= 0 {
		return "", false
	}
	r.ahead = r.ahead[end+1:]
	_, _ = r.in.Discard(end + 1) // it was peeked at
	r.plain++
	r.size += int64(end + 1)
	return line, true
}

// readQuoted lets encoding/csv read a record, and puts right what it says about
// lines: it has seen only some of them.
func (r *csvReader) readQuoted() ([]string, error) {
	before := r.csv.InputOffset()
	record, err := r.csv.Read()
	r.ahead = r.ahead[min(int(r.csv.InputOffset()-before), len(r.ahead)):]
	start, last := r.seen, r.seen
	if pe, ok := errors.AsType[*csv.ParseError](err); ok {
		start, last = pe.StartLine, pe.Line
		pe.StartLine += r.plain
		pe.Line += r.plain
	} else if err == nil {
		start, _ = r.csv.FieldPos(0)
	}
	r.line = start + r.plain
	for _, field := range record {
		start += strings.Count(field, "\n")
	}
	r.seen = max(start, last)
	return record, err
}
