package diff

import (
	"hash/maphash"
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Index finds the rows of a table by the folded value of one column. Rows with
// a blank cell are not in it. It holds three numbers a row and no text.
type Index struct {
	t     *Table
	slot  int
	email bool // compared without regard to case
	id    bool // compared by IDKey
	seed  maphash.Seed
	heads []uint32 // bucket -> row plus one
	links []link   // by row
}

// link chains the rows of a bucket. The rest of the hash tells most of them apart
// without a look at their text, which is far away.
type link struct {
	next   uint32 // row plus one
	tag    uint16
	shared bool // another row of the bucket has the same tag, so perhaps the same value
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
	ix := &Index{t: t, seed: maphash.MakeSeed(), heads: make([]uint32, size), links: make([]link, t.Len())}
	if rule, ok := SpecOf(t.kind).Rule(c); ok {
		ix.email, ix.id = rule.Value == ValueEmail, rule.Value == ValueID
		ix.slot, _ = SpecOf(t.kind).Slot(c)
		ix.fill()
	}
	if t.index == nil {
		t.index = map[Column]*Index{}
	}
	t.index[c] = ix
	return ix
}

// BuildIndexes makes the indexes by which [Compute] looks up live objects, so
// that tables can be made ready side by side.
func (t *Table) BuildIndexes() {
	for _, c := range SpecOf(t.kind).found {
		t.IndexBy(c)
	}
}

// fill enters the rows, backwards, so that a chain runs in table order. It makes
// the hashes of some rows first and enters these rows then: every chain begins
// somewhere else, and with nothing in between the processor fetches many at once.
func (ix *Index) fill() {
	const present = 1 << 40 // a bit that neither the bucket nor the tag is made of
	var hashes [256]uint64
	for end := ix.t.Len(); end > 0; {
		from := max(end-len(hashes), 0)
		for i := from; i < end; i++ {
			hashes[i-from] = 0
			if v := ix.t.cell(i, ix.slot); v != "" {
				hashes[i-from] = ix.hash(v) | present
			}
		}
		for end > from {
			end--
			if h := hashes[end-from]; h != 0 {
				head, tag := ix.bucket(h)
				ix.links[end] = link{*head, tag, ix.share(*head, tag)}
				*head = uint32(end + 1)
			}
		}
	}
}

// share looks for a tag in a chain and marks the first row that has it; those
// after that one were marked when it came.
func (ix *Index) share(n uint32, tag uint16) (found bool) {
	for ; n > 0; n = ix.links[n-1].next {
		if l := &ix.links[n-1]; l.tag == tag {
			l.shared = true
			return true
		}
	}
	return false
}

// alone reports whether no other row has the value of the i-th row. It may say no
// where [Index.All] finds that it is so, but never looks far.
func (ix *Index) alone(i int) bool { return !ix.links[i].shared }

// soleAt reports whether the i-th row has the value, and is [Index.alone] with it.
func (ix *Index) soleAt(i int, key string) bool {
	return i < len(ix.links) && ix.alone(i) && key != "" && ix.same(ix.t.cell(i, ix.slot), key)
}

// bucket gives the place of the chain of a value with a hash, and its tag within.
func (ix *Index) bucket(hash uint64) (head *uint32, tag uint16) {
	return &ix.heads[hash&uint64(len(ix.heads)-1)], uint16(hash >> 48)
}

// hash and same run once per row of a plan, so neither costs memory for an
// address of plain letters, whatever their case.
func (ix *Index) hash(v string) uint64 {
	if ix.id {
		v = IDKey(v)
	}
	if !ix.email {
		return maphash.String(ix.seed, v)
	}
	var room [maxEmail]byte
	if len(v) > len(room) {
		return maphash.String(ix.seed, FoldEmail(v))
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c >= utf8.RuneSelf {
			return maphash.String(ix.seed, FoldEmail(v))
		}
		room[i] = lower(c)
	}
	return maphash.Bytes(ix.seed, room[:len(v)])
}

func (ix *Index) same(a, b string) bool {
	if a == b {
		return true
	}
	if !ix.email {
		return ix.id && SameID(a, b)
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i]|b[i] >= utf8.RuneSelf {
			return FoldEmail(a) == FoldEmail(b)
		}
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return len(a) == len(b)
}

func lower(c byte) byte {
	if c-'A' < 26 {
		c += 'a' - 'A'
	}
	return c
}

// All yields the rows whose cell equals key, in table order. E-mail addresses
// are equal without regard to case, ids as [SameID] says.
func (ix *Index) All(key string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		if key == "" {
			return
		}
		head, tag := ix.bucket(ix.hash(key))
		for n := *head; n > 0; n = ix.links[n-1].next {
			if ix.links[n-1].tag == tag && ix.same(ix.t.cell(int(n-1), ix.slot), key) && !yield(ix.t.Row(int(n-1))) {
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
// e-mail addresses without regard to case, ids by [IDKey], everything else as it is.
func Fold(c Column, v string) string {
	switch c {
	case ColEmail:
		return FoldEmail(v)
	case ColOrgID, ColProvisioningID, ColLocationID, ColSubPartner, ColWorkspaceID:
		return IDKey(v)
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
