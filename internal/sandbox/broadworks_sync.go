package sandbox

import (
	"net/http"
	"slices"
	"time"
)

// States of a directory synchronization.
const (
	syncNone             = "NOT_SYNCED"
	syncRunning          = "IN_PROGRESS"
	syncComplete         = "COMPLETE"
	syncFailed           = "FAILED"
	syncDisableInitiated = "DISABLE_INITIATED"
	syncDisabling        = "DISABLE_IN_PROGRESS"
)

// What Webex has of a user of the BroadWorks directory.
const (
	copyNone    = ""        // nothing yet
	copyCurrent = "current" // the same
	copyStale   = "stale"   // older values
	copyOrphan  = "orphan"  // BroadWorks has the user no more
)

var copies = []string{copyNone, copyCurrent, copyStale, copyOrphan}

// externalUser is a user of BroadWorks who is not one of Webex.
type externalUser struct {
	wire wireExternalUser
	copy string
}

// directorySync is the synchronization of an enterprise's BroadWorks directory into Webex.
type directorySync struct {
	enabled bool
	status  wireSyncStatus
	ended   int64 // Unix milliseconds; 0 is never
	hybrid  bool  // another kind of synchronization is on
	revoked bool  // the customer's encryption key is gone
	fails   int   // 6001 or 6003 ends each synchronization; 0 is none
	users   []*externalUser
}

func newDirectorySync() directorySync {
	return directorySync{status: wireSyncStatus{State: syncNone}}
}

// wireSyncStatus is the state of a synchronization; what was never counted is left out.
type wireSyncStatus struct {
	LastStart          string      `json:"lastSyncStartTime,omitempty"`
	LastEnd            string      `json:"lastSyncEndTime,omitempty"`
	State              string      `json:"syncStatus"`
	UsersAdded         int         `json:"usersAdded"`
	UsersUpdated       int         `json:"usersUpdated"`
	UsersDeleted       int         `json:"usersDeleted"`
	MachinesAdded      int         `json:"machinesAdded"`
	MachinesUpdated    int         `json:"machinesUpdated"`
	MachinesDeleted    int         `json:"machinesDeleted"`
	ExternalUsers      int         `json:"totalExternalUsersInCI"`
	ExternalMachines   int         `json:"totalExternalMachinesInCI"`
	LastSuccess        string      `json:"lastSuccessfulSyncTime,omitempty"`
	LastTrackingID     string      `json:"lastSyncTrackingId,omitempty"`
	Errors             []wireError `json:"errors,omitempty"`
	UserContactsAdded  int         `json:"userContactsAdded"`
	UserContactsUpdate int         `json:"userContactsUpdated"`
	UserContactsDelete int         `json:"userContactsDeleted"`
	OrgContactsAdded   int         `json:"orgContactsAdded"`
	OrgContactsUpdated int         `json:"orgContactsUpdated"`
	OrgContactsDeleted int         `json:"orgContactsDeleted"`
	UserContacts       int         `json:"totalUserContactsInContactService"`
	OrgContacts        int         `json:"totalOrgContactsInContactService"`
}

// wireSync is a directory synchronization as GET and the list of enterprises show it.
type wireSync struct {
	Enabled bool           `json:"enableDirSync"`
	Status  wireSyncStatus `json:"directorySyncStatus"`
}

// wireSyncChange is one as PUT and POST answer it.
type wireSyncChange struct {
	Enabled bool `json:"enableDirSync"`
	Status  struct {
		State string `json:"syncStatus"`
	} `json:"directorySyncStatus"`
}

func (d *directorySync) wire() wireSync { return wireSync{d.enabled, d.status} }

func (d *directorySync) change() answer {
	w := wireSyncChange{Enabled: d.enabled}
	w.Status.State = d.status.State
	return answer{status: http.StatusOK, body: w}
}

// disabling tells whether the synchronized users are being taken away.
func (d *directorySync) disabling() bool {
	return d.status.State == syncDisableInitiated || d.status.State == syncDisabling
}

// active tells whether anything of the synchronization is left.
func (d *directorySync) active() bool { return d.enabled || d.disabling() }

// getDirectorySync is GET /broadworks/enterprises/{id}/broadworksDirectorySync.
func (s *Sandbox) getDirectorySync(c *call) answer {
	n, e := s.enterprise(c)
	if e != nil {
		return refused(e)
	}
	return answer{status: http.StatusOK, body: n.sync.wire()}
}

// switchDirectorySync is PUT /broadworks/enterprises/{id}/broadworksDirectorySync. To be switched off takes two delays:
// until the clean-up begins, and the clean-up.
func (s *Sandbox) switchDirectorySync(c *call) answer {
	n, e := s.enterprise(c)
	if e != nil {
		return refused(e)
	}
	var req struct {
		Enable *bool `json:"enableDirSync"`
	}
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	d := &n.sync
	switch {
	case req.Enable == nil:
		return refused(refuseField(1001, "enableDirSync"))
	case *req.Enable && d.hybrid:
		return refused(refuse(6005))
	case *req.Enable && d.disabling():
		return refused(refuse(6002))
	case !*req.Enable && d.status.State == syncRunning:
		return refused(refuse(6007))
	case *req.Enable == d.enabled:
		return d.change()
	}
	d.enabled = *req.Enable
	c.applied("enterprise", n.spID, n.id())
	if d.enabled {
		d.status.State = syncNone
		return d.change()
	}
	d.status.State = syncDisableInitiated
	reply := d.change()
	if !c.twist.stuck {
		s.later(c.now, s.options.ProvisionDelay, func(now time.Time) {
			d.status.State = syncDisabling
			s.later(now, s.options.ProvisionDelay, func(time.Time) { d.clear() })
		})
	}
	return reply
}

