package webex

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	sampleOrgID    = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE"
	samplePersonID = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY"
)

func samplePerson() Person {
	return Person{
		ID: samplePersonID, OrgID: sampleOrgID, Emails: []string{"john.andersen@example.com"},
		DisplayName: "John Andersen", FirstName: "John", LastName: "Andersen",
		PhoneNumbers: []PhoneNumber{{Type: "work", Value: "+1 408 526 7209", Primary: true}},
		Extension:    "133", LocationID: "Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OLzYzNzE1",
		Licenses: []string{
			"Y2lzY29zcGFyazovL3VzL0xJQ0VOU0UvOTZhYmMyYWEtM2RjYy0xMWU1LWExNTItZmUzNDgxOWNkYzlh",
			"Y2lzY29zcGFyazovL3VzL0xJQ0VOU0UvOTZhYmMyYWEtM2RjYy0xMWU1LWIyNjMtMGY0NTkyYWRlZmFi",
		},
		Created:      time.Date(2015, 10, 18, 14, 26, 16, 0, time.UTC),
		LoginEnabled: true, // "true", a string
	}
}

// A list of people pages by links with a cursor, and "+" in an address is escaped.
func TestListPeople(t *testing.T) {
	c := talking(t,
		exchange{
			want: wantRequest{method: "GET", path: "/people", query: "callingData=true&email=a%2Bb%40example.com&excludeStatus=true&max=100&orgId=O%2F1"},
			file: "people.json", link: `</v1/people?cursor=bz0xMDA%3D&max=100>; rel="next"`,
		},
		exchange{
			want: wantRequest{method: "GET", path: "/people", query: "cursor=bz0xMDA%3D&max=100"},
			body: `{"items":[{"id":"P2","invitePending":true,"loginEnabled":false,"phoneNumbers":null}],"notFoundIds":[]}`,
		},
	)
	got := collect(t, c.ListPeople(t.Context(), PersonFilter{OrgID: "O/1", Email: "a+b@example.com", CallingData: true}))
	checkEqual(t, []Person{samplePerson(), {ID: "P2", InvitePending: true}}, got)
}

// The API returns at most 50 people of a location, so that many are asked for.
func TestListPeopleAtLocation(t *testing.T) {
	c := talking(t, exchange{
		want: wantRequest{method: "GET", path: "/people", query: "excludeStatus=true&locationId=L1&max=50"},
		body: `{"items":[]}`,
	})
	if got := collect(t, c.ListPeople(t.Context(), PersonFilter{LocationID: "L1"})); len(got) != 0 {
		t.Errorf("people are %+v", got)
	}
}

func TestGetPerson(t *testing.T) {
	person := samplePerson()
	c := talking(t, exchange{
		want: wantRequest{method: "GET", path: "/people/P%2F1", query: "callingData=true"},
		body: `{"id":"` + person.ID + `","orgId":"O","emails":"only@example.com","extension":133,"licenses":["A"],"created":"2015-10-18T14:26:16+00:00"}`,
	})
	got, err := c.GetPerson(t.Context(), "P/1")
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, Person{
		ID: person.ID, OrgID: "O", Emails: []string{"only@example.com"}, Extension: "133", Licenses: []string{"A"}, Created: person.Created,
	}, got)
}

func TestOrganizations(t *testing.T) {
	acme := Organization{ID: sampleOrgID, DisplayName: "Acme, Inc.", Created: time.Date(2015, 10, 18, 14, 26, 16, 0, time.UTC)}
	c := talking(t,
		exchange{want: wantRequest{method: "GET", path: "/organizations/" + sampleOrgID}, file: "organization.json"},
		exchange{want: wantRequest{method: "GET", path: "/organizations"}, file: "organizations.json"},
	)
	got, err := c.GetOrganization(t.Context(), sampleOrgID)
	if err != nil {
		t.Fatal(err)
	}
	checkEqual(t, acme, got)
	checkEqual(t, []Organization{acme}, collect(t, c.ListOrganizations(t.Context())))
}

