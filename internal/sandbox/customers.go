package sandbox

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// wireCustomer is a customer as the API shows it.
type wireCustomer struct {
	ID         string        `json:"id"`
	OrgID      string        `json:"orgId,omitempty"`
	ExternalID string        `json:"externalId"`
	Address    address       `json:"address"`
	Status     string        `json:"status"`
	Packages   []string      `json:"packages"`
	Resources  wireResources `json:"resourceDetails"`
	Errors     []wireError   `json:"errors,omitempty"`
}

type wireResources struct {
	Packages []wirePackage `json:"packages"`
}

type wirePackage struct {
	Name       string      `json:"name"`
	Status     string      `json:"status"`
	Warnings   []wireError `json:"warnings,omitempty"`
	Errors     []wireError `json:"errors,omitempty"`
	LicenseIDs []string    `json:"licenseIds,omitempty"`
}

// wireURL is the body of an accepted write.
type wireURL struct {
	URL string `json:"url"`
}

func (c *customer) wire() wireCustomer {
	w := wireCustomer{ID: c.id(), ExternalID: c.externalID, Address: c.address, Status: c.status, Packages: c.packages,
		Resources: wireResources{Packages: c.resources}, Errors: c.errors}
	if c.orgShown {
		w.OrgID = c.org.id()
	}
	return w
}

// licensed adds the license ids, one per provisioned package.
func (w wireCustomer) licensed(number int) wireCustomer {
	packages := make([]wirePackage, len(w.Resources.Packages))
	for i, p := range w.Resources.Packages {
		if p.Status == statusProvisioned {
			p.LicenseIDs = []string{licenseID(number, p.Name)}
		}
		packages[i] = p
	}
	w.Resources.Packages = packages
	return w
}

// licenseID is the id of a customer's license for a package.
func licenseID(customer int, pkg string) string {
	place := slices.Index(packageNames, pkg) // -1 for one that the vendor has added since
	return encodeID(kindLicense, customer*(len(packageNames)+1)+place+1)
}

// customer finds a customer of the call's partner by id; it is nil when there is none to be seen.
func (s *Sandbox) customer(c *call, id string) *customer {
	n, ok := decodeID(kindCustomer, id)
	found := byNumber(s.estate.customers, n, ok)
	if found == nil || found.hidden || found.owner != c.partner {
		return nil
	}
	return found
}

func customerPath(c *customer) string { return "/wholesale/customers/" + c.id() }

// listCustomers is GET /wholesale/customers.
func (s *Sandbox) listCustomers(c *call) answer {
	w, e := c.window()
	if e != nil {
		return refused(e)
	}
	statuses, e := c.statusSet(customerStatuses)
	if e != nil {
		return refused(e)
	}
	chosen := selection[*customer]{from: s.customersAskedFor(c)}
	if statuses != nil {
		chosen.keep = func(found *customer) bool { return statuses[found.status] }
	}
	return listAnswer(c, w, chosen, (*customer).wire)
}

// customersAskedFor narrows the list by externalId and orgId, without a scan.
func (s *Sandbox) customersAskedFor(c *call) *roster[*customer] {
	external, org := c.query.Get("externalId"), c.query.Get("orgId")
	if external == "" && org == "" {
		return &c.partner.customers
	}
	found := c.partner.byExternalID[external]
	if org != "" {
		n, ok := decodeID(kindOrganization, org)
		o := byNumber(s.estate.organizations, n, ok)
		if o == nil || o.customer == nil || !o.customer.orgShown || (external != "" && o.customer != found) {
			return newRoster[*customer]()
		}
		found = o.customer
	}
	if found == nil || found.hidden || found.owner != c.partner {
		return newRoster[*customer]()
	}
	return newRoster(found)
}

// getCustomer is GET /wholesale/customers/{id}.
func (s *Sandbox) getCustomer(c *call) answer {
	found := s.customer(c, c.request.PathValue("id"))
	if found == nil {
		return refused(refuse(2541))
	}
	c.about("customer", found.externalID, found.id())
	w := found.wire()
	if c.query.Get("includePackageLicenseInfo") == "true" {
		w = w.licensed(found.number)
	}
	return answer{status: http.StatusOK, body: w, location: customerPath(found)}
}

func (c *call) accepted(target *customer) answer {
	return answer{status: http.StatusAccepted, location: customerPath(target), body: wireURL{c.baseURL() + customerPath(target)}}
}

// provisionCustomer is POST /wholesale/customers. The same external id again is answered with 2502 while it is being
// worked on, with 2503 for another organization, and otherwise once more with 202 and without effect.
func (s *Sandbox) provisionCustomer(c *call) answer {
	var req customerRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	c.about("customer", req.ExternalID, "")
	if e := s.checkProvision(req); e != nil {
		return refused(e)
	}
	org, e := s.organizationFor(req)
	if e != nil {
		return refused(e)
	}
	if existing := c.partner.byExternalID[req.ExternalID]; existing != nil {
		c.about("customer", existing.externalID, existing.id())
		switch {
		case existing.busy():
			return refused(refuse(2502))
		case org != nil && org != existing.org:
			return refused(refuse(2503))
		}
		return c.accepted(existing)
	}
	if org != nil && org.customer != nil {
		return refused(refuse(2503))
	}
	return s.startCustomer(c, req, org)
}

