package sandbox

import (
	"cmp"
	"net/http"
	"strings"
	"time"
)

// startBroadSubscriber answers with the subscriber as it is at first, however short the provisioning.
func (s *Sandbox) startBroadSubscriber(c *call, sub *broadSubscriber) answer {
	n := sub.enterprise
	sub.created, sub.changed = c.now.UnixMilli(), c.now.UnixMilli()
	sub.hidden = c.twist.late > 0
	sub.status = s.firstStatus(sub)
	s.estate.broad.addSubscriber(sub)
	if sub.hidden {
		s.later(c.now, c.twist.late, func(time.Time) { s.estate.broad.revealSubscriber(sub) })
	}
	delay := s.options.ProvisionDelay
	if sub.status == statusProvisioning {
		if n.org == nil {
			n.founder = sub
		}
	} else {
		delay = s.options.PeopleDelay
	}
	c.applied("subscriber", sub.key(), sub.id())
	reply := answer{status: http.StatusOK, body: sub.wire()}
	if !c.twist.stuck && (sub.status == statusProvisioning || delay > 0) {
		end := c.twist.end
		s.later(c.now, delay, func(now time.Time) { s.finishBroadSubscriber(now, sub, end) })
	}
	return reply
}

// firstStatus tells whom a new subscriber waits for. The first of an enterprise is moved out of a consumer account without
// being asked, the others have to consent.
func (s *Sandbox) firstStatus(sub *broadSubscriber) string {
	switch {
	case sub.enterprise.template.flow != flowTrusted && sub.email == "":
		return statusEmailInput
	case sub.enterprise.template.flow != flowTrusted:
		return statusEmailValidation
	case s.estate.account(sub.email) == accountConsumer && sub.enterprise.org != nil:
		return statusUserMigration
	}
	return statusProvisioning
}

// finishBroadSubscriber ends a provisioning, with the status that a fault asks for.
func (s *Sandbox) finishBroadSubscriber(now time.Time, sub *broadSubscriber, end string) {
	if sub.gone {
		return
	}
	n := sub.enterprise
	if n.founder == sub {
		n.founder = nil
	}
	if sub.email == "" { // the owner enters an address; only a user id tells which
		if !emailShape.MatchString(sub.userID) {
			return
		}
		sub.email = strings.ToLower(sub.userID)
		sub.selfActivated = n.template.flow == flowSelfActivation
		if s.estate.broad.byEmail[sub.email] == nil {
			s.estate.broad.byEmail[sub.email] = sub
		}
	}
	sub.changed = now.UnixMilli()
	code := s.lateRefusal(sub)
	switch {
	case end == statusError:
		code = 5001
	case end != "" && end != statusProvisioned:
		sub.status = end
		return
	}
	if code != 0 {
		sub.status, sub.errors = statusError, []wireError{wireDetail(code)}
		return
	}
	sub.status, sub.errors = statusProvisioned, nil
	s.estate.join(sub, now)
}

// lateRefusal is the code of what is found out only while a subscriber is provisioned; 0 is nothing.
func (s *Sandbox) lateRefusal(sub *broadSubscriber) int {
	n := sub.enterprise
	if n.template.broken == 4001 {
		return 4001
	}
	if e := s.checkMember(n, n.template, sub.email, sub); e != nil {
		return e.code
	}
	p := s.estate.personByEmail[sub.email]
	switch {
	case n.org == nil || !n.org.directory:
		return 0
	case p == nil || p.org != n.org:
		return 2032
	case p.firstName != sub.firstName || p.lastName != sub.lastName:
		return 2033
	}
	return 0
}

// join brings a provisioned subscriber's person into the organization of its enterprise, which is made with the first.
func (e *estate) join(sub *broadSubscriber, now time.Time) {
	n, p := sub.enterprise, e.personByEmail[sub.email]
	if n.org == nil {
		if p != nil && p.account == accountNone {
			n.org = p.org
		} else {
			n.org = e.addOrganization(n.spID, now)
		}
		n.org.enterprise, n.org.standalone = n, false
	}
	if p == nil {
		p = e.addPerson(sub.email, n.org, now)
	}
	e.movePerson(p, n.org)
	p.firstName, p.lastName = sub.firstName, sub.lastName
	p.broad, sub.person = sub, p
	sub.beginStay(now.UnixMilli())
	n.fixMeetings(sub)
}

// fixMeetings sets the time zone of the meetings site when the first subscriber of its package comes.
func (n *enterprise) fixMeetings(sub *broadSubscriber) {
	if (sub.pkg == "standard" || sub.pkg == "premium") && n.meetings[sub.pkg] == "" {
		zone := sub.timezone
		if zone == "" {
			zone = cmp.Or(clusterZones[n.template.region], clusterZones[defaultRegion])
		}
		n.meetings[sub.pkg] = zone
	}
}

// clusterZones are where a region's meetings are when nobody says where.
var clusterZones = map[string]string{"US": "America/New_York", "EU": "Europe/London"}
