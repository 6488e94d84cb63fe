package sandbox

import (
	"regexp"
	"slices"
	"strings"
)

// subscriberRequest is the body of a subscriber's provisioning, update and validation.
type subscriberRequest struct {
	CustomerID     string                  `json:"customerId"`
	Email          string                  `json:"email"`
	Package        string                  `json:"package"`
	Packages       []string                `json:"packages"`
	Provisioning   *subscriberProvisioning `json:"provisioningParameters"`
	ProvisioningID string                  `json:"provisioningId"` // of a validation
	Info           *customerInfo           `json:"customerInfo"`   // of a validation
}

type subscriberProvisioning struct {
	FirstName          string `json:"firstName"`
	LastName           string `json:"lastName"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber"`
	Extension          string `json:"extension"`
	LocationID         string `json:"locationId"`
}

// wantedPackage reads the one package out of "package" or "packages".
func (r subscriberRequest) wantedPackage(single []string) (string, *refusal) {
	switch {
	case r.Package != "" && r.Packages != nil:
		return "", refuseField(1003, "packages")
	case r.Package != "":
		if !slices.Contains(single, r.Package) {
			return "", refuse(2005)
		}
		return r.Package, nil
	case len(r.Packages) == 0:
		return "", refuseField(1001, "packages")
	case len(r.Packages) > 1:
		return "", refuseField(1002, "packages")
	case !slices.Contains(morePackages, r.Packages[0]):
		return "", refuse(2005)
	}
	return r.Packages[0], nil
}

// checkProvision applies the rules that need no look at the estate.
func (r subscriberRequest) checkProvision() (pkg string, e *refusal) {
	if blank(r.CustomerID) {
		return "", refuseField(1001, "customerId")
	}
	if e := checkEmail(r.Email, "email"); e != nil {
		return "", e
	}
	if r.Provisioning == nil {
		return "", refuseField(1001, "provisioningParameters")
	}
	return r.wantedPackage(singlePackages)
}

// admits tells whether the customer can take one more subscriber of the package now.
func (c *customer) admits(pkg string) *refusal {
	if e := c.offers(pkg); e != nil {
		return e
	}
	if limit, limited := c.limits[pkg]; limited && c.seats[pkg] >= limit {
		return refuse(2561)
	}
	return nil
}

// offers tells whether the customer can have subscribers of the package now.
func (c *customer) offers(pkg string) *refusal {
	if c.status != statusProvisioned && c.status != statusPartial {
		return refuse(2504)
	}
	for _, p := range c.resources {
		if p.Name == pkg && p.Status == statusProvisioned {
			return nil
		}
	}
	return refuse(2506)
}

// checkPerson tells whether the e-mail address can become a new subscriber of target. A person stays bound to an
// organization until it is deleted itself: 2002 while subscribed elsewhere, 2017 when only the person is left there, 2018
// where another partner manages the organization.
func (s *Sandbox) checkPerson(target *customer, email string) *refusal {
	email = strings.ToLower(email)
	p := s.estate.personByEmail[email]
	if s.estate.broad.byEmail[email] != nil {
		return refuse(2002)
	}
	if owner := s.estate.claimant(email); owner != nil && owner != target.org && (p == nil || p.org != owner) {
		return refuse(2019)
	}
	switch {
	case p == nil:
		return nil
	case len(p.subscribers) > 0 && p.subscribers[0].customer != target:
		return refuse(2002)
	case len(p.subscribers) == 0 && (p.account != accountNone || p.org == target.org):
		return nil
	case p.account == accountNone && p.org.foreign:
		return refuse(2018)
	case p.account == accountNone && p.org != target.org:
		return refuse(2017)
	case p.subscribers[0].status == statusProvisioning || p.subscribers[0].status == statusUpdating:
		return refuse(2008)
	}
	return refuse(2507)
}

// asker is what the rules for numbers look at.
type asker struct {
	email string
	pkg   string
	subscriberProvisioning
}

func (r subscriberRequest) asker(pkg string) asker {
	return asker{email: strings.ToLower(r.Email), pkg: pkg, subscriberProvisioning: *r.Provisioning}
}

// numbers are the checked phone number, extension and location of a subscriber.
type numbers struct {
	phone     string
	extension string
	location  *location
}

var (
	phoneShape     = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	tollFreeShape  = regexp.MustCompile(`^\+18(00|33|44|55|66|77|88)[0-9]{7}$`)
	digitsShape    = regexp.MustCompile(`^[0-9]+$`)
	phoneSeparator = strings.NewReplacer("-", "", " ", "", ".", "", "(", "", ")", "")

	reservedExtensions = setOf("000", "110", "112", "911", "933", "999")
)

// Extensions are 2 to 10 digits.
const (
	shortestExtension = 2
	longestExtension  = 10
)

// checkNumbers applies the rules for phone number, extension and location. They are ignored for a package without
// calling and for a user who has Webex Calling already.
func (s *Sandbox) checkNumbers(target *customer, a asker) (numbers, *refusal) {
	if !isCalling(a.pkg) || s.estate.callingUsers[a.email] {
		return numbers{}, nil
	}
	n := numbers{phone: phoneSeparator.Replace(a.PrimaryPhoneNumber), extension: a.Extension}
	if n.phone == "" && n.extension == "" {
		return n, refuseField(1001, "provisioningParameters.primaryPhoneNumber")
	}
	if e := s.checkPhone(n.phone); e != nil {
		return n, e
	}
	var e *refusal
	if n.location, e = s.locationFor(target, a.LocationID); e != nil {
		return n, e
	}
	return n, checkExtension(n.extension, n.location)
}

func (s *Sandbox) checkPhone(phone string) *refusal {
	switch {
	case phone == "":
		return nil
	case !phoneShape.MatchString(phone):
		return refuse(2522)
	case tollFreeShape.MatchString(phone):
		return refuse(2577)
	case s.estate.byPhone[phone] != nil || s.estate.broad.phones[phone] != nil:
		return refuse(2573)
	}
	return nil
}

func checkExtension(extension string, where *location) *refusal {
	switch {
	case extension == "":
		return nil
	case !digitsShape.MatchString(extension):
		return refuse(2576)
	case len(extension) < shortestExtension || len(extension) > longestExtension:
		return refuse(2523)
	case reservedExtensions[extension]:
		return refuse(2553)
	case where.extensions[extension] != nil:
		return refuse(2574)
	}
	return nil
}

// locationFor finds the calling location: the one named, or the only one of the customer.
func (s *Sandbox) locationFor(target *customer, id string) (*location, *refusal) {
	if id == "" {
		if len(target.org.locations) != 1 {
			return nil, refuse(2518)
		}
		return target.org.locations[0], nil
	}
	n, ok := decodeID(kindLocation, id)
	found := byNumber(s.estate.locations, n, ok)
	if found == nil || !slices.Contains(target.org.locations, found) {
		return nil, refuse(2517)
	}
	return found, nil
}

// checkJoin tells whether the user of a validation could be provisioned under target.
func (s *Sandbox) checkJoin(target *customer, pkg string, req subscriberRequest) *refusal {
	if e := s.checkPerson(target, req.Email); e != nil {
		return e
	}
	if pkg == "" {
		return nil
	}
	if e := target.admits(pkg); e != nil {
		return e
	}
	if req.Provisioning == nil {
		return nil
	}
	_, e := s.checkNumbers(target, req.asker(pkg))
	return e
}
