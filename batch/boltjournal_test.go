package batch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"wholesync/diff"
)

var journalStart = time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)

var journalMeta = JournalMeta{Tool: "wholesync 1.0", PlanSHA256: "ab12", BaseURL: "https://api.example.com/v1", Organization: "org-1", SubPartner: "sub-1", Created: journalStart}

func writeOf(id string, attempt int) Write {
	return Write{Change: &diff.Change{ID: id}, Attempt: attempt, At: journalStart}
}

func answerTo(w Write, a Answer) Write {
	w.Answer, w.HTTPStatus, w.Code, w.TrackingID, w.ResourceID = a, 202, 0, "T-"+w.Change.ID, "R-"+w.Change.ID
	return w
}

func resultOf(id string, o diff.Outcome) Result {
	return Result{Change: &diff.Change{ID: id}, Outcome: o}
}

func createJournal(t testing.TB) (*BoltJournal, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.db")
	j, err := CreateJournal(path, journalMeta)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() }) // Close is repeatable; a test that cares looks itself
	return j, path
}

func openJournal(t testing.TB, path string) *BoltJournal {
	t.Helper()
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// must ends the test at the first error of several records.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("record %d: %v", i+1, err)
		}
	}
}

func historyOf(t testing.TB, path string) map[string]Past {
	t.Helper()
	j := openJournal(t, path)
	past, err := j.History()
	must(t, err, j.Close())
	return past
}

func TestJournalComesBack(t *testing.T) {
	j, path := createJournal(t)
	full := Result{
		Change: &diff.Change{ID: "done"}, Outcome: diff.Failed, HTTPStatus: 400, Code: 2507, Title: "title", Field: "email",
		Description: "already provisioned \x1b[31m", Advice: "look", Attempts: 1, TrackingID: "T", ResourceID: "R",
		BlockedBy: "other", StartedAt: journalStart, Duration: 1500 * time.Millisecond,
	}
	for i := range reflect.ValueOf(full).NumField() {
		if f := reflect.TypeOf(full).Field(i); !slices.Contains([]string{"Lost", "Doubt", "SentAt"}, f.Name) && reflect.ValueOf(full).Field(i).IsZero() {
			t.Fatalf("the test does not set Result.%s", f.Name)
		}
	}
	done, lost, sent := writeOf("done", 1), writeOf("lost", 1), writeOf("sent", 1)
	must(t, j.Intend(done), j.Answered(answerTo(done, Acknowledged)), j.Done(full),
		j.Intend(lost), j.Answered(answerTo(lost, Lost)), j.Resolved(lost, NotApplied), j.Intend(writeOf("lost", 2)),
		j.Intend(sent), j.Answered(answerTo(sent, Acknowledged)), j.Close())

	again := openJournal(t, path)
	want := journalMeta
	want.Format = JournalFormat
	if diff := cmp.Diff(want, again.Meta()); diff != "" {
		t.Errorf("meta (-want +got)\n%s", diff)
	}
	past, err := again.History()
	must(t, err)
	ack := func(id string) Write { w := answerTo(writeOf(id, 1), Acknowledged); w.Change = nil; return w }
	full.Change = nil
	wantPast := map[string]Past{
		"done": {Attempts: 1, Last: ack("done"), Done: &full},
		"lost": {Attempts: 2, Last: Write{Attempt: 2, At: journalStart}, Doubt: true},
		"sent": {Attempts: 1, Last: ack("sent")},
	}
	if diff := cmp.Diff(wantPast, past); diff != "" {
		t.Errorf("history (-want +got)\n%s", diff)
	}
	tasks := map[string]Task{}
	for id, p := range past {
		tasks[id] = p.Task()
	}
	if diff := cmp.Diff(map[string]Task{"done": Finished, "lost": ReadBack, "sent": Poll}, tasks); diff != "" {
		t.Errorf("tasks (-want +got)\n%s", diff)
	}
	var illegal *TransitionError
	if err := again.Done(resultOf("done", diff.OK)); !errors.As(err, &illegal) {
		t.Errorf("the state is not the one before: %v", err)
	}
	must(t, again.Resolved(writeOf("lost", 2), Applied), again.Done(resultOf("lost", diff.OK)), again.Done(resultOf("sent", diff.OK)), again.Close())
	must(t, CheckJournal(path))
}

func TestJournalOpening(t *testing.T) {
	var journal *JournalError
	j, path := createJournal(t)
	if _, err := CreateJournal(path, journalMeta); !errors.As(err, &journal) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("creating it twice: %v", err)
	}
	var inUse *InUseError
	if _, err := OpenJournal(path); !errors.As(err, &inUse) || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("opening it twice: %v", err)
	}
	must(t, j.Intend(writeOf("a", 1)), j.Close(), j.Close())
	if err := j.Intend(writeOf("b", 1)); !errors.Is(err, errJournalClosed) {
		t.Errorf("after Close: %v", err)
	}
	if len(historyOf(t, path)) != 1 {
		t.Error("a record is missing")
	}

	dir := t.TempDir()
	if _, err := OpenJournal(filepath.Join(dir, "none.db")); !errors.As(err, &journal) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("opening made %v, %v", entries, err)
	}
	if _, err := OpenJournal(dir); !errors.As(err, &journal) {
		t.Errorf("a directory: %v", err)
	}
	if _, err := CreateJournal(filepath.Join(dir, "no", "journal.db"), journalMeta); !errors.As(err, &journal) {
		t.Errorf("no directory: %v", err)
	}
}

func TestJournalOfAnotherFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j := &BoltJournal{path: path, meta: JournalMeta{Format: 7, Tool: "wholesync 9"}}
	must(t, j.open(func(name string, flag int, mode os.FileMode) (*os.File, error) {
		return os.OpenFile(name, flag|os.O_CREATE, mode)
	}), j.db.Update(j.initialize), j.db.Close())
	_, err := OpenJournal(path)
	if err == nil || !strings.Contains(err.Error(), "format 7") || !strings.Contains(err.Error(), "wholesync 9") {
		t.Error(err)
	}
}

// A run that dies between making the file and writing its head has sent nothing.
func TestJournalWithoutHead(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"empty file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"empty database": func(path string) error {
			j := &BoltJournal{path: path}
			return errors.Join(j.open(func(name string, flag int, mode os.FileMode) (*os.File, error) {
				return os.OpenFile(name, flag|os.O_CREATE, mode)
			}), j.db.Close())
		},
	} {
		path := filepath.Join(t.TempDir(), "journal.db")
		must(t, make(path))
		if _, err := OpenJournal(path); !errors.Is(err, errNoRun) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the disk refuses once is not asked of it again, and every later call fails.
func TestJournalFailsForEver(t *testing.T) {
	for name, spoil := range map[string]func(*BoltJournal){
		"no space": func(j *BoltJournal) { j.commits.write = failing(syscall.ENOSPC) },
		"bad sync": func(j *BoltJournal) { j.commits.write = failing(syscall.EIO) },
		"the descriptor is gone": func(j *BoltJournal) {
			if err := j.file.Close(); err != nil {
				panic(err)
			}
		},
		"a panic": func(j *BoltJournal) {
			j.commits.write = func([][]byte) error { return guarded(func() error { panic("page 3 already freed") }) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			j, path := createJournal(t)
			before := writeOf("before", 1)
			must(t, j.Intend(before))
			spoil(j)
			first := j.Intend(writeOf("a", 1))
			var journal *JournalError
			if !errors.As(first, &journal) || journal.Path != path {
				t.Fatalf("got %v", first)
			}
			for i, err := range []error{j.Intend(writeOf("b", 1)), j.Answered(answerTo(before, Acknowledged)), j.Done(resultOf("c", diff.OK)), j.Close(), j.Close()} {
				if !errors.Is(err, errors.Unwrap(first)) || !errors.As(err, &journal) {
					t.Errorf("call %d: %v", i, err)
				}
			}
			if past := historyOf(t, path); len(past) != 1 || past["before"].Task() != ReadBack {
				t.Errorf("the file holds %v", past)
			}
		})
	}
}

func failing(err error) func([][]byte) error {
	return func([][]byte) error { return &fs.PathError{Op: "write", Path: "journal.db", Err: err} }
}

// TestJournalRefusals: a refused record leaves no trace, and the others go on.
func TestJournalRefusals(t *testing.T) {
	j, path := createJournal(t)
	w := writeOf("a", 1)
	must(t, j.Intend(w))
	var illegal *TransitionError
	var journal *JournalError
	if err := j.Intend(writeOf("a", 2)); !errors.As(err, &illegal) || !errors.As(err, &journal) || illegal.Change != "a" {
		t.Errorf("a second intent: %v", err)
	}
	must(t, j.Answered(answerTo(w, Rejected)), j.Intend(writeOf("a", 2)), j.Close(), CheckJournal(path))
	if past := historyOf(t, path); past["a"].Attempts != 2 {
		t.Errorf("got %+v", past)
	}
}

func TestJournalUnderManyWorkers(t *testing.T) {
	const workers, each = 64, 12
	j, path := createJournal(t)
	var wg sync.WaitGroup
	for n := range workers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d/%d", n, i)
				w := writeOf(id, 1)
				if err := errors.Join(j.Intend(w), onDisk(j, id, i == 0), j.Answered(answerTo(w, Acknowledged)), j.Done(resultOf(id, diff.OK))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	must(t, j.Close(), CheckJournal(path))
	past := historyOf(t, path)
	if len(past) != workers*each {
		t.Fatalf("%d changes", len(past))
	}
	for id, p := range past {
		if p.Task() != Finished {
			t.Errorf("%s: %s", id, p.Task())
		}
	}
}

// onDisk reports an intent that is not yet in the file.
func onDisk(j *BoltJournal, id string, look bool) error {
	if !look {
		return nil
	}
	past, err := j.History()
	if err == nil && past[id].Attempts == 0 {
		return fmt.Errorf("%s is not on the disk", id)
	}
	return err
}

func TestPastResult(t *testing.T) {
	c := &diff.Change{ID: "a"}
	for _, test := range []struct {
		past Past
		want Result
	}{
		{Past{}, Result{Change: c, Outcome: diff.NotAttempted}},
		{Past{Attempts: 1, Last: Write{Attempt: 1, At: journalStart}}, Result{Change: c, Outcome: diff.Unknown, Attempts: 1, StartedAt: journalStart}},
		{Past{Attempts: 2, Last: Write{Attempt: 2, Answer: Acknowledged, HTTPStatus: 202, ResourceID: "R"}}, Result{Change: c, Outcome: diff.InProgress, Attempts: 2, HTTPStatus: 202, ResourceID: "R"}},
		{Past{Attempts: 1, Done: &Result{Outcome: diff.Conflict, Code: 5}}, Result{Change: c, Outcome: diff.Conflict, Code: 5}},
	} {
		if diff := cmp.Diff(test.want, test.past.Result(c), cmpopts.IgnoreFields(Result{}, "Description")); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", test.past, diff)
		}
	}
}
