package batch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// drawFaults draws what goes wrong at random, for writes and for reads.
func drawFaults(t *rapid.T) []string {
	actions := rapid.SampledFrom([]string{
		"500-before", "500-after", "503-before", "504-after", "reset-before", "reset-after", "truncate", "html", "429=2s", "423=2s",
		"error=2502", "error=2504", "error=2008", "error=2020", "late=10s", "delay=5s", "reset-after late=20s", "end=error", "stuck",
	})
	var faults []string
	for range rapid.IntRange(1, 5).Draw(t, "faults") {
		method := rapid.SampledFrom([]string{"POST", "PUT", "DELETE", "POST /wholesale/subscribers", "GET"}).Draw(t, "method")
		action := actions.Draw(t, "action")
		if method == "GET" {
			action = rapid.SampledFrom([]string{"500-before", "reset-before", "truncate", "html", "429=2s"}).Draw(t, "read action")
		}
		chance := rapid.SampledFrom([]string{"0.05", "0.2", "0.5"}).Draw(t, "p")
		faults = append(faults, fmt.Sprintf("%s p=%s %s times=%d", method, chance, action, rapid.IntRange(1, 6).Draw(t, "times")))
	}
	return faults
}

// drawWanted draws what is asked of the estate of seedEstate.
func drawWanted(t *rapid.T) []diff.Cells {
	packages := rapid.SampledFrom([]string{"webex_calling;webex_meetings", "webex_suite", "webex_calling;webex_meetings;webex_voice", "webex_meetings;webex_suite"}).Draw(t, "packages")
	rows := []diff.Cells{aCustomer("acme", packages), aCustomer("newco", "webex_meetings")}
	if rapid.Bool().Draw(t, "hollow goes") {
		rows = append(rows, anAbsent("hollow"))
	}
	pkg := rapid.SampledFrom(diff.SplitPackages(packages))
	for i, email := range []string{"ann@acme.example", "bob@acme.example", "eve@acme.example", "max@acme.example", "zoe@acme.example"} {
		if rapid.IntRange(0, 2).Draw(t, "goes") == 0 {
			rows = append(rows, anAbsent("acme", email))
			continue
		}
		rows = append(rows, aSubscriber("acme", email, pkg.Draw(t, "package"), "extension", fmt.Sprint(2001+i)))
	}
	for i := range 5 {
		rows = append(rows, aSubscriber("newco", fmt.Sprintf("u%d@newco.example", i), "webex_meetings"))
	}
	return rows
}

// Whatever goes wrong: nothing is applied twice, what is called ok is so, and
// the journal only ever has records that follow from each other.
func TestApplyUnderFaults(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want, faults := wanted(rt, drawWanted(rt)...), drawFaults(rt)
		o := sandbox.Options{AsyncSubscribers: rapid.Bool().Draw(rt, "async"), ProvisionDelay: time.Duration(rapid.IntRange(0, 20).Draw(rt, "delay")) * time.Second}
		var e *estate
		var results map[string]Result
		var again *diff.Plan
		var err error
		synctest.Test(t, func(t *testing.T) { // a rapid.T must not fail in here
			e = inMemory(t, o, faults...)
			live := e.listPatiently(t, want)
			x := e.executor(live)
			x.Applier, x.PollInterval, x.PollTimeout = NewApplier(e.client, ApplyOptions{Live: live}), 2*time.Second, 15*time.Minute
			results, err = x.run(diff.Compute(want, live, diff.Options{}))
			if waitErr := wait(t.Context(), time.Hour); waitErr != nil { // until the API has done all that it will do
				t.Fatal(waitErr)
			}
			again = diff.Compute(want, e.listPatiently(t, want), diff.Options{})
		})
		var gaveUp *webex.Error
		if err != nil && (!errors.As(err, &gaveUp) || gaveUp.Class != webex.ClassTransient) {
			rt.Errorf("%v", err)
		}
		checkTruth(rt, e, results, again)
	})
}

// listPatiently lists until no fault comes in between.
func (e *estate) listPatiently(t *testing.T, want *diff.Desired) *diff.Live {
	t.Helper()
	var err error
	for range 50 {
		var live *diff.Live
		if live, err = List(t.Context(), e.client, want, ListOptions{}); err == nil {
			return live
		}
	}
	t.Fatal(err)
	return nil
}

// checkTruth holds results against what the sandbox did, and against a new plan.
func checkTruth(t reporter, e *estate, results map[string]Result, again *diff.Plan) {
	t.Helper()
	left := map[string]bool{}
	for _, c := range again.Changes {
		left[c.ID] = true
	}
	for _, h := range again.Held {
		left[h.Kind.String()+"/"+h.Key.String()] = true
	}
	changes := map[string]int{} // by method and key
	for id, r := range results {
		method := map[diff.Action]string{diff.Provision: "POST", diff.Update: "PUT", diff.Remove: "DELETE"}[r.Change.Action]
		changes[method+" "+r.Change.Key.String()]++
		if r.Outcome == diff.OK && (left[id] || left[r.Change.Kind.String()+"/"+r.Change.Key.String()] && r.Change.Stage != diff.StageReady) {
			t.Errorf("%s is called ok, but the next plan has it: %+v", id, r)
		}
		if r.Outcome == diff.Skipped && results[r.BlockedBy].Outcome == diff.OK {
			t.Errorf("%s was skipped because of %s, which is ok", id, r.BlockedBy)
		}
	}
	applied := e.applied(t)
	for _, what := range slices.Sorted(maps.Keys(applied)) {
		if applied[what] > changes[what] {
			t.Errorf("%s was applied %d times for %d changes", what, applied[what], changes[what])
		}
	}
}
