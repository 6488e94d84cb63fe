package batch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// A world is an estate and a plan for it, of which one process after another
// makes an end. A life is one such process. It dies at a given effect: when a
// journal write, a request, a commit in the API or an answer is about to happen
// or has just happened. From then on nothing of it reaches the disk or the API.
type world struct {
	*estate
	t    *testing.T
	plan *diff.Plan
	live *diff.Live // as planned against; only the first life has it
	path string     // of the journal

	person string   // the one who changes customers
	others int      // writes that are not the plan's
	ended  []string // the estate in the end, see shape

	mu     sync.Mutex
	flying map[string]bool // objects with a write under way
	lives  []*life
}

type life struct {
	w       *world
	journal *BoltJournal
	dies    func(n int, effect string) bool // at the n-th effect, counted from 1
	kill    context.CancelFunc

	mu      sync.Mutex
	effects int
	died    string // of which effect; "" = it did not
	sent    []time.Time
}

// latency is the way of a request or an answer.
const latency = 20 * time.Millisecond

var errCrash = errors.New("the process is dead")

func newWorld(t *testing.T, o sandbox.Options, rows []diff.Cells, faults ...string) *world {
	t.Helper()
	w := &world{estate: inMemory(t, o, faults...), t: t, flying: map[string]bool{}, path: filepath.Join(t.TempDir(), "journal.db")}
	want := wanted(t, rows...)
	w.live = w.listPatiently(t, want)
	w.plan = diff.Compute(want, w.live, diff.Options{})
	for _, problem := range w.plan.Problems {
		t.Fatal(problem)
	}
	return w
}

// run is the life of one process: the first one starts the plan, every other
// resumes it.
func (w *world) run(dies func(n int, effect string) bool) (*life, []Result, error) {
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	l := &life{w: w, dies: dies, kill: kill}
	x := w.executor(nil)
	x.PollInterval, x.PollTimeout, x.MaxOutage = 2*time.Second, 15*time.Minute, 15*time.Minute
	o := ApplyOptions{}
	if len(w.lives) == 0 {
		o.Live = w.live
	}
	l.open(&x)
	w.lives = append(w.lives, l)
	client := newClient(w.t, w.box, webex.Config{BaseURL: memoryURL, Transport: l, Rate: lifeRate, Burst: lifeBurst})
	x.Applier, x.Journal = NewApplier(client, o), l.journal
	results, err := x.Run(ctx, ctx, w.plan)
	if closing := l.journal.Close(); closing != nil && l.died == "" {
		w.t.Error(closing)
	}
	return l, results, err
}

// never, atEffect and at say when a process dies.
func never(int, string) bool { return false }

func atEffect(number int) func(int, string) bool {
	return func(n int, _ string) bool { return n == number }
}

func at(name string) func(int, string) bool {
	return func(_ int, effect string) bool { return strings.HasPrefix(effect, name) }
}

// open makes the journal or opens it, without waiting for a real disk: what a
// life has not committed is lost with it all the same.
func (l *life) open(x *Executor) {
	var err error
	if len(l.w.lives) == 0 {
		l.journal, err = CreateJournal(l.w.path, JournalMeta{})
	} else {
		l.journal, err = OpenJournal(l.w.path)
	}
	if err == nil {
		x.Past, err = l.journal.History()
	}
	if err != nil {
		l.w.t.Fatal(err)
	}
	l.journal.db.NoSync = true
	l.journal.commits.write = func(records [][]byte) error {
		if err := l.effect("journal write"); err != nil {
			return err
		}
		if err := l.journal.write(records); err != nil {
			return err
		}
		return l.effect("journal written")
	}
}

// effect counts what can be seen from outside. It fails for the dead.
func (l *life) effect(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.died != "" {
		return errCrash
	}
	if l.effects++; !l.dies(l.effects, what) {
		return nil
	}
	l.died = what
	l.kill()
	return errCrash
}

