package diff

import (
	"encoding/base64"
	"strings"
)

// IDKey is what two spellings of one id of the API have in common. Ids are
// opaque to callers, but the same object is named with and without padding, and
// under more than one type (ENTERPRISE, CUSTOMER, ORGANIZATION), in the vendor's
// own examples: what never differs is the UUID inside.
func IDKey(id string) string {
	bare := strings.TrimRight(id, "=")
	text, err := base64.RawURLEncoding.DecodeString(bare)
	if err != nil {
		return bare
	}
	if place := strings.LastIndexByte(string(text), '/'); place >= 0 && strings.HasPrefix(string(text), "ciscospark://") {
		return strings.ToLower(string(text[place+1:]))
	}
	return bare
}

// SameID reports whether two ids name one object.
func SameID(a, b string) bool { return a == b || IDKey(a) == IDKey(b) }