func (s *Sandbox) startCustomer(c *call, req customerRequest, org *organization) answer {
	target := &customer{owner: c.partner, externalID: req.ExternalID, address: *req.Address, packages: req.Packages,
		status: statusProvisioning, resources: resources(req.Packages, statusProvisioning), hidden: c.twist.late > 0}
	if req.Info != nil {
		target.name, target.email = req.Info.Name, strings.ToLower(req.Info.PrimaryEmail)
	}
	if org == nil {
		org = s.estate.addOrganization(target.name, c.now)
	}
	target.org, target.limits = org, req.Provisioning.limits()
	s.addCallingLocation(target, req.Provisioning)
	s.estate.addCustomer(target)
	if target.hidden {
		s.later(c.now, c.twist.late, func(time.Time) { s.estate.revealCustomer(target) })
	}
	s.finishLater(c, target, req.Packages)
	c.applied("customer", target.externalID, target.id())
	return c.accepted(target)
}

// finishLater ends a provisioning or an update towards packages when the provisioning delay is over.
func (s *Sandbox) finishLater(c *call, target *customer, packages []string) {
	if c.twist.stuck {
		return
	}
	end := c.twist.end
	s.later(c.now, s.options.ProvisionDelay, func(now time.Time) {
		if end == "" {
			end = target.ending()
		}
		target.finish(packages, end)
		s.estate.meterWorkspaces(target, now.UnixMilli())
	})
}

// ending is the status in which a customer's provisioning ends. Its name can ask for an unhappy one.
func (c *customer) ending() string {
	switch {
	case strings.Contains(c.name, "RPL review"):
		return statusReview
	case strings.Contains(c.name, "partial"):
		return statusPartial
	case strings.Contains(c.name, "fails"):
		return statusError
	}
	return statusProvisioned
}

// finish ends a provisioning or an update towards packages.
func (c *customer) finish(packages []string, end string) {
	c.status, c.errors = end, nil
	switch end {
	case statusError:
		c.errors = []wireError{wireDetail(2525)}
		c.resources = resources(c.packages, statusError)
		return
	case statusReview:
		return
	}
	c.packages, c.orgShown = packages, true
	c.resources = resources(packages, statusProvisioned)
	if end == statusPartial {
		last := &c.resources[len(packages)-1]
		last.Status, last.Warnings = statusError, []wireError{wireDetail(2560)}
	}
}

func resources(packages []string, status string) []wirePackage {
	list := make([]wirePackage, len(packages))
	for i, name := range packages {
		list[i] = wirePackage{Name: name, Status: status}
	}
	return list
}

// updateCustomer is PUT /wholesale/customers/{id}. While the update runs the customer shows its old packages; its
// resource details show what is coming and going.
func (s *Sandbox) updateCustomer(c *call) answer {
	target := s.customer(c, c.request.PathValue("id"))
	if target == nil {
		return refused(refuse(2541))
	}
	c.about("customer", target.externalID, target.id())
	var req customerRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	if e := s.checkUpdate(target, req); e != nil {
		return refused(e)
	}
	if req.ExternalID != "" && req.ExternalID != target.externalID {
		delete(target.owner.byExternalID, target.externalID)
		target.externalID = req.ExternalID
		target.owner.byExternalID[target.externalID] = target
	}
	if req.Address != nil {
		target.address = *req.Address
	}
	s.addCallingLocation(target, req.Provisioning)
	if limits := req.Provisioning.limits(); limits != nil {
		target.limits = limits
	}
	target.status = statusUpdating
	target.resources = resources(without(target.packages, without(target.packages, req.Packages)), statusProvisioned)
	target.resources = append(target.resources, resources(without(req.Packages, target.packages), statusProvisioning)...)
	target.resources = append(target.resources, resources(without(target.packages, req.Packages), statusDeleting)...)
	s.finishLater(c, target, req.Packages)
	c.applied("customer", target.externalID, target.id())
	return c.accepted(target)
}

// removeCustomer is DELETE /wholesale/customers/{id}. The organization stays.
func (s *Sandbox) removeCustomer(c *call) answer {
	target := s.customer(c, c.request.PathValue("id"))
	if target == nil {
		return refused(refuse(2541))
	}
	c.about("customer", target.externalID, target.id())
	switch {
	case target.busy():
		return refused(refuse(2502))
	case target.occupied(), s.options.PeopleBlock && target.org.people.size > 0:
		return refused(refuse(2514))
	case target.org.workspaces.size > 0:
		return refused(refuse(2513))
	}
	target.status = statusDeleting
	target.resources = resources(target.packages, statusDeleting)
	if !c.twist.stuck {
		s.later(c.now, s.options.ProvisionDelay, func(time.Time) {
			if c.twist.end != "" {
				target.finish(target.packages, c.twist.end)
				return
			}
			s.estate.removeCustomer(target)
		})
	}
	c.applied("customer", target.externalID, target.id())
	return answer{status: http.StatusAccepted, location: customerPath(target)}
}
