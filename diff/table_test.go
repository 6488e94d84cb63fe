package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustAdd(t reporter, table *Table, cells Cells) {
	t.Helper()
	if err := table.Add(Position{}, cells); err != nil {
		t.Fatalf("%v", err)
	}
}

func TestTableKeepsWhatItWasGiven(t *testing.T) {
	const rows = 100_000
	table := NewTable(Subscriber)
	for i := range rows {
		if err := table.Add(Position{File: uint16(i % 3), Line: uint32(i + 2)}, Cells{ColEmail: fmt.Sprintf("p%d@x.example", i), ColPackage: Meetings, ColErrors: strings.Repeat("e", i%50)}); err != nil {
			t.Fatal(err)
		}
	}
	if table.Len() != rows || len(table.chunks) < 3 {
		t.Fatalf("%d rows in %d chunks", table.Len(), len(table.chunks))
	}
	for i := range rows {
		r := table.Row(i)
		if r.Get(ColEmail) != fmt.Sprintf("p%d@x.example", i) || r.Get(ColPackage) != Meetings || len(r.Get(ColErrors)) != i%50 ||
			r.Get(ColFirstName) != "" || r.Position() != (Position{uint16(i % 3), uint32(i + 2)}) || r.Index() != i {
			t.Fatalf("row %d: %q %q %v", i, r.Get(ColEmail), r.Get(ColErrors), r.Position())
		}
	}
}

// TestRowsAtTheEdgeOfAChunk fills a chunk to the last byte and goes on.
func TestRowsAtTheEdgeOfAChunk(t *testing.T) {
	for _, left := range []int{0, 1, 2} {
		table := NewTable(Customer)
		for room := chunkSize - left; room > 0; {
			n := min(room, MaxRow)
			mustAdd(t, table, Cells{ColName: strings.Repeat("x", n)})
			room -= n
		}
		mustAdd(t, table, Cells{})
		if v := table.Row(table.Len() - 1).Get(ColName); v != "" {
			t.Errorf("%d bytes left: an empty row holds %q", left, v)
		}
		mustAdd(t, table, Cells{ColName: "ab", ColCity: "c"})
		mustAdd(t, table, Cells{})
		last := table.Len() - 1
		if empty, r := table.Row(last-2), table.Row(last-1); empty.Get(ColName) != "" || r.Get(ColName) != "ab" || r.Get(ColCity) != "c" || table.Row(last).Get(ColCity) != "" {
			t.Errorf("%d bytes left: %q, %q, %q", left, empty.Get(ColName), r.Get(ColName), r.Get(ColCity))
		}
	}
}

