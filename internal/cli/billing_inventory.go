package cli

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report/billing"
)

// readInventory reads what is wanted from desired-state files. An export says
// besides since when each seat is there.
func (a *app) readInventory(files []string) ([]billing.Seat, []billing.Limit, error) {
	if len(files) == 0 {
		return nil, nil, nil
	}
	want, err := a.read(files, inputOptions{}, a.stdin)
	if err != nil {
		return nil, nil, err
	}
	seats := seatsOf(want.Of(diff.Customer), want.Of(diff.Subscriber))
	created := make(map[diff.Key]time.Time)
	for _, file := range files {
		if file == stdinName { // it can be read once only
			continue
		}
		// A file that is no export has no such column, or is no snapshot at all.
		export, _, err := batch.ReadSnapshot(file)
		if err != nil {
			continue
		}
		t := export.Of(diff.Subscriber)
		for i := range t.Len() {
			if at := createdOf(t.Row(i)); !at.IsZero() {
				created[t.Row(i).Key()] = at
			}
		}
	}
	for i := range seats {
		if seats[i].Created.IsZero() {
			seats[i].Created = created[diff.Key{Customer: seats[i].Customer.ExternalID, Email: diff.FoldEmail(seats[i].User)}]
		}
	}
	return seats, limitsOf(want.Of(diff.Customer)), nil
}

// limitsOf are the most seats that the rows of customers allow, by package.
func limitsOf(customers *diff.Table) []billing.Limit {
	var limits []billing.Limit
	for i := range customers.Len() {
		row := customers.Row(i)
		party := billing.Party{ExternalID: row.Get(diff.ColExternalID), OrgID: billing.NormalID(row.Get(diff.ColOrgID))}
		for _, rule := range diff.SpecOf(diff.Customer).Rules {
			pkg := rule.Column.LimitedPackage()
			if most, err := strconv.Atoi(row.Get(rule.Column)); pkg != "" && err == nil {
				limits = append(limits, billing.Limit{Customer: party, Package: pkg, Seats: most})
			}
		}
	}
	return limits
}

// seatsOf are the seats of customers and their subscribers.
func seatsOf(customers, subscribers *diff.Table) []billing.Seat {
	var seats []billing.Seat
	for i := range customers.Len() {
		row := customers.Row(i)
		if row.Get(diff.ColEnsure) == diff.EnsureAbsent {
			continue
		}
		party := billing.Party{ExternalID: row.Get(diff.ColExternalID), OrgID: billing.NormalID(row.Get(diff.ColOrgID))}
		for _, pkg := range diff.SplitPackages(row.Get(diff.ColPackages)) {
			if billing.OfCustomer(pkg) {
				seats = append(seats, billing.Seat{Customer: party, SubPartner: billing.NormalID(row.Get(diff.ColSubPartner)), Package: pkg})
			}
		}
	}
	for i := range subscribers.Len() {
		row := subscribers.Row(i)
		if row.Get(diff.ColEnsure) == diff.EnsureAbsent {
			continue
		}
		seats = append(seats, billing.Seat{Customer: billing.Party{ExternalID: row.Get(diff.ColCustomerExternalID)},
			SubPartner: billing.NormalID(row.Get(diff.ColSubPartner)), User: strings.ToLower(row.Get(diff.ColEmail)), Package: row.Get(diff.ColPackage), Created: createdOf(row)})
	}
	return seats
}

// createdOf is when the API made a subscriber; only exports and listings say.
func createdOf(row diff.Row) time.Time {
	at, err := time.Parse(time.RFC3339, row.Get(diff.ColCreated))
	if err != nil {
		return time.Time{}
	}
	return at
}

// liveSeats are the seats as the API lists them now.
func (a *app) liveSeats(api *session) ([]billing.Seat, error) {
	live, err := batch.ListAll(a.stop, api.client, batch.ListAllOptions{Offers: []diff.Offer{diff.Wholesale}})
	if err != nil {
		return nil, err
	}
	seats := seatsOf(live.Of(diff.Customer), live.Of(diff.Subscriber))
	for i := range seats {
		seats[i].SubPartner = cmp.Or(seats[i].SubPartner, billing.NormalID(a.global.subPartner))
	}
	return seats, nil
}
