package billing

import (
	"fmt"
	"io"
	"math/big"
	"strings"
)

// Waiver says that findings of a kind may be, and until when. Fields that are
// blank fit everything.
type Waiver struct {
	Code        Code
	Customer    string // as findings name it
	Package     string
	SKU         string
	InvoiceID   string
	InvoiceLine string
	UpTo        *big.Rat // the most that a difference may come to, either way; nil = any
	Reason      string
	Expires     Day // the last day of the last period that it is for
}

// covers tells whether a finding is what the waiver is about.
func (w *Waiver) covers(f *Finding) bool {
	for _, pair := range [][2]string{
		{string(w.Code), string(f.Code)}, {w.Customer, f.Customer}, {w.Package, f.Package}, {w.SKU, f.SKU},
		{w.InvoiceID, f.InvoiceID}, {w.InvoiceLine, f.InvoiceLine},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return w.UpTo == nil || abs(orZero(f.Difference)).Cmp(w.UpTo) <= 0
}

// String names the waiver by what it fits.
func (w *Waiver) String() string {
	var parts []string
	for _, s := range []string{string(w.Code), w.Customer, w.Package, w.SKU, w.InvoiceID, w.InvoiceLine} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// waive marks the findings that a waiver covers. They stay in the totals. A
// waiver that ended before the period did is named, because its findings count
// again; one that covers nothing is named too.
func (r *run) waive() {
	used := make([]int, len(r.in.Waivers))
	for i := range r.result.Findings {
		f := &r.result.Findings[i]
		if f.Severity == Info {
			continue
		}
		expired := -1
		for n := range r.in.Waivers {
			w := &r.in.Waivers[n]
			if !w.covers(f) {
				continue
			}
			used[n]++
			if w.Expires < r.period.Last {
				expired = n
				continue
			}
			expired = -1
			f.Severity = Waived
			f.say("waived until %s: %s", w.Expires, w.Reason)
			break
		}
		if expired >= 0 {
			w := &r.in.Waivers[expired]
			f.say("the waiver expired on %s: %s", w.Expires, w.Reason)
		}
	}
	for n := range r.in.Waivers {
		w := &r.in.Waivers[n]
		switch {
		case used[n] == 0:
			r.result.Notes = append(r.result.Notes, fmt.Sprintf("the waiver %q covers nothing; take it out of the file", w))
		case w.Expires < r.period.Last:
			r.result.Notes = append(r.result.Notes, fmt.Sprintf("the waiver %q expired on %s, and what it covers counts again", w, w.Expires))
		}
	}
}

// waiverFile is the YAML form.
type waiverFile struct {
	Waivers []struct {
		Code        string `yaml:"code"`
		Customer    string `yaml:"customer"`
		Package     string `yaml:"package"`
		SKU         string `yaml:"sku"`
		InvoiceID   string `yaml:"invoice_id"`
		InvoiceLine string `yaml:"invoice_line"`
		UpTo        string `yaml:"up_to"`
		Reason      string `yaml:"reason"`
		Expires     string `yaml:"expires"`
	} `yaml:"waivers"`
}

// ReadWaivers reads a YAML file with a list "waivers". Each has a reason, a last
// day (expires, YYYY-MM-DD), and at least one of code, customer, package, sku,
// invoice_id and invoice_line, all of which must be as in findings.csv; up_to
// limits the difference. Name is the file's name in errors.
func ReadWaivers(r io.Reader, name string) ([]Waiver, error) {
	var file waiverFile
	if err := readYAML(r, &file); err != nil {
		return nil, fmt.Errorf("reading the waivers: %s: %w", name, err)
	}
	var all []Waiver
	for i, v := range file.Waivers {
		w := Waiver{Code: Code(v.Code), Customer: v.Customer, Package: PackageName(v.Package), SKU: v.SKU, InvoiceID: v.InvoiceID, InvoiceLine: v.InvoiceLine, Reason: strings.TrimSpace(v.Reason)}
		if err := w.finish(v.Expires, v.UpTo); err != nil {
			return nil, fmt.Errorf("reading the waivers: %s: waiver %d: %w", name, i+1, err)
		}
		all = append(all, w)
	}
	return all, nil
}

// finish reads the last day and the limit, and checks the rest.
func (w *Waiver) finish(expires, upTo string) error {
	var err error
	switch {
	case w.Reason == "":
		return fmt.Errorf("it has no reason")
	case expires == "":
		return fmt.Errorf("it has no last day; write it like expires: 2026-12-31")
	case w.String() == "":
		return fmt.Errorf("it would cover everything; give a code, customer, package, sku, invoice_id or invoice_line")
	case w.Code != "" && !knownCodes[w.Code]:
		return fmt.Errorf("%q is not a code of findings", w.Code)
	}
	if w.Expires, err = ParseDay(expires); err != nil {
		return err
	}
	if upTo != "" {
		if w.UpTo, err = parseAmount(upTo); err != nil || w.UpTo.Sign() < 0 {
			return fmt.Errorf("up_to %q is not an amount; write it like 5.00", upTo)
		}
	}
	return nil
}
