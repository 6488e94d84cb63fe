package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Deletes counts what a plan takes away. Removed packages of a customer count
// like removed objects, because a PUT without them takes them from everyone.
type Deletes struct {
	Customers   int `json:"customers"`
	Subscribers int `json:"subscribers"`
	Packages    int `json:"packages"`
	// BroadWorks and Workspaces are the subscribers and workspaces of BroadWorks.
	BroadWorks int `json:"broadworks_subscribers,omitempty"`
	Workspaces int `json:"broadworks_workspaces,omitempty"`
	// People, CustomerWorkspaces and Organizations go for good along with what rows
	// remove.
	People             int `json:"people,omitempty"`
	CustomerWorkspaces int `json:"workspaces,omitempty"`
	Organizations      int `json:"organizations,omitempty"`
	// Population is the number of live objects in the estate, as far as the listing
	// could tell: at least so many.
	Population int `json:"population"`
	// PerCustomer has the customers that lose subscribers, by offer and external id.
	PerCustomer []CustomerDeletes `json:"per_customer,omitempty"`
	// Pruned is the part that no row asks for.
	Pruned int `json:"pruned,omitempty"`
	// EmptyScopes are the customers that pruning would leave without subscribers,
	// because no row wants one there; "" is the whole input.
	EmptyScopes []string `json:"empty_scopes,omitempty"`
	// Unproven says why nothing may be pruned although it was asked for, for
	// example because the listing was not proven complete.
	Unproven string `json:"unproven,omitempty"`
}

// CustomerDeletes counts the subscribers that one customer loses.
type CustomerDeletes struct {
	Offer    Offer  `json:"offer,omitempty"`
	Customer string `json:"customer"`
	Deletes  int    `json:"deletes"`
	Before   int    `json:"before"` // subscribers it has now
}

// Total is the number that --allow-deletes has to name.
func (d Deletes) Total() int {
	return d.Customers + d.Subscribers + d.Packages + d.BroadWorks + d.Workspaces + d.People + d.CustomerWorkspaces + d.Organizations
}

// The delete budget: a plan above any of these needs a person who names the
// exact number.
const (
	MaxDeletes            = 10 // in the whole plan
	MaxCustomerPercent    = 10 // of one customer's subscribers ...
	CustomerPercentFrom   = 20 // ... once it has so many
	MaxPopulationPercent  = 5  // of the estate
	percentOfAll          = 100
	flagAllowDeletes      = "--allow-deletes"
	flagAllowEmpty        = "--allow-empty"
	shownCustomersOfGuard = 5
)

// Limits are the guards that the operator has lifted.
type Limits struct {
	AllowDeletes int  `json:"allow_deletes"` // exact number; -1 = not given
	AllowEmpty   bool `json:"allow_empty,omitempty"`
}

// GuardHit is one reason to refuse a plan.
type GuardHit struct {
	Reason string `json:"reason"`
	Lift   string `json:"lift"` // the flag that lifts it, or what to do instead
}

// Check holds the plan against the guards. It looks at the whole plan, so that
// everything is refused or nothing. Several hits may name the same flag.
func (p *Plan) Check(l Limits) []GuardHit {
	d := p.Deletes
	var hits []GuardHit
	if d.Unproven != "" {
		hits = append(hits, GuardHit{"nothing can be pruned: " + d.Unproven, "mend that, or leave out --prune"})
	}
	if len(d.EmptyScopes) > 0 && !l.AllowEmpty {
		hits = append(hits, GuardHit{emptyReason(d.EmptyScopes), flagAllowEmpty})
	}
	over := d.overBudget()
	if l.AllowDeletes >= 0 {
		if l.AllowDeletes != d.Total() {
			return append(hits, GuardHit{
				fmt.Sprintf("%s %d does not match: the plan has %d (%s)", flagAllowDeletes, l.AllowDeletes, d.Total(), d.describe()),
				fmt.Sprintf("%s=%d", flagAllowDeletes, d.Total()),
			})
		}
		return hits
	}
	for _, reason := range over {
		hits = append(hits, GuardHit{reason, fmt.Sprintf("%s=%d", flagAllowDeletes, d.Total())})
	}
	return hits
}

// describe counts the deletes of each sort that there are.
func (d Deletes) describe() string {
	var parts []string
	for _, sort := range []struct {
		n         int
		one, many string
	}{
		{d.Customers, "customer", "customers"}, {d.Subscribers, "subscriber", "subscribers"}, {d.Packages, "customer package", "customer packages"},
		{d.BroadWorks, "BroadWorks subscriber", "BroadWorks subscribers"}, {d.Workspaces, "BroadWorks workspace", "BroadWorks workspaces"},
		{d.People, "person for good", "people for good"}, {d.CustomerWorkspaces, "workspace", "workspaces"}, {d.Organizations, "organization", "organizations"},
	} {
		if sort.n > 0 {
			parts = append(parts, either(sort.n, sort.one, sort.many))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

// either writes a number with the words for one, or for several.
func either(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (d Deletes) overBudget() []string {
	var over []string
	if d.Total() > MaxDeletes {
		over = append(over, fmt.Sprintf("%d deletes (%s) are more than %d", d.Total(), d.describe(), MaxDeletes))
	}
	big := slices.DeleteFunc(slices.Clone(d.PerCustomer), func(c CustomerDeletes) bool {
		return c.Before < CustomerPercentFrom || c.Deletes*percentOfAll <= MaxCustomerPercent*c.Before
	})
	for i, c := range big {
		if i == shownCustomersOfGuard {
			over = append(over, fmt.Sprintf("%d more customers lose more than %d %% of their subscribers", len(big)-i, MaxCustomerPercent))
			break
		}
		over = append(over, fmt.Sprintf("%s %q loses %d of %d subscribers, more than %d %%", cmp.Or(c.Offer, Wholesale).Customer(), c.Customer, c.Deletes, c.Before, MaxCustomerPercent))
	}
	if d.Total()*percentOfAll > MaxPopulationPercent*d.Population {
		over = append(over, fmt.Sprintf("%s more than %d %% of the %s known", either(d.Total(), "delete is", "deletes are"), MaxPopulationPercent, either(d.Population, "live object", "live objects")))
	}
	return over
}

func emptyReason(scopes []string) string {
	if slices.Contains(scopes, "") {
		return "the input has no rows, so --prune covers no customer and prunes nothing; was the file cut on its way"
	}
	shown := scopes[:min(len(scopes), shownCustomersOfGuard)]
	return fmt.Sprintf("the input wants no subscribers for %d of its customers (%q), so --prune would remove every subscriber that they have", len(scopes), shown)
}
