package sandbox

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// broad is an estate for the rules of the BroadWorks API.
const broad = `{
	"provisioning_ids": ["demo-template", "wholesale-template"],
	"calling_users": ["has.calling@new.example"],
	"customers": [{"external_id":"acme","packages":["webex_calling"]}],
	"subscribers": [{"customer_external_id":"acme","email":"ann@acme.example","package":"webex_calling","phone":"+12402000001","extension":"1001"}],
	"organizations": [
		{"name":"Rival's customer","other_partner":true},
		{"name":"Alone"}, {"name":"No admin","without_admin":true}, {"name":"Overseas","region":"EU"},
		{"name":"Claims","domains":["claimed.example"]}],
	"broadworks_templates": [
		{"provisioning_id":"trusted"}, {"provisioning_id":"other"},
		{"provisioning_id":"untrusted","email":"untrusted"}, {"provisioning_id":"self","email":"self_activation"},
		{"provisioning_id":"no-cluster","broken":2043}, {"provisioning_id":"no-license","broken":3001},
		{"provisioning_id":"bad-idp","broken":5002}, {"provisioning_id":"bad-mail","broken":4001}],
	"enterprises": [
		{"sp_enterprise_id":"ent","provisioning_id":"trusted"},
		{"sp_enterprise_id":"sp+group","provisioning_id":"trusted"},
		{"sp_enterprise_id":"open","provisioning_id":"untrusted"}],
	"broadworks_subscribers": [
		{"sp_enterprise_id":"ent","user_id":"u1@sp.example","email":"bea@ent.example","package":"standard","first_name":"Bea","last_name":"Lee","phone":"+1-240-200-0002","extension":"2002"},
		{"sp_enterprise_id":"ent","user_id":"u2@sp.example","email":"ben@ent.example","package":"basic","first_name":"Ben","last_name":"Roe","mobile":"+12402000099","extension":"2003","self_activated":true},
		{"sp_enterprise_id":"sp+group","user_id":"u3@sp.example","email":"cat@group.example","package":"softphone","first_name":"Cat","last_name":"Ode","extension":"2002"},
		{"sp_enterprise_id":"ent","user_id":"u4@sp.example","email":"dan@home.example","package":"basic","first_name":"Dan","last_name":"Poe","status":"pending_user_migration"},
		{"sp_enterprise_id":"ent","user_id":"u5@sp.example","email":"eve@ent.example","package":"basic","first_name":"Eve","last_name":"Moe","status":"error","errors":[5001]}],
	"people": [
		{"email":"free@mail.example","account":"consumer"}, {"email":"solo@mail.example","account":"self_sign_up"},
		{"email":"left@group.example","sp_enterprise_id":"sp+group"}, {"email":"left@acme.example","customer_external_id":"acme"},
		{"email":"rita@rival.example","organization":"Rival's customer"}, {"email":"al@alone.example","organization":"Alone"},
		{"email":"no@admin.example","organization":"No admin"}, {"email":"over@seas.example","organization":"Overseas"},
		{"email":"odd@ent.example","sp_enterprise_id":"ent","calling":"professional"}]
}`

// clocked is a client of a sandbox with its own clock.
type clocked struct {
	*client
	now time.Time
}

