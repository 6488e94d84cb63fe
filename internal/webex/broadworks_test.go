package webex

import (
	"net/http"
	"testing"
	"time"
)

const (
	sampleBroadWorksID   = "Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIvNjk3MGU2YmItNzQzOS00ZmZiLWFkMzQtZDNmZjAxNjdkZGFk"
	sampleProvisioningID = "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ"
)

// sampleBroadWorks is the subscriber of the vendor's pages.
func sampleBroadWorks(status, pkg string) BroadWorksSubscriber {
	return BroadWorksSubscriber{
		ID: sampleBroadWorksID, PersonID: samplePersonID, UserID: "95547321@sp.com", SPEnterpriseID: "Reseller1+acme",
		FirstName: "John", LastName: "Andersen", Email: "john.anderson@acme.com",
		PrimaryPhoneNumber: "+1-240-555-1212", MobilePhoneNumber: "+1-818-279-1234", Extension: "1212",
		Package: pkg, Status: status,
		Created:          time.Date(2019, 10, 18, 14, 26, 16, 0, time.UTC),
		LastStatusChange: time.Date(2020, 3, 18, 16, 5, 34, 0, time.UTC),
		ProvisioningID:   sampleProvisioningID,
	}
}

// The "+" between service provider and group would reach the API as a blank.
func TestListBroadWorksSubscribers(t *testing.T) {
	self := false
	moment := time.UnixMilli(1579046400245)
	c := talking(t,
		exchange{
			want: wantRequest{
				method: "GET", path: "/broadworks/subscribers",
				query: "after=1579046400245&email=a%2Bb%40acme.com&lastStatusChange=1579046400245&max=100&personId=P&provisioningId=Q" +
					"&selfActivated=false&spEnterpriseId=SP1%2Bacme&status=error%2Cprovisioned&userId=95547321%40sp.com",
			},
			file: "broadworks_subscribers.json", link: `</v1/broadworks/subscribers?cursor=c1&max=100>; rel="next"`,
		},
		exchange{
			want: wantRequest{method: "GET", path: "/broadworks/subscribers", query: "cursor=c1&max=100"},
			body: `{"items":[{"id":"B2","selfActivated":true,"status":"hibernating","spEnterpriseGroupId":"g1","errors":null}]}`,
		},
	)
	first := sampleBroadWorks("error", "standard")
	first.SPEnterpriseID = "SP1+acme"
	first.Errors = []Detail{{10022, "The BroadWorks UserID is already associated with an existing user"}}
	second := BroadWorksSubscriber{ID: "B2", SelfActivated: true, Status: "hibernating", SPEnterpriseGroupID: "g1"}
	// A sub-partner is a matter of wholesale calls alone.
	got := collect(t, c.OnBehalfOf("SUB").ListBroadWorksSubscribers(t.Context(), BroadWorksSubscriberFilter{
		UserID: "95547321@sp.com", PersonID: "P", Email: "a+b@acme.com", ProvisioningID: "Q", SPEnterpriseID: "SP1+acme",
		Statuses: []string{"error", "provisioned"}, After: moment, LastStatusChange: moment, SelfActivated: &self,
	}))
	checkEqual(t, []BroadWorksSubscriber{first, second}, got)
}

// One request is enough where the page is not full.
func TestListBroadWorksSubscribersCost(t *testing.T) {
	c := talking(t, exchange{want: wantRequest{method: "GET", path: "/broadworks/subscribers", query: "max=100"}, body: `{"items":[{"id":"B1"}]}`})
	if got := collect(t, c.ListBroadWorksSubscribers(t.Context(), BroadWorksSubscriberFilter{})); len(got) != 1 {
		t.Errorf("subscribers are %+v", got)
	}
}

func TestGetBroadWorksSubscriber(t *testing.T) {
	c := talking(t, exchange{want: wantRequest{method: "GET", path: "/broadworks/subscribers/B%2F1"}, file: "broadworks_subscriber.json"})
	got, err := c.GetBroadWorksSubscriber(t.Context(), "B/1")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, sampleBroadWorks("pending_email_input", "basic"), got)
}

