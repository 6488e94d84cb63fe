package cli

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wholesync/internal/webex"
	"wholesync/report"
)

func newDirSync(a *app) *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use:   "dirsync ENTERPRISE",
		Short: "Show, or start, the directory sync of a BroadWorks enterprise",
		Long: `Dirsync shows how the directory of a BroadWorks enterprise, named by its
sp_enterprise_id, was last synchronised with Webex: when, how it ended, and how
many entries it added, updated and deleted. With --now it starts a
synchronisation and waits for its end, up to --poll-timeout.

Switch it on and off with the column dir_sync of a broadworks_enterprise row.
Ends with 4 where the synchronisation failed, and with 8 where it is still running.`,
		Example: "  wholesync dirsync acme\n  wholesync dirsync sp1+acme --now --output json",
		Args:    oneEnterprise,
		RunE:    func(_ *cobra.Command, args []string) error { return a.dirSync(a.stop, args[0], now) },
	}
	cmd.Flags().BoolVar(&now, "now", false, "synchronise now, and wait for the end")
	return cmd
}

func oneEnterprise(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("reading the arguments: %s takes the sp_enterprise_id of one enterprise, and %d were given", cmd.CommandPath(), len(args))
	}
	return nil
}

func (a *app) dirSync(ctx context.Context, name string, now bool) error {
	if now {
		a.needed = toChange("broadworks_enterprises")
	}
	api, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer api.close()
	e, err := enterpriseNamed(ctx, api.client, name)
	if err != nil {
		return err
	}
	d, err := api.client.GetDirectorySync(ctx, e.ID)
	if err != nil {
		return fmt.Errorf("reading the directory sync of %q: %w", name, err)
	}
	if now {
		if d, err = a.syncNow(ctx, api.client, e, d); err != nil {
			return err
		}
	}
	if err := a.printSync(e, d); err != nil {
		return err
	}
	switch {
	case now && d.Busy():
		return fail(exitIncomplete, "synchronising %q: it still runs (%s) after --poll-timeout %s; look again with wholesync dirsync %s",
			name, report.Clean(d.Status), a.global.pollTimeout, report.ShellWord(name))
	case d.State() == webex.SyncFailed:
		return endWith(exitRows)
	}
	return nil
}

// enterpriseNamed finds the one enterprise with an sp_enterprise_id.
func enterpriseNamed(ctx context.Context, client *webex.Client, name string) (webex.BroadWorksEnterprise, error) {
	var found []webex.BroadWorksEnterprise
	for e, err := range client.ListBroadWorksEnterprises(ctx, webex.BroadWorksEnterpriseFilter{SPEnterpriseID: name}) {
		if err != nil {
			return webex.BroadWorksEnterprise{}, fmt.Errorf("looking for enterprise %q: %w", name, err)
		}
		if e.SPEnterpriseID == name {
			found = append(found, e)
		}
	}
	switch len(found) {
	case 0:
		return webex.BroadWorksEnterprise{}, fmt.Errorf("looking for enterprise %q: there is none; export --offer broadworks lists them", name)
	case 1:
		return found[0], nil
	}
	return webex.BroadWorksEnterprise{}, fmt.Errorf("looking for enterprise %q: %d live enterprises have this sp_enterprise_id; find out which one is meant in Partner Hub", name, len(found))
}

// syncNow starts a synchronisation and waits for its end. One that runs already
// is waited for instead.
func (a *app) syncNow(ctx context.Context, client *webex.Client, e webex.BroadWorksEnterprise, d webex.DirectorySync) (webex.DirectorySync, error) {
	if !d.Enabled {
		return d, fail(exitRows, "synchronising %q: its directory sync is off; switch it on with a row that says dir_sync=on", e.SPEnterpriseID)
	}
	before := d
	if !d.Busy() {
		var err error
		if d, _, err = client.SyncDirectory(ctx, e.ID); err != nil {
			return d, fmt.Errorf("synchronising %q: %w", e.SPEnterpriseID, err)
		}
	}
	deadline := time.Now().Add(a.global.pollTimeout)
	for pause := a.global.pollInterval; time.Now().Before(deadline) && !ended(before, d); pause = min(pause*3/2, longestPause) {
		select {
		case <-ctx.Done():
			return d, context.Cause(ctx)
		case <-time.After(min(pause, time.Until(deadline))):
		}
		var err error
		if d, err = client.GetDirectorySync(ctx, e.ID); err != nil {
			return d, fmt.Errorf("waiting for the directory sync of %q: %w", e.SPEnterpriseID, err)
		}
	}
	return d, nil
}

