package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

type seedTemplate struct {
	ProvisioningID string `json:"provisioning_id"`
	Email          string `json:"email,omitempty"`  // trusted, untrusted or self_activation
	Region         string `json:"region,omitempty"` // US, EU
	Broken         int    `json:"broken,omitempty"` // the code of what is wrong with it
}

type seedEnterprise struct {
	ID             string             `json:"id,omitempty"`     // in a state only
	OrgID          string             `json:"org_id,omitempty"` // in a state only
	SpID           string             `json:"sp_enterprise_id"`
	ProvisioningID string             `json:"provisioning_id,omitempty"` // left out: the first template
	Name           string             `json:"name,omitempty"`            // of its organization
	Unmapped       bool               `json:"unmapped,omitempty"`        // no organization yet
	Meetings       map[string]string  `json:"meetings_timezones,omitempty"`
	Sync           bool               `json:"directory_sync,omitempty"`
	SyncStatus     string             `json:"sync_status,omitempty"`
	SyncFails      int                `json:"sync_fails,omitempty"` // 6001 or 6003
	Hybrid         bool               `json:"hybrid_sync,omitempty"`
	KeyRevoked     bool               `json:"key_revoked,omitempty"`
	ExternalUsers  []seedExternalUser `json:"external_users,omitempty"`
}

type seedExternalUser struct {
	UserID    string `json:"user_id"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Extension string `json:"extension,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Mobile    string `json:"mobile,omitempty"`
	Copy      string `json:"copy,omitempty"` // in Webex: current, stale, orphan; left out: none
}

type seedBroadSubscriber struct {
	ID            string     `json:"id,omitempty"`        // in a state only
	PersonID      string     `json:"person_id,omitempty"` // in a state only
	SpID          string     `json:"sp_enterprise_id"`
	GroupID       string     `json:"sp_enterprise_group_id,omitempty"`
	UserID        string     `json:"user_id"`
	Email         string     `json:"email,omitempty"`
	Package       string     `json:"package"`
	FirstName     string     `json:"first_name,omitempty"`
	LastName      string     `json:"last_name,omitempty"`
	Phone         string     `json:"phone,omitempty"`
	Mobile        string     `json:"mobile,omitempty"`
	Extension     string     `json:"extension,omitempty"`
	Timezone      string     `json:"timezone,omitempty"`
	Status        string     `json:"status,omitempty"`
	Errors        []int      `json:"errors,omitempty"`
	SelfActivated bool       `json:"self_activated,omitempty"`
	Created       *time.Time `json:"created,omitempty"`
}

func (e *estate) loadTemplate(in seedTemplate) error {
	t := &customerTemplate{id: in.ProvisioningID, flow: cmp.Or(in.Email, flowTrusted), region: cmp.Or(in.Region, defaultRegion), broken: in.Broken}
	switch {
	case t.id == "":
		return errors.New("a template needs a provisioning_id")
	case e.broad.templates[t.id] != nil:
		return fmt.Errorf("second template with provisioning_id %q", t.id)
	case !slices.Contains([]string{flowTrusted, flowUntrusted, flowSelfActivation}, t.flow):
		return fmt.Errorf("template %q: unknown e-mail flow %q", t.id, t.flow)
	}
	e.broad.addTemplate(t)
	return nil
}

func (b *broadWorks) addTemplate(t *customerTemplate) {
	b.templates[t.id] = t
	b.templateOrder = append(b.templateOrder, t)
}

// seedTemplate finds the template that a seed names, the first without a name.
func (e *estate) seedTemplate(id string) (*customerTemplate, error) {
	if len(e.broad.templateOrder) == 0 {
		e.broad.addTemplate(&customerTemplate{id: defaultTemplate, flow: flowTrusted, region: defaultRegion})
	}
	if id == "" {
		return e.broad.templateOrder[0], nil
	}
	if t := e.broad.templates[id]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("unknown provisioning_id %q; broadworks_templates must come first", id)
}

func (e *estate) loadEnterprise(in seedEnterprise) error {
	t, err := e.seedTemplate(in.ProvisioningID)
	if err != nil {
		return fmt.Errorf("enterprise %q: %w", in.SpID, err)
	}
	switch {
	case checkSpID(in.SpID) != nil:
		return fmt.Errorf("enterprise %q: not an sp_enterprise_id", in.SpID)
	case e.broad.bySpID[in.SpID] != nil || e.broad.otherModel(in.SpID):
		return fmt.Errorf("enterprise %q: is there already, or as a service provider", in.SpID)
	case in.SyncFails != 0 && in.SyncFails != 6001 && in.SyncFails != 6003:
		return fmt.Errorf("enterprise %q: sync_fails is neither 6001 nor 6003", in.SpID)
	}
	n := e.broad.addEnterprise(in.SpID, t)
	for pkg, zone := range in.Meetings {
		n.meetings[pkg] = zone
	}
	if !in.Unmapped {
		n.org = e.addOrganization(cmp.Or(in.Name, in.SpID), seedEpoch.Add(time.Duration(n.number)*time.Second))
		n.org.enterprise = n
	}
	n.sync.enabled, n.sync.hybrid, n.sync.revoked, n.sync.fails = in.Sync, in.Hybrid, in.KeyRevoked, in.SyncFails
	n.sync.status.State = cmp.Or(in.SyncStatus, syncNone)
	for _, u := range in.ExternalUsers {
		if u.UserID == "" || !slices.Contains(copies, u.Copy) {
			return fmt.Errorf("enterprise %q: external user %q: no user_id, or unknown copy %q", in.SpID, u.UserID, u.Copy)
		}
		if u.Copy != copyNone {
			n.sync.status.ExternalUsers++
		}
		n.sync.users = append(n.sync.users, &externalUser{copy: u.Copy,
			wire: wireExternalUser{u.UserID, u.FirstName, u.LastName, u.Extension, u.Phone, u.Mobile}})
	}
	return nil
}

