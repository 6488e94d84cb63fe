package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/internal/webex"
)

func newReportDownload(a *app) *cobra.Command {
	var o offerOptions
	var out string
	cmd := &cobra.Command{
		Use:   "download ID",
		Short: "Download a billing report",
		Long: `Download waits until a report is ready and writes it to a file, with NAME.json
beside NAME.csv: which report it is, when it was made, its length and SHA-256.
"billing reconcile --usage" reads both. Without -o it goes to
wholesync-billing/PERIOD.

The file is on another host than the API, behind a link that lets anybody in. The
token does not go there, the link is shown and kept nowhere, and a file that did
not come whole is not left behind.`,
		Example: "  wholesync billing download Y2lzY29zcGFyazovL3VzL0JJTExJTkdfUkVQT1JULzE -o user.csv",
		Args:    oneReport,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withReport(o.offer, args[0], func(api *session, r webex.BillingReport) error { return a.downloadReport(api, r, out) })
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVarP(&out, outFlag, "o", "", "write to this file or into this directory (default wholesync-billing/PERIOD)")
	offerWords(cmd)
	return cmd
}

func (a *app) downloadReport(api *session, r webex.BillingReport, out string) error {
	if err := checkReportOut(out); err != nil {
		return err
	}
	f := a.fetcher(api)
	r, err := f.Await(a.stop, r)
	if err != nil {
		return a.reportFailure(err)
	}
	order := batch.ReportOrder{ReportRequest: webex.ReportRequest{SubPartner: a.global.subPartner, Internal: r.Internal != nil && *r.Internal}}
	return a.saveReport(f, r, order, out)
}

func newReportDelete(a *app) *cobra.Command {
	var o offerOptions
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Delete a billing report of the API",
		Long: `Delete removes a report from the API, which makes another one of the same days
only then. Files that were downloaded stay. It asks on a terminal and refuses
elsewhere, unless --yes is given.`,
		Example: "  wholesync billing delete --yes Y2lzY29zcGFyazovL3VzL0JJTExJTkdfUkVQT1JULzE",
		Args:    oneReport,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withReport(o.offer, args[0], func(api *session, r webex.BillingReport) error { return a.deleteReport(api, r, yes) })
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&yes, yesFlag, false, "delete without asking")
	offerWords(cmd)
	return cmd
}

func (a *app) deleteReport(api *session, r webex.BillingReport, yes bool) error {
	if !yes && !api.rehearsal {
		if err := a.agree("delete "+reportTitle(r)+" ("+r.ID+")", ""); err != nil {
			return err
		}
	}
	if err := a.fetcher(api).Remove(a.stop, r); err != nil {
		return a.reportFailure(err)
	}
	if a.json() {
		return a.showReport(r, nil)
	}
	_, err := fmt.Fprintf(a.stdout, "deleted %s\n", reportTitle(r))
	return err
}
