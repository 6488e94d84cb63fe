package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/internal/webex"
)

// pointInTime is the category of reports that count seats.
const pointInTime = "point-in-time"

// createOptions are the flags of billing create.
type createOptions struct {
	offerOptions
	daysOptions
	kind, category          string
	internal, refresh, wait bool
	out                     string
}

func newReportCreate(a *app) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:   "create --period YYYY-MM | --start DAY --end DAY",
		Short: "Have the API make a billing report",
		Long: `Create has the API make a report, which takes minutes: --wait waits for it, and -o
downloads it too. Where a report of the same days exists, it is adopted if it is
the same in everything and was made late enough to have the usage of its last day.
Otherwise the command says what stands in the way; --refresh deletes it first.

A day's usage is in a report surely 36 hours after the day.`,
		Example: `  wholesync billing create --period 2026-04 --type user -o user.csv
  wholesync billing create --start 2026-04-01 --end 2026-04-15 --type customer --wait`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.createReport(&o) },
	}
	o.addFlags(cmd.Flags())
	offerWords(cmd)
	return cmd
}

func (o *createOptions) addFlags(f *pflag.FlagSet) {
	o.offerOptions.addFlags(f)
	o.daysOptions.addFlags(f)
	f.Var(newChoice(&o.kind, "partner", "customer", "user"), "type", "one row per package, per customer and package, or per user and package: partner, customer or user")
	f.Var(newChoice(&o.category, "reconciliation", pointInTime), "category", "reconciliation for the usage of the days, or point-in-time for the seats as they are now")
	f.BoolVar(&o.internal, "internal", false, "with the partner's own internal organizations")
	f.BoolVar(&o.refresh, "refresh", false, "delete a report of the same days and have it made afresh")
	f.BoolVar(&o.wait, "wait", false, "wait until the report is ready")
	f.StringVarP(&o.out, outFlag, "o", "", "wait, and download the report to this file or into this directory")
}

// order is what the flags ask for.
func (o *createOptions) order(a *app) (batch.ReportOrder, error) {
	start, end, err := o.read()
	if err != nil {
		return batch.ReportOrder{}, err
	}
	if o.category == pointInTime && start.IsZero() { // seats are counted when the report is made
		start = today(a.now())
		end = start
	}
	if err := checkDays(start, end, a.now(), o.category == pointInTime); err != nil {
		return batch.ReportOrder{}, err
	}
	order := batch.ReportOrder{Refresh: o.refresh, ReportRequest: webex.ReportRequest{Offer: webex.Offer(o.offer)}}
	if order.Offer == webex.BroadWorks {
		if o.period == "" || o.kind != "partner" || o.category != "reconciliation" || o.internal || a.global.subPartner != "" {
			return order, errors.New("reading the flags: a broadworks report is for a month and nothing else; give --period alone")
		}
		order.Month = o.period
		return order, nil
	}
	order.Start, order.End, order.Type = dayText(start), dayText(end), strings.ToUpper(o.kind)
	order.SubPartner, order.Internal = a.global.subPartner, o.internal
	order.Category = webex.CategoryReconciliation
	if o.category == pointInTime {
		if o.kind == "partner" {
			return order, errors.New("reading the flags: a point-in-time report counts the seats of customers or users; give --type customer or --type user")
		}
		order.Category = webex.CategoryPointInTime
	}
	return order, nil
}

func (a *app) createReport(o *createOptions) error {
	order, err := o.order(a)
	if err != nil {
		return err
	}
	if err := checkReportOut(o.out); err != nil {
		return err
	}
	a.needReports(o.offer)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	f := a.fetcher(api)
	if o.out == "" && !o.wait {
		made, err := f.Begin(a.stop, order)
		if err != nil {
			return a.reportFailure(err)
		}
		return a.showReport(made, nil)
	}
	made, err := f.Obtain(a.stop, order)
	if err != nil {
		return a.reportFailure(err)
	}
	if o.out == "" {
		return a.showReport(made, nil)
	}
	return a.saveReport(f, made, order, o.out)
}

// saveReport downloads a report and says where it is.
func (a *app) saveReport(f *batch.Fetcher, r webex.BillingReport, order batch.ReportOrder, out string) error {
	path, err := reportPlace(out, r, order)
	if err != nil {
		return fail(exitFiles, "writing the report: %w", err)
	}
	if err := probe(path); err != nil {
		return fail(exitFiles, "reading the flags: %s cannot be written: %w; name another file with -o", path, err)
	}
	evidence, err := f.Save(a.stop, r, order.SubPartner, path)
	if err != nil {
		return a.reportFailure(err)
	}
	return a.showReport(r, &evidence)
}

// withReport connects and does something with the report that an id names.
func (a *app) withReport(offer, id string, do func(*session, webex.BillingReport) error) error {
	a.needReports(offer)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	r, err := api.client.GetReport(a.stop, webex.Offer(offer), id)
	if err != nil {
		return a.reportFailure(fmt.Errorf("reading report %s: %w", id, err))
	}
	return do(api, r)
}
