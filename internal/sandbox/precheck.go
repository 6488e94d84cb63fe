package sandbox

import (
	"cmp"
	"net/http"
	"strings"
)

// wirePrecheck is the answer to a validation that found nothing wrong.
type wirePrecheck struct {
	Message string `json:"message"`
	Info    any    `json:"info"` // a list of one, or the one itself
}

type wireInfo struct {
	Code        int    `json:"infoCode"`
	Description string `json:"description"`
}

// infoTexts are the info codes of a validation.
var infoTexts = map[int]string{
	100: "Provisioning Precheck validation successful.",
	101: "The customer's first user has to be provisioned before this one.",
	102: "The user will be moved out of another account into a new organization.",
	103: "The user will be moved out of another account into the customer's organization.",
	104: "The user will be moved into the customer's organization after consent.",
	105: "Provision the customer first; the user will then be moved into its organization.",
	106: "Provision the customer first; the user will then be moved into its organization after consent.",
	107: "The user has a Webex organization already, which gets the package.",
	108: "Provision the customer first; both users will be moved into a new organization.",
	109: "Provision the customer first; its first user will be moved into a new organization, this one after consent.",
	110: "Provision the customer first; its organization exists, and the user will be added to it.",
	111: "Provision the customer first; its first user will be moved into a new organization, and this one added to it.",
	112: "Provision the customer first; both users are in its organization already.",
	113: "Provision the customer first; its organization exists, and the user will be moved into it.",
	114: "Provision the customer first; its organization exists, and the user will be moved into it after consent.",
	115: "The user is in the customer's organization already.",
	116: "The customer already has a Webex organization.",
}

func (s *Sandbox) precheck(code int) answer {
	info := wireInfo{code, infoTexts[code]}
	if s.options.PrecheckObject {
		return answer{status: http.StatusOK, body: wirePrecheck{"success", info}}
	}
	return answer{status: http.StatusOK, body: wirePrecheck{"success", []wireInfo{info}}}
}

// standing is what kind of account belongs to an e-mail address.
type standing int

const (
	stranger standing = iota // none
	consumer                 // a free one; its owner has to agree to a move
	alone                    // one alone in an organization; moved without being asked
	member                   // one in an organization
)

func (e *estate) standing(email string) standing {
	switch e.account(email) {
	case accountConsumer:
		return consumer
	case accountSelfMade:
		return alone
	}
	if e.personByEmail[strings.ToLower(email)] == nil {
		return stranger
	}
	return member
}

// Info codes by the standing of the user who is validated.
var (
	infoOfFirst    = map[standing]int{stranger: 100, consumer: 102, alone: 102, member: 107} // the customer's first user itself
	infoOfLater    = map[standing]int{stranger: 100, consumer: 104, alone: 103, member: 115} // the customer is there
	infoBeforeNew  = map[standing]int{stranger: 101, consumer: 106, alone: 105}              // its first user has no account
	infoBeforeMove = map[standing]int{stranger: 111, consumer: 109, alone: 108}              // its first user is moved
	infoBeforeOrg  = map[standing]int{stranger: 110, consumer: 114, alone: 113, member: 112} // its first user has an organization
)

// infoBefore is the info code for a user of a customer that is yet to be provisioned; primary is the customer's first
// user. 2540 is the answer where the two are in different organizations.
func (s *Sandbox) infoBefore(primary, email string) (int, *refusal) {
	first, user := s.estate.standing(primary), s.estate.standing(email)
	codes := infoBeforeNew
	switch {
	case strings.EqualFold(primary, email):
		codes = infoOfFirst
	case first == consumer || first == alone:
		codes = infoBeforeMove
	case first == member:
		codes = infoBeforeOrg
		p, u := s.estate.personByEmail[strings.ToLower(primary)], s.estate.personByEmail[strings.ToLower(email)]
		if user == member && p.org != u.org {
			return 0, refuse(2540)
		}
	}
	if codes[user] == 0 {
		return 0, refuse(2540)
	}
	return codes[user], nil
}

