package sandbox

import (
	"strings"
	"testing"
	"time"
)

// accounts is an estate in which every kind of account can be met.
const accounts = `{
	"customers": [{"external_id":"acme","packages":["webex_calling","webex_meetings"],"limits":{"webex_meetings":2}}],
	"subscribers": [{"customer_external_id":"acme","email":"ann@acme.example","package":"webex_meetings"}],
	"organizations": [{"name":"Alone"}, {"name":"Other"}, {"name":"Rival","other_partner":true}, {"name":"Claims","domains":["claimed.example"]}],
	"broadworks_templates": [{"provisioning_id":"t"}, {"provisioning_id":"other"}, {"provisioning_id":"hybrid","broken":2046}, {"provisioning_id":"none","broken":2043}],
	"enterprises": [{"sp_enterprise_id":"ent","provisioning_id":"t"}],
	"broadworks_subscribers": [{"sp_enterprise_id":"ent","user_id":"u1","email":"bea@ent.example","package":"basic","extension":"10"}],
	"people": [
		{"email":"in@ent.example","sp_enterprise_id":"ent"}, {"email":"in@acme.example","customer_external_id":"acme"},
		{"email":"a@free.example","account":"consumer"}, {"email":"b@free.example","account":"consumer"},
		{"email":"a@self.example","account":"self_sign_up"}, {"email":"b@self.example","account":"self_sign_up"},
		{"email":"a@alone.example","organization":"Alone"}, {"email":"b@alone.example","organization":"Alone"},
		{"email":"a@other.example","organization":"Other"}, {"email":"a@rival.example","organization":"Rival"}]
}`

// TestPrecheckOfUsers has every info code, and every error code, of users who are validated; primary is of the customer.
func TestPrecheckOfUsers(t *testing.T) {
	for _, test := range []struct {
		primary, email        string
		wholesale, broadworks int // an info code up to 116, or an error code
	}{
		{"new@x.example", "new@x.example", 101, 100},
		{"a@self.example", "a@self.example", 102, 102},
		{"a@free.example", "a@free.example", 102, 102},
		{"a@alone.example", "a@alone.example", 107, 107},
		{"new@x.example", "y@x.example", 101, 101},
		{"new@x.example", "a@self.example", 105, 105},
		{"new@x.example", "a@free.example", 106, 106},
		{"a@self.example", "b@self.example", 108, 108},
		{"a@free.example", "b@self.example", 108, 108},
		{"a@self.example", "b@free.example", 109, 109},
		{"a@self.example", "y@x.example", 111, 111},
		{"a@alone.example", "y@x.example", 110, 110},
		{"a@alone.example", "b@alone.example", 112, 112},
		{"a@alone.example", "a@self.example", 113, 113},
		{"a@alone.example", "a@free.example", 114, 114},
		{"a@alone.example", "new@consumer.example", 114, 114},
		{"a@alone.example", "a@other.example", 2540, 2540},
		{"a@self.example", "a@other.example", 2540, 2540},
		{"new@x.example", "a@other.example", 2540, 2540},
		{"new@x.example", "a@rival.example", 2018, 2018},
		{"a@rival.example", "y@x.example", 2018, 2018},
		{"new@x.example", "y@claimed.example", 2019, 2019},
		{"new@x.example", "bea@ent.example", 2002, 2002},

		{"ann@acme.example", "y@x.example", 100, 2002}, // the customer is there
		{"ann@acme.example", "a@self.example", 103, 2002},
		{"ann@acme.example", "a@free.example", 104, 2002},
		{"ann@acme.example", "in@acme.example", 115, 2002},
		{"ann@acme.example", "ann@acme.example", 2507, 2002},
		{"ann@acme.example", "a@other.example", 2017, 2002},
		{"in@acme.example", "y@x.example", 100, 2552},
		{"in@ent.example", "y@x.example", 2047, 100}, // the enterprise is there
		{"bea@ent.example", "a@self.example", 2047, 103},
		{"bea@ent.example", "a@free.example", 2047, 104},
		{"bea@ent.example", "in@ent.example", 2047, 115},
		{"bea@ent.example", "bea@ent.example", 2002, 2010},
		{"bea@ent.example", "a@other.example", 2047, 2017},
	} {
		body := ` {"email":"` + test.email + `","customerInfo":{"primaryEmail":"` + test.primary + `"}}`
		for path, want := range map[string]int{"/wholesale/subscribers/validate": test.wholesale, "/broadworks/subscribers/validate": test.broadworks} {
			got := start(t, Options{Seed: strings.NewReader(accounts)}).do("POST", path, body)
			if got.info()+got.code() != want || (got.status == 200) != (want <= 116) {
				t.Errorf("%s %s: %d %v, want %d", path, body, got.status, got.body, want)
			}
		}
	}
}

