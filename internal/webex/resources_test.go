package webex

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	sampleCustomerID   = "Y2lzY29zcGFyazovL3VzL0VOVEVSUFJJU0UvNTJjZjU3NmQtNjBhOC00MDdhLWIyMmMtNDY3YzUxNTkxOTA4"
	sampleLicenseID    = "Y2lzY29zcGFyazovL3VzL0xJQ0VOU0UvYjdjNGRlZTgtODZmNi00YzAxLWJkYjMtMTM3MjM2ZWY3NGRmOlNMV0NBXzdmYTBkZjhjLTlmNTEtNGE1Zi05YzY4LTU1ODRlNWM2N2E0Yg"
	sampleSubscriberID = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
)

var alder = Address{
	Line1: "771 Alder Drive", Line2: "Cisco Site 5", City: "Milpitas",
	StateOrProvince: "CA", ZipOrPostalCode: "95035", Country: "US",
}

func TestGetCustomer(t *testing.T) {
	c := answering(t, wantRequest{method: "GET", path: "/wholesale/customers/A%2FB+C"}, 200, "customer.json", nil)
	got, err := c.GetCustomer(t.Context(), "A/B+C")
	if err != nil {
		t.Fatal(err)
	}
	want := Customer{
		ID:         sampleCustomerID,
		OrgID:      "Y2lzY29zcGFyazovL3VzL09yZ2FuaXphdGlvbi81MmNmNTc2ZC02MGE4LTQwN2EtYjIyYy00NjdjNTE1OTE5MDk",
		ExternalID: "c1677a16-557a-4fb4-b48f-24adde57ec99",
		Address:    alder,
		Status:     "provisioned",
		Packages:   []string{"webex_calling"},
		Resources: []PackageStatus{{Name: "webex_calling", Status: "provisioned", Warnings: []Detail{{
			Code:        2560,
			Description: "One or more Webex Calling services are unavailable due to maintenance, unable to start provisioning. Consult status.webex.com and retry later.",
		}}, LicenseIDs: []string{sampleLicenseID}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("customer (-want +got):\n%s", diff)
	}
}

func TestGetCustomerLicenses(t *testing.T) {
	want := wantRequest{method: "GET", path: "/wholesale/customers/C1", query: "includePackageLicenseInfo=true"}
	c := answering(t, want, 200, "customer.json", nil)
	got, err := c.GetCustomerLicenses(t.Context(), "C1")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, []string{sampleLicenseID}, got.Resources[0].LicenseIDs)
}

func TestProvisionCustomer(t *testing.T) {
	want := wantRequest{method: "POST", path: "/wholesale/customers", body: `{
		"provisioningId":"P1","packages":["webex_calling","webex_meetings"],"externalId":"acme",
		"address":{"addressLine1":"771 Alder Drive","addressLine2":"Cisco Site 5","city":"Milpitas","stateOrProvince":"CA","zipOrPostalCode":"95035","country":"US"},
		"customerInfo":{"name":"John's Pizza","primaryEmail":"john@example.com","language":"en"},"subPartnerAdminEmail":"admin@subpartnerorg.com",
		"provisioningParameters":{
			"calling":{"location":{"name":"Head Office","address":{"addressLine1":"1 Road","city":"Milpitas","country":"US"},
				"timezone":"America/Los_Angeles","language":"en_us","emergencyLocationIdentifier":"95547321"}},
			"meetings":{"timezone":"America/Los_Angeles"},
			"packages":{"limits":{"webex_calling":50}}}}`}
	c := answering(t, want, 202, "customer_accepted.json", map[string]string{"Trackingid": "T1"})
	receipt, err := c.ProvisionCustomer(t.Context(), CustomerProvision{
		ProvisioningID: "P1", Packages: []string{"webex_calling", "webex_meetings"}, ExternalID: "acme", Address: alder,
		SubPartnerAdminEmail: "admin@subpartnerorg.com",
		CustomerInfo:         &CustomerInfo{Name: "John's Pizza", PrimaryEmail: "john@example.com", Language: "en"},
		Provisioning: &ProvisioningParameters{
			Calling: &CustomerCalling{Location: CallingLocation{
				Name: "Head Office", Address: Address{Line1: "1 Road", City: "Milpitas", Country: "US"},
				Timezone: "America/Los_Angeles", Language: "en_us", EmergencyLocationIdentifier: "95547321",
			}},
			Meetings: &CustomerMeetings{Timezone: "America/Los_Angeles"},
			Packages: &PackageLimits{Limits: map[string]int{"webex_calling": 50}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Receipt{ID: sampleCustomerID, HTTPStatus: 202, TrackingID: "T1", Attempts: 1}); receipt != want {
		t.Errorf("receipt is %+v, want %+v", receipt, want)
	}
}

func TestProvisionCustomerID(t *testing.T) {
	const body = `{"url":"https://api.example.com/v1/wholesale/customers/from-body"}`
	tests := []struct {
		name, location, body, want string
	}{
		{"location first", "https://api.example.com/v1/wholesale/customers/from-header", body, "from-header"},
		{"relative location", "/v1/wholesale/customers/from-header", body, "from-header"},
		{"foreign location", "https://evil.example.net/v1/wholesale/customers/evil", body, "from-body"},
		{"plain http location", "http://api.example.com/v1/wholesale/customers/evil", body, "from-body"},
		{"location elsewhere", "https://api.example.com/v1/organizations/evil", body, "from-body"},
		{"no location", "", body, "from-body"},
		{"empty body", "/v1/wholesale/customers/from-header", "", "from-header"},
		{"plain id", "", `{"id":"plain"}`, "plain"},
		{"nothing", "", `{}`, ""},
		{"nothing at all", "", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newTestClient(t, Config{Transport: script(answerWith(202, tt.body, "Location", tt.location))})
			receipt, err := c.ProvisionCustomer(t.Context(), CustomerProvision{})
			if tt.want == "" {
				if e := asError(t, err); e.Class != ClassUnknown || e.Attempts != 1 {
					t.Errorf("error is %v after %d tries, want unknown after 1", e.Class, e.Attempts)
				}
				return
			}
			if err != nil || receipt.ID != tt.want {
				t.Errorf("id is %q, error %v; want %q", receipt.ID, err, tt.want)
			}
		})
	}
}

func TestUpdateCustomer(t *testing.T) {
	want := wantRequest{method: "PUT", path: "/wholesale/customers/C1", body: `{"externalId":"acme","packages":[],"address":{"city":"Bonn"}}`}
	c := answering(t, want, 202, "customer_accepted.json", nil)
	receipt, err := c.UpdateCustomer(t.Context(), "C1", CustomerUpdate{ExternalID: "acme", Packages: []string{}, Address: &Address{City: "Bonn"}})
	if err != nil || receipt.ID != "C1" || receipt.HTTPStatus != 202 {
		t.Errorf("receipt is %+v, error %v", receipt, err)
	}
}

func TestUpdateCustomerLimitsAndAdmin(t *testing.T) {
	want := wantRequest{method: "PUT", path: "/wholesale/customers/C1", body: `{"packages":["webex_calling"],
		"provisioningParameters":{"packages":{"limits":{"webex_calling":50,"webex_suite":0}}},"subPartnerAdminEmail":"admin@subpartnerorg.com"}`}
	c := answering(t, want, 202, "customer_accepted.json", nil)
	_, err := c.UpdateCustomer(t.Context(), "C1", CustomerUpdate{
		Packages:             []string{"webex_calling"},
		Provisioning:         &ProvisioningParameters{Packages: &PackageLimits{Limits: map[string]int{"webex_calling": 50, "webex_suite": 0}}},
		SubPartnerAdminEmail: "admin@subpartnerorg.com",
	})
	if err != nil {
		t.Error(err)
	}
}

func TestUpdateCustomerWithoutPackages(t *testing.T) {
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	_, err := c.UpdateCustomer(t.Context(), "C1", CustomerUpdate{ExternalID: "acme"})
	if e := asError(t, err); e.Class != ClassNotSent {
		t.Errorf("class is %v", e.Class)
	}
}

func TestRemove(t *testing.T) {
	c := answering(t, wantRequest{method: "DELETE", path: "/wholesale/customers/C1"}, 202, "", nil)
	if receipt, err := c.RemoveCustomer(t.Context(), "C1"); err != nil || receipt.HTTPStatus != 202 {
		t.Errorf("receipt is %+v, error %v", receipt, err)
	}
	c = answering(t, wantRequest{method: "DELETE", path: "/wholesale/subscribers/S1"}, 204, "", nil)
	if receipt, err := c.RemoveSubscriber(t.Context(), "S1"); err != nil || receipt.HTTPStatus != 204 {
		t.Errorf("receipt is %+v, error %v", receipt, err)
	}
}

// An id that is no path segment would address the list, or something above it.
func TestImpossibleIDs(t *testing.T) {
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) })
	for _, id := range []string{"", ".", ".."} {
		_, err := c.RemoveCustomer(t.Context(), id)
		if e := asError(t, err); e.Class != ClassNotSent {
			t.Errorf("id %q: class is %v", id, e.Class)
		}
	}
}

