package billing

// The reports of Webex for BroadWorks count no user-days: they have the first and
// the last day of each user.

// tellStays finds the columns of a user's first and last day, where no column
// counts the days.
func (u *usageReader) tellStays() {
	if u.has(roleQuantity) || u.report.Level == LevelPointInTime {
		return
	}
	for _, pair := range [][2]role{{roleFirstDay, roleLastDay}, {rolePeriodStart, rolePeriodEnd}} {
		if u.has(pair[0]) && u.has(pair[1]) {
			u.first, u.last = pair[0], pair[1]
			return
		}
	}
}

// stay reads the first and the last day of a row, and tells whether they are good.
// Until countStays has seen all rows, Count holds the last day: no last day is one
// that is still to come.
func (p *usageParser) stay(r *UsageRow) bool {
	first, err := p.day(p.first)
	if err != nil {
		p.found(p.at[p.first], err.Error())
		return false
	}
	var last Day
	if len(p.cell(p.last)) > 0 {
		if last, err = p.day(p.last); err != nil {
			p.found(p.at[p.last], err.Error())
			return false
		}
		if last < first {
			p.found(p.at[p.last], "the last day is before the first")
			return false
		}
	}
	r.Day, r.Count = first, Count(last)
	return true
}

// countStays turns the first and last days into user-days of the period. Where
// nobody says which one that is, it is the month of the latest day in the report.
func (u *usageReader) countStays(p Period) {
	if p.First == 0 {
		var latest Day
		for i := range u.report.Rows {
			latest = max(latest, u.report.Rows[i].Day, Day(u.report.Rows[i].Count))
		}
		p = MonthOf(latest)
	}
	for i := range u.report.Rows {
		row := &u.report.Rows[i]
		first, last := max(row.Day, p.First), Day(row.Count)
		if last == 0 || last > p.Last {
			last = p.Last
		}
		row.Day, row.Count = 0, Count(max(0, last-first+1))*Whole
	}
	u.report.Period = p
}
