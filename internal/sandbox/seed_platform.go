package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// seedOther is an organization that is neither the partner's nor a customer's.
type seedOther struct {
	ID           string   `json:"id,omitempty"` // in a state only
	Name         string   `json:"name"`
	Foreign      bool     `json:"other_partner,omitempty"` // another partner manages it
	Managed      bool     `json:"managed,omitempty"`       // the partner does: a customer's, once
	Region       string   `json:"region,omitempty"`
	WithoutAdmin bool     `json:"without_admin,omitempty"`
	LinkedSites  bool     `json:"linked_sites,omitempty"`
	Directory    bool     `json:"directory,omitempty"` // people come from a directory of its own
	Domains      []string `json:"domains,omitempty"`   // claimed ones
}

// seedHome names the organization of a person or a workspace: at most one of the three.
type seedHome struct {
	customer, subPartner string
	spID                 string
	organization         string // one of "organizations", by name
}

type seedWorkspace struct {
	Customer     string `json:"customer_external_id,omitempty"` // at most one of this, an enterprise and an organization
	SubPartner   string `json:"sub_partner,omitempty"`
	SpID         string `json:"sp_enterprise_id,omitempty"`
	Organization string `json:"organization,omitempty"` // one of "organizations", by name
	ID           string `json:"id,omitempty"`           // in a state only
	Name         string `json:"name"`
	UserID       string `json:"user_id,omitempty"` // of a workspace of the BroadWorks API, and so are the numbers
	Phone        string `json:"phone,omitempty"`
	Extension    string `json:"extension,omitempty"`
}

// seedPerson is somebody without a subscriber.
type seedPerson struct {
	Customer     string     `json:"customer_external_id,omitempty"` // at most one of this, an enterprise and an organization
	SubPartner   string     `json:"sub_partner,omitempty"`
	SpID         string     `json:"sp_enterprise_id,omitempty"`
	Organization string     `json:"organization,omitempty"` // one of "organizations", by name
	ID           string     `json:"id,omitempty"`           // in a state only
	Email        string     `json:"email"`
	FirstName    string     `json:"first_name,omitempty"`
	LastName     string     `json:"last_name,omitempty"`
	Account      account    `json:"account,omitempty"` // consumer or self_sign_up: no organization
	Calling      string     `json:"calling,omitempty"` // a calling license from elsewhere
	Created      *time.Time `json:"created,omitempty"`
}

func (w seedWorkspace) home() seedHome {
	return seedHome{w.Customer, w.SubPartner, w.SpID, w.Organization}
}
func (p seedPerson) home() seedHome {
	return seedHome{p.Customer, p.SubPartner, p.SpID, p.Organization}
}

func (e *estate) loadOther(in seedOther) error {
	if in.Name == "" || e.otherNamed(in.Name) != nil {
		return fmt.Errorf("organization %q: no name, or there already", in.Name)
	}
	o := e.addOrganization(in.Name, seedEpoch)
	o.region, o.foreign, o.standalone = in.Region, in.Foreign, !in.Foreign && !in.Managed
	o.withoutAdmin, o.linkedSites, o.directory = in.WithoutAdmin, in.LinkedSites, in.Directory
	for _, domain := range in.Domains {
		e.domains[strings.ToLower(domain)] = o
	}
	return nil
}

// otherNamed finds one of the organizations that are neither the partner's nor a customer's.
func (e *estate) otherNamed(name string) *organization {
	i := slices.IndexFunc(e.organizations, func(o *organization) bool { return e.isOther(o) && o.name == name })
	if i < 0 {
		return nil
	}
	return e.organizations[i]
}

// isOther tells whether o is such an organization.
func (e *estate) isOther(o *organization) bool {
	return o != nil && o != e.home && o.customer == nil && o.enterprise == nil
}

// organizationOf finds the organization that a seed names; nil is none named.
func (e *estate) organizationOf(in seedHome) (*organization, error) {
	switch {
	case in.customer != "":
		c, err := e.findCustomer(in.subPartner, in.customer)
		if err != nil {
			return nil, err
		}
		return c.org, nil
	case in.spID != "":
		n, err := e.seedEnterprise(in.spID)
		if err != nil {
			return nil, err
		}
		if n.org == nil {
			return nil, fmt.Errorf("enterprise %q has no organization", in.spID)
		}
		return n.org, nil
	case in.organization != "":
		if o := e.otherNamed(in.organization); o != nil {
			return o, nil
		}
		return nil, fmt.Errorf("unknown organization %q; organizations must come first", in.organization)
	}
	return nil, nil
}

