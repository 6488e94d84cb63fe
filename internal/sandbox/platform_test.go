package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// platform is an estate for what the two APIs share.
const platform = `{
	"customers": [{"external_id":"acme","packages":["webex_calling"],"workspaces":3}, {"external_id":"spare","packages":["common_area_calling"],"workspaces":1}],
	"locations": [
		{"customer_external_id":"acme","name":"Main street","address":{"line1":"1","city":"Rome","country":"IT"}},
		{"customer_external_id":"acme","name":"Harbour","address":{"line1":"2","city":"Rome","country":"IT"}}],
	"subscribers": [
		{"customer_external_id":"acme","email":"ann@acme.example","package":"webex_calling","first_name":"Ann","last_name":"Lee","phone":"+12402000001","extension":"1001","location":"Harbour"},
		{"customer_external_id":"acme","email":"bob@acme.example","package":"webex_calling","extension":"1002"}],
	"organizations": [{"name":"Alone"}, {"name":"Rival's","other_partner":true},
		{"name":"Linked","managed":true,"linked_sites":true}, {"name":"AD","managed":true,"directory":true}, {"name":"Two","managed":true},
		{"name":"Empty","managed":true}],
	"enterprises": [{"sp_enterprise_id":"synced","directory_sync":true}, {"sp_enterprise_id":"used"}],
	"broadworks_subscribers": [{"sp_enterprise_id":"used","user_id":"u1","email":"u1@used.example","package":"basic","phone":"+12402000003"}],
	"people": [{"email":"al@alone.example","organization":"Alone"},
		{"email":"a@two.example","organization":"Two"}, {"email":"b@two.example","organization":"Two"}, {"email":"a@empty.example","organization":"Empty"}]
}`

func startPlatform(t *testing.T, o Options) *clocked {
	t.Helper()
	o.Seed = strings.NewReader(platform)
	return startClocked(t, o)
}

// orgID finds an organization by its name.
func (c *client) orgID(name string) string {
	c.t.Helper()
	for _, o := range c.want(200, "GET", "/organizations").items() {
		if o["displayName"] == name {
			return o["id"].(string)
		}
	}
	c.t.Fatalf("organization %q not found", name)
	return ""
}

func TestListPeople(t *testing.T) {
	c := startPlatform(t, Options{})
	acme := c.orgID("acme")
	got := c.want(200, "GET", "/people?orgId="+acme+"&max=1")
	if len(got.items()) != 1 || got.items()[0]["phoneNumbers"] != nil || !strings.Contains(got.header.Get("Link"), "cursor=1") {
		t.Errorf("first page: %v, Link %q", got.body, got.header.Get("Link"))
	}
	next := strings.TrimPrefix(strings.TrimSuffix(got.header.Get("Link"), `>; rel="next"`), "<http://sandbox.test/v1")
	second := c.want(200, "GET", next)
	if len(second.items()) != 1 || second.items()[0]["emails"].([]any)[0] != "bob@acme.example" || second.header.Get("Link") != "" {
		t.Errorf("second page: %v, Link %q", second.body, second.header.Get("Link"))
	}
	ann := c.want(200, "GET", "/people?callingData=true&orgId="+acme+"&displayName=ann").items()
	if len(ann) != 1 || ann[0]["extension"] != "1001" || len(ann[0]["phoneNumbers"].([]any)) != 2 || ann[0]["locationId"] == "" {
		t.Errorf("with calling data: %v", ann)
	}
	if got := c.want(200, "GET", "/people?orgId="+acme+"&locationId="+ann[0]["locationId"].(string)).items(); len(got) != 1 || got[0]["id"] != ann[0]["id"] {
		t.Errorf("by location: %v", got)
	}
	one := c.want(200, "GET", "/people/"+ann[0]["id"].(string)+"?callingData=true")
	if one.text("extension") != "1001" || one.text("orgId") != acme {
		t.Errorf("one: %v", one.body)
	}
	for _, hidden := range []string{"al@alone.example", "nobody@x.example"} {
		if got := c.want(200, "GET", "/people?email="+hidden).items(); len(got) != 0 {
			t.Errorf("%s: %v", hidden, got)
		}
	}
	c.want(404, "GET", "/people/none")
	c.want(404, "GET", "/people?orgId=none")
	if got := c.want(400, "GET", "/people?max=0"); got.code() != 1004 {
		t.Errorf("max=0: %d, want 1004", got.code())
	}
}

