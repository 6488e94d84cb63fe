package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wholesync/internal/webex"
)

// Bounds of fetching a report.
const (
	maxReportPause = time.Minute      // what the time between two looks at a report grows to
	newborn        = 30 * time.Second // how long a new report may be missing from reads
	maxDownloads   = 4                // tries to get one file, each with a fresh link
)

// ReportOrder is a billing report that is wanted.
type ReportOrder struct {
	webex.ReportRequest
	// Refresh has a report that exists already deleted and made afresh.
	Refresh bool
}

// ReportStep is news of a report on its way, for people.
type ReportStep struct {
	Report webex.BillingReport // as far as it is known
	What   string              // such as "asked for"
}

// Fetcher gets billing reports from the API, one after the other: the API makes
// few at a time, and says that it is busy with others (code 2030).
type Fetcher struct {
	API          *webex.Client
	PollInterval time.Duration // between the first two looks at a report; grows to a minute
	PollTimeout  time.Duration // how long one report is waited for
	OnStep       func(ReportStep)
}

func (f *Fetcher) say(r webex.BillingReport, what string) {
	if f.OnStep != nil {
		f.OnStep(ReportStep{r, what})
	}
}

// Fetch is the whole way of a report: it is made, or one like it is adopted; it
// is waited for; its file is written to the path that name gives. An error is a
// [*ReportError], one of the client's, or one of writing the file.
func (f *Fetcher) Fetch(ctx context.Context, order ReportOrder, name func(webex.BillingReport) string) (ReportEvidence, error) {
	report, err := f.Obtain(ctx, order)
	if err != nil {
		return ReportEvidence{}, err
	}
	return f.Save(ctx, report, order.SubPartner, name(report))
}

// Obtain has a report made, or adopts one, and waits until its file is ready.
func (f *Fetcher) Obtain(ctx context.Context, order ReportOrder) (webex.BillingReport, error) {
	report, err := f.Begin(ctx, order)
	if err != nil {
		return report, err
	}
	if report, err = f.Await(ctx, report); err != nil {
		return report, err
	}
	return report, order.verify(report, true)
}

// Await looks at a report until its file is ready.
func (f *Fetcher) Await(ctx context.Context, report webex.BillingReport) (webex.BillingReport, error) {
	began := time.Now()
	for pause := f.PollInterval; !report.Completed(); pause = longer(pause) {
		if report.Failed() {
			return report, &ReportError{Reason: ReportFailed, Report: report}
		}
		if time.Since(began)+pause > f.PollTimeout {
			return report, &ReportError{Reason: ReportUnfinished, Report: report}
		}
		if err := wait(ctx, pause); err != nil {
			return report, err
		}
		now, err := f.API.GetReport(ctx, report.Offer, report.ID)
		switch {
		case isNotFound(err) && time.Since(began) < newborn:
			continue // reads may lag behind the write
		case err != nil:
			return report, fmt.Errorf("waiting for report %s: %w", report.ID, err)
		}
		report = now
		f.say(report, "status "+report.Status)
	}
	return report, nil
}

// Save writes the file of a completed report to path, and beside it what is
// known about it. Each try begins the file anew, with a fresh link; a link is
// never written anywhere.
func (f *Fetcher) Save(ctx context.Context, report webex.BillingReport, subPartner, path string) (ReportEvidence, error) {
	if err := checkEvidencePath(path); err != nil {
		return ReportEvidence{}, err
	}
	pause := f.PollInterval
	for try := 1; ; try++ {
		if try > 1 || report.Link.Expired(time.Now()) {
			fresh, err := f.API.GetReport(ctx, report.Offer, report.ID)
			if err != nil {
				return ReportEvidence{}, fmt.Errorf("asking for a fresh link to the file of report %s: %w", report.ID, err)
			}
			report = fresh
		}
		var content webex.Content
		err := WriteFile(path, func(w io.Writer) (err error) {
			content, err = f.API.Download(ctx, report.Link, w)
			return err
		})
		var failed *webex.DownloadError
		switch {
		case err == nil:
			f.say(report, "downloaded")
			return writeEvidence(report, subPartner, path, content)
		case errors.As(err, &failed) && (!failed.Again || try == maxDownloads):
			return ReportEvidence{}, fmt.Errorf("downloading report %s: %w", report.ID, failed)
		case failed == nil:
			return ReportEvidence{}, err
		}
		f.say(report, "download failed: "+failed.Error())
		if err := wait(ctx, pause); err != nil {
			return ReportEvidence{}, err
		}
		pause = longer(pause)
	}
}

// longer is the pause after a pause.
func longer(pause time.Duration) time.Duration { return min(pause*3/2, maxReportPause) }

// ReportReason says why a report was not had, where the API answered well.
type ReportReason uint8

// The reasons.
const (
	ReportFailed     ReportReason = iota + 1 // the API could not make it
	ReportUnfinished                         // it was not ready in time
	ReportBlocked                            // another one of the same days stands in its way
	ReportStale                              // the one that exists was made too early
	ReportOther                              // the API made something else than was asked for
	ReportUnknown                            // it cannot be told whether the API makes it
)

// ReportError is why a report was not had.
type ReportError struct {
	Reason ReportReason
	Report webex.BillingReport // the one it is about; zero if there is none
	Detail string
}

// Error says what happened and what to do about it.
func (e *ReportError) Error() string {
	id := e.Report.ID
	switch e.Reason {
	case ReportFailed:
		return fmt.Sprintf("report %s failed: %s; have it made again with --refresh", id, reportTroubles(e.Report))
	case ReportUnfinished:
		return fmt.Sprintf("report %s is not ready yet; run the same command again later and it is taken up, or wait longer with --poll-timeout", id)
	case ReportBlocked:
		return "a report of the same days stands in the way: " + e.Detail
	case ReportStale:
		return fmt.Sprintf("report %s was made %s, when the usage of its last day may not have been in it; have it made again with --refresh, or take it as it is with billing download", id, e.Detail)
	case ReportOther:
		return fmt.Sprintf("the API made report %s as something else: %s; delete it with billing delete", id, e.Detail)
	}
	return "it is not known whether the API makes the report: " + e.Detail + "; look with billing list before asking again"
}

// reportTroubles puts what a report complains of on one line.
func reportTroubles(r webex.BillingReport) string {
	if len(r.Errors) == 0 {
		return "the API gives no reason"
	}
	return strings.Join(details("", r.Errors), "; ")
}
