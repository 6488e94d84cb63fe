package batch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// What bbolt writes, in the byte order of the machine. A page begins with its
// id (8 bytes), flags (2), count (2) and the number of pages that it overflows
// into (4). A leaf has elements of flags, position, key size and value size (4
// each), a branch of position, key size (4 each) and child page (8). A position
// counts from the start of its element.
const (
	pageHeader  = 16
	elementSize = 16
	metaSize    = 64 // of which the last 8 are the checksum

	pageBranch   = 0x01
	pageLeaf     = 0x02
	pageFreelist = 0x10

	elementBucket = 0x01
	bucketHeader  = 16 // root page, or 0 = the page follows; sequence

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	minPageSize = 1 << 10
	maxPageSize = 1 << 24
)

// bbolt has a check of its own, but that runs in a goroutine of its own, where a
// wild page number ends the process and no recover can help. What follows is tied
// to version 2 of its file format and refuses any other.

var native = binary.NativeEndian

// boltPages is a bbolt file whose pages are looked at without bbolt, which would
// follow a wrong page number out of the file or round in circles for ever.
type boltPages struct {
	file     io.ReaderAt
	pageSize uint64
	used     []bool // by page number
}

// boltMeta is what one of the two meta pages says.
type boltMeta struct {
	pageSize, root, freelist, pages, tx uint64
}

// verifyPages checks that every page of a bbolt file is in the one place where
// it belongs, within its bounds and in the order of its keys.
func verifyPages(file io.ReaderAt, size int64) error {
	m, ok := findMeta(file, size)
	if !ok {
		return damaged("it has no readable head")
	}
	if m.pages < 4 || m.pages > uint64(size)/m.pageSize {
		return damaged("it is cut short")
	}
	p := &boltPages{file: file, pageSize: m.pageSize, used: make([]bool, m.pages)}
	p.used[0], p.used[1] = true, true
	if _, err := p.tree(m.root, true); err != nil {
		return err
	}
	if err := p.freelist(m.freelist); err != nil {
		return err
	}
	for i, used := range p.used {
		if !used {
			return damaged("page %d is lost", i)
		}
	}
	return nil
}

// findMeta returns the head of the last transaction, as bbolt finds it.
func findMeta(file io.ReaderAt, size int64) (boltMeta, bool) {
	m0, ok0 := readMeta(file, 0)
	if ok0 {
		m1, ok1 := readMeta(file, int64(m0.pageSize))
		if ok1 && m1.pageSize == m0.pageSize && m1.tx > m0.tx {
			return m1, true
		}
		return m0, true
	}
	for at := int64(minPageSize); at <= maxPageSize && at < size-minPageSize; at <<= 1 {
		if m1, ok := readMeta(file, at); ok {
			return m1, m1.pageSize == uint64(at)
		}
	}
	return boltMeta{}, false
}