func TestPeoplePagesHaveCaps(t *testing.T) {
	var people []string
	for i := range 120 {
		people = append(people, `{"email":"p`+strings.Repeat("x", i)+`@b.example","customer_external_id":"a"}`)
	}
	c := start(t, Options{Seed: strings.NewReader(`{"customers":[{"external_id":"a","packages":["webex_meetings"]}],"people":[` + strings.Join(people, ",") + `]}`)})
	org := c.orgID("a")
	for query, want := range map[string]int{"": 100, "&max=110": 110, "&max=110&callingData=true": 100, "&max=90&callingData=true": 90} {
		if got := len(c.want(200, "GET", "/people?orgId="+org+query).items()); got != want {
			t.Errorf("%q: %d people, want %d", query, got, want)
		}
	}
	var callers []string
	for i := range 60 {
		callers = append(callers, fmt.Sprintf(`{"email":"c%d@a.example","extension":"%d"}`, i, 100+i))
	}
	c = start(t, Options{Seed: strings.NewReader(seedWith(strings.Join(callers, ",")))})
	org = c.orgID("a")
	where := c.want(200, "GET", "/locations?orgId="+org).items()[0]["id"].(string)
	if got := len(c.want(200, "GET", "/people?max=100&locationId="+where+"&orgId="+org).items()); got != 50 {
		t.Errorf("of a location: %d people, want 50", got)
	}
}

func TestListLocationsAndWorkspaces(t *testing.T) {
	c := startPlatform(t, Options{})
	acme := c.orgID("acme")
	if got := c.want(200, "GET", "/locations?name=STREET&orgId="+acme).items(); len(got) != 1 || got[0]["name"] != "Main street" {
		t.Errorf("by a part of the name: %v", got)
	}
	got := c.want(200, "GET", "/locations?max=1&orgId="+acme)
	if len(got.items()) != 1 || got.header.Get("Link") == "" {
		t.Errorf("first page: %v, Link %q", got.body, got.header.Get("Link"))
	}
	if found := c.want(200, "GET", "/locations?orgId="+acme+"&id="+got.items()[0]["id"].(string)).items(); len(found) != 1 {
		t.Errorf("by id: %v", found)
	}
	rooms := c.want(200, "GET", "/workspaces?max=2&orgId="+acme)
	if len(rooms.items()) != 2 || !strings.Contains(rooms.header.Get("Link"), "start=2") {
		t.Errorf("first page: %v, Link %q", rooms.body, rooms.header.Get("Link"))
	}
	if got := c.want(200, "GET", "/workspaces?start=2&orgId="+acme).items(); len(got) != 1 {
		t.Errorf("from the third on: %v", got)
	}
	c.want(404, "DELETE", "/workspaces/none")
}

// TestCustomerGoesAfterItsPeopleAndRooms is the order of a teardown.
func TestCustomerGoesAfterItsPeopleAndRooms(t *testing.T) {
	c := startPlatform(t, Options{})
	id, org := c.customerID("acme"), c.orgID("acme")
	refusedWith := func(want int) {
		t.Helper()
		if got := c.want(409, "DELETE", "/wholesale/customers/"+id); got.code() != want {
			t.Errorf("%d, want %d", got.code(), want)
		}
	}
	refusedWith(2514)
	for _, sub := range c.want(200, "GET", "/wholesale/subscribers?externalCustomerId=acme").items() {
		c.want(204, "DELETE", "/wholesale/subscribers/"+sub["id"].(string))
	}
	refusedWith(2513)
	for _, room := range c.want(200, "GET", "/workspaces?orgId="+org).items() {
		c.want(204, "DELETE", "/workspaces/"+room["id"].(string))
	}
	c.want(202, "DELETE", "/wholesale/customers/"+id)
}

func TestPackageOfRoomsStays(t *testing.T) {
	c := startPlatform(t, Options{})
	id, org := c.customerID("spare"), c.orgID("spare")
	c.want(202, "PUT", `/wholesale/customers/`+id+` {"packages":["common_area_calling","webex_meetings"]}`)
	if got := c.want(409, "PUT", `/wholesale/customers/`+id+` {"packages":["webex_meetings"]}`); got.code() != 2520 {
		t.Errorf("with a room: %d, want 2520", got.code())
	}
	c.want(204, "DELETE", "/workspaces/"+c.want(200, "GET", "/workspaces?orgId="+org).items()[0]["id"].(string))
	c.want(202, "PUT", `/wholesale/customers/`+id+` {"packages":["webex_meetings"]}`)
}

