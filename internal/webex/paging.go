package webex

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	pageSize   = 100      // the cap of most lists; a larger max is cut silently
	offsetName = "offset" // query parameter of most lists that have one
)

// page is one page of a list, which begins at offset.
type page[T any] struct {
	offset int
	items  []T
	linked bool     // the answer had a Link header at all
	next   *url.URL // nil on the last page
	end    int      // offset of the next page; -1 where next does not name one
}

// covers reports whether the item at offset is on the page or after it but
// before the next.
func (p *page[T]) covers(offset int) bool { return p.offset <= offset && offset < p.end }

// walk is one pass over a list.
type walk[T any] struct {
	client *Client
	listing[T]
	seen map[string]bool
}

// list gives each item once, in the order of the pages. It never ends early
// without an error.
func list[T any](ctx context.Context, c *Client, l listing[T]) iter.Seq2[T, error] {
	l.size = cmp.Or(l.size, pageSize)
	l.offset = cmp.Or(l.offset, offsetName)
	return func(yield func(T, error) bool) {
		w := &walk[T]{client: c, listing: l, seen: map[string]bool{}}
		if err := w.run(ctx, func(item T) bool { return yield(item, nil) }); err != nil && !errors.Is(err, errStopped) {
			var none T
			yield(none, err)
		}
	}
}

// errStopped ends a walk whose caller wants no more items.
var errStopped = errors.New("the caller stopped")

// run walks in the way that the first page calls for.
func (w *walk[T]) run(ctx context.Context, yield func(T) bool) error {
	first, err := w.fetchOffset(ctx, 0)
	if err != nil {
		return err
	}
	switch {
	case first.next == nil && (first.linked || w.whole(first)):
		_, err := w.deliver(first, yield)
		return err
	case first.next == nil:
		return w.step(ctx, first, yield)
	case first.end < 0:
		return w.follow(ctx, first, yield)
	}
	return w.sweep(ctx, first, yield)
}

// step walks a list that never sent a Link: until a page is empty.
func (w *walk[T]) step(ctx context.Context, p *page[T], yield func(T) bool) error {
	for offset := 0; len(p.items) > 0; {
		if err := w.deliverNew(p, yield); err != nil {
			return err
		}
		offset += len(p.items)
		var err error
		if p, err = w.fetchOffset(ctx, offset); err != nil {
			return err
		}
	}
	return nil
}

// follow walks a list whose links name no offsets, one page after the other.
func (w *walk[T]) follow(ctx context.Context, p *page[T], yield func(T) bool) error {
	visited := map[string]bool{}
	for {
		if _, err := w.deliver(p, yield); err != nil || p.next == nil {
			return err
		}
		link := p.next.String()
		if visited[link] {
			return w.fail("the list's links lead back to a page that was read")
		}
		visited[link] = true
		var err error
		if p, err = w.fetchLink(ctx, p.next, -1); err != nil {
			return err
		}
	}
}

// sweep walks a list whose links name offsets. Pages are fetched side by side
// at the distance of the first two. Every link that leads to a place no fetched
// page covers is followed too, so a page that is shorter than that distance
// hides nothing.
func (w *walk[T]) sweep(ctx context.Context, first *page[T], yield func(T) bool) error {
	step := first.end - first.offset
	pages := map[int]*page[T]{first.offset: first}
	for window := 2; ; window = min(2*window, max(2, w.client.cfg.Concurrency)) {
		links := uncovered(pages)
		if err := w.flush(pages, links, yield); err != nil || len(links) == 0 {
			return err
		}
		fetched, err := w.fetchAll(ctx, w.targets(links, pages, step, window))
		if err != nil {
			return err
		}
		for _, p := range fetched {
			pages[p.offset] = p
		}
	}
}

// uncovered returns the links that lead to offsets that no page covers.
func uncovered[T any](pages map[int]*page[T]) map[int]*url.URL {
	links := map[int]*url.URL{}
	for _, p := range pages {
		covered := p.next == nil
		for _, other := range pages {
			covered = covered || other.covers(p.end)
		}
		if !covered {
			links[p.end] = p.next
		}
	}
	return links
}

// target is a page to fetch. A guess may turn out not to exist.
type target struct {
	offset int
	url    *url.URL
	guess  bool
}

// targets are the links, and a window of guesses behind the last of them where
// that is the end of what is known.
func (w *walk[T]) targets(links map[int]*url.URL, pages map[int]*page[T], step, window int) []target {
	var all []target
	for _, offset := range slices.Sorted(maps.Keys(links)) {
		all = append(all, target{offset: offset, url: links[offset]})
	}
	last := all[len(all)-1]
	for offset := range pages {
		if offset > last.offset {
			return all
		}
	}
	for i := 1; i < window; i++ {
		offset := last.offset + i*step
		all = append(all, target{offset: offset, url: withOffset(last.url, w.listing.offset, offset), guess: true})
	}
	return all
}