func TestValidate(t *testing.T) {
	want := wantRequest{method: "POST", path: "/wholesale/customers/validate", body: `{"address":{"country":"US"}}`}
	c := answering(t, want, 200, "precheck_object.json", nil)
	got, err := c.ValidateCustomer(t.Context(), CustomerProvision{Address: Address{Country: "US"}})
	wantCheck := Precheck{Message: "success", Info: []Detail{{Code: 103, Description: "The user is moved into the customer's organization."}}}
	if diff := cmp.Diff(wantCheck, got); err != nil || diff != "" {
		t.Errorf("error %v, precheck (-want +got):\n%s", err, diff)
	}
	want = wantRequest{method: "POST", path: "/wholesale/subscribers/validate", body: `{"customerId":"C1","email":"a@example.com","provisioningParameters":{}}`}
	c = answering(t, want, 200, "precheck.json", nil)
	got, err = c.ValidateSubscriber(t.Context(), SubscriberPrecheck{SubscriberProvision: SubscriberProvision{CustomerID: "C1", Email: "a@example.com"}})
	wantCheck = Precheck{Message: "success", Info: []Detail{{Code: 100, Description: "Provisioning preCheck validation successful."}}}
	if diff := cmp.Diff(wantCheck, got); err != nil || diff != "" {
		t.Errorf("error %v, precheck (-want +got):\n%s", err, diff)
	}
}

