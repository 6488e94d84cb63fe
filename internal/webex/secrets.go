package webex

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

const (
	redacted  = "REDACTED"
	minSecret = 8 // bytes; something shorter is no token, and stands in other words by chance
)

// secrets are the tokens that a client has used and what its token source knows
// besides. An API that repeats them does not get them into errors, logs or
// results: every answer is cleared as it comes in, before anything reads it.
type secrets struct {
	mu    sync.RWMutex
	known [][]byte // longest first, so that none stays in part
}

// keeper is a token source with more secrets than the tokens it gives out.
type keeper interface{ secrets() []string }

// add makes values secret from now on, for good: an answer may repeat a token
// that has been replaced meanwhile.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, value := range values {
		if len(value) < minSecret || slices.ContainsFunc(s.known, func(k []byte) bool { return string(k) == value }) {
			continue
		}
		s.known = append(s.known, []byte(value))
		slices.SortStableFunc(s.known, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
	}
}

// hide takes the secrets out of an answer's text.
func (s *secrets) hide(body []byte) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	body = unescape(body)
	for _, secret := range s.known {
		if bytes.Contains(body, secret) {
			body = bytes.ReplaceAll(body, secret, []byte(redacted))
		}
	}
	return body
}

// hideIn does the same for a header.
func (s *secrets) hideIn(header http.Header) {
	for _, values := range header {
		for i, value := range values {
			values[i] = string(s.hide([]byte(value)))
		}
	}
}

// hideError does the same for an error of net/http, which may quote an answer.
// Errors without secrets keep their causes.
func (s *secrets) hideError(err error) error {
	text := err.Error()
	if shown := string(s.hide([]byte(text))); shown != text {
		return errors.New(shown)
	}
	return err
}

// unescape spells the characters of tokens in JSON strings in one way, which
// changes nothing for a JSON reader: "\/" and "\u003d" are "/" and "=".
func unescape(body []byte) []byte {
	if bytes.IndexByte(body, '\\') < 0 {
		return body
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			out = append(out, body[i])
			continue
		}
		i++
		switch char, ok := tokenEscape(body[i:]); {
		case body[i] == '/':
			out = append(out, '/')
		case ok:
			out = append(out, char)
			i += len("003d")
		default:
			out = append(out, '\\', body[i])
		}
	}
	return out
}

// tokenEscape reads "u003d" as the character it stands for, if a token can hold it.
func tokenEscape(text []byte) (char byte, ok bool) {
	if len(text) < len("u003d") || text[0] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[1:len("u003d")]), 16, 16)
	return byte(n), err == nil && n > ' ' && n <= '~' && n != '"' && n != '\\'
}
