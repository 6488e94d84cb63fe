package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// client talks to a Sandbox without a network.
type client struct {
	t     *testing.T
	s     *Sandbox
	token string
}

// response is an answer with its body decoded.
type response struct {
	status int
	header http.Header
	body   map[string]any
}

func start(t *testing.T, o Options) *client {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, s: s, token: s.AccessToken()}
}

// do sends a request; path is below /v1.
func (c *client) do(method, path, body string) response {
	c.t.Helper()
	r := httptest.NewRequest(method, "http://sandbox.test/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	return c.read(w.Result())
}

func (c *client) read(from *http.Response) response {
	c.t.Helper()
	raw, err := io.ReadAll(from.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	got := response{status: from.StatusCode, header: from.Header}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &got.body); err != nil {
			c.t.Fatalf("%s: %v", raw, err)
		}
	}
	return got
}

// want sends a request and fails the test unless the answer has this status.
func (c *client) want(status int, method, pathAndBody string) response {
	c.t.Helper()
	path, body, _ := strings.Cut(pathAndBody, " ")
	got := c.do(method, path, body)
	if got.status != status {
		c.t.Fatalf("%s %s: %d %v, want %d", method, pathAndBody, got.status, got.body, status)
	}
	return got
}

// code is the error code of an answer, 0 without one.
func (r response) code() int {
	list, _ := r.body["errors"].([]any)
	if len(list) == 0 {
		return 0
	}
	first, _ := list[0].(map[string]any)
	code, _ := first["errorCode"].(float64)
	return int(code)
}

func (r response) field() string {
	list, _ := r.body["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	field, _ := list[0].(map[string]any)["fieldName"].(string)
	return field
}

func (r response) text(name string) string {
	s, _ := r.body[name].(string)
	return s
}

func (r response) items() []map[string]any {
	list, _ := r.body["items"].([]any)
	items := make([]map[string]any, len(list))
	for i := range list {
		items[i] = list[i].(map[string]any)
	}
	return items
}

// customerID finds a customer by its external id.
func (c *client) customerID(externalID string) string {
	c.t.Helper()
	items := c.want(200, "GET", "/wholesale/customers?externalId="+externalID).items()
	if len(items) != 1 {
		c.t.Fatalf("customer %q: %d found", externalID, len(items))
	}
	return items[0]["id"].(string)
}

// subscriberID finds a subscriber by its e-mail.
func (c *client) subscriberID(email string) string {
	c.t.Helper()
	items := c.want(200, "GET", "/wholesale/subscribers?email="+email).items()
	if len(items) != 1 {
		c.t.Fatalf("subscriber %q: %d found", email, len(items))
	}
	return items[0]["id"].(string)
}

func (c *client) state() seedState {
	c.t.Helper()
	var state seedState
	c.look("/__sandbox/state", &state)
	return state
}

func (c *client) log() []logEntry {
	c.t.Helper()
	var log []logEntry
	c.look("/__sandbox/log", &log)
	return log
}

func (c *client) look(path string, into any) {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		c.t.Fatal(err)
	}
}

func TestDemoEstate(t *testing.T) {
	c := start(t, Options{})
	perCustomer := map[string]int{}
	for _, s := range c.state().Subscribers {
		perCustomer[s.Customer]++
	}
	want := map[string]int{"acme": 12, "globex": 24, "initech": 12, "umbrella": 8, "hooli": 4}
	if diff := cmp.Diff(want, perCustomer); diff != "" {
		t.Error(diff)
	}
}

func TestDemoBroadWorks(t *testing.T) {
	c := start(t, Options{})
	for spID, want := range map[string]int{"wayne-tower": 3, "metrotel%2Bdaily-planet": 2} {
		if got := c.want(200, "GET", "/broadworks/subscribers?status=provisioned&spEnterpriseId="+spID).items(); len(got) != want {
			t.Errorf("%s: %d subscribers, want %d", spID, len(got), want)
		}
	}
	body := `{"provisioningId":"broadworks-template","userId":"jimmy","spEnterpriseId":"metrotel+daily-planet","firstName":"Jimmy",
		"lastName":"Olsen","package":"basic","email":"jimmy.olsen@mail.example"}`
	if got := c.want(200, "POST", "/broadworks/subscribers "+body); got.text("status") != "pending_user_migration" {
		t.Errorf("a consumer account: %v", got.body)
	}
	if got := c.want(200, "GET", "/wholesale/subPartners?provisioningState=suspended").items(); len(got) != 1 {
		t.Errorf("suspended sub-partners: %v", got)
	}
}

func TestStateIsASeed(t *testing.T) {
	c := start(t, Options{})
	c.want(202, "POST", "/wholesale/customers "+customerBody(`"externalId":"extra"`))
	state := c.state()
	again := start(t, Options{Seed: strings.NewReader(mustJSON(t, state))}).state()
	if diff := cmp.Diff(state, again, ignoringIDs()); diff != "" {
		t.Error(diff)
	}
	once := start(t, Options{Seed: strings.NewReader(mustJSON(t, again))}).state()
	if diff := cmp.Diff(again, once); diff != "" { // in the order of a seed the ids are the same too
		t.Error(diff)
	}
}

