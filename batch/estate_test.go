package batch

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// seedEstate is what most tests start from. Acme has calling and meetings, Ann
// with calling and Bob with meetings; Hollow is a customer without anybody.
const seedEstate = `{
  "provisioning_ids": ["demo-template"],
  "customers": [
    {"external_id": "acme", "packages": ["webex_calling", "webex_meetings"],
     "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA", "zip": "95035", "country": "US"}},
    {"external_id": "hollow", "packages": ["webex_meetings"],
     "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}
  ],
  "subscribers": [
    {"customer_external_id": "acme", "email": "ann@acme.example", "package": "webex_calling", "extension": "1001"},
    {"customer_external_id": "acme", "email": "bob@acme.example", "package": "webex_meetings"}
  ]
}`

// estate is a sandbox and a client of it.
type estate struct {
	box    *sandbox.Sandbox
	client *webex.Client
}

// onLoopback serves a sandbox over a real socket, so that faults can break it.
func onLoopback(t testing.TB, o sandbox.Options, faults ...string) *estate {
	t.Helper()
	box := newBox(t, o, faults)
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	return &estate{box, newClient(t, box, webex.Config{BaseURL: server.URL + "/v1"})}
}

// memoryURL is where the client believes that a sandbox without a network is.
const memoryURL = "http://127.0.0.1/v1"

// inMemory connects the client to the sandbox without a network; with it waits
// are tested in a synctest bubble.
func inMemory(t testing.TB, o sandbox.Options, faults ...string) *estate {
	t.Helper()
	box := newBox(t, o, faults)
	return &estate{box, newClient(t, box, webex.Config{BaseURL: memoryURL, Transport: direct{box}})}
}

func newBox(t testing.TB, o sandbox.Options, faults []string) *sandbox.Sandbox {
	t.Helper()
	if o.Seed == nil {
		o.Seed = strings.NewReader(seedEstate)
	}
	for _, f := range faults {
		rule, err := sandbox.ParseRule(f)
		if err != nil {
			t.Fatal(err)
		}
		o.Faults = append(o.Faults, rule)
	}
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func newClient(t testing.TB, box *sandbox.Sandbox, c webex.Config) *webex.Client {
	t.Helper()
	c.Tokens = webex.StaticToken(box.AccessToken())
	client, err := webex.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// direct is a transport that calls a handler.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		if recover() != nil { // how a handler breaks the connection
			response, err = nil, errors.New("connection reset by peer")
		}
	}()
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// served is one request as the sandbox saw it.
type served struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Query   string `json:"query"`
	Status  int    `json:"status"`
	Applied bool   `json:"applied"`
	Key     string `json:"key"`
}

// log is what the sandbox was asked, oldest first.
func (e *estate) log(t reporter) []served {
	t.Helper()
	w := httptest.NewRecorder()
	e.box.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/__sandbox/log", nil))
	var log []served
	if err := json.Unmarshal(w.Body.Bytes(), &log); err != nil {
		t.Fatalf("%v", err)
	}
	return log
}

// applied counts the writes that changed something, by "METHOD key".
func (e *estate) applied(t reporter) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, s := range e.log(t) {
		if s.Applied {
			n[s.Method+" "+s.Key]++
		}
	}
	return n
}

