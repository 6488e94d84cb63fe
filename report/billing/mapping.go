package billing

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mapping says how an invoice of another layout is read, and what the provider's
// names stand for. It is a YAML file.
type Mapping struct {
	Layout       string            `yaml:"layout"`        // a name, for people
	MatchHeaders []string          `yaml:"match_headers"` // columns that the file must have
	Encoding     string            `yaml:"encoding"`      // utf-8, utf-16le or windows-1252; a byte order mark wins
	Delimiter    string            `yaml:"delimiter"`     // one character; default ","
	Decimal      string            `yaml:"decimal"`       // "." or ","
	Thousands    string            `yaml:"thousands"`     // blank = none
	DateFormats  []string          `yaml:"date_formats"`  // layouts of Go's package time; default 2006-01-02
	SkipRows     int               `yaml:"skip_rows"`     // lines above the header
	Footer       *Footer           `yaml:"footer"`
	Columns      map[string]Column `yaml:"columns"` // column of the canonical invoice -> where it is from

	SKUMap       map[string]string `yaml:"sku_map"`       // SKU -> package
	IgnoreSKUs   []string          `yaml:"ignore_skus"`   // taken as billed, and reported with their sum
	CustomerMap  map[string]string `yaml:"customer_map"`  // name on the invoice -> external or organization id
	Proration    map[string]string `yaml:"proration"`     // SKU or package -> policy, as [ParsePolicy] reads it
	Prices       string            `yaml:"prices"`        // price list, beside the mapping file
	Internal     []string          `yaml:"internal"`      // customers that are the provider's own organizations
	UsageColumns map[string]string `yaml:"usage_columns"` // header of a usage report -> role
}

// Footer describes rows that are totals and no charges. The amount of the first
// one, or of the one that Total matches, must be what the charges add up to.
type Footer struct {
	Column  string `yaml:"column"`
	Pattern string `yaml:"pattern"` // regular expression
	Total   string `yaml:"total"`   // regular expression; blank = the first row
}

// Column says what a column of the canonical invoice is made from. A plain string
// in the file is short for From.
type Column struct {
	From     string     `yaml:"from"`      // header
	Const    string     `yaml:"const"`     // the same for all rows
	Split    string     `yaml:"split"`     // where the cell is cut; Part is the piece, from 0
	Part     int        `yaml:"part"`      //
	Map      WordMap    `yaml:"map"`       // cell -> value, for words such as charge types
	AddDays  int        `yaml:"add_days"`  // -1 makes an excluded end an included one
	NegateIf *Condition `yaml:"negate_if"` // makes a number negative
	Or       *Fallback  `yaml:"or"`        // where the cell is blank
}

// WordMap replaces whole cells.
type WordMap map[string]string

// Condition is true where a column has a value.
type Condition struct {
	Column string `yaml:"column"`
	Equals string `yaml:"equals"`
}

// Fallback computes a number from two columns of the canonical invoice.
type Fallback struct {
	Divide []string `yaml:"divide"` // the first by the second
}

// UnmarshalYAML reads a header's name or the whole description of a column.
func (c *Column) UnmarshalYAML(read func(any) error) error {
	if err := read(&c.From); err == nil {
		return nil
	}
	c.From = ""
	type plain Column
	return read((*plain)(c))
}

