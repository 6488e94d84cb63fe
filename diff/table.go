package diff

import (
	"fmt"
	"slices"
	"strings"
)

// chunkSize is how much text one chunk of a table holds. A row never crosses
// chunks, so a cell is always one slice of one chunk.
const chunkSize = 1 << 20

// maxChunks keeps every place in a table within 32 bits: 4 GiB of text, which is
// some 40 million rows.
const maxChunks = 1 << 12

// MaxRow is the most text, in bytes, that the cells of one row may hold.
const MaxRow = 1<<16 - 1

// blockRows is how many rows one block of a table holds.
const blockRows = 1 << 13

// Table holds the rows of one kind, one cell per column of the kind's [Spec].
//
// A million rows on each side must fit beside each other in memory, so a table
// keeps the text of its cells in large chunks and only their ends per row, in
// blocks that never move. There is nothing in it for the garbage collector to
// follow.
type Table struct {
	kind   Kind
	width  int
	rows   int
	chunks []*strings.Builder
	blocks []block // all but the last are full
	index  map[Column]*Index
}

// block says where the cells of some rows are.
type block struct {
	start []uint32   // per row: chunk number times chunkSize plus offset
	at    []Position // per row; nil = none has one, as live objects have none
	ends  []uint16   // per row and column: where the cell ends, from the row's start
}

// NewTable returns an empty table for a kind.
func NewTable(k Kind) *Table {
	return &Table{kind: k, width: len(SpecOf(k).Rules)}
}

// NewInputTable returns an empty table for rows of an input, whose cells of the
// tool's own columns are blank. It has no room for those, which stand last in the
// column tables: a million rows are ten megabytes smaller for it.
func NewInputTable(k Kind) *Table {
	rules := SpecOf(k).Rules
	width := len(rules)
	for width > 0 && !rules[width-1].Column.Input() {
		width--
	}
	return &Table{kind: k, width: width}
}

// Cells are cells by column, for callers that build rows one by one.
type Cells map[Column]string

// Add appends a row given by column. Columns that the kind does not have are an
// error, because a cell that vanishes silently is a change that never happens.
func (t *Table) Add(at Position, cells Cells) error {
	spec := SpecOf(t.kind)
	row := make([]string, len(spec.Rules))
	for c, v := range cells {
		slot, ok := spec.Slot(c)
		if !ok {
			return fmt.Errorf("a %s has no column %q", t.kind, c)
		}
		row[slot] = v
	}
	return t.AddRow(at, row)
}

// AddRow appends a row whose cells are in the order of the kind's [Spec].
// The cells are copied.
func (t *Table) AddRow(at Position, row []string) error {
	if n := len(SpecOf(t.kind).Rules); len(row) != n {
		return fmt.Errorf("a %s row has %d cells, not %d", t.kind, len(row), n)
	}
	size := 0
	for _, v := range row {
		size += len(v)
	}
	for _, v := range row[t.width:] {
		if v != "" {
			return fmt.Errorf("a %s row of an input has a value in one of the tool's own columns", t.kind)
		}
	}
	row = row[:t.width]
	if size > MaxRow {
		return fmt.Errorf("the row holds %d bytes of text, more than %d", size, MaxRow)
	}
	b := t.chunkFor(size)
	if len(t.chunks) > maxChunks {
		return fmt.Errorf("more than %d MiB of text in one table", maxChunks)
	}
	place := t.newRow(uint32(len(t.chunks)-1)*chunkSize+uint32(b.Len()), at)
	end := 0
	for slot, v := range row {
		if v != "" {
			b.WriteString(v)
			end += len(v)
		}
		place[slot] = uint16(end)
	}
	return nil
}

// newRow makes room for a row and returns the ends of its cells, to be filled.
func (t *Table) newRow(start uint32, at Position) (ends []uint16) {
	t.index = nil
	if t.rows%blockRows == 0 {
		t.blocks = append(t.blocks, t.newBlock())
	}
	t.rows++
	b := &t.blocks[len(t.blocks)-1]
	b.start = append(b.start, start)
	if b.at == nil && at != (Position{}) {
		b.at = make([]Position, len(b.start)-1, cap(b.start))
	}
	if b.at != nil {
		b.at = append(b.at, at)
	}
	from := len(b.ends)
	b.ends = slices.Grow(b.ends, t.width)[:from+t.width]
	return b.ends[from:]
}

