package billing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// cellKey is the finest detail at which usage can be told from usage.
type cellKey struct {
	customer     *customer // nil in a report of partner level
	subPartner   string
	subscription string
	pkg          string
	ownSKU       string // an SKU that has a proration of its own
	user         string // only where the invoice has lines per user
}

// cell is the usage of one key in the period.
type cell struct {
	cellKey
	number  int32 // in its book
	sku     string
	measure measure
	sum     Count
	daily   map[Day]Count
	users   int   // that were metered at all; counted in reports of user level
	seats   Count // at the end of the period, of a point-in-time report
	pit     bool
}

func (c *cell) customerKey() string {
	if c.customer == nil {
		return ""
	}
	return c.customer.Key()
}

func compareCells(a, b *cell) int {
	return cmp.Or(
		cmp.Compare(a.customerKey(), b.customerKey()),
		cmp.Compare(a.pkg, b.pkg),
		cmp.Compare(a.ownSKU, b.ownSKU),
		cmp.Compare(a.subPartner, b.subPartner),
		cmp.Compare(a.subscription, b.subscription),
		cmp.Compare(a.user, b.user),
	)
}

// meter adds the usage up. The invoice is compared with the customer reports
// where there are any, because they are what Webex bills by; the other levels
// serve to check them.
func (r *run) meter() error {
	r.knowParties()
	levels := make(map[Level][]*Report)
	for i := range r.in.Reports {
		report := &r.in.Reports[i]
		levels[report.Level] = append(levels[report.Level], report)
	}
	base := r.baseLevel(levels)
	if base == "" && len(levels[LevelPointInTime]) == 0 {
		return errors.New("there is no usage report")
	}
	if base == "" && r.opt.Policy.Rule != Snapshot {
		return errors.New("point-in-time reports hold no user-days; give a reconciliation report, or the proration snapshot")
	}
	books := make(map[Level]*book)
	for level, reports := range levels {
		books[level] = r.tally(reports, level == base)
	}
	r.cells = books[cmp.Or(base, LevelPointInTime)].sorted()
	r.addSeats(books[LevelPointInTime])
	if users := books[LevelUser]; users != nil {
		r.checkUsers(users)
		r.addPeaks(users)
	}
	r.crossFoot(books)
	r.moveToZone()
	r.measureAll()
	r.warnFresh()
	return nil
}

// baseLevel chooses the reports to compare with: the coarsest that still know
// what the lines of the invoice know.
func (r *run) baseLevel(levels map[Level][]*Report) Level {
	order := []Level{LevelCustomer, LevelUser, LevelPartner}
	if slices.ContainsFunc(r.lines, func(l Line) bool { return l.User != "" }) {
		order = []Level{LevelUser, LevelCustomer, LevelPartner}
	}
	for _, level := range order {
		if len(levels[level]) > 0 {
			return level
		}
	}
	return ""
}

// knowParties makes the directory, and the keys of all places.
func (r *run) knowParties() {
	var parties []Party
	for _, p := range r.found {
		if p.Customer != (Party{}) {
			parties = append(parties, p.Customer)
		}
	}
	for i := range r.in.Inventory {
		if p := r.in.Inventory[i].Customer; p != (Party{}) {
			parties = append(parties, p)
		}
	}
	r.parties = newDirectory(parties, r.opt)
	r.places = make(map[*Place]cellKey)
	for _, p := range r.found {
		key := cellKey{subPartner: p.SubPartner, subscription: p.Subscription, pkg: cmp.Or(r.packageOf(p.Package, p.SKU), p.SKU), ownSKU: r.ownSKU(p.SKU)}
		if p.Customer != (Party{}) {
			key.customer = r.parties.same(p.Customer)
		}
		r.places[p] = key
	}
}

// book is the usage of one level.
type book struct {
	cells map[cellKey]*cell
	list  []*cell   // by number, which follows the order of the rows
	users *userBook // of user level
}

func (b *book) sorted() []*cell {
	var all []*cell
	for _, c := range b.cells {
		all = append(all, c)
	}
	slices.SortFunc(all, compareCells)
	return all
}

// tally adds up the reports of one level.
func (r *run) tally(reports []*Report, base bool) *book {
	slices.SortStableFunc(reports, func(a, b *Report) int {
		return cmp.Or(cmp.Compare(a.SubPartner, b.SubPartner), cmp.Compare(a.Name, b.Name))
	})
	b := &book{cells: make(map[cellKey]*cell)}
	perUser := base && slices.ContainsFunc(r.lines, func(l Line) bool { return l.User != "" })
	if reports[0].Level == LevelUser {
		rows := 0
		for _, report := range reports {
			rows += len(report.Rows)
		}
		b.users = newUserBook(r.period, rows)
	}
	for i, report := range reports {
		b.take(r, report, r.heldBy(reports[:i], report), perUser)
	}
	return b
}

