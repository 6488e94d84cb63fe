package billing

import (
	"fmt"
	"time"
)

// Day is a calendar day, counted from the day before 1970-01-01, so that the zero
// value is no day that a bill could name.
type Day int32

const secondsPerDay = 24 * 60 * 60

// DayOf gives the day that an instant falls on in its own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return NewDay(y, m, d)
}

// NewDay gives the day of a date.
func NewDay(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/secondsPerDay) + 1
}

// ParseDay reads a day written like 2026-04-30.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day; write it like 2026-04-30", s)
	}
	return DayOf(t), nil
}

// Time gives the beginning of the day in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d-1)*secondsPerDay, 0).UTC() }

// String writes the day like 2026-04-30, and the zero day as nothing.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// MarshalText writes the day as [Day.String] does.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Period is a span of days, both included. The zero value is no period.
type Period struct {
	First Day `json:"first"`
	Last  Day `json:"last"`
}

// MonthOf gives the calendar month that a day is in.
func MonthOf(d Day) Period {
	y, m, _ := d.Time().Date()
	return Period{NewDay(y, m, 1), NewDay(y, m+1, 1) - 1}
}

// Days is the number of days.
func (p Period) Days() int {
	if p.First == 0 {
		return 0
	}
	return int(p.Last-p.First) + 1
}

// Overlaps reports whether the periods have a day in common.
func (p Period) Overlaps(o Period) bool { return p.First <= o.Last && o.First <= p.Last }

// Contains reports whether every day of o is in p.
func (p Period) Contains(o Period) bool { return p.First <= o.First && o.Last <= p.Last }

// String writes the period like 2026-04-01..2026-04-30.
func (p Period) String() string { return p.First.String() + ".." + p.Last.String() }

// join gives the shortest period that has all days of both.
func (p Period) join(o Period) Period {
	switch {
	case p.First == 0:
		return o
	case o.First == 0:
		return p
	}
	return Period{min(p.First, o.First), max(p.Last, o.Last)}
}

// monthDays is the number of days that a month's price is for: those of the
// calendar month, or of the period itself where it crosses months.
func (p Period) monthDays() int {
	if month := MonthOf(p.First); month.Contains(p) {
		return month.Days()
	}
	return p.Days()
}
