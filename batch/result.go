package batch

import (
	"time"

	"wholesync/diff"
)

// Result is what became of one change. A failed change is a result, not an
// error: errors are for runs that cannot go on.
type Result struct {
	Change      *diff.Change
	Outcome     diff.Outcome
	HTTPStatus  int           // of the answer that decided, 0 where none came
	Code        int           // the API's error code, 0 where none was given
	Title       string        // of the code, from the code table
	Field       string        // the field that the API names
	Description string        // the API's text, or ours where nothing was sent
	Advice      string        // what a person can do about it
	Attempts    int           // writes sent, repeats included
	TrackingID  string        // for the vendor's support
	ResourceID  string        // the API's id of the object
	BlockedBy   string        // id of the change that had to succeed first
	StartedAt   time.Time     // zero where nothing was sent
	Duration    time.Duration // from the start to the final answer, waits included

	// Lost is a write of an earlier run that is to be read back before anything is
	// sent; nil in results.
	Lost *Write
	// SentAt is when the last write was sent; zero where none was, and in results.
	SentAt time.Time
	// Doubt says that the answer of an earlier write was lost, and that the write
	// could not be seen: it may show yet, and stand in the way of the next one.
	// False in results.
	Doubt bool
}

// Worse orders outcomes by how much they ask of a person; it decides which of
// several changes speaks for their row.
func Worse(a, b diff.Outcome) bool { return severity(a) > severity(b) }

func severity(o diff.Outcome) int {
	for i, v := range []diff.Outcome{diff.Unchanged, diff.OK, diff.Pending, diff.NotAttempted, diff.InProgress, diff.Skipped,
		diff.RejectedRow, diff.Conflict, diff.Failed, diff.Unknown} {
		if v == o {
			return i
		}
	}
	return -1
}