// The other variants of the question name a customer that is only to be
// provisioned by the address of its first user.
func TestValidateSubscriberOfNewCustomer(t *testing.T) {
	for body, request := range map[string]SubscriberPrecheck{
		`{"email":"a@example.com","provisioningParameters":{},"customerInfo":{"primaryEmail":"p@example.com"}}`: {
			SubscriberProvision: SubscriberProvision{Email: "a@example.com"}, PrimaryEmail: "p@example.com",
		},
		`{"provisioningId":"T1","email":"a@example.com","packages":["webex_calling"],"provisioningParameters":{"firstName":"A","extension":"0123"},
			"customerInfo":{"primaryEmail":"p@example.com"}}`: {
			SubscriberProvision: SubscriberProvision{Email: "a@example.com", Package: "webex_calling", FirstName: "A", Extension: "0123"},
			PrimaryEmail:        "p@example.com", ProvisioningID: "T1",
		},
	} {
		c := answering(t, wantRequest{method: "POST", path: "/wholesale/subscribers/validate", body: body}, 200, "precheck.json", nil)
		if _, err := c.ValidateSubscriber(t.Context(), request); err != nil {
			t.Error(err)
		}
	}
}

func sampleSubscriber() Subscriber {
	return Subscriber{
		ID: sampleSubscriberID, PersonID: sampleSubscriberID, Email: "johnandersen@acme.com",
		CustomerID:         "Y2lzY29zcGFyazovL3VzL0NVU1RPTUVSL2Y1YjM2MTg3LWM4ZGQtNDcyNy04YjJmLWY5YzQ0N2YyOTA0Ng",
		ExternalCustomerID: "c1677a16-557a-4fb4-b48f-24adde57ec99",
		Package:            "webex_calling", Packages: []string{"webex_calling"}, Status: "provisioned",
		Created:          time.Date(2021, 8, 6, 2, 3, 0, 62_000_000, time.UTC),
		LastStatusChange: time.Date(2021, 8, 6, 2, 5, 41, 791_232_000, time.UTC),
	}
}

func TestProvisionSubscriber(t *testing.T) {
	want := wantRequest{method: "POST", path: "/wholesale/subscribers", body: `{"customerId":"C1","email":"a+b@example.com","packages":["webex_calling"],
		"provisioningParameters":{"firstName":"A","lastName":"B","primaryPhoneNumber":"+12405551212","extension":"0123","locationId":"L1"}}`}
	c := answering(t, want, 200, "subscriber.json", map[string]string{"Trackingid": "T2"})
	got, receipt, err := c.ProvisionSubscriber(t.Context(), SubscriberProvision{
		CustomerID: "C1", Email: "a+b@example.com", Package: "webex_calling", FirstName: "A", LastName: "B",
		PrimaryPhoneNumber: "+12405551212", Extension: "0123", LocationID: "L1",
	})
	if diff := cmp.Diff(sampleSubscriber(), got); err != nil || diff != "" {
		t.Errorf("error %v, subscriber (-want +got):\n%s", err, diff)
	}
	if want := (Receipt{ID: sampleSubscriberID, HTTPStatus: 200, TrackingID: "T2", Attempts: 1}); receipt != want {
		t.Errorf("receipt is %+v, want %+v", receipt, want)
	}
}

func TestProvisionSubscriberPending(t *testing.T) {
	want := wantRequest{method: "POST", path: "/wholesale/subscribers", body: `{"customerId":"C1","provisioningParameters":{}}`}
	c := answering(t, want, 202, "subscriber_pending_user_migration.json", nil)
	got, receipt, err := c.ProvisionSubscriber(t.Context(), SubscriberProvision{CustomerID: "C1"})
	if err != nil || got.Status != "pending_user_migration" || got.PersonID != "" || receipt.HTTPStatus != 202 {
		t.Errorf("subscriber %+v, receipt %+v, error %v", got, receipt, err)
	}
}

