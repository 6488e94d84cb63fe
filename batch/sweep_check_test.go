package batch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"wholesync/diff"
)

// The rate of a life, in requests per second.
const (
	lifeRate  = 100
	lifeBurst = 5
)

// discard is where an answer goes that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func (w *world) request(method, path string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Authorization", "Bearer "+w.box.AccessToken())
	return r
}

// estateState is what /__sandbox/state tells, save what differs from run to run.
type estateState struct {
	Customers, Locations, Subscribers []map[string]any
	Enterprises, Workspaces           []map[string]any
	Users                             []map[string]any `json:"broadworks_subscribers"`
}

func (w *world) readState() (s estateState) {
	rec := httptest.NewRecorder()
	w.box.ServeHTTP(rec, w.request(http.MethodGet, "/__sandbox/state"))
	if err := json.Unmarshal(rec.Body.Bytes(), &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// findPerson finds the one who moves.
func (w *world) findPerson() {
	for _, s := range w.readState().Subscribers {
		if s["email"] == mover {
			w.person, _ = s["person_id"].(string)
		}
	}
}

// shape is the estate as sorted lines, without ids and times.
func (w *world) shape() (lines []string) {
	s := w.readState()
	for _, objects := range [][]map[string]any{s.Customers, s.Locations, s.Subscribers, s.Enterprises, s.Workspaces, s.Users} {
		for _, o := range objects {
			for _, name := range []string{"id", "org_id", "person_id", "created", "package_since"} {
				delete(o, name)
			}
			lines = append(lines, fmt.Sprint(o)) // maps are printed in the order of their keys
		}
	}
	slices.Sort(lines)
	return lines
}

// checkEnd holds after a story without faults: every change has one result and
// it is good, each was applied once and in its turn.
func (w *world) checkEnd(t *testing.T, results []Result) {
	t.Helper()
	w.checkComplete(t, results)
	for _, r := range results {
		if r.Outcome != diff.OK {
			t.Errorf("%v: %s: %+v", w.story(), r.Change.ID, r)
		}
	}
	if n := w.writes(t) - w.others; n != len(w.plan.Changes) {
		t.Errorf("%v: %d writes for %d changes", w.story(), n, len(w.plan.Changes))
	}
	w.checkAppliedOnce(t, results)
	w.checkOrder(t, true)
	w.checkRate(t)
	if err := CheckJournal(w.path); err != nil {
		t.Errorf("%v: %v", w.story(), err)
	}
	w.ended = w.shape()
}

// checkSameEnd compares the estate with that of a run without a crash.
func (w *world) checkSameEnd(t *testing.T, clean *world) {
	t.Helper()
	check(t, fmt.Sprint(w.story(), ": the estate"), clean.ended, w.ended)
}

// checkComplete: every change has exactly one result.
func (w *world) checkComplete(t *testing.T, results []Result) {
	t.Helper()
	if len(results) != len(w.plan.Changes) {
		t.Fatalf("%v: %d results for %d changes", w.story(), len(results), len(w.plan.Changes))
	}
	for i := range results {
		if results[i].Change != &w.plan.Changes[i] || !slices.Contains(diff.Outcomes(), results[i].Outcome) {
			t.Errorf("%v: result %d is %+v", w.story(), i, results[i])
		}
	}
}

// checkAppliedOnce: over all lives each change was applied at most once, what is
// called ok exactly once, and what is said never to have been sent not at all.
func (w *world) checkAppliedOnce(t *testing.T, results []Result) {
	t.Helper()
	least, most := map[string]int{}, map[string]int{}
	for _, r := range results {
		what := methods[r.Change.Action] + " " + r.Change.Key.String()
		switch r.Outcome {
		case diff.OK:
			least[what]++
			most[what]++
		case diff.NotAttempted, diff.Skipped, diff.Conflict:
		default:
			most[what]++
		}
	}
	applied := w.applied(t)
	for what := range most {
		if n := applied[what]; n < least[what] || n > most[what] {
			t.Errorf("%v: %s was applied %d times, not %d to %d", w.story(), what, n, least[what], most[what])
		}
	}
	for what, n := range applied {
		if most[what] == 0 && what != "DELETE "+mover { // as a person
			t.Errorf("%v: %s was applied %d times, and no result says so", w.story(), what, n)
		}
	}
}

// checkOrder: a change was applied after those that it depends on, and, where
// none stayed open for a later life, after those of its customer that come in an
// earlier stage.
func (w *world) checkOrder(t *testing.T, byStage bool) {
	t.Helper()
	at := w.appliedAt(t)
	for i := range w.plan.Changes {
		c := &w.plan.Changes[i]
		mine, applied := at[c.ID]
		if !applied {
			continue
		}
		for j := range w.plan.Changes {
			d := &w.plan.Changes[j]
			first := byStage && d.Scope() == c.Scope() && d.Stage < c.Stage
			theirs, applied := at[d.ID]
			if applied && theirs > mine && (first || slices.Contains(c.DependsOn, d.ID)) {
				t.Errorf("%v: %s came before %s", w.story(), c.ID, d.ID)
			}
		}
	}
}

// appliedAt tells which request carried out each change.
func (w *world) appliedAt(t *testing.T) map[string]int {
	t.Helper()
	turns := map[string][]int{}
	for n, s := range w.log(t) {
		if s.Applied {
			turns[s.Method+" "+s.Key] = append(turns[s.Method+" "+s.Key], n)
		}
	}
	at := map[string]int{}
	for i := range w.plan.Changes { // those of one object are in the order of their stages
		c := &w.plan.Changes[i]
		what := methods[c.Action] + " " + c.Key.String()
		if len(turns[what]) > 0 {
			at[c.ID], turns[what] = turns[what][0], turns[what][1:]
		}
	}
	return at
}

// checkRate: in no stretch of time did a process send more than it may.
func (w *world) checkRate(t *testing.T) {
	t.Helper()
	for _, l := range w.lives {
		for i := range l.sent {
			for j := i + lifeBurst; j < len(l.sent); j++ {
				took := l.sent[j].Sub(l.sent[i])
				if may := lifeBurst + lifeRate*(took+time.Microsecond).Seconds(); float64(j-i+1) > may+1e-6 {
					t.Fatalf("%v: %d requests in %v", w.story(), j-i+1, took)
				}
			}
		}
	}
}

// checkSameResults: what stands is told in the same way for ever.
func checkSameResults(t *testing.T, story []string, want, got []Result) {
	t.Helper()
	for i := range want {
		a, b := want[i], got[i]
		a.StartedAt, b.StartedAt = a.StartedAt.UTC().Round(0), b.StartedAt.UTC().Round(0)
		if a != b {
			t.Errorf("%v: the resumed run says\n%+v, not\n%+v", story, b, a)
		}
	}
}
