package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// estateOf is a seed of customers c000, c001, ... with the same number of
// subscribers each, u0@c000.example and so on.
func estateOf(customers, each int) *strings.Reader {
	type object map[string]any
	cs, ss := []object{}, []object{}
	for c := range customers {
		id := fmt.Sprintf("c%03d", c)
		cs = append(cs, object{"external_id": id, "packages": []string{"webex_meetings"}, "address": object{"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}})
		for s := range each {
			ss = append(ss, object{"customer_external_id": id, "email": fmt.Sprintf("u%d@%s.example", s, id), "package": "webex_meetings"})
		}
	}
	seed, err := json.Marshal(object{"customers": cs, "subscribers": ss})
	if err != nil {
		panic(err)
	}
	return strings.NewReader(string(seed))
}

// liveRowsOf are the rows of the first customers of such an estate, as they are.
func liveRowsOf(customers, each int) []diff.Cells {
	var rows []diff.Cells
	for c := range customers {
		id := fmt.Sprintf("c%03d", c)
		rows = append(rows, diff.Cells{diff.ColExternalID: id})
		for s := range each {
			rows = append(rows, aSubscriber(id, fmt.Sprintf("u%d@%s.example", s, id), "webex_meetings"))
		}
	}
	return rows
}

func (e *estate) list(t *testing.T, want *diff.Desired, o ListOptions) (live *diff.Live, requests int) {
	t.Helper()
	before := e.client.Stats().Requests
	live, err := List(t.Context(), e.client, want, o)
	if err != nil {
		t.Fatal(err)
	}
	return live, int(e.client.Stats().Requests - before)
}

// The cheaper way is chosen, and it finds the same.
func TestListCost(t *testing.T) {
	tests := []struct {
		name            string
		customers, each int // of the estate
		named, rows     int // of the input
		requests        int // at most
		wholeC, wholeS  bool
		liveC, liveS    int
		unknown         int // rows of new subscribers
	}{
		{"nothing", 3, 3, 0, 0, 0, false, false, 0, 0, 0},
		{"one of a small estate", 3, 3, 1, 3, 5, false, true, 1, 9, 0},
		{"one of many", 300, 1, 1, 1, 4, false, false, 1, 1, 0},
		{"one of many, new subscribers", 300, 1, 1, 1, 9, false, false, 1, 1, 5},
		{"one of many, very many new subscribers", 300, 1, 1, 1, 8, false, true, 1, 300, 400},
		{"new customer alone", 300, 1, 0, 0, 1, false, false, 0, 0, 0},
		{"most of them", 150, 2, 120, 2, 8, true, true, 150, 300, 0},
		{"two of few with many", 4, 250, 2, 250, 19, true, true, 4, 1000, 0},
		{"two of many with many", 40, 250, 2, 10, 10, true, false, 40, 500, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, sandbox.Options{Seed: estateOf(tt.customers, tt.each)})
			rows := liveRowsOf(tt.named, tt.rows)
			rows = append(rows, manyNew(tt.unknown)...)
			if tt.name == "new customer alone" {
				rows = append(rows, aCustomer("newco", "webex_meetings"))
			}
			live, requests := e.list(t, wanted(t, rows...), ListOptions{})
			if requests > tt.requests || (requests == 0) != (tt.requests == 0) {
				t.Errorf("%d requests, want at most %d", requests, tt.requests)
			}
			if live.Whole[diff.Customer] != tt.wholeC || live.Whole[diff.Subscriber] != tt.wholeS || live.Of(diff.Customer).Len() != tt.liveC || live.Of(diff.Subscriber).Len() != tt.liveS {
				t.Errorf("whole: %v, %d customers, %d subscribers", live.Whole, live.Of(diff.Customer).Len(), live.Of(diff.Subscriber).Len())
			}
			if p := diff.Compute(wanted(t, rows...), live, diff.Options{}); len(p.Changes) != tt.unknown && tt.name != "new customer alone" {
				t.Errorf("%d changes", len(p.Changes))
			}
		})
	}
}

// A subscriber that is to be provisioned may live under another customer.
func TestListFindsMoves(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: estateOf(300, 1)})
	want := wanted(t, aSubscriber("c000", "u0@c299.example", "webex_meetings"))
	live, _ := e.list(t, want, ListOptions{})
	if live.Whole[diff.Subscriber] {
		t.Error("the whole estate was read")
	}
	p := diff.Compute(want, live, diff.Options{})
	if len(p.Changes) != 2 || p.Changes[1].Action != diff.Remove || p.Changes[1].Key.Customer != "c299" {
		t.Errorf("plan is %+v", p.Changes)
	}
}

