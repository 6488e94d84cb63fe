package billing

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// usagePart is what one block of a report holds.
type usagePart struct {
	rows     []UsageRow
	period   Period    // zero = the rows do not say
	first    Problem   // the cell that says so first, should another block say otherwise
	problems []Problem // of the file's rows, up to the limit
	err      error     // the rows below cannot be read
}

// readRows reads the rows of a report, several blocks at a time, and puts them
// together in the order of the file.
func (u *usageReader) readRows(size int) error {
	type job struct {
		block
		done chan<- *usagePart
	}
	var (
		failed  error // of the reading goroutine, once order is closed
		running sync.WaitGroup
		workers = runtime.GOMAXPROCS(0)
		work    = make(chan job)
		order   = make(chan chan *usagePart, 2*workers)
		stop    = make(chan struct{})
		parsers []*usageParser
	)
	running.Go(func() {
		defer close(order)
		defer close(work)
		failed = u.eachBlock(size, func(b block) bool {
			done := make(chan *usagePart, 1)
			select {
			case order <- done:
			case <-stop:
				return false
			}
			work <- job{b, done}
			return true
		})
	})
	for range workers {
		p := newUsageParser(u)
		parsers = append(parsers, p)
		running.Go(func() {
			for j := range work {
				j.done <- p.parse(j.block)
			}
		})
	}
	err := u.join(order)
	close(stop)
	running.Wait()
	for _, p := range parsers {
		u.report.places = slices.AppendSeq(u.report.places, maps.Values(p.places))
	}
	if err == nil {
		err = u.below(failed)
	}
	return err
}

// below puts the problems of the rows above before an error.
func (u *usageReader) below(err error) error {
	if broken, ok := errors.AsType[*ReadError](err); ok {
		return &ReadError{append(u.problems, broken.Problems...)}
	}
	return err
}

// join puts the parts of a report together.
func (u *usageReader) join(order <-chan chan *usagePart) error {
	var parts [][]UsageRow
	total := 0
	for done := range order {
		part := <-done
		switch period := u.report.Period; {
		case period.First == 0:
			u.report.Period = part.period
		case part.period.First != 0 && part.period != period:
			part.first.Text = otherPeriod(part.period, period)
			part.problems = append([]Problem{part.first}, part.problems...)
		}
		u.problems = append(u.problems, part.problems...)
		if len(u.problems) >= maxProblems {
			u.problems = u.problems[:maxProblems]
			return errTooManyProblems
		}
		if part.err != nil {
			return u.below(part.err)
		}
		parts = append(parts, part.rows)
		total += len(part.rows)
	}
	u.report.Rows = make([]UsageRow, 0, total)
	for i, rows := range parts {
		u.report.Rows = append(u.report.Rows, rows...)
		parts[i] = nil
	}
	return nil
}

func otherPeriod(row, above Period) string {
	return fmt.Sprintf("the row is for %s, the rows above are for %s", row, above)
}

// usageParser reads blocks, one after the other.
type usageParser struct {
	*usageReader // is only read from
	rows         blockRows
	part         *usagePart
	most         int // rows that a block is likely to have
	spans        []span
	places       map[string]*Place // by the cells of placeRoles, as they are written
	days         map[string]Day    // dates read so far
	key          []byte            // of the row being read
	users        []byte            // of the block, one behind the other
	ends         []int             // of each user in there
}

func newUsageParser(u *usageReader) *usageParser {
	return &usageParser{usageReader: u, spans: u.placeSpans(), places: make(map[string]*Place), days: make(map[string]Day)}
}

func (p *usageParser) parse(b block) *usagePart {
	p.part = &usagePart{rows: make([]UsageRow, 0, p.most)}
	p.users, p.ends = p.users[:0], p.ends[:0]
	p.rows.reset(b)
	for {
		if err := p.rows.read(); err != nil {
			if !errors.Is(err, io.EOF) {
				p.part.err = p.cut(p.rows.line, csvCause(err))
			}
			break
		}
		if p.rows.blank() {
			continue
		}
		if n := len(p.rows.ends); n != len(p.header) {
			p.part.err = p.cut(p.rows.line, fmt.Sprintf("the row has %d cells, the header has %d", n, len(p.header)))
			break
		}
		if p.take(); len(p.part.problems) >= maxProblems {
			break
		}
	}
	p.nameUsers()
	p.most = max(p.most, len(p.part.rows)+len(p.part.rows)/64)
	return p.part
}

// nameUsers gives the rows their users, all of them out of one piece of memory.
func (p *usageParser) nameUsers() {
	all, from := string(p.users), 0
	for i := range p.part.rows {
		p.part.rows[i].User = all[from:p.ends[i]]
		from = p.ends[i]
	}
}

// found notes a problem with a cell of the row last read; field is -1 for the row
// as a whole.
func (p *usageParser) found(field int, text string) {
	p.part.problems = append(p.part.problems, p.problem(field, text))
}

func (p *usageParser) problem(field int, text string) Problem {
	made := Problem{File: p.name, Line: p.rows.line, Text: text}
	if field >= 0 {
		made.Column, made.Value = p.header[field], strings.Clone(p.rows.cell(field))
	}
	return made
}

// cell gives the cell of a role, "" where there is none.
func (p *usageParser) cell(r role) string {
	if p.at[r] < 0 {
		return ""
	}
	s := p.rows.cell(p.at[r])
	if s == "" || s[0] > ' ' && s[0] < 0x80 && s[len(s)-1] > ' ' && s[len(s)-1] < 0x80 {
		return s
	}
	s, _ = cleanCell(s)
	return s
}

