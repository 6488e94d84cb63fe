package webex

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// DirectorySync is the state of the synchronisation of an enterprise's
// BroadWorks directory to Webex.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/get-directory-sync-status-for-an-enterprise
type DirectorySync struct {
	Enabled        bool
	Status         string    // as received, unknown words too; State reads it
	LastStart      time.Time // zero when absent or not understood
	LastEnd        time.Time // likewise
	LastSuccess    time.Time // likewise
	LastTrackingID string
	Errors         []Detail // of the last synchronisation, such as code 6003

	Users        SyncCount // people without Webex, in this synchronisation
	Machines     SyncCount // virtual users and the like
	UserContacts SyncCount
	OrgContacts  SyncCount

	TotalUsers        int // over all synchronisations
	TotalMachines     int
	TotalUserContacts int
	TotalOrgContacts  int
}

// SyncCount is what one synchronisation did to one kind of entry.
type SyncCount struct{ Added, Updated, Deleted int }

// SyncState is what a status word of a directory synchronisation means.
type SyncState uint8

// The vendor gives no list of the words; one that is not known is SyncOther.
const (
	SyncOther     SyncState = iota
	SyncNever               // never synchronised, or switched off and cleaned up
	SyncRunning             // a synchronisation is under way
	SyncComplete            // the last synchronisation has ended well
	SyncFailed              // the last one has not; Errors may say why
	SyncDisabling           // switched off, and not cleaned up yet
)

var syncStates = map[string]SyncState{
	"NOT_SYNCED":          SyncNever,
	"SYNC_NOW":            SyncRunning,
	"IN_PROGRESS":         SyncRunning,
	"COMPLETE":            SyncComplete,
	"COMPLETED":           SyncComplete,
	"FAILED":              SyncFailed,
	"DISABLE_INITIATED":   SyncDisabling,
	"DISABLE_IN_PROGRESS": SyncDisabling,
}

// State reads the status word, which the API writes in either case and with
// hyphens in place of underscores here and there.
func (d DirectorySync) State() SyncState {
	word := strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(d.Status)), "-", "_")
	return syncStates[word]
}

// Busy reports whether the API is at work, so that asking again makes sense.
func (d DirectorySync) Busy() bool {
	state := d.State()
	return state == SyncRunning || state == SyncDisabling
}

type wireDirectorySync struct {
	Enabled *flag          `json:"enableDirSync"`
	Status  wireSyncStatus `json:"directorySyncStatus"`
}

type wireSyncStatus struct {
	Status         text             `json:"syncStatus"`
	LastStart      moment           `json:"lastSyncStartTime"`
	LastEnd        moment           `json:"lastSyncEndTime"`
	LastSuccess    moment           `json:"lastSuccessfulSyncTime"`
	LastTrackingID text             `json:"lastSyncTrackingId"`
	Errors         many[wireDetail] `json:"errors"`

	UsersAdded      number `json:"usersAdded"`
	UsersUpdated    number `json:"usersUpdated"`
	UsersDeleted    number `json:"usersDeleted"`
	MachinesAdded   number `json:"machinesAdded"`
	MachinesUpdated number `json:"machinesUpdated"`
	MachinesDeleted number `json:"machinesDeleted"`

	UserContactsAdded   number `json:"userContactsAdded"`
	UserContactsUpdated number `json:"userContactsUpdated"`
	UserContactsDeleted number `json:"userContactsDeleted"`
	OrgContactsAdded    number `json:"orgContactsAdded"`
	OrgContactsUpdated  number `json:"orgContactsUpdated"`
	OrgContactsDeleted  number `json:"orgContactsDeleted"`

	TotalUsers        number `json:"totalExternalUsersInCI"`
	TotalMachines     number `json:"totalExternalMachinesInCI"`
	TotalUserContacts number `json:"totalUserContactsInContactService"`
	TotalOrgContacts  number `json:"totalOrgContactsInContactService"`
}

func (w wireDirectorySync) value() DirectorySync {
	s := w.Status
	return DirectorySync{
		Enabled: w.Enabled != nil && bool(*w.Enabled), Status: string(s.Status),
		LastStart: s.LastStart.Time, LastEnd: s.LastEnd.Time, LastSuccess: s.LastSuccess.Time,
		LastTrackingID: string(s.LastTrackingID), Errors: toDetails(s.Errors),
		Users:             toSyncCount(s.UsersAdded, s.UsersUpdated, s.UsersDeleted),
		Machines:          toSyncCount(s.MachinesAdded, s.MachinesUpdated, s.MachinesDeleted),
		UserContacts:      toSyncCount(s.UserContactsAdded, s.UserContactsUpdated, s.UserContactsDeleted),
		OrgContacts:       toSyncCount(s.OrgContactsAdded, s.OrgContactsUpdated, s.OrgContactsDeleted),
		TotalUsers:        int(s.TotalUsers),
		TotalMachines:     int(s.TotalMachines),
		TotalUserContacts: int(s.TotalUserContacts),
		TotalOrgContacts:  int(s.TotalOrgContacts),
	}
}

func toSyncCount(added, updated, deleted number) SyncCount {
	return SyncCount{Added: int(added), Updated: int(updated), Deleted: int(deleted)}
}

func decodeDirectorySync(data []byte) (DirectorySync, error) {
	var wire wireDirectorySync
	if err := json.Unmarshal(data, &wire); err != nil {
		return DirectorySync{}, err
	}
	if wire.Enabled == nil && wire.Status.Status == "" {
		return DirectorySync{}, errors.New("a directory synchronisation that is neither on nor off")
	}
	return wire.value(), nil
}
