package billing

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// changedPackages is an inventory, and usage in which some of its users were
// metered in two packages on the same day.
func changedPackages(seats, overlaps int) Input {
	in := Input{Prices: priceList("USD"), Options: DefaultOptions()}
	var rows []UsageRow
	for i := range seats {
		who := Party{ExternalID: fmt.Sprintf("C-%d", i/20)}
		user := fmt.Sprintf("user%d@x.test", i)
		in.Inventory = append(in.Inventory, Seat{Customer: who, User: user, Package: "webex_suite", Created: time.Date(2026, 4, 1+i%28, 3, 0, 0, 0, time.UTC)})
		if i%20 == 0 {
			in.Lines = append(in.Lines, line(fmt.Sprint(i), who, "webex_suite", "600", "248.00"))
		}
		suite := usage(who, "webex_suite", user, "30")
		rows = append(rows, suite)
		if i < overlaps {
			rows = append(rows, usage(who, "webex_calling", user, "1"))
		}
	}
	in.Reports = []Report{report(LevelUser, rows...)}
	return in
}

// BenchmarkOverlaps has a large inventory and many users who changed package.
func BenchmarkOverlaps(b *testing.B) {
	in := changedPackages(100_000, 20_000)
	in.Options.Zone = time.FixedZone("west", -8*60*60)
	for b.Loop() {
		if _, err := Reconcile(in); err != nil {
			b.Fatal(err)
		}
	}
}

// TestOverlapOfTwoSubscriptions: the days are taken off the usage that they are in,
// and users are counted once, where a customer has a package in two subscriptions.
func TestOverlapOfTwoSubscriptions(t *testing.T) {
	of := func(subscription string, rows ...UsageRow) []UsageRow {
		for i := range rows {
			rows[i].Place.Subscription = subscription
		}
		return rows
	}
	rows := append(of("Sub-1", daily("webex_calling", "lee@acme.test", 1, 10)...), of("Sub-2", daily("webex_calling", "kim@acme.test", 3, 10)...)...)
	rows = append(rows, of("Sub-2", daily("webex_suite", "kim@acme.test", 10, 20)...)...)
	lines := []Line{line("1", acme, "webex_calling", "10", "2.42"), line("2", acme, "webex_calling", "8", "1.93"), line("3", acme, "webex_suite", "11", "4.55")}
	for i, subscription := range []string{"Sub-1", "Sub-2", "Sub-2"} {
		lines[i].Subscription = subscription
	}
	want := []brief{{OverlapDay, "2", "C-1001", "1.93", "1.69", "0.24"}, {Match, "1", "C-1001", "2.42", "2.42", "0"}, {Match, "3", "C-1001", "4.55", "4.55", "0"}}
	if diff := cmp.Diff(want, briefs(compared(t, Input{Lines: lines, Reports: []Report{report(LevelUser, rows...)}}))); diff != "" {
		t.Error(diff)
	}
}

func TestPackagesNow(t *testing.T) {
	a, b := Seat{User: "kim", Package: "webex_suite"}, Seat{User: "kim", Package: "webex_calling"}
	gone := Seat{User: "lee", Package: "webex_suite", Removed: time.Unix(1, 0)}
	addOn := Seat{User: "lee", Package: "attendant_console"}
	for _, seats := range [][]Seat{{a, b, gone, addOn}, {addOn, gone, b, a}} {
		if diff := cmp.Diff(map[string]string{"kim": "webex_calling"}, packagesNow(seats)); diff != "" {
			t.Error(diff)
		}
	}
}
