package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// seedAccounts is seedEstate with people who have accounts already.
var seedAccounts = strings.TrimSuffix(strings.TrimSpace(seedEstate), "}") + `,
  "organizations": [{"name": "Rival", "other_partner": true}],
  "people": [
    {"email": "free@mail.example", "account": "consumer"}, {"email": "fay@mail.example", "account": "consumer"},
    {"email": "own@mail.example", "account": "self_sign_up"}, {"email": "rae@rival.example", "organization": "Rival"}
  ]
}`

// questions is a transport that keeps the bodies of prechecks, by path.
type questions struct {
	next http.RoundTripper
	mu   sync.Mutex
	sent []string
}

func (q *questions) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/validate") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		q.mu.Lock()
		q.sent = append(q.sent, strings.TrimPrefix(r.URL.Path, "/v1/wholesale/")+" "+string(body))
		q.mu.Unlock()
	}
	return q.next.RoundTrip(r)
}

// precheck plans the rows and asks about them, and returns the verdicts by key.
func (e *estate) precheck(t *testing.T, rows ...diff.Cells) map[string]Verdict {
	t.Helper()
	p, live := e.plan(t, wanted(t, rows...))
	verdicts, err := Precheck(t.Context(), e.client, p, live, nil)
	if err != nil {
		t.Fatal(err)
	}
	return byKey(verdicts)
}

func byKey(verdicts []Verdict) map[string]Verdict {
	out := map[string]Verdict{}
	for _, v := range verdicts {
		out[v.Change.Key.String()] = v
	}
	return out
}

// verdictOf is a verdict in short: its word, its info codes, its error code, and the
// beginning of what is said where there is no code.
func verdictOf(v Verdict) string {
	parts := []string{string(v.Word)}
	for _, n := range v.Notes {
		parts = append(parts, fmt.Sprint(n.Code))
	}
	if v.Code != 0 {
		parts = append(parts, fmt.Sprint("code ", v.Code))
	}
	return strings.Join(parts, " ")
}

func TestPrecheckVerdicts(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seedAccounts)})
	verdicts := e.precheck(t,
		aCustomer("acme", "webex_calling;webex_meetings;webex_voice"), aCustomer("newco", "webex_meetings"),
		aCustomer("taken", "webex_meetings", "primary_email", "rae@rival.example"), aCustomer("moved", "webex_meetings", "primary_email", "own@mail.example"),
		aSubscriber("acme", "new@acme.example", "webex_meetings"),
		aSubscriber("acme", "free@mail.example", "webex_meetings"),
		aSubscriber("acme", "rae@rival.example", "webex_meetings"),
		aSubscriber("acme", "eva@acme.example", "webex_calling", "extension", "911"),
		aSubscriber("acme", "voice@acme.example", "webex_voice", "extension", "2000"),
		aSubscriber("hollow", "bob@acme.example", "webex_meetings"),
		aSubscriber("newco", "first@newco.example", "webex_meetings"),
		aSubscriber("newco", "fay@mail.example", "webex_meetings"),
	)
	want := map[string]string{
		"newco": "ok 100", "moved": "ok_with_notes 102", "taken": "refused code 2018",
		"acme/new@acme.example":     "ok 100",
		"acme/free@mail.example":    "ok_with_notes 104",
		"acme/rae@rival.example":    "refused code 2018",
		"acme/eva@acme.example":     "refused code 2553",
		"acme/voice@acme.example":   "ok 100",
		"newco/first@newco.example": "ok_with_notes 101",
		"newco/fay@mail.example":    "ok_with_notes 106",
		"hollow/bob@acme.example":   "unknown code 2002", // he moves, so he is released first
	}
	got := map[string]string{}
	for key, v := range verdicts {
		got[key] = verdictOf(v)
		if consent := strings.Contains(got[key], "104") || strings.Contains(got[key], "106"); v.NeedsConsent() != consent {
			t.Errorf("%s: needs consent %v", key, v.NeedsConsent())
		}
		if v.Word == VerdictRefused && (v.Title == "" || v.Advice == "" || v.TrackingID == "") {
			t.Errorf("%s: a refusal that says too little: %+v", key, v)
		}
	}
	check(t, "verdicts", want, got)
	if d := verdicts["hollow/bob@acme.example"].Description; d != "refused as things are now, but the removal of acme/bob@acme.example comes first" {
		t.Errorf("a move is described as %q", d)
	}
	if d := verdicts["acme/voice@acme.example"].Description; !strings.Contains(d, "without its package") {
		t.Errorf("a package that comes first is described as %q", d)
	}
	if n := e.writes(t); n != len(want) {
		t.Errorf("%d requests for %d verdicts", n, len(want))
	}
	if applied := e.applied(t); len(applied) > 0 {
		t.Errorf("a precheck has changed %v", applied)
	}
}

