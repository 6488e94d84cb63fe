package billing

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// usagePart is what one block of a report holds.
type usagePart struct {
	rows     []UsageRow
	period   Period    // zero = the rows do not say
	first    Problem   // the cell that says so first, should another block say otherwise
	problems []Problem // of the file's rows, up to the limit
	err      error     // the rows below cannot be read
	bytes    int       // of the block
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
		spare   = make(chan []byte, workers)
		parsers []*usageParser
	)
	running.Go(func() {
		defer close(order)
		defer close(work)
		failed = u.eachBlock(size, spare, func(b block) bool {
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
				select {
				case spare <- j.text:
				default: // one more than are needed
				}
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
		u.report.Rows = append(u.roomFor(part), part.rows...)
		u.spare.Put(part)
	}
	return nil
}

// roomFor gives the rows so far. The first part tells how many there will be, so
// that they need not be copied each time that they outgrow their room.
func (u *usageReader) roomFor(part *usagePart) []UsageRow {
	if u.report.Rows != nil || len(part.rows) == 0 {
		return u.report.Rows
	}
	rows := int64(len(part.rows)) * u.size / int64(part.bytes)
	return make([]UsageRow, 0, rows+rows/64+1)
}

func otherPeriod(row, above Period) string {
	return fmt.Sprintf("the row is for %s, the rows above are for %s", row, above)
}

// mostCounts is how many quantities a parser remembers.
const mostCounts = 1 << 12

// usageParser reads blocks, one after the other.
type usageParser struct {
	*usageReader // is only read from
	rows         blockRows
	part         *usagePart
	spans        []span
	places       map[string]*Place // by the cells of placeRoles, as they are written
	days         map[string]Day    // dates read so far
	counts       map[string]Count  // quantities read so far, of which most are the same few
	key          []byte            // of the row being read
	users        []byte            // of the block, one behind the other
	ends         []int             // of each user in there
}

func newUsageParser(u *usageReader) *usageParser {
	return &usageParser{usageReader: u, spans: u.placeSpans(), places: make(map[string]*Place), days: make(map[string]Day), counts: make(map[string]Count)}
}

func (p *usageParser) parse(b block) *usagePart {
	p.part = &usagePart{bytes: len(b.text)}
	if used, ok := p.spare.Get().(*usagePart); ok {
		p.part.rows = used.rows[:0] // its rows are in the report
	}
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
		made.Column, made.Value = p.header[field], string(p.rows.cell(field))
	}
	return made
}

// cell gives the cell of a role, nothing where there is none. It is valid until
// the next row is read.
func (p *usageParser) cell(r role) []byte {
	if p.at[r] < 0 {
		return nil
	}
	s := p.rows.cell(p.at[r])
	if len(s) == 0 || s[0] > ' ' && s[0] < 0x80 && s[len(s)-1] > ' ' && s[len(s)-1] < 0x80 {
		return s
	}
	clean, _ := cleanCell(string(s))
	return []byte(clean)
}

// take adds a row to the part, or the problem that it has.
func (p *usageParser) take() {
	r := UsageRow{Line: int32(min(p.rows.line, math.MaxInt32))}
	if p.first == roleNone && !p.count(&r) {
		return
	}
	if len(p.cell(roleService)) == 0 && len(p.cell(roleSKU)) == 0 {
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
	text := p.cell(roleQuantity)
	if n, ok := p.counts[string(text)]; ok {
		r.Count = n
		return true
	}
	n, err := ParseCount(string(text))
	if err != nil {
		p.found(p.at[roleQuantity], "not a quantity; write it like 327 or 0.5")
		return false
	}
	if n < 0 {
		p.found(p.at[roleQuantity], "usage is never negative")
		return false
	}
	if len(p.counts) < mostCounts {
		p.counts[string(text)] = n
	}
	r.Count = n
	return true
}

// addUser adds what a row's user is told by, in lower case.
func (p *usageParser) addUser() {
	for _, r := range []role{roleUserEmail, roleUserID, roleWorkspace, roleLicense} {
		s := p.cell(r)
		switch {
		case len(s) == 0:
			continue
		case r != roleUserEmail:
			p.users = append(p.users, strings.ToLower(NormalID(string(s)))...)
		default:
			p.users = appendLower(p.users, s)
		}
		return
	}
}

// appendLower adds a text in lower case.
func appendLower(to, s []byte) []byte {
	from := len(to)
	to = append(to, s...)
	for i, c := range s {
		switch {
		case c >= utf8.RuneSelf:
			return append(to[:from], bytes.ToLower(s)...)
		case 'A' <= c && c <= 'Z':
			to[from+i] = c + 'a' - 'A'
		}
	}
	return to
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
	if d, ok := p.days[string(s)]; ok {
		return d, nil
	}
	date, _, _ := strings.Cut(string(s), "T")
	d, err := ParseDay(date)
	if err == nil {
		p.days[string(s)] = d
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