func startClocked(t *testing.T, o Options) *clocked {
	t.Helper()
	c := &clocked{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	o.Now = func() time.Time { return c.now }
	c.client = start(t, o)
	return c
}

func startBroad(t *testing.T, o Options) *clocked {
	t.Helper()
	o.Seed = strings.NewReader(broad)
	return startClocked(t, o)
}

// broadBody is a valid provisioning request with some of its fields replaced.
func broadBody(fields string) string {
	return merge(`{"provisioningId":"trusted","userId":"new@sp.example","spEnterpriseId":"ent","firstName":"Ida","lastName":"Fox",
		"package":"standard","email":"ida@ent.example","extension":"3001"}`, fields)
}

// broadID finds a subscriber by its user id.
func (c *client) broadID(userID string) string {
	c.t.Helper()
	items := c.want(200, "GET", "/broadworks/subscribers?userId="+userID).items()
	if len(items) != 1 {
		c.t.Fatalf("subscriber %q: %d found", userID, len(items))
	}
	return items[0]["id"].(string)
}

func TestProvisionBroadWorksRules(t *testing.T) {
	for name, test := range map[string]struct {
		fields       string
		status, code int
		field        string
	}{
		"valid":                  {``, 200, 0, ""},
		"no numbers":             {`"extension":null`, 200, 0, ""},
		"language and time zone": {`"language":"en_US","timezone":"America/Denver"`, 200, 0, ""},
		"attaches":               {`"spEnterpriseId":"fresh","email":"al@alone.example"`, 200, 0, ""},
		"no template":            {`"provisioningId":null`, 400, 1001, "provisioningId"},
		"no user id":             {`"userId":""`, 400, 1001, "userId"},
		"no enterprise":          {`"spEnterpriseId":null`, 400, 1001, "spEnterpriseId"},
		"no first name":          {`"firstName":null`, 400, 1001, "firstName"},
		"no last name":           {`"lastName":" "`, 400, 1001, "lastName"},
		"no package":             {`"package":null`, 400, 1001, "package"},
		"trusted without e-mail": {`"email":null`, 400, 1001, "email"},
		"long name":              {`"firstName":"` + strings.Repeat("a", 256) + `"`, 400, 1002, "firstName"},
		"bad e-mail":             {`"email":"a@b@c"`, 400, 1003, "email"},
		"bad phone":              {`"primaryPhoneNumber":"call me"`, 400, 1003, "primaryPhoneNumber"},
		"bad mobile":             {`"mobilePhoneNumber":"12"`, 400, 1003, "mobilePhoneNumber"},
		"bad extension":          {`"extension":"12a"`, 400, 1003, "extension"},
		"bad language":           {`"language":"english"`, 400, 1003, "language"},
		"bad time zone":          {`"timezone":"noon"`, 400, 1003, "timezone"},
		"two plus signs":         {`"spEnterpriseId":"a+b+c"`, 400, 1003, "spEnterpriseId"},
		"nothing after the plus": {`"spEnterpriseId":"a+"`, 400, 1003, "spEnterpriseId"},
		"unknown package":        {`"package":"gold"`, 400, 2005, ""},
		"unknown template":       {`"provisioningId":"none"`, 404, 2013, ""},
		"wholesale template":     {`"provisioningId":"wholesale-template"`, 404, 5003, ""},
		"no cluster":             {`"provisioningId":"no-cluster"`, 403, 2043, ""},
		"no license":             {`"provisioningId":"no-license"`, 400, 3001, ""},
		"bad identity provider":  {`"provisioningId":"bad-idp"`, 400, 5002, ""},
		"another template":       {`"provisioningId":"other"`, 400, 2014, ""},
		"enterprise as provider": {`"spEnterpriseId":"ent+group"`, 409, 2015, ""},
		"provider as enterprise": {`"spEnterpriseId":"sp"`, 409, 2015, ""},
		"user id in use":         {`"userId":"u1@sp.example"`, 409, 2009, ""},
		"user id elsewhere":      {`"userId":"u3@sp.example"`, 200, 0, ""},
		"e-mail in use":          {`"email":"BEA@ent.example"`, 409, 2010, ""},
		"e-mail of another":      {`"email":"cat@group.example"`, 409, 2002, ""},
		"wholesale subscriber":   {`"email":"ann@acme.example"`, 409, 2002, ""},
		"left a wholesale one":   {`"email":"left@acme.example"`, 409, 2552, ""},
		"left another":           {`"email":"left@group.example"`, 409, 2004, ""},
		"rival's":                {`"email":"rita@rival.example"`, 409, 2018, ""},
		"has an organization":    {`"email":"al@alone.example"`, 409, 2017, ""},
		"without administrator":  {`"spEnterpriseId":"fresh","email":"no@admin.example"`, 409, 2011, ""},
		"another region":         {`"spEnterpriseId":"fresh","email":"over@seas.example"`, 409, 2016, ""},
		"claimed domain":         {`"email":"x@claimed.example"`, 409, 2019, ""},
		"the partner's own":      {`"email":"admin@partner.example"`, 403, 2006, ""},
		"has calling":            {`"email":"has.calling@new.example"`, 409, 2012, ""},
		"incompatible calling":   {`"email":"odd@ent.example"`, 409, 2048, ""},
		"phone in use":           {`"primaryPhoneNumber":"+12402000002"`, 409, 2573, ""},
		"phone of a wholesale":   {`"primaryPhoneNumber":"+12402000001"`, 409, 2573, ""},
		"extension in use":       {`"extension":"2002"`, 409, 2574, ""},
		"extension elsewhere":    {`"spEnterpriseId":"fresh","extension":"2002"`, 200, 0, ""},
		"wrong type":             {`"userId":7`, 400, 1003, "userId"},
	} {
		t.Run(name, func(t *testing.T) {
			got := startBroad(t, Options{}).do("POST", "/broadworks/subscribers", broadBody(test.fields))
			if got.status != test.status || got.code() != test.code || got.field() != test.field {
				t.Errorf("got %d %d %q, want %d %d %q: %v", got.status, got.code(), got.field(), test.status, test.code, test.field, got.body)
			}
		})
	}
}

func TestFirstBroadWorksSubscriberMakesTheOrganization(t *testing.T) {
	c := startBroad(t, Options{ProvisionDelay: time.Minute})
	made := c.want(200, "POST", "/broadworks/subscribers "+broadBody(`"spEnterpriseId":"prov+east","timezone":"America/Denver","spEnterpriseGroupId":"g"`))
	if made.text("status") != "provisioning" || made.text("personId") != "" || made.text("selfActivated") != "false" || made.body["spEnterpriseGroupId"] != nil {
		t.Errorf("at first: %v", made.body)
	}
	second := broadBody(`"spEnterpriseId":"prov+east","userId":"second","email":"second@ent.example","extension":"3002"`)
	if got := c.want(400, "POST", "/broadworks/subscribers "+broadBody(`"spEnterpriseId":"prov+east"`)); got.code() != 2008 {
		t.Errorf("the same again: %d, want 2008", got.code())
	}
	if got := c.want(403, "POST", "/broadworks/subscribers "+second); got.code() != 2034 {
		t.Errorf("a second one: %d, want 2034", got.code())
	}
	if got := c.want(409, "DELETE", "/broadworks/subscribers/"+made.text("id")); got.code() != 2020 {
		t.Errorf("delete: %d, want 2020", got.code())
	}
	organizations := len(c.want(200, "GET", "/organizations").items())
	c.now = c.now.Add(time.Minute)
	if got := len(c.want(200, "GET", "/organizations").items()); got != organizations+1 {
		t.Errorf("%d organizations, want one more than %d", got, organizations)
	}
	done := c.want(200, "GET", "/broadworks/subscribers/"+made.text("id"))
	if done.text("status") != "provisioned" || done.text("personId") == "" || done.text("lastStatusChange") != "2026-03-01T12:01:00.000Z" {
		t.Errorf("then: %v", done.body)
	}
	c.want(200, "POST", "/broadworks/subscribers "+second)
	c.now = c.now.Add(time.Minute)
	for _, n := range c.state().Enterprises {
		if want := map[string]string{"standard": "America/Denver"}; n.SpID == "prov+east" && !cmp.Equal(n.Meetings, want) {
			t.Errorf("time zone of the meetings site: %v, want %v", n.Meetings, want)
		}
	}
}

func TestBroadWorksWaitsForPeople(t *testing.T) {
	for name, test := range map[string]struct{ fields, first, later string }{
		"no e-mail yet":              {`"provisioningId":"untrusted","spEnterpriseId":"open","email":null`, "pending_email_input", "provisioned"},
		"no e-mail ever":             {`"provisioningId":"untrusted","spEnterpriseId":"open","email":null,"userId":"bare"`, "pending_email_input", "pending_email_input"},
		"e-mail to confirm":          {`"provisioningId":"untrusted","spEnterpriseId":"open"`, "pending_email_validation", "provisioned"},
		"self-activation":            {`"provisioningId":"self","spEnterpriseId":"own","email":null`, "pending_email_input", "provisioned"},
		"confirmed, but elsewhere":   {`"provisioningId":"untrusted","spEnterpriseId":"open","email":"cat@group.example"`, "pending_email_validation", "error"},
		"consumer account":           {`"email":"free@mail.example"`, "pending_user_migration", "provisioned"},
		"consumer, first of its own": {`"spEnterpriseId":"fresh","email":"free@mail.example"`, "provisioning", "provisioned"},
		"alone in an organization":   {`"email":"solo@mail.example"`, "provisioning", "provisioned"},
	} {
		t.Run(name, func(t *testing.T) {
			c := startBroad(t, Options{PeopleDelay: time.Hour})
			made := c.want(200, "POST", "/broadworks/subscribers "+broadBody(test.fields))
			if got := made.text("status"); got != test.first {
				t.Fatalf("at first %s, want %s", got, test.first)
			}
			c.now = c.now.Add(time.Hour)
			got := c.want(200, "GET", "/broadworks/subscribers/"+made.text("id"))
			if got.text("status") != test.later {
				t.Errorf("later %v, want %s", got.body, test.later)
			}
			if test.later == "error" && got.code() != 2002 {
				t.Errorf("%v, want 2002 among the errors", got.body)
			}
			if test.first == "pending_user_migration" && got.text("personId") == "" {
				t.Errorf("no personId: %v", got.body)
			}
		})
	}
}

func TestBroadWorksErrorsThatComeLater(t *testing.T) {
	seed := `{"broadworks_templates":[{"provisioning_id":"trusted"},{"provisioning_id":"bad-mail","broken":4001}],
		"organizations":[{"name":"AD","directory":true}],
		"people":[{"email":"boss@ad.example","organization":"AD","first_name":"Ida","last_name":"Fox"},
			{"email":"kim@ad.example","organization":"AD","first_name":"Kim","last_name":"Roe"}]}`
	c := startClocked(t, Options{Seed: strings.NewReader(seed), Faults: []Rule{mustRule(t, "POST /broadworks/subscribers nth=5 end=error")}})
	for _, step := range []struct {
		fields string
		code   int
	}{
		{`"provisioningId":"bad-mail","userId":"a"`, 4001},
		{`"spEnterpriseId":"ad","userId":"b","email":"boss@ad.example"`, 0},
		{`"spEnterpriseId":"ad","userId":"c","email":"new@ad.example","extension":"3002"`, 2032},
		{`"spEnterpriseId":"ad","userId":"d","email":"kim@ad.example","extension":"3003"`, 2033},
		{`"spEnterpriseId":"plain","userId":"e","email":"e@plain.example","extension":"3004"`, 5001},
	} {
		made := c.want(200, "POST", "/broadworks/subscribers "+broadBody(step.fields))
		got := c.want(200, "GET", "/broadworks/subscribers/"+made.text("id"))
		if wanted := map[bool]string{true: "provisioned", false: "error"}[step.code == 0]; got.code() != step.code || got.text("status") != wanted {
			t.Errorf("%s: %v, want %d", step.fields, got.body, step.code)
		}
	}
}

func TestUpdateBroadWorksRules(t *testing.T) {
	for name, test := range map[string]struct {
		user, body   string
		status, code int
		field        string
	}{
		"names":                  {"u1", `{"firstName":"B","lastName":"L"}`, 200, 0, ""},
		"package":                {"u1", `{"package":"premium"}`, 200, 0, ""},
		"user id":                {"u1", `{"userId":"u9@sp.example"}`, 200, 0, ""},
		"clear mobile":           {"u2", `{"mobilePhoneNumber":""}`, 200, 0, ""},
		"clear phone":            {"u1", `{"primaryPhoneNumber":""}`, 200, 0, ""},
		"clear extension":        {"u1", `{"extension":""}`, 200, 0, ""},
		"clear both":             {"u1", `{"extension":"","primaryPhoneNumber":""}`, 400, 1001, "primaryPhoneNumber"},
		"clear the only one":     {"u2", `{"extension":""}`, 400, 1001, "extension"},
		"own numbers again":      {"u1", `{"extension":"2002","primaryPhoneNumber":"+12402000002"}`, 200, 0, ""},
		"clear user id":          {"u1", `{"userId":""}`, 400, 1001, "userId"},
		"unknown package":        {"u1", `{"package":"gold"}`, 400, 2005, ""},
		"user id in use":         {"u1", `{"userId":"u2@sp.example"}`, 409, 2009, ""},
		"extension in use":       {"u1", `{"extension":"2003"}`, 409, 2574, ""},
		"nothing to change":      {"u1", `{}`, 400, 5004, ""},
		"only what is fixed":     {"u1", `{"email":"x@y.example","spEnterpriseId":"z","provisioningId":"other","language":"de"}`, 400, 5004, ""},
		"waits for consent":      {"u4", `{"firstName":"D"}`, 409, 2027, ""},
		"failed to be made":      {"u5", `{"firstName":"E"}`, 409, 2020, ""},
		"number, where text due": {"u1", `{"extension":2}`, 400, 1003, "extension"},
	} {
		t.Run(name, func(t *testing.T) {
			c := startBroad(t, Options{})
			got := c.do("PUT", "/broadworks/subscribers/"+c.broadID(test.user+"@sp.example"), test.body)
			if got.status != test.status || got.code() != test.code || got.field() != test.field {
				t.Errorf("got %d %d %q, want %d %d %q: %v", got.status, got.code(), got.field(), test.status, test.code, test.field, got.body)
			}
		})
	}
	c := startBroad(t, Options{})
	if got := c.want(404, "PUT", `/broadworks/subscribers/none {"package":"basic"}`); got.code() != 2001 {
		t.Errorf("unknown: %d, want 2001", got.code())
	}
}

func TestListBroadWorksSubscribers(t *testing.T) {
	c := startBroad(t, Options{})
	for query, want := range map[string]string{
		"":                      "u1 u2 u3 u4 u5",
		"userId=u2@sp.example":  "u2",
		"email=BEN@ent.example": "u2",
		"personId=" + c.personID("cat@group.example"): "u3",
		"personId=none":                              "",
		"provisioningId=trusted":                     "u1 u2 u3 u4 u5",
		"provisioningId=other":                       "",
		"spEnterpriseId=ent":                         "u1 u2 u4 u5",
		"spEnterpriseId=sp%2Bgroup":                  "u3",
		"spEnterpriseId=sp+group":                    "",
		"spEnterpriseId=none":                        "",
		"spEnterpriseId=ent&email=cat@group.example": "",
		"status=error,pending_user_migration":        "u4 u5",
		"selfActivated=true":                         "u2",
		"selfActivated=false&status=error":           "u5",
		"after=2026-01-05T09:00:03Z":                 "u4 u5",
		"lastStatusChange=1767603604000":             "u5",
		"max=2":                                      "u1 u2",
		"max=2&offset=4":                             "u5",
	} {
		var got []string
		for _, item := range c.want(200, "GET", "/broadworks/subscribers?"+query).items() {
			name, _, _ := strings.Cut(item["userId"].(string), "@")
			got = append(got, name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	for _, query := range []string{"max=0", "status=happy", "after=soon", "lastStatusChange=x", "selfActivated=yes"} {
		if got := c.want(400, "GET", "/broadworks/subscribers?"+query); got.code() != 1004 {
			t.Errorf("%s: %d, want 1004", query, got.code())
		}
	}
	var seen []string
	for path := "/broadworks/subscribers?max=2&spEnterpriseId=" + url.QueryEscape("ent"); path != ""; {
		got := c.want(200, "GET", path)
		for _, item := range got.items() {
			seen = append(seen, item["id"].(string))
		}
		path = strings.TrimPrefix(strings.TrimSuffix(got.header.Get("Link"), `>; rel="next"`), "<http://sandbox.test/v1")
	}
	if len(seen) != 4 || len(slices.Compact(seen)) != 4 {
		t.Errorf("by its links: %v", seen)
	}
}

func TestBroadWorksStateIsASeed(t *testing.T) {
	c := startBroad(t, Options{})
	c.want(200, "POST", "/broadworks/subscribers "+broadBody(``))
	c.want(204, "DELETE", "/broadworks/subscribers/"+c.broadID("u1@sp.example"))
	state := c.state()
	again := start(t, Options{Seed: strings.NewReader(mustJSON(t, state))})
	if diff := cmp.Diff(state, again.state(), ignoringIDs()); diff != "" {
		t.Error(diff)
	}
}
