package sandbox

import (
	"net/http"
	"strings"
)

// wireBroadSubscriber is a subscriber as the BroadWorks API shows it.
type wireBroadSubscriber struct {
	ID                 string      `json:"id"`
	PersonID           string      `json:"personId,omitempty"`
	UserID             string      `json:"userId"`
	SpEnterpriseID     string      `json:"spEnterpriseId"`
	GroupID            string      `json:"spEnterpriseGroupId,omitempty"`
	FirstName          string      `json:"firstName"`
	LastName           string      `json:"lastName"`
	Email              string      `json:"email,omitempty"`
	PrimaryPhoneNumber string      `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  string      `json:"mobilePhoneNumber,omitempty"`
	Extension          string      `json:"extension,omitempty"`
	Package            string      `json:"package"`
	Status             string      `json:"status"`
	Errors             []wireError `json:"errors,omitempty"`
	Created            string      `json:"created"`
	LastStatusChange   string      `json:"lastStatusChange"`
	ProvisioningID     string      `json:"provisioningId"`
	SelfActivated      string      `json:"selfActivated"` // "true" or "false": text, although the vendor calls it a boolean
}

func (s *broadSubscriber) wire() wireBroadSubscriber {
	w := wireBroadSubscriber{ID: s.id(), UserID: s.userID, SpEnterpriseID: s.enterprise.spID, GroupID: s.groupID, FirstName: s.firstName,
		LastName: s.lastName, Email: s.email, PrimaryPhoneNumber: s.phone, MobilePhoneNumber: s.mobile, Extension: s.extension,
		Package: s.pkg, Status: s.status, Errors: s.errors, Created: timestamp(s.created), LastStatusChange: timestamp(s.changed),
		ProvisioningID: s.enterprise.template.id, SelfActivated: yesNo(s.selfActivated)}
	if s.person != nil && s.status == statusProvisioned {
		w.PersonID = s.person.id()
	}
	return w
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// broadSubscriber finds a subscriber by the id in the path and notes it. One of the wholesale API is answered with 2552.
func (s *Sandbox) broadSubscriber(c *call) (*broadSubscriber, *refusal) {
	n, ok := decodeID(kindSubscriber, c.request.PathValue("id"))
	if found := byNumber(s.estate.broad.subscribers, n&^broadWorksNumbers, ok && n&broadWorksNumbers != 0); found != nil && !found.hidden {
		c.about("subscriber", found.key(), found.id())
		return found, nil
	}
	if byNumber(s.estate.subscribers, n, ok) != nil {
		e := refuse(2552)
		e.status = http.StatusNotFound
		return nil, e
	}
	return nil, refuse(2001)
}

// listBroadSubscribers is GET /broadworks/subscribers.
func (s *Sandbox) listBroadSubscribers(c *call) answer {
	w, e := c.window()
	if e != nil {
		return refused(e)
	}
	chosen := selection[*broadSubscriber]{from: s.broadSubscribersAskedFor(c)}
	if chosen.keep, e = c.broadFilter(); e != nil {
		return refused(e)
	}
	return listAnswer(c, w, chosen, (*broadSubscriber).wire)
}

// broadSubscribersAskedFor narrows the list by enterprise, person and e-mail, without a scan.
func (s *Sandbox) broadSubscribersAskedFor(c *call) *roster[*broadSubscriber] {
	found := newRoster[*broadSubscriber]()
	only := func(sub *broadSubscriber) *roster[*broadSubscriber] {
		if sub != nil && !sub.hidden {
			found.add(sub)
		}
		return found
	}
	if id := c.query.Get("personId"); id != "" {
		if p := s.person(id); p != nil {
			return only(p.broad)
		}
		return found
	}
	if email := c.query.Get("email"); email != "" {
		return only(s.estate.broad.byEmail[strings.ToLower(email)])
	}
	if id := c.query.Get("spEnterpriseId"); id != "" {
		if n := s.estate.broad.bySpID[id]; n != nil {
			return &n.subscribers
		}
		return found
	}
	return &s.estate.broad.shown
}

// broadFilter is the condition of the query that needs a look at each subscriber; nil is none.
func (c *call) broadFilter() (func(*broadSubscriber) bool, *refusal) {
	var conditions []func(*broadSubscriber) bool
	statuses, e := c.statusSet(broadStatuses)
	if e != nil {
		return nil, e
	}
	if statuses != nil {
		conditions = append(conditions, func(s *broadSubscriber) bool { return statuses[s.status] })
	}
	for name, value := range map[string]func(*broadSubscriber) string{
		"userId":         func(s *broadSubscriber) string { return s.userID },
		"email":          func(s *broadSubscriber) string { return s.email },
		"personId":       func(s *broadSubscriber) string { return s.wire().PersonID },
		"provisioningId": func(s *broadSubscriber) string { return s.enterprise.template.id },
		"spEnterpriseId": func(s *broadSubscriber) string { return s.enterprise.spID },
		"selfActivated":  func(s *broadSubscriber) string { return yesNo(s.selfActivated) },
	} {
		want := c.query.Get(name)
		switch {
		case want == "":
			continue
		case name == "email":
			want = strings.ToLower(want)
		case name == "selfActivated" && want != "true" && want != "false":
			return nil, refuse(1004)
		}
		conditions = append(conditions, func(s *broadSubscriber) bool { return value(s) == want })
	}
	for name, value := range map[string]func(*broadSubscriber) int64{
		"after":            func(s *broadSubscriber) int64 { return s.created },
		"lastStatusChange": func(s *broadSubscriber) int64 { return s.changed },
	} {
		if text := c.query.Get(name); text != "" {
			since, e := parseTime(text)
			if e != nil {
				return nil, e
			}
			conditions = append(conditions, func(s *broadSubscriber) bool { return value(s) > since })
		}
	}
	return all(conditions), nil
}

// all joins conditions; it is nil without any.
func all[T any](conditions []func(T) bool) func(T) bool {
	if len(conditions) == 0 {
		return nil
	}
	return func(item T) bool {
		for _, holds := range conditions {
			if !holds(item) {
				return false
			}
		}
		return true
	}
}

// getBroadSubscriber is GET /broadworks/subscribers/{id}.
func (s *Sandbox) getBroadSubscriber(c *call) answer {
	found, e := s.broadSubscriber(c)
	if e != nil {
		return refused(e)
	}
	return answer{status: http.StatusOK, body: found.wire()}
}

// provisionBroadSubscriber is POST /broadworks/subscribers.
func (s *Sandbox) provisionBroadSubscriber(c *call) answer {
	var req broadRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	f, _ := req.over(broadFields{})
	c.about("subscriber", req.SpEnterpriseID+"/"+f.userID, "")
	if e := req.checkProvision(f); e != nil {
		return refused(e)
	}
	t, e := s.template(req.ProvisioningID)
	if e != nil {
		return refused(e)
	}
	email := strings.ToLower(req.Email)
	if t.flow == flowTrusted && email == "" {
		return refused(refuseField(1001, "email"))
	}
	n := s.estate.broad.bySpID[req.SpEnterpriseID]
	if n != nil {
		if e := checkUserID(n, f.userID, nil); e != nil {
			return refused(e)
		}
	}
	if e := s.checkEnterprise(n, req.SpEnterpriseID, t); e != nil {
		return refused(e)
	}
	if t.flow == flowTrusted { // else it is looked at when the owner of the address has acted
		if e := s.checkMember(n, t, email, nil); e != nil {
			return refused(e)
		}
	}
	if e := s.checkBroadNumbers(n, nil, f); e != nil {
		return refused(e)
	}
	if n == nil {
		n = s.estate.broad.addEnterprise(req.SpEnterpriseID, t)
	}
	sub := &broadSubscriber{enterprise: n, broadFields: f, email: email}
	if !strings.Contains(n.spID, "+") {
		sub.groupID = req.GroupID
	}
	return s.startBroadSubscriber(c, sub)
}
