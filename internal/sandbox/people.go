package sandbox

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

type wirePerson struct {
	ID           string      `json:"id"`
	Emails       []string    `json:"emails"`
	PhoneNumbers []wirePhone `json:"phoneNumbers,omitempty"`
	Extension    string      `json:"extension,omitempty"`
	LocationID   string      `json:"locationId,omitempty"`
	DisplayName  string      `json:"displayName"`
	FirstName    string      `json:"firstName,omitempty"`
	LastName     string      `json:"lastName,omitempty"`
	OrgID        string      `json:"orgId"`
	Created      string      `json:"created"`
	Type         string      `json:"type"`
}

type wirePhone struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (p *person) wire() wirePerson {
	name := cmp.Or(strings.TrimSpace(p.firstName+" "+p.lastName), p.email)
	return wirePerson{ID: p.id(), Emails: []string{p.email}, DisplayName: name, FirstName: p.firstName, LastName: p.lastName,
		OrgID: p.org.id(), Created: timestamp(p.created), Type: "person"}
}

// withCalling adds what Webex Calling knows of the person.
func (p *person) withCalling() wirePerson {
	w := p.wire()
	add := func(phone, extension string) {
		if phone != "" {
			w.PhoneNumbers = append(w.PhoneNumbers, wirePhone{"work", phone})
		}
		if extension != "" {
			w.Extension = extension
			w.PhoneNumbers = append(w.PhoneNumbers, wirePhone{"work_extension", extension})
		}
	}
	for _, sub := range p.subscribers {
		add(sub.phone, sub.extension)
		if sub.location != nil {
			w.LocationID = sub.location.id()
		}
	}
	if p.broad != nil {
		add(p.broad.phone, p.broad.extension)
	}
	return w
}

// person finds a person of an organization that the partner manages, or of its own.
func (s *Sandbox) person(id string) *person {
	n, ok := decodeID(kindPerson, id)
	p := byNumber(s.estate.people, n, ok)
	if p == nil || p.org.outside() {
		return nil
	}
	return p
}

// getMe is GET /people/me: the administrator whose token is used.
func (s *Sandbox) getMe(*call) answer {
	return answer{status: http.StatusOK, body: s.estate.admin.wire()}
}

// listPeople is GET /people: those of the organization that orgId names, of the partner's own without one. With an e-mail
// address and no orgId they are looked for in every organization that the partner manages.
func (s *Sandbox) listPeople(c *call) answer {
	w, e := c.windowOf(c.peoplePaging())
	if e != nil {
		return refused(e)
	}
	org, e := s.organizationAskedFor(c)
	if e != nil {
		return refused(e)
	}
	chosen := selection[*person]{from: &org.people}
	if email := c.query.Get("email"); email != "" {
		chosen.from = newRoster[*person]()
		p := s.estate.personByEmail[strings.ToLower(email)]
		switch {
		case p == nil || p.org.outside() || c.query.Get("orgId") != "" && p.org != org:
		case s.checkAccess(c, p.org) != nil:
			return refused(s.checkAccess(c, p.org))
		default:
			chosen.from.add(p)
		}
	}
	var conditions []func(*person) bool
	if start := strings.ToLower(c.query.Get("displayName")); start != "" {
		conditions = append(conditions, func(p *person) bool { return strings.HasPrefix(strings.ToLower(p.wire().DisplayName), start) })
	}
	if id := c.query.Get("locationId"); id != "" {
		conditions = append(conditions, func(p *person) bool { return p.withCalling().LocationID == id })
	}
	chosen.keep = all(conditions)
	return listAnswer(c, w, chosen, c.personForm())
}

// peoplePaging is how the list is cut; what costs more comes in smaller pages.
func (c *call) peoplePaging() paging {
	p := peoplePages
	if c.query.Get("callingData") == "true" {
		p.atMost = 100
	}
	if c.query.Get("locationId") != "" {
		p.size, p.atMost = 50, 50
	}
	return p
}

// personForm is how the query wants people shown.
func (c *call) personForm() func(*person) wirePerson {
	if c.query.Get("callingData") == "true" {
		return (*person).withCalling
	}
	return (*person).wire
}

// getPerson is GET /people/{id}.
func (s *Sandbox) getPerson(c *call) answer {
	p := s.person(c.request.PathValue("id"))
	if p == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	if e := s.checkAccess(c, p.org); e != nil {
		return refused(e)
	}
	return answer{status: http.StatusOK, body: c.personForm()(p)}
}

// removePerson is DELETE /people/{id}: the hard delete, after which the e-mail address is free.
func (s *Sandbox) removePerson(c *call) answer {
	p := s.person(c.request.PathValue("id"))
	if p == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	if e := s.checkAccess(c, p.org); e != nil {
		return refused(e)
	}
	if p == s.estate.admin || s.tooYoung(c, time.UnixMilli(p.created)) {
		return refused(refuseStatus(http.StatusForbidden))
	}
	s.estate.removePerson(p, c.now.UnixMilli())
	c.applied("person", p.email, p.id())
	return answer{status: http.StatusNoContent}
}
