package batch

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// placed applies rows in virtual time, through a transport, without the plan
// knowing any location.
func placed(t *testing.T, o sandbox.Options, through func(http.RoundTripper) http.RoundTripper, rows []diff.Cells, test func(e *estate, s *spy, results map[string]Result, took time.Duration, runErr error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, o)
		s := &spy{direct: direct{e.box}}
		want := wanted(t, rows...)
		p, live := e.plan(t, want)
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: through(s)})
		x := Executor{
			Applier: NewApplier(e.client, ApplyOptions{Live: live}), Journal: &strict{},
			Workers: 4, PollInterval: 2 * time.Second, PollTimeout: 15 * time.Minute,
		}
		begin := time.Now()
		results, err := x.run(p)
		test(e, s, results, time.Since(begin), err)
	})
}

func straight(t http.RoundTripper) http.RoundTripper { return t }

// bodiesWith counts the writes that have a text in their body.
func (s *spy) bodiesWith(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, b := range s.bodies {
		if strings.Contains(b, text) {
			n++
		}
	}
	return n
}

// The location of a customer that the same run provisions is looked up once, when
// access to its organization is effective, and sent with each of its subscribers.
func TestApplyFindsLocation(t *testing.T) {
	rows := []diff.Cells{aCustomer("newco", "webex_calling")}
	for i := range 10 {
		rows = append(rows, aSubscriber("newco", fmt.Sprintf("u%d@newco.example", i), "webex_calling", "extension", fmt.Sprint(1000+i), "location_name", "head OFFICE"))
	}
	o := sandbox.Options{ProvisionDelay: 3 * time.Second, AccessDelay: accessTakes, AccessLife: time.Hour}
	placed(t, o, straight, rows, func(e *estate, s *spy, results map[string]Result, took time.Duration, runErr error) {
		for id, r := range results {
			if r.Outcome != diff.OK || runErr != nil {
				t.Errorf("%s: %+v, %v", id, r, runErr)
			}
		}
		asked := e.requested(t)
		if asked["/organizations/{id}"] != 1 || asked["/locations"] != 1 || s.bodiesWith(`"locationId":"`) != 10 {
			t.Errorf("asked for %v, bodies %q", asked, s.bodies)
		}
		if took > 20*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A customer that gets its first calling package gets its location with that, and
// somebody who moves to calling goes there.
func TestApplyFindsLocationOnMove(t *testing.T) {
	seed := strings.Replace(seedEstate, `"packages": ["webex_calling", "webex_meetings"]`, `"packages": ["webex_meetings"]`, 1)
	seed = strings.Replace(seed, `"package": "webex_calling", "extension": "1001"`, `"package": "webex_meetings"`, 1)
	rows := []diff.Cells{aCustomer("acme", "webex_calling;webex_meetings"), aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002", "location_name", "Head Office")}
	o := sandbox.Options{Seed: strings.NewReader(seed), ProvisionDelay: 3 * time.Second, AccessDelay: accessTakes, AccessLife: time.Hour}
	placed(t, o, straight, rows, func(e *estate, s *spy, results map[string]Result, _ time.Duration, _ error) {
		if r := results["subscriber/acme/bob@acme.example/update"]; r.Outcome != diff.OK || s.bodiesWith(`"locationId":"`) != 1 {
			t.Errorf("%+v, bodies %q", r, s.bodies)
		}
	})
}

// A name that is not there yet is looked for again, over the time that a write
// may take to become visible; then the row fails, and others go on.
func TestApplyMissesLocation(t *testing.T) {
	rows := []diff.Cells{
		aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "1002", "location_name", "Nowhere"),
		aSubscriber("acme", "ida@acme.example", "webex_calling", "extension", "1003", "location_name", "Nowhere"),
		aSubscriber("acme", "joe@acme.example", "webex_calling", "extension", "1004"),
	}
	o := sandbox.Options{AccessDelay: accessTakes, AccessLife: time.Hour}
	placed(t, o, straight, rows, func(e *estate, s *spy, results map[string]Result, took time.Duration, runErr error) {
		for _, name := range []string{"eve", "ida"} {
			r := results["subscriber/acme/"+name+"@acme.example/provision"]
			if r.Outcome != diff.Failed || r.Attempts != 0 || !strings.HasPrefix(r.Description, `customer "acme" has no location of this name; it has "`) {
				t.Errorf("%+v", r)
			}
		}
		if r := results["subscriber/acme/joe@acme.example/provision"]; r.Outcome != diff.OK || runErr != nil || len(s.bodies) != 1 {
			t.Errorf("%+v, %v, %q", r, runErr, s.bodies)
		}
		if asked := e.requested(t); asked["/locations"] != settleRds || took < settling {
			t.Errorf("asked for %v in %v", asked, took)
		}
	})
}

// lateLocations shows no location until some time has passed.
type lateLocations struct {
	http.RoundTripper
	mu    sync.Mutex
	empty int // answers
}

func (l *lateLocations) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/locations") {
		l.mu.Lock()
		l.empty--
		empty := l.empty >= 0
		l.mu.Unlock()
		if empty {
			return answering{answer: func(*http.Request) (int, string) { return 200, `{"items":[]}` }}.RoundTrip(r)
		}
	}
	return l.RoundTripper.RoundTrip(r)
}

func TestApplyWaitsForLocation(t *testing.T) {
	rows := []diff.Cells{aCustomer("newco", "webex_calling"), aSubscriber("newco", "u@newco.example", "webex_calling", "extension", "1000", "location_name", "Head Office")}
	late := func(rt http.RoundTripper) http.RoundTripper { return &lateLocations{RoundTripper: rt, empty: 2} }
	placed(t, sandbox.Options{}, late, rows, func(_ *estate, s *spy, results map[string]Result, _ time.Duration, _ error) {
		if r := results["subscriber/newco/u@newco.example/provision"]; r.Outcome != diff.OK || s.bodiesWith(`"locationId":"`) != 1 {
			t.Errorf("%+v, %q", r, s.bodies)
		}
	})
}

// Where access stays refused the row fails; where the token may not read locations
// at all the run ends, and says which scope is missing.
func TestApplyIsRefusedLocations(t *testing.T) {
	rows := []diff.Cells{aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "1002", "location_name", "Main")}
	for _, own := range []bool{false, true} {
		refusing := func(rt http.RoundTripper) http.RoundTripper {
			return passing(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/locations") && (own || r.URL.Query().Get("orgId") != "") {
					return answering{answer: func(*http.Request) (int, string) { return http.StatusForbidden, "" }}.RoundTrip(r)
				}
				return rt.RoundTrip(r)
			})
		}
		placed(t, sandbox.Options{}, refusing, rows, func(_ *estate, _ *spy, results map[string]Result, _ time.Duration, runErr error) {
			r := results["subscriber/acme/eve@acme.example/provision"]
			switch {
			case own && (runErr == nil || !strings.Contains(runErr.Error(), "lacks the scope spark-admin:locations_read") || r.Outcome != diff.NotAttempted):
				t.Errorf("%+v, %v", r, runErr)
			case !own && (runErr != nil || r.Outcome != diff.Failed || !strings.Contains(r.Description, "cannot be read: there is no access")):
				t.Errorf("%+v, %v", r, runErr)
			}
		})
	}
}

// passing is a transport that is a function.
type passing func(*http.Request) (*http.Response, error)

func (p passing) RoundTrip(r *http.Request) (*http.Response, error) { return p(r) }

// A customer that is not there any more is said to be gone.
func TestApplyLocationOfNobody(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	c := &diff.Change{
		ID: "x", Kind: diff.Subscriber, Action: diff.Provision, Key: diff.Key{Customer: "ghost", Email: "u@ghost.example"}, Stage: diff.StageProvision,
		Fields: []diff.FieldChange{{Column: diff.ColEmail, After: "u@ghost.example"}, {Column: diff.ColLocationName, After: "Office"}},
	}
	step := NewApplier(e.client, ApplyOptions{}).Apply(context.Background(), Result{Change: c}, noJournal{})
	if step.Result.Outcome != diff.Conflict || !strings.Contains(step.Result.Description, "is not live") {
		t.Errorf("%+v", step)
	}
}
