package billing

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/currency"
)

var priceColumns = []string{"package", "currency", "valid_from", "valid_to", "unit_price"}

// ReadPrices reads a price list: CSV with the columns package, currency (ISO
// 4217), valid_from, valid_to (YYYY-MM-DD, both days included, blank = open) and
// unit_price (for a seat and a month), in any order. The error is a [*ReadError]
// or says which prices contradict each other.
func ReadPrices(r io.Reader, name string) (*Prices, error) {
	t, err := openTable(r, name, format{})
	if err != nil {
		return nil, err
	}
	var list []Price
	sum, err := readPriceRows(t, func(_ []string, p Price) { list = append(list, p) })
	if err != nil {
		return nil, err
	}
	p, err := NewPrices(list)
	if err != nil {
		return nil, t.fail(0, err.Error())
	}
	p.Name, p.SHA256 = name, sum
	return p, nil
}

// ReadResale reads what the provider charges its customers: a price list as
// [ReadPrices] reads it, with a column customer besides. A blank customer is
// everybody who has no price of the package alone.
func ReadResale(r io.Reader, name string) (*Resale, error) {
	t, err := openTable(r, name, format{})
	if err != nil {
		return nil, err
	}
	customer := slices.IndexFunc(t.header, func(h string) bool { return foldName(h) == "customer" })
	lists := map[string][]Price{"": nil}
	_, err = readPriceRows(t, func(row []string, p Price) {
		key := ""
		if customer >= 0 {
			key, _ = cleanCell(strings.Clone(row[customer]))
		}
		lists[key] = append(lists[key], p)
	})
	if err != nil {
		return nil, err
	}
	all := &Resale{of: make(map[string]*Prices)}
	for _, key := range sortedKeys(lists) {
		if all.of[key], err = NewPrices(lists[key]); err != nil {
			return nil, t.fail(0, err.Error())
		}
	}
	return all, nil
}

// readPriceRows hands on the rows of a price list, and gives the hash of the file.
func readPriceRows(t *table, take func([]string, Price)) (sum string, err error) {
	at := make([]int, len(priceColumns))
	for i, want := range priceColumns {
		at[i] = slices.IndexFunc(t.header, func(h string) bool { return foldName(h) == foldName(want) })
		if twice := at[i] >= 0 && slices.ContainsFunc(t.header[at[i]+1:], func(h string) bool { return foldName(h) == foldName(want) }); twice {
			return "", t.fail(t.line(), fmt.Sprintf("the column %q stands there twice", t.header[at[i]]))
		}
		if at[i] < 0 {
			return "", t.fail(t.line(), fmt.Sprintf("no column %q; the columns are %s", want, strings.Join(priceColumns, ",")))
		}
	}
	for err == nil {
		var row []string
		if row, err = t.next(); err != nil {
			break
		}
		price, column, wrong := readPrice(row, at)
		if wrong != nil {
			err = t.found(at[column], row, wrong.Error())
			continue
		}
		take(row, price)
	}
	return t.finish(err)
}

// readPrice reads a row, and says which of the price columns is wrong.
func readPrice(row []string, at []int) (p Price, column int, err error) {
	cells := make([]string, len(at))
	for i, field := range at {
		cells[i], _ = cleanCell(strings.Clone(row[field]))
	}
	if p.Package = PackageName(cells[0]); p.Package == "" {
		return p, 0, fmt.Errorf("the package is blank")
	}
	unit, err := currency.ParseISO(cells[1])
	if err != nil || unit.String() != cells[1] {
		return p, 1, fmt.Errorf("not a currency of ISO 4217; write it like USD")
	}
	p.Currency = cells[1]
	for i, day := range []*Day{&p.Valid.First, &p.Valid.Last} {
		if cells[2+i] == "" {
			continue
		}
		if *day, err = ParseDay(cells[2+i]); err != nil {
			return p, 2 + i, err
		}
	}
	if p.Valid.Last != 0 && p.Valid.Last < p.Valid.First {
		return p, 3, fmt.Errorf("the price ends before it begins")
	}
	if p.Unit, err = parseAmount(cells[4]); err != nil || p.Unit.Sign() < 0 {
		return p, 4, fmt.Errorf("not a price; write it like 7.25")
	}
	return p, 0, nil
}
