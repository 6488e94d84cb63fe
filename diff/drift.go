package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// unread are people of a customer who could not be read, for a reason.
type unread struct{ customer, reason string }

// compares reports whether a row is compared with the person behind its live
// subscriber, and not only with the subscription.
func (p *planner) compares(r, live Row) bool {
	if !p.opt.Deep || r.Kind() != Subscriber || WaitsForPerson(live.Get(ColStatus)) {
		return false
	}
	_, blind := p.have.Unread[live.Get(ColID)]
	return !blind
}

// compareDeep holds the columns that the provisioning API takes and does not
// return against the person, as far as that was read, and counts the others. Sent
// are the fields of the row's own change, which mends them.
func (p *planner) compareDeep(s *customerState, r, live Row, sent []FieldChange) {
	if !p.opt.Deep || r.Kind() != Subscriber {
		p.countUncompared(r, sent)
		return
	}
	fills := slices.ContainsFunc(SpecOf(Subscriber).uncompared, func(c Column) bool { return r.Get(c) != "" })
	reason, blind := p.have.Unread[live.Get(ColID)]
	switch {
	case p.compares(r, live):
		p.addDrift(s, r, live, sent)
	case blind && fills && !WaitsForPerson(live.Get(ColStatus)):
		p.unread[unread{s.externalID, reason}]++
	}
}

func (p *planner) addDrift(s *customerState, r, live Row, sent []FieldChange) {
	for _, c := range SpecOf(Subscriber).uncompared {
		wanted, has := r.Get(c), live.Get(c)
		if c == ColLocationName {
			wanted, has = p.namedPlaces(s, wanted, live.Get(ColLocationID))
		}
		if _, mended := fieldOf(sent, c); wanted == "" || Fold(c, wanted) == Fold(c, has) || mended {
			continue
		}
		d := Drift{FileName: p.want.FileName(r.Position()), Line: r.Position().Line, Key: r.Key(), Column: c, Live: has, Wanted: wanted}
		p.plan.Drift = append(p.plan.Drift, d)
	}
}

// namedPlaces gives the location that a row names and the one where the person
// is, both by name; a wanted of "" says that they cannot be compared. A live
// location that no list has is told by its id.
func (p *planner) namedPlaces(s *customerState, name, id string) (wanted, has string) {
	places := p.have.Locations[s.live.Get(ColExternalID)]
	named := places.Named(name)
	if len(named) != 1 {
		return "", ""
	}
	if SameID(named[0].ID, id) {
		return name, name
	}
	if at := slices.IndexFunc(places.List, func(l Location) bool { return SameID(l.ID, id) }); at >= 0 && places.List[at].Name != name {
		return name, places.List[at].Name
	}
	return name, id
}

func fieldOf(fields []FieldChange, c Column) (FieldChange, bool) {
	i := slices.IndexFunc(fields, func(f FieldChange) bool { return f.Column == c })
	if i < 0 {
		return FieldChange{}, false
	}
	return fields[i], true
}

// sortDrift brings the entries into an order that does not depend on that of rows.
func (p *planner) sortDrift() {
	slices.SortFunc(p.plan.Drift, func(a, b Drift) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Column, b.Column), strings.Compare(a.FileName, b.FileName), cmp.Compare(a.Line, b.Line))
	})
}

// noteUnread says of whom nothing could be compared, so that nobody takes silence
// for agreement.
func (p *planner) noteUnread() {
	for u, n := range p.unread {
		p.plan.Notes = append(p.plan.Notes, Note{Text: fmt.Sprintf(
			"customer %s: names, numbers and locations of people were not compared (filled rows: %d): %s", u.customer, n, u.reason)})
	}
}
