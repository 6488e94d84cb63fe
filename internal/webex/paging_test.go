package webex

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// pagedAPI is a list of subscribers S0, S1, ... with the habits that servers have.
type pagedAPI struct {
	items    int
	limit    int   // the server's own cap
	short    []int // page sizes used one after the other, for uneven pages
	links    bool
	noOffset bool                          // links carry a cursor in place of offsets
	faultAt  map[int]func() *http.Response // by offset

	mu       sync.Mutex
	requests []string
}

func (p *pagedAPI) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.requests = append(p.requests, r.URL.RawQuery)
	p.mu.Unlock()
	query := r.URL.Query()
	offset, _ := strconv.Atoi(query.Get("offset"))
	if cursor := query.Get("cursor"); cursor != "" {
		offset, _ = strconv.Atoi(strings.TrimPrefix(cursor, "c"))
	}
	if fault := p.faultAt[offset]; fault != nil {
		return fault(), nil
	}
	size, _ := strconv.Atoi(query.Get("max"))
	size = min(size, p.limit)
	if len(p.short) > 0 {
		size = min(size, p.short[offset%len(p.short)])
	}
	end := min(offset+size, p.items)
	ids := []string{}
	for i := offset; i < end; i++ {
		ids = append(ids, fmt.Sprintf(`{"id":"S%d"}`, i))
	}
	response := reply(200, `{"items":[`+strings.Join(ids, ",")+`]}`)
	if p.links && end < p.items && offset < p.items {
		query.Set("offset", strconv.Itoa(end))
		if p.noOffset {
			query.Del("offset")
			query.Set("cursor", "c"+strconv.Itoa(end))
		}
		r.URL.RawQuery = query.Encode()
		response.Header.Set("Link", fmt.Sprintf(`<https://api.example.com/v1/wholesale/subscribers>; rel="first", <%s>; rel="next"`, r.URL))
	}
	return response, nil
}

func wantIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "S" + strconv.Itoa(i)
	}
	return ids
}

func listIDs(c *Client) ([]string, error) {
	ids := []string{}
	for s, err := range c.ListSubscribers(context.Background(), SubscriberFilter{}) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// Whatever the server's page sizes, caps and links: exactly the set, in order.
func TestListProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		api := &pagedAPI{
			items:    rapid.IntRange(0, 700).Draw(rt, "items"),
			limit:    rapid.IntRange(1, 150).Draw(rt, "limit"),
			short:    rapid.SliceOfN(rapid.IntRange(1, 120), 0, 7).Draw(rt, "short"),
			links:    rapid.Bool().Draw(rt, "links"),
			noOffset: rapid.IntRange(0, 3).Draw(rt, "cursor") == 0,
		}
		c := newTestClient(t, Config{Transport: api, Concurrency: rapid.IntRange(1, 9).Draw(rt, "concurrency")})
		for pass := range 2 {
			ids, err := listIDs(c)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(wantIDs(api.items), ids); diff != "" {
				rt.Fatalf("pass %d (-want +got):\n%s", pass, diff)
			}
		}
	})
}

// Pages are fetched side by side, and the guesses past the end stay few.
func TestListCost(t *testing.T) {
	tests := []struct{ items, most int }{{1, 2}, {100, 2}, {101, 3}, {1000, 15}, {10000, 108}}
	for _, tt := range tests {
		api := &pagedAPI{items: tt.items, limit: 100, links: true}
		c := newTestClient(t, Config{Transport: api})
		if ids, err := listIDs(c); err != nil || len(ids) != tt.items {
			t.Errorf("%d ids, error %v", len(ids), err)
		}
		if n := len(api.requests); n > tt.most {
			t.Errorf("%d items cost %d requests, want at most %d", tt.items, n, tt.most)
		}
	}
}

// Once a list has shown a Link, an answer without one is the last page.
func TestLinkIsRemembered(t *testing.T) {
	api := &pagedAPI{items: 101, limit: 100, links: true}
	c := newTestClient(t, Config{Transport: api})
	if _, err := listIDs(c); err != nil {
		t.Fatal(err)
	}
	api.items, api.requests = 50, nil
	if ids, err := listIDs(c); err != nil || len(ids) != 50 || len(api.requests) != 1 {
		t.Errorf("%d ids with %d requests, error %v", len(ids), len(api.requests), err)
	}
}

