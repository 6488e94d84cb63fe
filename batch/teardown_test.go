package batch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
)

// leavingEstate is a customer that goes with its people and workspaces.
const leavingEstate = `{
  "customers": [
    {"external_id": "acme", "packages": ["webex_meetings"],
     "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA", "zip": "95035", "country": "US"}}
  ],
  "subscribers": [
    {"customer_external_id": "acme", "email": "ann@acme.example", "package": "webex_meetings"},
    {"customer_external_id": "acme", "email": "bob@acme.example", "package": "webex_meetings"}
  ],
  "workspaces": [{"customer_external_id": "acme", "name": "Lobby"}, {"customer_external_id": "acme", "name": "Roof"}]
}`

// tearDown plans and carries out the end of a customer, with real waits in
// virtual time.
func (e *estate) tearDown(t *testing.T, want *diff.Desired) (map[string]Result, *diff.Plan) {
	t.Helper()
	live, err := List(context.Background(), e.client, want, ListOptions{HardDelete: true, DeleteWorkspaces: true})
	if err != nil {
		t.Fatal(err)
	}
	p := diff.Compute(want, live, diff.Options{HardDelete: true, DeleteWorkspaces: true})
	x := e.executor(live)
	x.Applier = NewApplier(e.client, ApplyOptions{Live: live})
	x.PollInterval, x.PollTimeout = 2*time.Second, time.Hour
	results, err := x.run(p)
	if err != nil {
		t.Fatal(err)
	}
	return results, p
}

// The answers of a teardown get lost, access to the organization has to be opened
// and lapses: everything goes once, in the vendor's order.
func TestTeardownSurvivesFaults(t *testing.T) {
	for _, faults := range [][]string{
		nil,
		{"DELETE /people/* nth=1 500-after"},
		{"DELETE /people/* nth=1 reset"},
		{"DELETE /workspaces/* nth=2 500-after", "DELETE /people/* nth=2 500-before"},
		{"GET /people/* nth=1 503-before", "GET /workspaces nth=2 503-before"},
		{"DELETE /wholesale/subscribers/* nth=1 500-after", "DELETE /wholesale/customers/* nth=1 500-after"},
	} {
		t.Run(strings.Join(faults, ", "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := inMemory(t, sandbox.Options{Seed: strings.NewReader(leavingEstate), AccessDelay: 5 * time.Second, AccessLife: time.Hour}, faults...)
				want := wanted(t, anAbsent("acme"), anAbsent("acme", "ann@acme.example"), anAbsent("acme", "bob@acme.example"))
				results, p := e.tearDown(t, want)
				check(t, "changes", 7, len(p.Changes))
				for id, r := range results {
					if r.Outcome != diff.OK {
						t.Errorf("%s ended as %s: %s", id, r.Outcome, r.Description)
					}
				}
				for what, n := range e.applied(t) {
					if n != 1 && strings.HasPrefix(what, "DELETE") && !strings.Contains(what, "Lobby") {
						t.Errorf("%s was applied %d times", what, n)
					}
				}
				var order []string
				for _, s := range e.log(t) {
					if kind, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(s.Path, "/v1/"), "wholesale/"), "/"); s.Applied && s.Method == "DELETE" {
						order = append(order, kind)
					}
				}
				check(t, "order", []string{"subscribers", "subscribers", "people", "people", "workspaces", "workspaces", "customers"}, order)
				_, again := e.tearDown(t, want)
				check(t, "changes of the next plan", 0, len(again.Changes))
			})
		})
	}
}

// A person who has another address by now is somebody else's decision.
func TestTeardownLeavesChangedPerson(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(leavingEstate)})
	want := wanted(t, anAbsent("acme", "ann@acme.example"))
	live, err := List(context.Background(), e.client, want, ListOptions{HardDelete: true})
	if err != nil {
		t.Fatal(err)
	}
	p := diff.Compute(want, live, diff.Options{HardDelete: true})
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Kind == diff.Person { // as if the plan had been made for another address
			c.Fields[0].Before = "other@acme.example"
			c.Precondition = diff.Fingerprint(diff.Person, func(col diff.Column) string {
				return map[diff.Column]string{diff.ColEmail: "other@acme.example"}[col]
			})
		}
	}
	results, err := e.executor(live).run(p)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]diff.Outcome{}
	for id, r := range results {
		outcomes[id] = r.Outcome
	}
	check(t, "outcomes", map[string]diff.Outcome{"subscriber/acme/ann@acme.example/remove": diff.OK, "person/acme/ann@acme.example/remove": diff.Conflict}, outcomes)
	if slices.Contains(slices.Collect(maps.Keys(e.applied(t))), "DELETE ann@acme.example") {
		t.Error("the person was deleted")
	}
}

// An enterprise goes only when it is empty: subscribers that no row names are
// looked for, and so are those who came after the plan was made.
func TestOrganizationOfSubscribersStays(t *testing.T) {
	gone := diff.Cells{diff.ColSPEnterpriseID: "acme", diff.ColDirSync: "off", diff.ColEnsure: diff.EnsureAbsent}
	const empty = `{"broadworks_templates": [{"provisioning_id": "bw-template"}], "enterprises": [{"sp_enterprise_id": "acme"}]`
	const one = `, "broadworks_subscribers": [{"sp_enterprise_id": "acme", "user_id": "ann", "package": "basic", "first_name": "A", "last_name": "B", "email": "ann@b.example"}]`
	options := diff.Options{HardDelete: true, DeleteOrganizations: true}
	t.Run("in the plan", func(t *testing.T) {
		e := inMemory(t, sandbox.Options{Seed: strings.NewReader(empty + one + "}")})
		live, err := List(t.Context(), e.client, wanted(t, gone), ListOptions{HardDelete: true})
		if err != nil {
			t.Fatal(err)
		}
		p := diff.Compute(wanted(t, gone), live, options)
		if len(p.Changes) > 0 || len(p.Held) != 1 || !strings.Contains(p.Held[0].Reason, "1 of its subscribers would stay") {
			t.Errorf("changes %+v, held %+v", p.Changes, p.Held)
		}
	})
	t.Run("after the plan", func(t *testing.T) {
		e := inMemory(t, sandbox.Options{Seed: strings.NewReader(empty + "}")})
		live, err := List(t.Context(), e.client, wanted(t, gone), ListOptions{HardDelete: true})
		if err != nil {
			t.Fatal(err)
		}
		p := diff.Compute(wanted(t, gone), live, options)
		check(t, "changes", 1, len(p.Changes))
		e.apply(t, wanted(t, aNewUser("acme", "eve", "basic")))
		before := e.writes(t)
		results, err := e.executor(live).run(p)
		if err != nil {
			t.Fatal(err)
		}
		for id, r := range results {
			if r.Outcome != diff.Conflict || !strings.Contains(r.Description, `"eve"`) {
				t.Errorf("%s: %+v", id, r)
			}
		}
		check(t, "writes", before, e.writes(t))
	})
}
