package sandbox

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// small is an estate for the rules of subscribers.
const small = `{
	"calling_users": ["has.calling@acme.example"],
	"customers": [
		{"external_id":"acme","packages":["webex_calling","webex_meetings"]},
		{"external_id":"other","packages":["webex_calling","webex_meetings"]},
		{"external_id":"two","packages":["webex_calling"]},
		{"external_id":"busy","packages":["webex_calling"],"status":"updating"},
		{"external_id":"broken","packages":["webex_calling","webex_meetings"],"status":"provisioned_with_errors"}],
	"locations": [
		{"customer_external_id":"two","name":"North","address":{"line1":"1 North","city":"Rome","country":"IT"}},
		{"customer_external_id":"two","name":"South","address":{"line1":"1 South","city":"Rome","country":"IT"}}],
	"subscribers": [
		{"customer_external_id":"acme","email":"ann@acme.example","package":"webex_calling","phone":"+12402000001","extension":"1001"},
		{"customer_external_id":"acme","email":"bob@acme.example","package":"webex_meetings"},
		{"customer_external_id":"acme","email":"cid@acme.example","package":"webex_meetings","status":"pending_user_migration"},
		{"customer_external_id":"other","email":"olga@other.example","package":"webex_calling","extension":"1001"}]
}`

func startSmall(t *testing.T) *client {
	t.Helper()
	return start(t, Options{Seed: strings.NewReader(small)})
}

// subscriberBody is a valid provisioning request under a customer, with some of its fields replaced.
func (c *client) subscriberBody(customer, fields string) string {
	id := c.customerID(customer)
	return merge(`{"customerId":"`+id+`","email":"new@acme.example","packages":["webex_calling"],"provisioningParameters":{"extension":"2001"}}`, fields)
}

func TestProvisionSubscriberRules(t *testing.T) {
	with := func(parameters string) string { return `"provisioningParameters":{` + parameters + `}` }
	for name, test := range map[string]struct {
		customer, fields string
		status, code     int
		field            string
	}{
		"extension only":            {"acme", ``, 200, 0, ""},
		"phone only":                {"acme", with(`"primaryPhoneNumber":"+12402000002"`), 200, 0, ""},
		"meetings need no number":   {"acme", `"packages":["webex_meetings"],"provisioningParameters":{}`, 200, 0, ""},
		"single package":            {"acme", `"packages":null,"package":"webex_calling"`, 200, 0, ""},
		"no customer":               {"acme", `"customerId":null`, 400, 1001, "customerId"},
		"unknown customer":          {"acme", `"customerId":"x"`, 404, 2541, ""},
		"no email":                  {"acme", `"email":null`, 400, 1001, "email"},
		"bad email":                 {"acme", `"email":"a@b@c"`, 400, 1003, "email"},
		"long email":                {"acme", `"email":"` + strings.Repeat("a", 160) + `@b.example"`, 400, 1002, "email"},
		"no parameters":             {"acme", `"provisioningParameters":null`, 400, 1001, "provisioningParameters"},
		"no package":                {"acme", `"packages":null`, 400, 1001, "packages"},
		"both":                      {"acme", `"package":"webex_calling"`, 400, 1003, "packages"},
		"two packages":              {"acme", `"packages":["webex_calling","webex_meetings"]`, 400, 1002, "packages"},
		"unknown package":           {"acme", `"packages":["gold"]`, 400, 2005, ""},
		"too new for package":       {"acme", `"packages":null,"package":"attendant_console"`, 400, 2005, ""},
		"not the customer's":        {"acme", `"packages":["webex_suite"]`, 409, 2506, ""},
		"customer is busy":          {"busy", ``, 409, 2504, ""},
		"package failed":            {"broken", `"packages":["webex_meetings"]`, 409, 2506, ""},
		"package did not fail":      {"broken", ``, 200, 0, ""},
		"no number":                 {"acme", with(``), 400, 1001, "provisioningParameters.primaryPhoneNumber"},
		"has calling already":       {"acme", `"email":"Has.Calling@acme.example",` + with(``), 200, 0, ""},
		"phone with separators":     {"acme", with(`"primaryPhoneNumber":"+1-240-200-0003"`), 200, 0, ""},
		"phone is none":             {"acme", with(`"primaryPhoneNumber":"call me"`), 400, 2522, ""},
		"phone without plus":        {"acme", with(`"primaryPhoneNumber":"2402000002"`), 400, 2522, ""},
		"toll free":                 {"acme", with(`"primaryPhoneNumber":"+18005550100"`), 400, 2577, ""},
		"phone in use":              {"acme", with(`"primaryPhoneNumber":"+1 (240) 200-0001"`), 409, 2573, ""},
		"extension in use":          {"acme", with(`"extension":"1001"`), 409, 2574, ""},
		"extension is no number":    {"acme", with(`"extension":"12a"`), 400, 2576, ""},
		"extension too short":       {"acme", with(`"extension":"1"`), 409, 2523, ""},
		"extension reserved":        {"acme", with(`"extension":"911"`), 400, 2553, ""},
		"two locations":             {"two", ``, 400, 2518, ""},
		"unknown location":          {"acme", with(`"extension":"2001","locationId":"x"`), 400, 2517, ""},
		"exists":                    {"acme", `"email":"ANN@acme.example"`, 409, 2507, ""},
		"exists under another":      {"acme", `"email":"olga@other.example"`, 409, 2002, ""},
		"number where text belongs": {"acme", with(`"extension":2001`), 400, 1003, "provisioningParameters.extension"},
	} {
		t.Run(name, func(t *testing.T) {
			c := startSmall(t)
			got := c.do("POST", "/wholesale/subscribers", c.subscriberBody(test.customer, test.fields))
			if got.status != test.status || got.code() != test.code || got.field() != test.field {
				t.Errorf("got %d %d %q, want %d %d %q: %v", got.status, got.code(), got.field(), test.status, test.code, test.field, got.body)
			}
		})
	}
}

