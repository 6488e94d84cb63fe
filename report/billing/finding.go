package billing

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// Code says what a finding is. Scripts depend on the words.
type Code string

// The codes of findings.
const (
	Match              Code = "MATCH"
	Rounding           Code = "ROUNDING"            // within what rounding may explain
	QuantityDiffers    Code = "QUANTITY"            // more or fewer seats than metered
	RateDiffers        Code = "RATE"                // another price than the list's
	AmountDiffers      Code = "AMOUNT"              // neither quantity nor price explains it
	PolicyDiffers      Code = "POLICY"              // another way of computing explains all differences
	MissingInReport    Code = "MISSING_IN_REPORT"   // billed, nothing metered
	MissingOnInvoice   Code = "MISSING_ON_INVOICE"  // metered, not billed
	DuplicateLine      Code = "DUPLICATE_LINE"      // the same charge again
	CreditMatched      Code = "CREDIT_MATCHED"      // settles a finding
	CreditUnmatched    Code = "CREDIT_UNMATCHED"    // settles nothing that is known
	PriorPeriod        Code = "PRIOR_PERIOD"        // for days before the invoice's period
	CurrencyMismatch   Code = "CURRENCY_MISMATCH"   // no price in this currency, and no rate
	PeriodMismatch     Code = "PERIOD_MISMATCH"     // the report is for other days
	UnknownSKU         Code = "UNKNOWN_SKU"         // no package, or no price
	AmbiguousKey       Code = "AMBIGUOUS_KEY"       // two customers answer to the name
	LineArithmetic     Code = "LINE_ARITHMETIC"     // quantity times price is not the amount
	InvoiceTotal       Code = "INVOICE_TOTAL"       // the lines do not add up to the total stated
	ReportInconsistent Code = "REPORT_INCONSISTENT" // reports contradict each other, or arithmetic
	BoundaryDay        Code = "BOUNDARY_DAY"        // a seat that came or went at the edge of the period
	OverlapDay         Code = "OVERLAP_DAY"         // a user metered in two packages on one day
	NameChanged        Code = "NAME_CHANGED"        // same customer, another name
	SubPartnerScope    Code = "SUBPARTNER_SCOPE"    // the report of a sub-partner is missing
	Excluded           Code = "EXCLUDED"            // taken as billed, on request
	BilledNotWanted    Code = "BILLED_NOT_WANTED"   // billed and metered, not in the inventory
	BilledNotMetered   Code = "BILLED_NOT_METERED"  // billed and in the inventory, not metered
	BilledUnknown      Code = "BILLED_UNKNOWN"      // billed alone
	MeteredNotBilled   Code = "METERED_NOT_BILLED"  // metered and in the inventory, not billed
	MeteredNotWanted   Code = "METERED_NOT_WANTED"  // metered alone
	WantedNotLive      Code = "WANTED_NOT_LIVE"     // in the inventory alone
	OverLimit          Code = "OVER_LIMIT"          // more seats than the customer may have
)

// knownCodes are all codes of findings.
var knownCodes = func() map[Code]bool {
	all := make(map[Code]bool)
	for _, c := range []Code{
		Match, Rounding, QuantityDiffers, RateDiffers, AmountDiffers, PolicyDiffers, MissingInReport, MissingOnInvoice, DuplicateLine, CreditMatched, CreditUnmatched,
		PriorPeriod, CurrencyMismatch, PeriodMismatch, UnknownSKU, AmbiguousKey, LineArithmetic, InvoiceTotal, ReportInconsistent, BoundaryDay, OverlapDay,
		NameChanged, SubPartnerScope, Excluded, BilledNotWanted, BilledNotMetered, BilledUnknown, MeteredNotBilled, MeteredNotWanted, WantedNotLive, OverLimit,
	} {
		all[c] = true
	}
	return all
}()

// Severity says how much a finding matters.
type Severity string

// The severities. Findings of the severities waived and info need nobody.
const (
	Error   Severity = "error"   // money at stake
	Warning Severity = "warning" // somebody should look
	Waived  Severity = "waived"  // somebody has looked, and said why it may be so
	Info    Severity = "info"
)

// Finding is one result of the comparison. Amounts that do not apply are nil.
// Difference is nil where a finding carries no money; the others add up to the
// billed total less the expected total of their currency.
type Finding struct {
	Code         Code
	Severity     Severity
	InvoiceID    string
	InvoiceLine  string // the numbers of the lines, joined by "+"
	Period       Period
	Subscription string
	Customer     string // key of the customer; blank = the provider as a whole
	User         string // of a charge for one user
	Package      string
	SKU          string
	Currency     string

	BilledQuantity, ExpectedQuantity   *big.Rat // in seats for a month
	BilledUnitPrice, ExpectedUnitPrice *big.Rat // per seat and month
	BilledAmount, ExpectedAmount       *big.Rat
	Exact                              *big.Rat // the expected amount before rounding
	QuantityEffect                     *big.Rat // more seats, at the expected price
	RateEffect                         *big.Rat // another price, on the billed seats
	RoundingEffect                     *big.Rat // the rest
	Difference                         *big.Rat // billed less expected; the sum of the three effects

	Working  *Working // of the expected amount; nil = none was computed
	Evidence string
	Advice   string

	Settled []Settlement // by credits of the same comparison
}

