package sandbox

import (
	"maps"
	"slices"
	"time"
)

// seedState is the whole of a seed; it is also what /__sandbox/state answers.
type seedState struct {
	Organization    *seedOrganization `json:"organization,omitempty"`
	ProvisioningIDs []string          `json:"provisioning_ids,omitempty"`
	CallingUsers    []string          `json:"calling_users,omitempty"`
	SubPartners     []seedSubPartner  `json:"sub_partners,omitempty"`
	Customers       []seedCustomer    `json:"customers"`
	Locations       []seedLocation    `json:"locations,omitempty"`
	Subscribers     []seedSubscriber  `json:"subscribers"`

	Organizations    []seedOther           `json:"organizations,omitempty"`
	Templates        []seedTemplate        `json:"broadworks_templates,omitempty"`
	Enterprises      []seedEnterprise      `json:"enterprises,omitempty"`
	BroadSubscribers []seedBroadSubscriber `json:"broadworks_subscribers,omitempty"`
	Workspaces       []seedWorkspace       `json:"workspaces,omitempty"`
	People           []seedPerson          `json:"people,omitempty"`

	History []seedStay   `json:"history,omitempty"`
	Reports []seedReport `json:"reports,omitempty"` // in a state only
}

type seedOrganization struct {
	ID    string `json:"id,omitempty"` // in a state only
	Name  string `json:"name"`
	Admin string `json:"admin"`
}

type seedSubPartner struct {
	OrgID        string `json:"org_id"`
	State        string `json:"state,omitempty"` // active or suspended
	Subscription string `json:"subscription,omitempty"`
}

type seedCustomer struct {
	ID           string         `json:"id,omitempty"`     // in a state only
	OrgID        string         `json:"org_id,omitempty"` // in a state only
	ExternalID   string         `json:"external_id"`
	Name         string         `json:"name,omitempty"`
	PrimaryEmail string         `json:"primary_email,omitempty"`
	Packages     []string       `json:"packages"`
	Address      seedAddress    `json:"address"`
	Status       string         `json:"status,omitempty"`
	Workspaces   int            `json:"workspaces,omitempty"`
	SubPartner   string         `json:"sub_partner,omitempty"`
	Internal     bool           `json:"internal,omitempty"`
	Since        *time.Time     `json:"workspaces_since,omitempty"` // left out: since ever
	Limits       map[string]int `json:"limits,omitempty"`           // seats per package
}

// seedAddress has the fields of address, under shorter names.
type seedAddress struct {
	Line1           string `json:"line1"`
	Line2           string `json:"line2,omitempty"`
	City            string `json:"city"`
	StateOrProvince string `json:"state,omitempty"`
	ZipOrPostalCode string `json:"zip,omitempty"`
	Country         string `json:"country"`
}

type seedLocation struct {
	ID         string      `json:"id,omitempty"` // in a state only
	Customer   string      `json:"customer_external_id"`
	Name       string      `json:"name"`
	Address    seedAddress `json:"address"`
	Timezone   string      `json:"timezone,omitempty"`
	Language   string      `json:"language,omitempty"`
	SubPartner string      `json:"sub_partner,omitempty"`
}

type seedSubscriber struct {
	ID         string     `json:"id,omitempty"`        // in a state only
	PersonID   string     `json:"person_id,omitempty"` // in a state only
	Customer   string     `json:"customer_external_id"`
	Email      string     `json:"email"`
	Package    string     `json:"package"`
	FirstName  string     `json:"first_name,omitempty"`
	LastName   string     `json:"last_name,omitempty"`
	Phone      string     `json:"phone,omitempty"`
	Extension  string     `json:"extension,omitempty"`
	Location   string     `json:"location,omitempty"` // by name; left out: the customer's first
	Status     string     `json:"status,omitempty"`
	Created    *time.Time `json:"created,omitempty"`
	Since      *time.Time `json:"package_since,omitempty"` // left out: created, or since ever
	SubPartner string     `json:"sub_partner,omitempty"`
}

// dump describes the whole estate; fed back as a seed it makes the same one.
func (e *estate) dump() seedState {
	state := seedState{
		Organization:    &seedOrganization{ID: e.home.id(), Name: e.home.name, Admin: e.admin.email},
		ProvisioningIDs: slices.Sorted(maps.Keys(e.provisioningIDs)),
		CallingUsers:    slices.Sorted(maps.Keys(e.callingUsers)),
		Customers:       []seedCustomer{},
		Subscribers:     []seedSubscriber{},

		Organizations:    e.dumpOthers(),
		Templates:        e.broad.dumpTemplates(),
		Enterprises:      e.broad.dumpEnterprises(),
		BroadSubscribers: e.broad.dumpSubscribers(),
		Workspaces:       e.dumpWorkspaces(),
		People:           e.dumpPeople(),
	}
	for _, p := range e.subPartners {
		state.SubPartners = append(state.SubPartners, seedSubPartner{p.orgID, p.state, p.subscription})
	}
	for _, c := range e.customers {
		if c != nil {
			state.Customers = append(state.Customers, c.dump())
		}
	}
	for _, c := range e.customers {
		if c == nil {
			continue
		}
		for _, l := range c.org.locations {
			state.Locations = append(state.Locations, seedLocation{ID: l.id(), Customer: c.externalID, Name: l.name,
				Address: seedAddress(l.address), Timezone: l.timezone, Language: l.language, SubPartner: c.owner.orgID})
		}
	}
	for _, s := range e.subscribers {
		if s != nil {
			state.Subscribers = append(state.Subscribers, s.dump())
		}
	}
	for _, s := range e.stays {
		if e.customers[s.customer.number] == s.customer {
			state.History = append(state.History, s.dump())
		}
	}
	for _, r := range e.reports {
		if r != nil {
			state.Reports = append(state.Reports, r.dump())
		}
	}
	return state
}

func (c *customer) dump() seedCustomer {
	d := seedCustomer{ID: c.id(), OrgID: c.org.id(), ExternalID: c.externalID, Name: c.name, PrimaryEmail: c.email, Packages: c.packages,
		Address: seedAddress(c.address), Status: c.status, Limits: c.limits, SubPartner: c.owner.orgID, Internal: c.internal}
	if since := time.UnixMilli(c.workspacesSince).UTC(); c.workspacesSeen > 0 && c.workspacesSince != 0 {
		d.Since = &since
	}
	return d
}

func (s *subscriber) dump() seedSubscriber {
	created := time.UnixMilli(s.created).UTC()
	d := seedSubscriber{ID: s.id(), PersonID: s.person.id(), Customer: s.customer.externalID, Email: s.person.email, Package: s.pkg,
		FirstName: s.person.firstName, LastName: s.person.lastName, Phone: s.phone, Extension: s.extension, Status: s.status,
		Created: &created, SubPartner: s.customer.owner.orgID}
	if since := time.UnixMilli(s.since).UTC(); s.metered && s.since != s.created {
		d.Since = &since
	}
	if s.location != nil {
		d.Location = s.location.name
	}
	return d
}
