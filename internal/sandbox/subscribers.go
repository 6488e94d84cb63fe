package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// wireSubscriber is a subscriber as the API shows it: without names, numbers and location.
type wireSubscriber struct {
	ID               string      `json:"id"`
	PersonID         string      `json:"personId,omitempty"`
	Email            string      `json:"email"`
	CustomerID       string      `json:"customerId"`
	ExternalCustomer string      `json:"externalCustomerId"`
	Package          string      `json:"package"`
	Packages         []string    `json:"packages"`
	Status           string      `json:"status"`
	Errors           []wireError `json:"errors,omitempty"`
	Created          string      `json:"created"`
	LastStatusChange string      `json:"lastStatusChange"`
}

func (s *subscriber) wire() wireSubscriber {
	w := wireSubscriber{ID: s.id(), Email: s.person.email, CustomerID: s.customer.id(), ExternalCustomer: s.customer.externalID,
		Package: s.pkg, Packages: []string{s.pkg}, Status: s.status, Errors: s.errors,
		Created: timestamp(s.created), LastStatusChange: timestamp(s.changed)}
	if s.status == statusProvisioned {
		w.PersonID = s.person.id()
	}
	return w
}

// timestamp renders milliseconds since 1970 as the API does.
func timestamp(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (s *subscriber) key() string { return s.customer.externalID + "/" + s.person.email }

func subscriberPath(s *subscriber) string { return "/wholesale/subscribers/" + s.id() }

// subscriber finds a subscriber of the call's partner by id and notes it; it is nil when there is none to be seen.
func (s *Sandbox) subscriber(c *call) *subscriber {
	n, ok := decodeID(kindSubscriber, c.request.PathValue("id"))
	found := byNumber(s.estate.subscribers, n, ok)
	if found == nil || found.hidden || found.customer.owner != c.partner {
		return nil
	}
	c.about("subscriber", found.key(), found.id())
	return found
}

// noSubscriber is the refusal where subscriber finds none: 2047 for one of the BroadWorks API.
func (s *Sandbox) noSubscriber(c *call) answer {
	n, ok := decodeID(kindSubscriber, c.request.PathValue("id"))
	if byNumber(s.estate.broad.subscribers, n&^broadWorksNumbers, ok && n&broadWorksNumbers != 0) == nil {
		return refused(refuse(2001))
	}
	e := refuse(2047)
	e.status = http.StatusNotFound
	return refused(e)
}

// listSubscribers is GET /wholesale/subscribers.
func (s *Sandbox) listSubscribers(c *call) answer {
	w, e := c.window()
	if e != nil {
		return refused(e)
	}
	chosen := selection[*subscriber]{from: s.subscribersAskedFor(c)}
	if chosen.keep, e = c.subscriberFilter(); e != nil {
		return refused(e)
	}
	switch c.query.Get("sortBy") {
	case "", "created":
	case "lastStatusChange":
		chosen.compare = byChange
	default:
		return refused(refuse(1004))
	}
	switch c.query.Get("sortOrder") {
	case "", "ASC":
	case "DESC":
		chosen.reverse = true
	default:
		return refused(refuse(1004))
	}
	return listAnswer(c, w, chosen, (*subscriber).wire)
}

// subscribersAskedFor narrows the list by e-mail, person and customer, without a scan.
func (s *Sandbox) subscribersAskedFor(c *call) *roster[*subscriber] {
	email, personID := c.query.Get("email"), c.query.Get("personId")
	customerID, external := c.query.Get("customerId"), c.query.Get("externalCustomerId")
	target := c.partner.byExternalID[external]
	if customerID != "" {
		byID := s.customer(c, customerID)
		if external != "" && byID != target {
			return newRoster[*subscriber]()
		}
		target = byID
	}
	narrow := customerID != "" || external != ""
	if email == "" && personID == "" {
		switch {
		case !narrow:
			return &c.partner.subscribers
		case target == nil:
			return newRoster[*subscriber]()
		}
		return &target.subscribers
	}
	found := newRoster[*subscriber]()
	for _, sub := range s.personAskedFor(email, personID) {
		if !sub.hidden && sub.customer.owner == c.partner && (!narrow || sub.customer == target) {
			found.add(sub)
		}
	}
	return found
}

// personAskedFor gives the subscribers of one person, who is named by e-mail, by id or by both.
func (s *Sandbox) personAskedFor(email, id string) []*subscriber {
	found := s.estate.personByEmail[strings.ToLower(email)]
	if id != "" {
		n, ok := decodeID(kindPerson, id)
		byID := byNumber(s.estate.people, n, ok)
		if email != "" && byID != found {
			return nil
		}
		found = byID
	}
	if found == nil {
		return nil
	}
	return found.subscribers
}

// subscriberFilter is the condition of the query that needs a look at each subscriber; nil is none.
func (c *call) subscriberFilter() (func(*subscriber) bool, *refusal) {
	statuses, e := c.statusSet(subscriberStatuses)
	if e != nil {
		return nil, e
	}
	var since, changedSince int64
	if text := c.query.Get("after"); text != "" {
		if since, e = parseTime(text); e != nil {
			return nil, e
		}
	}
	if text := c.query.Get("lastStatusChange"); text != "" {
		if changedSince, e = parseTime(text); e != nil {
			return nil, e
		}
	}
	if statuses == nil && since == 0 && changedSince == 0 {
		return nil, nil
	}
	return func(s *subscriber) bool {
		return (statuses == nil || statuses[s.status]) && (since == 0 || s.created > since) && (changedSince == 0 || s.changed > changedSince)
	}, nil
}

// getSubscriber is GET /wholesale/subscribers/{id}.
func (s *Sandbox) getSubscriber(c *call) answer {
	found := s.subscriber(c)
	if found == nil {
		return s.noSubscriber(c)
	}
	return found.answer()
}

// answer is 200, or 202 where a person has to consent first.
func (s *subscriber) answer() answer {
	return answer{status: http.StatusOK, location: subscriberPath(s), body: s.wire()}
}

// provisionSubscriber is POST /wholesale/subscribers.
func (s *Sandbox) provisionSubscriber(c *call) answer {
	var req subscriberRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	c.about("subscriber", req.CustomerID+"/"+strings.ToLower(req.Email), "")
	pkg, e := req.checkProvision()
	if e != nil {
		return refused(e)
	}
	target := s.customer(c, req.CustomerID)
	if target == nil {
		return refused(refuse(2541))
	}
	c.about("subscriber", target.externalID+"/"+strings.ToLower(req.Email), "")
	if e := target.admits(pkg); e != nil {
		return refused(e)
	}
	if e := s.checkPerson(target, req.Email); e != nil {
		return refused(e)
	}
	numbers, e := s.checkNumbers(target, req.asker(pkg))
	if e != nil {
		return refused(e)
	}
	return s.startSubscriber(c, target, &subscriber{customer: target, pkg: pkg, person: s.personFor(c, target, req),
		phone: numbers.phone, extension: numbers.extension, location: numbers.location})
}

// personFor finds or makes the person behind a new subscriber.
func (s *Sandbox) personFor(c *call, target *customer, req subscriberRequest) *person {
	p := s.estate.personByEmail[strings.ToLower(req.Email)]
	if p == nil {
		kind := s.estate.account(req.Email)
		p = s.estate.addPerson(req.Email, target.org, c.now)
		p.account = kind
	}
	if p.account == accountSelfMade {
		s.estate.movePerson(p, target.org)
	}
	p.firstName, p.lastName = req.Provisioning.FirstName, req.Provisioning.LastName
	return p
}

func (s *Sandbox) startSubscriber(c *call, target *customer, sub *subscriber) answer {
	sub.created, sub.changed = c.now.UnixMilli(), c.now.UnixMilli()
	sub.status, sub.hidden = statusProvisioning, c.twist.late > 0
	status := http.StatusOK
	s.estate.addSubscriber(sub)
	if sub.hidden {
		s.later(c.now, c.twist.late, func(time.Time) { s.estate.revealSubscriber(sub) })
	}
	if sub.person.account == accountConsumer {
		sub.status, status = statusUserMigration, http.StatusAccepted
		s.consentLater(c, sub)
	} else {
		s.finishSubscriber(c, sub, sub.pkg)
	}
	c.applied("subscriber", sub.key(), sub.id())
	reply := sub.answer()
	reply.status = status
	return reply
}

// consentLater lets the owner of a consumer account agree to the move, where the options say that people do.
func (s *Sandbox) consentLater(c *call, sub *subscriber) {
	if s.options.PeopleDelay <= 0 || c.twist.stuck {
		return
	}
	s.later(c.now, s.options.PeopleDelay, func(now time.Time) {
		if !sub.gone {
			s.estate.movePerson(sub.person, sub.customer.org)
			sub.status, sub.changed = statusProvisioned, now.UnixMilli()
			s.estate.beginStay(sub, sub.changed)
		}
	})
}

// finishSubscriber ends the provisioning or update of sub with package pkg: at once, or later in the asynchronous form.
func (s *Sandbox) finishSubscriber(c *call, sub *subscriber, pkg string) {
	if c.twist.stuck {
		return
	}
	delay := time.Duration(0)
	if s.options.AsyncSubscribers {
		delay = s.options.ProvisionDelay
	}
	end := c.twist.end
	s.later(c.now, delay, func(now time.Time) {
		sub.changed = now.UnixMilli()
		switch {
		case sub.gone:
			return
		case end == "":
			sub.status = statusProvisioned
		default:
			sub.status = end
		}
		if sub.status == statusError {
			sub.errors = []wireError{wireDetail(5001)}
			return
		}
		s.estate.changePackage(sub, pkg, sub.changed)
		if sub.status == statusProvisioned {
			s.estate.beginStay(sub, sub.changed)
		}
		sub.errors = nil
		if !isCalling(pkg) {
			s.estate.freeNumbers(sub)
		}
	})
}

// updateSubscriber is PUT /wholesale/subscribers/{id}.
func (s *Sandbox) updateSubscriber(c *call) answer {
	sub := s.subscriber(c)
	if sub == nil {
		return s.noSubscriber(c)
	}
	var req subscriberRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	pkg, e := req.wantedPackage(morePackages)
	if e != nil {
		return refused(e)
	}
	switch sub.status {
	case statusProvisioned:
	case statusUserMigration:
		return refused(refuse(2027))
	default:
		return refused(refuse(2020))
	}
	admitted := sub.customer.admits
	if pkg == sub.pkg {
		admitted = sub.customer.offers // it has its seat
	}
	if e := admitted(pkg); e != nil {
		return refused(e)
	}
	if e := s.moveNumbers(sub, pkg, req); e != nil {
		return refused(e)
	}
	sub.status, sub.changed = statusUpdating, c.now.UnixMilli()
	s.finishSubscriber(c, sub, pkg)
	c.applied("subscriber", sub.key(), sub.id())
	return sub.answer()
}

// moveNumbers gives sub its phone number and extension on a move from meetings to calling; on any other update the
// request must not carry them.
func (s *Sandbox) moveNumbers(sub *subscriber, pkg string, req subscriberRequest) *refusal {
	if isCalling(sub.pkg) || !isCalling(pkg) {
		if req.Provisioning != nil {
			return refuseField(1003, "provisioningParameters")
		}
		return nil
	}
	if req.Provisioning == nil {
		req.Provisioning = &subscriberProvisioning{}
	}
	req.Email = sub.person.email
	numbers, e := s.checkNumbers(sub.customer, req.asker(pkg))
	if e != nil {
		return e
	}
	sub.phone, sub.extension, sub.location = numbers.phone, numbers.extension, numbers.location
	s.estate.takeNumbers(sub)
	return nil
}

// removeSubscriber is DELETE /wholesale/subscribers/{id}: soft, the person stays in the organization.
func (s *Sandbox) removeSubscriber(c *call) answer {
	sub := s.subscriber(c)
	if sub == nil {
		return s.noSubscriber(c)
	}
	if sub.status == statusProvisioning || sub.status == statusUpdating {
		return refused(refuse(2020))
	}
	c.applied("subscriber", sub.key(), sub.id())
	s.estate.removeSubscriber(sub, c.now.UnixMilli())
	return answer{status: http.StatusNoContent}
}

// sendConsent is POST /subscribers/{id}/emails/consentMove: the mail goes out again, the subscriber stays as it is.
// The two APIs share it.
func (s *Sandbox) sendConsent(c *call) answer {
	status := ""
	if sub := s.subscriber(c); sub != nil {
		status = sub.status
	} else if sub, e := s.broadSubscriber(c); e == nil {
		status = sub.status
	}
	switch status {
	case "":
		return refused(refuse(2001))
	case statusUserMigration:
		return answer{status: http.StatusNoContent}
	}
	return refused(refuse(2020))
}
