package sandbox

import "strings"

// broadWorksNumbers sets the numbers inside ids of the BroadWorks API apart from those of the wholesale API, whose
// objects are of the same kinds.
const broadWorksNumbers = 1 << 44

// How a template comes by the e-mail addresses of its subscribers.
const (
	flowTrusted        = "trusted"         // the partner vouches for them
	flowUntrusted      = "untrusted"       // their owners confirm them
	flowSelfActivation = "self_activation" // their owners enter them
)

const (
	statusEmailInput      = "pending_email_input"
	statusEmailValidation = "pending_email_validation"
	defaultTemplate       = "broadworks-template"
	defaultRegion         = "US"
)

var (
	broadPackages = []string{"softphone", "basic", "standard", "premium"}

	broadStatuses = setOf(statusEmailInput, statusEmailValidation, statusUserMigration, statusProvisioning, statusProvisioned,
		statusUpdating, statusError)
)

// customerTemplate is a customer template of the BroadWorks API.
type customerTemplate struct {
	id     string
	flow   string
	region string
	broken int // the API's code for what is wrong with it; 0 is nothing
}

// enterprise is a BroadWorks enterprise, or a group of a BroadWorks service provider.
type enterprise struct {
	number      int
	spID        string // "enterprise", or "provider+group"
	template    *customerTemplate
	org         *organization     // nil until the first subscriber is provisioned
	founder     *broadSubscriber  // is being provisioned, and the organization with it
	meetings    map[string]string // time zone of the meetings site, by package: the first subscriber's for good
	subscribers roster[*broadSubscriber]
	userIDs     map[string]any // who holds them: a subscriber or a workspace
	extensions  map[string]any
	sync        directorySync
}

func (n *enterprise) order() int { return n.number }
func (n *enterprise) id() string { return encodeID(kindCustomer, n.number|broadWorksNumbers) }

// broadFields are what a subscriber of the BroadWorks API can change.
type broadFields struct {
	userID    string
	firstName string
	lastName  string
	phone     string // as it was sent
	mobile    string
	extension string
	pkg       string
	timezone  string
}

// broadSubscriber is a subscriber of the BroadWorks API.
type broadSubscriber struct {
	broadFields
	number        int
	enterprise    *enterprise
	groupID       string
	email         string       // lower case
	person        *person      // nil until the subscriber is provisioned
	wanted        *broadFields // of an update that is under way
	status        string
	errors        []wireError
	selfActivated bool
	created       int64 // Unix milliseconds, as changed
	changed       int64
	metered       bool  // it counts as usage now
	since         int64 // when it got its package; 0 is before all times
	hidden        bool  // a fault keeps it from reads
	gone          bool
}

func (s *broadSubscriber) order() int  { return s.number }
func (s *broadSubscriber) id() string  { return encodeID(kindSubscriber, s.number|broadWorksNumbers) }
func (s *broadSubscriber) key() string { return s.enterprise.spID + "/" + s.userID }

// broadWorks is the part of the estate that belongs to the BroadWorks API. Objects are found by number as in estate.
type broadWorks struct {
	templates     map[string]*customerTemplate
	templateOrder []*customerTemplate
	enterprises   []*enterprise
	subscribers   []*broadSubscriber

	stays []broadStay // that are over

	listed    roster[*enterprise]
	shown     roster[*broadSubscriber]
	bySpID    map[string]*enterprise
	providers map[string]int // enterprises per service provider that is named in front of a group
	byEmail   map[string]*broadSubscriber
	phones    map[string]any // who holds them: a subscriber or a workspace; without separators
}

func newBroadWorks() broadWorks {
	return broadWorks{
		templates:   map[string]*customerTemplate{},
		enterprises: make([]*enterprise, 1),
		subscribers: make([]*broadSubscriber, 1),
		bySpID:      map[string]*enterprise{},
		providers:   map[string]int{},
		byEmail:     map[string]*broadSubscriber{},
		phones:      map[string]any{},
	}
}

func (b *broadWorks) addEnterprise(spID string, t *customerTemplate) *enterprise {
	n := &enterprise{number: len(b.enterprises), spID: spID, template: t, meetings: map[string]string{},
		userIDs: map[string]any{}, extensions: map[string]any{}, sync: newDirectorySync()}
	b.enterprises = append(b.enterprises, n)
	b.listed.add(n)
	b.bySpID[spID] = n
	if provider, _, grouped := strings.Cut(spID, "+"); grouped {
		b.providers[provider]++
	}
	return n
}

func (b *broadWorks) removeEnterprise(n *enterprise) {
	b.enterprises[n.number] = nil
	b.listed.remove(n)
	delete(b.bySpID, n.spID)
	if provider, _, grouped := strings.Cut(n.spID, "+"); grouped {
		b.providers[provider]--
	}
}

// otherModel tells whether the id is used in the other of the two models: an enterprise cannot be a service provider too.
func (b *broadWorks) otherModel(spID string) bool {
	provider, _, grouped := strings.Cut(spID, "+")
	if grouped {
		return b.bySpID[provider] != nil
	}
	return b.providers[spID] > 0
}

// addSubscriber enters s, which has its enterprise, fields and times.
func (b *broadWorks) addSubscriber(s *broadSubscriber) {
	s.number = len(b.subscribers)
	b.subscribers = append(b.subscribers, s)
	if s.email != "" && b.byEmail[s.email] == nil {
		b.byEmail[s.email] = s
	}
	b.take(s.enterprise, s, s.broadFields)
	if !s.hidden {
		s.enterprise.subscribers.add(s)
		b.shown.add(s)
	}
}

func (b *broadWorks) revealSubscriber(s *broadSubscriber) {
	if s.hidden && !s.gone {
		s.hidden = false
		s.enterprise.subscribers.add(s)
		b.shown.add(s)
	}
}

// removeSubscriber is the soft delete: the person stays. An enterprise that never came to an organization goes with its
// last subscriber.
func (b *broadWorks) removeSubscriber(s *broadSubscriber, at int64) {
	b.endStay(s, at)
	s.gone = true
	b.subscribers[s.number] = nil
	n := s.enterprise
	n.subscribers.remove(s)
	b.shown.remove(s)
	if b.byEmail[s.email] == s {
		delete(b.byEmail, s.email)
	}
	b.release(n, s, s.broadFields)
	if s.wanted != nil {
		b.release(n, s, *s.wanted)
	}
	if n.founder == s {
		n.founder = nil
	}
	if s.person != nil {
		s.person.broad = nil
	}
	if n.org == nil && len(n.userIDs) == 0 {
		b.removeEnterprise(n)
	}
}

// take enters who as the holder of the ids and numbers in f.
func (b *broadWorks) take(n *enterprise, who any, f broadFields) {
	n.userIDs[f.userID] = who
	if f.extension != "" {
		n.extensions[f.extension] = who
	}
	if f.phone != "" {
		b.phones[phoneSeparator.Replace(f.phone)] = who
	}
}

// release frees the ids and numbers in f that who holds.
func (b *broadWorks) release(n *enterprise, who any, f broadFields) {
	free := func(held map[string]any, name string) {
		if held[name] == who {
			delete(held, name)
		}
	}
	free(n.userIDs, f.userID)
	free(n.extensions, f.extension)
	free(b.phones, phoneSeparator.Replace(f.phone))
}