// homeOf is the reverse of organizationOf.
func (e *estate) homeOf(o *organization) seedHome {
	switch {
	case o.customer != nil:
		return seedHome{customer: o.customer.externalID, subPartner: o.customer.owner.orgID}
	case o.enterprise != nil:
		return seedHome{spID: o.enterprise.spID}
	case o == e.home || o == e.consumers:
		return seedHome{}
	}
	return seedHome{organization: o.name}
}

func (e *estate) loadWorkspace(in seedWorkspace) error {
	o, err := e.organizationOf(in.home())
	switch {
	case err != nil:
		return err
	case o == nil || in.Name == "":
		return fmt.Errorf("workspace %q: needs a name and an organization", in.Name)
	case o.workspaceNamed(in.Name) != nil:
		return fmt.Errorf("workspace %q: the name is taken", in.Name)
	case in.UserID == "":
		e.addWorkspace(o, in.Name, seedEpoch)
		if o.customer != nil {
			e.meterWorkspaces(o.customer, o.customer.workspacesSince)
		}
		return nil
	case o.enterprise == nil || o.enterprise.userIDs[in.UserID] != nil:
		return fmt.Errorf("workspace %q: user_id %q is taken, or not in an enterprise", in.Name, in.UserID)
	}
	n, phone := o.enterprise, phoneSeparator.Replace(in.Phone)
	if e.broad.phones[phone] != nil || e.byPhone[phone] != nil || n.extensions[in.Extension] != nil {
		return fmt.Errorf("workspace %q: phone or extension is taken", in.Name)
	}
	e.addBroadWorkspace(n, in.Name, broadFields{userID: in.UserID, phone: in.Phone, extension: in.Extension}, seedEpoch)
	return nil
}

func (e *estate) loadPerson(in seedPerson) error {
	o, err := e.organizationOf(in.home())
	switch {
	case err != nil:
		return err
	case in.Email == "" || e.personByEmail[strings.ToLower(in.Email)] != nil:
		return fmt.Errorf("person %q: no email, or there already", in.Email)
	case in.Account != accountNone && in.Account != accountConsumer && in.Account != accountSelfMade:
		return fmt.Errorf("person %q: unknown account %q", in.Email, in.Account)
	case in.Account != accountNone && o != nil:
		return fmt.Errorf("person %q: has an account of its own and an organization", in.Email)
	}
	if o == nil {
		o = e.home
		if in.Account != accountNone {
			o = e.consumers
		}
	}
	created := seedEpoch
	if in.Created != nil {
		created = *in.Created
	}
	p := e.addPerson(in.Email, o, created)
	p.firstName, p.lastName, p.account, p.calling = in.FirstName, in.LastName, in.Account, in.Calling
	return nil
}

func (e *estate) dumpOthers() []seedOther {
	var list []seedOther
	for _, o := range e.organizations[1:] {
		if !e.isOther(o) {
			continue
		}
		d := seedOther{ID: o.id(), Name: o.name, Foreign: o.foreign, Managed: !o.outside(), Region: o.region, WithoutAdmin: o.withoutAdmin,
			LinkedSites: o.linkedSites, Directory: o.directory}
		for domain, owner := range e.domains {
			if owner == o {
				d.Domains = append(d.Domains, domain)
			}
		}
		slices.Sort(d.Domains)
		list = append(list, d)
	}
	return list
}

func (e *estate) dumpWorkspaces() []seedWorkspace {
	var list []seedWorkspace
	for _, w := range e.workspaces {
		if w == nil {
			continue
		}
		h := e.homeOf(w.org)
		d := seedWorkspace{Customer: h.customer, SubPartner: h.subPartner, SpID: h.spID, Organization: h.organization, ID: w.id(), Name: w.name}
		if w.broad != nil {
			d.UserID, d.Phone, d.Extension = w.broad.userID, w.broad.phone, w.broad.extension
		}
		list = append(list, d)
	}
	return list
}

func (e *estate) dumpPeople() []seedPerson {
	var list []seedPerson
	for _, p := range e.people {
		if p == nil || p == e.admin || len(p.subscribers) > 0 || p.broad != nil {
			continue
		}
		created := time.UnixMilli(p.created).UTC()
		var h seedHome
		if p.account == accountNone {
			h = e.homeOf(p.org)
		}
		d := seedPerson{Customer: h.customer, SubPartner: h.subPartner, SpID: h.spID, Organization: h.organization, ID: p.id(), Email: p.email,
			FirstName: p.firstName, LastName: p.lastName, Account: p.account, Calling: p.calling, Created: &created}
		list = append(list, d)
	}
	return list
}
