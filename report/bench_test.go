package report

import (
	"fmt"
	"io"
	"testing"

	"wholesync/diff"
)

// millionRows is an input of n subscribers, a tenth of whom change.
func millionRows(b *testing.B, n int) (*diff.Desired, *diff.Plan) {
	b.Helper()
	d := diff.NewDesired()
	d.Files = []diff.File{{Name: "subscribers.csv"}}
	p := &diff.Plan{Unchanged: map[diff.Kind]int{}}
	row := make([]string, len(diff.SpecOf(diff.Subscriber).Rules))
	customer, _ := diff.SpecOf(diff.Subscriber).Slot(diff.ColCustomerExternalID)
	email, _ := diff.SpecOf(diff.Subscriber).Slot(diff.ColEmail)
	for i := range n {
		row[customer], row[email] = fmt.Sprintf("C%05d", i/100), fmt.Sprintf("user%07d@example.com", i)
		at := diff.Position{Line: uint32(i + 2)}
		if err := d.Of(diff.Subscriber).AddRow(at, row); err != nil {
			b.Fatal(err)
		}
		if i%10 == 0 {
			p.Changes = append(p.Changes, diff.Change{
				ID: fmt.Sprint(i), Kind: diff.Subscriber, Action: diff.Provision, Key: d.Of(diff.Subscriber).Row(i).Key(), At: at,
				FileName: "subscribers.csv", Line: at.Line, Reason: "not live", Fields: []diff.FieldChange{{Column: diff.ColPackage, After: "webex_suite"}},
			})
		}
	}
	return d, p
}

func BenchmarkRows(b *testing.B) {
	d, p := millionRows(b, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		Rows(d, p, nil)
	}
}

func BenchmarkWriteResults(b *testing.B) {
	d, p := millionRows(b, 100_000)
	rows := Rows(d, p, nil)
	b.ReportAllocs()
	for b.Loop() {
		if err := WriteResults(io.Discard, rows); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWritePlan(b *testing.B) {
	_, p := millionRows(b, 100_000)
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full=%v", full), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := WritePlan(io.Discard, PlanView{Plan: p, Full: full, Rate: 10}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
