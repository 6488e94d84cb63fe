package diff

import "fmt"

// Offer is one of the ways in which the vendor sells through a partner. Each has
// customers of its own: one name in two offers is two customers.
type Offer uint8

// The offers. A customer of BroadWorks is called an enterprise.
const (
	Wholesale Offer = iota + 1
	BroadWorks
)

// Offer says to which offer objects of a kind belong.
func (k Kind) Offer() Offer {
	switch k {
	case Customer, Subscriber, Person, Workspace:
		return Wholesale
	}
	return BroadWorks
}

// String is the word for the offer in plans and flags.
func (o Offer) String() string {
	switch o {
	case Wholesale:
		return "wholesale"
	case BroadWorks:
		return "broadworks"
	}
	return fmt.Sprintf("offer(%d)", uint8(o))
}

// Customer is what a customer of the offer is called.
func (o Offer) Customer() string {
	if o == BroadWorks {
		return "enterprise"
	}
	return "customer"
}

// MarshalText writes the word of [Offer.String].
func (o Offer) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word of [Offer.String].
func (o *Offer) UnmarshalText(b []byte) error {
	for _, v := range []Offer{Wholesale, BroadWorks} {
		if v.String() == string(b) {
			*o = v
			return nil
		}
	}
	return fmt.Errorf("unknown offer %q", b)
}

// Scope is a customer with all that is below it. Its changes have an order among
// themselves (see [Stage]); those of different scopes do not know each other,
// but for [Change.DependsOn].
type Scope struct {
	Offer    Offer
	Customer string
}

// Scope says to which customer a change belongs.
func (c *Change) Scope() Scope { return Scope{c.Kind.Offer(), c.Key.Customer} }