// writes counts the requests that may change something, by "METHOD path".
func (e *estate) writes(t reporter) int {
	t.Helper()
	n := 0
	for _, s := range e.log(t) {
		if s.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// wanted is an input of rows in canonical form; their cells tell what they are.
func wanted(t reporter, rows ...diff.Cells) *diff.Desired {
	t.Helper()
	want := diff.NewDesired()
	want.Files = []diff.File{{Name: "in.csv"}}
	for i, cells := range rows {
		kind := diff.Customer
		switch {
		case cells[diff.ColDirSync] != "":
			kind = diff.BroadWorksEnterprise
		case cells[diff.ColDisplayName] != "":
			kind = diff.BroadWorksWorkspace
		case cells[diff.ColUserID] != "":
			kind = diff.BroadWorksSubscriber
		case cells[diff.ColEmail] != "":
			kind = diff.Subscriber
		}
		if err := want.Of(kind).Add(diff.Position{Line: uint32(i + 2)}, cells); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return want
}

// aCustomer is a customer with an address and a location, and more cells in pairs.
func aCustomer(id, packages string, more ...string) diff.Cells {
	return with(diff.Cells{
		diff.ColExternalID: id, diff.ColPackages: packages, diff.ColName: id, diff.ColPrimaryEmail: "admin@" + id + ".example",
		diff.ColProvisioningID: "demo-template", diff.ColAddressLine1: "771 Alder Drive", diff.ColCity: "Milpitas", diff.ColState: "CA",
		diff.ColZip: "95035", diff.ColCountry: "US", diff.ColLocationName: "Head Office", diff.ColLocationTimezone: "America/Los_Angeles",
		diff.ColLocationLanguage: "en_us",
	}, more)
}

func aSubscriber(customer, email, pkg string, more ...string) diff.Cells {
	return with(diff.Cells{diff.ColCustomerExternalID: customer, diff.ColEmail: email, diff.ColPackage: pkg}, more)
}

func anAbsent(customer string, email ...string) diff.Cells {
	if len(email) == 0 {
		return diff.Cells{diff.ColExternalID: customer, diff.ColEnsure: diff.EnsureAbsent}
	}
	return diff.Cells{diff.ColCustomerExternalID: customer, diff.ColEmail: email[0], diff.ColEnsure: diff.EnsureAbsent}
}

func with(cells diff.Cells, more []string) diff.Cells {
	for i := 0; i < len(more); i += 2 {
		c, ok := diff.ParseColumn(more[i])
		if !ok {
			panic("no column " + more[i])
		}
		cells[c] = more[i+1]
	}
	return cells
}

// plan reads the live state and computes what has to change.
func (e *estate) plan(t reporter, want *diff.Desired) (*diff.Plan, *diff.Live) {
	t.Helper()
	live, err := List(context.Background(), e.client, want, ListOptions{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	p := diff.Compute(want, live, diff.Options{})
	for _, problem := range p.Problems {
		t.Fatalf("%v", problem)
	}
	return p, live
}

// strict is a journal that keeps nothing but the states of changes, and takes no
// record that does not follow from those before it.
type strict struct {
	mu     sync.Mutex
	states map[string]state
}

func (j *strict) enter(r record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.states == nil {
		j.states = map[string]state{}
	}
	next, err := j.states[r.Change].after(r)
	j.states[r.Change] = next
	return err
}

func (j *strict) Intend(w Write) error   { return j.enter(recordOf(opIntend, w)) }
func (j *strict) Answered(w Write) error { return j.enter(recordOf(opAnswered, w)) }
func (j *strict) Resolved(w Write, e Evidence) error {
	r := recordOf(opResolved, w)
	r.Evidence = e
	return j.enter(r)
}
func (j *strict) Done(r Result) error {
	return j.enter(record{Op: opDone, Change: r.Change.ID, Result: resultRecordOf(r)})
}

// executor is one for an estate whose clock is real: every wait is short.
func (e *estate) executor(live *diff.Live) Executor {
	return Executor{
		Journal: &strict{},
		Applier: NewApplier(e.client, ApplyOptions{Live: live, Settle: 2 * time.Millisecond, Busy: time.Millisecond}),
		Workers: 4, PollInterval: time.Millisecond, PollTimeout: time.Minute,
	}
}

// apply plans and carries out, and returns the results by change.
func (e *estate) apply(t reporter, want *diff.Desired) map[string]Result {
	t.Helper()
	p, live := e.plan(t, want)
	results, err := e.executor(live).run(p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return results
}

// run carries a plan out to its end.
func (e Executor) run(p *diff.Plan) (map[string]Result, error) {
	list, err := e.Run(context.Background(), context.Background(), p)
	results := map[string]Result{}
	for _, r := range list {
		results[r.Change.ID] = r
	}
	return results, err
}

// checkSettled holds after a run that went well: the next plan is empty.
func (e *estate) checkSettled(t reporter, want *diff.Desired) {
	t.Helper()
	p, _ := e.plan(t, want)
	if !p.Empty() || len(p.Held) > 0 {
		t.Errorf("the next plan is not empty: %+v, %+v", p.Changes, p.Held)
	}
}