// RoundTrip carries a request to the API, and the answer back.
func (l *life) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.sent = append(l.sent, time.Now())
	l.mu.Unlock()
	body := readRequest(r)
	name := r.Method + " " + r.URL.Path
	if r.Method != http.MethodGet {
		object, landed := l.w.takeOff(r, body)
		defer landed()
		name += " of " + object
	}
	if err := wait(r.Context(), latency); err != nil {
		return nil, err
	}
	if err := l.effect("request in: " + name); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet {
		l.checkIntent(r, body)
	}
	response, err := direct{l.w.box}.RoundTrip(r)
	l.w.releasePerson(r, response)
	if err := l.effect("commit: " + name); err != nil {
		return nil, err
	}
	if err := wait(r.Context(), latency); err != nil {
		return nil, err
	}
	if err := l.effect("response out: " + name); err != nil {
		return nil, err
	}
	return response, err
}

func readRequest(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, _ := io.ReadAll(r.Body) // it comes from memory
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// takeOff sees to it that no two writes on one object are under way.
func (w *world) takeOff(r *http.Request, body []byte) (object string, landed func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.changesOf(r, body) {
		object = c.Kind.String() + "/" + c.Key.String()
	}
	if object == "" {
		w.t.Errorf("%s %s is not in the plan: %s", r.Method, r.URL.Path, body)
	}
	if w.flying[object] {
		w.t.Errorf("two writes on %s at a time", object)
	}
	w.flying[object] = true
	return object, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.flying, object)
	}
}

// checkIntent judges, while a write is at the API's door, by what is on the disk.
func (l *life) checkIntent(r *http.Request, body []byte) {
	past, err := l.journal.History()
	if err != nil {
		l.w.t.Error(err)
	}
	for _, c := range l.w.changesOf(r, body) {
		if s := past[c.ID].state(); s.dangling() && s.done == "" {
			return
		}
	}
	l.w.t.Errorf("%s %s came without an intent on the disk: %s", r.Method, r.URL.Path, body)
}

// releasePerson frees the person behind the subscriber who moves, which the
// vendor does on request.
func (w *world) releasePerson(r *http.Request, response *http.Response) {
	if r.Method != http.MethodDelete || response == nil || response.StatusCode != http.StatusNoContent {
		return
	}
	for _, c := range w.changesOf(r, nil) {
		if c.Key.Email == mover {
			w.box.ServeHTTP(discard{}, w.request(http.MethodDelete, "/v1/people/"+w.person))
		}
	}
}

// seedSweep and sweepRows make a plan with a change of every sort: a customer
// that grows and shrinks, one that comes with its subscribers, one that goes
// with them, a person who changes customers, and numbers that change hands.
const (
	seedSweep = `{
  "provisioning_ids": ["demo-template"],
  "customers": [
    {"external_id": "acme", "packages": ["webex_calling", "webex_meetings"],
     "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA", "zip": "95035", "country": "US"}},
    {"external_id": "branch", "packages": ["webex_meetings"],
     "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}},
    {"external_id": "hollow", "packages": ["webex_meetings"],
     "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}},
    {"external_id": "leaver", "packages": ["webex_meetings"],
     "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}
  ],
  "subscribers": [
    {"customer_external_id": "acme", "email": "ann@acme.example", "package": "webex_calling", "extension": "1001"},
    {"customer_external_id": "acme", "email": "bob@acme.example", "package": "webex_meetings"},
    {"customer_external_id": "acme", "email": "cid@acme.example", "package": "webex_meetings"},
    {"customer_external_id": "acme", "email": "dan@acme.example", "package": "webex_calling", "extension": "1004"},
    {"customer_external_id": "acme", "email": "mia@acme.example", "package": "webex_meetings"},
    {"customer_external_id": "leaver", "email": "lou@leaver.example", "package": "webex_meetings"},
    {"customer_external_id": "leaver", "email": "liz@leaver.example", "package": "webex_meetings"}
  ]
}`
	mover = "mia@acme.example"
)

