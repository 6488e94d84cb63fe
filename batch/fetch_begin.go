package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wholesync/internal/webex"
)

// Error codes of the billing report calls.
const (
	codeReportInProgress = 2025 // one is being made
	codeReportExists     = 2026
	codeReportsBusy      = 2030
)

// settledAfter is how long after its last day a report surely has all usage: the
// API counts a day on the next one.
const settledAfter = 36 * time.Hour

// unlisted is how long a report that stands in the way may be missing from the
// list: one that was just made or deleted shows by then.
const unlisted = 2 * time.Minute

// Begin has a report made, or adopts one like it that exists. A request whose
// answer was lost is never repeated blindly: the list is read first, and what it
// shows is adopted.
func (f *Fetcher) Begin(ctx context.Context, order ReportOrder) (webex.BillingReport, error) {
	began := time.Now()
	giveUp := began.Add(f.PollTimeout)
	for pause := f.PollInterval; ; pause = longer(pause) {
		report, refusal := f.API.CreateReport(ctx, order.ReportRequest)
		if refusal == nil {
			report = order.complete(report)
			f.say(report, "asked for")
			return report, order.verify(report, false)
		}
		lost := isClass(refusal, webex.ClassUnknown)
		if !lost && !isCode(refusal, codeReportInProgress, codeReportExists) {
			return report, fmt.Errorf("asking for a report: %w", refusal)
		}
		if lost { // give the report time to show
			if err := f.hold(ctx, pause, giveUp, refusal); err != nil {
				return report, err
			}
		}
		report, err := f.adopt(ctx, &order, refusal)
		if err != nil || report.ID != "" {
			return report, err
		}
		if !lost {
			until := giveUp
			if isCode(refusal, codeReportExists) {
				until = began.Add(min(unlisted, f.PollTimeout))
			}
			if err := f.hold(ctx, pause, until, refusal); err != nil {
				return report, err
			}
		}
	}
}

// hold pauses after a refusal, as long as there is time left.
func (f *Fetcher) hold(ctx context.Context, pause time.Duration, giveUp time.Time, refusal error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !time.Now().Add(pause).After(giveUp):
		f.say(webex.BillingReport{}, "not asked for yet: "+refusal.Error())
		return wait(ctx, pause)
	case isClass(refusal, webex.ClassUnknown) && !isCode(refusal, codeReportsBusy):
		return &ReportError{Reason: ReportUnknown, Detail: refusal.Error()}
	case isCode(refusal, codeReportExists):
		return &ReportError{Reason: ReportBlocked, Detail: "the API has one and does not list it; it may be of another sub-partner, see billing list --sub-partner ID"}
	}
	return fmt.Errorf("asking for a report: %w", refusal)
}

func isCode(err error, codes ...int) bool {
	var api *webex.Error
	return errors.As(err, &api) && slices.Contains(codes, api.Code)
}

// adopt looks for the report among those that exist. The zero report says that
// the request may be sent again: nothing like it is there, or not any more.
func (f *Fetcher) adopt(ctx context.Context, order *ReportOrder, refusal error) (webex.BillingReport, error) {
	same, others, err := f.existing(ctx, *order)
	if err != nil {
		return webex.BillingReport{}, err
	}
	best := bestOf(same)
	switch {
	case len(same) == 0 && len(others) > 0 && isCode(refusal, codeReportExists):
		return webex.BillingReport{}, &ReportError{Reason: ReportBlocked, Report: others[0], Detail: listed(others) + "; delete it with billing delete if nobody needs it"}
	case len(same) == 0:
		return webex.BillingReport{}, nil
	case !best.Completed() && !best.Failed():
		f.say(best, "adopted, being made")
		return best, nil
	case order.Refresh:
		order.Refresh = false // once is enough
		return webex.BillingReport{}, f.clear(ctx, same)
	case best.Failed():
		return best, &ReportError{Reason: ReportFailed, Report: best}
	}
	if settled := order.settled(); best.Created.Before(settled) && !time.Now().Before(settled) {
		return best, &ReportError{Reason: ReportStale, Report: best, Detail: made(best)}
	}
	f.say(best, "adopted, made "+made(best))
	return best, nil
}

func made(r webex.BillingReport) string {
	if r.Created.IsZero() {
		return "at a time that the API does not say"
	}
	return r.Created.UTC().Format("2006-01-02 15:04 UTC")
}

// clear deletes reports that are to be made afresh.
func (f *Fetcher) clear(ctx context.Context, reports []webex.BillingReport) error {
	for _, r := range reports {
		if err := f.Remove(ctx, r); err != nil {
			return fmt.Errorf("to have it made afresh: %w", err)
		}
	}
	return nil
}

// Remove deletes a report. Where the answer is lost, a look tells whether it is
// gone.
func (f *Fetcher) Remove(ctx context.Context, r webex.BillingReport) error {
	err := f.API.RemoveReport(ctx, r.Offer, r.ID)
	if isClass(err, webex.ClassUnknown) && ctx.Err() == nil {
		if waitErr := wait(ctx, f.PollInterval); waitErr != nil {
			return waitErr
		}
		if _, look := f.API.GetReport(ctx, r.Offer, r.ID); isNotFound(look) {
			err = nil
		}
	}
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("deleting report %s: %w", r.ID, err)
	}
	f.say(r, "deleted")
	return nil
}

// existing reads the reports of the order's days, in full: those that are what
// the order asks for, and the others.
func (f *Fetcher) existing(ctx context.Context, order ReportOrder) (same, others []webex.BillingReport, _ error) {
	// Without the type, because what blocks an order may be of another one.
	filter := webex.ReportFilter{Offer: order.Offer, Start: order.Start, End: order.End, SubPartner: order.SubPartner}
	for r, err := range f.API.ListReports(ctx, filter) {
		if err != nil {
			return nil, nil, fmt.Errorf("listing billing reports: %w", err)
		}
		if !order.sameDays(r) { // a server that ignores a filter
			continue
		}
		if order.differs(r, false) != "" {
			others = append(others, r)
			continue
		}
		full, err := f.API.GetReport(ctx, order.Offer, r.ID)
		switch {
		case isNotFound(err): // deleted meanwhile
		case err != nil:
			return nil, nil, fmt.Errorf("reading report %s: %w", r.ID, err)
		// One that may lack the internal organizations is not taken for one that has them.
		case order.differs(full, true) != "", order.Internal && full.Internal == nil:
			others = append(others, full)
		default:
			same = append(same, full)
		}
	}
	return same, others, nil
}

// bestOf picks the report to adopt: a completed one before one that is being
// made before a failed one, and the newest of those.
func bestOf(reports []webex.BillingReport) webex.BillingReport {
	if len(reports) == 0 {
		return webex.BillingReport{}
	}
	rank := func(r webex.BillingReport) int {
		switch {
		case r.Completed():
			return 0
		case r.Failed():
			return 2
		}
		return 1
	}
	return slices.MinFunc(reports, func(a, b webex.BillingReport) int {
		return cmp.Or(rank(a)-rank(b), b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
}

func listed(reports []webex.BillingReport) string {
	names := make([]string, len(reports))
	for i, r := range reports {
		names[i] = fmt.Sprintf("%s (%s)", r.ID, strings.Join(slices.DeleteFunc([]string{r.Type, r.Category, r.Status}, func(s string) bool { return s == "" }), ", "))
	}
	return strings.Join(names, ", ")
}