// A guess past the end may be refused; a page that a link names may not.
func TestGuessesMayFail(t *testing.T) {
	gone := func() *http.Response { return reply(400, `{"errors":[{"errorCode":1004}]}`) }
	api := &pagedAPI{items: 150, limit: 100, links: true, faultAt: map[int]func() *http.Response{200: gone, 300: gone}}
	if ids, err := listIDs(newTestClient(t, Config{Transport: api})); err != nil || len(ids) != 150 {
		t.Errorf("%d ids, error %v", len(ids), err)
	}
	api = &pagedAPI{items: 350, limit: 100, links: true, faultAt: map[int]func() *http.Response{200: gone}}
	ids, err := listIDs(newTestClient(t, Config{Transport: api}))
	if e := asError(t, err); e.Code != 1004 || len(ids) > 200 {
		t.Errorf("error is %v after %d ids", err, len(ids))
	}
}

func TestListEndsEarlyForItsCaller(t *testing.T) {
	for _, links := range []bool{true, false} {
		api := &pagedAPI{items: 500, limit: 10, links: links}
		c := newTestClient(t, Config{Transport: api})
		n := 0
		for range c.ListSubscribers(t.Context(), SubscriberFilter{}) {
			if n++; n == 15 {
				break
			}
		}
		if n != 15 || len(api.requests) > 4 {
			t.Errorf("%d items with %d requests", n, len(api.requests))
		}
	}
}

