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

// A provision that is sent again hours after its first try may still be
// answered long before it can be seen. It has not failed for that.
func TestResumedProvisionShowsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, sandbox.Options{}, []diff.Cells{aCustomer("newco", "webex_meetings")}, "POST /wholesale/customers late=20s")
		w.run(at("request in: POST"))
		if err := wait(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
		_, results, err := w.run(never)
		if err != nil || results[0].Outcome != diff.OK || results[0].Attempts != 2 || w.applied(t)["POST newco"] != 1 {
			t.Errorf("error %v, result %+v", err, results[0])
		}
	})
}

// A lost write that could not be seen may show after the process has died: the
// next one must know what a refusal means.
func TestResumedProvisionMeetsItself(t *testing.T) {
	for hidden, want := range map[string]diff.Outcome{"40s": diff.OK, "30h": diff.Unknown} {
		t.Run(hidden, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rows := []diff.Cells{aSubscriber("acme", "eve@acme.example", "webex_meetings")}
				w := newWorld(t, sandbox.Options{}, rows, "POST /wholesale/subscribers nth=1 reset-after late="+hidden)
				posts := 0
				w.run(func(_ int, effect string) bool {
					if strings.HasPrefix(effect, "request in: POST") {
						posts++
					}
					return posts == 2
				})
				_, results, err := w.run(never)
				if err != nil || results[0].Outcome != want || w.applied(t)["POST acme/eve@acme.example"] != 1 {
					t.Errorf("error %v, result %+v", err, results[0])
				}
			})
		})
	}
}

// The doubt outlives the process even where nothing of the change is under way
// at its death: the object that is in the way later is most likely our own.
func TestResumedProvisionDoubts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rows := []diff.Cells{aSubscriber("acme", "eve@acme.example", "webex_meetings")}
		w := newWorld(t, sandbox.Options{}, rows, "POST /wholesale/subscribers nth=1 reset-after late=30h", "POST /wholesale/subscribers nth=1 error=2504")
		posts, journals := 0, 0
		w.run(func(_ int, effect string) bool { // before the third intent: the customer was busy at the second
			switch {
			case strings.HasPrefix(effect, "response out: POST"):
				posts++
			case posts == 2 && effect == "journal write":
				journals++
			}
			return journals == 2
		})
		_, results, err := w.run(never)
		if err != nil || results[0].Outcome != diff.Unknown || results[0].Code != 2507 || results[0].Attempts != 3 {
			t.Errorf("%v: error %v, result %+v", w.story(), err, results[0])
		}
	})
}

// What an earlier life has resolved is looked at by the id that it found.
func TestResumedAfterResolution(t *testing.T) {
	for _, w := range everyWrite {
		t.Run(w.id, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := sandbox.Options{ProvisionDelay: time.Minute, AsyncSubscribers: true}
				world := newWorld(t, o, []diff.Cells{w.row}, fmt.Sprintf("%s %s nth=1 reset-after", w.method, w.path))
				written := 0
				world.run(func(_ int, effect string) bool { // with the intent, and with what became of it, but before the end
					if effect == "journal written" {
						written++
					}
					return written == 2
				})
				_, results, err := world.run(never)
				if err != nil || results[0].Outcome != diff.OK || results[0].Attempts != 1 {
					t.Errorf("error %v, result %+v", err, results[0])
				}
			})
		})
	}
}

// A customer that the API shows as it was, and as busy again, and only then as
// it shall be, is not done before that.
func TestStatusFlaps(t *testing.T) {
	customer := func(status, packages string) string {
		return fmt.Sprintf(`{"id":"C1","externalId":"acme","status":%q,"packages":[%s]}`, status, packages)
	}
	const before, after = `"webex_calling"`, `"webex_calling","webex_meetings"`
	shown := []string{
		customer("provisioned", before), // before the write
		customer("provisioned", before), customer("updating", before), customer("provisioned", before), customer("updating", after), customer("provisioned", after),
	}
	synctest.Test(t, func(t *testing.T) {
		reads, writes := 0, 0
		api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				writes++
				w.WriteHeader(http.StatusAccepted)
				return
			}
			fmt.Fprint(w, shown[min(reads, len(shown)-1)])
			reads++
		})
		e := inMemory(t, sandbox.Options{})
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{api}})
		live := liveNow(t, diff.Cells{diff.ColExternalID: "acme", diff.ColID: "C1", diff.ColPackages: "webex_calling", diff.ColStatus: diff.StatusProvisioned})
		p := diff.Compute(wanted(t, diff.Cells{diff.ColExternalID: "acme", diff.ColPackages: "webex_calling;webex_meetings"}), live, diff.Options{})
		x := e.executor(live)
		x.PollInterval = time.Second
		results, err := x.run(p)
		if got := results["customer/acme/update"]; err != nil || got.Outcome != diff.OK || writes != 1 || reads != len(shown) {
			t.Errorf("error %v after %d writes and %d reads: %+v", err, writes, reads, got)
		}
	})
}

// Many changes through an API that throttles again and again: no more requests
// than a few percent above what the changes need, and everything is done.
func TestStormOfThrottling(t *testing.T) {
	var rows []diff.Cells
	const n = 3000
	for i := range n {
		rows = append(rows, aSubscriber("hollow", fmt.Sprintf("s%d@hollow.example", i), "webex_meetings"))
	}
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{Rate: 20, Burst: 20}, "POST p=0.05 429=5s")
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{e.box}, Rate: 30, Concurrency: 16})
		p, live := e.plan(t, wanted(t, rows...))
		x := Executor{Applier: NewApplier(e.client, ApplyOptions{Live: live}), Journal: &strict{}, Workers: 16, PollInterval: 2 * time.Second, PollTimeout: 15 * time.Minute, MaxOutage: 15 * time.Minute}
		results, err := x.run(p)
		if err != nil {
			t.Fatal(err)
		}
		for id, r := range results {
			if r.Outcome != diff.OK {
				t.Errorf("%s: %+v", id, r)
			}
		}
		if asked := len(e.log(t)); asked > n*12/10+50 {
			t.Errorf("%d requests for %d changes", asked, n)
		}
	})
}

// A journal that was opened again and again is as good as a new one.
func TestJournalOfManyResumes(t *testing.T) {
	j, path := createJournal(t)
	const resumes, each = 10, 300
	for resume := range resumes {
		if resume > 0 {
			j = openJournal(t, path)
		}
		j.db.NoSync = true
		for i := range each {
			w := writeOf(fmt.Sprint(resume, "-", i), 1)
			must(t, j.Answered(answerTo(intended(t, j, w), Acknowledged)), j.Done(resultOf(w.Change.ID, diff.OK)))
		}
		must(t, j.Close())
	}
	past := historyOf(t, path)
	for id, p := range past {
		if p.Task() != Finished {
			t.Errorf("%s is %+v", id, p)
		}
	}
	if len(past) != resumes*each {
		t.Errorf("%d changes are left of %d", len(past), resumes*each)
	}
}

func intended(t *testing.T, j *BoltJournal, w Write) Write {
	t.Helper()
	must(t, j.Intend(w))
	return w
}