// seedEnterprise finds the enterprise that a seed names.
func (e *estate) seedEnterprise(spID string) (*enterprise, error) {
	if n := e.broad.bySpID[spID]; n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("unknown sp_enterprise_id %q; enterprises must come first", spID)
}

func (e *estate) loadBroadSubscriber(in seedBroadSubscriber) error {
	n, err := e.seedEnterprise(in.SpID)
	if err != nil {
		return err
	}
	created := seedEpoch.Add(time.Duration(len(e.broad.subscribers)) * time.Second)
	if in.Created != nil {
		created = *in.Created
	}
	sub := &broadSubscriber{enterprise: n, groupID: in.GroupID, email: strings.ToLower(in.Email), status: cmp.Or(in.Status, statusProvisioned),
		selfActivated: in.SelfActivated, created: created.UnixMilli(), changed: created.UnixMilli(),
		broadFields: broadFields{userID: in.UserID, firstName: in.FirstName, lastName: in.LastName, phone: in.Phone, mobile: in.Mobile,
			extension: in.Extension, pkg: in.Package, timezone: in.Timezone}}
	for _, code := range in.Errors {
		sub.errors = append(sub.errors, wireDetail(code))
	}
	if err := e.checkSeeded(sub); err != nil {
		return fmt.Errorf("subscriber %q of %q: %w", in.UserID, in.SpID, err)
	}
	e.broad.addSubscriber(sub)
	if sub.status == statusProvisioned || sub.status == statusUpdating {
		e.join(sub, created)
		if in.Created == nil {
			sub.beginStay(0) // it has been there for ever
		}
	}
	return nil
}

// checkSeeded applies the few rules that keep a seeded subscriber from breaking the estate.
func (e *estate) checkSeeded(sub *broadSubscriber) error {
	n, p := sub.enterprise, e.personByEmail[sub.email]
	settled := sub.status == statusProvisioned || sub.status == statusUpdating
	switch {
	case sub.userID == "" || n.userIDs[sub.userID] != nil:
		return errors.New("no user_id, or taken")
	case sub.pkg == "" || sub.checkShape() != nil:
		return fmt.Errorf("package %q, a number or the time zone is wrong", sub.pkg)
	case !broadStatuses[sub.status]:
		return fmt.Errorf("unknown status %q", sub.status)
	case settled && sub.email == "":
		return errors.New("a provisioned one needs an email")
	case sub.email != "" && e.broad.byEmail[sub.email] != nil:
		return fmt.Errorf("e-mail %q is taken", sub.email)
	case settled && p != nil && p.account == accountNone && p.org != n.org:
		return fmt.Errorf("e-mail %q is in another organization", sub.email)
	case sub.extension != "" && n.extensions[sub.extension] != nil:
		return fmt.Errorf("extension %q is taken", sub.extension)
	}
	if phone := phoneSeparator.Replace(sub.phone); phone != "" && (e.broad.phones[phone] != nil || e.byPhone[phone] != nil) {
		return fmt.Errorf("phone %q is taken", sub.phone)
	}
	return nil
}

// dumpTemplates, dumpEnterprises and dumpSubscribers are the BroadWorks API's part of a state.
func (b *broadWorks) dumpTemplates() []seedTemplate {
	var list []seedTemplate
	for _, t := range b.templateOrder {
		list = append(list, seedTemplate{t.id, t.flow, t.region, t.broken})
	}
	return list
}

func (b *broadWorks) dumpEnterprises() []seedEnterprise {
	var list []seedEnterprise
	for n := range b.listed.all() {
		d := seedEnterprise{ID: n.id(), SpID: n.spID, ProvisioningID: n.template.id, Unmapped: n.org == nil, Meetings: maps.Clone(n.meetings),
			Sync: n.sync.enabled, SyncStatus: n.sync.status.State, SyncFails: n.sync.fails, Hybrid: n.sync.hybrid, KeyRevoked: n.sync.revoked}
		if n.org != nil {
			d.OrgID, d.Name = n.org.id(), n.org.name
		}
		for _, u := range n.sync.users {
			w := u.wire
			d.ExternalUsers = append(d.ExternalUsers, seedExternalUser{w.UserID, w.FirstName, w.LastName, w.Extension, w.Number, w.Mobile, u.copy})
		}
		list = append(list, d)
	}
	return list
}

func (b *broadWorks) dumpSubscribers() []seedBroadSubscriber {
	var list []seedBroadSubscriber
	for _, s := range b.subscribers {
		if s == nil {
			continue
		}
		created := time.UnixMilli(s.created).UTC()
		d := seedBroadSubscriber{ID: s.id(), SpID: s.enterprise.spID, GroupID: s.groupID, UserID: s.userID, Email: s.email, Package: s.pkg,
			FirstName: s.firstName, LastName: s.lastName, Phone: s.phone, Mobile: s.mobile, Extension: s.extension, Timezone: s.timezone,
			Status: s.status, SelfActivated: s.selfActivated, Created: &created}
		if s.person != nil {
			d.PersonID = s.person.id()
		}
		for _, e := range s.errors {
			d.Errors = append(d.Errors, e.Code)
		}
		list = append(list, d)
	}
	return list
}
