package billing

import (
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Invoice is an invoice file as read.
type Invoice struct {
	Name    string
	SHA256  string
	Lines   []Line
	Stated  map[string]*big.Rat // totals of its footer, by currency
	Columns []ColumnUse
}

// invoiceColumn is a column of the canonical invoice.
type invoiceColumn struct {
	name     string
	required bool
	kind     cellKind
}

type cellKind int

const (
	textCell cellKind = iota
	dayCell
	numberCell
)

var invoiceColumns = []invoiceColumn{
	{"invoice_id", true, textCell}, {"invoice_line", false, textCell}, {"document_type", false, textCell},
	{"corrects_invoice_id", false, textCell}, {"period_start", true, dayCell}, {"period_end", true, dayCell},
	{"subscription_id", false, textCell}, {"subpartner_org_id", false, textCell}, {"customer_org_id", false, textCell},
	{"customer_external_id", false, textCell}, {"customer_name", false, textCell}, {"license_id", false, textCell},
	{"user_email", false, textCell}, {"sku", false, textCell}, {"package", false, textCell}, {"description", false, textCell},
	{"charge_type", false, textCell}, {"quantity", true, numberCell}, {"unit", false, textCell}, {"unit_price", false, numberCell},
	{"discount_percent", false, numberCell}, {"discount_amount", false, numberCell}, {"amount", true, numberCell},
	{"tax_amount", false, numberCell}, {"currency", true, textCell},
}

// InvoiceColumns are the columns of the canonical invoice.
func InvoiceColumns() []string {
	names := make([]string, len(invoiceColumns))
	for i, c := range invoiceColumns {
		names[i] = c.name
	}
	return names
}

// invoiceReader reads one invoice.
type invoiceReader struct {
	*table
	mapping  *Mapping // nil = the canonical layout
	signs    signs
	at       map[string]int // field of a column, or of a header that the mapping names
	footer   int            // field that tells footers, -1 = none
	isTotal  []*regexp.Regexp
	controls []control
	invoice  *Invoice
}

// control is a footer that states a total.
type control struct {
	text   string
	amount *big.Rat
}

// ReadInvoice reads an invoice: the canonical CSV, or any other layout that a
// mapping describes. Numbers and dates that can be read in two ways are refused.
// The error is a [*ReadError].
func ReadInvoice(r io.Reader, name string, m *Mapping) (*Invoice, error) {
	t, err := openTable(r, name, m.format())
	if err != nil {
		return nil, err
	}
	in := &invoiceReader{table: t, mapping: m, at: make(map[string]int), footer: -1, invoice: &Invoice{Name: name}}
	if m != nil {
		in.signs = signs{m.Decimal, m.Thousands}
	}
	if err := in.findColumns(); err != nil {
		return nil, err
	}
	for err == nil {
		var row []string
		if row, err = in.next(); err == nil {
			err = in.take(row)
		}
	}
	in.invoice.SHA256, err = in.finish(err)
	if err != nil {
		return nil, err
	}
	if len(in.invoice.Lines) == 0 {
		return nil, in.fail(0, "the invoice has no lines")
	}
	return in.invoice, in.stateTotals()
}

// find gives the field of a header, -1 where there is none.
func (in *invoiceReader) find(header string) int {
	return slices.IndexFunc(in.header, func(h string) bool { return foldName(h) == foldName(header) })
}

func (in *invoiceReader) findColumns() error {
	in.invoice.Columns = make([]ColumnUse, len(in.header))
	for i, h := range in.header {
		in.invoice.Columns[i].Header = h
		if j := in.find(h); j != i && h != "" && in.mapping == nil {
			return in.fail(in.line(), fmt.Sprintf("the column %q stands there twice", h))
		}
	}
	var missing []string
	if in.mapping != nil {
		missing = in.findMapped()
	} else {
		for _, c := range invoiceColumns {
			in.assign(c.name, in.find(c.name))
		}
	}
	for _, c := range invoiceColumns {
		if c.required && !in.gives(c.name) {
			missing = append(missing, c.name)
		}
	}
	if !in.gives("sku") && !in.gives("package") {
		missing = append(missing, "sku or package")
	}
	if len(missing) > 0 {
		return in.fail(in.line(), fmt.Sprintf("no column for %s; the columns are %s; describe another layout in a mapping file", strings.Join(missing, ", "), in.headers()))
	}
	return nil
}

func (in *invoiceReader) assign(name string, field int) {
	if field < 0 {
		return
	}
	in.at[name] = field
	in.invoice.Columns[field].Role = name
}

// gives tells whether the file has something for a column.
func (in *invoiceReader) gives(name string) bool {
	if _, ok := in.at[name]; ok {
		return true
	}
	if in.mapping == nil {
		return false
	}
	c := in.mapping.Columns[name]
	return c.Const != "" || c.Or != nil
}

// findMapped finds the columns that the mapping names, and returns those that
// are not there.
func (in *invoiceReader) findMapped() (missing []string) {
	m := in.mapping
	for _, header := range m.MatchHeaders {
		if in.find(header) < 0 {
			missing = append(missing, fmt.Sprintf("%q of match_headers", header))
		}
	}
	for _, name := range sortedKeys(m.Columns) {
		c := m.Columns[name]
		if c.From != "" && in.find(c.From) < 0 {
			missing = append(missing, fmt.Sprintf("%q (%s)", c.From, name))
		}
		if c.From != "" {
			in.assign(name, in.find(c.From))
		}
		if c.NegateIf != nil && in.find(c.NegateIf.Column) < 0 {
			missing = append(missing, fmt.Sprintf("%q (negate_if of %s)", c.NegateIf.Column, name))
		}
	}
	if m.Footer != nil {
		if in.footer = in.find(m.Footer.Column); in.footer < 0 {
			missing = append(missing, fmt.Sprintf("%q of footer", m.Footer.Column))
		}
		in.isTotal = []*regexp.Regexp{regexp.MustCompile(m.Footer.Pattern), regexp.MustCompile(m.Footer.Total)} // both were compiled before
	}
	return missing
}

// cell gives the text of a column, as the mapping makes it.
func (in *invoiceReader) cell(row []string, name string) string {
	var c Column
	if in.mapping != nil {
		c = in.mapping.Columns[name]
	}
	if c.Const != "" {
		return c.Const
	}
	field, ok := in.at[name]
	if !ok {
		return ""
	}
	s, _ := cleanCell(strings.Clone(row[field]))
	if c.Split != "" {
		parts := strings.Split(s, c.Split)
		if c.Part >= len(parts) {
			return ""
		}
		s = strings.TrimSpace(parts[c.Part])
	}
	if to, ok := c.Map[s]; ok {
		s = to
	}
	return s
}

// number reads a number; nil without a problem means blank.
func (in *invoiceReader) number(row []string, name string) (v *big.Rat, places int, err error) {
	text := in.cell(row, name)
	if text == "" {
		return nil, 0, nil
	}
	if in.mapping != nil {
		if text, err = in.signs.plain(text); err != nil {
			return nil, 0, err
		}
	}
	if v, err = parseAmount(text); err != nil {
		return nil, 0, err
	}
	if in.mapping != nil && in.negates(row, in.mapping.Columns[name].NegateIf) {
		v = new(big.Rat).Neg(abs(v))
	}
	_, fraction, _ := strings.Cut(text, ".")
	return v, len(fraction), nil
}

func (in *invoiceReader) negates(row []string, c *Condition) bool {
	if c == nil {
		return false
	}
	s, _ := cleanCell(row[in.find(c.Column)])
	return s == c.Equals
}

// take adds a row to the invoice, or keeps it as a total.
func (in *invoiceReader) take(row []string) error {
	for i, cell := range row {
		if _, valid := cleanCell(cell); !valid {
			return in.found(i, row, "the cell is not UTF-8 text; name the encoding in a mapping file")
		}
	}
	if in.footer >= 0 && in.isTotal[0].MatchString(strings.TrimSpace(row[in.footer])) {
		return in.takeFooter(row)
	}
	r := &rowReader{in: in, row: row}
	l := r.line()
	if l.Number == "" {
		l.Number = strconv.Itoa(in.line())
	}
	l.File, l.Row = in.name, in.line()
	if r.err == nil {
		in.invoice.Lines = append(in.invoice.Lines, l)
		return nil
	}
	field, ok := in.at[r.column]
	if !ok {
		field = -1
	}
	return in.found(field, row, fmt.Sprintf("%s: %s", r.column, r.err))
}

// takeFooter keeps the total that a footer states.
func (in *invoiceReader) takeFooter(row []string) error {
	amount, _, err := in.number(row, "amount")
	if err != nil {
		return in.found(in.at["amount"], row, err.Error())
	}
	if amount != nil {
		in.controls = append(in.controls, control{strings.Clone(strings.TrimSpace(row[in.footer])), amount})
	}
	return nil
}

// stateTotals settles which footer states the total. A file of several
// currencies cannot say which one a footer is in.
func (in *invoiceReader) stateTotals() error {
	if len(in.controls) == 0 {
		return nil
	}
	iso := in.invoice.Lines[0].Currency
	if slices.ContainsFunc(in.invoice.Lines, func(l Line) bool { return l.Currency != iso }) {
		return in.fail(0, "the file has a footer and charges in more than one currency; split it by currency")
	}
	at := 0
	if in.mapping.Footer.Total != "" {
		if at = slices.IndexFunc(in.controls, func(c control) bool { return in.isTotal[1].MatchString(c.text) }); at < 0 {
			return in.fail(0, fmt.Sprintf("no footer matches %q, which states the total", in.mapping.Footer.Total))
		}
	}
	in.invoice.Stated = map[string]*big.Rat{iso: in.controls[at].amount}
	return nil
}
