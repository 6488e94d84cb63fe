package webex

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// sawLink reports whether the list at path sends Link headers, now or before.
// Where it does, an answer without one is the last page.
func (c *Client) sawLink(path string, header http.Header) bool {
	if header.Get("Link") != "" {
		c.linked.Store(path, true)
		return true
	}
	_, known := c.linked.Load(path)
	return known
}

// nextPage finds the link to the page after a, and nil where there is none.
// A link to another place than the API is an error: the token must not go there.
func (c *Client) nextPage(a *answer) (*url.URL, error) {
	for _, header := range a.header.Values("Link") {
		target := nextTarget(header)
		if target == "" {
			continue
		}
		next, err := a.url.Parse(target)
		if err != nil {
			return nil, errors.New("the link to the next page is not a URL")
		}
		if !c.ours(next) {
			return nil, fmt.Errorf("the link to the next page leads to %s, not to the API", clean(next.Scheme+"://"+next.Host))
		}
		return next, nil
	}
	return nil, nil
}

// nextTarget reads `<target>; rel="next"` out of a Link header (RFC 8288).
func nextTarget(header string) string {
	for {
		_, rest, found := strings.Cut(header, "<")
		if !found {
			return ""
		}
		target, rest, found := strings.Cut(rest, ">")
		if !found {
			return ""
		}
		parameters, _, _ := strings.Cut(rest, "<")
		if hasNextRelation(parameters) {
			return target
		}
		header = rest
	}
}

// hasNextRelation looks for next among the relations, such as in `; rel="next last"`.
func hasNextRelation(parameters string) bool {
	for parameter := range strings.FieldsFuncSeq(parameters, func(r rune) bool { return r == ';' || r == ',' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for relation := range strings.FieldsSeq(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(relation, "next") {
				return true
			}
		}
	}
	return false
}

// withOffset is u with another offset, which name holds, and everything else as it was.
func withOffset(u *url.URL, name string, offset int) *url.URL {
	moved := *u
	query := moved.Query()
	query.Set(name, strconv.Itoa(offset))
	moved.RawQuery = query.Encode()
	return &moved
}
