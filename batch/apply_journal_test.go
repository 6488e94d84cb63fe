package batch

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"wholesync/diff"
	"wholesync/internal/sandbox"
)

// diary is a journal that checks the order of its calls against what the API has seen.
type diary struct {
	mu    sync.Mutex
	lines []string
	asked func() int // writes that reached the API
}

func (d *diary) note(format string, args ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%d ", d.asked())+fmt.Sprintf(format, args...))
	return nil
}

func (d *diary) Intend(w Write) error { return d.note("intend %d", w.Attempt) }
func (d *diary) Answered(w Write) error {
	return d.note("answered %d %s %d %d", w.Attempt, w.Answer, w.HTTPStatus, w.Code)
}
func (d *diary) Resolved(w Write, e Evidence) error { return d.note("resolved %d %s", w.Attempt, e) }
func (d *diary) Done(r Result) error                { return d.note("done %s", r.Outcome) }

// The intent is recorded before the request leaves, and every step after it.
func TestApplyJournal(t *testing.T) {
	tests := []struct {
		name   string
		faults []string
		want   []string
	}{
		{"good", nil, []string{"0 intend 1", "1 answered 1 acknowledged 200 0", "1 done ok"}},
		{"refused", []string{"POST /wholesale/subscribers error=2539"}, []string{"0 intend 1", "1 answered 1 rejected 400 2539", "1 done failed"}},
		{"lost, applied", []string{"POST /wholesale/subscribers nth=1 500-after"}, []string{"0 intend 1", "1 answered 1 unknown 500 0", "1 resolved 1 applied", "1 done ok"}},
		{
			"lost, not applied", []string{"POST /wholesale/subscribers nth=1 500-before"},
			[]string{"0 intend 1", "1 answered 1 unknown 500 0", "1 resolved 1 not_applied", "1 intend 2", "2 answered 2 acknowledged 200 0", "2 done ok"},
		},
		{
			"busy", []string{"POST /wholesale/subscribers nth=1 error=2504"},
			[]string{"0 intend 1", "1 answered 1 rejected 409 2504", "1 intend 2", "2 answered 2 acknowledged 200 0", "2 done ok"},
		},
		{
			"lost, and in its own way", []string{"POST /wholesale/subscribers nth=1 500-before", "POST /wholesale/subscribers nth=1 error=2507"},
			[]string{"0 intend 1", "1 answered 1 unknown 500 0", "1 resolved 1 not_applied", "1 intend 2", "2 answered 2 unknown 409 2507", "2 resolved 2 ambiguous", "2 done unknown"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := onLoopback(t, sandbox.Options{}, tt.faults...)
			d := &diary{asked: func() int { return e.writes(t) }}
			p, live := e.plan(t, wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings")))
			x := e.executor(live)
			x.Journal = d
			if _, err := x.run(p); err != nil {
				t.Fatal(err)
			}
			check(t, "journal", tt.want, d.lines)
		})
	}
}

// fullDisk is a journal that takes no record of one sort.
type fullDisk struct {
	strict
	op op
}

func (j *fullDisk) Intend(w Write) error {
	if j.op == opIntend {
		return errJournal
	}
	return j.strict.Intend(w)
}

func (j *fullDisk) Answered(w Write) error {
	if j.op == opAnswered {
		return errJournal
	}
	return j.strict.Answered(w)
}

func (j *fullDisk) Resolved(w Write, e Evidence) error {
	if j.op == opResolved {
		return errJournal
	}
	return j.strict.Resolved(w, e)
}

// What cannot be recorded is not done, and what was done before is unknown to
// whoever reads the journal.
func TestApplyWithoutJournal(t *testing.T) {
	for op, want := range map[op]diff.Outcome{opIntend: diff.NotAttempted, opAnswered: diff.Unknown, opResolved: diff.Unknown} {
		t.Run(string(op), func(t *testing.T) {
			e := onLoopback(t, sandbox.Options{}, "POST /wholesale/subscribers nth=1 500-after")
			p, live := e.plan(t, wanted(t, everyWrite[3].row))
			x := e.executor(live)
			x.Journal = &fullDisk{op: op}
			results, err := x.run(p)
			if got := results[everyWrite[3].id]; !errors.Is(err, errJournal) || got.Outcome != want {
				t.Errorf("error %v: %+v", err, got)
			}
			if n := e.writes(t); n > 1 || n == 1 && op == opIntend {
				t.Errorf("%d writes", n)
			}
		})
	}
}
