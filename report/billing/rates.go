package billing

import (
	"fmt"
	"math/big"
	"regexp"

	"golang.org/x/text/currency"
)

// Rate is what one unit of a currency is worth in another, as of a day. A
// comparison converts prices of the list by the rates that it is given, and by
// no other; amounts of the invoice are never converted.
type Rate struct {
	From, To string   // ISO 4217
	By       *big.Rat // of To for one of From; above 0
	Of       Day
}

var rateForm = regexp.MustCompile(`^([A-Z]{3})/([A-Z]{3})=([0-9.]+)@([0-9-]+)$`)

// ParseRate reads a rate such as USD/EUR=0.92@2026-04-30: on that day one USD
// was 0.92 EUR.
func ParseRate(s string) (Rate, error) {
	m := rateForm.FindStringSubmatch(s)
	if m == nil {
		return Rate{}, fmt.Errorf("%q is not a dated rate; write it like USD/EUR=0.92@2026-04-30, which is 0.92 EUR for one USD", s)
	}
	r := Rate{From: m[1], To: m[2]}
	for _, iso := range []string{r.From, r.To} {
		if _, err := currency.ParseISO(iso); err != nil {
			return Rate{}, fmt.Errorf("%q is not a currency of ISO 4217", iso)
		}
	}
	if r.From == r.To {
		return Rate{}, fmt.Errorf("%q converts a currency into itself", s)
	}
	var err error
	if r.By, err = parseAmount(m[3]); err != nil || r.By.Sign() <= 0 {
		return Rate{}, fmt.Errorf("%q is not a rate; write it like 0.92", m[3])
	}
	r.Of, err = ParseDay(m[4])
	return r, err
}

// String is the rate as it was written, but for zeros.
func (r Rate) String() string { return fmt.Sprintf("%s/%s=%s@%s", r.From, r.To, Exact(r.By), r.Of) }

// Convert adds a rate to the choices of a comparison, and refuses a second one
// between the same currencies: nobody could tell which was meant.
func (o *Options) Convert(text string) error {
	rate, err := ParseRate(text)
	if err != nil {
		return err
	}
	for _, known := range o.Rates {
		if known.From == rate.From && known.To == rate.To {
			return fmt.Errorf("there are two rates from %s to %s; give one", rate.From, rate.To)
		}
	}
	o.Rates = append(o.Rates, rate)
	return nil
}

// converted gives the price of a package in a currency that the list has none
// in, by the first rate that leads there.
func (r *run) converted(g *group) (priced, bool) {
	for i := range r.opt.Rates {
		rate := &r.opt.Rates[i]
		if rate.To != g.currency {
			continue
		}
		if listed, _ := r.in.Prices.On(r.period.First, g.pkg, rate.From); listed != nil {
			return priced{unit: mul(listed, rate.By), listed: listed, rate: rate}, true
		}
	}
	return priced{}, false
}

// conversion says how a price came about that the list has in another currency,
// "" where it has it in this one.
func (p priced) conversion() string {
	if p.rate == nil {
		return ""
	}
	return fmt.Sprintf("%s %s at %s, the rate of %s", Exact(p.listed), p.rate.From, Exact(p.rate.By), p.rate.Of)
}

// tellConversion puts into a finding how its price came about.
func (f *Finding) tellConversion(p priced) {
	if how := p.conversion(); how != "" {
		f.say("the price is %s", how)
	}
}

// tellRates names the rates that prices were converted by, and those that none
// was.
func (r *run) tellRates() {
	used := make(map[*Rate]bool)
	for _, g := range r.groups {
		used[r.priceOf(g).rate] = true
	}
	for i := range r.opt.Rates {
		rate := &r.opt.Rates[i]
		if !used[rate] {
			r.result.Notes = append(r.result.Notes, fmt.Sprintf("the rate %s converted nothing; leave it out", rate))
			continue
		}
		r.result.Notes = append(r.result.Notes, fmt.Sprintf("prices in %s were converted to %s at %s, the rate of %s", rate.From, rate.To, Exact(rate.By), rate.Of))
	}
}