// take adds a row to the part, or the problem that it has.
func (p *usageParser) take() {
	r := UsageRow{Line: int32(min(p.rows.line, math.MaxInt32))}
	if p.first == roleNone && !p.count(&r) {
		return
	}
	if p.cell(roleService) == "" && p.cell(roleSKU) == "" {
		p.found(-1, "the row names no package and no SKU; is it a total? delete it")
		return
	}
	if r.Place = p.place(); r.Place == nil {
		return
	}
	known := len(p.users)
	if p.report.Level == LevelUser {
		if p.addUser(); len(p.users) == known {
			p.found(-1, "the row names no user, no workspace and no license")
			return
		}
	}
	if !p.dates(&r) {
		p.users = p.users[:known]
		return
	}
	p.part.rows = append(p.part.rows, r)
	p.ends = append(p.ends, len(p.users))
}

// count reads the quantity of a row, and tells whether it is good.
func (p *usageParser) count(r *UsageRow) bool {
	var err error
	if r.Count, err = ParseCount(p.cell(roleQuantity)); err != nil {
		p.found(p.at[roleQuantity], "not a quantity; write it like 327 or 0.5")
		return false
	}
	if r.Count < 0 {
		p.found(p.at[roleQuantity], "usage is never negative")
		return false
	}
	return true
}

// addUser adds what a row's user is told by, in lower case.
func (p *usageParser) addUser() {
	for _, r := range []role{roleUserEmail, roleUserID, roleWorkspace, roleLicense} {
		s := p.cell(r)
		if s == "" {
			continue
		}
		if r != roleUserEmail {
			s = NormalID(s)
		}
		p.users = append(p.users, strings.ToLower(s)...)
		return
	}
}

// dates reads the days of a row, and tells whether they are good.
func (p *usageParser) dates(r *UsageRow) bool {
	if p.first != roleNone {
		return p.stay(r)
	}
	var err error
	if p.at[roleDay] >= 0 {
		if r.Day, err = p.day(roleDay); err != nil {
			p.found(p.at[roleDay], err.Error())
			return false
		}
	}
	return !p.has(rolePeriodStart) || !p.has(rolePeriodEnd) || p.period()
}

// day reads a date; a time of day behind it is that of the report's UTC days.
func (p *usageParser) day(r role) (Day, error) {
	s := p.cell(r)
	if d, ok := p.days[s]; ok {
		return d, nil
	}
	date, _, _ := strings.Cut(s, "T")
	d, err := ParseDay(date)
	if err == nil {
		p.days[strings.Clone(s)] = d
	}
	return d, err
}

// period reads the period of a row, and tells whether it is that of the block.
func (p *usageParser) period() bool {
	first, err := p.day(rolePeriodStart)
	if err != nil {
		p.found(p.at[rolePeriodStart], err.Error())
		return false
	}
	last, err := p.day(rolePeriodEnd)
	if err != nil {
		p.found(p.at[rolePeriodEnd], err.Error())
		return false
	}
	switch is := (Period{first, last}); {
	case is == p.part.period:
	case p.part.period.First != 0:
		p.found(p.at[rolePeriodStart], otherPeriod(is, p.part.period))
		return false
	case is.Days() < 1:
		p.found(p.at[rolePeriodEnd], "the period ends before it begins")
		return false
	default:
		p.part.period, p.part.first = is, p.problem(p.at[rolePeriodStart], "")
	}
	return true
}

// placeRoles are the columns that tell places apart.
var placeRoles = []role{roleSubPartnerOrg, roleSubscription, roleCustomerName, roleCustomerOrg, roleCustomerExternal, roleService, roleSKU, roleLicense}

// span is some columns beside each other.
type span struct{ first, last int }

// placeSpans finds the columns of placeRoles: fewer pieces make a key faster.
func (u *usageReader) placeSpans() []span {
	var fields []int
	for _, r := range placeRoles {
		// At user level a license may be that of the user alone.
		if u.at[r] >= 0 && !(r == roleLicense && u.report.Level == LevelUser) {
			fields = append(fields, u.at[r])
		}
	}
	slices.Sort(fields)
	var spans []span
	for _, f := range fields {
		if n := len(spans); n > 0 && spans[n-1].last == f-1 {
			spans[n-1].last = f
			continue
		}
		spans = append(spans, span{f, f})
	}
	return spans
}

// place finds the place of a row among those of earlier rows. It is nil where the
// row has a problem.
func (p *usageParser) place() *Place {
	p.key = p.key[:0]
	for _, s := range p.spans {
		p.key = append(append(p.key, p.rows.span(s.first, s.last)...), 0)
	}
	if known, ok := p.places[string(p.key)]; ok {
		return known
	}
	for _, r := range placeRoles {
		if _, valid := cleanCell(p.cell(r)); !valid {
			p.found(p.at[r], "the cell is not UTF-8 text; save the file as UTF-8")
			return nil
		}
	}
	text := func(r role) string { return strings.Clone(p.cell(r)) }
	place := &Place{
		Customer:   Party{OrgID: NormalID(text(roleCustomerOrg)), ExternalID: text(roleCustomerExternal), Name: text(roleCustomerName)},
		SubPartner: NormalID(text(roleSubPartnerOrg)), Subscription: text(roleSubscription), SKU: text(roleSKU), Package: text(roleService),
	}
	if p.report.Level != LevelUser {
		place.License = NormalID(text(roleLicense))
	}
	if p.has(roleCustomerOrg, roleCustomerExternal, roleCustomerName) && place.Customer == (Party{}) {
		p.found(-1, "the row names no customer")
		return nil
	}
	p.places[string(p.key)] = place
	return place
}
