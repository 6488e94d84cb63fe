package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"wholesync/internal/webex"
	"wholesync/report"
	"wholesync/report/billing"
)

// fromAPI are the flags of billing reconcile for what comes from the API.
type fromAPI struct {
	offerOptions
	period, level, evidence string
	subPartners             []string // whose reports are wanted besides; see allSubPartners
	refresh, internal, live bool
}

func (o *fromAPI) addFlags(f *pflag.FlagSet) {
	o.offerOptions.addFlags(f)
	f.StringVar(&o.period, "period", "", "get the reports of this month from the API, as YYYY-MM")
	f.Var(newChoice(&o.level, "both", "customer", "user", "all"), "usage-level", "with --period: the reports per customer, per user, both, or all with the one per package")
	f.StringArrayVar(&o.subPartners, "with-sub-partner", nil, "with --period: the reports of this sub-partner besides, by its organization id; all for each one that there is")
	f.StringVar(&o.evidence, "evidence", "", "with --period: keep the reports in this directory (default wholesync-billing/PERIOD)")
	f.BoolVar(&o.refresh, "refresh", false, "with --period: delete reports of the month that exist, and have them made afresh")
	f.BoolVar(&o.internal, "internal", false, "with --period: with the partner's own internal organizations")
	f.BoolVar(&o.live, "live", false, "take what is wanted from the live state in place of --inventory")
}

// check refuses what cannot work before any file is read.
func (o *fromAPI) check(all *reconcileOptions, now time.Time) error {
	switch {
	case o.live && len(all.inventory) > 0:
		return errors.New("reading the flags: --live and --inventory exclude each other; leave one out")
	case o.period == "" && (o.refresh || o.internal || o.evidence != "" || o.level != "both" || len(o.subPartners) > 0 || o.offer != string(webex.Wholesale)):
		return errors.New("reading the flags: --refresh, --internal, --evidence, --usage-level, --with-sub-partner and --offer go with --period YYYY-MM")
	case o.period == "":
		return nil
	case o.offer == string(webex.BroadWorks) && (o.live || o.internal || o.level != "both" || len(o.subPartners) > 0):
		return errors.New("reading the flags: --live, --internal, --usage-level and --with-sub-partner are for the wholesale offer; leave them out with --offer broadworks")
	case len(all.usage) > 0:
		return errors.New("reading the flags: --usage and --period exclude each other; leave one out")
	}
	start, end, err := (&daysOptions{period: o.period}).read()
	if err != nil {
		return err
	}
	return checkDays(start, end, now, false)
}

// getFromAPI gets from the API what the flags ask for: reports, which become files, and
// the live state.
func (a *app) getFromAPI(o *reconcileOptions, in *billing.Input) error {
	if o.period == "" && !o.live {
		return nil
	}
	a.needToReconcile(&o.fromAPI)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	if o.live { // quick, and what is wrong with the token shows before the long wait
		if in.Inventory, err = a.liveSeats(api); err != nil {
			return fmt.Errorf("reading the live state: %w", err)
		}
	}
	if o.period == "" {
		return nil
	}
	o.usage, err = a.fetchUsage(api, &o.fromAPI)
	return err
}

// fetchUsage gets the reports of a month, one after the other, and names their
// files.
func (a *app) fetchUsage(api *session, o *fromAPI) ([]string, error) {
	start, end, err := (&daysOptions{period: o.period}).read()
	if err != nil {
		return nil, err
	}
	dir := cmp.Or(o.evidence, filepath.Join(reportsDir, o.period))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fail(exitFiles, "keeping the reports: %w; name another directory with --evidence", err)
	}
	if err := probe(filepath.Join(dir, "report.csv")); err != nil {
		return nil, fail(exitFiles, "keeping the reports: %s cannot be written to: %w; name another directory with --evidence", dir, err)
	}
	owners, err := a.reportOwners(api, o)
	if err != nil {
		return nil, err
	}
	f := a.fetcher(api)
	var files []string
	for _, order := range o.orders(owners, start, end) {
		evidence, err := f.Fetch(a.stop, order, func(r webex.BillingReport) string { return filepath.Join(dir, reportFile(r, order)) })
		if err != nil {
			if order.SubPartner != "" {
				err = fmt.Errorf("%s: %w", orderTitle(order, o.period), err)
			}
			return nil, a.reportFailure(err)
		}
		if _, err := fmt.Fprintf(a.console, "%s: kept in %s, SHA-256 %s\n", orderTitle(order, o.period), report.Clean(evidence.Path), evidence.SHA256); err != nil {
			return nil, err
		}
		files = append(files, evidence.Path)
	}
	return files, nil
}
