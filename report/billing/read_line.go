package billing

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"golang.org/x/text/currency"
)

// rowReader collects the first problem of a row.
type rowReader struct {
	in     *invoiceReader
	row    []string
	places int // of the number last read
	column string
	err    error
}

func (r *rowReader) fail(column string, err error) {
	if r.err == nil && err != nil {
		r.column, r.err = column, err
	}
}

func (r *rowReader) text(name string) string { return r.in.cell(r.row, name) }

func (r *rowReader) number(name string) *big.Rat {
	v, places, err := r.in.number(r.row, name)
	r.places = places
	r.fail(name, err)
	return v
}

func (r *rowReader) day(name string) Day {
	var layouts []string
	shift := 0
	if m := r.in.mapping; m != nil {
		layouts, shift = m.DateFormats, m.Columns[name].AddDays
	}
	d, err := parseDate(r.text(name), layouts)
	r.fail(name, err)
	return d + Day(shift)
}

// word reads one of a few words; blank is the first.
func (r *rowReader) word(name string, words ...string) string {
	s := strings.ToLower(r.text(name))
	if s == "" {
		return words[0]
	}
	if !slices.Contains(words, s) {
		r.fail(name, fmt.Errorf("not one of %s", strings.Join(words, ", ")))
	}
	return s
}

// line reads a charge.
func (r *rowReader) line() Line {
	l := Line{
		InvoiceID: r.text("invoice_id"), Number: r.text("invoice_line"), Corrects: r.text("corrects_invoice_id"),
		Document:     Document(r.word("document_type", string(DocumentInvoice), string(DocumentCredit), string(DocumentDebit))),
		Period:       Period{r.day("period_start"), r.day("period_end")},
		Subscription: r.text("subscription_id"), SubPartner: NormalID(r.text("subpartner_org_id")), License: NormalID(r.text("license_id")),
		Customer: Party{NormalID(r.text("customer_org_id")), r.text("customer_external_id"), r.text("customer_name")},
		User:     strings.ToLower(r.text("user_email")), SKU: r.text("sku"), Package: r.text("package"), Description: r.text("description"),
		Charge: Charge(r.word("charge_type", string(ChargeUsage), string(ChargeRecurring), string(ChargeOneTime), string(ChargeCredit),
			string(ChargeTax), string(ChargeRounding), string(ChargeDiscount), string(ChargeMinimum))),
		Unit:     Unit(r.word("unit", string(UnitMonth), string(UnitDay), string(UnitEach), string(UnitMinute))),
		Currency: r.text("currency"),
	}
	l.Quantity = r.number("quantity")
	l.Places = r.places
	l.Amount, l.Tax, l.UnitPrice = r.number("amount"), r.number("tax_amount"), r.number("unit_price")
	l.Discount = r.discount(&l)
	r.derive(&l)
	r.check(&l)
	return l
}

// discount gives what is taken off a line, given as an amount or a percentage.
func (r *rowReader) discount(l *Line) *big.Rat {
	amount, percent := r.number("discount_amount"), r.number("discount_percent")
	if amount != nil || percent == nil || l.Quantity == nil || l.UnitPrice == nil {
		return amount
	}
	return mul(mul(l.Quantity, l.UnitPrice), div(percent, fromInt(100)))
}

// derive computes the unit price where the mapping says how.
func (r *rowReader) derive(l *Line) {
	if r.in.mapping == nil || l.UnitPrice != nil || r.in.mapping.Columns["unit_price"].Or == nil {
		return
	}
	columns := r.in.mapping.Columns["unit_price"].Or.Divide
	dividend, divisor := r.number(columns[0]), r.number(columns[1])
	if dividend != nil && divisor != nil && divisor.Sign() != 0 {
		l.UnitPrice = div(dividend, divisor)
	}
}

// check looks for what a line must not lack.
func (r *rowReader) check(l *Line) {
	for _, required := range []struct {
		name  string
		blank bool
	}{{"invoice_id", l.InvoiceID == ""}, {"quantity", l.Quantity == nil}, {"amount", l.Amount == nil}} {
		if required.blank {
			r.fail(required.name, fmt.Errorf("the cell is blank"))
		}
	}
	if l.SKU == "" && l.Package == "" {
		r.fail("sku", fmt.Errorf("the line names neither SKU nor package"))
	}
	if unit, err := currency.ParseISO(l.Currency); err != nil || unit.String() != l.Currency {
		r.fail("currency", fmt.Errorf("not a currency of ISO 4217; write it like USD"))
	}
	if l.Period.Days() < 1 {
		r.fail("period_end", fmt.Errorf("the period ends before it begins"))
	}
}
