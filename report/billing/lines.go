package billing

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
)

// groupKey is what charges of an invoice must have in common to be compared
// with usage together. Blank parts stand for everything.
type groupKey struct {
	customer     string
	user         string
	subscription string
	subPartner   string
	pkg          string
	ownSKU       string // an SKU that has a proration of its own
	currency     string
}

// group is the charges of one key, and the usage that belongs to them.
type group struct {
	groupKey
	lines  []*Line
	cells  []*cell
	party  *customer // nil = no report knows the customer, or the line names none
	shares []part    // of the cells, by customer
}

func (k groupKey) compare(o groupKey) int {
	return cmp.Or(
		cmp.Compare(k.customer, o.customer),
		cmp.Compare(k.pkg, o.pkg),
		cmp.Compare(k.ownSKU, o.ownSKU),
		cmp.Compare(k.user, o.user),
		cmp.Compare(k.subscription, o.subscription),
		cmp.Compare(k.subPartner, o.subPartner),
		cmp.Compare(k.currency, o.currency),
	)
}

// isCredit tells what takes money back from what bills it.
func isCredit(l *Line) bool {
	return l.Document == DocumentCredit || l.Charge == ChargeCredit ||
		isMetered(l.Charge) && (orZero(l.Quantity).Sign() < 0 || orZero(l.Amount).Sign() < 0)
}

func isMetered(c Charge) bool { return c == "" || c == ChargeUsage || c == ChargeRecurring }

// checkArithmetic compares each line with itself.
func (r *run) checkArithmetic() {
	for i := range r.lines {
		l := &r.lines[i]
		if l.Quantity == nil || l.UnitPrice == nil || !isMetered(l.Charge) {
			continue
		}
		exact := sub(mul(l.Quantity, l.UnitPrice), orZero(l.Discount))
		if off := sub(l.Amount, exact); abs(off).Cmp(add(halfUnit(l.Currency), l.printed())) > 0 {
			r.note(l, Finding{Code: LineArithmetic,
				Evidence: fmt.Sprintf("%s x %s is %s, the line says %s", Exact(l.Quantity), Exact(l.UnitPrice), Exact(exact), Money(l.Amount, l.Currency)),
				Advice:   "ask the provider how the amount was computed"})
		}
	}
}

// printed is how much the amount may be off because the quantity was printed with
// fewer places than it has. A whole number was not shortened.
func (l *Line) printed() *big.Rat {
	if l.Places == 0 {
		return new(big.Rat)
	}
	return abs(mul(halfOf(l.Places), l.UnitPrice))
}

// checkTotals compares the lines with the totals that the invoice states. Where
// the sum is rounded once, compareInvoiceRounding does that.
func (r *run) checkTotals() {
	if r.opt.Policy.Level == RoundInvoice {
		return
	}
	for _, l := range r.roundings {
		r.roundingLine(l)
	}
	for _, iso := range sortedKeys(r.opt.Stated) {
		sum := new(big.Rat)
		for i := range r.lines {
			if r.lines[i].Currency == iso {
				sum.Add(sum, r.lines[i].Amount)
			}
		}
		stated := r.opt.Stated[iso]
		if stated.Cmp(sum) == 0 {
			continue
		}
		f := Finding{Code: InvoiceTotal, InvoiceID: r.lines[0].InvoiceID, Period: r.period, Currency: iso,
			Evidence: fmt.Sprintf("the lines add up to %s, the invoice states %s", Money(sum, iso), Money(stated, iso)),
			Advice:   "check that no line is missing from the file"}
		f.moneyOnly(sub(stated, sum), new(big.Rat))
		r.warn(f)
	}
}

// sortOut decides for each line what it is compared with, if with anything.
func (r *run) sortOut() {
	r.byKey = make(map[groupKey]*group)
	told := detailOf(r.cells)
	for i := range r.lines {
		l := &r.lines[i]
		switch {
		case l.Charge == ChargeTax:
			r.exclude(l, "tax is not compared")
		case slices.Contains(r.opt.IgnoreSKUs, l.SKU) && l.SKU != "":
			r.exclude(l, "the SKU is ignored on request")
		case isCredit(l):
			r.credits = append(r.credits, l)
		case l.Charge == ChargeRounding:
			r.roundings = append(r.roundings, l)
		case !isMetered(l.Charge):
			r.unexpected(l, AmountDiffers, fmt.Sprintf("a %s charge has no usage to compare with", l.Charge), "check the contract; ignore the SKU in the mapping file where the charge is right")
		case l.Period.Last < r.period.First:
			r.late = append(r.late, l)
		case l.Period.First > r.period.Last:
			r.unexpected(l, PeriodMismatch, "the charge is for days after the period", "usage is billed in arrears; ask why this one is not")
		default:
			r.groupLine(l, told)
		}
	}
}

func (r *run) priorReason(l *Line) string {
	if l.SubPartner != "" {
		return "it may be the catch-up of a sub-partner whose billing began later"
	}
	return "it is kept out of the period's quantities"
}

func (r *run) exclude(l *Line, why string) {
	f := Finding{Code: Excluded, Evidence: why}
	f.moneyOnly(l.Amount, l.Amount)
	r.note(l, f)
}

// unexpected reports a line of whose amount nothing was expected.
func (r *run) unexpected(l *Line, code Code, why, advice string) {
	f := Finding{Code: code, Evidence: why, Advice: advice}
	f.moneyOnly(l.Amount, new(big.Rat))
	r.note(l, f)
}

