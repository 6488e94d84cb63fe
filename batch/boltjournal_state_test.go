package batch

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"wholesync/diff"
)

// tell makes a record from a word: i1 = intend attempt 1, ack1, rej1, not1 and
// lost1 = answers, yes1, no1 and maybe1 = evidence, any outcome = result.
func tell(j Journal, id, word string) error {
	kind := strings.TrimRight(word, "0123456789")
	attempt := 0
	if kind != word {
		attempt = int(word[len(word)-1] - '0')
	}
	w := writeOf(id, attempt)
	answers := map[string]Answer{"ack": Acknowledged, "rej": Rejected, "not": NotSent, "lost": Lost, "odd": "odd", "empty": ""}
	evidence := map[string]Evidence{"yes": Applied, "no": NotApplied, "maybe": Ambiguous, "strange": "strange"}
	if kind == "i" {
		return j.Intend(w)
	}
	if a, ok := answers[kind]; ok {
		return j.Answered(answerTo(w, a))
	}
	if e, ok := evidence[kind]; ok {
		return j.Resolved(w, e)
	}
	return j.Done(resultOf(id, diff.Outcome(word)))
}

// TestProtocol names for each state what a resumed run does from it, and every
// record that may come next. Every other record must be refused.
func TestProtocol(t *testing.T) {
	const (
		anyResult = "ok unchanged failed conflict rejected skipped pending in_progress unknown not_attempted"
		written   = "ok unchanged failed conflict rejected pending in_progress unknown"
	)
	words := strings.Fields("i1 i2 i3 ack1 rej1 not1 lost1 ack2 rej2 not2 lost2 odd1 empty1 yes1 no1 maybe1 strange1 yes2 no2 maybe2 nonsense " + anyResult)
	for past, want := range map[string]struct {
		task Task
		next string
	}{
		"":                 {Send, "i1 " + anyResult},
		"i1":               {ReadBack, "ack1 rej1 not1 lost1 yes1 no1 maybe1 unknown"},
		"i1 ack1":          {Poll, written},
		"i1 rej1":          {Send, "i2 " + anyResult},
		"i1 not1":          {Send, "i2 " + anyResult},
		"i1 lost1":         {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 lost1 yes1":    {Poll, written},
		"i1 lost1 no1":     {Send, "i2 " + anyResult},
		"i1 lost1 maybe1":  {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 yes1":          {Poll, written},
		"i1 no1":           {Send, "i2 " + anyResult},
		"i1 maybe1":        {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 rej1 i2":       {ReadBack, "ack2 rej2 not2 lost2 yes2 no2 maybe2 unknown"},
		"i1 lost1 no1 i2":  {ReadBack, "ack2 rej2 not2 lost2 yes2 no2 maybe2 unknown"},
		"i1 rej1 i2 lost2": {ReadBack, "yes2 no2 maybe2 unknown"},

		"ok":            {Finished, ""},
		"unchanged":     {Finished, ""},
		"failed":        {Finished, ""},
		"conflict":      {Finished, ""},
		"rejected":      {Finished, ""},
		"skipped":       {Finished, ""},
		"pending":       {Finished, ""},
		"i1 ack1 ok":    {Finished, ""},
		"i1 rej1 ok":    {Finished, ""},
		"i1 yes1 ok":    {Finished, ""},
		"i1 no1 failed": {Finished, ""},

		"in_progress":                    {Poll, written},
		"i1 ack1 in_progress":            {Poll, written},
		"i1 yes1 in_progress":            {Poll, written},
		"i1 ack1 in_progress ok":         {Finished, ""},
		"i1 rej1 in_progress":            {Poll, written},
		"not_attempted":                  {Send, "i1 " + anyResult},
		"i1 rej1 not_attempted":          {Send, "i2 " + anyResult},
		"i1 not1 not_attempted":          {Send, "i2 " + anyResult},
		"i1 no1 not_attempted":           {Send, "i2 " + anyResult},
		"not_attempted not_attempted i1": {ReadBack, "ack1 rej1 not1 lost1 yes1 no1 maybe1 unknown"},

		"unknown":                     {Send, "i1 " + anyResult},
		"i1 unknown":                  {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 lost1 unknown":            {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 lost1 maybe1 unknown":     {ReadBack, "yes1 no1 maybe1 unknown"},
		"i1 lost1 maybe1 unknown no1": {Send, "i2 " + anyResult},
		"i1 maybe1 unknown yes1 ok":   {Finished, ""},
		"i1 ack1 unknown":             {Poll, written},
	} {
		t.Run(past, func(t *testing.T) {
			for _, word := range words {
				j := &memoryJournal{}
				for _, p := range strings.Fields(past) {
					must(t, tell(j, "a", p))
				}
				if got := j.past.Task(); got != want.task {
					t.Fatalf("task %s, want %s", got, want.task)
				}
				err := tell(j, "a", word)
				var illegal *TransitionError
				if legal := slices.Contains(strings.Fields(want.next), word); legal != (err == nil) || (err != nil && !errors.As(err, &illegal)) {
					t.Errorf("then %s: %v", word, err)
				}
			}
		})
	}
}

// memoryJournal has the states of a BoltJournal for one change, without the disk.
type memoryJournal struct {
	state state
	past  Past
}

func (j *memoryJournal) add(r record) error {
	next, err := j.state.after(r)
	if err == nil {
		j.state, j.past = next, j.past.after(r)
	}
	return err
}

func (j *memoryJournal) Intend(w Write) error   { return j.add(recordOf(opIntend, w)) }
func (j *memoryJournal) Answered(w Write) error { return j.add(recordOf(opAnswered, w)) }
func (j *memoryJournal) Resolved(w Write, e Evidence) error {
	r := recordOf(opResolved, w)
	r.Evidence = e
	return j.add(r)
}
func (j *memoryJournal) Done(r Result) error {
	return j.add(record{Op: opDone, Change: r.Change.ID, Result: resultRecordOf(r)})
}

func TestRecordsWithoutMeaning(t *testing.T) {
	for _, r := range []record{{}, {Op: "other", Change: "a"}, {Op: opDone, Change: "a"}, {Op: opIntend, Attempt: 1}} {
		if _, err := (state{}).after(r); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}

// TestJournalIsWhatWasAccepted writes random words, restarts in between, and
// compares with the same words in memory.
func TestJournalIsWhatWasAccepted(t *testing.T) {
	dir := t.TempDir()
	words := strings.Fields("i1 i2 i3 ack1 rej1 not1 lost1 rej2 lost2 yes1 no1 maybe1 yes2 no2 ok failed in_progress unknown not_attempted skipped restart")
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", runs))
		j, err := CreateJournal(path, journalMeta)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = j.Close() }()
		memory := map[string]*memoryJournal{"a": {}, "b": {}}
		for range rapid.IntRange(0, 12).Draw(t, "words") {
			id, word := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id"), rapid.SampledFrom(words).Draw(t, "word")
			if word == "restart" {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = OpenJournal(path); err != nil {
					t.Fatal(err)
				}
				continue
			}
			got, want := tell(j, id, word), tell(memory[id], id, word)
			if (got == nil) != (want == nil) {
				t.Fatalf("%s %s: %v, in memory %v", id, word, got, want)
			}
		}
		if err := errors.Join(j.Close(), CheckJournal(path)); err != nil {
			t.Fatal(err)
		}
		again, err := OpenJournal(path)
		if err != nil {
			t.Fatal(err)
		}
		past, err := again.History()
		if err = errors.Join(err, again.Close()); err != nil {
			t.Fatal(err)
		}
		for id, m := range memory {
			if past[id].state() != m.state || past[id].Task() != m.past.Task() {
				t.Errorf("%s: %v, in memory %v", id, past[id].state(), m.state)
			}
			if sends := past[id].Task() == Send; sends != m.state.maySend() {
				t.Errorf("%s: %v may be sent: %v", id, m.state, sends)
			}
		}
	})
}