// The API has a variant of the question for each state that the customer is in.
func TestPrecheckQuestions(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	q := &questions{next: direct{e.box}}
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: q})
	verdicts := e.precheck(t,
		aCustomer("acme", "webex_calling;webex_meetings;webex_voice"), aCustomer("newco", "webex_meetings"),
		with(aCustomer("oldorg", "webex_meetings"), []string{"primary_email", "", "name", "", "org_id", "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi94"}),
		aSubscriber("acme", "new@acme.example", "webex_calling", "extension", "2001"),
		aSubscriber("acme", "voice@acme.example", "webex_voice", "extension", "2002"),
		aSubscriber("newco", "first@newco.example", "webex_meetings"),
		aSubscriber("oldorg", "who@old.example", "webex_meetings"),
	)
	acme := e.customerID(t, "acme")
	for _, want := range []string{
		`subscribers/validate {"customerId":"` + acme + `","email":"new@acme.example","packages":["webex_calling"],"provisioningParameters":{"extension":"2001"}}`,
		`subscribers/validate {"customerId":"` + acme + `","email":"voice@acme.example","provisioningParameters":{}}`,
		`subscribers/validate {"provisioningId":"demo-template","email":"first@newco.example","packages":["webex_meetings"],"provisioningParameters":{},"customerInfo":{"primaryEmail":"admin@newco.example"}}`,
	} {
		if !slices.Contains(q.sent, want) {
			t.Errorf("not asked: %s\nbut: %s", want, strings.Join(q.sent, "\n"))
		}
	}
	if who := verdicts["oldorg/who@old.example"]; who.Word != VerdictUnknown || who.Asked || who.Unanswered || !strings.Contains(who.Description, "primary_email") {
		t.Errorf("of a customer without a primary e-mail address it is said: %+v", who)
	}
	if len(q.sent) != 5 {
		t.Errorf("%d questions, not 5", len(q.sent))
	}
}

// An extension that leaves with somebody whose number nobody knows may be free
// in time; that of somebody who stays is not.
func TestPrecheckOfReleasedNumbers(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	taken := aSubscriber("acme", "new@acme.example", "webex_calling", "extension", "1001")
	check(t, "who stays", "refused code 2574", verdictOf(e.precheck(t, taken)["acme/new@acme.example"]))
	check(t, "who leaves", "unknown code 2574", verdictOf(e.precheck(t, taken, anAbsent("acme", "ann@acme.example"))["acme/new@acme.example"]))
}

// A customer that is about to get its external id is live, and is asked about as such.
func TestPrecheckUnderARename(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	org := ""
	for c, err := range e.client.ListCustomers(t.Context(), webex.CustomerFilter{ExternalID: "acme"}) {
		if err != nil {
			t.Fatal(err)
		}
		org = c.OrgID
	}
	verdicts := e.precheck(t, diff.Cells{diff.ColExternalID: "renamed", diff.ColOrgID: org}, aSubscriber("renamed", "new@acme.example", "webex_meetings"))
	check(t, "verdict", "ok 100", verdictOf(verdicts["renamed/new@acme.example"]))
}

func TestPrecheckForSubPartners(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(`{"sub_partners": [{"org_id": "sub-1"}], "customers": [
		{"external_id": "one", "packages": ["webex_meetings"], "sub_partner": "sub-1", "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}]}`)})
	verdicts := e.precheck(t, aSubscriber("one", "new@one.example", "webex_meetings", "sub_partner_org_id", "sub-1"))
	check(t, "verdict", "ok 100", verdictOf(verdicts["one/new@one.example"]))
}

// scripts answers every request with the same status and body.
type scripts struct {
	status int
	body   string
}

func (s scripts) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

// oneProvision is a plan of one new customer.
func oneProvision() *diff.Plan {
	return &diff.Plan{Changes: []diff.Change{{
		ID: "c", Kind: diff.Customer, Action: diff.Provision, Key: diff.Key{Customer: "c"}, Fields: []diff.FieldChange{{Column: diff.ColExternalID, After: "c"}},
	}}}
}

func TestPrecheckAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"success"}`:                                                       "ok",
		`{"message":"success","info":[{"infoCode":100}]}`:                             "ok 100",
		`{"info":{"infoCode":"107","description":"d"}}`:                               "ok_with_notes 107",
		`{"info":[{"infoCode":100},{"infoCode":104},{"infoCode":107}]}`:               "ok_with_notes 100 104 107",
		`{"info":[{"infoCode":199,"description":"new"}]}`:                             "ok_with_notes 199",
		`{"message":"failure","errors":[{"errorCode":2540}]}`:                         "refused code 2540",
		`{"info":[{"infoCode":104}],"errors":[{"errorCode":2540,"description":"d"}]}`: "refused 104 code 2540",
		`{"errors":[{"errorCode":10022,"description":"d"}]}`:                          "refused code 10022",
		`{"errors":[{"errorCode":2504}]}`:                                             "unknown code 2504",
	} {
		server := httptest.NewServer(scripts{200, body})
		client, err := webex.New(webex.Config{BaseURL: server.URL + "/v1", Tokens: webex.StaticToken("token")})
		if err != nil {
			t.Fatal(err)
		}
		verdicts, err := Precheck(t.Context(), client, oneProvision(), nil, nil)
		if err != nil || len(verdicts) != 1 || verdictOf(verdicts[0]) != want {
			t.Errorf("%s: %+v, %v; want %s", body, verdicts, err, want)
		}
		server.Close()
	}
}

// A refused token ends the precheck; it says nothing about the rows.
func TestPrecheckWithoutPermission(t *testing.T) {
	for status, body := range map[int]string{401: `{}`, 403: `{"errors":[{"errorCode":2006}]}`} {
		server := httptest.NewServer(scripts{status, body})
		client, err := webex.New(webex.Config{BaseURL: server.URL + "/v1", Tokens: webex.StaticToken("token")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Precheck(t.Context(), client, oneProvision(), nil, nil)
		var e *webex.Error
		if !errors.As(err, &e) || e.Class != webex.ClassAuth {
			t.Errorf("status %d: %v", status, err)
		}
		server.Close()
	}
}

// Changes that are not made any more are not asked about, nor are those that
// provision nothing.
func TestPrecheckLeavesOut(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	p, live := e.plan(t, wanted(t, aCustomer("acme", "webex_meetings"), aCustomer("newco", "webex_meetings"), anAbsent("acme", "ann@acme.example"), aSubscriber("acme", "bob@acme.example", "webex_meetings")))
	verdicts, err := Precheck(t.Context(), e.client, p, live, map[string]string{"customer/newco/provision": "it exists by now"})
	if err != nil || len(verdicts) > 0 || e.writes(t) > 0 {
		t.Errorf("%+v after %d requests: %v", verdicts, e.writes(t), err)
	}
}

// When the API stops to answer, the rows that are left are not asked about one
// after the other, each for the whole time that an outage may last.
func TestPrecheckInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{}, "POST /wholesale/subscribers/validate 500-before")
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{e.box}, MaxOutage: time.Minute, Concurrency: 2})
		var rows []diff.Cells
		for i := range 100 {
			rows = append(rows, aSubscriber("acme", fmt.Sprintf("u%d@acme.example", i), "webex_meetings"))
		}
		begun := time.Now()
		verdicts := e.precheck(t, rows...)
		if took := time.Since(begun); took > 10*time.Minute {
			t.Errorf("took %v", took)
		}
		asked := 0
		for key, v := range verdicts {
			if v.Word != VerdictUnknown || !v.Unanswered || v.Description == "" || v.Advice == "" {
				t.Errorf("%s: %+v", key, v)
			}
			if v.Asked {
				asked++
			}
		}
		if len(verdicts) != 100 || asked == 0 || asked == 100 {
			t.Errorf("%d verdicts, of which %d were asked for", len(verdicts), asked)
		}
	})
}

// One row that the API cannot answer says nothing about the others.
func TestPrecheckWithOneBrokenAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{}, "POST /wholesale/customers/validate 500-before")
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{e.box}, MaxOutage: 20 * time.Second, Rate: 1})
		rows := []diff.Cells{aCustomer("newco", "webex_meetings")}
		for i := range 200 {
			rows = append(rows, aSubscriber("acme", fmt.Sprintf("u%d@acme.example", i), "webex_meetings"))
		}
		count := map[VerdictWord]int{}
		for _, v := range e.precheck(t, rows...) {
			count[v.Word]++
		}
		check(t, "verdicts", map[VerdictWord]int{VerdictUnknown: 1, VerdictOK: 200}, count)
	})
}
