package billing

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// Ledger carries findings from month to month until they are settled.
type Ledger struct {
	Entries []Entry // oldest first
}

// Entry is a finding with money in it, and what has settled it since.
type Entry struct {
	ID       string   // made from what the finding is about, so that it is the same in every run
	Found    Period   // that was compared when it was found
	Invoices []string // that were compared

	Code        Code
	InvoiceID   string // blank = on no invoice, such as usage that was not billed
	InvoiceLine string
	Period      Period // of the charge
	Customer    string // as in [Finding]
	Package     string
	SKU         string
	Currency    string
	Amount      *big.Rat // the difference: above zero to be claimed back, below zero still to be billed
	Evidence    string
	Settled     []Settlement
}

// Settlement is the line of an invoice that settled a finding, or part of it.
type Settlement struct {
	In          Period // that was compared
	InvoiceID   string
	InvoiceLine string
	Amount      *big.Rat // of the same sign as the entry's
}

// Rest is what is still open.
func (e *Entry) Rest() *big.Rat {
	rest := new(big.Rat).Set(e.Amount)
	for _, s := range e.Settled {
		rest.Sub(rest, s.Amount)
	}
	return rest
}

// Age is the number of months from the one that found the entry to another.
func (e *Entry) Age(now Period) int {
	y0, m0, _ := e.Found.First.Time().Date()
	y1, m1, _ := now.First.Time().Date()
	return (y1-y0)*12 + int(m1-m0)
}

// entryID names what a finding is about. The code is no part of it: another run
// may see another cause in the same charge.
func entryID(e *Entry, nth int) string {
	parts := []string{e.Found.String(), e.InvoiceID, e.InvoiceLine, e.Period.String(), e.Customer, e.Package, e.SKU, e.Currency, fmt.Sprint(nth)}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:6])
}

func compareEntries(a, b Entry) int {
	return cmp.Or(
		cmp.Compare(a.Found.First, b.Found.First),
		cmp.Compare(a.Found.Last, b.Found.Last),
		cmp.Compare(a.InvoiceID, b.InvoiceID),
		compareNumbers(a.InvoiceLine, b.InvoiceLine),
		cmp.Compare(a.Customer, b.Customer),
		cmp.Compare(a.Package, b.Package),
		cmp.Compare(a.ID, b.ID),
	)
}

// ledgerVersion is the form of the file. A reader refuses any other.
const ledgerVersion = 1

// ledgerFile is a ledger as written. Amounts are texts, because a JSON number is
// not exact.
type ledgerFile struct {
	Version  int         `json:"version"`
	Findings []entryView `json:"findings"`
}

type entryView struct {
	ID          string           `json:"id"`
	Found       periodView       `json:"found"`
	Invoices    []string         `json:"invoices"`
	Code        Code             `json:"code"`
	InvoiceID   string           `json:"invoice_id,omitempty"`
	InvoiceLine string           `json:"invoice_line,omitempty"`
	Period      periodView       `json:"period"`
	Customer    string           `json:"customer,omitempty"`
	Package     string           `json:"package,omitempty"`
	SKU         string           `json:"sku,omitempty"`
	Currency    string           `json:"currency"`
	Amount      string           `json:"amount"`
	Evidence    string           `json:"evidence,omitempty"`
	Settled     []settlementView `json:"settled,omitempty"`
}

type settlementView struct {
	In          periodView `json:"in"`
	InvoiceID   string     `json:"invoice_id"`
	InvoiceLine string     `json:"invoice_line"`
	Amount      string     `json:"amount"`
}

type periodView struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

func (p Period) view() periodView { return periodView{p.First.String(), p.Last.String()} }

// period reads a period that must be one.
func (v periodView) period() (Period, error) {
	first, err := ParseDay(v.First)
	if err != nil {
		return Period{}, err
	}
	last, err := ParseDay(v.Last)
	if err != nil {
		return Period{}, err
	}
	if last < first {
		return Period{}, fmt.Errorf("the period %s..%s ends before it begins", v.First, v.Last)
	}
	return Period{first, last}, nil
}

