package diff_test

import (
	"testing"

	"wholesync/diff"
)

// TestKeysAreThoseThatEveryRowNeeds ties the keys of a kind to its column table,
// and Row.Key to both.
func TestKeysAreThoseThatEveryRowNeeds(t *testing.T) {
	for _, k := range diff.Kinds() {
		spec := diff.SpecOf(k)
		if len(spec.Keys) == 0 || len(spec.Keys) > 2 {
			t.Fatalf("%s: keys %v", k, spec.Keys)
		}
		cells := diff.Cells{}
		for _, c := range spec.Keys {
			if rule, _ := spec.Rule(c); rule.Need != diff.Always {
				t.Errorf("%s: %s is a key that a row may lack", k, c)
			}
			cells[c] = c.String()
		}
		table := diff.NewTable(k)
		if err := table.Add(diff.Position{}, cells); err != nil {
			t.Fatal(err)
		}
		key, want := table.Row(0).Key(), spec.Keys[0].String()
		if len(spec.Keys) == 2 {
			want += "/" + spec.OwnKey().String()
		}
		if key.String() != want {
			t.Errorf("%s: key %q, want %q", k, key, want)
		}
	}
}
