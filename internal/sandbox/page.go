package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// paging says how a list is cut into pages.
type paging struct {
	from         string // the query's name for the place where a page begins
	size, atMost int
}

var (
	wholesalePages  = paging{"offset", 50, 100} // and subscribers of the BroadWorks API
	reportPages     = paging{"offset", 100, 100}
	enterprisePages = paging{"offset", 100, 1000}
	peoplePages     = paging{"cursor", 100, 1000}
	locationPages   = paging{"cursor", 500, 1000}
	workspacePages  = paging{"start", 100, 1000}
)

// wireList is the body of every list.
type wireList[T any] struct {
	Items []T `json:"items"`
}

// window is the part of a list that a request asks for.
type window struct {
	offset, max int
	from        string
}

// window reads offset and max.
func (c *call) window() (window, *refusal) { return c.windowOf(wholesalePages) }

// windowOf reads the window of a list. A max above the cap is lowered without a word, as the API does.
func (c *call) windowOf(p paging) (window, *refusal) {
	offset, e := c.count(p.from, 0)
	if e != nil {
		return window{}, e
	}
	size, e := c.count("max", p.size)
	if e != nil || size == 0 {
		return window{}, refuse(1004)
	}
	return window{offset: offset, max: min(size, p.atMost), from: p.from}, nil
}

// count reads a whole number from the query.
func (c *call) count(name string, missing int) (int, *refusal) {
	text := c.query.Get(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, refuse(1004)
	}
	return n, nil
}

// nextURL is the address of the page after this one, with the request's filters.
func (c *call) nextURL(w window) string {
	query := c.query
	query.Set(w.from, strconv.Itoa(w.offset+w.max))
	query.Set("max", strconv.Itoa(w.max))
	return c.baseURL() + strings.TrimPrefix(c.request.URL.Path, apiPrefix) + "?" + query.Encode()
}

// listAnswer is a page of the chosen, each in its form on the wire.
func listAnswer[T numbered, W any](c *call, w window, chosen selection[T], wire func(T) W) answer {
	items, more := chosen.page(w)
	list := wireList[W]{Items: make([]W, len(items))}
	for i, item := range items {
		list.Items[i] = wire(item)
	}
	reply := answer{status: http.StatusOK, body: list}
	if more {
		reply.next = c.nextURL(w)
	}
	return reply
}

// selection is a query over a roster.
type selection[T numbered] struct {
	from    *roster[T]
	keep    func(T) bool     // nil keeps all
	compare func(a, b T) int // nil is the order of creation
	reverse bool
}

// page cuts the window out of the selection; more tells whether anything comes after it. In the order of creation and
// without a condition, which is how an estate is listed, it costs no scan.
func (s selection[T]) page(w window) (items []T, more bool) {
	if s.keep == nil && s.compare == nil {
		return s.plainPage(w)
	}
	enough := w.offset + w.max + 1
	for item := range s.from.all() {
		if s.keep != nil && !s.keep(item) {
			continue
		}
		items = append(items, item)
		if len(items) == enough && s.compare == nil && !s.reverse {
			break
		}
	}
	if s.compare != nil {
		slices.SortStableFunc(items, s.compare)
	}
	if s.reverse {
		slices.Reverse(items)
	}
	items = items[min(w.offset, len(items)):]
	return items[:min(w.max, len(items))], len(items) > w.max
}

func (s selection[T]) plainPage(w window) (items []T, more bool) {
	left := max(0, s.from.size-w.offset)
	n := min(w.max, left)
	if !s.reverse {
		return s.from.slice(w.offset, n), left > n
	}
	items = s.from.slice(left-n, n)
	slices.Reverse(items)
	return items, left > n
}

// parseTime reads a time in a query: milliseconds since 1970, or ISO 8601. The result is in milliseconds.
func parseTime(text string) (int64, *refusal) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, refuse(1004)
}

// statusSet reads a comma-separated list of statuses; nil is no condition.
func (c *call) statusSet(known map[string]bool) (map[string]bool, *refusal) {
	text := strings.Join(c.query["status"], ",")
	if text == "" {
		return nil, nil
	}
	wanted := setOf(strings.Split(text, ",")...)
	for status := range wanted {
		if !known[status] {
			return nil, refuse(1004)
		}
	}
	return wanted, nil
}

func byChange(a, b *subscriber) int {
	return cmp.Or(cmp.Compare(a.changed, b.changed), cmp.Compare(a.number, b.number))
}