func TestProvisionedSubscriber(t *testing.T) {
	c := startSmall(t)
	got := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", ``))
	if want := "http://sandbox.test/v1/wholesale/subscribers/" + got.text("id"); got.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", got.header.Get("Location"), want)
	}
	again := c.want(200, "GET", "/wholesale/subscribers/"+got.text("id"))
	if diff := cmp.Diff(got.body, again.body); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"status": "provisioned", "package": "webex_calling", "email": "new@acme.example",
		"externalCustomerId": "acme", "customerId": c.customerID("acme")} {
		if got.text(name) != want {
			t.Errorf("%s %q, want %q", name, got.text(name), want)
		}
	}
	if got.text("personId") == "" {
		t.Error("no personId")
	}
}

func TestConsumerWaitsForConsent(t *testing.T) {
	c := startSmall(t)
	got := c.want(202, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"free@consumer.example"`))
	if got.text("status") != "pending_user_migration" || got.text("personId") != "" {
		t.Errorf("got %v", got.body)
	}
	c.want(204, "POST", "/subscribers/"+got.text("id")+"/emails/consentMove")
	if got := c.want(409, "POST", "/subscribers/"+c.subscriberID("ann@acme.example")+"/emails/consentMove"); got.code() != 2020 {
		t.Errorf("for a provisioned one: %d, want 2020", got.code())
	}
}

func TestUpdateSubscriberRules(t *testing.T) {
	for name, test := range map[string]struct {
		email, body  string
		status, code int
	}{
		"calling to meetings":    {"ann@acme.example", `{"packages":["webex_meetings"]}`, 200, 0},
		"the same":               {"ann@acme.example", `{"package":"webex_calling"}`, 200, 0},
		"meetings to calling":    {"bob@acme.example", `{"package":"webex_calling","provisioningParameters":{"extension":"2002"}}`, 200, 0},
		"without a number":       {"bob@acme.example", `{"package":"webex_calling"}`, 400, 1001},
		"extension in use":       {"bob@acme.example", `{"package":"webex_calling","provisioningParameters":{"extension":"1001"}}`, 409, 2574},
		"number on another move": {"ann@acme.example", `{"packages":["webex_meetings"],"provisioningParameters":{"extension":"2002"}}`, 400, 1003},
		"neither":                {"ann@acme.example", `{}`, 400, 1001},
		"both":                   {"ann@acme.example", `{"package":"webex_calling","packages":["webex_calling"]}`, 400, 1003},
		"not the customer's":     {"ann@acme.example", `{"package":"webex_suite"}`, 409, 2506},
		"waits for consent":      {"cid@acme.example", `{"package":"webex_calling"}`, 409, 2027},
	} {
		t.Run(name, func(t *testing.T) {
			c := startSmall(t)
			got := c.do("PUT", "/wholesale/subscribers/"+c.subscriberID(test.email), test.body)
			if got.status != test.status || got.code() != test.code {
				t.Errorf("got %d %d, want %d %d: %v", got.status, got.code(), test.status, test.code, got.body)
			}
		})
	}
	if got := startSmall(t).want(404, "PUT", `/wholesale/subscribers/none {"package":"webex_calling"}`); got.code() != 2001 {
		t.Errorf("unknown: %d, want 2001", got.code())
	}
}

func TestNumbersAreFreedWithTheirHolder(t *testing.T) {
	for name, release := range map[string]func(c *client, id string){
		"removed": func(c *client, id string) { c.want(204, "DELETE", "/wholesale/subscribers/"+id) },
		"to meetings": func(c *client, id string) {
			c.want(200, "PUT", `/wholesale/subscribers/`+id+` {"package":"webex_meetings"}`)
		},
		"person erased": func(c *client, id string) { c.want(204, "DELETE", "/people/"+c.personID("ann@acme.example")) },
	} {
		t.Run(name, func(t *testing.T) {
			c := startSmall(t)
			body := c.subscriberBody("acme", `"provisioningParameters":{"primaryPhoneNumber":"+12402000001","extension":"1001"}`)
			if got := c.want(409, "POST", "/wholesale/subscribers "+body); got.code() != 2573 {
				t.Fatalf("while held: %d, want 2573", got.code())
			}
			release(c, c.subscriberID("ann@acme.example"))
			c.want(200, "POST", "/wholesale/subscribers "+body)
		})
	}
}

func (c *client) personID(email string) string {
	c.t.Helper()
	items := c.want(200, "GET", "/people?email="+email).items()
	if len(items) != 1 {
		c.t.Fatalf("person %q: %d found", email, len(items))
	}
	return items[0]["id"].(string)
}

func TestPersonStaysAfterSoftDelete(t *testing.T) {
	c := startSmall(t)
	person := c.personID("ann@acme.example")
	c.want(204, "DELETE", "/wholesale/subscribers/"+c.subscriberID("ann@acme.example"))
	elsewhere := c.subscriberBody("other", `"email":"ann@acme.example","provisioningParameters":{"extension":"2002"}`)
	if got := c.want(409, "POST", "/wholesale/subscribers "+elsewhere); got.code() != 2017 {
		t.Errorf("elsewhere: %d, want 2017", got.code())
	}
	back := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"ann@acme.example"`))
	if back.text("personId") != person {
		t.Errorf("personId %q, want %q again", back.text("personId"), person)
	}
	c.want(204, "DELETE", "/wholesale/subscribers/"+back.text("id"))
	c.want(204, "DELETE", "/people/"+person)
	c.want(404, "DELETE", "/people/"+person)
	c.want(200, "POST", "/wholesale/subscribers "+elsewhere)
}

