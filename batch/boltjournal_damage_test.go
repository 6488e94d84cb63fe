package batch

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wholesync/diff"
)

// samplePage is the page size of sample journals: small, so that a small file
// has every kind of page.
const samplePage = 1 << 10

// sample makes a journal of n changes, each record in a commit of its own, and
// returns the file and the two newest states that it may be read as.
func sample(t testing.TB, n int) (file []byte, newest, before string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.db")
	db, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: samplePage, NoSync: true})
	must(t, err)
	j := &BoltJournal{path: path, db: db, meta: JournalMeta{Format: JournalFormat}, states: map[string]state{}}
	must(t, db.Update(j.initialize))
	j.start(j.write)
	for i := range n {
		must(t, j.Intend(writeOf(fmt.Sprintf("change-%04d", i), 1)))
	}
	must(t, j.Intend(writeOf("last", 1)), j.Done(resultOf("last", diff.Unknown)), j.Close())
	file, err = os.ReadFile(path)
	must(t, err)
	m, ok := findMeta(bytes.NewReader(file), int64(len(file)))
	if !ok {
		t.Fatal("the sample has no head")
	}
	past := historyOf(t, path)
	newest = printed(past)
	last := past["last"]
	last.Done = nil
	past["last"] = last
	return file[:m.pages*m.pageSize], newest, printed(past)
}

// printed is a history in one line, for comparing.
func printed(past map[string]Past) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(past)) {
		p := past[id]
		fmt.Fprintf(&b, "%s %+v %s;", id, p.Last, p.state())
	}
	return b.String()
}

// damagedFile is opened again and again with other contents.
type damagedFile struct {
	t              *testing.T
	path           string
	content        []byte
	newest, before string
	refused, older int
}

func newDamagedFile(t *testing.T, n int) *damagedFile {
	t.Helper()
	d := &damagedFile{t: t, path: filepath.Join(t.TempDir(), "journal.db")}
	d.content, d.newest, d.before = sample(t, n)
	return d
}

// open fails the test unless the content is refused with a typed error, or read
// as it was after the last or the last but one commit, and can be written on.
func (d *damagedFile) open(what string, content []byte) {
	d.t.Helper()
	must(d.t, os.WriteFile(d.path, content, 0o600))
	j, err := OpenJournal(d.path)
	var refused *JournalError
	switch {
	case errors.As(err, &refused):
		d.refused++
		return
	case err != nil:
		d.t.Fatalf("%s: %T %v", what, err, err)
	}
	j.db.NoSync = true
	past, err := j.History()
	must(d.t, err, j.Intend(writeOf("one more", 1)), j.Close())
	switch printed(past) {
	case d.newest:
	case d.before:
		d.older++
	default:
		d.t.Errorf("%s: the file is read as something that was never written", what)
	}
	if err := CheckJournal(d.path); err != nil {
		d.t.Errorf("%s: writing on it has spoiled the file: %v", what, err)
	}
}

// flip opens the file with one byte changed.
func (d *damagedFile) flip(at int, mask byte) {
	d.t.Helper()
	d.content[at] ^= mask
	d.open(fmt.Sprintf("byte %d with mask %02x", at, mask), d.content)
	d.content[at] ^= mask
}

func (d *damagedFile) check() {
	d.t.Helper()
	d.open("undamaged", d.content)
	if d.refused == 0 || d.older == 0 {
		d.t.Errorf("%d refused, %d read as older", d.refused, d.older)
	}
}

