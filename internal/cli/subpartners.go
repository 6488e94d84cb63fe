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

func newSubPartners(a *app) *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "subpartners",
		Short: "List the sub-partners that this partner may act for",
		Long: `Subpartners lists the sub-partners below the partner of the token. Act for one of
them with --sub-partner, or for several in one file with the column
sub_partner_org_id. A suspended sub-partner may only remove.`,
		Example: "  wholesync subpartners\n  wholesync subpartners --state suspended --output json",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.listSubPartners(cmd.Context(), state) },
	}
	cmd.Flags().Var(newChoice(&state, "", webex.SubPartnerActive, webex.SubPartnerSuspended), "state", "those in one state: active or suspended")
	offerWords(cmd)
	return cmd
}

// subPartnerView is a sub-partner for machines. Times are RFC 3339, absent where
// the API gives none.
type subPartnerView struct {
	OrgID          string `json:"org_id"`
	State          string `json:"state"`
	SubscriptionID string `json:"subscription_id"`
	Created        string `json:"created,omitempty"`
	BillingStart   string `json:"billing_start,omitempty"`
}

func (a *app) listSubPartners(ctx context.Context, state string) error {
	api, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer api.close()
	views := []subPartnerView{}
	for s, err := range api.client.ListSubPartners(ctx, state) {
		if err != nil {
			return fmt.Errorf("listing sub-partners: %w", err)
		}
		views = append(views, subPartnerView{s.OrgID, s.State, s.SubscriptionID, rfc3339(s.Created), rfc3339(s.BillingStart)})
	}
	if a.json() {
		return writeJSON(a.stdout, views)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ORGANIZATION\tSTATE\tSUBSCRIPTION\tBILLED SINCE")
	for _, v := range views {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", report.Clean(v.OrgID), report.Clean(v.State), report.Clean(v.SubscriptionID), v.BillingStart)
	}
	return w.Flush()
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
