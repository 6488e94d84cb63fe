package batch

import (
	"fmt"
	"slices"

	"wholesync/diff"
)

// state is how far one change got, as far as it bears on what may come next. The
// zero state is that of a change that no record names.
//
//	nothing written --intend--> dangling --answered--> acknowledged | rejected | not sent | lost
//	dangling, lost, ambiguous --resolved--> applied | not applied | ambiguous
//	nothing written, rejected, not sent, not applied --intend--> dangling (the next attempt)
//
// A result ends a change in every state, but while it is not known what a write
// has done the result can only be unknown, and only what may still be sent can be
// not_attempted or skipped. After in_progress another result may come, after
// not_attempted and unknown also more records of the state before; after every
// other result nothing.
type state struct {
	attempt  int // of the last intent, 0 = none
	answer   Answer
	evidence Evidence
	done     diff.Outcome // of the last result since the last intent or evidence
}

// openOutcomes are the outcomes after which a resumed run goes on.
var openOutcomes = []diff.Outcome{diff.InProgress, diff.NotAttempted, diff.Unknown}

// TransitionError says that a record does not follow from those before it.
// It is a defect of the program, not of the file.
type TransitionError struct {
	Change string // id
	Record string // "intend", "answered", "resolved", "done", with what it says
	State  string // of the change before it
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("change %q: %s cannot follow %s; report this", e.Change, e.Record, e.State)
}

// after is the state that a record leads to, or a *TransitionError.
func (s state) after(r record) (state, error) {
	next, legal := s, false
	switch r.Op {
	case opIntend:
		legal = s.maySend() && r.Attempt == s.attempt+1
		next = state{attempt: r.Attempt}
	case opAnswered:
		legal = s.dangling() && s.done == "" && r.Attempt == s.attempt && slices.Contains([]Answer{Acknowledged, Rejected, NotSent, Lost}, r.Answer)
		next.answer = r.Answer
	case opResolved:
		legal = s.uncertain() && !s.final() && r.Attempt == s.attempt && slices.Contains([]Evidence{Applied, NotApplied, Ambiguous}, r.Evidence)
		next.evidence, next.done = r.Evidence, ""
	case opDone:
		legal = r.Result != nil && s.mayEnd(r.Result.Outcome)
		if legal {
			next.done = r.Result.Outcome
		}
	}
	if !legal || r.Change == "" {
		return s, &TransitionError{r.Change, r.String(), s.String()}
	}
	return next, nil
}

// dangling: about to be sent, and no more is known.
func (s state) dangling() bool { return s.attempt > 0 && s.answer == "" && s.evidence == "" }

// uncertain: the write may have been applied or not.
func (s state) uncertain() bool {
	return s.attempt > 0 && (s.answer == "" || s.answer == Lost) && (s.evidence == "" || s.evidence == Ambiguous)
}

// accepted: the write was applied, or will be by the API.
func (s state) accepted() bool { return s.answer == Acknowledged || s.evidence == Applied }

// final: the result stands.
func (s state) final() bool { return s.done != "" && !slices.Contains(openOutcomes, s.done) }

// maySend: nothing that was sent has been applied, so a write cannot be a repeat.
func (s state) maySend() bool {
	return !s.final() && s.done != diff.InProgress && !s.uncertain() && !s.accepted()
}

func (s state) mayEnd(o diff.Outcome) bool {
	switch {
	case s.final() || !slices.Contains(diff.Outcomes(), o):
		return false
	case s.uncertain():
		return o == diff.Unknown
	case o == diff.NotAttempted || o == diff.Skipped:
		return s.maySend()
	}
	return true
}

// String says what is known, for the message of an illegal record.
func (s state) String() string {
	text := "nothing"
	switch {
	case s.evidence != "":
		text = fmt.Sprintf("attempt %d, %s", s.attempt, s.evidence)
	case s.answer != "":
		text = fmt.Sprintf("attempt %d, %s", s.attempt, s.answer)
	case s.attempt > 0:
		text = fmt.Sprintf("attempt %d, no answer", s.attempt)
	}
	if s.done != "" {
		text += fmt.Sprintf(", result %s", s.done)
	}
	return text
}

func (r record) String() string {
	switch {
	case r.Op == opDone && r.Result != nil:
		return fmt.Sprintf("%s (%s)", r.Op, r.Result.Outcome)
	case r.Op == opResolved:
		return fmt.Sprintf("%s %d (%s)", r.Op, r.Attempt, r.Evidence)
	case r.Op == opAnswered:
		return fmt.Sprintf("%s %d (%s)", r.Op, r.Attempt, r.Answer)
	}
	return fmt.Sprintf("%s %d", r.Op, r.Attempt)
}