func TestJournalCutAnywhere(t *testing.T) {
	d := newDamagedFile(t, 3)
	for n := range d.content {
		if err := verifyPages(bytes.NewReader(d.content[:n]), int64(n)); !errors.Is(err, errDamaged) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	opened := 0
	for n := 0; n < len(d.content); n += 61 {
		d.open(fmt.Sprintf("the first %d bytes", n), d.content[:n])
		opened++
	}
	if d.refused != opened {
		t.Errorf("%d of %d refused", d.refused, opened)
	}
	d.open("longer than needed", append(d.content, make([]byte, 3000)...))
}

func TestJournalEveryByteFlipped(t *testing.T) {
	d := newDamagedFile(t, 3)
	for at, b := range d.content {
		if b == 0 && at%samplePage > 80 && at%17 > 0 {
			continue // some of the empty space stands for the rest
		}
		d.flip(at, 1<<(at%8))
	}
	d.check()
}

// A journal of several levels of pages: wrong page numbers lead astray here.
func TestJournalOfManyPagesFlipped(t *testing.T) {
	d := newDamagedFile(t, 60)
	for page := 0; page < len(d.content); page += samplePage { // heads and first elements
		for at := page; at < page+2*elementSize; at++ {
			d.flip(at, 1<<(at%8))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		d.flip(random.IntN(len(d.content)), byte(1+random.IntN(255)))
	}
	d.check()
}

// TestJournalDamagedOnPurpose spoils pages in the ways that bbolt itself would
// not notice, or not survive.
func TestJournalDamagedOnPurpose(t *testing.T) {
	file, _, _ := sample(t, 60)
	m, _ := findMeta(bytes.NewReader(file), int64(len(file)))
	pageOf := func(id uint64) []byte { return file[id*samplePage : (id+1)*samplePage] }
	root := pageOf(m.root)
	logBucketElement, _ := element(root, 1)
	logBucketValue, _ := within(root, 1, native.Uint32(logBucketElement[4:])+uint32(len(logBucket)), bucketHeader)
	branch := native.Uint64(logBucketValue)
	top := pageOf(branch)
	if native.Uint16(top[8:]) != pageBranch {
		t.Fatal("the sample is too small")
	}
	first, second := top[pageHeader:], top[pageHeader+elementSize:]
	count := native.Uint16(top[10:])
	last := pageOf(native.Uint64(top[pageHeader+elementSize*int(count-1)+8:]))
	free := pageOf(m.freelist)
	for name, spoil := range map[string]func(){
		"a page that is its own child":     func() { native.PutUint64(first[8:], branch) },
		"a child outside the file":         func() { native.PutUint64(first[8:], 1<<40) },
		"a child with two parents":         func() { copy(second[8:elementSize], first[8:elementSize]) },
		"a child that is the list of free": func() { native.PutUint64(first[8:], m.freelist) },
		"a branch key that is too low":     func() { top[pageHeader+elementSize+int(native.Uint32(second))+7]-- },
		"a branch without its last child":  func() { native.PutUint16(top[10:], count-1) },
		"a branch without children":        func() { native.PutUint16(top[10:], 0) },
		"a leaf without its last record":   func() { native.PutUint16(last[10:], native.Uint16(last[10:])-1) },
		"a leaf with a record too many":    func() { native.PutUint16(last[10:], native.Uint16(last[10:])+1) },
		"a page that takes in the next":    func() { native.PutUint32(last[12:], 1) },
		"a free page that is in use":       func() { native.PutUint64(free[pageHeader:], branch) },
		"a free page that is forgotten":    func() { native.PutUint16(free[10:], native.Uint16(free[10:])-1) },
		"more free pages than fit":         func() { native.PutUint16(free[10:], 0xFFFF) },
	} {
		t.Run(name, func(t *testing.T) {
			whole := bytes.Clone(file)
			defer copy(file, whole)
			spoil()
			path := filepath.Join(t.TempDir(), "journal.db")
			must(t, os.WriteFile(path, file, 0o600))
			if err := CheckJournal(path); !errors.Is(err, errDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// FuzzOpenJournal: whatever the file holds, opening it ends with a typed error or
// with a journal that can be written, and that is sound afterwards.
func FuzzOpenJournal(f *testing.F) {
	for _, n := range []int{0, 3, 40} {
		file, _, _ := sample(f, n)
		f.Add(file)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "journal.db")
		must(t, os.WriteFile(path, data, 0o600))
		j, err := OpenJournal(path)
		var refused *JournalError
		if errors.As(err, &refused) {
			return
		}
		must(t, err)
		j.db.NoSync = true
		must(t, j.Intend(writeOf("one more", 1)), j.Close(), CheckJournal(path))
	})
}
