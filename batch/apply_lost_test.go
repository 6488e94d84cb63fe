package batch

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// everyWrite has one change of every kind and action.
var everyWrite = []struct {
	id     string
	method string
	path   string // of the fault
	row    diff.Cells
}{
	{"customer/newco/provision", http.MethodPost, "/wholesale/customers", aCustomer("newco", "webex_calling")},
	{"customer/acme/update", http.MethodPut, "/wholesale/customers/*", aCustomer("acme", "webex_calling;webex_meetings;webex_voice")},
	{"customer/hollow/remove", http.MethodDelete, "/wholesale/customers/*", anAbsent("hollow")},
	{"subscriber/acme/eve@acme.example/provision", http.MethodPost, "/wholesale/subscribers", aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "1002")},
	{"subscriber/acme/bob@acme.example/update", http.MethodPut, "/wholesale/subscribers/*", aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1003")},
	{"subscriber/acme/bob@acme.example/remove", http.MethodDelete, "/wholesale/subscribers/*", anAbsent("acme", "bob@acme.example")},
}

// Whatever becomes of the answer, a change is made exactly once.
func TestApplyOnce(t *testing.T) {
	faults := []struct {
		text     string
		attempts int
	}{
		{"", 1},
		{"500-before", 2}, {"500-after", 1}, {"503-before", 2}, {"502-after", 1}, {"504-after", 1}, {"408-before", 2},
		{"reset-before", 2}, {"reset-after", 1}, {"truncate", 1}, {"html", 2}, {"500-before times=2", 3},
	}
	for _, w := range everyWrite {
		for _, f := range faults {
			t.Run(w.id+"/"+f.text, func(t *testing.T) {
				t.Parallel()
				var rules []string
				if f.text != "" {
					rules = []string{fmt.Sprintf("%s %s nth=1 %s", w.method, w.path, f.text)}
				}
				e, want := onLoopback(t, sandbox.Options{}, rules...), wanted(t, w.row)
				got := e.apply(t, want)[w.id]
				if got.Outcome != diff.OK || got.Attempts != f.attempts {
					t.Errorf("result is %+v", got)
				}
				applied := e.applied(t)
				if len(applied) != 1 || e.writes(t) != f.attempts {
					t.Errorf("applied %v in %d writes", applied, e.writes(t))
				}
				for what, n := range applied {
					if n != 1 || !strings.HasPrefix(what, w.method) {
						t.Errorf("%s was applied %d times", what, n)
					}
				}
				e.checkSettled(t, want)
			})
		}
	}
}

// A write is given up when it was proved three times that it was not applied.
func TestApplyGivesUp(t *testing.T) {
	for _, w := range everyWrite {
		t.Run(w.id, func(t *testing.T) {
			t.Parallel()
			e := onLoopback(t, sandbox.Options{}, fmt.Sprintf("%s %s 500-before", w.method, w.path))
			got := e.apply(t, wanted(t, w.row))[w.id]
			if got.Outcome != diff.Failed || got.Attempts != maxSends || got.HTTPStatus != 500 || !strings.Contains(got.Advice, "nothing was applied") {
				t.Errorf("result is %+v", got)
			}
			if len(e.applied(t)) != 0 || e.writes(t) != maxSends {
				t.Errorf("applied %v in %d writes", e.applied(t), e.writes(t))
			}
		})
	}
}

// inVirtualTime plans before the bubble's clock moves, and applies.
func inVirtualTime(t *testing.T, o sandbox.Options, want *diff.Desired, faults []string, test func(e *estate, results map[string]Result, took time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, o, faults...)
		p, live := e.plan(t, want)
		x := Executor{
			Applier: NewApplier(e.client, ApplyOptions{Live: live}), Journal: &strict{},
			Workers: 4, PollInterval: 2 * time.Second, PollTimeout: 15 * time.Minute,
		}
		begin := time.Now()
		results, err := x.run(p)
		if err != nil {
			t.Fatal(err)
		}
		test(e, results, time.Since(begin))
	})
}