// split fills the difference and its three effects, which add up exactly:
// billed - expected = (q - q')·p' + (p - p')·q + rest.
func (f *Finding) split() {
	f.Difference = sub(f.BilledAmount, f.ExpectedAmount)
	if f.BilledQuantity == nil || f.ExpectedQuantity == nil || f.ExpectedUnitPrice == nil {
		return
	}
	price := f.BilledUnitPrice
	if price == nil {
		price = f.ExpectedUnitPrice
	}
	f.QuantityEffect = mul(sub(f.BilledQuantity, f.ExpectedQuantity), f.ExpectedUnitPrice)
	f.RateEffect = mul(sub(price, f.ExpectedUnitPrice), f.BilledQuantity)
	f.RoundingEffect = sub(f.Difference, add(f.QuantityEffect, f.RateEffect))
}

// moneyOnly makes the finding say that an amount was billed of which none, or
// the given amount, was expected.
func (f *Finding) moneyOnly(billed, expected *big.Rat) {
	f.BilledAmount, f.ExpectedAmount = billed, expected
	f.Difference = sub(billed, expected)
}

// severities of the codes that do not follow the money.
var severities = map[Code]Severity{
	Match: Info, Rounding: Info, Excluded: Info, CreditMatched: Info, NameChanged: Info,
	LineArithmetic: Warning, ReportInconsistent: Warning, PriorPeriod: Warning, BoundaryDay: Warning,
	BilledNotWanted: Warning, MeteredNotBilled: Warning, MeteredNotWanted: Warning, WantedNotLive: Warning,
	MissingOnInvoice: Warning, PeriodMismatch: Warning, PolicyDiffers: Warning,
	OverLimit: Warning,
}

func severityOf(c Code) Severity { return cmp.Or(severities[c], Error) }

var severityRank = map[Severity]int{Error: 0, Warning: 1, Waived: 2, Info: 3}

// rank puts matches behind everything else.
func (f *Finding) rank() int {
	if f.Code == Match {
		return len(severityRank)
	}
	return severityRank[f.Severity]
}

// compareFindings puts what matters most first. Apart from equal findings no
// order is left open.
func compareFindings(a, b *Finding) int {
	return cmp.Or(
		cmp.Compare(a.rank(), b.rank()),
		abs(orZero(b.Difference)).Cmp(abs(orZero(a.Difference))),
		cmp.Compare(a.Customer, b.Customer),
		cmp.Compare(a.Package, b.Package),
		cmp.Compare(a.InvoiceID, b.InvoiceID),
		compareNumbers(a.InvoiceLine, b.InvoiceLine),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Currency, b.Currency),
		cmp.Compare(a.SKU, b.SKU),
		cmp.Compare(a.Evidence, b.Evidence),
	)
}

func orZero(v *big.Rat) *big.Rat {
	if v == nil {
		return new(big.Rat)
	}
	return v
}

// compareNumbers orders line numbers as people do: 9 before 10.
func compareNumbers(a, b string) int {
	x, y := strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if digits(x) && digits(y) && len(x) != len(y) {
		return cmp.Compare(len(x), len(y))
	}
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
}

// Total is the money of one currency.
type Total struct {
	Currency                     string
	Billed, Expected, Difference *big.Rat
	Excluded                     *big.Rat // part of billed and expected, taken on trust
	NotCompared                  *big.Rat // billed, and in none of the other figures
}

// totals adds up the findings of each currency.
func totals(findings []Finding) []Total {
	by := make(map[string]*Total)
	for i := range findings {
		f := &findings[i]
		if f.BilledAmount == nil {
			continue
		}
		t := by[f.Currency]
		if t == nil {
			t = &Total{f.Currency, new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)}
			by[f.Currency] = t
		}
		switch {
		case f.Difference == nil:
			t.NotCompared.Add(t.NotCompared, f.BilledAmount)
			continue
		case f.Code == Excluded:
			t.Excluded.Add(t.Excluded, f.BilledAmount)
		}
		t.Billed.Add(t.Billed, f.BilledAmount)
		t.Expected.Add(t.Expected, f.ExpectedAmount)
		t.Difference.Add(t.Difference, f.Difference)
	}
	var all []Total
	for _, t := range by {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Total) int { return cmp.Compare(a.Currency, b.Currency) })
	return all
}
