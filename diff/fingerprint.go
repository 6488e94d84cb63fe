package diff

import (
	"crypto/sha256"
	"encoding/hex"
)

// fingerprintBytes is enough that two states of one object never share a
// fingerprint by accident, and short enough to read in a plan.
const fingerprintBytes = 8

// Fingerprint is a hash of those columns of a live object that a plan relies on:
// for a customer external id, packages and address, for a subscriber e-mail and
// package, for what is of BroadWorks all that the API shows. Status is no part of it, because it passes on its own, and neither is
// what an object belongs to: that never changes under one id, but the name of it
// may. It is 16 lower-case hex digits.
func Fingerprint(k Kind, get func(Column) string) string {
	h := sha256.New()
	for _, r := range SpecOf(k).Rules {
		if !r.Compared || r.Column == ColOrgID || r.Column == ColCustomerExternalID || r.Column == ColSPEnterpriseID {
			continue
		}
		h.Write([]byte(Fold(r.Column, get(r.Column))))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:fingerprintBytes])
}

// After gives the fingerprint that an object with the given columns has once a
// change has been applied to it.
func (c *Change) After(get func(Column) string) string {
	return Fingerprint(c.Kind, func(col Column) string {
		if v, ok := c.Field(col); ok {
			return v
		}
		return get(col)
	})
}