// checkClaim tells whether the domain of an e-mail address belongs to another organization than its owner's.
func (s *Sandbox) checkClaim(email string) *refusal {
	p := s.estate.personByEmail[strings.ToLower(email)]
	if owner := s.estate.claimant(email); owner != nil && (p == nil || p.org != owner) {
		return refuse(2019)
	}
	return nil
}

// validateCustomer is POST /wholesale/customers/validate: only the address is mandatory, what else is there is checked.
func (s *Sandbox) validateCustomer(c *call) answer {
	var req customerRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	if e := s.checkPrecheck(req); e != nil {
		return refused(e)
	}
	existing := c.partner.byExternalID[req.ExternalID]
	if req.OrgID == "" && req.Info == nil {
		if existing != nil {
			return s.precheck(116)
		}
		return s.precheck(100)
	}
	org, e := s.organizationFor(req)
	switch {
	case e != nil && e.code == 2578 && existing == nil && s.estate.personByEmail[strings.ToLower(req.Info.PrimaryEmail)].org.standalone:
		return s.precheck(107)
	case e != nil && e.code == 2578:
		return refused(refuse(2540))
	case e != nil:
		return refused(e)
	case org != nil && org.customer != nil && org.customer != existing, org != nil && existing != nil && existing.org != org:
		return refused(refuse(2540))
	case org != nil || existing != nil:
		return s.precheck(116)
	}
	return s.precheck(infoOfFirst[s.estate.standing(req.Info.PrimaryEmail)])
}

// validateSubscriber is POST /wholesale/subscribers/validate: only the e-mail is mandatory, what else is there is checked.
func (s *Sandbox) validateSubscriber(c *call) answer {
	var req subscriberRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	if e := checkEmail(req.Email, "email"); e != nil {
		return refused(e)
	}
	if req.ProvisioningID != "" && !s.estate.provisioningIDs[req.ProvisioningID] {
		return refused(refuse(5003))
	}
	pkg := ""
	if req.Package != "" || req.Packages != nil {
		var e *refusal
		if pkg, e = req.wantedPackage(singlePackages); e != nil {
			return refused(e)
		}
	}
	target, e := s.customerOfPrecheck(c, req)
	if e != nil {
		return refused(e)
	}
	if target == nil {
		return s.validateBefore(req)
	}
	if e := s.checkJoin(target, pkg, req); e != nil {
		return refused(e)
	}
	return s.precheck(infoOfLater[s.estate.standing(req.Email)])
}

// validateBefore validates a user of a wholesale customer that is yet to be provisioned.
func (s *Sandbox) validateBefore(req subscriberRequest) answer {
	if s.estate.broad.byEmail[strings.ToLower(req.Email)] != nil {
		return refused(refuse(2002))
	}
	if e := s.checkClaim(req.Email); e != nil {
		return refused(e)
	}
	primary := ""
	if req.Info != nil {
		primary = req.Info.PrimaryEmail
	}
	for _, email := range []string{primary, req.Email} {
		if p := s.estate.personByEmail[strings.ToLower(email)]; p != nil && p.account == accountNone {
			if e := p.org.checkTakeOver(); e != nil {
				return refused(e)
			}
		}
	}
	code, e := s.infoBefore(primary, req.Email)
	switch {
	case e != nil:
		return refused(e)
	case code == 100: // in this API no user makes the customer
		code = 101
	}
	return s.precheck(code)
}

// customerOfPrecheck finds the customer by id or by the e-mail of one of its users; nil is one yet to be provisioned.
func (s *Sandbox) customerOfPrecheck(c *call, req subscriberRequest) (*customer, *refusal) {
	if req.CustomerID != "" {
		if target := s.customer(c, req.CustomerID); target != nil {
			return target, nil
		}
		return nil, refuse(2541)
	}
	if req.Info == nil {
		return nil, nil
	}
	if e := checkEmail(req.Info.PrimaryEmail, "customerInfo.primaryEmail"); e != nil {
		return nil, e
	}
	if p := s.estate.personByEmail[strings.ToLower(req.Info.PrimaryEmail)]; p != nil {
		return p.org.customer, nil
	}
	return nil, nil
}