func TestPrecheckOfBroadWorksUsers(t *testing.T) {
	for name, test := range map[string]struct {
		fields     string
		code, info int
	}{
		"alone":             {``, 0, 100},
		"full":              {`"provisioningId":"t","userId":"u2","spEnterpriseId":"ent","firstName":"A","lastName":"B","package":"basic","extension":"11","language":"x"`, 0, 100},
		"no e-mail":         {`"email":null`, 1001, 0},
		"bad primary":       {`"customerInfo":{"primaryEmail":"x"}`, 1003, 0},
		"bad enterprise":    {`"spEnterpriseId":"a+"`, 1003, 0},
		"bad phone":         {`"primaryPhoneNumber":"x"`, 1003, 0},
		"unknown package":   {`"package":"gold"`, 2005, 0},
		"unknown template":  {`"provisioningId":"x"`, 2013, 0},
		"another template":  {`"provisioningId":"other","spEnterpriseId":"ent"`, 2014, 0},
		"in both models":    {`"spEnterpriseId":"ent+group"`, 2015, 0},
		"no cluster":        {`"provisioningId":"none"`, 2043, 0},
		"user exists":       {`"spEnterpriseId":"ent","userId":"u1"`, 2045, 0},
		"hybrid":            {`"provisioningId":"hybrid"`, 2046, 0},
		"two enterprises":   {`"spEnterpriseId":"fresh","customerInfo":{"primaryEmail":"bea@ent.example"}`, 2540, 0},
		"extension in use":  {`"spEnterpriseId":"ent","extension":"10"`, 2574, 0},
		"of the enterprise": {`"spEnterpriseId":"ent","email":"in@ent.example"`, 0, 115},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{Seed: strings.NewReader(accounts)})
			got := c.do("POST", "/broadworks/subscribers/validate", merge(`{"email":"y@x.example"}`, test.fields))
			if got.code() != test.code || got.info() != test.info {
				t.Errorf("got %v, want %d %d", got.body, test.code, test.info)
			}
		})
	}
	c := start(t, Options{Seed: strings.NewReader(`{"broadworks_templates":[{"provisioning_id":"t","broken":2043}]}`)})
	if got := c.want(403, "POST", `/broadworks/subscribers/validate {"email":"y@x.example"}`); got.code() != 2043 {
		t.Errorf("without any cluster: %d, want 2043", got.code())
	}
}

func TestPrecheckOfCustomers(t *testing.T) {
	for email, want := range map[string]int{"new@x.example": 100, "a@free.example": 102, "a@self.example": 102, "a@alone.example": 107,
		"a@rival.example": 2018, "in@acme.example": 2540, "in@ent.example": 2047} {
		c := start(t, Options{Seed: strings.NewReader(accounts)})
		got := c.do("POST", "/wholesale/customers/validate", customerBody(`"customerInfo":{"name":"X","primaryEmail":"`+email+`"}`))
		if got.info()+got.code() != want {
			t.Errorf("%s: %v, want %d", email, got.body, want)
		}
	}
}

func TestPrecheckInfoAsAnObject(t *testing.T) {
	c := start(t, Options{PrecheckObject: true})
	got := c.want(200, "POST", `/broadworks/subscribers/validate {"email":"y@x.example"}`)
	if info, _ := got.body["info"].(map[string]any); info["infoCode"] != 100.0 {
		t.Errorf("got %v", got.body)
	}
}

