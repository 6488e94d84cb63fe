package webex

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
)

// listing says how a list is asked for and read.
type listing[T any] struct {
	path   string
	query  url.Values
	decode func([]byte) (T, error)
	id     func(T) string
	ends   ending
	size   int    // of a page; 0 = pageSize, noPages = max is not sent
	offset string // query parameter; "" = offsetName
	bare   bool   // one object may stand for a list of one
}

// noPages is the size of a list that comes as a whole.
const noPages = -1

// ending says what a page without a link to the next means, where no answer of
// the list has shown a link so far.
type ending uint8

const (
	// askOn: the offset is documented, so pages are asked for until one is empty.
	askOn ending = iota
	// linksOnly: links are documented, so that page is the last. No offset is sent.
	linksOnly
	// fullAsksOn: neither is documented, so that page is the last unless it is
	// full. The first request sends no offset.
	fullAsksOn
)

// whole reports whether a list without links ends with its first page.
func (l listing[T]) whole(first *page[T]) bool {
	return l.ends == linksOnly || l.ends == fullAsksOn && len(first.items) < l.size
}

// decodePage reads a page, and the one object that may stand for it.
func (l listing[T]) decodePage(body []byte) ([]T, error) {
	items, err := decodeItems(body, l.decode)
	if !l.bare || !errors.Is(err, errNoItems) {
		return items, err
	}
	item, err := l.decode(body)
	return []T{item}, err
}

// errNoItems is an object that says nothing about items.
var errNoItems = errors.New("a list without items")

// decodeItems reads the elements of a list answer. The documentation of one
// list shows its items under the key subPartners. Where items are null or errors
// stand beside them the list is not known, which must not look like an empty one.
func decodeItems[T any](body []byte, decode func([]byte) (T, error)) ([]T, error) {
	var wire struct {
		Items       json.RawMessage       `json:"items"`
		SubPartners json.RawMessage       `json:"subPartners"`
		Errors      many[json.RawMessage] `json:"errors"`
	}
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, err
	}
	raw := wire.Items
	if raw == nil {
		raw = wire.SubPartners
	}
	if raw == nil && len(wire.Errors) == 0 {
		return nil, errNoItems
	}
	if raw == nil || string(raw) == "null" {
		return nil, errors.New("a list with null for its items, or with errors in place of them")
	}
	if len(wire.Errors) > 0 {
		return nil, fmt.Errorf("a list with errors beside it: %s", clean(string(wire.Errors[0])))
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, err
	}
	items := make([]T, 0, len(elements))
	for _, element := range elements {
		item, err := decode(element)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