func TestListLocations(t *testing.T) {
	c := talking(t,
		exchange{
			want: wantRequest{method: "GET", path: "/locations", query: "id=L1&max=500&name=Den+%26+Co&orgId=O"},
			file: "locations.json", link: `</v1/locations?orgId=O&startIndex=500>; rel="next"`,
		},
		exchange{
			want: wantRequest{method: "GET", path: "/locations", query: "orgId=O&startIndex=500"},
			body: `{"items":[{"id":"L2","address":null,"latitude":12.5}]}`,
		},
	)
	want := []Location{{
		ID:    "Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OL2M5N2VlMDQ5LTM1OWItNGM3OC04NDU0LTA1OGMyZWRlMjU2Mw",
		OrgID: "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi9hNDVkNmNkYS1hZTVhLTQwYzMtYTdhZC01NjUwZmRkZGQ1M2M",
		Name:  "Denver",
		Address: Address{
			Line1: "123 Some St.", Line2: "Suite 456", City: "Supercity",
			StateOrProvince: "Goodstate", ZipOrPostalCode: "12345", Country: "US",
		},
		Timezone: "America/Chicago", Language: "en_us", Latitude: "12.935784", Longitude: "77.697332",
		Notes: "Suite 456 Denver location",
	}, {ID: "L2", Latitude: "12.5"}}
	checkEqual(t, want, collect(t, c.ListLocations(t.Context(), LocationFilter{OrgID: "O", Name: "Den & Co", ID: "L1"})))
}

// Workspaces page by start, and a page without a link is not the last one.
func TestListWorkspaces(t *testing.T) {
	query := func(start string) wantRequest {
		return wantRequest{method: "GET", path: "/workspaces", query: "calling=webexCalling&locationId=L&max=100&orgId=O&start=" + start}
	}
	c := talking(t,
		exchange{want: query("0"), file: "workspaces.json"},
		exchange{want: query("1"), body: `{"items":[{"id":"W2","calling":null}]}`},
		exchange{want: query("2"), body: `{"items":[]}`},
	)
	want := []Workspace{{
		ID:         "Y2lzY28zcGFyazovL3VzL1BMQUNFUy81MTAxQjA3Qi00RjhGLTRFRjctQjU2NS1EQjE5QzdCNzIzRjc",
		OrgID:      "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8xZWI2NWZkZi05NjQzLTQxN2YtOTk3NC1hZDcyY2FlMGUxMGY",
		LocationID: "Y2lzY29z...", DisplayName: "SFO-12 Capanina", Type: "notSet", Calling: "hybridCalling",
		Licenses: []string{"Y2lzY29g4..."}, Devices: "collaborationDevices",
		Created: time.Date(2016, 4, 21, 17, 0, 0, 0, time.UTC),
	}, {ID: "W2"}}
	checkEqual(t, want, collect(t, c.ListWorkspaces(t.Context(), WorkspaceFilter{OrgID: "O", LocationID: "L", Calling: "webexCalling"})))
}

// Links of the list of workspaces carry start as its pages do, so that pages are
// fetched side by side, and guesses use the same parameter.
func TestListWorkspacesByLinks(t *testing.T) {
	const total, limit = 7, 2
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		start, err := strconv.Atoi(r.URL.Query().Get("start"))
		if err != nil || r.URL.Query().Has("offset") {
			t.Errorf("query is %s", r.URL.RawQuery)
		}
		ids := []string{}
		for i := start; i < min(start+limit, total); i++ {
			ids = append(ids, fmt.Sprintf(`{"id":"W%d"}`, i))
		}
		if start+limit < total {
			w.Header().Set("Link", fmt.Sprintf(`</v1/workspaces?orgId=O&start=%d>; rel="next"`, start+limit))
		}
		_, _ = io.WriteString(w, `{"items":[`+strings.Join(ids, ",")+`]}`)
	})
	got := collect(t, c.ListWorkspaces(t.Context(), WorkspaceFilter{OrgID: "O"}))
	for i, w := range got {
		if w.ID != "W"+strconv.Itoa(i) {
			t.Errorf("workspace %d is %s", i, w.ID)
		}
	}
	if len(got) != total || c.Stats().Requests > total {
		t.Errorf("%d workspaces with %d requests", len(got), c.Stats().Requests)
	}
}

