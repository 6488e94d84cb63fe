package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, d)
	}
}

// sampleDesired is the input of samplePlan: seven rows in two files and a
// rejected one.
func sampleDesired(t *testing.T) *diff.Desired {
	t.Helper()
	d := diff.NewDesired()
	d.Files = []diff.File{{Name: "customers.csv", SHA256: "c0ffee"}, {Name: "subs.csv", SHA256: "beef"}}
	for i, name := range []string{"ACME", "GLOBEX"} {
		add(t, d, diff.Customer, diff.Position{File: 0, Line: uint32(i + 2)}, diff.Cells{diff.ColExternalID: name, diff.ColPackages: "webex_calling"})
	}
	for i, mail := range []string{"ann@acme.example", "bob@acme.example", "cyd@acme.example", "dan@acme.example", "eve@acme.example"} {
		add(t, d, diff.Subscriber, diff.Position{File: 1, Line: uint32(i + 2)}, diff.Cells{diff.ColCustomerExternalID: "ACME", diff.ColEmail: mail})
	}
	d.Rejected = []diff.Rejected{{At: diff.Position{File: 1, Line: 8}, File: "subs.csv", Line: 8, Kind: diff.Subscriber, Key: "ACME/fay", Problem: `not an e-mail address: no "@"`}}
	return d
}

func add(t *testing.T, d *diff.Desired, k diff.Kind, at diff.Position, cells diff.Cells) {
	t.Helper()
	if err := d.Of(k).Add(at, cells); err != nil {
		t.Fatal(err)
	}
}

// samplePlan has every kind of change, a pruned object, a held row and a note.
func samplePlan() *diff.Plan {
	sub := func(mail string) diff.Key { return diff.Key{Customer: "ACME", Email: mail} }
	p := &diff.Plan{
		Changes: []diff.Change{
			{
				ID: "c1", Kind: diff.Customer, Action: diff.Update, Key: diff.Key{Customer: "ACME"}, At: diff.Position{File: 0, Line: 2}, FileName: "customers.csv", Line: 2,
				Stage: diff.StageReady, Reason: "packages and city differ", Fields: []diff.FieldChange{
					{Column: diff.ColPackages, Before: "webex_calling;webex_voice", After: "webex_calling;webex_suite;webex_voice"},
					{Column: diff.ColCity, Before: "Austin", After: "San Antonio"}, {Column: diff.ColAddressLine2, Before: "Floor 3"},
				},
			},
			{
				ID: "s1", Kind: diff.Subscriber, Action: diff.Remove, Key: sub("zoe@acme.example"), Stage: diff.StageRemove, Reason: "live, and in no row",
				Fields: []diff.FieldChange{{Column: diff.ColPackage, Before: "webex_voice"}}, Remark: "the vendor keeps the person in the organization",
			},
			{
				ID: "s2", Kind: diff.Subscriber, Action: diff.Update, Key: sub("bob@acme.example"), At: diff.Position{File: 1, Line: 3}, FileName: "subs.csv", Line: 3,
				Stage: diff.StageUpdate, Reason: "package differs", Fields: []diff.FieldChange{{Column: diff.ColPackage, Before: "webex_calling", After: "webex_suite"}},
			},
			{
				ID: "s3", Kind: diff.Subscriber, Action: diff.Provision, Key: sub("ann@acme.example"), At: diff.Position{File: 1, Line: 2}, FileName: "subs.csv", Line: 2,
				Stage: diff.StageProvision, Reason: "not live", Fields: []diff.FieldChange{
					{Column: diff.ColCustomerExternalID, After: "ACME"}, {Column: diff.ColEmail, After: "ann@acme.example"}, {Column: diff.ColPackage, After: "webex_suite"},
					{Column: diff.ColFirstName, After: "Ann"}, {Column: diff.ColLastName, After: "Lee"}, {Column: diff.ColPhone, After: "+12405551212"}, {Column: diff.ColExtension, After: "0212"},
				},
			},
			{
				ID: "c2", Kind: diff.Customer, Action: diff.Update, Key: diff.Key{Customer: "ACME"}, At: diff.Position{File: 0, Line: 2}, FileName: "customers.csv", Line: 2,
				Stage: diff.StageShrink, Reason: "packages differ", DependsOn: []string{"s1"},
				Fields: []diff.FieldChange{{Column: diff.ColPackages, Before: "webex_calling;webex_suite;webex_voice", After: "webex_calling;webex_suite"}},
			},
		},
		Held: []diff.Held{{
			Kind: diff.Subscriber, Key: sub("cyd@acme.example"), At: diff.Position{File: 1, Line: 4}, FileName: "subs.csv", Line: 4, Outcome: diff.Conflict,
			Reason: "two live subscribers have this address", Advice: "delete one of them", LiveIDs: []string{"id-1", "id-2"},
		}},
		Notes:     []diff.Note{{FileName: "subs.csv", Line: 2, Text: "ann@acme.example is new and zoe@acme.example goes: a changed address?"}},
		Unchanged: map[diff.Kind]int{diff.Customer: 1, diff.Subscriber: 2},
		LeftAlone: map[diff.Kind]int{diff.Customer: 3, diff.Subscriber: 1234},
		Effect: diff.Effect{Packages: []diff.Seats{
			{Package: "webex_calling", Before: 1200, After: 1199}, {Package: "webex_suite", Before: 3, After: 5}, {Package: "webex_voice", Before: 1, After: 0},
		}},
		Deletes: diff.Deletes{Subscribers: 1, Packages: 1, Pruned: 1, Population: 1240},
	}
	return p
}

func samplePrices(t *testing.T) *Prices {
	t.Helper()
	p, err := ReadPrices(strings.NewReader("package,currency,valid_from,valid_to,unit_price\nwebex_calling,USD,,,7.25\nwebex_suite,EUR,2026-01-01,,11.4\n"), "prices.csv")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sampleView(t *testing.T) PlanView {
	return PlanView{
		Plan: samplePlan(), Files: sampleDesired(t).Files, Source: "the live state of https://webexapis.com/v1", Rate: 10,
		Prices: samplePrices(t), PriceAt: time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC),
		Hits: []diff.GuardHit{
			{Reason: "2 deletes are more than 5 % of the 24 live objects listed", Lift: "--allow-deletes=2"},
			{Reason: "customer \"ACME\" loses 1 of 4", Lift: "--allow-deletes=2"},
			{Reason: "the listing is not proven complete", Lift: "run again when the organization is not changing"},
		},
		Next: "wholesync apply customers.csv subs.csv --prune",
	}
}

// longPlanView has 30 customers with 4 changes each.
func longPlanView(changes int) PlanView {
	p := &diff.Plan{Unchanged: map[diff.Kind]int{diff.Subscriber: 1_000_000}}
	for i := range changes {
		c := diff.Change{
			ID: "s", Kind: diff.Subscriber, Action: diff.Actions()[i%3], FileName: "big.csv", Line: uint32(i + 2), Reason: "package differs",
			Key:    diff.Key{Customer: "C" + string(rune('A'+i/4%26)) + string(rune('A'+i/104%26)), Email: "u@example.com"},
			Fields: []diff.FieldChange{{Column: diff.ColPackage, Before: "webex_calling", After: "webex_suite"}},
		}
		p.Changes = append(p.Changes, c)
	}
	return PlanView{Plan: p, Rate: 10}
}

func planText(t *testing.T, v PlanView) string {
	t.Helper()
	var b bytes.Buffer
	if err := WritePlan(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// brokenWriter takes nothing, like a full disk.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }
