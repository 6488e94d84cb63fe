package billing

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Input is everything that a comparison looks at.
type Input struct {
	Lines     []Line
	Reports   []Report
	Prices    *Prices // nil = take the invoice's own prices
	Resale    *Resale // nil = no margins
	Inventory []Seat  // empty = compare the invoice with the reports alone
	Ledger    *Ledger // nil = none is kept
	Waivers   []Waiver
	Limits    []Limit
	Sources   []Source // other files than the reports, to be named as evidence
	Options   Options
}

// Options are the choices of whoever compares. The zero value is not valid;
// begin with [DefaultOptions].
type Options struct {
	Policy       Policy
	Prorations   map[string]Policy // by SKU or package, where one differs
	Auto         bool              // take the policy that reproduces the invoice best
	Tolerance    Tolerance
	SKUMap       map[string]string   // SKU -> package
	CustomerMap  map[string]string   // name on the invoice -> organization or external id
	IgnoreSKUs   []string            // taken as billed
	Internal     []string            // customers that are the provider's own organizations, by any of their ids
	MatchNames   bool                // a customer's name alone is enough
	AllowPartial bool                // the reports may be for other days than the invoice
	Rates        []Rate              // that prices of other currencies are converted by; none = they are not
	Stated       map[string]*big.Rat // total before tax that the invoice states, by currency
	Ground       func(*Finding) bool // the findings that the whole ground of is wanted; nil = none
	Accrue       bool                // add up the usage that no line charges
	Threshold    *big.Rat            // findings of less are shown as one sum; nil = all are shown
	Zone         *time.Location      // whose days the invoice counts; reports count those of UTC
}

// DefaultOptions are the choices when nobody makes any.
func DefaultOptions() Options { return Options{Policy: DefaultPolicy(), Zone: time.UTC} }

// Tolerance is how far a charge may be off. A charge is good when its amount is
// within Amount or within Percent of what was expected, whichever is more, or
// when its quantity is within Quantity seats and its price is right.
type Tolerance struct {
	Amount, Percent, Quantity *big.Rat // nil = none
}

// Result is the outcome of a comparison.
type Result struct {
	Period     Period
	Policy     Policy
	Inference  *Inference // nil unless it was asked for
	Findings   []Finding  // most important first; matches included
	Totals     []Total    // by currency
	Allocation []Share    // of the charges for the provider as a whole
	Carried    *Carried   // nil without a ledger
	Accruals   []Accrual  // usage of the period that no line charges, where it was asked for
	Threshold  *big.Rat   // as in the options
	Margins    []Margin   // by customer, package and currency, where resale prices were given
	Grounds    []Ground   // of the findings that it was asked for, in their order
	Sources    []Source   // the files that were looked at
	Notes      []string   // what else the reader of the result should know
}

// Clean reports whether no finding needs anybody.
func (r *Result) Clean() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Error || f.Severity == Warning })
}

// Comparable reports whether at least one charge could be compared at all: not
// all of them were in a currency without prices.
func (r *Result) Comparable() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Difference != nil && f.InvoiceLine != "" })
}

// PeriodError says that the reports and the invoice are for different days.
type PeriodError struct{ Invoice, Report Period }

func (e *PeriodError) Error() string {
	return fmt.Sprintf("the invoice is for %s, the usage reports are for %s; get the reports for the invoice's period", e.Invoice, e.Report)
}

var errNoLines = errors.New("the invoice has no lines")

// Reconcile compares an invoice with the metered usage, and with the inventory
// where there is one. Without an invoice it can only say what is to be accrued,
// where that is asked for. The error is a [*PeriodError], or says what the input lacks.
func Reconcile(in Input) (*Result, error) {
	if len(in.Lines) == 0 && !in.Options.Accrue {
		return nil, errNoLines
	}
	r := &run{in: in, opt: in.Options, result: &Result{Policy: in.Options.Policy, Threshold: in.Options.Threshold}}
	r.lines = slices.Clone(in.Lines)
	slices.SortStableFunc(r.lines, compareLines)
	if err := r.settlePeriod(); err != nil {
		return nil, err
	}
	r.openLedger()
	r.findPlaces()
	r.learnSKUs()
	if err := r.meter(); err != nil {
		return nil, err
	}
	r.checkArithmetic()
	r.sortOut()
	r.assignUsage()
	r.checkPeriods()
	if r.opt.Auto {
		r.infer()
	}
	r.checkTotals()
	r.compareGroups()
	r.notePriceChanges()
	r.tellRates()
	r.settleClaims()
	r.lookAtInventory()
	r.checkLimits()
	r.allocate()
	r.waive()
	slices.SortStableFunc(r.result.Findings, func(a, b Finding) int { return compareFindings(&a, &b) })
	r.result.Totals = totals(r.result.Findings)
	r.sources()
	r.accrue()
	r.margins()
	r.closeLedger()
	r.groundAll()
	slices.Sort(r.result.Notes)
	return r.result, nil
}

// run is one comparison.
type run struct {
	in     Input
	opt    Options
	result *Result

	lines    []Line // of the invoice, in order
	period   Period // that is compared
	dim      int    // days of its month
	currency string // that most lines are in
	sku      map[string]string
	parties  *directory
	found    []*Place // of the rows of the reports
	places   map[*Place]cellKey
	cells    []*cell
	overlaps []overlap

	packageNow map[string]string // of users, by the inventory

	groups             []*group
	byKey              map[groupKey]*group
	credits, roundings []*Line
	late               []*Line // charges for days before the period

	ledger      *Ledger          // without what these invoices wrote into it
	foundBefore map[string]Entry // by an earlier comparison of these invoices
	invoices    []string         // that are compared, sorted
}

