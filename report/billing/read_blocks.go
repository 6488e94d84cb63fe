package billing

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// Sizes of what is read at once: a block and what is made of it fit the cache of
// a CPU. A block grows until it ends with a row, so that a cell may be longer than
// a block, within reason.
const (
	blockBytes   = 1 << 18
	longestBlock = 1 << 24
)

// block is some whole rows of a CSV file.
type block struct {
	text   []byte
	line   int // physical line of its first byte
	quoted bool
}

// eachBlock cuts what is left of a file into blocks of whole rows. It ends early,
// without an error, when yield returns false. In CSV a row ends at a line end that
// has an even number of quotes before it. Whoever has read a block may give its
// text to spare, for blocks that come later.
func (t *table) eachBlock(size int, spare <-chan []byte, yield func(block) bool) error {
	buf := emptyBlock(size, spare)
	line, total := t.firstLine(), 0
	for {
		from := len(buf)
		buf = slices.Grow(buf, size)[:from+size]
		n, err := io.ReadFull(t.in, buf[from:])
		buf = buf[:from+n]
		if total += n; total > maxBytes {
			return t.cut(0, "the file is too large")
		}
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return t.cut(0, err.Error())
		}
		quoted := bytes.IndexByte(buf, '"') >= 0
		end := len(buf)
		if !last {
			end = lastRowEnd(buf, quoted)
		}
		if end == 0 && !last {
			if len(buf) > longestBlock {
				return t.cut(line, "a cell in quotes runs on for too long; is a quote missing?")
			}
			continue
		}
		full := block{buf[:end], line, quoted}
		line += bytes.Count(full.text, []byte{'\n'})
		buf = append(emptyBlock(size, spare), buf[end:]...)
		if end > 0 && !yield(full) || last {
			return nil
		}
	}
}

// emptyBlock gives room for a block, that of an earlier one where it can.
func emptyBlock(size int, spare <-chan []byte) []byte {
	select {
	case text := <-spare:
		return text[:0]
	default:
		return make([]byte, 0, 2*size)
	}
}

// cut makes the error that ends the reading of blocks.
func (t *table) cut(line int, text string) error {
	return &ReadError{[]Problem{{File: t.name, Line: line, Text: text}}}
}

// firstLine is the physical line below the header.
func (t *table) firstLine() int {
	lines := 1
	for _, cell := range t.header {
		lines += strings.Count(cell, "\n")
	}
	return t.line() + lines
}

// lastRowEnd gives the offset behind the last whole row, 0 where there is none.
func lastRowEnd(buf []byte, quoted bool) int {
	end := bytes.LastIndexByte(buf, '\n') + 1
	if !quoted {
		return end
	}
	quotes := bytes.Count(buf[:end], []byte{'"'})
	for quotes%2 != 0 && end > 0 {
		before := bytes.LastIndexByte(buf[:end-1], '\n') + 1
		quotes -= bytes.Count(buf[before:end], []byte{'"'})
		end = before
	}
	return end
}

// record is a row: its text, and where each cell ends in there. One byte, whatever
// it is, stands between two cells. It holds no pointers to cells, because keeping
// them would be half of the work of reading.
type record struct {
	text []byte // is written over when the next row is read
	ends []int
}

// cell gives a cell, from 0.
func (r *record) cell(i int) []byte { return r.span(i, i) }

// span gives cells beside each other, with what stands between them.
func (r *record) span(first, last int) []byte {
	from := 0
	if first > 0 {
		from = r.ends[first-1] + 1
	}
	return r.text[from:r.ends[last]]
}

// split cuts a line at its commas. It looks at eight bytes at a time, because most
// cells are too short for a search of their own to be worth its call.
func (r *record) split(line []byte) {
	const commas, low = 0x2c2c2c2c2c2c2c2c, 0x7f7f7f7f7f7f7f7f
	ends, at := r.ends[:0], 0
	for ; at+8 <= len(line); at += 8 {
		word := binary.LittleEndian.Uint64(line[at:]) ^ commas
		// The top bit of each byte that is zero, which was a comma.
		for hits := ^((word&low + low) | word | low); hits != 0; hits &= hits - 1 {
			ends = append(ends, at+bits.TrailingZeros64(hits)/8)
		}
	}
	for ; at < len(line); at++ {
		if line[at] == ',' {
			ends = append(ends, at)
		}
	}
	r.text, r.ends = line, append(ends, len(line))
}

// join takes over cells that were in quotes.
func (r *record) join(cells []string) {
	r.text, r.ends = r.text[:0], r.ends[:0]
	for i, cell := range cells {
		if i > 0 {
			r.text = append(r.text, 0)
		}
		r.text = append(r.text, cell...)
		r.ends = append(r.ends, len(r.text))
	}
}

// blank tells whether the cells have no text.
func (r *record) blank() bool {
	for i := range r.ends {
		if len(bytes.TrimSpace(r.cell(i))) > 0 {
			return false
		}
	}
	return true
}

// blockRows reads the rows of a block, as encoding/csv does. A block without
// quotes, which most are, needs no more than to be cut at its line ends and commas.
type blockRows struct {
	record
	rest []byte
	line int         // physical line of the row last read
	next int         // and of the one after it
	csv  *csv.Reader // of a block with quotes
}

func (r *blockRows) reset(b block) {
	r.rest, r.line, r.next, r.csv = b.text, b.line, b.line, nil
	if b.quoted {
		r.text = nil // join must not write into a block
		r.csv = csv.NewReader(bytes.NewReader(b.text))
		r.csv.ReuseRecord = true
		r.csv.FieldsPerRecord = -1
	}
}

// read reads the next row into the record. It ends with io.EOF.
func (r *blockRows) read() error {
	if r.csv != nil {
		return r.readQuoted()
	}
	for len(r.rest) > 0 {
		line, rest, _ := bytes.Cut(r.rest, []byte{'\n'})
		r.rest, r.line, r.next = rest, r.next, r.next+1
		if line = bytes.TrimSuffix(line, []byte{'\r'}); len(line) > 0 {
			r.split(line)
			return nil
		}
	}
	return io.EOF
}

func (r *blockRows) readQuoted() error {
	cells, err := r.csv.Read()
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		r.line = r.next + broken.StartLine - 1
	}
	if err != nil {
		return err
	}
	line, _ := r.csv.FieldPos(0)
	r.line = r.next + line - 1
	r.join(cells)
	return nil
}
