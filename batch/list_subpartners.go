package batch

import (
	"context"
	"fmt"
	"maps"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// List reads the live state that a plan for the input needs, and no more: kinds
// and offers without rows cost no call. Rows of several sub-partners are listed
// on behalf of each. An error means that nothing may be planned, for a list with
// a hole looks like absence.
func List(ctx context.Context, api *webex.Client, want *diff.Desired, o ListOptions) (*diff.Live, error) {
	live, err := listWholesale(ctx, api, want, o)
	if err != nil {
		return nil, err
	}
	if err := listBroadWorks(ctx, api, want, live, o); err != nil {
		return nil, err
	}
	return live, listTeardown(ctx, api, want, live, o)
}

func listWholesale(ctx context.Context, api *webex.Client, want *diff.Desired, o ListOptions) (*diff.Live, error) {
	named := want.SubPartners()
	if len(named) == 0 || len(named) == 1 && named[0] == "" {
		l, err := listPart(ctx, api, want, o)
		if err != nil {
			return nil, err
		}
		if err := deepen(ctx, []*lister{l}, o.DeepOptions); err != nil {
			return nil, err
		}
		live, err := l.live()
		if err != nil {
			return nil, err
		}
		return live, learnSubPartners(ctx, api, live, nil, o.SubPartner)
	}
	parts := make([]*lister, len(named))
	for i, name := range named {
		var err error
		if parts[i], err = listPart(ctx, onBehalf(api, name), want.PartOf(name), o); err != nil {
			return nil, err
		}
	}
	if err := deepen(ctx, parts, o.DeepOptions); err != nil {
		return nil, err
	}
	all := diff.NewLive()
	for i, name := range named {
		part, err := parts[i].live()
		if err != nil {
			return nil, err
		}
		if err := join(all, part, name, i == 0); err != nil {
			return nil, err
		}
	}
	return all, learnSubPartners(ctx, api, all, named, o.SubPartner)
}

// join adds what was listed on behalf of a sub-partner. What holds of the whole
// must hold of each part.
func join(all, part *diff.Live, subPartner string, first bool) error {
	maps.Copy(all.Unread, part.Unread)
	maps.Copy(all.Locations, part.Locations)
	for _, k := range diff.Kinds() {
		rows := part.Of(k)
		all.AtLeast[k] += max(part.AtLeast[k], rows.Len())
		all.Proven[k] = part.Proven[k] && (first || all.Proven[k])
		all.Whole[k] = part.Whole[k] && (first || all.Whole[k])
		rules := diff.SpecOf(k).Rules
		cells := make([]string, len(rules))
		for i := range rows.Len() {
			for slot, rule := range rules {
				cells[slot] = rows.Row(i).Get(rule.Column)
				if rule.Column == diff.ColSubPartner {
					cells[slot] = subPartner
				}
			}
			if err := all.Of(k).AddRow(diff.Position{}, cells); err != nil {
				return fmt.Errorf("listing for sub-partner %q: %w", subPartner, err)
			}
		}
	}
	return nil
}

// learnSubPartners asks for the states of the sub-partners that rows, or the run
// as a whole, act for. Without any it asks nothing.
func learnSubPartners(ctx context.Context, api *webex.Client, live *diff.Live, named []string, runs string) error {
	if len(named) == 0 && runs == "" {
		return nil
	}
	live.SubPartner, live.SubPartners = runs, map[string]string{}
	for s, err := range api.ListSubPartners(ctx, "") {
		if err != nil {
			return fmt.Errorf("listing sub-partners: %w", err)
		}
		for _, name := range append(named, runs) {
			if name != "" && diff.SameID(name, s.OrgID) {
				live.SubPartners[name] = s.State
			}
		}
	}
	return nil
}
