package batch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// JournalFormat is the version of the journal file that this program writes and
// reads.
const JournalFormat = 1

// JournalMeta says which run a journal belongs to.
type JournalMeta struct {
	Format       int       `json:"format"` // set by [CreateJournal]
	Tool         string    `json:"tool"`   // name and version of the program
	PlanSHA256   string    `json:"plan_sha256"`
	BaseURL      string    `json:"base_url"`
	Organization string    `json:"organization"`
	SubPartner   string    `json:"sub_partner,omitempty"`
	Created      time.Time `json:"created"`
}

// JournalError says that a journal could not be made, read or written, or that
// it refused a record (then Err is a *[TransitionError]). A missing journal is
// told by errors.Is(err, fs.ErrNotExist).
type JournalError struct {
	Path  string
	Doing string // "creating", "opening", "reading", "writing"
	Err   error
}

func (e *JournalError) Error() string {
	return fmt.Sprintf("%s the journal %s: %v", e.Doing, e.Path, e.Err)
}

func (e *JournalError) Unwrap() error { return e.Err }

// InUseError says that another process has the journal open.
type InUseError struct{ Path string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("opening the journal %s: another process uses it; wait until that has ended", e.Path)
}

// BoltJournal is the [Journal] of real runs, a bbolt file. It holds one bucket
// of records in the order in which they were made; the state of every change
// follows from them. A record that the protocol does not allow is refused.
//
// Only Intend waits for the disk. The loss of any other record costs a look at
// the live object and nothing else, so these reach the disk with the next
// commit, at most [maxLag] later, and at Close.
type BoltJournal struct {
	path    string
	db      *bolt.DB
	file    *os.File // of db
	meta    JournalMeta
	commits *groupCommit

	mu     sync.Mutex // orders records, so that the log is what the states went through
	states map[string]state

	closing  sync.Once
	closeErr error
}

// The file's buckets, and the key of the record in the first.
var (
	metaBucket = []byte("journal")
	metaKey    = []byte("meta")
	logBucket  = []byte("log")
)

// CreateJournal makes the journal of a new run. The file must not exist.
func CreateJournal(path string, m JournalMeta) (*BoltJournal, error) {
	m.Format = JournalFormat
	j := &BoltJournal{path: path, meta: m, states: map[string]state{}}
	err := j.open(func(name string, flag int, mode os.FileMode) (*os.File, error) {
		return os.OpenFile(name, flag|os.O_CREATE|os.O_EXCL, mode)
	})
	if err == nil {
		if err = guarded(func() error { return j.db.Update(j.initialize) }); err == nil {
			err = syncDir(filepath.Dir(path))
		}
		if err != nil {
			err = errors.Join(err, j.release(err), os.Remove(path))
		}
	}
	if err != nil {
		return nil, &JournalError{path, "creating", err}
	}
	return j.start(j.write), nil
}

// OpenJournal opens the journal of an earlier run. It reads every record and
// checks that they make sense one after the other; see [CheckJournal]. The error
// is an *[InUseError] or a *[JournalError].
func OpenJournal(path string) (*BoltJournal, error) {
	j := &BoltJournal{path: path, states: map[string]state{}}
	err := j.open(openIntact)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, &InUseError{path}
	}
	if err == nil {
		if err = j.load(); err != nil {
			err = errors.Join(err, j.release(err))
		}
	}
	if err != nil {
		return nil, &JournalError{path, "opening", err}
	}
	return j.start(j.write), nil
}

// CheckJournal reads a journal and checks it: the pages of the file, the
// checksum and number of each record, and that each change went through states
// that the protocol allows.
func CheckJournal(path string) error {
	j, err := OpenJournal(path)
	if err != nil {
		return err
	}
	return j.Close()
}

// lockTimeout is how long to wait for a process that is about to end.
const lockTimeout = 200 * time.Millisecond

// open opens the database. The file is kept, because bbolt does not close it
// where it panics.
func (j *BoltJournal) open(openFile func(string, int, os.FileMode) (*os.File, error)) error {
	err := guarded(func() (err error) {
		j.db, err = bolt.Open(j.path, 0o600, &bolt.Options{Timeout: lockTimeout, NoStatistics: true,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				f, err := openFile(name, flag&^os.O_CREATE, mode)
				j.file = f
				return f, err
			}})
		return err
	})
	if err != nil && isPanic(err) && j.file != nil {
		err = errors.Join(err, j.abandon())
	}
	return err
}

// errNoRun is what a crash leaves that came before the first record.
var errNoRun = errors.New("the file is empty: its run ended before anything was sent; plan again")

