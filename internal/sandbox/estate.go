package sandbox

import (
	"strings"
	"time"
)

// Statuses of customers and subscribers.
const (
	statusDeleting       = "deleting"
	statusError          = "error"
	statusPartial        = "provisioned_with_errors"
	statusProvisioned    = "provisioned"
	statusProvisioning   = "provisioning"
	statusReview         = "pending_rpl_review"
	statusUpdating       = "updating"
	statusUserMigration  = "pending_user_migration"
	stateActive          = "active"
	stateSuspended       = "suspended"
	defaultLocationName  = "Main office"
	defaultLocationZone  = "America/New_York"
	defaultLocationLang  = "en_us"
	defaultProvisioning  = "demo-template"
	defaultOrganization  = "Example Partner"
	defaultAdministrator = "admin@partner.example"
	homeSubscription     = "Sub00000099"
)

var (
	customerStatuses = setOf(statusProvisioned, statusPartial, statusProvisioning, statusUpdating, statusDeleting, statusError, statusReview)

	// subscriberStatuses are the two of today's API and the six of its older, asynchronous form.
	subscriberStatuses = setOf(statusProvisioned, statusUserMigration, statusError, statusProvisioning, statusUpdating,
		"pending_email_validation", "pending_email_input", "pending_email_verified")
)

// partner owns customers: the partner whose token is used, or one of its sub-partners.
type partner struct {
	orgID        string
	state        string
	subscription string
	created      time.Time
	byExternalID map[string]*customer
	customers    roster[*customer]
	subscribers  roster[*subscriber]
}

func newPartner(orgID string) *partner {
	return &partner{orgID: orgID, state: stateActive, byExternalID: map[string]*customer{}}
}

// organization is a Webex organization; it outlives the wholesale customer that was mapped to it.
type organization struct {
	number    int
	name      string
	created   time.Time
	locations []*location
	customer  *customer
}

func (o *organization) id() string { return encodeID(kindOrganization, o.number) }

type location struct {
	number     int
	name       string
	address    address
	timezone   string
	language   string
	extensions map[string]*subscriber
}

func (l *location) id() string { return encodeID(kindLocation, l.number) }

type customer struct {
	number      int
	owner       *partner
	externalID  string
	name        string
	email       string // of its first administrator
	address     address
	org         *organization
	orgShown    bool // the organization's id appears once the customer was provisioned
	status      string
	packages    []string // replaced, never changed in place: answers share it
	resources   []wirePackage
	errors      []wireError
	workspaces  int
	internal    bool // reports leave it out unless asked
	hidden      bool // a fault keeps it from reads
	subscribers roster[*subscriber]
	seats       map[string]int // subscribers per package, hidden ones included

	workspacesSeen  bool // they are metered now
	workspacesSince int64
}

func (c *customer) order() int { return c.number }
func (c *customer) id() string { return encodeID(kindCustomer, c.number) }

// occupied tells whether any subscriber is left.
func (c *customer) occupied() bool {
	for _, n := range c.seats {
		if n > 0 {
			return true
		}
	}
	return false
}

// busy tells whether the API refuses to change the customer for now.
func (c *customer) busy() bool {
	return c.status == statusProvisioning || c.status == statusUpdating || c.status == statusDeleting
}

// person is a user of an organization; it outlives the subscriber.
type person struct {
	number      int
	email       string // lower case
	org         *organization
	firstName   string
	lastName    string
	subscribers []*subscriber
}

func (p *person) id() string { return encodeID(kindPerson, p.number) }

type subscriber struct {
	number    int
	customer  *customer
	person    *person
	pkg       string
	phone     string
	extension string
	location  *location
	status    string
	errors    []wireError
	created   int64 // Unix milliseconds, as changed
	changed   int64
	metered   bool  // it counts as usage now
	since     int64 // when it got its package; 0 is before all times
	hidden    bool  // a fault keeps it from reads
	gone      bool
}

func (s *subscriber) order() int { return s.number }
func (s *subscriber) id() string { return encodeID(kindSubscriber, s.number) }

// estate is everything the API knows. Objects are found by the number in their id: index 0 is never used and what was
// deleted leaves a nil.
type estate struct {
	home            *organization // the partner's own
	admin           *person
	partner         *partner
	subPartners     []*partner
	provisioningIDs map[string]bool
	callingUsers    map[string]bool // e-mail addresses, lower case, of users who have Webex Calling already

	organizations []*organization
	locations     []*location
	customers     []*customer
	subscribers   []*subscriber
	people        []*person
	stays         []stay // that are over
	reports       []*report
	personByEmail map[string]*person
	byPhone       map[string]*subscriber
}