// The documentation shows the list under subPartners, its schema under items.
func TestListSubPartners(t *testing.T) {
	query := func(offset string) wantRequest {
		return wantRequest{method: "GET", path: "/wholesale/subPartners", query: "max=100&offset=" + offset + "&provisioningState=active"}
	}
	c := talking(t,
		exchange{want: query("0"), file: "subpartners.json"},
		exchange{want: query("2"), body: `{"items":[{"orgId":"O3","provisioningState":"frozen"}]}`},
		exchange{want: query("3"), body: `{"items":[]}`},
	)
	created, start := mustTime("2023-02-16T14:10:18.855Z"), mustTime("2023-02-22T13:43:41.117Z")
	want := []SubPartner{
		{OrgID: sampleOrgID, SubscriptionID: "Sub23452345", State: SubPartnerActive, Created: created, BillingStart: start},
		{
			OrgID:          "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8xNmY5MzE2ZC02OWI0LTQ2MDMtYTQ5YS0zOTIyYzUxMGQ1YWQ",
			SubscriptionID: "Sub23452345", State: SubPartnerActive, Created: created, BillingStart: start,
		},
		{OrgID: "O3", State: "frozen"},
	}
	// It is the partner's own list, whoever the client acts for.
	checkEqual(t, want, collect(t, c.OnBehalfOf("SUB").ListSubPartners(t.Context(), SubPartnerActive)))
}

// Deletes and the consent mail have no body and act on one path segment.
func TestWritesWithoutBody(t *testing.T) {
	tests := []struct {
		method, path string
		query        string
		call         func(c *Client) (Receipt, error)
	}{
		{"DELETE", "/people/X%2FY+", "", func(c *Client) (Receipt, error) { return c.DeletePerson(t.Context(), "X/Y+") }},
		{"DELETE", "/organizations/X%2FY+", "", func(c *Client) (Receipt, error) { return c.DeleteOrganization(t.Context(), "X/Y+") }},
		{"DELETE", "/workspaces/X%2FY+", "", func(c *Client) (Receipt, error) { return c.DeleteWorkspace(t.Context(), "X/Y+") }},
		{"POST", "/subscribers/X%2FY+/emails/consentMove", "onBehalfOfSubPartnerOrgId=SUB", func(c *Client) (Receipt, error) { return c.MailConsent(t.Context(), "X/Y+") }},
	}
	for _, tt := range tests {
		// The sub-partner goes with calls about wholesale objects alone.
		c := talking(t, exchange{want: wantRequest{method: tt.method, path: tt.path, query: tt.query}, status: 204}).OnBehalfOf("SUB")
		receipt, err := tt.call(c)
		if err != nil || receipt.ID != "X/Y+" || receipt.HTTPStatus != 204 || receipt.Attempts != 1 {
			t.Errorf("%s %s: receipt %+v, error %v", tt.method, tt.path, receipt, err)
		}
	}
}

// An empty id must not address the list, or the deletion of something above it.
func TestDeletesNeedAnID(t *testing.T) {
	c := talking(t)
	for _, id := range []string{"", ".", ".."} {
		for name, del := range map[string]func() (Receipt, error){
			"person":       func() (Receipt, error) { return c.DeletePerson(t.Context(), id) },
			"organization": func() (Receipt, error) { return c.DeleteOrganization(t.Context(), id) },
			"workspace":    func() (Receipt, error) { return c.DeleteWorkspace(t.Context(), id) },
			"consent":      func() (Receipt, error) { return c.MailConsent(t.Context(), id) },
		} {
			if _, err := del(); asError(t, err).Class != ClassNotSent {
				t.Errorf("%s %q: error is %v", name, id, err)
			}
		}
	}
}

// The reasons why an organization cannot be deleted come as text without codes.
func TestDeleteOrganizationRefused(t *testing.T) {
	c := talking(t, exchange{
		want: wantRequest{method: "DELETE", path: "/organizations/O"}, status: 409,
		body: `{"message":"Org cannot be deleted as it has more than 1 user.","errors":[{"description":"Org cannot be deleted as it has more than 1 user."}],"trackingId":"T"}`,
	})
	_, err := c.DeleteOrganization(t.Context(), "O")
	if e := asError(t, err); e.Class != ClassConflict || e.Description != "Org cannot be deleted as it has more than 1 user." {
		t.Errorf("error is %+v", e)
	}
}

// Objects without an id are no objects: the answer is not the API's.
func TestObjectsNeedAnID(t *testing.T) {
	for _, body := range []string{`{}`, `{"id":""}`, `[]`, `7`} {
		for name, decode := range map[string]func() error{
			"person":       func() error { _, err := decodePerson([]byte(body)); return err },
			"organization": func() error { _, err := decodeOrganization([]byte(body)); return err },
			"location":     func() error { _, err := decodeLocation([]byte(body)); return err },
			"workspace":    func() error { _, err := decodeWorkspace([]byte(body)); return err },
			"sub-partner":  func() error { _, err := decodeSubPartner([]byte(body)); return err },
		} {
			if decode() == nil {
				t.Errorf("%s is a %s", body, name)
			}
		}
	}
}
