package report

import (
	"time"

	"wholesync/diff"
)

// callsPolling is how many looks at a customer or an enterprise a change of it
// takes on average; the API answers a write to one before it is done.
const callsPolling = 2

// callsFindingLocation is what it takes to find a location of a new customer: to
// read the customer, to open its organization, and to list its locations.
const callsFindingLocation = 3

// Estimate tells how many API calls a plan takes to carry out, repeats not
// counted. A write to something that exists is preceded by a look at it, and
// writes to customers and enterprises are followed by polls. Those of BroadWorks
// subscribers are polled too, a hundred in one call.
func Estimate(p *diff.Plan) (calls int) {
	for _, c := range p.Counts() {
		each := 1
		if c.Action != diff.Provision {
			each++
		}
		if c.Kind == diff.Customer || c.Kind == diff.BroadWorksEnterprise {
			each += callsPolling
		}
		calls += c.N * each
	}
	return calls + callsFindingLocation*placesToFind(p)
}

// placesToFind counts the customers whose locations are looked up on the way.
func placesToFind(p *diff.Plan) int {
	customers := map[string]bool{}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.LocationToFind() != "" {
			customers[c.Key.Customer] = true
		}
	}
	return len(customers)
}

// effort says what a plan costs to carry out, in calls and time. Reading the
// live state comes first in every run, so it counts too, as does a precheck.
func effort(v PlanView) string {
	calls := Estimate(v.Plan)
	s := "about " + plural(calls, "API call") + " to change"
	asked := Asked(v.Verdicts)
	if v.ListCalls > 0 {
		s += ", after " + number(v.ListCalls) + " to list"
		if asked > 0 {
			s += " and " + number(asked) + " to precheck"
		}
	}
	if v.Rate > 0 {
		d := time.Duration(float64(calls+v.ListCalls+asked) / v.Rate * float64(time.Second))
		s += ", " + span(d) + " at " + perSecond(v.Rate)
	}
	return s
}
