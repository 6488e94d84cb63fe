package billing

import (
	"fmt"
	"math/big"
)

// Limit is the most seats of a package that a customer may have.
type Limit struct {
	Customer Party
	Package  string
	Seats    int
}

// checkLimits compares what was metered with the limits.
func (r *run) checkLimits() {
	for _, l := range r.in.Limits {
		c := r.parties.same(l.Customer)
		if c == nil {
			continue
		}
		most, how := r.mostSeats(c, l.Package)
		if most.Cmp(fromInt(l.Seats)) > 0 {
			r.warn(Finding{Code: OverLimit, Period: r.period, Customer: c.Key(), Package: l.Package,
				Evidence: fmt.Sprintf("%s seats %s, the limit is %d", Exact(most), how, l.Seats),
				Advice:   "raise the limit, or take packages back"})
		}
	}
}

// mostSeats is the highest number of seats that the reports prove a customer to
// have had at one moment: at the end, on a day, or the average of the period,
// which some day must have reached.
func (r *run) mostSeats(c *customer, pkg string) (most *big.Rat, how string) {
	var days, last Count
	daily := make(map[Day]Count)
	for _, cell := range r.cells {
		if cell.customer != c || cell.pkg != pkg {
			continue
		}
		days += cell.sum
		last += cell.seats
		for day, n := range cell.daily {
			daily[day] += n
		}
	}
	most, how = last.Rat(), "assigned at the end of the period"
	var busiest Day
	for day, n := range daily {
		if busiest == 0 || n > daily[busiest] || n == daily[busiest] && day < busiest {
			busiest = day
		}
	}
	if n := daily[busiest].Rat(); n.Cmp(most) > 0 {
		most, how = n, fmt.Sprintf("metered on %s", busiest)
	}
	if n := div(days.Rat(), fromInt(max(1, r.period.Days()))); n.Cmp(most) > 0 {
		most, how = n, "metered on average"
	}
	return most, how
}
