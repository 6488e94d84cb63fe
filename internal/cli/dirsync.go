package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"wholesync/batch"
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
Ends with 4 where the synchronisation failed, and with 8 where its end did not come in time.`,
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
	e, err := batch.FindEnterprise(ctx, api.client, name)
	if err != nil {
		return err
	}
	d, ended, err := a.readSync(ctx, api, e, now)
	if err != nil {
		return err
	}
	if err := a.printSync(e, d); err != nil {
		return err
	}
	switch {
	case !ended:
		return fail(exitIncomplete, "synchronising %q: it has not ended (%s) after --poll-timeout %s; look again with wholesync dirsync %s",
			name, report.Clean(d.Status), a.global.pollTimeout, report.ShellWord(name))
	case d.State() == webex.SyncFailed:
		return endWith(exitRows)
	}
	return nil
}

// readSync reads the state of an enterprise's directory sync, after a new
// synchronisation where one is wanted. Ended is false where its end did not come in
// time.
func (a *app) readSync(ctx context.Context, api *session, e webex.BroadWorksEnterprise, now bool) (d webex.DirectorySync, ended bool, err error) {
	if !now {
		if d, err = api.client.GetDirectorySync(ctx, e.ID); err != nil {
			return d, true, fmt.Errorf("reading the directory sync of %q: %w", e.SPEnterpriseID, err)
		}
		return d, true, nil
	}
	s := batch.DirectorySyncer{API: api.client, PollInterval: a.global.pollInterval, PollTimeout: a.global.pollTimeout}
	d, ended, err = s.Sync(ctx, e.ID)
	switch {
	case errors.Is(err, batch.ErrSyncOff):
		err = fail(exitRows, "synchronising %q: %w", e.SPEnterpriseID, err)
	case err != nil:
		err = fmt.Errorf("synchronising %q: %w", e.SPEnterpriseID, err)
	}
	return d, ended, err
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
