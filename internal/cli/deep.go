package cli

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/diff"
)

const deepFlag = "deep"

// addDeepFlag adds --deep with what it does to the command.
func addDeepFlag(f *pflag.FlagSet, deep *bool, does string) {
	f.BoolVar(deep, deepFlag, false, does+" names, numbers and locations of subscribers too, which are read through the People API")
}

// deepOptions say how the organizations of customers are read in.
func (a *app) deepOptions(api *session, deep bool) batch.DeepOptions {
	return batch.DeepOptions{Deep: deep, Access: batch.AccessTime(a.settle(api)), OnVisit: func(organizations, calls int) {
		if !a.global.noProgress {
			a.notices.LogAttrs(a.stop, slog.LevelInfo, "opening the organizations of customers", slog.Int("organizations", organizations), slog.Int("calls", calls))
		}
	}}
}

// needToOpen says that organizations of customers are about to be opened, and
// their people read or not. Locations may be read with one of several scopes, so
// the API itself has to say that all of them are missing.
func (a *app) needToOpen(organizations, people bool) {
	if organizations || people {
		a.need(toRead("organizations")...)
	}
	if people {
		a.need(toRead("people")...)
	}
}

// findsLocations reports whether locations are looked up while the plan is carried
// out.
func findsLocations(p *diff.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c diff.Change) bool { return c.LocationToFind() != "" })
}

// opens reports whether an apply has to open organizations for a location.
func (in reading) opens() bool {
	switch {
	case in.saved != nil:
		return findsLocations(in.saved.Plan)
	case in.made != nil:
		return findsLocations(in.made.plan)
	}
	return in.want.NamesLocations()
}

// warnOfUnread says of whom an export has no names, numbers and locations.
func (a *app) warnOfUnread(live *diff.Live) {
	type lack struct{ customer, reason string }
	counts := map[lack]int{}
	t := live.Of(diff.Subscriber)
	for i := range t.Len() {
		if reason, ok := live.Unread[t.Row(i).Get(diff.ColID)]; ok {
			counts[lack{t.Row(i).Key().Customer, reason}]++
		}
	}
	var lines []string
	for l, n := range counts {
		lines = append(lines, fmt.Sprintf("customer %s: %s without names, numbers and location: %s", l.customer, count(n, "subscriber"), l.reason))
	}
	slices.Sort(lines)
	for _, line := range lines {
		a.log.Warn(line)
	}
}