// validateBroadSubscriber is POST /broadworks/subscribers/validate: only the e-mail is mandatory. Without a primary e-mail
// the user is taken to be the first of the enterprise, unless that is there.
func (s *Sandbox) validateBroadSubscriber(c *call) answer {
	var req broadRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	f, _ := req.over(broadFields{})
	t, e := s.checkBroadPrecheck(req, f)
	if e != nil {
		return refused(e)
	}
	n, e := s.enterpriseOfPrecheck(req)
	if e != nil {
		return refused(e)
	}
	email := strings.ToLower(req.Email)
	if n != nil {
		if n.userIDs[f.userID] != nil {
			return refused(refuse(2045))
		}
		t = cmp.Or(t, n.template)
	}
	if e := s.checkEnterprise(n, req.SpEnterpriseID, t); e != nil {
		return refused(e)
	}
	if e := s.checkBroadNumbers(n, nil, f); e != nil {
		return refused(e)
	}
	if n == nil || n.org == nil {
		return s.validateBroadBefore(n, req, t)
	}
	if e := s.checkMember(n, t, email, nil); e != nil {
		return refused(e)
	}
	return s.precheck(infoOfLater[s.estate.standing(email)])
}

// checkBroadPrecheck applies the rules to those fields of a validation that are there, and finds its template.
func (s *Sandbox) checkBroadPrecheck(req broadRequest, f broadFields) (*customerTemplate, *refusal) {
	if e := checkEmail(req.Email, "email"); e != nil {
		return nil, e
	}
	if req.Info != nil {
		if e := checkEmail(req.Info.PrimaryEmail, "customerInfo.primaryEmail"); e != nil {
			return nil, e
		}
	}
	if req.SpEnterpriseID != "" {
		if e := checkSpID(req.SpEnterpriseID); e != nil {
			return nil, e
		}
	}
	if e := f.checkShape(); e != nil {
		return nil, e
	}
	if req.ProvisioningID == "" {
		return nil, s.estate.broad.checkCluster()
	}
	t, e := s.template(req.ProvisioningID)
	if e == nil && t.broken == 2046 {
		e = refuse(2046)
	}
	return t, e
}

// checkCluster refuses where not one template has a BroadWorks cluster.
func (b *broadWorks) checkCluster() *refusal {
	for _, t := range b.templateOrder {
		if t.broken != 2043 {
			return nil
		}
	}
	return refuse(2043)
}

// enterpriseOfPrecheck finds the enterprise by its id or by the e-mail of one of its users, which must not name two; nil is
// one yet to be made.
func (s *Sandbox) enterpriseOfPrecheck(req broadRequest) (*enterprise, *refusal) {
	n := s.estate.broad.bySpID[req.SpEnterpriseID]
	if req.Info == nil {
		return n, nil
	}
	p := s.estate.personByEmail[strings.ToLower(req.Info.PrimaryEmail)]
	if p == nil || p.org.enterprise == nil {
		return n, nil
	}
	if req.SpEnterpriseID != "" && n != p.org.enterprise {
		return nil, refuse(2540)
	}
	return p.org.enterprise, nil
}

// validateBroadBefore validates a user of an enterprise that is yet to be made.
func (s *Sandbox) validateBroadBefore(n *enterprise, req broadRequest, t *customerTemplate) answer {
	primary := req.Email
	if req.Info != nil {
		primary = req.Info.PrimaryEmail
	}
	if t == nil {
		t = &customerTemplate{region: defaultRegion}
	}
	for _, email := range []string{primary, req.Email} {
		if e := s.checkMember(n, t, strings.ToLower(email), nil); e != nil {
			return refused(e)
		}
	}
	code, e := s.infoBefore(primary, req.Email)
	if e != nil {
		return refused(e)
	}
	return s.precheck(code)
}