// A row may name its customer by the organization, under a new external id; the
// subscribers of that customer are listed too, also in a large estate.
func TestListByOrganization(t *testing.T) {
	for _, more := range []int{0, 60} {
		e := inMemory(t, sandbox.Options{Seed: estateOf(80, 70)})
		org := ""
		for c, err := range e.client.ListCustomers(t.Context(), webex.CustomerFilter{ExternalID: "c007"}) {
			if err != nil {
				t.Fatal(err)
			}
			org = c.OrgID
		}
		rows := append([]diff.Cells{{diff.ColExternalID: "renamed", diff.ColOrgID: org}, aSubscriber("renamed", "u1@c007.example", "webex_meetings")}, liveRowsOf(min(more, 7), 1)...)
		live, _ := e.list(t, wanted(t, rows...), ListOptions{})
		if live.Whole[diff.Subscriber] {
			t.Fatal("the estate is too small for this test")
		}
		p := diff.Compute(wanted(t, rows...), live, diff.Options{})
		if len(p.Changes) != 1 || p.Changes[0].Action != diff.Update || p.LeftAlone[diff.Subscriber] < 69 {
			t.Errorf("plan is %+v, %v left alone", p.Changes, p.LeftAlone)
		}
	}
}

// refusing refuses the pages of one list from an offset on.
type refusing struct {
	direct
	list   string
	offset int
}

func (f refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if offset, _ := strconv.Atoi(r.URL.Query().Get("offset")); strings.HasSuffix(r.URL.Path, f.list) && offset >= f.offset && r.URL.Query().Get("max") != "1" {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}, nil
	}
	return f.direct.RoundTrip(r)
}

// A list with a hole looks like absence, so an error on any page is the end.
func TestListErrors(t *testing.T) {
	seed := func() *strings.Reader { return estateOf(150, 4) }
	for _, list := range []string{"/customers", "/subscribers"} {
		for _, offset := range []int{0, 100} {
			for _, rows := range []int{2, 150} {
				if list == "/customers" && offset > 0 && rows < 100 {
					continue // they are read one by one
				}
				t.Run(fmt.Sprintf("%s from %d, %d rows", list, offset, rows), func(t *testing.T) {
					e := inMemory(t, sandbox.Options{Seed: seed()})
					e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: refusing{direct{e.box}, list, offset}})
					live, err := List(t.Context(), e.client, wanted(t, append(liveRowsOf(rows, 4), manyNew(40*offset)...)...), ListOptions{Prune: true})
					var refused *webex.Error
					if live != nil || !errors.As(err, &refused) || !strings.HasPrefix(err.Error(), "listing "+list[1:]) {
						t.Errorf("live is %v, error %v", live != nil, err)
					}
					if live, err = ListAll(t.Context(), e.client, ListAllOptions{Offers: []diff.Offer{diff.Wholesale}}); live != nil || err == nil {
						t.Error("no error for the whole estate")
					}
				})
			}
		}
	}
}

// manyNew are so many new subscribers that the whole estate is worth a look.
func manyNew(n int) []diff.Cells {
	var rows []diff.Cells
	for i := range n {
		rows = append(rows, aSubscriber("c000", fmt.Sprintf("new%d@c000.example", i), "webex_meetings"))
	}
	return rows
}

// cancelling ends a context at the n-th request, and answers it all the same.
type cancelling struct {
	direct
	n      int
	cancel context.CancelFunc
}

func (c *cancelling) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.direct.RoundTrip(r)
	if c.n--; c.n == 0 {
		c.cancel()
	}
	return response, err
}

// A listing that was broken off is never taken for a complete one.
func TestListCancelled(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: estateOf(60, 40)})
	want := wanted(t, append(liveRowsOf(4, 1), aCustomer("newco", "webex_meetings"))...)
	complete, requests := e.list(t, want, ListOptions{})
	for n := range requests {
		ctx, cancel := context.WithCancel(t.Context())
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Concurrency: 1, Transport: &cancelling{direct{e.box}, n + 1, cancel}})
		live, err := List(ctx, e.client, want, ListOptions{})
		if err == nil && live.Of(diff.Subscriber).Len() != complete.Of(diff.Subscriber).Len() {
			t.Errorf("ended at request %d of %d with %d of %d subscribers and no error", n+1, requests, live.Of(diff.Subscriber).Len(), complete.Of(diff.Subscriber).Len())
		}
		cancel()
	}
}