// openIntact opens a file for bbolt after it has looked at every page, because
// bbolt trusts what it maps into memory: a damaged page would end the process.
func openIntact(name string, flag int, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := verifyAlone(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// verifyAlone holds bbolt's own lock while it reads, so that it sees no other
// process at work.
func verifyAlone(f *os.File) error {
	free, err := tryLock(f)
	if err != nil {
		return err
	}
	if !free {
		return bolterrors.ErrTimeout
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fs.ErrInvalid
	case info.Size() == 0:
		err = errNoRun
	default:
		err = verifyPages(f, info.Size())
	}
	return errors.Join(err, unlock(f))
}

func (j *BoltJournal) initialize(tx *bolt.Tx) error {
	if _, err := tx.CreateBucket(logBucket); err != nil {
		return err
	}
	b, err := tx.CreateBucket(metaBucket)
	if err != nil {
		return err
	}
	data, err := json.Marshal(j.meta)
	if err != nil {
		return err
	}
	return b.Put(metaKey, seal(metaKey, data))
}

// load reads what an earlier run has left.
func (j *BoltJournal) load() error {
	if err := guarded(func() error { return j.db.View(j.readMeta) }); err != nil {
		return err
	}
	return j.replay(func(r record, s state) { j.states[r.Change] = s })
}

func (j *BoltJournal) readMeta(tx *bolt.Tx) error {
	b := tx.Bucket(metaBucket)
	if b == nil || tx.Bucket(logBucket) == nil {
		return errNoRun
	}
	data, err := unseal(metaKey, b.Get(metaKey))
	if err != nil {
		return fmt.Errorf("its head: %w", err)
	}
	if err := json.Unmarshal(data, &j.meta); err != nil {
		return fmt.Errorf("its head: %w", err)
	}
	if j.meta.Format != JournalFormat {
		return fmt.Errorf("it has format %d, and this program reads %d; use the version that wrote it (%s)", j.meta.Format, JournalFormat, j.meta.Tool)
	}
	return nil
}

func (j *BoltJournal) start(write func([][]byte) error) *BoltJournal {
	j.commits = newGroupCommit(write)
	return j
}

// Meta says which run the journal belongs to.
func (j *BoltJournal) Meta() JournalMeta { return j.meta }

// Intend records that a write is about to be sent, and returns when the record
// is on the disk. Those who wait at the same time share one transaction.
func (j *BoltJournal) Intend(w Write) error {
	return j.add(recordOf(opIntend, w), true)
}

// Answered records what became of a write.
func (j *BoltJournal) Answered(w Write) error {
	return j.add(recordOf(opAnswered, w), false)
}

// Resolved records what reading back has shown about a write without an answer.
func (j *BoltJournal) Resolved(w Write, e Evidence) error {
	r := recordOf(opResolved, w)
	r.Evidence = e
	return j.add(r, false)
}

// Done records the result of a change.
func (j *BoltJournal) Done(r Result) error {
	return j.add(record{Op: opDone, Change: r.Change.ID, Result: resultRecordOf(r)}, false)
}

// add appends a record if the protocol allows it. Where it does not, nothing is
// recorded, and the records of other changes are still taken: the caller stops
// the run, and what is in flight can still be told.
func (j *BoltJournal) add(r record, wait bool) error {
	data, err := json.Marshal(r)
	if err != nil {
		return &JournalError{j.path, "writing", err}
	}
	g, err := j.enter(r, data, wait)
	if err == nil && wait {
		err = g.wait()
	}
	if err != nil {
		return &JournalError{j.path, "writing", err}
	}
	return nil
}

func (j *BoltJournal) enter(r record, data []byte, wait bool) (*group, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	next, err := j.states[r.Change].after(r)
	if err != nil {
		return nil, err
	}
	g, err := j.commits.add(data, wait)
	if err == nil {
		j.states[r.Change] = next
	}
	return g, err
}

// write is one transaction. Keys grow, so pages can be filled to the brim.
func (j *BoltJournal) write(records [][]byte) error {
	return guarded(func() error {
		return j.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket(logBucket)
			b.FillPercent = 1
			for _, data := range records {
				seq, err := b.NextSequence()
				if err != nil {
					return err
				}
				key := logKey(seq)
				if err := b.Put(key, seal(key, data)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// Close commits what is left and closes the file. It returns the error that
// stopped the journal, if there was one.
func (j *BoltJournal) Close() error {
	j.closing.Do(func() {
		err := j.commits.close()
		if err = errors.Join(err, j.release(err)); err != nil {
			j.closeErr = &JournalError{j.path, "writing", err}
		}
	})
	return j.closeErr
}

// release closes the database. After a panic inside bbolt the locks in memory may
// still be held, and bbolt's Close would wait for them for ever.
func (j *BoltJournal) release(failed error) error {
	if isPanic(failed) {
		return j.abandon()
	}
	return j.db.Close()
}

// abandon frees the file for others. Closing is not enough: what is mapped stays
// locked until the process ends.
func (j *BoltJournal) abandon() error { return errors.Join(unlock(j.file), j.file.Close()) }

var _ Journal = (*BoltJournal)(nil)