func newEstate() *estate {
	e := &estate{
		partner:         newPartner(""),
		provisioningIDs: map[string]bool{},
		callingUsers:    map[string]bool{},
		organizations:   make([]*organization, 1),
		locations:       make([]*location, 1),
		customers:       make([]*customer, 1),
		subscribers:     make([]*subscriber, 1),
		people:          make([]*person, 1),
		reports:         make([]*report, 1),
		personByEmail:   map[string]*person{},
		byPhone:         map[string]*subscriber{},
	}
	e.partner.subscription = homeSubscription
	e.home = e.addOrganization(defaultOrganization, seedEpoch)
	e.admin = e.addPerson(defaultAdministrator, e.home)
	return e
}

func (e *estate) addOrganization(name string, created time.Time) *organization {
	o := &organization{number: len(e.organizations), name: name, created: created}
	e.organizations = append(e.organizations, o)
	return o
}

func (e *estate) addLocation(o *organization, l location) *location {
	l.number = len(e.locations)
	l.extensions = map[string]*subscriber{}
	e.locations = append(e.locations, &l)
	o.locations = append(o.locations, &l)
	return &l
}

func (e *estate) addPerson(email string, o *organization) *person {
	p := &person{number: len(e.people), email: strings.ToLower(email), org: o}
	e.people = append(e.people, p)
	e.personByEmail[p.email] = p
	return p
}

// addCustomer enters c, which has its owner, external id and organization.
func (e *estate) addCustomer(c *customer) {
	c.number = len(e.customers)
	c.seats = map[string]int{}
	e.customers = append(e.customers, c)
	c.owner.byExternalID[c.externalID] = c
	c.org.customer = c
	if !c.hidden {
		c.owner.customers.add(c)
	}
}

// revealCustomer ends the time a fault hid c for.
func (e *estate) revealCustomer(c *customer) {
	if c.hidden && e.customers[c.number] == c {
		c.hidden = false
		c.owner.customers.add(c)
	}
}

func (e *estate) removeCustomer(c *customer) {
	e.customers[c.number] = nil
	c.owner.customers.remove(c)
	delete(c.owner.byExternalID, c.externalID)
	c.org.customer = nil
}

// addSubscriber enters s, which has its customer, person, package, numbers and times.
func (e *estate) addSubscriber(s *subscriber) {
	s.number = len(e.subscribers)
	e.subscribers = append(e.subscribers, s)
	s.person.subscribers = append(s.person.subscribers, s)
	s.customer.seats[s.pkg]++
	e.takeNumbers(s)
	if !s.hidden {
		s.customer.subscribers.add(s)
		s.customer.owner.subscribers.add(s)
	}
}

func (e *estate) revealSubscriber(s *subscriber) {
	if s.hidden && !s.gone {
		s.hidden = false
		s.customer.subscribers.add(s)
		s.customer.owner.subscribers.add(s)
	}
}

// removeSubscriber is the soft delete, at a time in Unix milliseconds: numbers are free again, the person stays.
func (e *estate) removeSubscriber(s *subscriber, at int64) {
	e.endStay(s, at)
	s.gone = true
	s.customer.seats[s.pkg]--
	e.subscribers[s.number] = nil
	e.freeNumbers(s)
	s.customer.subscribers.remove(s)
	s.customer.owner.subscribers.remove(s)
	p := s.person
	for i := range p.subscribers {
		if p.subscribers[i] == s {
			p.subscribers = append(p.subscribers[:i], p.subscribers[i+1:]...)
			break
		}
	}
}

// removePerson is the hard delete; what the person was subscribed to goes too.
func (e *estate) removePerson(p *person, at int64) {
	for len(p.subscribers) > 0 {
		e.removeSubscriber(p.subscribers[0], at)
	}
	e.people[p.number] = nil
	delete(e.personByEmail, p.email)
}

func (e *estate) takeNumbers(s *subscriber) {
	if s.phone != "" {
		e.byPhone[s.phone] = s
	}
	if s.extension != "" && s.location != nil {
		s.location.extensions[s.extension] = s
	}
}

func (e *estate) freeNumbers(s *subscriber) {
	if s.phone != "" && e.byPhone[s.phone] == s {
		delete(e.byPhone, s.phone)
	}
	if s.location != nil && s.location.extensions[s.extension] == s {
		delete(s.location.extensions, s.extension)
	}
	s.phone, s.extension, s.location = "", "", nil
}

// changePackage moves s to another package.
func (e *estate) changePackage(s *subscriber, pkg string, at int64) {
	if pkg == s.pkg {
		return
	}
	metered := s.metered
	e.endStay(s, at)
	s.customer.seats[s.pkg]--
	s.customer.seats[pkg]++
	s.pkg = pkg
	if metered {
		e.beginStay(s, at)
	}
}

// byNumber looks an object up by the number that decodeID found.
func byNumber[T any](list []*T, n int, ok bool) *T {
	if !ok || n < 1 || n >= len(list) {
		return nil
	}
	return list[n]
}
