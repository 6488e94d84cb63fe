package diff

import (
	"maps"
	"slices"
)

// Effect is what a plan does to the bill: seats per package. Those of BroadWorks
// are named after their offer, such as broadworks_standard.
type Effect struct {
	Packages  []Seats         `json:"packages"`            // by package name
	Customers []CustomerSeats `json:"customers,omitempty"` // those whose seats change, by customer
}

// Seats counts the subscribers that hold a package before and after the plan,
// among the customers that the plan looked at.
type Seats struct {
	Package string `json:"package"`
	Before  int    `json:"before"`
	After   int    `json:"after"`
}

// CustomerSeats is [Seats] for one customer.
type CustomerSeats struct {
	Offer    Offer   `json:"offer,omitempty"`
	Customer string  `json:"customer"`
	Packages []Seats `json:"packages"`
}

// billingEffect lets the changes move the seats that the live subscribers hold.
func billingEffect(states []*customerState) Effect {
	var e Effect
	total := map[string]Seats{}
	for _, s := range states {
		after := maps.Clone(s.seats)
		for c := range s.below() {
			moveSeat(after, c)
		}
		var changed []Seats
		for _, pkg := range slices.Sorted(maps.Keys(after)) {
			before, after := s.seats[pkg], after[pkg]
			t := total[pkg]
			total[pkg] = Seats{pkg, t.Before + before, t.After + after}
			if before != after {
				changed = append(changed, Seats{pkg, before, after})
			}
		}
		if len(changed) > 0 {
			e.Customers = append(e.Customers, CustomerSeats{s.offer, s.externalID, changed})
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(total)) {
		e.Packages = append(e.Packages, total[pkg])
	}
	return e
}

func moveSeat(seats map[string]int, c *Change) {
	for _, f := range c.Fields {
		if f.Column != ColPackage {
			continue
		}
		if f.Before != "" {
			seats[c.Kind.seatName(f.Before)]--
		}
		if f.After != "" {
			seats[c.Kind.seatName(f.After)]++
		}
	}
}
