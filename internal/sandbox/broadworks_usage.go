package sandbox

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// broadStay is a time during which a BroadWorks subscriber had one package, as stay is for the wholesale API. It knows
// all that a report shows, since subscribers change and go.
type broadStay struct {
	spID, userID, email string
	template            string
	pkg                 string
	from, to            int64 // Unix milliseconds
}

func (s *broadSubscriber) stay(to int64) broadStay {
	return broadStay{spID: s.enterprise.spID, userID: s.userID, email: s.email, template: s.enterprise.template.id, pkg: s.pkg,
		from: s.since, to: to}
}

// beginStay meters s from a moment on.
func (s *broadSubscriber) beginStay(at int64) { s.metered, s.since = true, at }

// endStay writes down what s had up to a moment, and tells whether it was metered.
func (b *broadWorks) endStay(s *broadSubscriber, at int64) (metered bool) {
	if metered = s.metered; metered {
		b.stays = append(b.stays, s.stay(at))
		s.metered = false
	}
	return metered
}

// broadUsage is the days of one subscriber in one package.
type broadUsage struct {
	broadStay
	days int
}

// over meters a period, by the same rule as meter does: one package a day, the last one.
func (b *broadWorks) over(p period) []broadUsage {
	byPerson := map[string][]broadStay{}
	note := func(s broadStay) {
		key := s.spID + "\n" + s.email
		byPerson[key] = append(byPerson[key], s)
	}
	for _, s := range b.stays {
		note(s)
	}
	for _, s := range b.subscribers[1:] {
		if s != nil && s.metered {
			note(s.stay(openEnd))
		}
	}
	var found []broadUsage
	for _, stays := range byPerson {
		times := make([]stay, len(stays))
		for i, s := range stays {
			times[i] = stay{from: s.from, to: s.to}
		}
		for i, days := range lastOfEachDay(times, p) {
			if days > 0 {
				found = append(found, broadUsage{stays[i], days})
			}
		}
	}
	return inOrder(found)
}

// inOrder sorts by enterprise, person and package, and makes one of those that are about the same.
func inOrder(all []broadUsage) []broadUsage {
	slices.SortFunc(all, func(a, b broadUsage) int {
		return cmp.Or(strings.Compare(a.spID, b.spID), strings.Compare(a.email, b.email), strings.Compare(a.pkg, b.pkg), cmp.Compare(b.from, a.from))
	})
	merged := all[:0]
	for _, u := range all {
		if last := len(merged) - 1; last >= 0 && merged[last].spID == u.spID && merged[last].email == u.email && merged[last].pkg == u.pkg {
			merged[last].days += u.days
			continue
		}
		merged = append(merged, u)
	}
	return merged
}

const broadworksColumns = "PARTNER_NAME,SP_ENTERPRISE_ID,USER_ID,EMAIL,PACKAGE,PROVISIONING_ID,QUANTITY"

// broadworksSheet is the content of a report of the BroadWorks API, whose columns no source has.
func (e *estate) broadworksSheet(p period) *sheet {
	usages, partner := e.broad.over(p), e.home.name
	return newSheet(strings.Split(broadworksColumns, ","), len(usages), func(row []string, i int) []string {
		u := usages[i]
		return append(row, partner, u.spID, u.userID, u.email, u.pkg, u.template, strconv.Itoa(u.days))
	})
}
