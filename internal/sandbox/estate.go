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
	number     int
	name       string
	created    time.Time
	locations  []*location
	people     roster[*person]
	workspaces roster[*workspace]
	customer   *customer   // of the wholesale API
	enterprise *enterprise // of the BroadWorks API

	region       string // "" is the partner's
	foreign      bool   // another partner manages it
	standalone   bool   // nobody manages it
	withoutAdmin bool
	linkedSites  bool
	directory    bool // its people come from a directory of its own, and only from there

	opened              bool // to the partner's administrator, between these times
	openFrom, openUntil time.Time
}

func (o *organization) id() string { return encodeID(kindOrganization, o.number) }

// outside tells whether the partner sees nothing of the organization.
func (o *organization) outside() bool { return o.foreign || o.standalone }

type location struct {
	number     int
	name       string
	address    address
	timezone   string
	language   string
	extensions map[string]*subscriber
}

func (l *location) order() int { return l.number }
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
	limits      map[string]int // seats per package; what is not there is without limit
	internal    bool           // reports leave it out unless asked
	hidden      bool           // a fault keeps it from reads
	subscribers roster[*subscriber]
	seats       map[string]int // subscribers per package, hidden ones included

	workspacesSeen  int // so many are metered now
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
	account     account
	calling     string // a calling license from elsewhere
	created     int64  // Unix milliseconds
	subscribers []*subscriber
	broad       *broadSubscriber
}

// account is what kind of Webex account a person has.
type account string

const (
	accountNone     account = ""             // none, or one in an organization
	accountConsumer account = "consumer"     // free; its owner has to agree to a move
	accountSelfMade account = "self_sign_up" // alone in an organization; moved without being asked
)

func (p *person) order() int { return p.number }
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
	workspaces    []*workspace
	personByEmail map[string]*person
	domains       map[string]*organization // that claim them
	consumers     *organization            // of those who have no other
	broad         broadWorks
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
		workspaces:      make([]*workspace, 1),
		domains:         map[string]*organization{},
		consumers:       &organization{name: "Consumer accounts", foreign: true},
		broad:           newBroadWorks(),
		personByEmail:   map[string]*person{},
		byPhone:         map[string]*subscriber{},
	}
	e.partner.subscription = homeSubscription
	e.home = e.addOrganization(defaultOrganization, seedEpoch)
	e.admin = e.addPerson(defaultAdministrator, e.home, seedEpoch)
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

func (e *estate) addPerson(email string, o *organization, created time.Time) *person {
	p := &person{number: len(e.people), email: strings.ToLower(email), org: o, created: created.UnixMilli()}
	e.people = append(e.people, p)
	o.people.add(p)
	e.personByEmail[p.email] = p
	return p
}

// movePerson brings p into o, for good.
func (e *estate) movePerson(p *person, o *organization) {
	p.account = accountNone
	if p.org != o {
		p.org.people.remove(p)
		p.org = o
		o.people.add(p)
	}
}

const consumerDomain = "@consumer.example"

// account tells what kind of account the owner of an e-mail address has.
func (e *estate) account(email string) account {
	email = strings.ToLower(email)
	p := e.personByEmail[email]
	if p == nil && strings.HasSuffix(email, consumerDomain) {
		return accountConsumer
	}
	if p == nil {
		return accountNone
	}
	return p.account
}

// addCustomer enters c, which has its owner, external id and organization.
func (e *estate) addCustomer(c *customer) {
	c.number = len(e.customers)
	c.seats = map[string]int{}
	e.customers = append(e.customers, c)
	c.owner.byExternalID[c.externalID] = c
	c.org.customer, c.org.standalone = c, false
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
	if p.broad != nil {
		e.broad.removeSubscriber(p.broad, at)
	}
	e.people[p.number] = nil
	p.org.people.remove(p)
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
