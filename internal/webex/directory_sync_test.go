package webex

import (
	"testing"
	"testing/synctest"
	"time"
)

const sampleEnterpriseID = "Y2lzY29zcGFyazovL3VzL0VOVEVSUFJJU0UvOTZhYmMyYWEtM2RjYy0xMWU1LWExNTItZmUzNDgxOWNkYzlh"

func sampleEnterprise() BroadWorksEnterprise {
	return BroadWorksEnterprise{
		ID: sampleEnterpriseID, OrgID: sampleOrgID, ProvisioningID: sampleProvisioningID, SPEnterpriseID: "Reseller1+acme",
		DirectorySync: DirectorySync{
			Enabled: true, Status: "COMPLETE", TotalUsers: 2, TotalMachines: 1,
			LastStart:      time.Date(2021, 4, 7, 15, 26, 40, 704_911_000, time.UTC),
			LastEnd:        time.Date(2021, 4, 7, 15, 26, 42, 695_060_000, time.UTC),
			LastTrackingID: "WEBEX-DEV-PORTAL_2de9b76f-6ad4-4f28-b8e8-c835885f9e7d_44",
		},
	}
}

func TestListBroadWorksEnterprises(t *testing.T) {
	c := talking(t, exchange{
		want: wantRequest{method: "GET", path: "/broadworks/enterprises", query: "max=1000&spEnterpriseId=Reseller1%2Bacme&startsWith=Res%2B"},
		file: "broadworks_enterprises.json",
	})
	got := collect(t, c.OnBehalfOf("SUB").ListBroadWorksEnterprises(t.Context(), BroadWorksEnterpriseFilter{SPEnterpriseID: "Reseller1+acme", StartsWith: "Res+"}))
	checkEqual(t, []BroadWorksEnterprise{sampleEnterprise()}, got)
}

// The documented schema of the list is one enterprise.
func TestListBroadWorksEnterprisesBare(t *testing.T) {
	c := talking(t, exchange{
		want: wantRequest{method: "GET", path: "/broadworks/enterprises", query: "max=1000"},
		body: `{"id":"E1","orgId":"O1","spEnterpriseId":"acme","broadworksDirectorySync":{"enableDirSync":"false"}}`,
	})
	got := collect(t, c.ListBroadWorksEnterprises(t.Context(), BroadWorksEnterpriseFilter{}))
	checkEqual(t, []BroadWorksEnterprise{{ID: "E1", OrgID: "O1", SPEnterpriseID: "acme"}}, got)
}

// Every counter arrives in its own place.
func TestGetDirectorySync(t *testing.T) {
	path := "/broadworks/enterprises/E%2F1/broadworksDirectorySync"
	c := talking(t,
		exchange{want: wantRequest{method: "GET", path: path}, file: "broadworks_directory_sync.json"},
		exchange{want: wantRequest{method: "GET", path: path}, body: `{"enableDirSync":true,"directorySyncStatus":{
			"syncStatus":"failed","usersAdded":1,"usersUpdated":2,"usersDeleted":3,"machinesAdded":4,"machinesUpdated":5,"machinesDeleted":6,
			"userContactsAdded":7,"userContactsUpdated":8,"userContactsDeleted":9,"orgContactsAdded":10,"orgContactsUpdated":11,"orgContactsDeleted":12,
			"totalExternalUsersInCI":13,"totalExternalMachinesInCI":14,"totalUserContactsInContactService":15,"totalOrgContactsInContactService":"16",
			"lastSuccessfulSyncTime":"2021-04-01T14:48:30.502539Z","errors":[{"errorCode":6003,"description":"no cluster"}]}}`},
	)
	got, err := c.GetDirectorySync(t.Context(), "E/1")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, DirectorySync{
		Enabled: true, Status: "COMPLETE",
		LastStart:      time.Date(2021, 3, 23, 16, 9, 6, 527_199_000, time.UTC),
		LastEnd:        time.Date(2021, 3, 23, 17, 21, 41, 532_770_000, time.UTC),
		LastTrackingID: "NA_dde3a13a-bad7-4990-b155-9b4574e545b9",
		Users:          SyncCount{44, 21, 34}, Machines: SyncCount{24, 4, 9}, TotalUsers: 1077, TotalMachines: 326,
	}, got)
	got, err = c.GetDirectorySync(t.Context(), "E/1")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, DirectorySync{
		Enabled: true, Status: "failed", LastSuccess: time.Date(2021, 4, 1, 14, 48, 30, 502_539_000, time.UTC),
		Users: SyncCount{1, 2, 3}, Machines: SyncCount{4, 5, 6}, UserContacts: SyncCount{7, 8, 9}, OrgContacts: SyncCount{10, 11, 12},
		TotalUsers: 13, TotalMachines: 14, TotalUserContacts: 15, TotalOrgContacts: 16,
		Errors: []Detail{{6003, "no cluster"}},
	}, got)
}