// ignoringIDs passes over the ids of a state: they are not taken from a seed, but go by its order.
func ignoringIDs() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		return slices.Contains([]string{".ID", ".OrgID", ".PersonID"}, p.Last().String())
	}, cmp.Ignore())
}

func TestSameRequestsSameAnswers(t *testing.T) {
	run := func() []response {
		c := start(t, Options{})
		var got []response
		got = append(got, c.do("POST", "/wholesale/customers", customerBody(`"externalId":"new"`)))
		got = append(got, c.do("GET", "/wholesale/customers", ""))
		got = append(got, c.do("DELETE", "/wholesale/subscribers/"+c.subscriberID("ada.perlman@acme.example.com"), ""))
		got = append(got, c.do("GET", "/wholesale/subscribers?max=100", ""))
		return got
	}
	if diff := cmp.Diff(run(), run(), cmp.AllowUnexported(response{})); diff != "" {
		t.Error(diff)
	}
}

func TestLog(t *testing.T) {
	c := start(t, Options{Faults: []Rule{mustRule(t, "DELETE nth=1 500-after")}})
	id := c.subscriberID("ada.perlman@acme.example.com")
	c.want(500, "DELETE", "/wholesale/subscribers/"+id)
	c.want(404, "DELETE", "/wholesale/subscribers/"+id)
	c.want(202, "POST", "/wholesale/customers "+customerBody(`"externalId":"new"`))
	type short struct {
		Method, Key, Fault string
		Status             int
		Applied, HasBody   bool
	}
	var got []short
	for _, e := range c.log() {
		got = append(got, short{e.Method, e.Key, e.Fault, e.Status, e.Applied, e.BodySHA256 != ""})
	}
	want := []short{
		{"GET", "", "", 200, false, false},
		{"DELETE", "acme/ada.perlman@acme.example.com", "DELETE nth=1 500-after", 500, true, false},
		{"DELETE", "", "", 404, false, false},
		{"POST", "new", "", 202, true, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownPath(t *testing.T) {
	c := start(t, Options{})
	got := c.want(404, "GET", "/telephony/config")
	if got.text("message") == "" || got.text("trackingId") == "" || got.text("trackingId") != got.header.Get("trackingid") {
		t.Errorf("got %v", got)
	}
}

func TestBadSeeds(t *testing.T) {
	for name, test := range map[string]struct{ seed, want string }{
		"not JSON":          {`hello`, "invalid character"},
		"cut off":           {`{"customers":[`, "EOF"},
		"unknown section":   {`{"teams":[]}`, "teams: unknown section"},
		"unknown field":     {`{"customers":[{"externalid2":"a"}]}`, "unknown field"},
		"no external id":    {`{"customers":[{"packages":["webex_calling"]}]}`, "customers: number 1: a customer needs an external_id"},
		"customer twice":    {`{"customers":[{"external_id":"a","packages":["webex_calling"]},{"external_id":"a","packages":["webex_calling"]}]}`, "number 2: second customer"},
		"unknown package":   {`{"customers":[{"external_id":"a","packages":["gold"]}]}`, `packages ["gold"]`},
		"no such customer":  {`{"subscribers":[{"customer_external_id":"a","email":"x@a.example","package":"webex_meetings"}]}`, `unknown customer "a"`},
		"phone twice":       {seedWith(`{"email":"x@a.example","phone":"+12402000000"},{"email":"y@a.example","phone":"+12402000000"}`), "is taken"},
		"extension twice":   {seedWith(`{"email":"x@a.example","extension":"100"},{"email":"y@a.example","extension":"100"}`), "is taken"},
		"unknown status":    {seedWith(`{"email":"x@a.example","status":"happy"}`), `unknown status "happy"`},
		"two organizations": {`{"customers":[{"external_id":"a","packages":["webex_meetings"]},{"external_id":"b","packages":["webex_meetings"]}],"subscribers":[{"customer_external_id":"a","email":"x@a.example","package":"webex_meetings"},{"customer_external_id":"b","email":"X@a.example","package":"webex_meetings"}]}`, "in another organization already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(Options{Seed: strings.NewReader(test.seed)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// seedWith is a seed with one calling customer and these subscribers.
func seedWith(subscribers string) string {
	subscribers = strings.ReplaceAll(subscribers, "{", `{"customer_external_id":"a","package":"webex_calling",`)
	return `{"customers":[{"external_id":"a","packages":["webex_calling"]}],"subscribers":[` + subscribers + `]}`
}

func mustRule(t *testing.T, text string) Rule {
	t.Helper()
	r, err := ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// FuzzSeed looks for seeds that break the sandbox instead of being refused.
func FuzzSeed(f *testing.F) {
	f.Add(small)
	for _, seed := range []string{string(Demo()), broad, synced, platform, accounts} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed string) {
		s, err := New(Options{Seed: strings.NewReader(seed)})
		if err != nil {
			return
		}
		c := &client{t: t, s: s, token: s.AccessToken()}
		c.state()
		c.want(200, "GET", "/wholesale/customers")
		c.want(200, "GET", "/wholesale/subscribers")
		c.want(200, "GET", "/broadworks/enterprises")
		c.want(200, "GET", "/broadworks/subscribers")
		c.want(200, "GET", "/people")
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