func readMeta(file io.ReaderAt, at int64) (boltMeta, bool) {
	var b [metaSize]byte
	if _, err := file.ReadAt(b[:], at+pageHeader); err != nil {
		return boltMeta{}, false
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	m := boltMeta{
		pageSize: uint64(native.Uint32(b[8:])), root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
		pages: native.Uint64(b[40:]), tx: native.Uint64(b[48:]),
	}
	ok := native.Uint32(b[0:]) == boltMagic && native.Uint32(b[4:]) == boltVersion && native.Uint64(b[56:]) == sum.Sum64() &&
		m.pageSize >= minPageSize && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	return m, ok
}

// take reads a page with what it overflows into, and marks it as used.
func (p *boltPages) take(id uint64) ([]byte, error) {
	var head [pageHeader]byte
	if id < 2 || id >= uint64(len(p.used)) {
		return nil, damaged("there is no page %d", id)
	}
	if _, err := p.file.ReadAt(head[:], int64(id*p.pageSize)); err != nil {
		return nil, err
	}
	end := id + uint64(native.Uint32(head[12:])) + 1
	if native.Uint64(head[:]) != id || end > uint64(len(p.used)) {
		return nil, damaged("page %d has a wrong head", id)
	}
	for i := id; i < end; i++ {
		if err := p.mark(i); err != nil {
			return nil, err
		}
	}
	page := make([]byte, (end-id)*p.pageSize)
	if _, err := p.file.ReadAt(page, int64(id*p.pageSize)); err != nil {
		return nil, err
	}
	return page, nil
}

func (p *boltPages) mark(id uint64) error {
	if id < 2 || id >= uint64(len(p.used)) || p.used[id] {
		return damaged("page %d has more than one place", id)
	}
	p.used[id] = true
	return nil
}

// keys is the range of keys that a page covers.
type keys struct{ first, last []byte }

// tree checks the pages of one bucket from its root down.
func (p *boltPages) tree(id uint64, buckets bool) (keys, error) {
	page, err := p.take(id)
	if err != nil {
		return keys{}, err
	}
	switch native.Uint16(page[8:]) {
	case pageBranch:
		return p.branch(page, buckets)
	case pageLeaf:
		return p.leaf(page, buckets)
	}
	return keys{}, damaged("page %d is of the wrong type", id)
}

func (p *boltPages) branch(page []byte, buckets bool) (keys, error) {
	var seen keys
	count := int(native.Uint16(page[10:]))
	for i := range count {
		e, ok := element(page, i)
		if !ok {
			return keys{}, damaged("a page ends within an element")
		}
		key, ok := within(page, i, native.Uint32(e), native.Uint32(e[4:]))
		child, err := p.tree(native.Uint64(e[8:]), buckets)
		switch {
		case err != nil:
			return keys{}, err
		case !ok || !bytes.Equal(key, child.first) || (i > 0 && bytes.Compare(seen.last, key) >= 0):
			return keys{}, damaged("a key is not where it should be")
		case i == 0:
			seen.first = key
		}
		seen.last = child.last
	}
	if count == 0 {
		return keys{}, damaged("a page is empty")
	}
	return seen, nil
}

func (p *boltPages) leaf(page []byte, buckets bool) (keys, error) {
	var seen keys
	for i := range int(native.Uint16(page[10:])) {
		e, ok := element(page, i)
		if !ok {
			return keys{}, damaged("a page ends within an element")
		}
		flags, pos, keySize, valueSize := native.Uint32(e), native.Uint32(e[4:]), native.Uint32(e[8:]), native.Uint32(e[12:])
		key, keyOK := within(page, i, pos, keySize)
		value, valueOK := within(page, i, pos+keySize, valueSize)
		if !keyOK || !valueOK || (i > 0 && bytes.Compare(seen.last, key) >= 0) {
			return keys{}, damaged("a key is not where it should be")
		}
		if err := p.value(flags, value, buckets); err != nil {
			return keys{}, err
		}
		if i == 0 {
			seen.first = key
		}
		seen.last = key
	}
	return seen, nil
}

// value checks the value of an element: at the top buckets, in them records.
func (p *boltPages) value(flags uint32, value []byte, buckets bool) error {
	switch {
	case flags == 0 && !buckets:
		return nil
	case flags != elementBucket || !buckets || len(value) < bucketHeader:
		return damaged("a value is of the wrong type")
	}
	var err error
	if root := native.Uint64(value); root != 0 {
		_, err = p.tree(root, false)
	} else if inline := value[bucketHeader:]; len(inline) >= pageHeader && native.Uint16(inline[8:]) == pageLeaf {
		_, err = p.leaf(inline, false)
	} else {
		err = damaged("a page is of the wrong type")
	}
	return err
}

// element is the i-th element of a page.
func element(page []byte, i int) ([]byte, bool) {
	from := pageHeader + i*elementSize
	if from+elementSize > len(page) {
		return nil, false
	}
	return page[from : from+elementSize], true
}

// within is a key or a value of the i-th element of a page.
func within(page []byte, i int, pos, size uint32) ([]byte, bool) {
	from := uint64(pageHeader+i*elementSize) + uint64(pos)
	if from+uint64(size) > uint64(len(page)) {
		return nil, false
	}
	return page[from : from+uint64(size)], true
}

// freelist checks the page that lists the unused pages.
func (p *boltPages) freelist(id uint64) error {
	page, err := p.take(id)
	if err != nil {
		return err
	}
	ids, count := page[pageHeader:], uint64(native.Uint16(page[10:]))
	if count == 0xFFFF { // too many for the field: the first entry is the number
		count, ids = native.Uint64(ids), ids[8:]
	}
	if native.Uint16(page[8:]) != pageFreelist || count > uint64(len(ids)/8) {
		return damaged("the list of free pages cannot be read")
	}
	for i := range count {
		if err := p.mark(native.Uint64(ids[8*i:])); err != nil {
			return err
		}
	}
	return nil
}

var errDamaged = errors.New("the file is damaged; keep it, look at the objects of its plan in Partner Hub, and plan again")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), errDamaged)
}