func TestUpdateSubscriber(t *testing.T) {
	tests := []struct {
		update SubscriberUpdate
		body   string
	}{
		{SubscriberUpdate{Package: "webex_suite"}, `{"packages":["webex_suite"]}`},
		{
			SubscriberUpdate{Package: "webex_calling", Calling: &CallingParameters{Extension: "100", LocationID: "L1"}},
			`{"packages":["webex_calling"],"provisioningParameters":{"extension":"100","locationId":"L1"}}`,
		},
	}
	for _, tt := range tests {
		c := answering(t, wantRequest{method: "PUT", path: "/wholesale/subscribers/S1", body: tt.body}, 200, "subscriber.json", nil)
		if _, receipt, err := c.UpdateSubscriber(t.Context(), "S1", tt.update); err != nil || receipt.ID != sampleSubscriberID {
			t.Errorf("receipt %+v, error %v", receipt, err)
		}
	}
}

func TestMe(t *testing.T) {
	c := answering(t, wantRequest{method: "GET", path: "/people/me"}, 200, "people_me.json", nil)
	got, err := c.Me(t.Context())
	want := Identity{
		ID:    "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY",
		OrgID: "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE",
		Email: "john.andersen@example.com",
	}
	if err != nil || got != want {
		t.Errorf("identity is %+v, error %v", got, err)
	}
}

// The sub-partner goes with every wholesale call, and values are escaped.
func TestQueries(t *testing.T) {
	const sub = "onBehalfOfSubPartnerOrgId=SUB"
	after := time.UnixMilli(1579046400245)
	tests := []struct {
		name  string
		query string
		call  func(c *Client) error
	}{
		{"get customer", sub, func(c *Client) error { _, err := c.GetCustomer(t.Context(), "C"); return err }},
		{"remove customer", sub, func(c *Client) error { _, err := c.RemoveCustomer(t.Context(), "C"); return err }},
		{"update customer", sub, func(c *Client) error {
			_, err := c.UpdateCustomer(t.Context(), "C", CustomerUpdate{Packages: []string{}})
			return err
		}},
		{"customer licenses", "includePackageLicenseInfo=true&" + sub, func(c *Client) error { _, err := c.GetCustomerLicenses(t.Context(), "C"); return err }},
		{"validate customer", sub, func(c *Client) error { _, err := c.ValidateCustomer(t.Context(), CustomerProvision{}); return err }},
		{"update subscriber", sub, func(c *Client) error {
			_, _, err := c.UpdateSubscriber(t.Context(), "S", SubscriberUpdate{})
			return err
		}},
		{"remove subscriber", sub, func(c *Client) error { _, err := c.RemoveSubscriber(t.Context(), "S"); return err }},
		{"me", "", func(c *Client) error { _, err := c.Me(t.Context()); return err }},
		{"count", "max=1&offset=500&" + sub, func(c *Client) error { _, err := c.HasSubscribersAt(t.Context(), 500); return err }},
		{"customers", "externalId=a%26b%2Bc&max=100&offset=0&" + sub + "&orgId=O&status=error", func(c *Client) error {
			return firstError(c.ListCustomers(t.Context(), CustomerFilter{ExternalID: "a&b+c", OrgID: "O", Status: "error"}))
		}},
		{
			"subscribers",
			"after=1579046400245&customerId=C&email=a%2Bb%40example.com&externalCustomerId=E&lastStatusChange=1579046400245" +
				"&max=100&offset=0&" + sub + "&personId=P&sortBy=created&sortOrder=ASC&status=error",
			func(c *Client) error {
				return firstError(c.ListSubscribers(t.Context(), SubscriberFilter{
					CustomerID: "C", ExternalCustomerID: "E", PersonID: "P", Email: "a+b@example.com",
					Status: "error", After: after, LastStatusChange: after,
				}))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := &fakeAPI{answer: func(_ int, r *http.Request) (*http.Response, error) {
				if r.URL.RawQuery != tt.query {
					t.Errorf("query is\n%s, want\n%s", r.URL.RawQuery, tt.query)
				}
				return reply(200, `{"id":"X","orgId":"O","items":[]}`), nil
			}}
			if err := tt.call(newTestClient(t, Config{Transport: api, SubPartner: "SUB"})); err != nil {
				t.Error(err)
			}
		})
	}
}

func firstError[T any](items func(func(T, error) bool)) error {
	for _, err := range items {
		if err != nil {
			return err
		}
	}
	return nil
}
