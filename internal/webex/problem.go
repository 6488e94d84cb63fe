package webex

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxDescription = 4 << 10 // bytes of a description that are kept
	maxTracking    = 200     // bytes of a tracking id that are kept
)

// problem is the body of an error answer, in any of the shapes that the API's
// services use: {"message", "errors": [{"errorCode", "description", "fieldName",
// "internalErrorCode"}], "errorCode", "trackingId"}, with code for errorCode,
// one object or plain strings for the list, and numbers that may be strings.
type problem struct {
	code         int
	field        string
	internalCode string
	tracking     string
	descriptions []string
	raw          []byte
}

// wireFault is one element of errors, and the same members on the top level.
type wireFault struct {
	ErrorCode    number `json:"errorCode"`
	Code         number `json:"code"`
	Description  text   `json:"description"`
	FieldName    text   `json:"fieldName"`
	InternalCode text   `json:"internalErrorCode"`
}

// parseProblem reads as much of an error body as it understands.
func parseProblem(body []byte) problem {
	p := problem{raw: body}
	var wire struct {
		wireFault
		Message    text                  `json:"message"`
		TrackingID text                  `json:"trackingId"`
		Errors     many[json.RawMessage] `json:"errors"`
	}
	if json.Unmarshal(body, &wire) != nil {
		return p
	}
	p.tracking = string(wire.TrackingID)
	for _, raw := range wire.Errors {
		p.add(parseFault(raw))
	}
	if len(p.descriptions) == 0 {
		wire.Description = cmp.Or(wire.Description, wire.Message)
	}
	p.add(wire.wireFault)
	return p
}

// parseFault reads one element of errors: an object, or its text alone.
func parseFault(raw []byte) wireFault {
	var fault wireFault
	if json.Unmarshal(raw, &fault) != nil {
		_ = json.Unmarshal(raw, &fault.Description) // text takes any JSON value
	}
	return fault
}

// add takes over what fault says and an earlier one did not.
func (p *problem) add(fault wireFault) {
	if p.code == 0 {
		p.code = int(fault.ErrorCode)
	}
	if p.code == 0 {
		p.code = int(fault.Code)
	}
	if p.field == "" {
		p.field = string(fault.FieldName)
	}
	if p.internalCode == "" {
		p.internalCode = string(fault.InternalCode)
	}
	if fault.Description != "" {
		p.descriptions = append(p.descriptions, string(fault.Description))
	}
}

// toError makes the parts safe to show.
func (p problem) toError() *Error {
	description := strings.Join(p.descriptions, "; ")
	if description == "" && len(p.raw) > 0 && p.raw[0] != '<' && p.raw[0] != '{' && p.raw[0] != '[' {
		description = string(p.raw[:min(len(p.raw), maxDescription)])
	}
	info, _ := LookupCode(p.code)
	return &Error{
		Code: p.code, Title: info.Title, Field: clean(p.field),
		Description: clean(description), InternalCode: clean(p.internalCode),
		TrackingID: cut(clean(p.tracking), maxTracking),
	}
}

// trackingOf takes the API's tracking id from the header, else our own.
func trackingOf(header http.Header, own string) string {
	return cmp.Or(cut(clean(header.Get("Trackingid")), maxTracking), own)
}

// clean makes text from outside safe for terminals and logs: control and
// formatting characters become escapes, and the length is bounded.
func clean(s string) string {
	s = cut(s, maxDescription)
	var b strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return cut(b.String(), maxDescription)
}

// cut shortens s to at most n bytes, at the border of a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
