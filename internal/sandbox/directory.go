package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

type wirePerson struct {
	ID          string   `json:"id"`
	Emails      []string `json:"emails"`
	DisplayName string   `json:"displayName"`
	FirstName   string   `json:"firstName,omitempty"`
	LastName    string   `json:"lastName,omitempty"`
	OrgID       string   `json:"orgId"`
	Type        string   `json:"type"`
}

func (p *person) wire() wirePerson {
	name := strings.TrimSpace(p.firstName + " " + p.lastName)
	if name == "" {
		name = p.email
	}
	return wirePerson{ID: p.id(), Emails: []string{p.email}, DisplayName: name, FirstName: p.firstName, LastName: p.lastName,
		OrgID: p.org.id(), Type: "person"}
}

// getMe is GET /people/me: the administrator whose token is used.
func (s *Sandbox) getMe(*call) answer {
	return answer{status: http.StatusOK, body: s.estate.admin.wire()}
}

// listPeople is GET /people. An e-mail is mandatory here; orgId narrows.
func (s *Sandbox) listPeople(c *call) answer {
	email := c.query.Get("email")
	if email == "" {
		return refused(refuse(1004))
	}
	list := wireList[wirePerson]{Items: []wirePerson{}}
	p := s.estate.personByEmail[strings.ToLower(email)]
	if org := c.query.Get("orgId"); p != nil && (org == "" || org == p.org.id()) {
		list.Items = append(list.Items, p.wire())
	}
	return answer{status: http.StatusOK, body: list}
}

// removePerson is DELETE /people/{id}: the hard delete, after which the e-mail address is free.
func (s *Sandbox) removePerson(c *call) answer {
	n, ok := decodeID(kindPerson, c.request.PathValue("id"))
	p := byNumber(s.estate.people, n, ok)
	if p == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	if p == s.estate.admin {
		return refused(refuseStatus(http.StatusForbidden))
	}
	s.estate.removePerson(p, c.now.UnixMilli())
	c.applied("person", p.email, p.id())
	return answer{status: http.StatusNoContent}
}

type wireOrganization struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Created     string `json:"created"`
}

func (o *organization) wire() wireOrganization {
	return wireOrganization{ID: o.id(), DisplayName: o.name, Created: o.created.UTC().Format("2006-01-02T15:04:05.000+00:00")}
}

// listOrganizations is GET /organizations, which has no pages.
func (s *Sandbox) listOrganizations(*call) answer {
	list := wireList[wireOrganization]{Items: []wireOrganization{}}
	for _, o := range s.estate.organizations[1:] {
		list.Items = append(list.Items, o.wire())
	}
	return answer{status: http.StatusOK, body: list}
}

func (s *Sandbox) getOrganization(c *call) answer {
	n, ok := decodeID(kindOrganization, c.request.PathValue("id"))
	o := byNumber(s.estate.organizations, n, ok)
	if o == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	return answer{status: http.StatusOK, body: o.wire()}
}

type wireLocation struct {
	ID       string              `json:"id"`
	Name     string              `json:"name"`
	OrgID    string              `json:"orgId"`
	Address  wireLocationAddress `json:"address"`
	TimeZone string              `json:"timeZone"`
	Language string              `json:"preferredLanguage"`
}

// wireLocationAddress has other names than an address of the wholesale API.
type wireLocationAddress struct {
	Address1   string `json:"address1"`
	Address2   string `json:"address2,omitempty"`
	City       string `json:"city"`
	State      string `json:"state,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country"`
}

// listLocations is GET /locations; without orgId it is about the partner's own organization.
func (s *Sandbox) listLocations(c *call) answer {
	org := s.estate.home
	if id := c.query.Get("orgId"); id != "" {
		n, ok := decodeID(kindOrganization, id)
		if org = byNumber(s.estate.organizations, n, ok); org == nil {
			return refused(refuseStatus(http.StatusNotFound))
		}
	}
	name, id := c.query.Get("name"), c.query.Get("id")
	list := wireList[wireLocation]{Items: []wireLocation{}}
	for _, l := range org.locations {
		if (name == "" || name == l.name) && (id == "" || id == l.id()) {
			a := l.address
			list.Items = append(list.Items, wireLocation{ID: l.id(), Name: l.name, OrgID: org.id(), TimeZone: l.timezone, Language: l.language,
				Address: wireLocationAddress{a.Line1, a.Line2, a.City, a.StateOrProvince, a.ZipOrPostalCode, a.Country}})
		}
	}
	return answer{status: http.StatusOK, body: list}
}

type wireSubPartner struct {
	OrgID             string `json:"orgId"`
	SubscriptionID    string `json:"subscriptionId"`
	ProvisioningState string `json:"provisioningState"`
	Created           string `json:"created"`
	BillingStartDate  string `json:"billingStartDate"`
}

// listSubPartners is GET /wholesale/subPartners.
func (s *Sandbox) listSubPartners(c *call) answer {
	w, e := c.window()
	if e != nil {
		return refused(e)
	}
	state := c.query.Get("provisioningState")
	if state != "" && state != stateActive && state != stateSuspended {
		return refused(refuse(1004))
	}
	list := wireList[wireSubPartner]{Items: []wireSubPartner{}}
	for _, p := range s.estate.subPartners {
		if state == "" || state == p.state {
			created := p.created.UTC().Format(time.RFC3339)
			list.Items = append(list.Items, wireSubPartner{p.orgID, p.subscription, p.state, created, created})
		}
	}
	list.Items = list.Items[min(w.offset, len(list.Items)):]
	reply := answer{status: http.StatusOK}
	if len(list.Items) > w.max {
		list.Items, reply.next = list.Items[:w.max], c.nextURL(w)
	}
	reply.body = list
	return reply
}

func (e *estate) subPartner(orgID string) *partner {
	i := slices.IndexFunc(e.subPartners, func(p *partner) bool { return p.orgID == orgID })
	if i < 0 {
		return nil
	}
	return e.subPartners[i]
}