// Lists that cannot be right end with an error, and the token stays home.
func TestWrongLists(t *testing.T) {
	page := func(ids string, link string) func() (*http.Response, error) {
		return answerWith(200, `{"items":[`+ids+`]}`, "Link", link)
	}
	next := func(u string) string { return `<` + u + `>; rel="next"` }
	const home = "https://api.example.com/v1/wholesale/subscribers"
	tests := []struct {
		name string
		api  *fakeAPI
		want string
	}{
		{"other host", script(page(`{"id":"A"}`, next("https://evil.example.net/v1/x?offset=1"))), "leads to https://evil.example.net"},
		{"other scheme", script(page(`{"id":"A"}`, next("http://api.example.com/v1/x?offset=1"))), "leads to http://api.example.com"},
		{"other port", script(page(`{"id":"A"}`, next("https://api.example.com:8443/v1/x?offset=1"))), "not to the API"},
		{"user in the link", script(page(`{"id":"A"}`, next("https://a:b@api.example.com/v1/x?offset=1"))), "not to the API"},
		{"no URL", script(page(`{"id":"A"}`, next(":/%"))), "not a URL"},
		{"backwards", script(page(`{"id":"A"}`, next(home+"?offset=1")), page(`{"id":"B"}`, next(home+"?offset=0"))), "backwards"},
		{"stuck", script(page(`{"id":"A"}`, next(home+"?offset=0"))), "backwards"},
		{"cursor loop", script(page(`{"id":"A"}`, next(home+"?cursor=1")), page(`{"id":"B"}`, next(home+"?cursor=1"))), "lead back"},
		{"offset ignored", script(answer200(`{"items":[{"id":"A"}]}`)), "repeats"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := tt.api.answer
			tt.api.answer = func(n int, r *http.Request) (*http.Response, error) {
				if r.URL.Host != "api.example.com" || r.URL.Scheme != "https" {
					t.Errorf("a request went to %s", r.URL.Host)
				}
				return check(n, r)
			}
			_, err := listIDs(newTestClient(t, Config{Transport: tt.api}))
			if e := asError(t, err); e.Class != ClassRejected || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// A server that ignores the offset of linked pages would be walked for ever.
func TestRepeatedPages(t *testing.T) {
	api := &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		link := fmt.Sprintf(`</v1/wholesale/subscribers?offset=%d>; rel=next`, offset+100)
		return reply(200, `{"items":[{"id":"A"},{"id":"B"}]}`, "Link", link), nil
	}}
	ids, err := listIDs(newTestClient(t, Config{Transport: api}))
	if err == nil || !strings.Contains(err.Error(), "repeats") || !slices.Equal(ids, []string{"A", "B"}) {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

// A page that is no list is retried, and never taken for an empty one.
func TestPagesThatAreNoLists(t *testing.T) {
	for _, body := range []string{
		`{}`, ``, `[]`, `{"items":7}`, `{"items":[{"email":"no id"}]}`, `{"items":[7]}`,
		`{"items":null}`, `{"items":null,"subPartners":[]}`, `{"items":[],"errors":[{"errorCode":5001}]}`, `{"items":[],"errors":["down"]}`, `{"items":[],"errors":{"description":"down"}}`} {
		api := script(answer200(body), answer200(`{"items":[]}`))
		inBubble(t, api, Config{}, func(c *Client) {
			if ids, err := listIDs(c); err != nil || len(ids) != 0 || len(api.sent()) != 2 {
				t.Errorf("%s: %d requests, ids %v, error %v", body, len(api.sent()), ids, err)
			}
		})
		api = script(answer200(body))
		inBubble(t, api, Config{}, func(c *Client) {
			if ids, err := listIDs(c); err == nil {
				t.Errorf("%s: ids %v without an error", body, ids)
			}
		})
	}
	for _, body := range []string{`{"items":[],"errors":[]}`, `{"items":[],"errors":null}`} {
		inBubble(t, script(answer200(body)), Config{}, func(c *Client) {
			if ids, err := listIDs(c); err != nil || len(ids) != 0 {
				t.Errorf("%s: ids %v, error %v", body, ids, err)
			}
		})
	}
}

func TestListedLiterals(t *testing.T) {
	c := newTestClient(t, Config{Transport: script(answer200(string(literal(t, "customers.json"))), answer200(`{"items":[]}`))})
	var customers []Customer
	for customer, err := range c.ListCustomers(t.Context(), CustomerFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		customers = append(customers, customer)
	}
	if len(customers) != 1 || customers[0].Status != "provisioned_with_errors" || len(customers[0].Resources) != 7 {
		t.Errorf("customers are %+v", customers)
	}
	c = newTestClient(t, Config{Transport: script(answer200(string(literal(t, "subscribers.json"))), answer200(`{"items":[]}`))})
	ids, err := listIDs(c)
	if err != nil || len(ids) != 2 {
		t.Errorf("ids %v, error %v", ids, err)
	}
}

func TestHasItemsAt(t *testing.T) {
	for _, tt := range []struct {
		body string
		want bool
	}{{`{"items":[]}`, false}, {`{"items":[{"id":"A"}]}`, true}, {`{"subPartners":[{}]}`, true}} {
		c := newTestClient(t, Config{Transport: script(answer200(tt.body))})
		if got, err := c.HasCustomersAt(t.Context(), 7); err != nil || got != tt.want {
			t.Errorf("%s: %v, error %v", tt.body, got, err)
		}
	}
}

func TestNextTarget(t *testing.T) {
	tests := []struct{ header, want string }{
		{`<u?a=1,2>; rel="next"`, "u?a=1,2"},
		{`<u>;rel=next`, "u"},
		{`<f>; rel="first", <n>; title="x"; REL="last Next"`, "n"},
		{`<p>; rel="prev"`, ""},
		{`<p>; rel="nextish"`, ""},
		{`rel="next"`, ""},
		{`<unfinished; rel="next"`, ""},
		{``, ""},
	}
	for _, tt := range tests {
		if got := nextTarget(tt.header); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.header, got, tt.want)
		}
	}
}

func FuzzNextTarget(f *testing.F) {
	f.Add(`<u>; rel="next"`)
	f.Add(`<<>>;rel=next,<`)
	f.Fuzz(func(t *testing.T, header string) {
		if target := nextTarget(header); !strings.Contains(header, "<"+target+">") && target != "" {
			t.Errorf("%q came out of %q", target, header)
		}
	})
}
