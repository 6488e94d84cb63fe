package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"wholesync/report"
	"wholesync/report/billing"
)

// contract are the flags of billing reconcile for what the invoice looks like and
// how its charges are computed.
type contract struct {
	prices    string
	resale    string
	mappings  []string
	proration string
	prorate   []string // NAME=POLICY
	rates     []string // FROM/TO=RATE@DAY
}

func (c *contract) addFlags(f *pflag.FlagSet) {
	f.StringVar(&c.prices, "prices", "", "price list; without it the invoice's own prices are taken")
	f.StringVar(&c.resale, "resale", "", "price list of what customers pay, with a column customer besides; shows what each one leaves beyond its cost")
	f.StringArrayVar(&c.mappings, "mapping", nil, "YAML file that describes the invoice's layout and names; of several the one whose match_headers are there")
	f.StringVar(&c.proration, "proration", "daily-exact", "how charges are computed, such as daily-exact,half-even or avg-dp=2 or ceil; auto finds out")
	f.StringArrayVar(&c.rates, "fx", nil, "convert prices of the list by this rate, as in USD/EUR=0.92@2026-04-30: that day 0.92 EUR were one USD")
	f.StringArrayVar(&c.prorate, "proration-for", nil, "the proration of one SKU or package, as in A-WX-CALL=ceil")
}

// files are the files that the flags name.
func (c *contract) files() []string { return append([]string{c.prices, c.resale}, c.mappings...) }

// terms takes the mappings, the prorations and the prices into a comparison. A
// flag wins over a mapping file.
func (a *app) terms(c *contract, in *billing.Input) ([]*billing.Mapping, error) {
	var mappings []*billing.Mapping
	prices := c.prices
	for _, path := range c.mappings {
		m, err := readBilling(path, billing.ReadMapping)
		if err != nil {
			return nil, err
		}
		if err := m.Apply(&in.Options); err != nil {
			return nil, fail(exitInput, "reading the mapping: %s: %w", path, err)
		}
		if prices == "" && m.Prices != "" {
			prices = filepath.Join(filepath.Dir(path), m.Prices)
		}
		mappings = append(mappings, m)
	}
	for _, pair := range c.prorate {
		name, policy, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("reading the flags: --proration-for %s names no SKU or package; write it like A-WX-CALL=ceil", report.ShellWord(pair))
		}
		if err := in.Options.Prorate(name, policy); err != nil {
			return nil, fmt.Errorf("reading the flags: --proration-for: %w", err)
		}
	}
	for _, rate := range c.rates {
		if err := in.Options.Convert(rate); err != nil {
			return nil, fmt.Errorf("reading the flags: --fx: %w", err)
		}
	}
	var err error
	if c.resale != "" {
		if in.Resale, err = readBilling(c.resale, billing.ReadResale); err != nil {
			return nil, a.tellProblems(err)
		}
	}
	if prices == "" {
		return mappings, nil
	}
	if in.Prices, err = readBilling(prices, billing.ReadPrices); err != nil {
		return nil, a.tellProblems(err)
	}
	return mappings, nil
}

// mappingFor chooses the mapping that an invoice is read by: the only one, or the
// one of several whose headers the file has.
func (a *app) mappingFor(path string, mappings []*billing.Mapping) (*billing.Mapping, error) {
	if len(mappings) == 0 {
		return nil, nil
	}
	if len(mappings) == 1 {
		return mappings[0], nil
	}
	var fit []*billing.Mapping
	for _, m := range mappings {
		fits, err := readBilling(path, func(r io.Reader, _ string) (bool, error) { return m.Fits(r), nil })
		if err != nil {
			return nil, err
		}
		if fits {
			fit = append(fit, m)
		}
	}
	if len(fit) != 1 {
		var names []string
		for _, m := range fit {
			names = append(names, fmt.Sprintf("%q", m.Layout))
		}
		slices.Sort(names)
		if len(names) == 0 {
			return nil, fail(exitInput, "reading the input: %s has the match_headers of no mapping; give the one mapping that it is to be read by", path)
		}
		return nil, fail(exitInput, "reading the input: %s has the match_headers of the layouts %s; give one mapping", path, strings.Join(names, " and "))
	}
	return fit[0], nil
}
