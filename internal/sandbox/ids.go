package sandbox

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Kinds of object as they appear inside an id.
const (
	kindCustomer     = "ENTERPRISE"
	kindLicense      = "LICENSE"
	kindLocation     = "LOCATION"
	kindOrganization = "ORGANIZATION"
	kindPerson       = "PEOPLE"
	kindPlace        = "PLACE"
	kindReport       = "BILLING_REPORT"
	kindSubscriber   = "SUBSCRIBER"
)

// uuidHead fills the part of every UUID that the counter does not need.
const uuidHead = "7f3c9e52-41ab-4d08-9c6e-"

// encodeID renders the id of the n-th object of a kind. The number can be read back from it, so that looking an
// object up by id needs no index.
func encodeID(kind string, n int) string {
	raw := make([]byte, 0, 80)
	raw = append(raw, "ciscospark://us/"...)
	raw = append(raw, kind...)
	raw = append(raw, '/')
	return base64.RawURLEncoding.EncodeToString(appendUUID(raw, n))
}

// appendUUID appends a UUID whose last group is n in hexadecimal.
func appendUUID(b []byte, n int) []byte {
	digits := strconv.FormatInt(int64(n), 16)
	b = append(b, uuidHead...)
	b = append(b, "000000000000"[len(digits):]...)
	return append(b, digits...)
}

// bareUUID is the UUID inside the id of the n-th object of a kind.
func bareUUID(n int) string { return string(appendUUID(nil, n)) }

// decodeID is the reverse of encodeID; ok is false for an id of another kind or origin.
func decodeID(kind, id string) (n int, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil {
		return 0, false
	}
	uuid, found := strings.CutPrefix(string(raw), "ciscospark://us/"+kind+"/")
	if !found {
		return 0, false
	}
	return parseUUID(uuid)
}

// parseUUID is the reverse of bareUUID.
func parseUUID(uuid string) (n int, ok bool) {
	digits, found := strings.CutPrefix(uuid, uuidHead)
	if !found || len(digits) != 12 {
		return 0, false
	}
	number, err := strconv.ParseInt(digits, 16, 64)
	if err != nil {
		return 0, false
	}
	return int(number), true
}