func sweepRows() []diff.Cells {
	return []diff.Cells{
		aCustomer("newco", "webex_calling"),
		aSubscriber("newco", "n1@newco.example", "webex_calling", "extension", "2001"),
		aSubscriber("newco", "n2@newco.example", "webex_calling", "extension", "2002"),
		aSubscriber("newco", "n3@newco.example", "webex_calling", "extension", "2003"),
		aCustomer("acme", "webex_calling;webex_suite"),
		aSubscriber("acme", "ann@acme.example", "webex_suite"),
		aSubscriber("acme", "bob@acme.example", "webex_suite", "extension", "1005"),
		aSubscriber("acme", "cid@acme.example", "webex_calling", "extension", "1006"),
		anAbsent("acme", "dan@acme.example"),
		aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "1004"),
		aSubscriber("acme", "fay@acme.example", "webex_suite", "extension", "1007"),
		aSubscriber("branch", mover, "webex_meetings"),
		aSubscriber("branch", "b1@branch.example", "webex_meetings"),
		anAbsent("hollow"),
		anAbsent("leaver"), anAbsent("leaver", "lou@leaver.example"), anAbsent("leaver", "liz@leaver.example"),
	}
}

// TestCrashSweep kills the run at every effect, and again while it is resumed.
// In the end everything must be as if nothing had happened.
func TestCrashSweep(t *testing.T) { crashSweep(t, story{seedSweep, sweepRows(), 1}, 18) }

// story is what a sweep is about. Others counts the writes that are not the
// plan's.
type story struct {
	seed   string
	rows   []diff.Cells
	others int
}

func crashSweep(t *testing.T, about story, changes int) {
	clean := sweep(t, about, nil)
	if n := len(clean.plan.Changes); n < changes {
		t.Fatalf("the plan has only %d changes", n)
	}
	most := len(clean.lives[0].sent)*3 + 200
	step := 1
	if testing.Short() {
		step = 7
	}
	i := 1
	for ; i < most; i += step {
		for _, again := range []int{0, 1 + i*5%41} {
			w := sweep(t, about, []int{i, again})
			if w.lives[0].died == "" {
				t.Logf("%d effects in %d changes", w.lives[0].effects, len(w.plan.Changes))
				return
			}
			w.checkSameEnd(t, clean)
		}
	}
	t.Errorf("the run did not end before its %dth effect", i)
}

// pauses are the times between two lives: the API goes on in them.
var pauses = []time.Duration{0, 3 * time.Second, time.Hour}

// sweep is a whole story: the run dies at the given effects of its lives, and
// the last life comes to the end. Then it is resumed once more.
func sweep(t *testing.T, about story, deaths []int) (w *world) {
	t.Helper()
	var results, again []Result
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, sandbox.Options{Seed: strings.NewReader(about.seed), ProvisionDelay: 5 * time.Second}, about.rows)
		w.others = about.others
		w.findPerson()
		for _, n := range append(deaths, 0) {
			l, got, err := w.run(atEffect(n))
			if l.died == "" {
				if results = got; err != nil {
					t.Errorf("%v: %v", w.story(), err)
				}
				break
			}
			if err := wait(t.Context(), pauses[n%len(pauses)]); err != nil {
				t.Fatal(err)
			}
		}
		before := w.writes(t)
		_, again, _ = w.run(never)
		if n := w.writes(t) - before; n != 0 {
			t.Errorf("%v: resuming a finished run sent %d writes", w.story(), n)
		}
		w.checkEnd(t, results)
		w.checkSettled(t, wanted(t, about.rows...))
	})
	checkSameResults(t, w.story(), results, again)
	return w
}

// story says how the lives of a world ended.
func (w *world) story() (deaths []string) {
	for _, l := range w.lives {
		deaths = append(deaths, l.died)
	}
	return deaths
}
