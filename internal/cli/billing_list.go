package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wholesync/internal/webex"
)

// listOptions are the flags of billing list.
type listOptions struct {
	offerOptions
	daysOptions
	kind, status  string
	before, after string
}

func newReportList(a *app) *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the billing reports that the API has",
		Long: `List shows the reports that the API has. They are narrowed down by their days, type
and status, or for broadworks by when they were made.`,
		Example: "  wholesync billing list --period 2026-04 --type user\n  wholesync billing list --offer broadworks --after 2026-01",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.listReports(&o) },
	}
	f := cmd.Flags()
	o.offerOptions.addFlags(f)
	o.daysOptions.addFlags(f)
	f.Var(newChoice(&o.kind, "", "partner", "customer", "user"), "type", "only reports of one type: partner, customer or user")
	f.StringVar(&o.status, "status", "", "only reports in this status, such as COMPLETED")
	f.StringVar(&o.before, "before", "", "broadworks: only reports made before this month, as YYYY-MM")
	f.StringVar(&o.after, "after", "", "broadworks: only reports made after this month, as YYYY-MM")
	offerWords(cmd)
	return cmd
}

func (o *listOptions) filter(a *app) (webex.ReportFilter, error) {
	filter := webex.ReportFilter{Offer: webex.Offer(o.offer)}
	start, end, err := o.read()
	if err != nil {
		return filter, err
	}
	if filter.Offer == webex.BroadWorks {
		if !start.IsZero() || o.kind != "" || o.status != "" || a.global.subPartner != "" {
			return filter, errors.New("reading the flags: broadworks reports are listed by --before and --after alone")
		}
		for flag, month := range map[string]string{"before": o.before, "after": o.after} {
			if _, err := time.Parse(monthForm, month); month != "" && err != nil {
				return filter, fmt.Errorf("reading the flags: --%s %q is not a month; write it like 2026-04", flag, month)
			}
		}
		filter.Before, filter.After = o.before, o.after
		return filter, nil
	}
	if o.before != "" || o.after != "" {
		return filter, errors.New("reading the flags: --before and --after are for --offer broadworks; give --period, or --start and --end")
	}
	if !start.IsZero() {
		filter.Start, filter.End = dayText(start), dayText(end)
	}
	filter.Type, filter.Status, filter.SubPartner = strings.ToUpper(o.kind), strings.ToUpper(o.status), a.global.subPartner
	return filter, nil
}

func (a *app) listReports(o *listOptions) error {
	filter, err := o.filter(a)
	if err != nil {
		return err
	}
	a.needReports(o.offer)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	var reports []webex.BillingReport
	for r, err := range api.client.ListReports(a.stop, filter) {
		if err != nil {
			return a.reportFailure(fmt.Errorf("listing: %w", err))
		}
		reports = append(reports, r)
	}
	if len(reports) == 0 && !a.json() {
		fmt.Fprintln(a.console, "no such report; wholesync billing create has one made")
	}
	return a.showReports(reports)
}

func newReportGet(a *app) *cobra.Command {
	var o offerOptions
	cmd := &cobra.Command{
		Use:   "get ID",
		Short: "Show a billing report of the API",
		Long: `Get shows what the API knows about a report, and why it failed where it did. The
link to its file is a secret and is not shown; download fetches it.`,
		Example: "  wholesync billing get Y2lzY29zcGFyazovL3VzL0JJTExJTkdfUkVQT1JULzE",
		Args:    oneReport,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withReport(o.offer, args[0], func(_ *session, r webex.BillingReport) error { return a.showReport(r, nil) })
		},
	}
	o.addFlags(cmd.Flags())
	offerWords(cmd)
	return cmd
}

// oneReport asks for the id of a report.
func oneReport(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
		return fmt.Errorf("reading the arguments: %s takes the id of one report; wholesync billing list shows them", cmd.CommandPath())
	}
	return nil
}