// changing adds a subscriber to the estate whenever its list begins anew.
type changing struct {
	direct
	t     *testing.T
	e     *estate
	times int
}

func (c *changing) RoundTrip(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/subscribers") && q.Get("offset") == "0" && c.times > 0 {
		c.times--
		row := aSubscriber("c000", fmt.Sprintf("late%d@c000.example", c.times), "webex_meetings")
		other := &estate{c.e.box, newClient(c.t, c.e.box, webex.Config{BaseURL: memoryURL, Transport: c.direct})}
		other.apply(c.t, wanted(c.t, row))
	}
	return c.direct.RoundTrip(r)
}

// What is pruned must be proved: two passes in a row that show the same.
func TestListProof(t *testing.T) {
	for times, want := range map[int]bool{0: true, 1: true, 2: true, 3: false} {
		e := inMemory(t, sandbox.Options{Seed: estateOf(2, 60)})
		c := &changing{direct: direct{e.box}, t: t, e: e, times: times}
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: c})
		live, _ := e.list(t, wanted(t, liveRowsOf(1, 1)...), ListOptions{Prune: true})
		if live.Proven[diff.Subscriber] != want {
			t.Errorf("proven is %v although the estate changed %d times", live.Proven[diff.Subscriber], times)
		}
		if got := live.Of(diff.Subscriber).Len(); want && got != 60+times {
			t.Errorf("%d subscribers after %d changes", got, times)
		}
	}
	e := inMemory(t, sandbox.Options{Seed: estateOf(2, 60)})
	if live, _ := e.list(t, wanted(t, liveRowsOf(1, 1)...), ListOptions{}); live.Proven[diff.Subscriber] {
		t.Error("one pass proves nothing")
	}
}

// An object that two pages or two filters show is there once.
func TestListOnce(t *testing.T) {
	const page = `{"items":[{"id":"S1","email":"u@c.example","customerId":"C1","externalCustomerId":"c","package":"webex_meetings","status":"provisioned"}]}`
	const customers = `{"items":[{"id":"C1","externalId":"c","orgId":"O1","status":"provisioned","packages":["webex_meetings"]}]}`
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body := customers
		if strings.HasSuffix(r.URL.Path, "/subscribers") {
			body = page
		}
		switch r.URL.Query().Get("offset") {
		case "0":
			w.Header().Set("Link", `<`+memoryURL+strings.TrimPrefix(r.URL.Path, "/v1")+`?offset=1&max=100>; rel="next"`)
		case "1": // something was removed before it, and the first item slipped here
			body = strings.TrimSuffix(body, "]}") + `,{"id":"X2","email":"v@c.example","customerId":"C1","externalCustomerId":"c","externalId":"d"}]}`
		default:
			body = `{"items":[]}`
		}
		_, _ = w.Write([]byte(body))
	})
	e := inMemory(t, sandbox.Options{})
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{handler}})
	live, err := ListAll(t.Context(), e.client, ListAllOptions{Offers: []diff.Offer{diff.Wholesale}})
	if err != nil {
		t.Fatal(err)
	}
	if live.Of(diff.Customer).Len() != 2 || live.Of(diff.Subscriber).Len() != 2 {
		t.Errorf("%d customers, %d subscribers", live.Of(diff.Customer).Len(), live.Of(diff.Subscriber).Len())
	}
	if !live.Whole[diff.Customer] || !live.Whole[diff.Subscriber] {
		t.Errorf("whole is %v", live.Whole)
	}
}

func TestListLargeEstate(t *testing.T) {
	e := onLoopback(t, sandbox.Options{Seed: estateOf(100, 100)})
	live, err := ListAll(t.Context(), e.client, ListAllOptions{Offers: []diff.Offer{diff.Wholesale}})
	if err != nil {
		t.Fatal(err)
	}
	if live.Of(diff.Subscriber).Len() != 10_000 || e.client.Stats().Requests > 110 {
		t.Errorf("%d subscribers in %d requests", live.Of(diff.Subscriber).Len(), e.client.Stats().Requests)
	}
	if p := diff.Compute(wanted(t, liveRowsOf(100, 100)...), live, diff.Options{}); !p.Empty() || p.Unchanged[diff.Subscriber] != 10_000 {
		t.Errorf("%d changes, %v unchanged", len(p.Changes), p.Unchanged)
	}
}
