package diff

import (
	"encoding/base64"
	"testing"
)

func TestSameID(t *testing.T) {
	id := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	customer := id("ciscospark://us/ENTERPRISE/96f1a1a6-6d3c-4a3e-8b6a-2b8f0d7c0001")
	for name, c := range map[string]struct {
		a, b string
		want bool
	}{
		"equal":                {customer, customer, true},
		"padded":               {customer, customer + "==", true},
		"another type":         {customer, id("ciscospark://us/CUSTOMER/96f1a1a6-6d3c-4a3e-8b6a-2b8f0d7c0001"), true},
		"another case":         {customer, id("ciscospark://us/ENTERPRISE/96F1A1A6-6D3C-4A3E-8B6A-2B8F0D7C0001"), true},
		"another object":       {customer, id("ciscospark://us/ENTERPRISE/96f1a1a6-6d3c-4a3e-8b6a-2b8f0d7c0002"), false},
		"opaque":               {"abc", "abc=", true},
		"opaque and different": {"abc", "abd", false},
		"not base64":           {"id 1", "id 2", false},
		"a path of its own":    {id("https://x/1"), id("https://y/1"), false},
	} {
		if got := SameID(c.a, c.b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