// compareLines orders the lines of an invoice, whatever order the file has.
func compareLines(a, b Line) int {
	return cmp.Or(
		cmp.Compare(a.InvoiceID, b.InvoiceID),
		compareNumbers(a.Number, b.Number),
		cmp.Compare(a.SKU, b.SKU),
		cmp.Compare(a.Package, b.Package),
		cmp.Compare(a.Customer.Key(), b.Customer.Key()),
		cmp.Compare(a.User, b.User),
		orZero(a.Amount).Cmp(orZero(b.Amount)),
		orZero(a.Quantity).Cmp(orZero(b.Quantity)),
		cmp.Compare(a.Period.First, b.Period.First),
		cmp.Compare(a.Description, b.Description),
	)
}

// settlePeriod finds the days that are compared: those of the reports, or of the
// invoice where the reports do not say. Credits and earlier charges have periods
// of their own.
func (r *run) settlePeriod() error {
	var metered, billed, charged Period
	for _, report := range r.in.Reports {
		metered = metered.join(report.Period)
	}
	count := make(map[string]int)
	for i := range r.lines {
		l := &r.lines[i]
		count[l.Currency]++
		if isCredit(l) {
			continue
		}
		charged = charged.join(l.Period)
		if metered.First == 0 || l.Period.Overlaps(metered) {
			billed = billed.join(l.Period)
		}
	}
	for _, iso := range sortedKeys(count) {
		if count[iso] > count[r.currency] {
			r.currency = iso
		}
	}
	if len(r.lines) == 0 {
		r.currency = r.in.Prices.only()
	}
	r.period = metered
	if metered.First == 0 {
		r.period = latestMonth(r.lines, billed)
	}
	r.dim = r.period.monthDays()
	r.result.Period = r.period
	if billed.First == 0 {
		billed = charged // no charge is for these days at all
	}
	if billed.First == 0 || metered.First == 0 || billed == metered {
		return nil
	}
	if !r.opt.AllowPartial {
		return &PeriodError{billed, metered}
	}
	r.warn(Finding{Code: PeriodMismatch, Period: billed, Evidence: fmt.Sprintf("the invoice is for %s, the reports are for %s; nothing was scaled", billed, metered),
		Advice: "get the reports for the invoice's period"})
	return nil
}

// latestMonth is the period of an invoice whose reports name none: that of its
// latest charges, because the earlier ones are corrections.
func latestMonth(lines []Line, all Period) Period {
	latest := all
	for i := range lines {
		if p := lines[i].Period; p.Last == all.Last && p.First > latest.First && !isCredit(&lines[i]) {
			latest = p
		}
	}
	return latest
}

// learnSKUs collects which package an SKU stands for: what the options say, and
// else what the reports show beside each other.
func (r *run) learnSKUs() {
	r.sku = make(map[string]string)
	both := make(map[string]bool)
	for _, p := range r.found {
		if p.SKU == "" || p.Package == "" {
			continue
		}
		name := PackageName(p.Package)
		if known, ok := r.sku[p.SKU]; ok && known != name {
			both[p.SKU] = true
		}
		r.sku[p.SKU] = name
	}
	for sku := range both {
		delete(r.sku, sku)
	}
	for sku, name := range r.opt.SKUMap {
		r.sku[sku] = PackageName(name)
	}
}

// findPlaces collects the places of the reports, each once.
func (r *run) findPlaces() {
	for _, report := range r.in.Reports {
		r.found = append(r.found, report.places...)
		if report.places != nil {
			continue
		}
		seen := make(map[*Place]bool)
		for i := range report.Rows {
			if p := report.Rows[i].Place; !seen[p] {
				seen[p] = true
				r.found = append(r.found, p)
			}
		}
	}
}

// packageOf gives the package that an SKU or a package column names, "" where
// nobody knows.
func (r *run) packageOf(pkg, sku string) string {
	if pkg != "" {
		return PackageName(pkg)
	}
	if name, ok := r.sku[sku]; ok {
		return name
	}
	return packageNames[foldName(sku)]
}

// note adds a finding of a line.
func (r *run) note(l *Line, f Finding) *Finding {
	f.InvoiceID, f.InvoiceLine, f.Period, f.Subscription = l.InvoiceID, l.Number, l.Period, l.Subscription
	f.SKU, f.Currency, f.Package = l.SKU, l.Currency, r.packageOf(l.Package, l.SKU)
	f.Customer = r.customerKey(l)
	policy, _ := r.policyFor(l.SKU, f.Package)
	dim := policy.monthDays(r.dim)
	f.BilledQuantity, f.BilledUnitPrice = l.seats(dim), l.seatPrice(dim)
	return r.warn(f)
}

// warn adds a finding.
func (r *run) warn(f Finding) *Finding {
	f.Severity = cmp.Or(f.Severity, severityOf(f.Code))
	r.result.Findings = append(r.result.Findings, f)
	return &r.result.Findings[len(r.result.Findings)-1]
}

// customerKey names the customer of a line as findings do.
func (r *run) customerKey(l *Line) string {
	if c, err := r.parties.find(l.Customer); err == nil && c != nil {
		return c.Key()
	}
	return l.Customer.Key()
}

// seats is the quantity of a line in seats for a month of dim days.
func (l *Line) seats(dim int) *big.Rat {
	if l.Quantity != nil && l.Unit == UnitDay {
		return div(l.Quantity, fromInt(dim))
	}
	return l.Quantity
}

// seatPrice is the price of a line for a seat and a month of dim days.
func (l *Line) seatPrice(dim int) *big.Rat {
	if l.UnitPrice != nil && l.Unit == UnitDay {
		return mul(l.UnitPrice, fromInt(dim))
	}
	return l.UnitPrice
}

func sortedKeys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}
