package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// customerRequest is the body of a customer's provisioning, update and validation.
type customerRequest struct {
	ProvisioningID string                `json:"provisioningId"`
	Packages       []string              `json:"packages"`
	ExternalID     string                `json:"externalId"`
	Address        *address              `json:"address"`
	OrgID          string                `json:"orgId"`
	Info           *customerInfo         `json:"customerInfo"`
	Provisioning   *customerProvisioning `json:"provisioningParameters"`
}

type customerInfo struct {
	Name         string `json:"name"`
	PrimaryEmail string `json:"primaryEmail"`
	Language     string `json:"language"`
}

type customerProvisioning struct {
	Calling *struct {
		Location *callingLocation `json:"location"`
	} `json:"calling"`
	Meetings *struct {
		Timezone string `json:"timezone"`
	} `json:"meetings"`
	Packages *struct {
		Limits map[string]int `json:"limits"`
	} `json:"packages"`
}

type callingLocation struct {
	Name     string   `json:"name"`
	Address  *address `json:"address"`
	Timezone string   `json:"timezone"`
	Language string   `json:"language"`
}

const maxExternalID = 255

var (
	emailShape        = regexp.MustCompile(`^[^\s@"(),:;<>\[\]\\]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)
	timezoneShape     = regexp.MustCompile(`^(UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2})$`)
	languageShape     = regexp.MustCompile(`^[a-z]{2}(_[A-Z]{2})?$`)
	callLanguageShape = regexp.MustCompile(`^[A-Za-z]{2}([_-][A-Za-z]{2})?$`)
)

const maxEmail = 161

// checkEmail applies the rules for a mandatory e-mail address.
func checkEmail(email, field string) *refusal {
	switch {
	case blank(email):
		return refuseField(1001, field)
	case len(email) > maxEmail:
		return refuseField(1002, field)
	case !emailShape.MatchString(email):
		return refuseField(1003, field)
	}
	return nil
}

// checkProvision applies the rules that need no look at existing customers.
func (s *Sandbox) checkProvision(req customerRequest) *refusal {
	switch {
	case blank(req.ProvisioningID):
		return refuseField(1001, "provisioningId")
	case blank(req.ExternalID):
		return refuseField(1001, "externalId")
	case utf8.RuneCountInString(req.ExternalID) > maxExternalID:
		return refuseField(1002, "externalId")
	case req.Address == nil:
		return refuseField(1001, "address")
	case req.Info == nil && req.OrgID == "":
		return refuseField(1001, "customerInfo")
	}
	if e := checkPackages(req.Packages); e != nil {
		return e
	}
	if e := req.Address.check("address"); e != nil {
		return e
	}
	if e := req.Info.check(); e != nil {
		return e
	}
	if e := req.Provisioning.check(overlap(req.Packages, locationPackages)); e != nil {
		return e
	}
	if !s.estate.provisioningIDs[req.ProvisioningID] {
		return refuse(5003)
	}
	return nil
}

func (i *customerInfo) check() *refusal {
	switch {
	case i == nil:
		return nil
	case blank(i.Name):
		return refuseField(1001, "customerInfo.name")
	case strings.Contains(i.Name, "%"):
		return refuseField(1003, "customerInfo.name")
	case i.Language != "" && !languageShape.MatchString(i.Language):
		return refuse(2533)
	}
	return checkEmail(i.PrimaryEmail, "customerInfo.primaryEmail")
}

// check applies the rules for provisioningParameters; needsLocation tells whether a calling location is mandatory.
func (p *customerProvisioning) check(needsLocation bool) *refusal {
	const path = "provisioningParameters.calling.location"
	where := p.location()
	if where == nil && needsLocation {
		return refuseField(1001, path)
	}
	if where != nil {
		if e := where.check(path); e != nil {
			return e
		}
	}
	if p != nil && p.Meetings != nil && p.Meetings.Timezone != "" && !timezoneShape.MatchString(p.Meetings.Timezone) {
		return refuse(2532)
	}
	for name, limit := range p.limits() {
		if !limitedPackages[name] || limit < 0 {
			return refuse(2579)
		}
	}
	return nil
}

// limits are the parameters' seats per package, nil where they do not speak of them.
func (p *customerProvisioning) limits() map[string]int {
	if p == nil || p.Packages == nil {
		return nil
	}
	return p.Packages.Limits
}

// location is the calling location of the parameters, nil when there is none.
func (p *customerProvisioning) location() *callingLocation {
	if p == nil || p.Calling == nil {
		return nil
	}
	return p.Calling.Location
}

func (l *callingLocation) check(path string) *refusal {
	switch {
	case blank(l.Name):
		return refuseField(1001, path+".name")
	case l.Address == nil:
		return refuseField(1001, path+".address")
	case blank(l.Timezone):
		return refuseField(1001, path+".timezone")
	case blank(l.Language):
		return refuseField(1001, path+".language")
	case !timezoneShape.MatchString(l.Timezone):
		return refuse(2532)
	case !callLanguageShape.MatchString(l.Language):
		return refuse(2533)
	}
	return l.Address.check(path + ".address")
}

// organizationFor finds the existing organization that the request is about; nil is a new one. A primary e-mail that
// belongs to an organization already needs its orgId (2578), unless the request names that organization's own customer.
func (s *Sandbox) organizationFor(req customerRequest) (*organization, *refusal) {
	if req.OrgID != "" {
		n, ok := decodeID(kindOrganization, req.OrgID)
		org := byNumber(s.estate.organizations, n, ok)
		if org == nil || org == s.estate.home {
			return nil, refuse(2501)
		}
		return org, org.checkTakeOver()
	}
	admin := s.estate.personByEmail[strings.ToLower(req.Info.PrimaryEmail)]
	if admin == nil || admin.account != accountNone {
		return nil, nil
	}
	if e := admin.org.checkTakeOver(); e != nil {
		return nil, e
	}
	if owner := admin.org.customer; owner != nil && owner.externalID == req.ExternalID {
		return admin.org, nil
	}
	return nil, refuse(2578)
}

// checkTakeOver tells whether an organization that exists can become a wholesale customer's.
func (o *organization) checkTakeOver() *refusal {
	switch {
	case o.foreign:
		return refuse(2018)
	case o.enterprise != nil:
		return refuse(2047)
	case o.region != "" && o.region != defaultRegion:
		return refuse(2016)
	}
	return nil
}

// checkUpdate applies the rules for a change of target.
func (s *Sandbox) checkUpdate(target *customer, req customerRequest) *refusal {
	if req.ProvisioningID != "" || req.OrgID != "" || req.Info != nil {
		return refuse(2579)
	}
	if e := checkPackages(req.Packages); e != nil {
		return e
	}
	if req.Address != nil {
		if e := req.Address.check("address"); e != nil {
			return e
		}
	}
	firstCalling := overlap(req.Packages, locationPackages) && len(target.org.locations) == 0
	if e := req.Provisioning.check(firstCalling); e != nil {
		return e
	}
	if other := target.owner.byExternalID[req.ExternalID]; other != nil && other != target {
		return refuse(2503)
	}
	return target.checkMove(req.Packages)
}

// checkMove tells whether the customer can go from its packages to these now.
func (c *customer) checkMove(packages []string) *refusal {
	added, removed := without(packages, c.packages), without(c.packages, packages)
	switch {
	case c.busy():
		return refuse(2502)
	case c.status == statusReview:
		return refuse(2536)
	case len(added) > 0 && len(removed) > 0:
		return refuse(2544)
	case slices.ContainsFunc(removed, func(name string) bool { return c.seats[name] > 0 }),
		slices.Contains(removed, "common_area_calling") && c.org.workspaces.size > 0:
		return refuse(2520)
	}
	return nil
}

// addCallingLocation enters the location that came with a first calling package.
func (s *Sandbox) addCallingLocation(target *customer, p *customerProvisioning) {
	if l := p.location(); l != nil && len(target.org.locations) == 0 {
		s.estate.addLocation(target.org, location{name: l.Name, address: *l.Address, timezone: l.Timezone, language: l.Language})
	}
}

// checkPrecheck applies the rules to those fields of a validation that are there.
func (s *Sandbox) checkPrecheck(req customerRequest) *refusal {
	if req.Address == nil {
		return refuseField(1001, "address")
	}
	if e := req.Address.check("address"); e != nil {
		return e
	}
	if len(req.Packages) > 0 {
		if e := checkPackages(req.Packages); e != nil {
			return e
		}
	}
	if req.Info != nil {
		if e := checkEmail(req.Info.PrimaryEmail, "customerInfo.primaryEmail"); e != nil {
			return e
		}
	}
	if e := req.Provisioning.check(false); e != nil {
		return e
	}
	if req.ProvisioningID != "" && !s.estate.provisioningIDs[req.ProvisioningID] {
		return refuse(5003)
	}
	return nil
}