// WriteLedger writes a ledger as JSON. The same ledger gives the same bytes.
func WriteLedger(w io.Writer, l *Ledger) error {
	file := ledgerFile{Version: ledgerVersion, Findings: []entryView{}}
	for i := range l.Entries {
		file.Findings = append(file.Findings, l.Entries[i].view())
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(file)
}

func (e *Entry) view() entryView {
	v := entryView{ID: e.ID, Found: e.Found.view(), Invoices: e.Invoices, Code: e.Code, InvoiceID: e.InvoiceID, InvoiceLine: e.InvoiceLine, Period: e.Period.view(),
		Customer: e.Customer, Package: e.Package, SKU: e.SKU, Currency: e.Currency, Amount: Money(e.Amount, e.Currency), Evidence: e.Evidence}
	for _, s := range e.Settled {
		v.Settled = append(v.Settled, settlementView{s.In.view(), s.InvoiceID, s.InvoiceLine, Money(s.Amount, e.Currency)})
	}
	return v
}

// ReadLedger reads what [WriteLedger] wrote, and refuses everything else: money
// that is owed must not get lost in a damaged file.
func ReadLedger(r io.Reader, name string) (*Ledger, error) {
	const most = 256 << 20
	text, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %s: %w", name, err)
	}
	l, err := parseLedger(text)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger: %s is damaged: %w; take the file of before the last run", name, err)
	}
	return l, nil
}

func parseLedger(text []byte) (*Ledger, error) {
	var file ledgerFile
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind its end")
	}
	if file.Version != ledgerVersion {
		return nil, fmt.Errorf("its version is %d, and this program knows %d", file.Version, ledgerVersion)
	}
	l := &Ledger{}
	seen := make(map[string]bool)
	for i, v := range file.Findings {
		e, err := v.entry()
		if err == nil && seen[e.ID] {
			err = errors.New("its id stands there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("finding %d (%s): %w", i+1, v.ID, err)
		}
		seen[e.ID] = true
		l.Entries = append(l.Entries, e)
	}
	slices.SortStableFunc(l.Entries, compareEntries)
	return l, nil
}

// entry reads and checks one finding.
func (v *entryView) entry() (Entry, error) {
	e := Entry{ID: v.ID, Invoices: v.Invoices, Code: v.Code, InvoiceID: v.InvoiceID, InvoiceLine: v.InvoiceLine,
		Customer: v.Customer, Package: v.Package, SKU: v.SKU, Currency: v.Currency, Evidence: v.Evidence}
	if v.ID == "" || v.Code == "" || len(v.Invoices) == 0 || len(v.Currency) != 3 {
		return e, errors.New("an id, a code, invoices or a currency is missing")
	}
	var err error
	if e.Found, err = v.Found.period(); err != nil {
		return e, err
	}
	if e.Period, err = v.Period.period(); err != nil {
		return e, err
	}
	if e.Amount, err = parseAmount(v.Amount); err != nil {
		return e, err
	}
	if e.Amount.Sign() == 0 {
		return e, errors.New("it has no money in it")
	}
	for _, s := range v.Settled {
		part := Settlement{InvoiceID: s.InvoiceID, InvoiceLine: s.InvoiceLine}
		if part.In, err = s.In.period(); err != nil {
			return e, err
		}
		if part.Amount, err = parseAmount(s.Amount); err != nil {
			return e, err
		}
		if part.Amount.Sign() != e.Amount.Sign() {
			return e, fmt.Errorf("%s does not settle %s", s.Amount, v.Amount)
		}
		e.Settled = append(e.Settled, part)
	}
	if rest := e.Rest(); rest.Sign()*e.Amount.Sign() < 0 {
		return e, errors.New("more was settled than was open")
	}
	return e, nil
}
