package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Prices says what a seat of a package costs per month, and when.
type Prices struct {
	spans map[string][]priceSpan // package -> its prices, by first day
}

// priceSpan is one line of a price file: a price and the days on which it counts.
type priceSpan struct {
	from, to time.Time // whole days, both included; the zero time is open
	unit     decimal.Decimal
	currency string
	line     int
}

var priceColumns = []string{"package", "currency", "valid_from", "valid_to", "unit_price"}

// plainDecimal leaves no room for exponents, which a few bytes of could blow up
// to gigabytes of digits.
var plainDecimal = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,10})?$`)

// ReadPrices reads a price file: CSV with the columns package, currency (ISO
// 4217), valid_from and valid_to (YYYY-MM-DD, both days included, blank = open)
// and unit_price (per seat and month), in any order. At any day a package has at
// most one price. Name is the file's name in errors, which give file and line.
func ReadPrices(r io.Reader, name string) (*Prices, error) {
	in := csv.NewReader(r)
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading prices: %s is empty; its first line must be %s", name, strings.Join(priceColumns, ","))
	}
	if err != nil {
		return nil, fmt.Errorf("reading prices: %s: %w", name, err)
	}
	place, err := pricePlaces(header)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %s:1: %w", name, err)
	}
	p := &Prices{spans: map[string][]priceSpan{}}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading prices: %s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		cells := make([]string, len(place))
		for i, from := range place {
			cells[i] = strings.TrimSpace(record[from])
		}
		if err := p.add(line, cells); err != nil {
			return nil, fmt.Errorf("reading prices: %s:%d: %w", name, line, err)
		}
	}
}

// pricePlaces finds the price columns in a header, in the order of priceColumns.
func pricePlaces(header []string) ([]int, error) {
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	places := make([]int, len(priceColumns))
	for i, want := range priceColumns {
		places[i] = slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), want) })
		if places[i] < 0 {
			return nil, fmt.Errorf("no column %q; the columns are %s", want, strings.Join(priceColumns, ","))
		}
	}
	if len(header) != len(priceColumns) {
		return nil, fmt.Errorf("%d columns; the columns are %s", len(header), strings.Join(priceColumns, ","))
	}
	return places, nil
}

// add takes one line, its cells in the order of priceColumns.
func (p *Prices) add(line int, cells []string) error {
	pkg := cells[0]
	if pkg == "" {
		return errors.New("the package is blank")
	}
	unit, err := currency.ParseISO(cells[1])
	if err != nil || unit.String() != cells[1] {
		return fmt.Errorf("currency %q is not a code of ISO 4217; write it like USD", cells[1])
	}
	s := priceSpan{currency: cells[1], line: line}
	if s.from, err = parseDay("valid_from", cells[2]); err != nil {
		return err
	}
	if s.to, err = parseDay("valid_to", cells[3]); err != nil {
		return err
	}
	if !s.to.IsZero() && s.to.Before(s.from) {
		return fmt.Errorf("valid_to %s is before valid_from %s", cells[3], cells[2])
	}
	if !plainDecimal.MatchString(cells[4]) {
		return fmt.Errorf("unit_price %q is not an amount; write it like 7.25", cells[4])
	}
	if s.unit, err = decimal.NewFromString(cells[4]); err != nil {
		return fmt.Errorf("unit_price: %w", err)
	}
	for _, o := range p.spans[pkg] {
		if s.overlaps(o) {
			return fmt.Errorf("package %q has another price for some of these days, in line %d", pkg, o.line)
		}
	}
	p.spans[pkg] = append(p.spans[pkg], s)
	return nil
}

func parseDay(column, cell string) (time.Time, error) {
	if cell == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, cell)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q is not a day; write it like 2026-01-31", column, cell)
	}
	return day, nil
}

func (s priceSpan) overlaps(o priceSpan) bool {
	return (s.to.IsZero() || !o.from.After(s.to)) && (o.to.IsZero() || !s.from.After(o.to))
}

// Monthly gives the price of one seat of a package for a month, and its
// currency, as of a day; ok is false where the file has none.
func (p *Prices) Monthly(pkg string, on time.Time) (unit decimal.Decimal, iso string, ok bool) {
	y, m, d := on.Date()
	day := priceSpan{from: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
	day.to = day.from
	for _, s := range p.spans[pkg] {
		if s.overlaps(day) {
			return s.unit, s.currency, true
		}
	}
	return decimal.Decimal{}, "", false
}

// money writes an amount with the decimal places of its currency, and more
// where the amount has more, so that nothing is rounded away unseen.
func money(amount decimal.Decimal, iso string) string {
	scale := 2
	if unit, err := currency.ParseISO(iso); err == nil {
		scale, _ = currency.Standard.Rounding(unit)
	}
	text := amount.StringFixed(int32(scale))
	if !amount.Equal(amount.Round(int32(scale))) {
		text = amount.String()
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	return thousands(whole) + fraction + " " + iso
}
