package sandbox

import (
	"net/http"
	"strings"
	"time"
)

type wireOrganization struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	Created     string `json:"created"`
}

func (o *organization) wire() wireOrganization {
	return wireOrganization{ID: o.id(), DisplayName: o.name, Created: o.created.UTC().Format("2006-01-02T15:04:05.000+00:00")}
}

// organization finds an organization that the partner manages, or its own.
func (s *Sandbox) organization(id string) *organization {
	n, ok := decodeID(kindOrganization, id)
	o := byNumber(s.estate.organizations, n, ok)
	if o == nil || o.outside() {
		return nil
	}
	return o
}

// organizationAskedFor is the organization that orgId names, the partner's own without one.
func (s *Sandbox) organizationAskedFor(c *call) (*organization, *refusal) {
	id := c.query.Get("orgId")
	if id == "" {
		return s.estate.home, nil
	}
	o := s.organization(id)
	if o == nil {
		return nil, refuseStatus(http.StatusNotFound)
	}
	return o, s.checkAccess(c, o)
}

// listOrganizations is GET /organizations, which has no pages.
func (s *Sandbox) listOrganizations(*call) answer {
	list := wireList[wireOrganization]{Items: []wireOrganization{}}
	for _, o := range s.estate.organizations[1:] {
		if o != nil && !o.outside() {
			list.Items = append(list.Items, o.wire())
		}
	}
	return answer{status: http.StatusOK, body: list}
}

// getOrganization is GET /organizations/{id}. It opens the organization to the partner's administrator.
func (s *Sandbox) getOrganization(c *call) answer {
	o := s.organization(c.request.PathValue("id"))
	if o == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	s.openAccess(c, o)
	return answer{status: http.StatusOK, body: o.wire()}
}

// removeOrganization is DELETE /organizations/{id}. The organization is still there for the provisioning delay.
func (s *Sandbox) removeOrganization(c *call) answer {
	o := s.organization(c.request.PathValue("id"))
	if o == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	if e := s.checkAccess(c, o); e != nil {
		return refused(e)
	}
	if o == s.estate.home || s.tooYoung(c, o.created) {
		return refused(refuseStatus(http.StatusForbidden))
	}
	if reason := o.inUse(); reason != "" {
		e := refuseStatus(http.StatusConflict)
		e.text = "The organization cannot be deleted: it has " + reason + "."
		return refused(e)
	}
	c.applied("organization", o.name, o.id())
	if !c.twist.stuck {
		s.later(c.now, s.options.ProvisionDelay, func(now time.Time) { s.estate.removeOrganization(o, now.UnixMilli()) })
	}
	return answer{status: http.StatusNoContent}
}

// inUse tells what keeps an organization from being deleted; "" is nothing. A wholesale customer is a subscription, and
// so is each subscriber of the BroadWorks API.
func (o *organization) inUse() string {
	switch {
	case o.linkedSites:
		return "linked sites"
	case o.customer != nil || o.enterprise != nil && o.enterprise.subscribers.size > 0:
		return "active subscriptions or licenses"
	case o.directory || o.enterprise != nil && o.enterprise.sync.active():
		return "directory synchronization enabled"
	case o.people.size > 1:
		return "more than 1 user"
	}
	return ""
}

// removeOrganization takes the organization away, with what was left in it.
func (e *estate) removeOrganization(o *organization, at int64) {
	if e.organizations[o.number] != o || o.inUse() != "" {
		return // gone already, or taken into use meanwhile
	}
	for p := range newRoster(o.people.slice(0, o.people.size)...).all() {
		e.removePerson(p, at)
	}
	for w := range newRoster(o.workspaces.slice(0, o.workspaces.size)...).all() {
		e.removeWorkspace(w, at)
	}
	for _, l := range o.locations {
		e.locations[l.number] = nil
	}
	if o.enterprise != nil {
		e.broad.removeEnterprise(o.enterprise)
	}
	for domain, owner := range e.domains {
		if owner == o {
			delete(e.domains, domain)
		}
	}
	e.organizations[o.number] = nil
}

// claimant is the organization that claims the domain of an e-mail address; nil is none.
func (e *estate) claimant(email string) *organization {
	_, domain, _ := strings.Cut(email, "@")
	return e.domains[strings.ToLower(domain)]
}

// openAccess starts the partner's temporary access to a customer's organization, or lengthens it.
func (s *Sandbox) openAccess(c *call, o *organization) {
	if !s.accessible(c.now, o) && !c.now.Before(o.openFrom) {
		o.openFrom = c.now.Add(s.options.AccessDelay)
	}
	o.openUntil = c.now.Add(s.options.AccessDelay + s.options.AccessLife)
	o.opened = true
}

// accessible tells whether the partner's administrator can work in the organization now.
func (s *Sandbox) accessible(now time.Time, o *organization) bool {
	if o == s.estate.home || s.options.AccessDelay <= 0 && s.options.AccessLife <= 0 {
		return true
	}
	return o.opened && !now.Before(o.openFrom) && (s.options.AccessLife <= 0 || now.Before(o.openUntil))
}

// checkAccess refuses, without a code, work in an organization that is not open.
func (s *Sandbox) checkAccess(c *call, o *organization) *refusal {
	if s.accessible(c.now, o) {
		return nil
	}
	return refuseStatus(http.StatusForbidden)
}

// youth is how long a token that is older than an object does not cover it.
const youth = 24 * time.Hour

// tooYoung tells whether the call's token was made before an object that is younger than a day.
func (s *Sandbox) tooYoung(c *call, created time.Time) bool {
	return s.options.StaleTokens && c.now.Sub(created) < youth && c.minted.Before(created)
}