// clear ends the disabling: nothing that was synchronized is left.
func (d *directorySync) clear() {
	d.status.State = syncNone
	d.status.ExternalUsers, d.status.UserContacts = 0, 0
	d.users = slices.DeleteFunc(d.users, func(u *externalUser) bool { return u.copy == copyOrphan })
	for _, u := range d.users {
		u.copy = copyNone
	}
}

// startDirectorySync is POST /broadworks/enterprises/{id}/broadworksDirectorySync.
func (s *Sandbox) startDirectorySync(c *call) answer {
	n, e := s.enterprise(c)
	if e != nil {
		return refused(e)
	}
	var req struct {
		State string `json:"syncStatus"`
	}
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	d := &n.sync
	switch {
	case blank(req.State):
		return refused(refuseField(1001, "syncStatus"))
	case req.State != "SYNC_NOW":
		return refused(refuseField(1003, "syncStatus"))
	}
	if e := d.ready(); e != nil {
		return refused(e)
	}
	d.status = wireSyncStatus{State: syncRunning, LastStart: timestamp(c.now.UnixMilli()), LastEnd: d.status.LastEnd,
		LastSuccess: d.status.LastSuccess, LastTrackingID: c.tracking, ExternalUsers: d.status.ExternalUsers, UserContacts: d.status.UserContacts}
	c.applied("enterprise", n.spID, n.id())
	reply := d.change()
	if !c.twist.stuck {
		end := c.twist.end
		s.later(c.now, s.options.ProvisionDelay, func(now time.Time) { n.finishSync(now, end) })
	}
	return reply
}

// ready tells whether a synchronization can begin.
func (d *directorySync) ready() *refusal {
	switch {
	case d.status.State == syncRunning || d.disabling():
		return refuse(6002)
	case !d.enabled:
		return refuse(6004)
	}
	return nil
}

// finishSync ends a synchronization, with the state that a fault asks for.
func (n *enterprise) finishSync(now time.Time, end string) {
	d := &n.sync
	d.ended = now.UnixMilli()
	d.status.LastEnd = timestamp(d.ended)
	code := d.fails
	switch {
	case end != "" && end != syncComplete:
		code = 6001
	case code == 0 && !n.hasProvisioned():
		code = 6013
	}
	if code != 0 {
		d.status.State, d.status.Errors = syncFailed, []wireError{wireDetail(code)}
		return
	}
	for _, u := range slices.Clone(d.users) {
		d.settle(u)
	}
	d.status.State, d.status.LastSuccess = syncComplete, d.status.LastEnd
	d.status.UserContacts = d.status.ExternalUsers
	d.status.UserContactsAdded, d.status.UserContactsUpdate, d.status.UserContactsDelete =
		d.status.UsersAdded, d.status.UsersUpdated, d.status.UsersDeleted
}

func (n *enterprise) hasProvisioned() bool {
	for sub := range n.subscribers.all() {
		if sub.status == statusProvisioned {
			return true
		}
	}
	return false
}

// settle makes Webex's copy of a user what BroadWorks has, counts it and names what was done.
func (d *directorySync) settle(u *externalUser) string {
	switch u.copy {
	case copyNone:
		u.copy = copyCurrent
		d.status.UsersAdded++
		d.status.ExternalUsers++
		return "ADD"
	case copyStale:
		u.copy = copyCurrent
		d.status.UsersUpdated++
		return "UPDATE"
	case copyOrphan:
		d.users = slices.DeleteFunc(d.users, func(other *externalUser) bool { return other == u })
		d.status.UsersDeleted++
		d.status.ExternalUsers--
		return "DELETE"
	}
	return "NO_OPERATION"
}

type wireExternalUser struct {
	UserID    string `json:"userId"`
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	Extension string `json:"extension,omitempty"`
	Number    string `json:"number,omitempty"`
	Mobile    string `json:"mobile,omitempty"`
}

type wireUserSync struct {
	User   wireExternalUser `json:"userResponse"`
	Status string           `json:"status"`
}

// syncExternalUser is POST /broadworks/enterprises/{id}/broadworksDirectorySync/externalUser. A user that neither side
// knows is nothing to be done.
func (s *Sandbox) syncExternalUser(c *call) answer {
	n, e := s.enterprise(c)
	if e != nil {
		return refused(e)
	}
	var req struct {
		UserID string `json:"userId"`
	}
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	d := &n.sync
	if blank(req.UserID) {
		return refused(refuseField(1001, "userId"))
	}
	if e := d.ready(); e != nil {
		return refused(e)
	}
	i := slices.IndexFunc(d.users, func(u *externalUser) bool { return u.wire.UserID == req.UserID })
	if i < 0 {
		return answer{status: http.StatusOK, body: wireUserSync{wireExternalUser{UserID: req.UserID}, "NO_OPERATION"}}
	}
	u := d.users[i]
	if u.copy != copyOrphan && u.wire.Number == "" && u.wire.Extension == "" {
		return refused(refuse(6014))
	}
	done := d.settle(u)
	c.applied("enterprise", n.spID, n.id())
	return answer{status: http.StatusOK, body: wireUserSync{u.wire, done}}
}