// ReadMapping reads a mapping file. Name is the file's name in errors.
func ReadMapping(r io.Reader, name string) (*Mapping, error) {
	m := &Mapping{}
	if err := readYAML(r, m); err != nil {
		return nil, fmt.Errorf("reading the mapping: %s: %w", name, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("reading the mapping: %s: %w", name, err)
	}
	return m, nil
}

func (m *Mapping) check() error {
	if utf8.RuneCountInString(m.Delimiter) > 1 {
		return fmt.Errorf("delimiter %q is more than one character", m.Delimiter)
	}
	if !slices.Contains([]string{"", ".", ","}, m.Decimal) {
		return fmt.Errorf("decimal %q is neither a point nor a comma", m.Decimal)
	}
	if m.Decimal != "" && m.Decimal == m.Thousands {
		return fmt.Errorf("decimal and thousands are both %q", m.Decimal)
	}
	if m.SkipRows < 0 || m.SkipRows > 1000 {
		return fmt.Errorf("skip_rows %d is not from 0 to 1000", m.SkipRows)
	}
	for _, name := range sortedKeys(m.Columns) {
		if err := m.checkColumn(name, m.Columns[name]); err != nil {
			return err
		}
	}
	if m.Footer != nil {
		for _, pattern := range []string{m.Footer.Pattern, m.Footer.Total} {
			if _, err := regexp.Compile(pattern); err != nil {
				return fmt.Errorf("footer: %w", err)
			}
		}
		if m.Footer.Column == "" || m.Footer.Pattern == "" {
			return fmt.Errorf("footer needs a column and a pattern")
		}
	}
	for _, pkg := range sortedKeys(m.Proration) {
		if _, err := ParsePolicy(m.Proration[pkg]); err != nil {
			return fmt.Errorf("proration of %s: %w", pkg, err)
		}
	}
	return nil
}

func (m *Mapping) checkColumn(name string, c Column) error {
	if !slices.ContainsFunc(invoiceColumns, func(k invoiceColumn) bool { return k.name == name }) {
		return fmt.Errorf("columns: %q is no column of an invoice; those are %s", name, strings.Join(InvoiceColumns(), ", "))
	}
	if (c.From == "") == (c.Const == "") && c.Or == nil {
		return fmt.Errorf("columns: %s needs either from or const", name)
	}
	if c.Part < 0 || c.Split == "" && c.Part != 0 {
		return fmt.Errorf("columns: %s has a part without split", name)
	}
	if c.Or != nil && (len(c.Or.Divide) != 2 || m.Columns[c.Or.Divide[0]].From == "" || m.Columns[c.Or.Divide[1]].From == "") {
		return fmt.Errorf("columns: %s: divide takes two columns of this file, such as [amount, quantity]", name)
	}
	return nil
}

// Apply adds what the mapping says about names to the options of a comparison.
// Two mappings must not say different things about one name.
func (m *Mapping) Apply(opt *Options) error {
	var err error
	if opt.SKUMap, err = joined("sku_map", opt.SKUMap, m.SKUMap); err != nil {
		return err
	}
	if opt.CustomerMap, err = joined("customer_map", opt.CustomerMap, m.CustomerMap); err != nil {
		return err
	}
	opt.IgnoreSKUs = append(opt.IgnoreSKUs, m.IgnoreSKUs...)
	opt.Internal = append(opt.Internal, m.Internal...)
	for _, name := range sortedKeys(m.Proration) {
		if err := opt.Prorate(name, m.Proration[name]); err != nil {
			return err
		}
	}
	return nil
}

// joined adds the names of one mapping to those of others.
func joined(what string, all, more map[string]string) (map[string]string, error) {
	if all == nil {
		all = make(map[string]string)
	}
	for _, name := range sortedKeys(more) {
		if known, ok := all[name]; ok && known != more[name] {
			return nil, fmt.Errorf("%s: another mapping has %q for %q, this one has %q", what, known, name, more[name])
		}
		all[name] = more[name]
	}
	return all, nil
}

// Fits tells whether a file has all match_headers, read as the mapping says. A
// mapping without any fits nothing by itself.
func (m *Mapping) Fits(r io.Reader) bool {
	t, err := openTable(r, "", m.format())
	if err != nil || len(m.MatchHeaders) == 0 {
		return false
	}
	in := &invoiceReader{table: t}
	return !slices.ContainsFunc(m.MatchHeaders, func(h string) bool { return in.find(h) < 0 })
}

// Prorate gives an SKU or a package a proration of its own, as [ParsePolicy]
// reads it.
func (o *Options) Prorate(name, policy string) error {
	p, err := ParsePolicy(policy)
	if err != nil {
		return err
	}
	if o.Prorations == nil {
		o.Prorations = make(map[string]Policy)
	}
	o.Prorations[PackageName(name)] = p
	return nil
}

func (m *Mapping) format() format {
	if m == nil {
		return format{mapped: true}
	}
	f := format{mapped: true, encoding: m.Encoding, skipRows: m.SkipRows, loose: m.Footer != nil}
	f.delimiter, _ = utf8.DecodeRuneInString(m.Delimiter)
	if m.Delimiter == "" {
		f.delimiter = 0
	}
	return f
}
