package billing

import (
	"bytes"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// genMonth draws a month with everything in it that a comparison looks at: several
// currencies, credits, charges that come late, an inventory, limits, waivers and
// what earlier months left open.
func genMonth(t *rapid.T) Input {
	in := genInput(t)
	for i := range in.Reports {
		for j := range in.Reports[i].Rows {
			row := &in.Reports[i].Rows[j]
			row.Place.SKU = rapid.SampledFrom([]string{"", "A-1", "A-2"}).Draw(t, "sku of usage")
			if in.Reports[i].Level == LevelUser && rapid.Bool().Draw(t, "daily") {
				row.Day = april.First + Day(rapid.IntRange(0, 31).Draw(t, "day"))
			}
		}
	}
	for i := range in.Lines {
		l := &in.Lines[i]
		l.SKU = rapid.SampledFrom([]string{"", "A-1", "A-2"}).Draw(t, "sku")
		l.Currency = rapid.SampledFrom([]string{"USD", "USD", "USD", "EUR"}).Draw(t, "currency")
		l.InvoiceID = rapid.SampledFrom([]string{"INV-2", "INV-3"}).Draw(t, "invoice")
		if l.Customer.OrgID != "" && rapid.Bool().Draw(t, "renamed") {
			l.Customer.Name = "Another"
		}
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			l.Document, l.Amount, l.Corrects = DocumentCredit, new(big.Rat).Neg(abs(l.Amount)), rapid.SampledFrom([]string{"", "INV-1", "INV-2"}).Draw(t, "corrects")
		case 1:
			l.Period = Period{april.First - 31, april.First - 1}
		}
	}
	in.Lines = append(in.Lines, on("INV-2", line("99", acme, "webex_suite", "30", "12.40"))) // or no line may be for April
	when := func(what string) time.Time {
		if rapid.Bool().Draw(t, "no "+what) {
			return time.Time{}
		}
		return time.Date(2026, 3, 31, rapid.IntRange(0, 800).Draw(t, what), 0, 0, 0, time.UTC)
	}
	for n := range rapid.IntRange(0, 5).Draw(t, "seats") {
		in.Inventory = append(in.Inventory, Seat{Customer: rapid.SampledFrom([]Party{acme, bolt, {ExternalID: "C-9"}}).Draw(t, "of"), User: fmt.Sprintf("%d@x.test", n),
			Package: rapid.SampledFrom([]string{"webex_calling", "webex_suite"}).Draw(t, "has"), Created: when("created"), Removed: when("removed")})
	}
	for _, who := range []Party{acme, bolt} {
		in.Limits = append(in.Limits, Limit{who, "webex_calling", rapid.IntRange(0, 2).Draw(t, "limit")})
	}
	in.Ledger = &Ledger{}
	for n := range rapid.IntRange(0, 4).Draw(t, "open") {
		e := Entry{ID: fmt.Sprint(n), Found: Period{april.First - 31, april.First - 1}, Invoices: []string{"INV-1"}, Code: QuantityDiffers, InvoiceID: "INV-1", InvoiceLine: fmt.Sprint(n),
			Period: Period{april.First - 31, april.First - 1}, Customer: rapid.SampledFrom([]string{"C-1001", "C-1002", ""}).Draw(t, "owed by"), Currency: "USD",
			Amount: big.NewRat(rapid.Int64Range(1, 300).Draw(t, "owed"), 100)}
		if rapid.IntRange(0, 3).Draw(t, "not billed") == 0 {
			e.Amount.Neg(e.Amount)
		}
		in.Ledger.Entries = append(in.Ledger.Entries, e)
	}
	in.Waivers = []Waiver{{Code: QuantityDiffers, Customer: "C-1001", Reason: "agreed", Expires: april.Last}, {Customer: "C-1002", Reason: "over", Expires: april.First}}
	in.Options.Prorations = map[string]Policy{"A-2": {Rule: Ceil, Level: RoundLine, Mode: HalfUp}}
	in.Options.Accrue = true
	var err error
	if in.Resale, err = ReadResale(strings.NewReader(resaleFile), "r.csv"); err != nil {
		t.Fatal(err)
	}
	in.Options.Auto = rapid.Bool().Draw(t, "auto")
	if rapid.Bool().Draw(t, "threshold") {
		in.Options.Threshold = rat("1.00")
	}
	return in
}

// outputs are the bytes of everything that is written about a result.
func outputs(t interface{ Fatal(...any) }, r *Result) map[string]string {
	all := make(map[string]string)
	var b bytes.Buffer
	for name, err := range map[string]func() error{
		"text":   func() error { return WriteText(&b, r) },
		"csv":    func() error { return WriteFindings(&b, r.Shown(true)) },
		"short":  func() error { return WriteFindings(&b, r.Shown(false)) },
		"json":   func() error { return WriteJSON(&b, r) },
		"html":   func() error { return WriteHTML(&b, r) },
		"ledger": func() error { return WriteLedger(&b, r.Carried.Ledger) },
	} {
		b.Reset()
		if err := err(); err != nil {
			t.Fatal(err)
		}
		all[name] = b.String()
	}
	return all
}

func TestOrderOfRowsChangesNoByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genMonth(t)
		want := outputs(t, reconciled(t, in))
		other := in
		other.Lines = rapid.Permutation(in.Lines).Draw(t, "lines")
		other.Inventory = rapid.Permutation(in.Inventory).Draw(t, "inventory")
		other.Limits = rapid.Permutation(in.Limits).Draw(t, "limits")
		other.Ledger = &Ledger{rapid.Permutation(in.Ledger.Entries).Draw(t, "ledger")}
		other.Reports = nil
		for _, i := range rapid.Permutation([]int{0, 1}).Draw(t, "reports") {
			report := in.Reports[i]
			report.Rows = rapid.Permutation(report.Rows).Draw(t, "rows")
			other.Reports = append(other.Reports, report)
		}
		if diff := cmp.Diff(want, outputs(t, reconciled(t, other))); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSecondRunIsTheFirst compares the same month with the ledger that it left.
func TestSecondRunIsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := genMonth(t)
		first := reconciled(t, in)
		checkSums(t, first)
		checkLedger(t, in, first)
		in.Ledger = first.Carried.Ledger
		if diff := cmp.Diff(outputs(t, first), outputs(t, reconciled(t, in))); diff != "" {
			t.Error(diff)
		}
	})
}

// checkLedger wants no money to get lost: what an entry lost of its rest, a line
// of the invoice settled, and none settles more than it has.
func checkLedger(t *rapid.T, in Input, r *Result) {
	t.Helper()
	settled := make(map[string]*big.Rat)
	for i := range r.Carried.Ledger.Entries {
		e := &r.Carried.Ledger.Entries[i]
		if e.Rest().Sign()*e.Amount.Sign() < 0 {
			t.Errorf("entry %s is settled by more than it has", e.ID)
		}
		for _, s := range e.Settled {
			key := s.InvoiceID + " " + s.InvoiceLine
			settled[key] = add(orZero(settled[key]), abs(s.Amount))
		}
	}
	for _, l := range in.Lines {
		if sum := settled[l.InvoiceID+" "+l.Number]; sum != nil && sum.Cmp(abs(l.Amount)) > 0 {
			t.Errorf("line %s of %s settles %s", l.Number, Exact(l.Amount), Exact(sum))
		}
	}
	if n := len(r.Carried.Ledger.Entries) - len(in.Ledger.Entries); n != len(r.Carried.Opened) {
		t.Errorf("%d entries more, %d opened", n, len(r.Carried.Opened))
	}
}