// newBlock returns an empty block. The first one grows, because most tables are
// small; the others get all of their room at once.
func (t *Table) newBlock() block {
	if len(t.blocks) == 0 {
		return block{}
	}
	return block{start: make([]uint32, 0, blockRows), ends: make([]uint16, 0, blockRows*t.width)}
}

// Append moves the rows of another table of the same kind to the end of this
// one. Their text is not copied; the other table must not be used any more.
func (t *Table) Append(o *Table) error {
	if t.Len() == 0 {
		*t = *o
		t.index = nil // an index points at its own table
		return nil
	}
	if t.width != o.width {
		return fmt.Errorf("rows of an input and live %ss in one table", t.kind)
	}
	if len(t.chunks)+len(o.chunks) > maxChunks {
		return fmt.Errorf("more than %d MiB of text in one table", maxChunks)
	}
	base := uint32(len(t.chunks)) * chunkSize
	t.chunks = append(t.chunks, o.chunks...)
	for i := range o.rows {
		b, row := o.block(i)
		copy(t.newRow(base+b.start[row], b.position(row)), b.ends[row*o.width:])
	}
	return nil
}

func (t *Table) chunkFor(size int) *strings.Builder {
	if n := len(t.chunks); n > 0 && t.chunks[n-1].Len()+size < chunkSize {
		return t.chunks[n-1]
	}
	b := new(strings.Builder)
	b.Grow(chunkSize)
	t.chunks = append(t.chunks, b)
	return b
}

// Kind says what the rows are.
func (t *Table) Kind() Kind { return t.kind }

// Len is the number of rows.
func (t *Table) Len() int { return t.rows }

// Row returns the i-th row, counted from 0 in the order of Add.
func (t *Table) Row(i int) Row { return Row{t, i} }

// block returns the block of the i-th row, and the row's number in there.
func (t *Table) block(i int) (b *block, row int) {
	return &t.blocks[i/blockRows], i % blockRows
}

func (b *block) position(row int) Position {
	if b.at == nil {
		return Position{}
	}
	return b.at[row]
}

func (t *Table) cell(i, slot int) string {
	if slot >= t.width {
		return ""
	}
	b, row := t.block(i)
	ends := b.ends[row*t.width:][:t.width]
	from := uint32(0)
	if slot > 0 {
		from = uint32(ends[slot-1])
	}
	to := uint32(ends[slot])
	start := b.start[row]
	text := t.chunks[start/chunkSize].String()
	start %= chunkSize
	return text[start+from : start+to]
}

// Row is one row of a table: a desired row, or a live object.
type Row struct {
	t *Table
	i int
}

// Get returns a cell in canonical form, "" where it is blank or the kind has no
// such column.
func (r Row) Get(c Column) string {
	slot, ok := SpecOf(r.t.kind).Slot(c)
	if !ok {
		return ""
	}
	return r.t.cell(r.i, slot)
}

// Index is the row's number in its table.
func (r Row) Index() int { return r.i }

// Kind says what the row describes.
func (r Row) Kind() Kind { return r.t.kind }

// Position is where the row stands in the input; zero for live objects.
func (r Row) Position() Position {
	b, row := r.t.block(r.i)
	return b.position(row)
}

// Absent says that a desired row asks for the removal of its object.
func (r Row) Absent() bool { return r.Get(ColEnsure) == EnsureAbsent }

// Key names the row's object.
func (r Row) Key() Key {
	s := SpecOf(r.t.kind)
	k := Key{Customer: r.t.cell(r.i, s.scope)}
	switch s.OwnKey() {
	case ColEmail:
		k.Email = FoldEmail(r.t.cell(r.i, s.own))
	case ColUserID:
		k.UserID = r.t.cell(r.i, s.own)
	}
	return k
}

// Value returns a cell with the word for clearing resolved: set says whether
// the row asks for anything, and the value is "" where it asks to clear.
func (r Row) Value(c Column) (value string, set bool) {
	v := r.Get(c)
	if v == Clear {
		return "", true
	}
	return v, v != ""
}

// Filter returns a new table with the rows that keep accepts, in order.
func (t *Table) Filter(keep func(Row) bool) *Table {
	out := &Table{kind: t.kind, width: t.width}
	cells := make([]string, len(SpecOf(t.kind).Rules))
	for i := range t.Len() {
		if !keep(t.Row(i)) {
			continue
		}
		for slot := range cells {
			cells[slot] = t.cell(i, slot)
		}
		if err := out.AddRow(t.Row(i).Position(), cells); err != nil {
			panic("internal error: a row that fitted one table does not fit another: " + err.Error())
		}
	}
	return out
}
