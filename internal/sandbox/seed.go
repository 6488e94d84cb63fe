package sandbox

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// seedEpoch is when what a seed gives no time for came into being; each object is a second younger than the one before.
var seedEpoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

//go:embed demo.json
var demo []byte

// Demo returns the built-in estate as a seed: the file demo.json, with customers acme, globex, initech, umbrella and
// hooli and their 60 subscribers, and the BroadWorks enterprises wayne-tower and metrotel+daily-planet with five. The
// provisioning ids it accepts are demo-template, broadworks-template and broadworks-untrusted.
func Demo() []byte { return slices.Clone(demo) }

// load reads a seed piece by piece, so that a million subscribers need no more memory than they take in the estate.
func (e *estate) load(r io.Reader) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := expect(dec, json.Delim('{')); err != nil {
		return err
	}
	for dec.More() {
		section, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := section.(string)
		if err := e.loadSection(dec, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(e.provisioningIDs) == 0 {
		e.provisioningIDs[defaultProvisioning] = true
	}
	if _, err := e.seedTemplate(""); err != nil {
		return err
	}
	for _, c := range e.customers[1:] {
		e.ensureLocation(c)
	}
	return expect(dec, json.Delim('}'))
}

func (e *estate) loadSection(dec *json.Decoder, name string) error {
	switch name {
	case "organization":
		var o seedOrganization
		if err := dec.Decode(&o); err != nil {
			return err
		}
		e.setOrganization(o)
		return nil
	case "provisioning_ids":
		return each(dec, func(id string) error { e.provisioningIDs[id] = true; return nil })
	case "calling_users":
		return each(dec, func(email string) error { e.callingUsers[strings.ToLower(email)] = true; return nil })
	case "sub_partners":
		return each(dec, e.loadSubPartner)
	case "customers":
		return each(dec, e.loadCustomer)
	case "locations":
		return each(dec, e.loadLocation)
	case "subscribers":
		return each(dec, e.loadSubscriber)
	case "history":
		return each(dec, e.loadStay)
	case "reports":
		return each(dec, func(seedReport) error { return nil }) // their content is not in the state
	case "organizations":
		return each(dec, e.loadOther)
	case "broadworks_templates":
		return each(dec, e.loadTemplate)
	case "enterprises":
		return each(dec, e.loadEnterprise)
	case "broadworks_subscribers":
		return each(dec, e.loadBroadSubscriber)
	case "workspaces":
		return each(dec, e.loadWorkspace)
	case "people":
		return each(dec, e.loadPerson)
	}
	return errors.New("unknown section")
}

func expect(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("found %v instead of %v", got, want)
	}
	return nil
}

// each decodes an array element by element.
func each[T any](dec *json.Decoder, load func(T) error) error {
	if err := expect(dec, '['); err != nil {
		return err
	}
	for i := 1; dec.More(); i++ {
		var item T
		if err := dec.Decode(&item); err != nil {
			return fmt.Errorf("number %d: %w", i, err)
		}
		if err := load(item); err != nil {
			return fmt.Errorf("number %d: %w", i, err)
		}
	}
	return expect(dec, ']')
}

func (e *estate) setOrganization(o seedOrganization) {
	e.home.name = o.Name
	delete(e.personByEmail, e.admin.email)
	e.admin.email = strings.ToLower(cmp.Or(o.Admin, defaultAdministrator))
	e.personByEmail[e.admin.email] = e.admin
}

func (e *estate) loadSubPartner(in seedSubPartner) error {
	p := newPartner(in.OrgID)
	p.state = cmp.Or(in.State, stateActive)
	p.subscription = cmp.Or(in.Subscription, fmt.Sprintf("Sub%08d", 100+len(e.subPartners)))
	p.created = seedEpoch
	switch {
	case in.OrgID == "":
		return errors.New("a sub-partner needs an org_id")
	case p.state != stateActive && p.state != stateSuspended:
		return fmt.Errorf("unknown state %q of a sub-partner", p.state)
	case e.subPartner(in.OrgID) != nil:
		return fmt.Errorf("second sub-partner with org_id %q", in.OrgID)
	}
	e.subPartners = append(e.subPartners, p)
	return nil
}

// owner finds the partner that a seed names; "" is the partner itself.
func (e *estate) owner(subPartner string) (*partner, error) {
	if subPartner == "" {
		return e.partner, nil
	}
	if p := e.subPartner(subPartner); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("unknown sub-partner %q; sub_partners must come first", subPartner)
}

