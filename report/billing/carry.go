package billing

import (
	"fmt"
	"math/big"
	"slices"
)

// Carried is what a comparison did to a ledger.
type Carried struct {
	Ledger *Ledger // afterwards
	Opened []Entry // found by this comparison
	Closed []Entry // settled in full by a line of these invoices
	Open   []Entry // of other months and not settled, or in part alone
}

// owed is the money of findings that are open: what is to be credited, and what
// was used and is yet to be billed. Both are 0 or more.
type owed struct {
	Currency       string
	Credit, Charge *big.Rat
}

// owed adds up what is open after the comparison, by currency.
func (c *Carried) owed() []owed {
	by := make(map[string]*owed)
	for _, e := range slices.Concat(c.Opened, c.Open) {
		o := by[e.Currency]
		if o == nil {
			o = &owed{e.Currency, new(big.Rat), new(big.Rat)}
			by[e.Currency] = o
		}
		if rest := e.Rest(); rest.Sign() > 0 {
			o.Credit.Add(o.Credit, rest)
		} else {
			o.Charge.Sub(o.Charge, rest)
		}
	}
	var all []owed
	for _, iso := range sortedKeys(by) {
		all = append(all, *by[iso])
	}
	return all
}

// String says in words what is open.
func (o owed) String() string {
	return fmt.Sprintf("%s %s to be credited, %s %s to be billed", Money(o.Credit, o.Currency), o.Currency, Money(o.Charge, o.Currency), o.Currency)
}

// openLedger takes back what an earlier comparison of the same invoices wrote
// into the ledger, so that comparing a month again is like comparing it once.
func (r *run) openLedger() {
	r.ledger = &Ledger{}
	r.foundBefore = make(map[string]Entry)
	if r.in.Ledger == nil {
		return
	}
	for _, l := range r.lines {
		r.invoices = append(r.invoices, l.InvoiceID)
	}
	slices.Sort(r.invoices)
	r.invoices = slices.Compact(r.invoices)
	for _, e := range r.in.Ledger.Entries {
		e.Settled = slices.DeleteFunc(slices.Clone(e.Settled), func(s Settlement) bool { return r.compares(s.InvoiceID) })
		if e.Found == r.period && slices.ContainsFunc(e.Invoices, r.compares) {
			r.foundBefore[e.ID] = e
			continue
		}
		r.ledger.Entries = append(r.ledger.Entries, e)
	}
	slices.SortStableFunc(r.ledger.Entries, compareEntries)
}

// compares tells whether an invoice is among those that are compared.
func (r *run) compares(invoice string) bool {
	_, found := slices.BinarySearch(r.invoices, invoice)
	return found
}

// claimable tells whether a finding is carried on: money that is to be claimed
// back, or a charge that is still to come.
func (f *Finding) claimable() bool {
	return f.Difference != nil && f.Difference.Sign() != 0 && (f.Severity == Error || f.Severity == Warning) &&
		f.Code != CreditMatched && f.Code != CreditUnmatched
}

// closeLedger enters the findings of this comparison.
func (r *run) closeLedger() {
	if r.in.Ledger == nil {
		return
	}
	done := &Carried{Ledger: r.ledger}
	for _, e := range r.ledger.Entries {
		switch {
		case e.Rest().Sign() != 0:
			done.Open = append(done.Open, e)
		case slices.ContainsFunc(e.Settled, func(s Settlement) bool { return r.compares(s.InvoiceID) }):
			done.Closed = append(done.Closed, e)
		}
	}
	nth := make(map[string]int)
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		if !f.claimable() {
			continue
		}
		e := Entry{Found: r.period, Invoices: r.invoices, Code: f.Code, InvoiceID: f.InvoiceID, InvoiceLine: f.InvoiceLine, Period: f.Period,
			Customer: f.Customer, Package: f.Package, SKU: f.SKU, Currency: f.Currency, Amount: f.Difference, Evidence: f.Evidence, Settled: f.Settled}
		first := entryID(&e, 0)
		e.ID = entryID(&e, nth[first])
		nth[first]++
		e.inherit(r.foundBefore)
		done.Opened = append(done.Opened, e)
	}
	r.keepSettled(done)
	slices.SortStableFunc(done.Opened, compareEntries)
	done.Ledger.Entries = append(done.Ledger.Entries, done.Opened...)
	slices.SortStableFunc(done.Ledger.Entries, compareEntries)
	r.result.Carried = done
}

// inherit takes over what later months settled, as far as it still fits.
func (e *Entry) inherit(before map[string]Entry) {
	old, ok := before[e.ID]
	delete(before, e.ID)
	if !ok {
		return
	}
	for _, s := range old.Settled {
		if rest := e.Rest(); s.Amount.Sign() == rest.Sign() && abs(s.Amount).Cmp(abs(rest)) <= 0 {
			e.Settled = append(e.Settled, s)
		}
	}
}

// keepSettled keeps what is not found any more though a later month settled it:
// the credit must not come to nothing.
func (r *run) keepSettled(done *Carried) {
	for _, id := range sortedKeys(r.foundBefore) {
		e := r.foundBefore[id]
		if len(e.Settled) == 0 {
			continue
		}
		settled := sub(e.Amount, e.Rest())
		r.result.Notes = append(r.result.Notes, fmt.Sprintf("%s of %s on invoice %s is not found any more, and %s of it was settled",
			e.Code, Money(e.Amount, e.Currency), e.InvoiceID, Money(settled, e.Currency)))
		e.Amount = settled
		done.Ledger.Entries = append(done.Ledger.Entries, e)
	}
}

// claim is something that a line of this invoice may settle: an entry of the
// ledger, or a finding of this comparison.
type claim struct {
	entry   *Entry
	finding *Finding // where entry is nil

	code                             Code
	invoice, customer, pkg, currency string
	period                           Period
	rest                             *big.Rat
}

// String names the claim in the words of a finding.
func (c *claim) String() string {
	switch {
	case c.entry == nil:
		return fmt.Sprintf("%s of %s on line %s", c.code, Money(c.rest, c.currency), c.finding.InvoiceLine)
	case c.invoice == "":
		return fmt.Sprintf("%s of %s in %s", c.code, Money(c.rest, c.currency), c.entry.Found)
	}
	return fmt.Sprintf("%s of %s on invoice %s", c.code, Money(c.rest, c.currency), c.invoice)
}

// openClaims are the claims of the ledger, the oldest first, and those of this
// comparison.
func (r *run) openClaims() []*claim {
	var all []*claim
	for i := range r.ledger.Entries {
		e := &r.ledger.Entries[i]
		if rest := e.Rest(); rest.Sign() != 0 {
			all = append(all, &claim{e, nil, e.Code, e.InvoiceID, e.Customer, e.Package, e.Currency, e.Period, rest})
		}
	}
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		if f.claimable() && f.Difference.Sign() > 0 {
			all = append(all, &claim{nil, f, f.Code, f.InvoiceID, f.Customer, f.Package, f.Currency, f.Period, f.Difference})
		}
	}
	return all
}
