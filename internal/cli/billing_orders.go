package cli

import (
	"fmt"
	"strings"
	"time"

	"wholesync/batch"
	"wholesync/internal/webex"
	"wholesync/report"
	"wholesync/report/billing"
)

// allSubPartners in the place of an organization's id stands for every sub-partner.
const allSubPartners = "all"

// levels are the types of reports that --usage-level stands for. The API makes
// few at a time, so they are asked for one by one.
func (o *fromAPI) levels() []string {
	switch o.level {
	case "customer":
		return []string{"CUSTOMER"}
	case "user":
		return []string{"USER"}
	case "all":
		return []string{"PARTNER", "CUSTOMER", "USER"}
	}
	return []string{"CUSTOMER", "USER"}
}

// orders are the reports of a month, of one owner after the other.
func (o *fromAPI) orders(owners []string, start, end time.Time) []batch.ReportOrder {
	if o.offer == string(webex.BroadWorks) {
		return []batch.ReportOrder{{Refresh: o.refresh, ReportRequest: webex.ReportRequest{Offer: webex.BroadWorks, Month: o.period}}}
	}
	var all []batch.ReportOrder
	for _, owner := range owners {
		for _, level := range o.levels() {
			all = append(all, batch.ReportOrder{Refresh: o.refresh, ReportRequest: webex.ReportRequest{
				Offer: webex.Wholesale, Start: dayText(start), End: dayText(end), Type: level, SubPartner: owner, Internal: o.internal,
			}})
		}
	}
	return all
}

// reportOwners are the organizations whose reports are wanted, each once: the
// one that the command acts for, blank for the partner itself, then the
// sub-partners that are asked for. Suspended ones too: the month may have usage
// from before.
func (a *app) reportOwners(api *session, o *fromAPI) ([]string, error) {
	owners := []string{a.global.subPartner}
	seen := map[string]bool{billing.NormalID(a.global.subPartner): true}
	add := func(id string) {
		if key := billing.NormalID(id); !seen[key] {
			seen[key] = true
			owners = append(owners, id)
		}
	}
	for _, id := range o.subPartners {
		if !strings.EqualFold(id, allSubPartners) {
			add(id)
			continue
		}
		for s, err := range api.client.ListSubPartners(a.stop, "") {
			if err != nil {
				return nil, fmt.Errorf("listing sub-partners: %w", err)
			}
			add(s.OrgID)
		}
	}
	return owners, nil
}

// wantsAll tells whether the sub-partners have to be listed first.
func (o *fromAPI) wantsAll() bool {
	for _, id := range o.subPartners {
		if strings.EqualFold(id, allSubPartners) {
			return true
		}
	}
	return false
}

// orderTitle names what was ordered for people, such as "report USER 2026-04".
func orderTitle(o batch.ReportOrder, period string) string {
	parts := []string{"report", o.Type, period}
	if o.Offer == webex.BroadWorks {
		parts[1] = string(o.Offer)
	}
	if o.SubPartner != "" {
		parts = append(parts, "of sub-partner", o.SubPartner)
	}
	return report.Clean(strings.Join(parts, " "))
}
