package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wholeFileInput builds an input of one file whose rows stand on lines 2, 3, ...
func wholeFileInput(t *testing.T, rows []Cells) *Desired {
	t.Helper()
	d := NewDesired()
	d.Files = []File{{Name: "in.csv", Columns: map[Column]int{ColExternalID: 1, ColOrgID: 2, ColCustomerExternalID: 3, ColEmail: 4, ColPackage: 5, ColPhone: 6, ColExtension: 7, ColLocationName: 8}}}
	for i, cells := range rows {
		kind := Subscriber
		if cells[ColExternalID] != "" {
			kind = Customer
		}
		if err := d.Of(kind).Add(Position{Line: uint32(i + 2)}, cells); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestCheckWholeFile(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []Cells
		want []string
	}{
		{"nothing wrong", []Cells{
			{ColExternalID: "acme", ColPackages: "webex_calling;webex_suite", ColOrgID: "o1"},
			{ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColPackage: "webex_suite", ColExtension: "1001", ColLocationID: "l1"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColPackage: "webex_calling", ColExtension: "1001", ColLocationID: "l2"},
			{ColCustomerExternalID: "live", ColEmail: "c@x.example", ColPackage: "webex_voice", ColExtension: "1001"},
		}, nil},
		{"extensions of locations by name", []Cells{
			{ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColExtension: "1001", ColLocationName: "Berlin"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColExtension: "1001", ColLocationName: "Bern"},
			{ColCustomerExternalID: "acme", ColEmail: "c@x.example", ColExtension: "1001", ColLocationName: "BERLIN"},
		}, []string{`in.csv:4:7 column "extension" value "1001": "acme/a@x.example" in in.csv:2 has the same extension at the same location; an extension has one owner`}},
		{"organization twice", []Cells{
			{ColExternalID: "acme", ColOrgID: "o1"}, {ColExternalID: "other", ColOrgID: "o1"},
		}, []string{`in.csv:3:2 column "org_id" value "o1": the organization belongs to customer "acme" in in.csv:2 already; an organization is one customer`}},
		{"a number that moves", []Cells{
			{ColEnsure: EnsureAbsent, ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColPhone: "+12405551212", ColExtension: "1"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColPhone: "+12405551212", ColExtension: "1"},
		}, nil},
		{"a number that moves to two", []Cells{
			{ColEnsure: EnsureAbsent, ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColPhone: "+12405551212"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColPhone: "+12405551212"},
			{ColCustomerExternalID: "acme", ColEmail: "c@x.example", ColPhone: "+12405551212"},
		}, []string{`in.csv:4:6 column "primary_phone_number" value "+12405551212": "acme/b@x.example" in in.csv:3 has the same number; a number has one owner`}},
		{"absent under two customers", []Cells{
			{ColEnsure: EnsureAbsent, ColCustomerExternalID: "acme", ColEmail: "a@x.example"},
			{ColEnsure: EnsureAbsent, ColCustomerExternalID: "other", ColEmail: "A@x.example"},
		}, []string{`in.csv:3:4 column "email" value "A@x.example": the same person is under customer "acme" in in.csv:2; a person is under one customer; for a move mark the row of the old customer ensure=absent`}},
		{"a move to two customers", []Cells{
			{ColEnsure: EnsureAbsent, ColCustomerExternalID: "acme", ColEmail: "a@x.example"},
			{ColCustomerExternalID: "b", ColEmail: "a@x.example"},
			{ColCustomerExternalID: "c", ColEmail: "a@x.example"},
		}, []string{`in.csv:4:4 column "email" value "a@x.example": the same person is under customer "b" in in.csv:3; a person is under one customer; for a move mark the row of the old customer ensure=absent`}},
		{"a customer that goes and a subscriber that stays", []Cells{
			{ColExternalID: "acme", ColEnsure: EnsureAbsent},
			{ColCustomerExternalID: "acme", ColEmail: "a@x.example"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColEnsure: EnsureAbsent},
		}, []string{`in.csv:3:3 column "customer_external_id" value "acme": the customer is ensure=absent in in.csv:2 and this subscriber is not; mark the subscriber ensure=absent too`}},
		{"a package that the customer does not name", []Cells{
			{ColExternalID: "acme", ColPackages: "webex_calling_standard"},
			{ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColPackage: "webex_calling"},
			{ColCustomerExternalID: "acme", ColEmail: "b@x.example", ColPackage: "webex_calling", ColEnsure: EnsureAbsent},
		}, []string{`in.csv:3:5 column "package" value "webex_calling": the customer will not have this package: in.csv:2 says "webex_calling_standard"; add it to the customer's packages`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range CheckWholeFile(wholeFileInput(t, c.rows)) {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A hundred thousand rows that are all the same must not take a hundred thousand
// times as long as one.
func TestCheckWholeFileOfOneRowManyTimes(t *testing.T) {
	const n = 100_000
	d := NewDesired()
	d.Files = []File{{Name: "in.csv"}}
	row := make([]string, len(SpecOf(Subscriber).Rules))
	for c, v := range map[Column]string{ColCustomerExternalID: "acme", ColEmail: "a@x.example", ColPhone: "+12405551212", ColExtension: "1"} {
		slot, _ := SpecOf(Subscriber).Slot(c)
		row[slot] = v
	}
	for i := range n {
		if err := d.Of(Subscriber).AddRow(Position{Line: uint32(i + 2)}, row); err != nil {
			t.Fatal(err)
		}
	}
	problems := CheckWholeFile(d)
	if len(problems) != n-1 {
		t.Errorf("%d problems", len(problems))
	}
	for _, p := range problems {
		if p.Other != (Position{Line: 2}) {
			t.Fatalf("%s collides with %v", p, p.Other)
		}
	}
}

func TestTableAppend(t *testing.T) {
	a, b := NewTable(Customer), NewTable(Customer)
	for i, id := range []string{"a", "b", "c", "d"} {
		table := a
		if i > 1 {
			table = b
		}
		if err := table.Add(Position{Line: uint32(i)}, Cells{ColExternalID: id, ColCity: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Append(b); err != nil {
		t.Fatal(err)
	}
	if err := a.Add(Position{Line: 4}, Cells{ColExternalID: "e"}); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		r := a.Row(i)
		if r.Get(ColExternalID) != id || r.Position().Line != uint32(i) {
			t.Errorf("row %d is %q of line %d", i, r.Get(ColExternalID), r.Position().Line)
		}
		if found, ok := a.IndexBy(ColExternalID).First(id); !ok || found.Index() != i {
			t.Errorf("%q is found at %v", id, found)
		}
	}
}