func TestTableRefuses(t *testing.T) {
	table := NewTable(Customer)
	if err := table.Add(Position{}, Cells{ColName: strings.Repeat("x", MaxRow)}); err != nil {
		t.Errorf("a row of the greatest length: %v", err)
	}
	for name, err := range map[string]error{
		"too long":       table.Add(Position{}, Cells{ColName: strings.Repeat("x", MaxRow), ColCity: "y"}),
		"another's cell": table.Add(Position{}, Cells{ColEmail: "p@x.example"}),
		"too few cells":  table.AddRow(Position{}, []string{"x"}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if table.Len() != 1 {
		t.Errorf("%d rows", table.Len())
	}
}

func TestFilter(t *testing.T) {
	e := newEstate()
	e.add(t, nil, []string{"customer a city=A", "customer b city=B", "customer c city=C"})
	got := e.want.Of(Customer).Filter(func(r Row) bool { return r.Get(ColCity) != "B" })
	if got.Len() != 2 || got.Row(1).Get(ColCity) != "C" || got.Row(1).Position().Line != 4 {
		t.Errorf("%d rows, the second: %q at %v", got.Len(), got.Row(1).Get(ColCity), got.Row(1).Position())
	}
}

func TestIndexFindsAnySpelling(t *testing.T) {
	table := NewTable(Subscriber)
	for _, email := range []string{"anna@x.example", "ANNA@x.example", "bert@x.example", "", "Stra\u00dfe@x.example", "mu\u0308ller@x.example", strings.Repeat("L", 200) + "@x.example", "\u212aelvin@x.example"} {
		mustAdd(t, table, Cells{ColEmail: email})
	}
	for key, want := range map[string][]int{
		"Anna@X.example":                          {0, 1},
		"bert@x.example":                          {2},
		"":                                        nil,
		"nobody":                                  nil,
		"STRA\u00dfE@x.example":                   {4},
		"M\u00dcLLER@x.example":                   {5},
		strings.Repeat("l", 200) + "@x.example":   {6},
		"kelvin@x.example":                        {7},
		"strasse@x.example":                       nil,
		strings.Repeat("l", 1000) + "@x.example":  nil,
		"anna@x.example\x00":                      nil,
		strings.Repeat("\u00e9", 200) + "@x.test": nil,
	} {
		var got []int
		for r := range table.IndexBy(ColEmail).All(key) {
			got = append(got, r.Index())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", key, diff)
		}
		first, ok := table.IndexBy(ColEmail).First(key)
		if ok != (want != nil) || ok && first.Index() != want[0] {
			t.Errorf("First(%q) = %d, %v", key, first.Index(), ok)
		}
	}
	if first, second := table.IndexBy(ColPackage), table.IndexBy(ColPackage); first != second {
		t.Error("the index is made twice")
	}
	mustAdd(t, table, Cells{ColEmail: "new@x.example"})
	if _, ok := table.IndexBy(ColEmail).First("new@x.example"); !ok {
		t.Error("a row that came after the index is not found")
	}
	if _, ok := table.IndexBy(ColExternalID).First("x"); ok {
		t.Error("a column that the kind does not have finds something")
	}
}

func TestIndexCaseMattersOutsideEmail(t *testing.T) {
	table := NewTable(Customer)
	mustAdd(t, table, Cells{ColExternalID: "ACME"})
	if _, ok := table.IndexBy(ColExternalID).First("acme"); ok {
		t.Error("external ids are compared without regard to case")
	}
}

// TestIndexAgreesWithFold: whatever the spelling, the index finds what folding
// makes equal, and nothing else.
func TestIndexAgreesWithFold(t *testing.T) {
	letters := rapid.StringOf(rapid.SampledFrom([]rune("aAkK\u212a\u00e4\u00c4a\u0308sS\u017f\u0130i\u01f0jJ\u030c@.")))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(letters, 1, 8).Draw(t, "values")
		table := NewTable(Subscriber)
		for _, v := range values {
			mustAdd(t, table, Cells{ColEmail: v})
		}
		key := rapid.OneOf(letters, rapid.SampledFrom(values)).Draw(t, "key")
		found := map[int]bool{}
		for r := range table.IndexBy(ColEmail).All(key) {
			found[r.Index()] = true
		}
		for i, v := range values {
			if same := v != "" && FoldEmail(v) == FoldEmail(key); same != found[i] {
				t.Fatalf("%q and %q: the same %v, found %v", v, key, same, found[i])
			}
		}
		if once := FoldEmail(key); FoldEmail(once) != once {
			t.Fatalf("folding %q twice gives %q, then %q", key, once, FoldEmail(once))
		}
	})
}

// TestFingerprint pins the value: it is saved in plans and compared later.
func TestFingerprint(t *testing.T) {
	customer := Cells{ColExternalID: "acme", ColPackages: "webex_calling", ColCity: "Berlin"}
	subscriber := Cells{ColCustomerExternalID: "acme", ColEmail: "Anna@x.example", ColPackage: "webex_calling"}
	print := func(k Kind, cells Cells, more Cells) string {
		return Fingerprint(k, func(c Column) string {
			if v, ok := more[c]; ok {
				return v
			}
			return cells[c]
		})
	}
	for _, tt := range []struct {
		name  string
		kind  Kind
		cells Cells
		more  Cells
		same  bool
	}{
		{"status passes", Customer, customer, Cells{ColStatus: "updating", ColErrors: "x"}, true},
		{"the organization comes with provisioning", Customer, customer, Cells{ColOrgID: "ORG1"}, true},
		{"packages count", Customer, customer, Cells{ColPackages: "webex_calling;webex_voice"}, false},
		{"the address counts", Customer, customer, Cells{ColZip: "1"}, false},
		{"a value in the next column is another", Customer, customer, Cells{ColCity: "", ColState: "Berlin"}, false},
		{"the external id counts", Customer, customer, Cells{ColExternalID: "other"}, false},
		{"a subscriber's customer may be renamed", Subscriber, subscriber, Cells{ColCustomerExternalID: "other"}, true},
		{"the case of an address means nothing", Subscriber, subscriber, Cells{ColEmail: "aNNA@x.example"}, true},
		{"the package counts", Subscriber, subscriber, Cells{ColPackage: "webex_voice"}, false},
	} {
		if same := print(tt.kind, tt.cells, nil) == print(tt.kind, tt.cells, tt.more); same != tt.same {
			t.Errorf("%s: the same %v, want %v", tt.name, same, tt.same)
		}
	}
	if got := print(Customer, customer, nil) + " " + print(Subscriber, subscriber, nil); got != "23f73f95279a23ea d17ec6f889425119" {
		t.Errorf("fingerprints have changed, so saved plans would conflict: %s", got)
	}
}

