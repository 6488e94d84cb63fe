package diff

import (
	"cmp"
	"fmt"
)

// zoneFirst compares two changes by who opens a meetings site: one that names a
// time zone before one that does not, then by key.
func zoneFirst(a, b *Change) int {
	_, x := a.Field(ColTimezone)
	_, y := b.Field(ColTimezone)
	if x != y {
		if x {
			return -1
		}
		return 1
	}
	return a.Key.Compare(b.Key)
}

// noteEnterpriseSites says in which time zone the meetings sites of enterprises
// will be: the first standard and the first premium subscriber fix it for good.
// Where the rows do not agree about it, the others wait for the one that decides.
func (p *planner) noteEnterpriseSites() {
	for _, s := range p.sorted {
		if s.offer != BroadWorks {
			continue
		}
		for _, pkg := range []string{standard, premium} {
			if s.seats[BroadWorksSubscriber.seatName(pkg)] == 0 {
				p.noteEnterpriseSite(s, pkg)
			}
		}
	}
}

func (p *planner) noteEnterpriseSite(s *customerState, pkg string) {
	var first *Change
	zones := map[string]bool{}
	for c := range s.below() {
		if c.Kind != BroadWorksSubscriber || packageAfter(c) != pkg {
			continue
		}
		zone, _ := c.Field(ColTimezone)
		zones[zone] = true
		// The stage says who comes first, so whoever opens the enterprise does.
		if first == nil || cmp.Or(cmp.Compare(c.Stage, first.Stage), zoneFirst(c, first)) < 0 {
			first = c
		}
	}
	if first == nil {
		return
	}
	if len(zones) > 1 && first.goesAhead(s) {
		for c := range s.below() {
			if c != first && c.Kind == BroadWorksSubscriber && packageAfter(c) == pkg {
				c.dependOn(first)
			}
		}
	}
	p.plan.Notes = append(p.plan.Notes, Note{FileName: first.FileName, Line: first.Line, Text: fmt.Sprintf(
		"%s is the first %s subscriber of enterprise %s: its meetings site will be in %s, for good", first.Key.UserID, pkg, s.externalID, siteZone(first))})
}

// goesAhead reports whether a change waits for nothing but the enterprise itself,
// so that others can wait for it without a circle.
func (c *Change) goesAhead(s *customerState) bool {
	return len(c.DependsOn) == 0 || len(c.DependsOn) == 1 && s.ready != nil && c.DependsOn[0] == s.ready.ID
}

// siteZone words the time zone that a subscriber gives to a meetings site. The
// API tells no country of an enterprise, so without a time zone it is the cluster
// that decides.
func siteZone(c *Change) string {
	if zone, given := c.Field(ColTimezone); given {
		return zone
	}
	return meetingsZoneOf("") + " (the row gives no timezone)"
}