func TestRemoveOrganization(t *testing.T) {
	c := startPlatform(t, Options{ProvisionDelay: time.Minute})
	for name, reason := range map[string]string{"acme": "active subscriptions", "used": "active subscriptions", "Linked": "linked sites",
		"AD": "directory", "synced": "directory", "Two": "more than 1 user"} {
		got := c.want(409, "DELETE", "/organizations/"+c.orgID(name))
		if got.code() != 0 || !strings.Contains(got.text("message"), reason) {
			t.Errorf("%s: %v, want %q", name, got.body, reason)
		}
	}
	me := c.want(200, "GET", "/people/me")
	c.want(403, "DELETE", "/organizations/"+me.text("orgId"))
	c.want(404, "DELETE", "/organizations/none")

	path, person := "/organizations/"+c.orgID("Empty"), c.personID("a@empty.example")
	c.want(204, "DELETE", path)
	c.want(200, "GET", path)
	c.now = c.now.Add(time.Minute)
	c.want(404, "GET", path)
	c.want(404, "GET", "/people/"+person)
}

func TestBroadWorksOrganizationGoesWithItsEnterprise(t *testing.T) {
	c := startPlatform(t, Options{})
	path, person := "/organizations/"+c.orgID("used"), c.personID("u1@used.example")
	c.want(204, "DELETE", "/people/"+person)
	c.want(204, "DELETE", path)
	if got := c.want(200, "GET", "/broadworks/enterprises?spEnterpriseId=used").items(); len(got) != 0 {
		t.Errorf("enterprise still there: %v", got)
	}
}

func TestAccessToCustomersIsTemporary(t *testing.T) {
	c := startPlatform(t, Options{AccessDelay: 5 * time.Second, AccessLife: time.Hour})
	acme := c.orgID("acme")
	tries := func(want int) {
		t.Helper()
		for _, path := range []string{"/people?orgId=" + acme, "/people?email=ann@acme.example", "/locations?orgId=" + acme, "/workspaces?orgId=" + acme} {
			if got := c.want(want, "GET", path); want == 403 && got.code() != 0 {
				t.Errorf("%s: code %d", path, got.code())
			}
		}
	}
	c.want(200, "GET", "/people") // its own organization is open
	tries(403)
	c.want(200, "GET", "/organizations/"+acme)
	c.now = c.now.Add(4 * time.Second)
	c.want(200, "GET", "/organizations/"+acme) // does not begin anew
	tries(403)
	c.now = c.now.Add(time.Second)
	tries(200)
	c.now = c.now.Add(59 * time.Minute)
	c.want(200, "GET", "/organizations/"+acme) // lengthens it
	c.now = c.now.Add(59 * time.Minute)
	tries(200)
	person := c.personID("ann@acme.example")
	room := c.want(200, "GET", "/workspaces?orgId="+acme).items()[0]["id"].(string)
	c.now = c.now.Add(2 * time.Minute)
	tries(403)
	c.want(403, "GET", "/people/"+person)
	c.want(403, "DELETE", "/people/"+person)
	c.want(403, "DELETE", "/workspaces/"+room)
	c.want(403, "DELETE", "/organizations/"+acme)
	c.want(200, "GET", "/organizations/"+acme)
	tries(403)
	c.now = c.now.Add(5 * time.Second)
	tries(200)
	c.want(204, "DELETE", "/people/"+person)
}

func TestTokenDoesNotCoverWhatIsYounger(t *testing.T) {
	c := startPlatform(t, Options{StaleTokens: true})
	body := c.subscriberBody("acme", `"provisioningParameters":{"extension":"2001","locationId":"`+
		c.want(200, "GET", "/locations?orgId="+c.orgID("acme")).items()[0]["id"].(string)+`"}`)
	c.now = c.now.Add(time.Hour)
	c.want(200, "POST", "/wholesale/subscribers "+body)
	person := "/people/" + c.personID("new@acme.example")
	if got := c.want(403, "DELETE", person); got.code() != 0 {
		t.Errorf("code %d", got.code())
	}
	c.want(204, "DELETE", "/people/"+c.personID("ann@acme.example")) // older than the token
	fresh := c.refresh(nil, false)
	c.now = c.now.Add(23 * time.Hour)
	c.want(403, "DELETE", person)
	old := c.token
	c.token = fresh.text("access_token")
	c.want(200, "GET", person)
	c.token, c.now = old, c.now.Add(time.Hour)
	c.want(204, "DELETE", person) // a day old: any token will do
	c.want(200, "POST", "/wholesale/subscribers "+body)
	c.now = c.now.Add(time.Second)
	c.token = c.refresh(nil, false).text("access_token")
	c.want(204, "DELETE", "/people/"+c.personID("new@acme.example"))
}