// TestAppendAcrossBlocks joins tables of which neither fills its last block.
func TestAppendAcrossBlocks(t *testing.T) {
	joined, more := NewTable(Subscriber), NewTable(Subscriber)
	const rows = blockRows + 3
	for i := range rows {
		for _, table := range []*Table{joined, more} {
			cells := Cells{ColEmail: fmt.Sprintf("p%d@x.example", i), ColPackage: Meetings}
			if err := table.Add(Position{Line: uint32(i)}, cells); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := joined.Append(more); err != nil || joined.Len() != 2*rows {
		t.Fatalf("%d rows, %v", joined.Len(), err)
	}
	for i := range joined.Len() {
		r := joined.Row(i)
		if r.Get(ColEmail) != fmt.Sprintf("p%d@x.example", i%rows) || r.Get(ColPackage) != Meetings || int(r.Position().Line) != i%rows {
			t.Fatalf("row %d: %q at %v", i, r.Get(ColEmail), r.Position())
		}
	}
}

// Tables of inputs have no room for the tool's own columns, and say so.
func TestInputTable(t *testing.T) {
	for _, k := range Kinds() {
		rules, seen := SpecOf(k).Rules, false
		for _, r := range rules {
			if seen && r.Column.Input() {
				t.Errorf("%s: %s stands after a column of the tool's own", k, r.Column)
			}
			seen = seen || !r.Column.Input()
		}
		table := NewInputTable(k)
		own := SpecOf(k).OwnKey()
		if err := table.Add(Position{Line: 2}, Cells{own: "x"}); err != nil {
			t.Fatal(err)
		}
		if r := table.Row(0); r.Get(own) != "x" || r.Get(ColID) != "" || table.Filter(func(Row) bool { return true }).Row(0).Get(own) != "x" {
			t.Errorf("%s: the row is %q, %q", k, r.Get(own), r.Get(ColID))
		}
		if err := table.Add(Position{Line: 3}, Cells{ColID: "id"}); err == nil {
			t.Errorf("%s: an id in an input vanishes", k)
		}
		live := NewTable(k)
		if err := live.Add(Position{}, Cells{ColID: "id"}); err != nil {
			t.Fatal(err)
		}
		if err := table.Append(live); err == nil {
			t.Errorf("%s: live objects were appended to an input", k)
		}
	}
}

// TestPositionsOfSomeRows: rows without a position take no room for one, and those
// behind them keep theirs, wherever in a block the first of them is.
func TestPositionsOfSomeRows(t *testing.T) {
	for _, first := range []int{0, 1, 100, blockRows, blockRows + 7, 2 * blockRows} {
		at := func(i int) (p Position) {
			if i >= first {
				p.Line = uint32(i + 1)
			}
			return p
		}
		a, b := NewTable(Subscriber), NewTable(Subscriber)
		for i := range 3 * blockRows {
			if err := b.Add(at(i), Cells{ColEmail: "p@x.example"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Add(Position{}, Cells{ColEmail: "o@x.example"}); err != nil {
			t.Fatal(err)
		}
		if err := a.Append(b); err != nil {
			t.Fatal(err)
		}
		for i := range b.Len() {
			if b.Row(i).Position() != at(i) || a.Row(i+1).Position() != at(i) {
				t.Fatalf("from %d on: row %d is at %v, and at %v where it was appended", first, i, b.Row(i).Position(), a.Row(i+1).Position())
			}
		}
	}
}
