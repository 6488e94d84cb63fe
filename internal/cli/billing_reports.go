package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/internal/webex"
	"wholesync/report"
)

const (
	// reportPoll is the wait before the first look at a report, unless the flag
	// says another one: reports take minutes.
	reportPoll = 5 * time.Second
	// reportYears is how far back the API keeps usage.
	reportYears = 5
	monthForm   = "2006-01"
)

// offerOptions is the flag of all commands about reports.
type offerOptions struct{ offer string }

func (o *offerOptions) addFlags(f *pflag.FlagSet) {
	f.Var(newChoice(&o.offer, string(webex.Wholesale), string(webex.BroadWorks)), "offer", "wholesale, or broadworks for partners that are not on the wholesale subscription")
}

// daysOptions are the flags that name the days of reports.
type daysOptions struct{ period, start, end string }

func (o *daysOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.period, "period", "", "the month of the report, as YYYY-MM")
	f.StringVar(&o.start, "start", "", "the first day, as YYYY-MM-DD")
	f.StringVar(&o.end, "end", "", "the last day, as YYYY-MM-DD")
}

// read gives the first and the last day; both are blank where no flag is given.
func (o *daysOptions) read() (start, end time.Time, err error) {
	if o.period != "" {
		if o.start != "" || o.end != "" {
			return start, end, errors.New("reading the flags: --period and --start with --end exclude each other; leave one out")
		}
		if start, err = time.Parse(monthForm, o.period); err != nil {
			return start, end, fmt.Errorf("reading the flags: --period %q is not a month; write it like 2026-04", o.period)
		}
		return start, start.AddDate(0, 1, -1), nil
	}
	if (o.start == "") != (o.end == "") {
		return start, end, errors.New("reading the flags: --start and --end go together; give both, or --period YYYY-MM")
	}
	for _, day := range []struct {
		flag, value string
		into        *time.Time
	}{{"start", o.start, &start}, {"end", o.end, &end}} {
		if day.value == "" {
			continue
		}
		if *day.into, err = time.Parse(time.DateOnly, day.value); err != nil {
			return start, end, fmt.Errorf("reading the flags: --%s %q is not a day; write it like 2026-04-30", day.flag, day.value)
		}
	}
	return start, end, nil
}

// checkDays refuses days that the API has no usage of, before it is asked.
// Today's usage is counted tomorrow; today's seats can be counted today.
func checkDays(start, end, now time.Time, seats bool) error {
	last := today(now).AddDate(0, 0, -1)
	if seats {
		last = today(now)
	}
	oldest := today(now).AddDate(-reportYears, 0, 0)
	switch {
	case start.IsZero():
		return errors.New("reading the flags: a report needs its days; give --period YYYY-MM, or --start and --end")
	case start.After(end):
		return fail(exitInput, "checking the days: %s is after %s, so nothing was sent; swap --start and --end", dayText(start), dayText(end))
	case end.After(last):
		return fail(exitInput, "checking the days: %s is not over yet, so nothing was sent; the last day that has usage is %s", dayText(end), dayText(last))
	case start.Before(oldest):
		return fail(exitInput, "checking the days: %s is more than %d years ago, so nothing was sent; the API goes back to %s", dayText(start), reportYears, dayText(oldest))
	}
	return nil
}

func today(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

func dayText(t time.Time) string { return t.Format(time.DateOnly) }

// fetcher gets reports, telling on stderr how far it is.
func (a *app) fetcher(api *session) *batch.Fetcher {
	poll := reportPoll
	if api.rehearsal || a.global.flags.Changed(pollIntervalFlag) {
		poll = a.global.pollInterval
	}
	began := time.Now()
	return &batch.Fetcher{API: api.client, PollInterval: poll, PollTimeout: a.global.pollTimeout, OnStep: func(s batch.ReportStep) {
		a.log.Info("billing report", "id", s.Report.ID, "news", s.What)
		if !a.global.noProgress {
			fmt.Fprintf(a.console, "%s: %s, after %s\n", reportTitle(s.Report), report.Clean(s.What), time.Since(began).Round(time.Second))
		}
	}}
}

// reportTitle names a report for people, such as "report USER 2026-04".
func reportTitle(r webex.BillingReport) string {
	if r.ID == "" {
		return "report"
	}
	return report.Clean(strings.Join(strings.Fields("report "+r.Type+" "+daysOf(r)), " "))
}

// daysOf is the period of a report for people.
func daysOf(r webex.BillingReport) string { return daysBy(r, "..") }

// daysBy is the period of a report: a month, a day, or its first and last day with
// something between them.
func daysBy(r webex.BillingReport, between string) string {
	if r.Month != "" {
		return r.Month
	}
	start, err := time.Parse(time.DateOnly, r.Start)
	if err == nil && start.Day() == 1 && dayText(start.AddDate(0, 1, -1)) == r.End {
		return start.Format(monthForm)
	}
	if r.Start == r.End {
		return r.Start
	}
	return strings.Trim(r.Start+between+r.End, between)
}

// reportFailure words why a report was not had, with the exit code of it.
func (a *app) reportFailure(err error) error {
	var (
		known *batch.ReportError
		api   *webex.Error
		file  *fs.PathError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errCut):
		return err
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return fail(exitIncomplete, "getting billing reports: interrupted; a report that was asked for is made all the same, and the same command takes it up")
	case errors.As(err, &known):
		codes := map[batch.ReportReason]int{batch.ReportUnfinished: exitIncomplete, batch.ReportUnknown: exitUnknown, batch.ReportBlocked: exitGuard, batch.ReportStale: exitGuard}
		return fail(cmp.Or(codes[known.Reason], exitError), "getting billing reports: %w", err)
	case errors.As(err, &api) && api.HTTPStatus == 403:
		return fail(exitAuth, "getting billing reports: %w; the token needs %s, and a partner administrator behind it", err, strings.Join(a.needed, " and "))
	case errors.As(err, &file):
		return &exitErr{exitFiles, err}
	}
	return fmt.Errorf("getting billing reports: %w", err)
}

// reportPlace is where the file of a report goes: to the file or into the
// directory that a flag names, else into the directory of its period.
func reportPlace(out string, r webex.BillingReport, order batch.ReportOrder) (string, error) {
	if out != "" && !isFolder(out) {
		return out, nil
	}
	dir := cmp.Or(out, filepath.Join(reportsDir, fileWord(daysBy(r, "_"))))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, reportFile(r, order)), nil
}

// isFolder tells a directory, also one that is to be made, from a file.
func isFolder(out string) bool {
	info, err := os.Stat(out)
	return err == nil && info.IsDir() || os.IsPathSeparator(out[len(out)-1])
}

// checkReportOut makes sure that a report can be written, before it is waited for.
func checkReportOut(out string) error {
	switch {
	case out == "" || isFolder(out):
		return nil
	case batch.EvidencePath(out) == out:
		return fmt.Errorf("reading the flags: -o %s: a report is CSV, and what is known about it goes to a .json beside it; name a file that ends in .csv", out)
	}
	if err := probe(out); err != nil {
		return fail(exitFiles, "reading the flags: -o %s cannot be written: %w; name another file", out, err)
	}
	return nil
}
