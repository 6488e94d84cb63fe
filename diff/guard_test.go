package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// losing is what a plan takes away from one customer among many.
func losing(deletes, of, population int) Deletes {
	return Deletes{Subscribers: deletes, Population: population, PerCustomer: []CustomerDeletes{{Wholesale, "acme", deletes, of}}}
}

func TestGuards(t *testing.T) {
	const none = -1
	for _, tt := range []struct {
		name    string
		deletes Deletes
		limits  Limits
		want    []string // each hit as "start of the reason -> lift"
	}{
		{"nothing goes", losing(0, 0, 0), Limits{AllowDeletes: none}, nil},
		{"10 deletes", losing(10, 1000, 1000), Limits{AllowDeletes: none}, nil},
		{"11 deletes", losing(11, 1000, 1000), Limits{AllowDeletes: none}, []string{"11 deletes (11 subscribers -> --allow-deletes=11"}},
		{"customers and packages count", Deletes{Customers: 4, Subscribers: 3, Packages: 4, Population: 1000}, Limits{AllowDeletes: none},
			[]string{"11 deletes (4 customers, 3 subscribers, 4 customer packages) -> --allow-deletes=11"}},
		{"10 % of 20", losing(2, 20, 1000), Limits{AllowDeletes: none}, nil},
		{"over 10 % of 20", losing(3, 20, 1000), Limits{AllowDeletes: none}, []string{`customer "acme" loses 3 of 20 subscribers -> --allow-deletes=3`}},
		{"all of 19", losing(10, 19, 1000), Limits{AllowDeletes: none}, nil},
		{"5 % of all", losing(5, 10, 100), Limits{AllowDeletes: none}, nil},
		{"one of one", losing(1, 1, 1), Limits{AllowDeletes: none}, []string{"1 delete is more than 5 % of the 1 live object known -> --allow-deletes=1"}},
		{"over 5 % of all", losing(5, 10, 99), Limits{AllowDeletes: none}, []string{"5 deletes are more than 5 % of the 99 -> --allow-deletes=5"}},
		{"allowed exactly", losing(50, 100, 100), Limits{AllowDeletes: 50}, nil},
		{"allowed too many", losing(50, 100, 100), Limits{AllowDeletes: 51}, []string{"--allow-deletes 51 does not match: the plan has 50 -> --allow-deletes=50"}},
		{"allowed too few", losing(50, 100, 100), Limits{AllowDeletes: 49}, []string{"--allow-deletes 49 does not match: the plan has 50 -> --allow-deletes=50"}},
		{"none allowed", losing(1, 1000, 1000), Limits{AllowDeletes: 0}, []string{"--allow-deletes 0 does not match: the plan has 1 -> --allow-deletes=1"}},
		{"none allowed and none there", losing(0, 1000, 1000), Limits{AllowDeletes: 0}, nil},
		{"an allowance for a plan without deletes", losing(0, 1000, 1000), Limits{AllowDeletes: 3}, []string{"--allow-deletes 3 does not match: the plan has 0 -> --allow-deletes=0"}},
		{"a customer pruned empty", Deletes{EmptyScopes: []string{"acme"}}, Limits{AllowDeletes: none}, []string{`the input wants no subscribers for 1 of its customers (["acme"]) -> --allow-empty`}},
		{"and allowed", Deletes{EmptyScopes: []string{"acme"}}, Limits{AllowDeletes: none, AllowEmpty: true}, nil},
		{"an empty input", Deletes{EmptyScopes: []string{""}}, Limits{AllowDeletes: none}, []string{"the input has no rows -> --allow-empty"}},
		{"an unproven listing", Deletes{Unproven: "why not"}, Limits{AllowDeletes: 0, AllowEmpty: true}, []string{"nothing can be pruned: why not -> mend that, or leave out --prune"}},
		{"everything at once", Deletes{
			Subscribers: 30, Population: 100, PerCustomer: []CustomerDeletes{{Wholesale, "acme", 15, 50}, {Wholesale, "other", 15, 50}}, EmptyScopes: []string{"acme"}, Unproven: "why not",
		}, Limits{AllowDeletes: none}, []string{
			"nothing can be pruned: why not -> mend that, or leave out --prune",
			"the input wants no subscribers -> --allow-empty",
			"30 deletes (30 subscribers -> --allow-deletes=30",
			`customer "acme" loses 15 of 50 -> --allow-deletes=30`,
			`customer "other" loses 15 of 50 -> --allow-deletes=30`,
			"30 deletes are more than 5 % of the 100 live objects -> --allow-deletes=30",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hits := (&Plan{Deletes: tt.deletes}).Check(tt.limits)
			if len(hits) != len(tt.want) {
				t.Fatalf("hits: %q, want %q", hits, tt.want)
			}
			for i, h := range hits {
				reason, lift, _ := strings.Cut(tt.want[i], " -> ")
				if !strings.HasPrefix(h.Reason, reason) || h.Lift != lift {
					t.Errorf("hit %d: %q, lifted by %q; want %q", i, h.Reason, h.Lift, tt.want[i])
				}
			}
		})
	}
}

func TestManyCustomersOverTheLimitAreSummarised(t *testing.T) {
	d := Deletes{Population: 1_000_000}
	for i := range 9 {
		d.PerCustomer = append(d.PerCustomer, CustomerDeletes{Wholesale, fmt.Sprint(i), 5, 20})
		d.Subscribers += 5
	}
	hits := (&Plan{Deletes: d}).Check(Limits{AllowDeletes: -1})
	if last := hits[len(hits)-1].Reason; len(hits) != 7 || !strings.HasPrefix(last, "4 more customers lose more than 10 %") {
		t.Errorf("%d hits, the last: %s", len(hits), last)
	}
}

// TestGuardsSeeThePlan goes from the estate to the guards: what is counted is
// what is planned.
func TestGuardsSeeThePlan(t *testing.T) {
	e := newEstate()
	e.opt.Prune = true
	e.add(t, []string{"customer acme packages=webex_calling;webex_voice", "customer gone"}, []string{"customer acme packages=webex_calling", "customer gone ensure=absent", "subscriber acme/p0@x.example"})
	for i := range 20 {
		e.add(t, []string{fmt.Sprintf("subscriber acme/p%d@x.example", i)}, nil)
	}
	got := e.plan(t).Deletes
	want := Deletes{Customers: 1, Subscribers: 19, Packages: 1, Population: 22, PerCustomer: []CustomerDeletes{{Wholesale, "acme", 19, 20}}, Pruned: 19}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
