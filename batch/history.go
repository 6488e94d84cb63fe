package batch

import (
	"cmp"

	"wholesync/diff"
)

// Past is what a journal tells about one change. The zero Past is that of a
// change that the journal does not name.
type Past struct {
	Attempts int      // intents; the next one has the number after it
	Last     Write    // the last write, as far as it is known; Change is nil
	Evidence Evidence // about the last write
	Doubt    bool     // see [Result]
	Done     *Result  // nil where there is none since; Change is nil
}

// Task is what a resumed run has to do about one change.
type Task string

// The tasks.
const (
	// Finished: nothing, its result stands.
	Finished Task = "finished"
	// Poll: the API has accepted it; see how it ends.
	Poll Task = "poll"
	// ReadBack: a write has left, or may have, and nobody knows what it did.
	ReadBack Task = "read_back"
	// Send: nothing was applied.
	Send Task = "send"
)

// Task says what a resumed run has to do.
func (p Past) Task() Task {
	s := p.state()
	switch {
	case s.final():
		return Finished
	case s.uncertain():
		return ReadBack
	case s.done == diff.InProgress || s.accepted():
		return Poll
	}
	return Send
}

func (p Past) state() state {
	s := state{attempt: p.Attempts, answer: p.Last.Answer, evidence: p.Evidence}
	if p.Done != nil {
		s.done = p.Done.Outcome
	}
	return s
}

// Result is the change's result as of now. Where the run ended before there was
// one it says what the journal can tell: in_progress, unknown or not_attempted.
func (p Past) Result(c *diff.Change) Result {
	if p.Done != nil {
		res := *p.Done
		res.Change = c
		return res
	}
	res := Result{
		Change: c, Outcome: diff.NotAttempted, HTTPStatus: p.Last.HTTPStatus, Code: p.Last.Code, Attempts: p.Attempts,
		TrackingID: p.Last.TrackingID, ResourceID: p.Last.ResourceID, StartedAt: p.Last.At,
	}
	switch p.Task() {
	case ReadBack:
		res.Outcome, res.Description = diff.Unknown, "the run ended before it was known what the write did"
	case Poll:
		res.Outcome, res.Description = diff.InProgress, "the run ended before the API had finished"
	}
	return res
}

// History tells what is on the disk about every change that has a record, by
// change id. What was recorded less than [maxLag] ago may be missing.
func (j *BoltJournal) History() (map[string]Past, error) {
	past := map[string]Past{}
	err := j.replay(func(r record, _ state) { past[r.Change] = past[r.Change].after(r) })
	if err != nil {
		j.commits.fail(err) // a file that cannot be read is not written on
		return nil, &JournalError{j.path, "reading", err}
	}
	return past, nil
}

func (p Past) after(r record) Past {
	switch r.Op {
	case opIntend:
		return Past{Attempts: r.Attempt, Last: r.write(), Doubt: p.Doubt}
	case opAnswered:
		p.Last = r.write()
	case opResolved:
		p.Evidence, p.Done, p.Doubt = r.Evidence, nil, true
		p.Last.ResourceID = cmp.Or(r.ResourceID, p.Last.ResourceID) // of what reading back has found
	case opDone:
		p.Done = r.Result.result()
	}
	return p
}