// A lost provision that becomes visible late is waited for, not sent again.
func TestApplyWaitsForLateObjects(t *testing.T) {
	for _, i := range []int{0, 3} {
		w := everyWrite[i]
		t.Run(w.id, func(t *testing.T) {
			fault := w.method + " " + w.path + " nth=1 reset-after late=20s"
			inVirtualTime(t, sandbox.Options{}, wanted(t, w.row), []string{fault}, func(e *estate, results map[string]Result, took time.Duration) {
				if got := results[w.id]; got.Outcome != diff.OK || got.Attempts != 1 || took != 30*time.Second {
					t.Errorf("took %v: %+v", took, got)
				}
			})
		})
	}
}

// A provision that was answered, but is not shown yet, has not failed.
func TestApplyTrustsAnswersOverReads(t *testing.T) {
	w := everyWrite[0]
	fault := w.method + " " + w.path + " nth=1 late=20s"
	inVirtualTime(t, sandbox.Options{}, wanted(t, w.row), []string{fault}, func(e *estate, results map[string]Result, took time.Duration) {
		if got := results[w.id]; got.Outcome != diff.OK || got.Attempts != 1 {
			t.Errorf("took %v: %+v", took, got)
		}
	})
}

// Three reads over the settle time, then one repeat.
func TestApplyReadsBeforeItRepeats(t *testing.T) {
	w := everyWrite[3]
	inVirtualTime(t, sandbox.Options{}, wanted(t, w.row), []string{"POST /wholesale/subscribers nth=1 reset-before"}, func(e *estate, results map[string]Result, took time.Duration) {
		if got := results[w.id]; got.Outcome != diff.OK || got.Attempts != 2 || took != settling {
			t.Errorf("took %v: %+v", took, got)
		}
		var shape []string
		for _, s := range e.log(t) {
			shape = append(shape, s.Method)
		}
		if got := strings.Join(shape[len(shape)-5:], " "); got != "POST GET GET GET POST" {
			t.Errorf("the requests were %s", got)
		}
	})
}

// A repeat that is refused because the object exists found the first write's.
func TestApplyAdoptsItsOwnObject(t *testing.T) {
	for _, fault := range []string{"late=40s", "late=1h"} {
		t.Run(fault, func(t *testing.T) {
			w := everyWrite[3]
			rule := "POST /wholesale/subscribers nth=1 reset-after " + fault
			inVirtualTime(t, sandbox.Options{}, wanted(t, w.row), []string{rule}, func(e *estate, results map[string]Result, _ time.Duration) {
				got := results[w.id]
				want := diff.OK
				if fault == "late=1h" { // it exists, it cannot be seen, and nobody knows whose it is
					want = diff.Unknown
				}
				if got.Outcome != want || got.Attempts != 2 || got.Code != 0 && want == diff.OK {
					t.Errorf("result is %+v", got)
				}
				if n := e.applied(t)["POST acme/eve@acme.example"]; n != 1 {
					t.Errorf("applied %d times", n)
				}
			})
		})
	}
}

// The same refusal at the first attempt is a conflict: somebody else was faster.
func TestApplyNeverAdoptsOthers(t *testing.T) {
	tests := []struct {
		write int
		code  int
	}{{3, 2507}, {0, 2503}}
	for _, tt := range tests {
		w := everyWrite[tt.write]
		t.Run(w.id, func(t *testing.T) {
			e := onLoopback(t, sandbox.Options{}, fmt.Sprintf("%s %s nth=1 error=%d", w.method, w.path, tt.code))
			if got := e.apply(t, wanted(t, w.row))[w.id]; got.Outcome != diff.Conflict || got.Code != tt.code || got.Attempts != 1 {
				t.Errorf("result is %+v", got)
			}
		})
	}
}

// "Already being processed" is most likely our own request: it is looked for.
func TestApplyAlreadyInProcess(t *testing.T) {
	w := everyWrite[3]
	e := onLoopback(t, sandbox.Options{}, "POST /wholesale/subscribers nth=1 error=2008")
	if got := e.apply(t, wanted(t, w.row))[w.id]; got.Outcome != diff.OK || got.Attempts != 2 {
		t.Errorf("result is %+v", got)
	}
}