func TestAsyncSubscribers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, Options{Seed: strings.NewReader(small), AsyncSubscribers: true, ProvisionDelay: time.Minute, Now: func() time.Time { return now }})
	made := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", ``))
	path := "/wholesale/subscribers/" + made.text("id")
	if made.text("status") != "provisioning" || made.text("personId") != "" {
		t.Errorf("at first: %v", made.body)
	}
	if got := c.want(400, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", ``)); got.code() != 2008 {
		t.Errorf("the same again: %d, want 2008", got.code())
	}
	if got := c.want(409, "DELETE", path); got.code() != 2020 {
		t.Errorf("delete: %d, want 2020", got.code())
	}
	now = now.Add(time.Minute)
	done := c.want(200, "GET", path)
	if done.text("status") != "provisioned" || done.text("personId") == "" || done.text("lastStatusChange") != "2026-03-01T12:01:00.000Z" {
		t.Errorf("then: %v", done.body)
	}
	if got := c.want(200, "PUT", path+` {"package":"webex_meetings"}`); got.text("status") != "updating" || got.text("package") != "webex_calling" {
		t.Errorf("update: %v", got.body)
	}
	now = now.Add(time.Minute)
	if got := c.want(200, "GET", path); got.text("status") != "provisioned" || got.text("package") != "webex_meetings" {
		t.Errorf("updated: %v", got.body)
	}
}

