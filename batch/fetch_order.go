package batch

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// defaultReportType is what the API makes where no type is named.
const defaultReportType = "PARTNER"

// sameDays reports whether a report is for the days of the order.
func (o ReportOrder) sameDays(r webex.BillingReport) bool {
	return r.Start == o.Start && r.End == o.End && r.Month == o.Month
}

// differs says in what a report is not what the order asks for, "" = in nothing.
// A list leaves things out, and so does the answer to a request; complete is for
// a report that was read by itself.
func (o ReportOrder) differs(r webex.BillingReport, complete bool) string {
	if o.Offer == webex.BroadWorks {
		return notAs("billing period", r.Month, o.Month, complete)
	}
	category := r.Category
	if complete {
		category = cmp.Or(category, webex.CategoryReconciliation)
	}
	return cmp.Or(
		notAs("start", r.Start, o.Start, complete), notAs("end", r.End, o.End, complete),
		notAs("type", r.Type, cmp.Or(o.Type, defaultReportType), complete),
		notAs("category", category, cmp.Or(o.Category, webex.CategoryReconciliation), complete),
		o.otherSubPartner(r), o.otherInternal(r))
}

// notAs compares a word of a report with the one of the order. A blank one is a
// difference only where the API says everything that there is.
func notAs(what, is, want string, complete bool) string {
	if strings.EqualFold(is, want) || is == "" && !complete {
		return ""
	}
	return fmt.Sprintf("%s %q, not %q", what, is, want)
}

// otherSubPartner trusts a report that does not say whom it is for: the list was
// asked for one sub-partner, and the documentation has the field in no answer.
func (o ReportOrder) otherSubPartner(r webex.BillingReport) string {
	if r.SubPartner == "" || o.SubPartner != "" && diff.SameID(r.SubPartner, o.SubPartner) {
		return ""
	}
	return fmt.Sprintf("sub-partner %q, not %q", r.SubPartner, o.SubPartner)
}

func (o ReportOrder) otherInternal(r webex.BillingReport) string {
	if r.Internal == nil || *r.Internal == o.Internal {
		return ""
	}
	return fmt.Sprintf("internal organizations %t, not %t", *r.Internal, o.Internal)
}

// verify makes sure that the API made what was asked for: one that does not know
// a word of the request may ignore it, and a report of usage must not pass for
// one of seats.
func (o ReportOrder) verify(r webex.BillingReport, complete bool) error {
	if other := o.differs(r, complete); other != "" {
		return &ReportError{Reason: ReportOther, Report: r, Detail: other}
	}
	return nil
}

// complete fills in what the answer to a request leaves out, save what has to be
// verified.
func (o ReportOrder) complete(r webex.BillingReport) webex.BillingReport {
	r.Start, r.End, r.Month = cmp.Or(r.Start, o.Start), cmp.Or(r.End, o.End), cmp.Or(r.Month, o.Month)
	return r
}

// settled is when the report surely has the usage of its last day.
func (o ReportOrder) settled() time.Time {
	if month, err := time.Parse("2006-01", o.Month); err == nil {
		return month.AddDate(0, 1, 0).Add(settledAfter)
	}
	last, err := time.Parse(time.DateOnly, o.End)
	if err != nil || strings.EqualFold(o.Category, webex.CategoryPointInTime) {
		return time.Time{} // seats are as they are at once
	}
	return last.AddDate(0, 0, 1).Add(settledAfter)
}
