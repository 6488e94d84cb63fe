package batch

import (
	"time"

	"wholesync/diff"
)

// Answer is how far one write got.
type Answer string

// The answers. An intent without any means that the process died in between.
const (
	Acknowledged Answer = "acknowledged" // the API took it
	Rejected     Answer = "rejected"     // the API said no; nothing was applied
	NotSent      Answer = "not_sent"     // nothing left this machine
	Lost         Answer = "unknown"      // it left, and no usable answer came back
)

// Evidence is what reading back showed about a lost write.
type Evidence string

// The kinds of evidence.
const (
	Applied    Evidence = "applied"
	NotApplied Evidence = "not_applied"
	Ambiguous  Evidence = "ambiguous" // somebody else may have written
)

// Write is one attempt to change one object, as it is recorded.
type Write struct {
	Change     *diff.Change
	Attempt    int // from 1
	At         time.Time
	Answer     Answer
	HTTPStatus int
	Code       int
	TrackingID string
	ResourceID string
}

// Journal records what a run does, so that a later one can tell what was done.
// Intend must have reached the disk when it returns: only then does the write
// leave. An error of any method stops the run, because what cannot be recorded
// must not be done. All methods are called by several goroutines.
type Journal interface {
	Intend(Write) error
	Answered(Write) error
	Resolved(Write, Evidence) error
	Done(Result) error
}

// noJournal is used where nobody asks what happened: plans of nothing, and tests.
type noJournal struct{}

func (noJournal) Intend(Write) error             { return nil }
func (noJournal) Answered(Write) error           { return nil }
func (noJournal) Resolved(Write, Evidence) error { return nil }
func (noJournal) Done(Result) error              { return nil }