func TestListSubscribers(t *testing.T) {
	c := startSmall(t)
	acme, ann := c.customerID("acme"), c.personID("ann@acme.example")
	for query, want := range map[string]string{
		"":                          "ann bob cid olga",
		"externalCustomerId=acme":   "ann bob cid",
		"customerId=" + acme:        "ann bob cid",
		"customerId=unknown":        "",
		"externalCustomerId=nobody": "",
		"email=BOB@acme.example":    "bob",
		"email=bob@acme.example&customerId=" + c.customerID("other"): "",
		"personId=" + ann:                             "ann",
		"status=pending_user_migration":               "cid",
		"status=provisioned,error":                    "ann bob olga",
		"sortOrder=DESC":                              "olga cid bob ann",
		"sortOrder=DESC&max=2&offset=1":               "cid bob",
		"sortBy=lastStatusChange&max=1":               "ann",
		"after=2026-01-05T09:00:02Z":                  "cid olga",
		"lastStatusChange=1767603603000":              "olga",
		"page=2":                                      "ann bob cid olga",
		"offset=3":                                    "olga",
		"offset=99":                                   "",
		"externalCustomerId=other&customerId=" + acme: "",
	} {
		var got []string
		for _, item := range c.want(200, "GET", "/wholesale/subscribers?"+query).items() {
			name, _, _ := strings.Cut(item["email"].(string), "@")
			got = append(got, name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"max=0", "max=x", "offset=-1", "sortBy=userCreationTimestamp", "sortOrder=asc", "status=happy", "after=soon", "lastStatusChange=x"} {
		if got := c.want(400, "GET", "/wholesale/subscribers?"+query); got.code() != 1004 {
			t.Errorf("%s: %d, want 1004", query, got.code())
		}
	}
}

func TestSameEmailTwice(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(`{"customers":[{"external_id":"a","packages":["webex_calling","webex_meetings"]}],"subscribers":[
		{"customer_external_id":"a","email":"x@a.example","package":"webex_meetings"},
		{"customer_external_id":"a","email":"x@a.example","package":"webex_calling","extension":"100"}]}`)})
	got := c.want(200, "GET", "/wholesale/subscribers?email="+url.QueryEscape("x@a.example")).items()
	if len(got) != 2 || got[0]["id"] == got[1]["id"] || got[0]["personId"] != got[1]["personId"] {
		t.Errorf("got %v", got)
	}
}

func TestValidateSubscriber(t *testing.T) {
	for name, test := range map[string]struct {
		fields             string
		status, code, info int
	}{
		"minimal":            {`"packages":null,"provisioningParameters":null`, 200, 0, 100},
		"full":               {`"provisioningId":"demo-template"`, 200, 0, 100},
		"no e-mail":          {`"email":null`, 400, 1001, 0},
		"no customer yet":    {`"customerId":null`, 200, 0, 101},
		"by a colleague":     {`"customerId":null,"customerInfo":{"primaryEmail":"ann@acme.example"}`, 200, 0, 100},
		"consumer":           {`"email":"free@consumer.example"`, 200, 0, 104},
		"unknown customer":   {`"customerId":"x"`, 404, 2541, 0},
		"unknown template":   {`"provisioningId":"x"`, 404, 5003, 0},
		"subscribed already": {`"email":"ann@acme.example"`, 409, 2507, 0},
		"extension in use":   {`"provisioningParameters":{"extension":"1001"}`, 409, 2574, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := startSmall(t)
			got := c.do("POST", "/wholesale/subscribers/validate", c.subscriberBody("acme", test.fields))
			if got.status != test.status || got.code() != test.code || got.info() != test.info {
				t.Errorf("got %d %d %d, want %d %d %d", got.status, got.code(), got.info(), test.status, test.code, test.info)
			}
		})
	}
}
