package diff

import (
	"hash/maphash"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Index finds the rows of a table by the folded value of one column. Rows with
// a blank cell are not in it. It holds two numbers a row and no text.
type Index struct {
	t     *Table
	slot  int
	email bool // compared without regard to case
	seed  maphash.Seed
	heads []uint32 // bucket -> row plus one
	next  []uint32 // row -> next row of the bucket, plus one
}

// IndexBy returns the table's index over a column, and makes it if need be. The
// first call for a column must not run beside another use of the table; adding
// rows afterwards drops the index.
func (t *Table) IndexBy(c Column) *Index {
	if ix, ok := t.index[c]; ok {
		return ix
	}
	size := 1
	for size < t.Len() {
		size *= 2
	}
	ix := &Index{t: t, seed: maphash.MakeSeed(), heads: make([]uint32, size), next: make([]uint32, t.Len())}
	if rule, ok := SpecOf(t.kind).Rule(c); ok {
		ix.email = rule.Value == ValueEmail
		ix.slot, _ = SpecOf(t.kind).Slot(c)
		ix.fill()
	}
	if t.index == nil {
		t.index = map[Column]*Index{}
	}
	t.index[c] = ix
	return ix
}

func (ix *Index) fill() {
	for i := ix.t.Len() - 1; i >= 0; i-- { // backwards, so that a chain runs in table order
		if v := ix.t.cell(i, ix.slot); v != "" {
			b := ix.bucket(v)
			ix.next[i] = ix.heads[b]
			ix.heads[b] = uint32(i + 1)
		}
	}
}

// bucket and same run once per row of a plan, so neither costs memory for an
// address of plain letters, whatever their case.
func (ix *Index) bucket(v string) uint64 {
	mask := uint64(len(ix.heads) - 1)
	if !ix.email {
		return maphash.String(ix.seed, v) & mask
	}
	var room [maxEmail]byte
	if len(v) > len(room) {
		return maphash.String(ix.seed, FoldEmail(v)) & mask
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c >= utf8.RuneSelf {
			return maphash.String(ix.seed, FoldEmail(v)) & mask
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		room[i] = c
	}
	return maphash.Bytes(ix.seed, room[:len(v)]) & mask
}

func (ix *Index) same(a, b string) bool {
	switch {
	case a == b:
		return true
	case !ix.email:
		return false
	case ascii(a) && ascii(b):
		return strings.EqualFold(a, b)
	}
	return FoldEmail(a) == FoldEmail(b)
}

// All yields the rows whose cell equals key, in table order. E-mail addresses
// are equal without regard to case.
func (ix *Index) All(key string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		if key == "" {
			return
		}
		for n := ix.heads[ix.bucket(key)]; n > 0; n = ix.next[n-1] {
			if ix.same(ix.t.cell(int(n-1), ix.slot), key) && !yield(ix.t.Row(int(n-1))) {
				return
			}
		}
	}
}

// First returns the first row whose cell equals key.
func (ix *Index) First(key string) (Row, bool) {
	for r := range ix.All(key) {
		return r, true
	}
	return Row{}, false
}

// Fold brings a canonical cell to the form in which two sides are compared:
// e-mail addresses without regard to case, everything else as it is.
func Fold(c Column, v string) string {
	if c == ColEmail {
		return FoldEmail(v)
	}
	return v
}

// FoldEmail is the form of an e-mail address that decides whether two are the
// same: NFC, lower case. It returns its argument where that is so already.
func FoldEmail(v string) string {
	for i := 0; i < len(v); i++ {
		if v[i] >= utf8.RuneSelf || 'A' <= v[i] && v[i] <= 'Z' {
			return norm.NFC.String(strings.ToLower(norm.NFC.String(v)))
		}
	}
	return v
}