// A removal that was lost and is answered with "not found" later was ours.
func TestApplyRemovalFoundGone(t *testing.T) {
	w := everyWrite[5]
	faults := []string{"DELETE /wholesale/* nth=1 reset-before", "DELETE /wholesale/* nth=1 error=2001"}
	e := onLoopback(t, sandbox.Options{}, faults...)
	// The subscriber is still there in truth, so nobody can tell.
	if got := e.apply(t, wanted(t, w.row))[w.id]; got.Outcome != diff.Unknown || got.Attempts != 2 {
		t.Errorf("result is %+v", got)
	}
	e = onLoopback(t, sandbox.Options{}, "DELETE /wholesale/* nth=1 error=2001")
	if got := e.apply(t, wanted(t, w.row))[w.id]; got.Outcome != diff.Unchanged || got.Attempts != 1 {
		t.Errorf("result is %+v", got)
	}
}

// A lost PUT that the API still works on was applied; the customer's status tells.
func TestApplyLostWhileUpdating(t *testing.T) {
	w := everyWrite[1]
	o := sandbox.Options{ProvisionDelay: time.Minute}
	inVirtualTime(t, o, wanted(t, w.row), []string{"PUT /wholesale/customers/* nth=1 reset-after"}, func(e *estate, results map[string]Result, took time.Duration) {
		if got := results[w.id]; got.Outcome != diff.OK || got.Attempts != 1 || took < time.Minute {
			t.Errorf("took %v: %+v", took, got)
		}
	})
}

// What is found after a lost provision is this run's only if it cannot be
// anybody else's. Otherwise a person must look, and nothing is sent again.
func TestApplyAmbiguous(t *testing.T) {
	const mine = `{"id":"S1","email":"Eve@acme.example","customerId":"C1","package":"webex_meetings","status":"provisioned","created":"2000-01-01T00:00:00Z"}`
	other := func(old, new string) string { return strings.Replace(mine, old, new, 1) }
	tests := []struct {
		name, found string
		want        diff.Outcome
	}{
		{"mine", mine, diff.OK},
		{"no date", other(`"2000-01-01T00:00:00Z"`, `null`), diff.OK},
		{"clock a little behind", other("2000-01-01T00:00:00Z", "1999-12-31T23:56:00Z"), diff.OK},
		{"older", other("2000-01-01T00:00:00Z", "1999-12-31T23:54:00Z"), diff.Unknown},
		{"other package", other("webex_meetings", "webex_calling"), diff.Unknown},
		{"two", mine + "," + other("S1", "S2"), diff.Unknown},
		{"in error", other(`"provisioned"`, `"error","errors":[{"errorCode":5001}]`), diff.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				writes := 0
				handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.Method == http.MethodPost:
						writes++
						w.WriteHeader(http.StatusBadGateway)
					case r.URL.Query().Get("offset") == "0":
						fmt.Fprintf(w, `{"items":[%s]}`, tt.found)
					default:
						fmt.Fprint(w, `{"items":[]}`)
					}
				})
				e := inMemory(t, sandbox.Options{})
				e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{handler}})
				live := liveNow(t, diff.Cells{diff.ColExternalID: "acme", diff.ColID: "C1", diff.ColPackages: "webex_meetings"})
				p := diff.Compute(wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings")), live, diff.Options{})
				results, err := e.executor(live).run(p)
				if err != nil {
					t.Fatal(err)
				}
				if got := results[p.Changes[0].ID]; got.Outcome != tt.want || writes != 1 {
					t.Errorf("after %d writes: %+v", writes, got)
				}
			})
		})
	}
}

// A lost write that cannot be looked up stays open for a later run: the journal
// has no evidence.
func TestApplyCannotReadBack(t *testing.T) {
	e := onLoopback(t, sandbox.Options{}, "POST /wholesale/subscribers 500-after", "GET /wholesale/subscribers error=1004 nth=4 times=9")
	d := &diary{asked: func() int { return e.writes(t) }}
	p, live := e.plan(t, wanted(t, everyWrite[3].row))
	x := e.executor(live)
	x.Journal = d
	results, err := x.run(p)
	if got := results[everyWrite[3].id]; err != nil || got.Outcome != diff.Unknown || !strings.Contains(got.Description, "code 1004") {
		t.Errorf("error %v: %+v", err, got)
	}
	check(t, "journal", []string{"0 intend 1", "1 answered 1 unknown 500 0", "1 done unknown"}, d.lines)
}
