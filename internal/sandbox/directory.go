package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

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
	w, e := c.windowOf(locationPages)
	if e != nil {
		return refused(e)
	}
	org, e := s.organizationAskedFor(c)
	if e != nil {
		return refused(e)
	}
	name, id := strings.ToLower(c.query.Get("name")), c.query.Get("id")
	chosen := selection[*location]{from: newRoster(org.locations...)}
	chosen.keep = func(l *location) bool {
		return strings.Contains(strings.ToLower(l.name), name) && (id == "" || id == l.id())
	}
	return listAnswer(c, w, chosen, func(l *location) wireLocation {
		a := l.address
		return wireLocation{ID: l.id(), Name: l.name, OrgID: org.id(), TimeZone: l.timezone, Language: l.language,
			Address: wireLocationAddress{a.Line1, a.Line2, a.City, a.StateOrProvince, a.ZipOrPostalCode, a.Country}}
	})
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
	if s.options.SubPartnersKey {
		reply.body = struct {
			Items []wireSubPartner `json:"subPartners"`
		}{list.Items}
	}
	return reply
}

func (e *estate) subPartner(orgID string) *partner {
	i := slices.IndexFunc(e.subPartners, func(p *partner) bool { return p.orgID == orgID })
	if i < 0 {
		return nil
	}
	return e.subPartners[i]
}
