// Package billing compares a provider's invoice with the usage that Webex
// metered, and says of every difference what caused it and what it is worth.
//
// Money is exact: amounts are rationals until the one rounding that the
// [Policy] names, and the differences of all findings add up to what was billed
// minus what was expected, to the last digit. [Reconcile] is pure: the same input
// gives the same findings, whatever the order of its rows.
//
// The readers take the usage reports of the billing APIs, wholesale and BroadWorks
// ([ReadUsage]), invoices as CSV ([ReadInvoice]) and price lists
// ([ReadPrices]). The writers make what people open.
package billing

import (
	"math/big"
	"time"
)

// Party names a customer in the ways that invoices and reports do. Any of the
// fields may be blank.
type Party struct {
	OrgID      string // UUID in lower case; see [NormalID]
	ExternalID string // the provider's own id of the customer
	Name       string // for people; never a key by itself
}

// Key is the text that stands for the customer in findings and decides ties.
func (p Party) Key() string {
	switch {
	case p.ExternalID != "":
		return p.ExternalID
	case p.OrgID != "":
		return p.OrgID
	}
	return p.Name
}

// Charge says what a line of an invoice is for.
type Charge string

// The kinds of charges. Usage and recurring charges are compared with the
// metered usage, the others by their own rules.
const (
	ChargeUsage     Charge = "usage"
	ChargeRecurring Charge = "recurring"
	ChargeOneTime   Charge = "one_time"
	ChargeCredit    Charge = "credit"
	ChargeTax       Charge = "tax"
	ChargeRounding  Charge = "rounding"
	ChargeDiscount  Charge = "discount"
	ChargeMinimum   Charge = "minimum"
)

// Unit says what the quantity of a line counts.
type Unit string

// The units of a quantity.
const (
	UnitMonth  Unit = "unit_month" // one seat for one month
	UnitDay    Unit = "user_day"   // one seat for one day
	UnitEach   Unit = "each"
	UnitMinute Unit = "minute"
)

// Document says what kind of paper a line stands on.
type Document string

// The kinds of documents.
const (
	DocumentInvoice Document = "invoice"
	DocumentCredit  Document = "credit_memo"
	DocumentDebit   Document = "debit_memo"
)

// Line is one charge of an invoice.
type Line struct {
	InvoiceID    string
	Number       string // of the line on the invoice
	Document     Document
	Corrects     string // the invoice that a memo corrects
	Period       Period
	Subscription string
	SubPartner   string // organization UUID
	License      string
	Customer     Party  // zero on an invoice for the provider as a whole
	User         string // e-mail address, lower case
	SKU          string
	Package      string // Webex package name; blank = told by the SKU
	Description  string
	Charge       Charge
	Unit         Unit
	Quantity     *big.Rat
	Places       int      // decimal places that the quantity was printed with
	UnitPrice    *big.Rat // nil = not on the invoice
	Discount     *big.Rat // amount taken off the line; nil = none
	Amount       *big.Rat // before tax
	Tax          *big.Rat // shown, never compared; nil = none
	Currency     string   // ISO 4217
	File         string   // that the line was read from
	Row          int      // of the file, from 1
}

// Level is the detail of a usage report.
type Level string

// The levels of usage reports. Point-in-time reports count seats at one moment
// and hold no user-days.
const (
	LevelPartner     Level = "PARTNER"
	LevelCustomer    Level = "CUSTOMER"
	LevelUser        Level = "USER"
	LevelPointInTime Level = "POINT_IN_TIME"
)

// Report is one usage report.
type Report struct {
	Name       string    // of the file, for messages
	Level      Level     // told by the columns
	Period     Period    // zero = the report does not say
	Created    time.Time // zero = not known
	SubPartner string    // UUID of the sub-partner that the report was made for
	SHA256     string    // of the file, hex
	Rows       []UsageRow
	Columns    []ColumnUse // which header was taken for what

	places []*Place // of the rows, in no order; nil = to be looked for
}

// ColumnUse says what the reader took a column of a file for.
type ColumnUse struct {
	Header string `json:"header"`
	Role   string `json:"role"` // blank = not used
}

// Place is what a row of usage was metered for. Rows share their places.
type Place struct {
	Customer     Party
	SubPartner   string
	Subscription string
	SKU          string
	Package      string
	License      string
}

// UsageRow is a metered quantity.
type UsageRow struct {
	Place *Place
	User  string // e-mail address or id, lower case; blank above user level
	Count Count  // user-days, or seats in a point-in-time report
	Day   Day    // the day of consumption; 0 = Count is for the whole period
	Line  int32  // of the file, from 1; 0 = not known
}

// Seat is something that is wanted or provisioned: the third side of the
// comparison.
type Seat struct {
	Customer   Party
	SubPartner string
	User       string // e-mail address, lower case
	Package    string
	Created    time.Time // zero = not known
	Removed    time.Time // zero = still there
}
