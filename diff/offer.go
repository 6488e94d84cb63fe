package diff

// Offer is one of the ways in which the vendor sells through a partner. Each has
// customers of its own: one name in two offers is two customers.
type Offer uint8

// The offers.
const (
	Wholesale Offer = iota + 1
)

// Offer says to which offer objects of a kind belong.
func (k Kind) Offer() Offer { return Wholesale }

// Scope is a customer with all that is below it. Its changes have an order among
// themselves (see [Stage]); those of different scopes do not know each other,
// but for [Change.DependsOn].
type Scope struct {
	Offer    Offer
	Customer string
}

// Scope says to which customer a change belongs.
func (c *Change) Scope() Scope { return Scope{c.Kind.Offer(), c.Key.Customer} }