// longestPause is what the time between two looks grows to.
const longestPause = 30 * time.Second

// ended reports whether a synchronisation that was started has ended: it is not
// under way, and is not the one before.
func ended(before, now webex.DirectorySync) bool {
	return !now.Busy() && (before.Busy() || !now.LastEnd.Equal(before.LastEnd) || now.LastTrackingID != before.LastTrackingID)
}

// syncView is a directory sync for machines. Times are RFC 3339, absent where
// the API gives none.
type syncView struct {
	Enterprise  string     `json:"sp_enterprise_id"`
	ID          string     `json:"id"`
	Enabled     bool       `json:"enabled"`
	Status      string     `json:"status"`
	LastStart   string     `json:"last_start,omitempty"`
	LastEnd     string     `json:"last_end,omitempty"`
	LastSuccess string     `json:"last_success,omitempty"`
	TrackingID  string     `json:"tracking_id,omitempty"`
	Counts      []syncLine `json:"counts"`
	Errors      []string   `json:"errors"`
}

// syncLine counts the entries of one sort: what the last synchronisation did, and
// how many there are.
type syncLine struct {
	Name    string `json:"name"`
	Added   int    `json:"added"`
	Updated int    `json:"updated"`
	Deleted int    `json:"deleted"`
	Total   int    `json:"total"`
}

func viewOfSync(e webex.BroadWorksEnterprise, d webex.DirectorySync) syncView {
	line := func(name string, c webex.SyncCount, total int) syncLine {
		return syncLine{name, c.Added, c.Updated, c.Deleted, total}
	}
	v := syncView{
		Enterprise: e.SPEnterpriseID, ID: e.ID, Enabled: d.Enabled, Status: d.Status, TrackingID: d.LastTrackingID,
		LastStart: rfc3339(d.LastStart), LastEnd: rfc3339(d.LastEnd), LastSuccess: rfc3339(d.LastSuccess),
		Counts: []syncLine{
			line("users", d.Users, d.TotalUsers), line("machines", d.Machines, d.TotalMachines),
			line("user contacts", d.UserContacts, d.TotalUserContacts), line("org contacts", d.OrgContacts, d.TotalOrgContacts),
		},
		Errors: []string{},
	}
	for _, detail := range d.Errors {
		text := fmt.Sprintf("%d %s", detail.Code, detail.Description)
		if info, ok := webex.LookupCode(detail.Code); ok && info.Advice != "" {
			text += "; " + info.Advice
		}
		v.Errors = append(v.Errors, text)
	}
	return v
}

func (a *app) printSync(e webex.BroadWorksEnterprise, d webex.DirectorySync) error {
	v := viewOfSync(e, d)
	if a.json() {
		return writeJSON(a.stdout, v)
	}
	state := "off"
	if v.Enabled {
		state = "on"
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "enterprise\t%s\n", report.Clean(v.Enterprise))
	fmt.Fprintf(w, "directory sync\t%s, %s\n", state, report.Clean(v.Status))
	for _, when := range [][2]string{{"last start", v.LastStart}, {"last end", v.LastEnd}, {"last success", v.LastSuccess}} {
		if when[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", when[0], when[1])
		}
	}
	for _, text := range v.Errors {
		fmt.Fprintf(w, "error\t%s\n", report.Clean(text))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	w = tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nENTRIES\tADDED\tUPDATED\tDELETED\tTOTAL\n")
	for _, l := range v.Counts {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\n", l.Name, l.Added, l.Updated, l.Deleted, l.Total)
	}
	return w.Flush()
}