func TestProvisionBroadWorksSubscriber(t *testing.T) {
	c := talking(t, exchange{
		want: wantRequest{method: "POST", path: "/broadworks/subscribers", body: `{"provisioningId":"` + sampleProvisioningID + `",
			"userId":"95547321@sp.com","spEnterpriseId":"Reseller1+acme","firstName":"John","lastName":"Andersen","package":"standard",
			"primaryPhoneNumber":"+1-240-555-1212","mobilePhoneNumber":"+1-818-279-1234","extension":"1212",
			"email":"john.anderson@acme.com","language":"en","timezone":"America/Los_Angeles","spEnterpriseGroupId":"g1"}`},
		file: "broadworks_subscriber_provisioning.json",
	})
	got, receipt, err := c.ProvisionBroadWorksSubscriber(t.Context(), BroadWorksSubscriberProvision{
		ProvisioningID: sampleProvisioningID, UserID: "95547321@sp.com", SPEnterpriseID: "Reseller1+acme",
		FirstName: "John", LastName: "Andersen", Package: "standard", Email: "john.anderson@acme.com",
		PrimaryPhoneNumber: "+1-240-555-1212", MobilePhoneNumber: "+1-818-279-1234", Extension: "1212",
		Language: "en", Timezone: "America/Los_Angeles", SPEnterpriseGroupID: "g1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := sampleBroadWorks("provisioning", "standard")
	want.PersonID = ""
	checkEqual(t, want, got)
	if receipt.ID != sampleBroadWorksID || receipt.HTTPStatus != 200 || receipt.Attempts != 1 {
		t.Errorf("receipt is %+v", receipt)
	}
}

// What is not named stays, and an empty value clears.
func TestUpdateBroadWorksSubscriber(t *testing.T) {
	empty, extension := "", "51212"
	tests := []struct {
		update BroadWorksSubscriberUpdate
		body   string
	}{
		{BroadWorksSubscriberUpdate{}, `{}`},
		{BroadWorksSubscriberUpdate{Package: "premium"}, `{"package":"premium"}`},
		{BroadWorksSubscriberUpdate{MobilePhoneNumber: &empty}, `{"mobilePhoneNumber":""}`},
		{BroadWorksSubscriberUpdate{PrimaryPhoneNumber: &empty, Extension: &extension}, `{"primaryPhoneNumber":"","extension":"51212"}`},
		{BroadWorksSubscriberUpdate{Extension: &empty}, `{"extension":""}`},
		{
			BroadWorksSubscriberUpdate{UserID: "u", FirstName: "F", LastName: "L", Timezone: "Europe/Paris"},
			`{"userId":"u","firstName":"F","lastName":"L","timezone":"Europe/Paris"}`,
		},
	}
	for _, tt := range tests {
		c := talking(t, exchange{want: wantRequest{method: "PUT", path: "/broadworks/subscribers/B1", body: tt.body}, file: "broadworks_subscriber_updating.json"})
		got, receipt, err := c.UpdateBroadWorksSubscriber(t.Context(), "B1", tt.update)
		if err != nil {
			t.Fatal(err)
		}
		checkEqual(t, sampleBroadWorks("updating", "premium"), got)
		checkEqual(t, sampleBroadWorksID, receipt.ID)
	}
}

func TestRemoveBroadWorks(t *testing.T) {
	c := talking(t,
		exchange{want: wantRequest{method: "DELETE", path: "/broadworks/subscribers/B%2F1"}, status: 204},
		exchange{want: wantRequest{method: "DELETE", path: "/broadworks/workspaces/W%2F1"}, status: 204},
	)
	if receipt, err := c.RemoveBroadWorksSubscriber(t.Context(), "B/1"); err != nil || receipt.HTTPStatus != 204 || receipt.ID != "B/1" {
		t.Errorf("receipt %+v, error %v", receipt, err)
	}
	if receipt, err := c.RemoveBroadWorksWorkspace(t.Context(), "W/1"); err != nil || receipt.HTTPStatus != 204 || receipt.ID != "W/1" {
		t.Errorf("receipt %+v, error %v", receipt, err)
	}
}

// The two variants of the vendor's guide: two addresses alone, and everything.
func TestValidateBroadWorksSubscriber(t *testing.T) {
	want := func(body string) exchange {
		return exchange{want: wantRequest{method: "POST", path: "/broadworks/subscribers/validate", body: body}, file: "precheck.json"}
	}
	c := talking(t,
		want(`{"email":"a@acme.com","customerInfo":{"primaryEmail":"b@acme.com"}}`),
		want(`{"provisioningId":"P","userId":"95547321@sp.com","spEnterpriseId":"SP1+acme","firstName":"J","lastName":"A","package":"standard","email":"a@acme.com"}`),
	)
	requests := []BroadWorksPrecheck{
		{PrimaryEmail: "b@acme.com", BroadWorksSubscriberProvision: BroadWorksSubscriberProvision{Email: "a@acme.com"}},
		{BroadWorksSubscriberProvision: BroadWorksSubscriberProvision{
			ProvisioningID: "P", UserID: "95547321@sp.com", SPEnterpriseID: "SP1+acme", FirstName: "J", LastName: "A", Package: "standard", Email: "a@acme.com",
		}},
	}
	for _, request := range requests {
		got, err := c.OnBehalfOf("SUB").ValidateBroadWorksSubscriber(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		checkEqual(t, Precheck{Message: "success", Info: []Detail{{100, "Provisioning preCheck validation successful."}}}, got)
	}
}

func TestBroadWorksWorkspaces(t *testing.T) {
	empty := ""
	workspace := BroadWorksWorkspace{
		ID:             "Y2lzY29zcGFyazovL3VzL1BMQUNFL2RkMjJlZGZlLTlmZWYtNDdmOS05ODFkLWYxYjA3MWFmMDcwYw",
		ProvisioningID: sampleProvisioningID, UserID: "95547321@sp.com", SPEnterpriseID: "Reseller1+acme",
		DisplayName: "Conference Room", PrimaryPhoneNumber: "+1-240-555-1212", Extension: "51212",
		Created: time.Date(2019, 10, 18, 14, 26, 16, 0, time.UTC),
	}
	c := talking(t,
		exchange{want: wantRequest{method: "POST", path: "/broadworks/workspaces", body: `{"provisioningId":"P","userId":"95547321@sp.com",
			"spEnterpriseId":"Reseller1+acme","displayName":"Conference Room","primaryPhoneNumber":"+1-240-555-1212","extension":"51212"}`}, file: "broadworks_workspace.json"},
		exchange{want: wantRequest{method: "PUT", path: "/broadworks/workspaces/W%2F1", body: `{"userId":"u","extension":""}`}, file: "broadworks_workspace.json"},
	)
	got, receipt, err := c.ProvisionBroadWorksWorkspace(t.Context(), BroadWorksWorkspaceProvision{
		ProvisioningID: "P", UserID: "95547321@sp.com", SPEnterpriseID: "Reseller1+acme", DisplayName: "Conference Room",
		PrimaryPhoneNumber: "+1-240-555-1212", Extension: "51212",
	})
	if err != nil || receipt.ID != workspace.ID {
		t.Fatalf("receipt %+v, error %v", receipt, err)
	}
	checkEqual(t, workspace, got)
	got, _, err = c.UpdateBroadWorksWorkspace(t.Context(), "W/1", BroadWorksWorkspaceUpdate{UserID: "u", Extension: &empty})
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, workspace, got)
}

// A refusal with a code is final, and it ends the list.
func TestListBroadWorksSubscribersRefused(t *testing.T) {
	api := script(answerWith(http.StatusForbidden, `{"errors":[{"errorCode":2043,"description":"no cluster"}]}`))
	err := firstError(newTestClient(t, Config{Transport: api}).ListBroadWorksSubscribers(t.Context(), BroadWorksSubscriberFilter{}))
	if e := asError(t, err); e.Class != ClassConfig || e.Code != 2043 || len(api.sent()) != 1 {
		t.Errorf("error is %+v after %d requests", e, len(api.sent()))
	}
}

// The answer to a write that is no subscriber leaves its outcome open.
func TestBroadWorksObjectsNeedAnID(t *testing.T) {
	for _, body := range []string{`{}`, `{"id":""}`, `[]`, `{"status":"provisioning"}`} {
		c := newTestClient(t, Config{Transport: script(answer200(body))})
		_, _, err := c.ProvisionBroadWorksSubscriber(t.Context(), BroadWorksSubscriberProvision{})
		if e := asError(t, err); e.Class != ClassUnknown || e.Attempts != 1 {
			t.Errorf("%s: subscriber: %+v", body, e)
		}
		_, _, err = c.ProvisionBroadWorksWorkspace(t.Context(), BroadWorksWorkspaceProvision{})
		if e := asError(t, err); e.Class != ClassUnknown || e.Attempts != 1 {
			t.Errorf("%s: workspace: %+v", body, e)
		}
	}
}
