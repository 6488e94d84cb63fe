package sandbox

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// broadRequest is the body of a subscriber's provisioning, update and validation, and of a workspace's. What an update
// can change is a pointer: left out and emptied are two things.
type broadRequest struct {
	ProvisioningID string        `json:"provisioningId"`
	SpEnterpriseID string        `json:"spEnterpriseId"`
	GroupID        string        `json:"spEnterpriseGroupId"`
	Email          string        `json:"email"`
	Language       string        `json:"language"`
	DisplayName    string        `json:"displayName"`  // of a workspace
	Info           *customerInfo `json:"customerInfo"` // of a validation

	UserID             *string `json:"userId"`
	FirstName          *string `json:"firstName"`
	LastName           *string `json:"lastName"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  *string `json:"mobilePhoneNumber"`
	Extension          *string `json:"extension"`
	Timezone           *string `json:"timezone"`
	Package            *string `json:"package"`
}

// over lays what the request gives over the fields as they are; changed tells whether it gives anything.
func (r broadRequest) over(f broadFields) (result broadFields, changed bool) {
	for _, set := range []struct{ into, given *string }{
		{&f.userID, r.UserID}, {&f.firstName, r.FirstName}, {&f.lastName, r.LastName}, {&f.phone, r.PrimaryPhoneNumber},
		{&f.mobile, r.MobilePhoneNumber}, {&f.extension, r.Extension}, {&f.timezone, r.Timezone}, {&f.pkg, r.Package},
	} {
		if set.given != nil {
			*set.into, changed = *set.given, true
		}
	}
	return f, changed
}

const maxText = 255

// required is a mandatory field and its value.
type required struct{ name, value string }

func checkRequired(fields ...required) *refusal {
	for _, f := range fields {
		switch {
		case blank(f.value):
			return refuseField(1001, f.name)
		case utf8.RuneCountInString(f.value) > maxText:
			return refuseField(1002, f.name)
		}
	}
	return nil
}

// checkShape applies the rules for the form of what is there.
func (f broadFields) checkShape() *refusal {
	switch {
	case f.pkg != "" && !slices.Contains(broadPackages, f.pkg):
		return refuse(2005)
	case f.phone != "" && !phoneShape.MatchString(phoneSeparator.Replace(f.phone)):
		return refuseField(1003, "primaryPhoneNumber")
	case f.mobile != "" && !phoneShape.MatchString(phoneSeparator.Replace(f.mobile)):
		return refuseField(1003, "mobilePhoneNumber")
	case f.extension != "" && (!digitsShape.MatchString(f.extension) || len(f.extension) < shortestExtension || len(f.extension) > longestExtension):
		return refuseField(1003, "extension")
	case f.timezone != "" && !timezoneShape.MatchString(f.timezone):
		return refuseField(1003, "timezone")
	}
	return nil
}

// checkSpID applies the rules for an enterprise's id: one part, or provider and group with a plus sign in between.
func checkSpID(id string) *refusal {
	parts := strings.Split(id, "+")
	if len(parts) > 2 || slices.ContainsFunc(parts, blank) {
		return refuseField(1003, "spEnterpriseId")
	}
	return nil
}

// checkProvision applies the rules that need no look at the estate.
func (r broadRequest) checkProvision(f broadFields) *refusal {
	if e := checkRequired(required{"provisioningId", r.ProvisioningID}, required{"userId", f.userID}, required{"spEnterpriseId", r.SpEnterpriseID},
		required{"firstName", f.firstName}, required{"lastName", f.lastName}, required{"package", f.pkg}); e != nil {
		return e
	}
	if e := checkSpID(r.SpEnterpriseID); e != nil {
		return e
	}
	if e := f.checkShape(); e != nil {
		return e
	}
	if r.Language != "" && !languageShape.MatchString(r.Language) {
		return refuseField(1003, "language")
	}
	if r.Email != "" {
		return checkEmail(r.Email, "email")
	}
	return nil
}

// template finds the template of a provisioning id: 2013 for one that is not known, 5003 for one of the wholesale API.
func (s *Sandbox) template(id string) (*customerTemplate, *refusal) {
	t := s.estate.broad.templates[id]
	switch {
	case t == nil && s.estate.provisioningIDs[id]:
		return nil, refuse(5003)
	case t == nil:
		return nil, refuse(2013)
	case t.broken == 2046 || t.broken == 4001: // the one is for validations, the other comes later
		return t, nil
	case t.broken != 0:
		return nil, refuse(t.broken)
	}
	return t, nil
}

// checkEnterprise tells whether a subscriber or a workspace can be made in the enterprise, nil for one yet to be made.
func (s *Sandbox) checkEnterprise(n *enterprise, spID string, t *customerTemplate) *refusal {
	switch {
	case spID != "" && s.estate.broad.otherModel(spID):
		return refuse(2015)
	case n == nil:
		return nil
	case t != nil && n.template != t:
		return refuse(2014)
	case n.org != nil && n.org.customer != nil:
		return refuse(2552)
	case n.founder != nil:
		return refuse(2034)
	}
	return nil
}

// checkUserID tells whether who can have the user id; who is nil for a new subscriber or workspace.
func checkUserID(n *enterprise, id string, who any) *refusal {
	holder := n.userIDs[id]
	if holder == nil || holder == who {
		return nil
	}
	if sub, ok := holder.(*broadSubscriber); ok && who == nil && (sub.status == statusProvisioning || sub.status == statusUpdating) {
		return refuse(2008)
	}
	return refuse(2009)
}

// checkBroadNumbers tells whether who can have the numbers in f; the enterprise is nil while there is none.
func (s *Sandbox) checkBroadNumbers(n *enterprise, who any, f broadFields) *refusal {
	phone := phoneSeparator.Replace(f.phone)
	if holder := s.estate.broad.phones[phone]; phone != "" && (s.estate.byPhone[phone] != nil || holder != nil && holder != who) {
		return refuse(2573)
	}
	if n == nil || f.extension == "" {
		return nil
	}
	if holder := n.extensions[f.extension]; holder != nil && holder != who {
		return refuse(2574)
	}
	return nil
}

// checkMember tells whether the owner of an e-mail address can become a subscriber of the enterprise, which is nil when
// it is yet to be made; who is the subscriber itself once it is there.
func (s *Sandbox) checkMember(n *enterprise, t *customerTemplate, email string, who *broadSubscriber) *refusal {
	p := s.estate.personByEmail[email]
	var target *organization
	if n != nil {
		target = n.org
	}
	if other := s.estate.broad.byEmail[email]; other != nil && other != who {
		if other.enterprise == n {
			return refuse(2010)
		}
		return refuse(2002)
	}
	if owner := s.estate.claimant(email); owner != nil && owner != target && (p == nil || p.org != owner) {
		return refuse(2019)
	}
	switch {
	case s.estate.callingUsers[email]:
		return refuse(2012)
	case p == nil:
		return nil
	case p.calling != "":
		return refuse(2048)
	case len(p.subscribers) > 0:
		return refuse(2002)
	case p.account != accountNone || p.org == target:
		return nil
	case target != nil:
		return s.checkForeign(p.org, t, 2017)
	}
	return s.checkForeign(p.org, t, 0)
}

// checkForeign tells why nobody of the organization can become a subscriber elsewhere; otherwise is the code for an
// organization with nothing against it, 0 where it may be taken over.
func (s *Sandbox) checkForeign(o *organization, t *customerTemplate, otherwise int) *refusal {
	code := otherwise
	switch {
	case o == s.estate.home:
		code = 2006
	case o.foreign:
		code = 2018
	case o.customer != nil:
		code = 2552
	case o.enterprise != nil:
		code = 2004
	case otherwise == 0 && o.withoutAdmin:
		code = 2011
	case otherwise == 0 && cmp.Or(o.region, defaultRegion) != t.region:
		code = 2016
	}
	if code == 0 {
		return nil
	}
	return refuse(code)
}
