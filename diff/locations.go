package diff

import (
	"fmt"
	"strings"
)

// Location is a place of a customer's organization.
type Location struct {
	ID   string // what requests take
	Name string // in canonical form
}

// Locations are what the API shows of a customer's locations. Refused says why
// it does not, "" where it does.
type Locations struct {
	List    []Location
	Refused string
}

// Named gives the locations that a name means: those of exactly that name, else
// those whose name differs from it in case alone.
func (l Locations) Named(name string) []Location {
	var same, alike []Location
	for _, at := range l.List {
		switch {
		case at.Name == name:
			same = append(same, at)
		case strings.EqualFold(at.Name, name):
			alike = append(alike, at)
		}
	}
	if len(same) > 0 {
		return same
	}
	return alike
}

// Explain says why a name does not mean one location of a customer, and what to
// do about it; all is "" where it does.
func (l Locations) Explain(customer, name string) (text, hint string) {
	switch found := l.Named(name); {
	case len(found) == 1:
		return "", ""
	case len(found) > 1:
		var ids []string
		for _, at := range found {
			ids = append(ids, at.ID)
		}
		return fmt.Sprintf("customer %q has %d locations of this name", customer, len(found)), "fill location_id instead, with one of " + shortList(ids)
	case len(l.List) == 0:
		return fmt.Sprintf("customer %q has no locations", customer), "leave the cell blank, or create the location in Control Hub first"
	}
	names := make([]string, len(l.List))
	quoted := make([]string, len(l.List))
	for i, at := range l.List {
		names[i], quoted[i] = at.Name, fmt.Sprintf("%q", at.Name)
	}
	hint = "it has " + shortList(quoted)
	if near, ok := Nearest(name, names); ok {
		hint = fmt.Sprintf("did you mean %q", near)
	}
	return fmt.Sprintf("customer %q has no location of this name", customer), hint
}

const shownNames = 5 // of a list in a hint

func shortList(words []string) string {
	if more := len(words) - shownNames; more > 0 {
		return strings.Join(words[:shownNames], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}

// NamesLocations reports whether rows of subscribers name their location.
func (d *Desired) NamesLocations() bool {
	rows := d.Of(Subscriber)
	for i := range rows.Len() {
		if r := rows.Row(i); r.Get(ColLocationName) != "" && !r.Absent() {
			return true
		}
	}
	return false
}

// locate finds the id of the location that a row names and its change will send.
// A location that the customer only gets by this plan, and one that nobody asked
// the API for, is found when the change's turn comes: then the id is "". Where it
// is not ok the row has been turned down or held.
func (p *planner) locate(s *customerState, r Row) (id string, ok bool) {
	name := r.Get(ColLocationName)
	if name == "" || s.opensLocation(name) {
		return "", true
	}
	if !s.hasLive {
		p.refuse(r, s.lacksLocation())
		return "", false
	}
	places, asked := p.have.Locations[s.live.Get(ColExternalID)]
	text, hint := places.Explain(s.externalID, name)
	switch {
	case !asked:
		return "", true
	case places.Refused != "":
		p.hold(r, Conflict, fmt.Sprintf("the locations of customer %s cannot be read: %s", s.externalID, places.Refused), "fill location_id instead, or try again")
	case text != "":
		p.refuse(r, lack{ColLocationName, text, hint})
	default:
		return places.Named(name)[0].ID, true
	}
	return "", false
}

// opensLocation reports whether the customer gets a location of this name by the
// plan, and has none yet.
func (s *customerState) opensLocation(name string) bool {
	if s.ready == nil {
		return false
	}
	opened, ok := s.ready.Field(ColLocationName)
	return ok && strings.EqualFold(opened, name)
}

// lacksLocation says which location a new customer will have instead of the one
// that a row names.
func (s *customerState) lacksLocation() lack {
	if opened, ok := s.ready.Field(ColLocationName); ok {
		return lack{ColLocationName, fmt.Sprintf("customer %q is new, and will have the location %q alone", s.externalID, opened), "write that name, or leave the cell blank"}
	}
	return lack{ColLocationName, fmt.Sprintf("customer %q is new, and will have no location without a calling package", s.externalID), "leave the cell blank"}
}

// refuseUnknownPlace turns down a row whose location is to be compared and whose
// name does not mean one.
func (p *planner) refuseUnknownPlace(s *customerState, r Row) bool {
	name := r.Get(ColLocationName)
	places, asked := p.have.Locations[s.live.Get(ColExternalID)]
	if name == "" || !asked || places.Refused != "" || s.opensLocation(name) {
		return false
	}
	text, hint := places.Explain(s.externalID, name)
	if text != "" {
		p.refuse(r, lack{ColLocationName, text, hint})
	}
	return text != ""
}

// WithLocation adds the id of the location that the fields name.
func WithLocation(fields []FieldChange, id string) []FieldChange {
	if id == "" {
		return fields
	}
	var out []FieldChange
	for _, f := range fields {
		if f.Column == ColLocationName {
			out = append(out, FieldChange{Column: ColLocationID, After: id})
		}
		out = append(out, f)
	}
	return out
}

// lateLocation is said of a change that has to find its location.
const lateLocation = "the id of the location is looked up when the change's turn comes"

// remarkLocation says so.
func (c *Change) remarkLocation() {
	if c.LocationToFind() != "" {
		c.Remark = lateLocation
	}
}

// LocationToFind is the name of the location whose id the change has to send and
// does not know; "" where it needs none.
func (c *Change) LocationToFind() string {
	if c.Kind != Subscriber || c.Action == Remove {
		return ""
	}
	if _, known := c.Field(ColLocationID); known {
		return ""
	}
	name, _ := c.Field(ColLocationName)
	return name
}
