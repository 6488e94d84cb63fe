package batch

import (
	"encoding/base64"
	"strings"
)

// idKey is what two spellings of one id of the API have in common. Ids are
// opaque to callers, but the same object is named with and without padding, and
// under more than one type (ENTERPRISE, CUSTOMER, ORGANIZATION), in the vendor's
// own examples: what never differs is the UUID inside.
func idKey(id string) string {
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

func sameID(a, b string) bool { return a == b || idKey(a) == idKey(b) }