func TestWriteDirectorySync(t *testing.T) {
	const path = "/broadworks/enterprises/E1/broadworksDirectorySync"
	c := talking(t,
		exchange{want: wantRequest{method: "PUT", path: path, body: `{"enableDirSync":true}`}, file: "broadworks_directory_sync_enabled.json"},
		exchange{want: wantRequest{method: "PUT", path: path, body: `{"enableDirSync":false}`}, body: `{"enableDirSync":false}`},
		exchange{want: wantRequest{method: "POST", path: path, body: `{"syncStatus":"SYNC_NOW"}`}, file: "broadworks_directory_sync_started.json"},
		exchange{want: wantRequest{method: "POST", path: path + "/externalUser", body: `{"userId":"john_anderson@acme.com"}`}, file: "broadworks_external_user.json"},
	)
	got, receipt, err := c.SetDirectorySync(t.Context(), "E1", true)
	if err != nil || receipt.ID != "E1" || !got.Enabled || got.State() != SyncNever {
		t.Errorf("switched on: %+v, receipt %+v, error %v", got, receipt, err)
	}
	got, receipt, err = c.SetDirectorySync(t.Context(), "E1", false)
	if err != nil || receipt.ID != "E1" || got.Enabled || got.State() != SyncOther {
		t.Errorf("switched off: %+v, receipt %+v, error %v", got, receipt, err)
	}
	got, _, err = c.SyncDirectory(t.Context(), "E1")
	if err != nil || !got.Enabled || got.State() != SyncRunning {
		t.Errorf("started: %+v, error %v", got, err)
	}
	user, _, err := c.SyncExternalUser(t.Context(), "E1", "john_anderson@acme.com")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, ExternalUser{
		Operation: "ADD", UserID: "john.anderson@acme.com", FirstName: "John", LastName: "Anderson",
		Extension: "4653", Number: "+35391884653", Mobile: "+188-(2323)-(343)",
	}, user)
}

func TestSyncStates(t *testing.T) {
	tests := []struct {
		word  string
		state SyncState
		busy  bool
	}{
		{"COMPLETE", SyncComplete, false}, {"complete", SyncComplete, false}, {" Completed ", SyncComplete, false},
		{"IN_PROGRESS", SyncRunning, true}, {"IN-PROGRESS", SyncRunning, true}, {"in_progress", SyncRunning, true}, {"SYNC_NOW", SyncRunning, true},
		{"NOT_SYNCED", SyncNever, false}, {"not-synced", SyncNever, false},
		{"failed", SyncFailed, false}, {"FAILED", SyncFailed, false},
		{"DISABLE_INITIATED", SyncDisabling, true}, {"DISABLE-IN-PROGRESS", SyncDisabling, true},
		{"SOMETHING_NEW", SyncOther, false}, {"", SyncOther, false},
	}
	for _, tt := range tests {
		d := DirectorySync{Status: tt.word}
		if d.State() != tt.state || d.Busy() != tt.busy {
			t.Errorf("%q: state %d, busy %v, want %d and %v", tt.word, d.State(), d.Busy(), tt.state, tt.busy)
		}
	}
}

// Code 6002 says that a synchronisation of this enterprise runs. Neither does a
// 503 with it leave the outcome open, nor does a 429 with it slow everybody down.
func TestSyncInProgressIsNoThrottle(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			api := script(answerWith(status, `{"errors":[{"errorCode":6002,"description":"running"}]}`, "Retry-After", "60"))
			c := newTestClient(t, Config{Transport: api, Rate: 10})
			start := time.Now()
			_, _, err := c.SyncDirectory(t.Context(), "E1")
			e := asError(t, err)
			if e.Class != ClassTransient || e.Code != 6002 || e.RetryAfter != time.Minute || e.Attempts != 1 {
				t.Errorf("status %d: error is %+v", status, e)
			}
			if stats := c.Stats(); time.Since(start) != 0 || stats.Throttled != 0 || stats.Paused != 0 || stats.Rate != 10 {
				t.Errorf("status %d: %v passed, %+v", status, time.Since(start), stats)
			}
		})
	}
}

// An answer that says nothing about the synchronisation is not the API's.
func TestDirectorySyncNeedsAState(t *testing.T) {
	for _, body := range []string{`{}`, `[]`, `{"directorySyncStatus":{}}`, `{"directorySyncStatus":null}`} {
		if _, err := decodeDirectorySync([]byte(body)); err == nil {
			t.Errorf("%s is a directory synchronisation", body)
		}
		if _, err := decodeExternalUser([]byte(body)); err == nil {
			t.Errorf("%s is a synchronisation of a user", body)
		}
		if _, err := decodeBroadWorksEnterprise([]byte(body)); err == nil {
			t.Errorf("%s is an enterprise", body)
		}
	}
}