func (e *estate) loadCustomer(in seedCustomer) error {
	owner, err := e.owner(in.SubPartner)
	if err != nil {
		return err
	}
	status := cmp.Or(in.Status, statusProvisioned)
	switch {
	case in.ExternalID == "":
		return errors.New("a customer needs an external_id")
	case owner.byExternalID[in.ExternalID] != nil:
		return fmt.Errorf("second customer with external_id %q", in.ExternalID)
	case checkPackages(slices.DeleteFunc(slices.Clone(in.Packages), isNew)) != nil:
		return fmt.Errorf("customer %q: packages %q: unknown, twice the same, or one that it needs is missing", in.ExternalID, in.Packages)
	case !customerStatuses[status]:
		return fmt.Errorf("customer %q: unknown status %q", in.ExternalID, status)
	}
	created := seedEpoch.Add(time.Duration(len(e.customers)) * time.Second)
	c := &customer{owner: owner, externalID: in.ExternalID, name: cmp.Or(in.Name, in.ExternalID), email: in.PrimaryEmail,
		address: address(in.Address), packages: in.Packages, limits: in.Limits, internal: in.Internal}
	c.org = e.addOrganization(c.name, created)
	if status == statusProvisioned || status == statusPartial || status == statusError {
		c.finish(in.Packages, status)
	} else {
		c.status, c.resources = status, resources(in.Packages, statusProvisioning)
	}
	e.addCustomer(c)
	if in.Since != nil {
		c.workspacesSince = in.Since.UnixMilli()
	}
	e.addWorkspaces(c.org, in.Workspaces)
	e.meterWorkspaces(c, c.workspacesSince)
	return nil
}

func (e *estate) findCustomer(subPartner, externalID string) (*customer, error) {
	owner, err := e.owner(subPartner)
	if err != nil {
		return nil, err
	}
	if c := owner.byExternalID[externalID]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("unknown customer %q; customers must come before locations and subscribers", externalID)
}

func (e *estate) loadLocation(in seedLocation) error {
	c, err := e.findCustomer(in.SubPartner, in.Customer)
	if err != nil {
		return err
	}
	e.addLocation(c.org, location{name: in.Name, address: address(in.Address), timezone: cmp.Or(in.Timezone, defaultLocationZone),
		language: cmp.Or(in.Language, defaultLocationLang)})
	return nil
}

func (e *estate) loadSubscriber(in seedSubscriber) error {
	c, err := e.findCustomer(in.SubPartner, in.Customer)
	if err != nil {
		return err
	}
	in.Phone = phoneSeparator.Replace(in.Phone)
	p := e.personByEmail[strings.ToLower(in.Email)]
	status := cmp.Or(in.Status, statusProvisioned)
	switch {
	case in.Email == "":
		return errors.New("a subscriber needs an email")
	case p != nil && p.org != c.org:
		return fmt.Errorf("subscriber %q is in another organization already", in.Email)
	case !slices.Contains(morePackages, in.Package) && !isNew(in.Package):
		return fmt.Errorf("subscriber %q: unknown package %q", in.Email, in.Package)
	case !subscriberStatuses[status]:
		return fmt.Errorf("subscriber %q: unknown status %q", in.Email, status)
	case in.Phone != "" && e.byPhone[in.Phone] != nil:
		return fmt.Errorf("subscriber %q: phone %q is taken", in.Email, in.Phone)
	}
	created := seedEpoch.Add(time.Duration(len(e.subscribers)) * time.Second)
	if in.Created != nil {
		created = *in.Created
	}
	if p == nil {
		p = e.addPerson(in.Email, c.org, created)
	}
	if status == statusUserMigration {
		p.account = accountConsumer
	}
	p.firstName, p.lastName = in.FirstName, in.LastName
	s := &subscriber{customer: c, person: p, pkg: in.Package, phone: in.Phone, extension: in.Extension, status: status,
		created: created.UnixMilli(), changed: created.UnixMilli()}
	if s.location, err = e.seedLocationOf(c, in); err != nil {
		return err
	}
	switch metered := status == statusProvisioned || status == statusUpdating; {
	case in.Since != nil:
		e.beginStay(s, in.Since.UnixMilli())
	case metered && in.Created != nil:
		e.beginStay(s, s.created)
	case metered:
		e.beginStay(s, 0)
	}
	e.addSubscriber(s)
	return nil
}

// seedLocationOf finds the location of a calling subscriber.
func (e *estate) seedLocationOf(c *customer, in seedSubscriber) (*location, error) {
	if !isCalling(in.Package) {
		return nil, nil
	}
	e.ensureLocation(c)
	i := 0
	if in.Location != "" {
		i = slices.IndexFunc(c.org.locations, func(l *location) bool { return l.name == in.Location })
	}
	if i < 0 || len(c.org.locations) == 0 {
		return nil, fmt.Errorf("subscriber %q: customer %q has no location %q", in.Email, c.externalID, in.Location)
	}
	l := c.org.locations[i]
	if in.Extension != "" && l.extensions[in.Extension] != nil {
		return nil, fmt.Errorf("subscriber %q: extension %q is taken", in.Email, in.Extension)
	}
	return l, nil
}

// ensureLocation gives a customer with calling and without a location its default one.
func (e *estate) ensureLocation(c *customer) {
	if len(c.org.locations) == 0 && overlap(c.packages, locationPackages) {
		e.addLocation(c.org, location{name: defaultLocationName, address: c.address, timezone: defaultLocationZone, language: defaultLocationLang})
	}
}
