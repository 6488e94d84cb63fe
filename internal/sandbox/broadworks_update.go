package sandbox

import (
	"net/http"
	"time"
)

// updateBroadSubscriber is PUT /broadworks/subscribers/{id}. The answer still shows the old values. What cannot be changed
// (e-mail, enterprise, template, language) is ignored.
func (s *Sandbox) updateBroadSubscriber(c *call) answer {
	sub, e := s.broadSubscriber(c)
	if e != nil {
		return refused(e)
	}
	var req broadRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	wanted, changed := req.over(sub.broadFields)
	if !changed {
		return refused(refuse(5004))
	}
	if e := s.checkBroadUpdate(sub, wanted); e != nil {
		return refused(e)
	}
	sub.status, sub.changed, sub.wanted = statusUpdating, c.now.UnixMilli(), &wanted
	s.estate.broad.take(sub.enterprise, sub, wanted)
	c.applied("subscriber", sub.key(), sub.id())
	reply := answer{status: http.StatusOK, body: sub.wire()}
	if !c.twist.stuck {
		end := c.twist.end
		s.later(c.now, s.options.ProvisionDelay, func(now time.Time) { s.finishBroadUpdate(now, sub, end) })
	}
	return reply
}

func (s *Sandbox) checkBroadUpdate(sub *broadSubscriber, wanted broadFields) *refusal {
	if e := checkRequired(required{"userId", wanted.userID}, required{"firstName", wanted.firstName}, required{"lastName", wanted.lastName},
		required{"package", wanted.pkg}); e != nil {
		return e
	}
	if e := wanted.checkShape(); e != nil {
		return e
	}
	switch {
	case sub.status == statusUserMigration:
		return refuse(2027)
	case sub.status != statusProvisioned:
		return refuse(2020)
	case wanted.phone == "" && wanted.extension == "" && sub.phone != "":
		return refuseField(1001, "primaryPhoneNumber")
	case wanted.phone == "" && wanted.extension == "" && sub.extension != "":
		return refuseField(1001, "extension")
	}
	if e := checkUserID(sub.enterprise, wanted.userID, sub); e != nil {
		return e
	}
	return s.checkBroadNumbers(sub.enterprise, sub, wanted)
}

// finishBroadUpdate ends an update: with the wanted values, or with the old ones where a fault asks for an error.
func (s *Sandbox) finishBroadUpdate(now time.Time, sub *broadSubscriber, end string) {
	if sub.gone {
		return
	}
	n, wanted := sub.enterprise, *sub.wanted
	sub.wanted, sub.changed, sub.status, sub.errors = nil, now.UnixMilli(), statusProvisioned, nil
	if end != "" {
		sub.status = end
	}
	if sub.status == statusError {
		sub.errors = []wireError{wireDetail(5001)}
		s.estate.broad.release(n, sub, wanted)
	} else {
		s.estate.broad.release(n, sub, sub.broadFields)
		moved := wanted.pkg != sub.pkg && s.estate.broad.endStay(sub, sub.changed)
		sub.broadFields = wanted
		if moved {
			sub.beginStay(sub.changed)
		}
		if sub.person != nil {
			sub.person.firstName, sub.person.lastName = sub.firstName, sub.lastName
		}
		n.fixMeetings(sub)
	}
	s.estate.broad.take(n, sub, sub.broadFields)
}

// removeBroadSubscriber is DELETE /broadworks/subscribers/{id}: soft, the person stays in the organization.
func (s *Sandbox) removeBroadSubscriber(c *call) answer {
	sub, e := s.broadSubscriber(c)
	switch {
	case e != nil:
		return refused(e)
	case sub.status == statusProvisioning || sub.status == statusUpdating:
		return refused(refuse(2020))
	}
	c.applied("subscriber", sub.key(), sub.id())
	s.estate.broad.removeSubscriber(sub, c.now.UnixMilli())
	return answer{status: http.StatusNoContent}
}