func TestSubPartnersUnderTheirOwnKey(t *testing.T) {
	c := start(t, Options{SubPartnersKey: true, Seed: strings.NewReader(`{"sub_partners":[{"org_id":"on"}]}`)})
	got := c.want(200, "GET", "/wholesale/subPartners")
	if list, _ := got.body["subPartners"].([]any); len(list) != 1 || got.body["items"] != nil {
		t.Errorf("got %v", got.body)
	}
}

func TestConsumerAccountsMoveToTheCustomer(t *testing.T) {
	c := startClocked(t, Options{Seed: strings.NewReader(accounts), PeopleDelay: time.Hour})
	org := c.orgID("acme")
	got := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"a@self.example"`))
	if person := c.want(200, "GET", "/people/"+got.text("personId")); person.text("orgId") != org {
		t.Errorf("moved to %q, want %q", person.text("orgId"), org)
	}
	c.want(202, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"a@free.example","provisioningParameters":{"extension":"2002"}`))
	if got := c.want(200, "GET", "/people?email=a@free.example").items(); len(got) != 0 {
		t.Errorf("seen before the consent: %v", got)
	}
	c.now = c.now.Add(time.Hour)
	free := c.want(200, "GET", "/wholesale/subscribers?email=a@free.example").items()[0]
	if free["status"] != "provisioned" {
		t.Errorf("after the consent: %v", free)
	}
	if got := c.want(200, "GET", "/people?email=a@free.example&orgId="+org).items(); len(got) != 1 || got[0]["id"] != free["personId"] {
		t.Errorf("after the consent: %v", got)
	}
}

func TestLimitsOfPackages(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(accounts)})
	meetings := func(name string) string {
		return "/wholesale/subscribers " + c.subscriberBody("acme", `"email":"`+name+`@acme.example","packages":["webex_meetings"],"provisioningParameters":{}`)
	}
	second := c.want(200, "POST", meetings("second"))
	if got := c.want(400, "POST", meetings("third")); got.code() != 2561 {
		t.Errorf("above the limit: %d, want 2561", got.code())
	}
	c.want(200, "PUT", "/wholesale/subscribers/"+second.text("id")+` {"packages":["webex_meetings"]}`)
	calls := c.want(200, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"calls@acme.example"`))
	if got := c.want(400, "PUT", "/wholesale/subscribers/"+calls.text("id")+` {"packages":["webex_meetings"]}`); got.code() != 2561 {
		t.Errorf("moved above the limit: %d, want 2561", got.code())
	}
	limit := func(limits string) string {
		return "/wholesale/customers/" + c.customerID("acme") + ` {"packages":["webex_calling","webex_meetings"],"provisioningParameters":{"packages":{"limits":` + limits + `}}}`
	}
	for _, bad := range []string{`{"gold":1}`, `{"webex_meetings":-1}`, `{"cisco_calling_plan":1}`} {
		if got := c.want(400, "PUT", limit(bad)); got.code() != 2579 {
			t.Errorf("%s: %d, want 2579", bad, got.code())
		}
	}
	if got := c.want(400, "PUT", limit(`{"webex_meetings":1.5}`)); got.code() != 1003 {
		t.Errorf("half a seat: %d, want 1003", got.code())
	}
	c.want(202, "PUT", limit(`{"webex_meetings":3}`))
	c.want(200, "POST", meetings("third"))
	if got := c.state().Customers[0].Limits["webex_meetings"]; got != 3 {
		t.Errorf("limit %d in the state, want 3", got)
	}
}

func TestPeopleCanKeepACustomer(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(accounts), PeopleBlock: true})
	c.want(204, "DELETE", "/wholesale/subscribers/"+c.subscriberID("ann@acme.example"))
	if got := c.want(409, "DELETE", "/wholesale/customers/"+c.customerID("acme")); got.code() != 2514 {
		t.Errorf("with people left: %d, want 2514", got.code())
	}
	for _, email := range []string{"ann@acme.example", "in@acme.example"} {
		c.want(204, "DELETE", "/people/"+c.personID(email))
	}
	c.want(202, "DELETE", "/wholesale/customers/"+c.customerID("acme"))
}
