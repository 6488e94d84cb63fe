package batch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"wholesync/diff"
	"wholesync/internal/sandbox"
)

// state is the whole estate as the sandbox shows it.
func (e *estate) state() string {
	w := httptest.NewRecorder()
	e.box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/__sandbox/state", nil))
	return w.Body.String()
}

// A precheck changes nothing whatever goes wrong, and what it says comes true:
// rows that are ok are provisioned, those that need consent wait, and those that
// are refused are not done.
func TestPrecheckComesTrue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := drawWanted(rt)
		for i, email := range []string{"free@mail.example", "own@mail.example", "rae@rival.example", "x@consumer.example"} {
			if rapid.Bool().Draw(rt, email) {
				customer := rapid.SampledFrom([]string{"acme", "newco"}).Draw(rt, "customer")
				pkg := "webex_meetings"
				if customer == "acme" {
					pkg = diff.SplitPackages(rows[0][diff.ColPackages])[0]
				}
				rows = append(rows, aSubscriber(customer, email, pkg, "extension", fmt.Sprint(3001+i)))
			}
		}
		want, faults := wanted(rt, rows...), drawFaults(rt)
		var verdicts []Verdict
		var results map[string]Result
		var before, after string
		var err error
		synctest.Test(t, func(t *testing.T) { // a rapid.T must not fail in here
			e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seedAccounts)})
			broken := inMemory(t, sandbox.Options{Seed: strings.NewReader(seedAccounts)}, faults...)
			live := e.listPatiently(t, want)
			p := diff.Compute(want, live, diff.Options{})
			before = broken.state()
			_, _ = Precheck(t.Context(), broken.client, p, broken.listPatiently(t, want), nil) // any outcome will do
			after = broken.state()
			if verdicts, err = Precheck(t.Context(), e.client, p, live, nil); err == nil {
				results, err = e.executor(live).run(p)
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
		if !json.Valid([]byte(before)) || before != after {
			rt.Errorf("a precheck has changed the estate from\n%s\nto\n%s", before, after)
		}
		for _, v := range verdicts {
			checkCameTrue(rt, v, results[v.Change.ID])
		}
	})
}

func checkCameTrue(t reporter, v Verdict, res Result) {
	t.Helper()
	pending := res.Outcome == diff.Pending
	switch {
	case res.Outcome == diff.Skipped: // nobody can tell
	case v.Word == VerdictRefused && res.Outcome != diff.Failed && res.Outcome != diff.Conflict,
		(v.Word == VerdictOK || v.Word == VerdictNoted) && res.Outcome != diff.OK && !pending,
		v.NeedsConsent() != pending && v.Word != VerdictUnknown:
		t.Errorf("%s: the verdict was %s, and it came to %s (%d %s)", v.Change.ID, verdictOf(v), res.Outcome, res.Code, res.Description)
	}
}
