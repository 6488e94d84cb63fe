package webex

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// listedIDs reads a list of subscribers that ends as l says.
func listedIDs(t *testing.T, c *Client, l listing[Subscriber]) ([]string, error) {
	t.Helper()
	l.path, l.query, l.decode, l.id = "/list", url.Values{}, decodeSubscriber, subscriberID
	var ids []string
	for item, err := range list(context.Background(), c, l) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, item.ID)
	}
	return ids, nil
}

// What a list without links costs, and when its first page is taken for all of it.
func TestEndsWithoutLinks(t *testing.T) {
	const two, one, none = `{"items":[{"id":"A"},{"id":"B"}]}`, `{"items":[{"id":"C"}]}`, `{"items":[]}`
	tests := []struct {
		name    string
		list    listing[Subscriber]
		answers []string
		queries []string
		want    string // the ids; an error after them when it ends with "!"
	}{
		{"asks on", listing[Subscriber]{}, []string{two, one, none}, []string{"max=100&offset=0", "max=100&offset=2", "max=100&offset=3"}, "A B C"},
		{"other parameter", listing[Subscriber]{offset: "start"}, []string{two, none}, []string{"max=100&start=0", "max=100&start=2"}, "A B"},
		{"links only", listing[Subscriber]{ends: linksOnly, size: 2}, []string{two}, []string{"max=2"}, "A B"},
		{"no pages", listing[Subscriber]{ends: linksOnly, size: noPages}, []string{two}, []string{""}, "A B"},
		{"not full", listing[Subscriber]{ends: fullAsksOn, size: 3}, []string{two}, []string{"max=3"}, "A B"},
		{"full", listing[Subscriber]{ends: fullAsksOn, size: 2}, []string{two, one, none}, []string{"max=2", "max=2&offset=2", "max=2&offset=3"}, "A B C"},
		{"full, offset ignored", listing[Subscriber]{ends: fullAsksOn, size: 2}, []string{two, two}, []string{"max=2", "max=2&offset=2"}, "A B !"},
		{"bare", listing[Subscriber]{ends: linksOnly, bare: true}, []string{`{"id":"A"}`}, []string{"max=100"}, "A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var queries []string
			api := &fakeAPI{answer: func(n int, r *http.Request) (*http.Response, error) {
				queries = append(queries, r.URL.RawQuery)
				return reply(200, tt.answers[min(n, len(tt.answers))-1]), nil
			}}
			ids, err := listedIDs(t, newTestClient(t, Config{Transport: api}), tt.list)
			if err != nil {
				ids = append(ids, "!")
			}
			if got := strings.Join(ids, " "); got != tt.want || !slices.Equal(queries, tt.queries) {
				t.Errorf("ids %q with %q, error %v\nwant %q with %q", got, queries, err, tt.want, tt.queries)
			}
		})
	}
}

// Links lead on in every kind of list, by whatever parameter they page.
func TestLinksInEveryList(t *testing.T) {
	for _, parameter := range []string{"offset", "start", "cursor"} {
		for _, ends := range []ending{askOn, linksOnly, fullAsksOn} {
			api := &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
				switch r.URL.Query().Get(parameter) {
				case "", "0":
					return reply(200, `{"items":[{"id":"A"}]}`, "Link", `<?`+parameter+`=1>; rel="next"`), nil
				case "1":
					return reply(200, `{"items":[{"id":"B"}]}`, "Link", `<?`+parameter+`=2>; rel="next"`), nil
				case "2":
					return reply(200, `{"items":[{"id":"C"}]}`), nil
				}
				return reply(200, `{"items":[]}`), nil
			}}
			l := listing[Subscriber]{ends: ends, size: 1}
			if parameter == "start" {
				l.offset = "start"
			}
			ids, err := listedIDs(t, newTestClient(t, Config{Transport: api}), l)
			if err != nil || !slices.Equal(ids, []string{"A", "B", "C"}) {
				t.Errorf("%s, ending %d: ids %q, error %v", parameter, ends, ids, err)
			}
		}
	}
}

// One object may stand for a list of one; what names errors or null may not.
func TestNoBareLists(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"email":"a@example.com"}`, `{"id":"A","items":null}`, `{"id":"A","errors":[{"errorCode":5001}]}`, `{"id":"A","items":7}`,
	} {
		inBubble(t, script(answer200(body)), Config{}, func(c *Client) {
			if ids, err := listedIDs(t, c, listing[Subscriber]{bare: true}); err == nil {
				t.Errorf("%s: ids %q without an error", body, ids)
			}
		})
	}
}