// take adds the rows of a report, apart from those of customers that an earlier
// report holds.
func (b *book) take(r *run, report *Report, held map[*customer]bool, perUser bool) {
	cells := make(map[*Place]*cell) // pointers are looked up faster than keys
	outside := 0
	for i := range report.Rows {
		row := &report.Rows[i]
		c := cells[row.Place]
		if c == nil || perUser {
			key := r.places[row.Place]
			if perUser {
				key.user = row.User
			}
			c = b.cell(key, row.Place)
			cells[row.Place] = c
		}
		if held[c.customer] {
			continue
		}
		if row.Day != 0 && (row.Day < r.period.First || row.Day > r.period.Last) {
			outside++
			continue
		}
		c.add(row, report.Level)
		if b.users != nil && row.User != "" {
			b.users.take(c, row)
		}
	}
	if outside > 0 {
		r.warn(Finding{Code: PeriodMismatch, Period: r.period, Evidence: fmt.Sprintf("%s has %d rows for days outside %s; they were not counted", report.Name, outside, r.period),
			Advice: "get the report for the invoice's period"})
	}
}

func (b *book) cell(key cellKey, p *Place) *cell {
	c := b.cells[key]
	if c == nil {
		c = &cell{cellKey: key, sku: p.SKU, number: int32(len(b.list))}
		b.cells[key] = c
		b.list = append(b.list, c)
	}
	c.sku = max(c.sku, p.SKU)
	return c
}

func (c *cell) add(row *UsageRow, level Level) {
	if level == LevelPointInTime {
		c.seats += row.Count
		c.pit = true
		return
	}
	c.sum += row.Count
	if row.Day != 0 {
		if c.daily == nil {
			c.daily = make(map[Day]Count)
		}
		c.daily[row.Day] += row.Count
	}
}

// heldBy finds the customers of a report that earlier ones hold for the same
// days: a provider's report may or may not include its sub-partners'.
func (r *run) heldBy(earlier []*Report, report *Report) map[*customer]bool {
	before := make(map[*customer]bool)
	for _, e := range earlier {
		if e.Period.Overlaps(report.Period) || e.Period.First == 0 || report.Period.First == 0 {
			for i := range e.Rows {
				before[r.places[e.Rows[i].Place].customer] = true
			}
		}
	}
	held := make(map[*customer]bool)
	if len(before) == 0 {
		return held
	}
	for i := range report.Rows {
		if c := r.places[report.Rows[i].Place].customer; c != nil && before[c] && !held[c] {
			held[c] = true
			r.warn(Finding{Code: SubPartnerScope, Severity: Warning, Period: r.period, Customer: c.Key(),
				Evidence: fmt.Sprintf("%s holds the customer again; it was counted once", report.Name)})
		}
	}
	return held
}

// addSeats brings the counts of a point-in-time report to the cells.
func (r *run) addSeats(seats *book) {
	if seats == nil || len(r.cells) == 0 || r.cells[0].pit {
		return
	}
	index := newCellIndex(r.cells)
	for _, s := range seats.sorted() {
		if c := index.like(s); c != nil {
			c.seats += s.seats
			c.pit = true
		}
	}
}

// addPeaks brings the numbers of users to the cells of a coarser report.
func (r *run) addPeaks(users *book) {
	index := newCellIndex(r.cells)
	for _, u := range users.sorted() {
		if c := index.like(u); c != nil && c != u {
			c.users += u.users
		}
	}
}

// measureAll turns the sums into exact values.
func (r *run) measureAll() {
	for _, c := range r.cells {
		c.measure.days = c.sum.Rat()
		switch {
		case c.daily != nil:
			var most Count
			for _, n := range c.daily {
				most = max(most, n)
			}
			c.measure.peak, c.measure.last = most.Rat(), c.daily[r.period.Last].Rat()
		case c.users > 0:
			c.measure.peak = fromInt(c.users)
		}
		if c.pit {
			c.measure.last = c.seats.Rat()
		}
	}
}

// warnFresh notes reports that were made before the last day was counted.
func (r *run) warnFresh() {
	const settled = 36 // hours after the end until the last day is surely in
	for _, report := range r.in.Reports {
		if report.Created.IsZero() || report.Period.First == 0 {
			continue
		}
		if report.Created.Sub((report.Period.Last + 1).Time()).Hours() < settled {
			r.result.Notes = append(r.result.Notes, fmt.Sprintf("%s was made soon after %s, whose usage may be missing; differences of one day are tentative",
				cmp.Or(report.Name, "a usage report"), report.Period.Last))
		}
	}
}