// fetchAll fetches pages side by side. A guess that fails is left out: if the
// page exists, a link leads there and it is asked for again.
func (w *walk[T]) fetchAll(ctx context.Context, wanted []target) ([]*page[T], error) {
	fetched := make([]*page[T], len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	for i, t := range wanted {
		group.Go(func() error {
			p, err := w.fetchLink(ctx, t.url, t.offset)
			if err != nil && !t.guess {
				return err
			}
			fetched[i] = p
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(fetched, func(p *page[T]) bool { return p == nil }), nil
}

// flush delivers and forgets the pages before the first link that is still to
// be followed, in order.
func (w *walk[T]) flush(pages map[int]*page[T], links map[int]*url.URL, yield func(T) bool) error {
	ready := slices.Sorted(maps.Keys(pages))
	if len(links) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(links)))
		ready = slices.DeleteFunc(ready, func(offset int) bool { return offset >= first })
	}
	items, fresh := 0, 0
	for _, offset := range ready {
		n, err := w.deliver(pages[offset], yield)
		if err != nil {
			return err
		}
		items, fresh = items+len(pages[offset].items), fresh+n
		delete(pages, offset)
	}
	if items > 0 && fresh == 0 {
		return w.fail("the list repeats pages that were read")
	}
	return nil
}

// deliverNew delivers a page that must have something new on it.
func (w *walk[T]) deliverNew(p *page[T], yield func(T) bool) error {
	fresh, err := w.deliver(p, yield)
	if err == nil && fresh == 0 {
		return w.fail("the list repeats pages that were read")
	}
	return err
}

// deliver yields the items that were not seen before and counts them.
func (w *walk[T]) deliver(p *page[T], yield func(T) bool) (int, error) {
	fresh := 0
	for _, item := range p.items {
		id := w.id(item)
		if w.seen[id] {
			continue
		}
		w.seen[id] = true
		fresh++
		if !yield(item) {
			return fresh, errStopped
		}
	}
	return fresh, nil
}

// fetchOffset fetches the page at offset of a list.
func (w *walk[T]) fetchOffset(ctx context.Context, offset int) (*page[T], error) {
	query := maps.Clone(w.query)
	if offset > 0 || w.ends == askOn {
		query.Set(w.listing.offset, strconv.Itoa(offset))
	}
	if w.size != noPages {
		query.Set("max", strconv.Itoa(w.size))
	}
	return w.fetch(ctx, call{query: query}, offset)
}

// fetchLink fetches the page that a link leads to, at offset where that is known.
func (w *walk[T]) fetchLink(ctx context.Context, link *url.URL, offset int) (*page[T], error) {
	return w.fetch(ctx, call{page: link}, offset)
}

// fetch sends req for one page and finds out what follows it.
func (w *walk[T]) fetch(ctx context.Context, req call, offset int) (*page[T], error) {
	p := &page[T]{offset: offset}
	req.method, req.path = http.MethodGet, w.path
	req.accept = func(a *answer) (err error) {
		p.items, err = w.decodePage(a.body)
		return err
	}
	a, err := w.client.do(ctx, req)
	if err != nil {
		return nil, err
	}
	p.linked = w.client.sawLink(w.path, a.header)
	p.next, err = w.client.nextPage(a)
	if err != nil {
		return nil, w.fail(err.Error())
	}
	p.end = p.offset + max(1, len(p.items))
	if p.next == nil {
		return p, nil
	}
	if p.end, err = strconv.Atoi(p.next.Query().Get(w.listing.offset)); err != nil || offset < 0 {
		p.end = -1
	} else if p.end <= p.offset {
		return nil, w.fail("the list's links lead backwards")
	}
	return p, nil
}

// fail is an error about the list as a whole.
func (w *walk[T]) fail(description string) *Error {
	return &Error{Class: ClassRejected, Method: http.MethodGet, Path: w.path, Description: description}
}

// hasItemsAt asks for one item at offset of an unfiltered list.
func hasItemsAt(ctx context.Context, c *Client, path string, offset int) (bool, error) {
	query := c.wholesaleQuery()
	query.Set(offsetName, strconv.Itoa(offset))
	query.Set("max", "1")
	found := false
	a, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query, accept: func(a *answer) error {
		items, err := decodeItems(a.body, func(raw []byte) (json.RawMessage, error) { return raw, nil })
		found = len(items) > 0
		return err
	}})
	if err == nil {
		c.sawLink(path, a.header)
	}
	return found, err
}