// roundingLine takes a rounding charge as such, as long as it is no more than the
// rounding of all lines can come to.
func (r *run) roundingLine(l *Line) {
	if abs(l.Amount).Cmp(mul(halfUnit(l.Currency), fromInt(len(r.lines)))) <= 0 {
		r.unexpected(l, Rounding, "a rounding charge", "")
		return
	}
	r.unexpected(l, AmountDiffers, "a rounding charge that is more than rounding can come to", "ask the provider how the amount was computed")
}

// groupLine puts a line beside those that are compared together with it.
func (r *run) groupLine(l *Line, told detail) {
	pkg := r.packageOf(l.Package, l.SKU)
	if pkg == "" {
		r.unexpected(l, UnknownSKU, fmt.Sprintf("no package is known for SKU %q", l.SKU), "add the SKU to sku_map in the mapping file, or to ignore_skus")
		return
	}
	found, err := r.parties.find(l.Customer)
	if err != nil {
		r.unexpected(l, AmbiguousKey, err.Error(), "give the line an organization id, or add the name to customer_map in the mapping file")
		return
	}
	key := groupKey{user: l.User, subscription: l.Subscription, subPartner: l.SubPartner, pkg: pkg, ownSKU: r.ownSKU(l.SKU), currency: l.Currency, customer: l.Customer.Key()}
	key = told.open(key)
	if found != nil {
		if key.customer != "" {
			key.customer = found.Key()
		}
		if found.renamed(l.Customer.Name) {
			r.note(l, Finding{Code: NameChanged, Evidence: fmt.Sprintf("the invoice says %q, the report says %q", l.Customer.Name, found.Name)})
		}
	}
	g := r.byKey[key]
	if g == nil {
		g = &group{groupKey: key, party: found}
		r.byKey[key] = g
		r.groups = append(r.groups, g)
	}
	g.lines = append(g.lines, l)
}

// detail says which parts of a key the reports tell apart at all.
type detail struct{ customer, user, subscription, subPartner, ownSKU bool }

func detailOf(cells []*cell) (d detail) {
	for _, c := range cells {
		d.customer = d.customer || c.customer != nil
		d.user = d.user || c.user != ""
		d.subscription = d.subscription || c.subscription != ""
		d.subPartner = d.subPartner || c.subPartner != ""
		d.ownSKU = d.ownSKU || c.ownSKU != ""
	}
	return d
}

// open leaves open what the reports do not tell apart.
func (d detail) open(key groupKey) groupKey {
	if !d.customer {
		key.customer = ""
	}
	if !d.user {
		key.user = ""
	}
	if !d.subscription {
		key.subscription = ""
	}
	if !d.subPartner {
		key.subPartner = ""
	}
	if !d.ownSKU {
		key.ownSKU = ""
	}
	return key
}

// repeats tells whether a line is the same charge as another.
func (l *Line) repeats(o *Line) bool {
	return l.SKU == o.SKU && l.Package == o.Package && l.Period == o.Period && l.License == o.License && l.Customer == o.Customer &&
		orZero(l.Quantity).Cmp(orZero(o.Quantity)) == 0 && orZero(l.UnitPrice).Cmp(orZero(o.UnitPrice)) == 0 && l.Amount.Cmp(o.Amount) == 0
}

// assignUsage gives each cell of usage to the group that names it most closely.
// What no group names becomes a group without lines.
func (r *run) assignUsage() {
	currencies := make(map[string]bool)
	for _, g := range r.groups {
		currencies[g.currency] = true
	}
	order := sortedKeys(currencies)
	unbilled := make(map[groupKey]*group)
	for _, c := range r.cells {
		if g := r.groupOf(c, order); g != nil {
			g.cells = append(g.cells, c)
			continue
		}
		key := groupKey{customer: c.customerKey(), pkg: c.pkg, ownSKU: c.ownSKU, subPartner: c.subPartner, subscription: c.subscription, user: c.user, currency: r.currency}
		g := unbilled[key]
		if g == nil {
			g = &group{groupKey: key, party: c.customer}
			unbilled[key] = g
			r.groups = append(r.groups, g)
		}
		g.cells = append(g.cells, c)
	}
	slices.SortFunc(r.groups, func(a, b *group) int { return a.groupKey.compare(b.groupKey) })
	for _, g := range r.groups {
		g.shares = partsOf(g.cells)
	}
}

// namesNoSKU tells whether a charge of the group may be for any SKU of its package.
func (g *group) namesNoSKU() bool {
	return slices.ContainsFunc(g.lines, func(l *Line) bool { return l.SKU == "" })
}

// groupOf finds the group of a cell: each part of the key is tried as the cell
// has it before it is left open, the customer last of all.
func (r *run) groupOf(c *cell, currencies []string) *group {
	full := groupKey{customer: c.customerKey(), user: c.user, subscription: c.subscription, subPartner: c.subPartner, pkg: c.pkg, ownSKU: c.ownSKU}
	for open := range 1 << 5 {
		key := full
		for bit, part := range []*string{&key.ownSKU, &key.subPartner, &key.subscription, &key.user, &key.customer} {
			if open&(1<<bit) != 0 {
				*part = ""
			}
		}
		for _, key.currency = range currencies {
			if g := r.byKey[key]; g != nil && (key.ownSKU == c.ownSKU || g.namesNoSKU()) {
				return g
			}
		}
	}
	return nil
}
