package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// customerBody is a valid provisioning request with some of its fields replaced; a field given as null is left out.
func customerBody(fields string) string {
	base := `{"provisioningId":"demo-template","packages":["webex_calling"],"externalId":"new",
		"address":{"addressLine1":"1 Main Street","city":"Bethesda","stateOrProvince":"MD","zipOrPostalCode":"20814","country":"US"},
		"customerInfo":{"name":"New Customer","primaryEmail":"it@new.example"},
		"provisioningParameters":{"calling":{"location":{"name":"Head office","timezone":"America/New_York","language":"en_us",
		"address":{"addressLine1":"1 Main Street","city":"Bethesda","stateOrProvince":"MD","zipOrPostalCode":"20814","country":"US"}}}}}`
	return merge(base, fields)
}

// merge replaces top-level fields of a JSON object; a field given as null is left out.
func merge(base, fields string) string {
	var all, changes map[string]json.RawMessage
	for text, into := range map[string]*map[string]json.RawMessage{base: &all, "{" + fields + "}": &changes} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			panic(text + ": " + err.Error())
		}
	}
	for name, value := range changes {
		all[name] = value
		if string(value) == "null" {
			delete(all, name)
		}
	}
	out, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(out)
}

// inAddress is the address of customerBody with fields replaced.
func inAddress(fields string) string {
	return `"address":` + merge(`{"addressLine1":"1 Main Street","city":"Bethesda","stateOrProvince":"MD","zipOrPostalCode":"20814","country":"US"}`, fields)
}

func TestProvisionCustomerRules(t *testing.T) {
	long := strings.Repeat("x", 300)
	for name, test := range map[string]struct {
		fields string
		status int
		code   int
		field  string
	}{
		"accepted":                 {``, 202, 0, ""},
		"no provisioning id":       {`"provisioningId":null`, 400, 1001, "provisioningId"},
		"no packages":              {`"packages":null`, 400, 1001, "packages"},
		"empty packages":           {`"packages":[]`, 400, 1001, "packages"},
		"no external id":           {`"externalId":null`, 400, 1001, "externalId"},
		"blank external id":        {`"externalId":" "`, 400, 1001, "externalId"},
		"long external id":         {`"externalId":"` + long + `"`, 400, 1002, "externalId"},
		"no address":               {`"address":null`, 400, 1001, "address"},
		"neither info nor org":     {`"customerInfo":null`, 400, 1001, "customerInfo"},
		"no name":                  {`"customerInfo":{"primaryEmail":"it@new.example"}`, 400, 1001, "customerInfo.name"},
		"percent in name":          {`"customerInfo":{"name":"100%","primaryEmail":"it@new.example"}`, 400, 1003, "customerInfo.name"},
		"no primary email":         {`"customerInfo":{"name":"N"}`, 400, 1001, "customerInfo.primaryEmail"},
		"bad primary email":        {`"customerInfo":{"name":"N","primaryEmail":"it@"}`, 400, 1003, "customerInfo.primaryEmail"},
		"bad language":             {`"customerInfo":{"name":"N","primaryEmail":"it@new.example","language":"english"}`, 400, 2533, ""},
		"number for a string":      {`"externalId":7`, 400, 1003, "externalId"},
		"unknown package":          {`"packages":["gold"]`, 400, 2005, ""},
		"package twice":            {`"packages":["webex_calling","webex_calling"]`, 400, 1003, "packages"},
		"plan without calling":     {`"packages":["cisco_calling_plan"]`, 400, 2005, ""},
		"plan with calling":        {`"packages":["cisco_calling_plan","webex_calling"]`, 202, 0, ""},
		"console with meetings":    {`"packages":["attendant_console","webex_meetings"]`, 400, 2005, ""},
		"console with voice":       {`"packages":["attendant_console","webex_voice"]`, 202, 0, ""},
		"unknown provisioning id":  {`"provisioningId":"other"`, 404, 5003, ""},
		"calling without location": {`"provisioningParameters":null`, 400, 1001, "provisioningParameters.calling.location"},
		"meetings need none":       {`"provisioningParameters":null,"packages":["webex_meetings"]`, 202, 0, ""},
		"location without name":    {`"provisioningParameters":{"calling":{"location":{}}}`, 400, 1001, "provisioningParameters.calling.location.name"},
		"bad meetings timezone":    {`"provisioningParameters":{"meetings":{"timezone":"soon"}},"packages":["webex_meetings"]`, 400, 2532, ""},
		"unknown organization":     {`"orgId":"bm9uZQ"`, 404, 2501, ""},
		"no line 1":                {inAddress(`"addressLine1":null`), 400, 2548, ""},
		"no city":                  {inAddress(`"city":""`), 400, 2548, ""},
		"no country":               {inAddress(`"country":null`), 400, 2548, ""},
		"long line 1":              {inAddress(`"addressLine1":"` + strings.Repeat("x", 51) + `"`), 400, 1002, "address.addressLine1"},
		"unknown country":          {inAddress(`"country":"XX"`), 400, 2528, ""},
		"lower case country":       {inAddress(`"country":"us"`), 400, 2528, ""},
		"quoted country":           {inAddress(`"country":"\"US\""`), 400, 1003, "address.country"},
		"embargoed country":        {inAddress(`"country":"KP"`), 400, 2539, ""},
		"empty country":            {inAddress(`"country":"AQ"`), 400, 2546, ""},
		"no state":                 {inAddress(`"stateOrProvince":null`), 400, 2530, ""},
		"unknown state":            {inAddress(`"stateOrProvince":"ZZ"`), 400, 2529, ""},
		"military state":           {inAddress(`"stateOrProvince":"AE"`), 400, 2551, ""},
		"no zip":                   {inAddress(`"zipOrPostalCode":null`), 400, 2531, ""},
		"bad zip":                  {inAddress(`"zipOrPostalCode":"2081"`), 400, 2547, ""},
		"canada":                   {inAddress(`"country":"CA","stateOrProvince":"ON","zipOrPostalCode":"M5J 2W4"`), 202, 0, ""},
		"no zip in hong kong":      {inAddress(`"country":"HK","stateOrProvince":null,"zipOrPostalCode":null`), 202, 0, ""},
		"post office box":          {inAddress(`"addressLine1":"PO Box 7"`), 400, 2521, ""},
		"no such street":           {inAddress(`"addressLine1":"Nowhere"`), 400, 2549, ""},
		"no such city":             {inAddress(`"city":"Nowhere"`), 400, 2550, ""},
		"admin in another org":     {`"customerInfo":{"name":"N","primaryEmail":"ada.perlman@acme.example.com"}`, 400, 2578, ""},
		"exists":                   {`"externalId":"acme"`, 202, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, Options{}).do("POST", "/wholesale/customers", customerBody(test.fields))
			if got.status != test.status || got.code() != test.code || got.field() != test.field {
				t.Errorf("got %d %d %q, want %d %d %q", got.status, got.code(), got.field(), test.status, test.code, test.field)
			}
		})
	}
}

func TestBodyThatIsNoJSON(t *testing.T) {
	if got := start(t, Options{}).want(400, "POST", "/wholesale/customers {"); got.code() != 1005 {
		t.Errorf("got %d", got.code())
	}
}

func TestCustomerLifeTakesTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, Options{ProvisionDelay: time.Minute, Now: func() time.Time { return now }})
	made := c.want(202, "POST", "/wholesale/customers "+customerBody(`"packages":["webex_calling","webex_meetings"]`))
	url := made.text("url")
	if url == "" || url != made.header.Get("Location") || !strings.HasPrefix(url, "http://sandbox.test/v1/wholesale/customers/") {
		t.Fatalf("url %q, Location %q", url, made.header.Get("Location"))
	}
	path := strings.TrimPrefix(url, "http://sandbox.test/v1")
	expect := func(status string, packages ...any) {
		t.Helper()
		got := c.want(200, "GET", path).body
		if got["status"] != status || !cmp.Equal(got["packages"], packages) {
			t.Fatalf("status %v, packages %v, want %s, %v", got["status"], got["packages"], status, packages)
		}
		if _, shown := got["orgId"]; shown != (status != "provisioning") {
			t.Errorf("orgId shown is %v while %s", shown, status)
		}
	}
	refused := func(method, body string) {
		t.Helper()
		if got := c.want(409, method, path+body); got.code() != 2502 {
			t.Fatalf("%s: code %d, want 2502", method, got.code())
		}
	}

	expect("provisioning", "webex_calling", "webex_meetings")
	refused("PUT", ` {"packages":["webex_calling"]}`)
	refused("DELETE", "")
	if got := c.want(409, "POST", "/wholesale/customers "+customerBody(``)); got.code() != 2502 {
		t.Errorf("the same again: %d, want 2502", got.code())
	}
	now = now.Add(time.Minute)
	expect("provisioned", "webex_calling", "webex_meetings")

	c.want(202, "PUT", path+` {"packages":["webex_calling","webex_meetings","webex_voice"]}`)
	expect("updating", "webex_calling", "webex_meetings")
	refused("DELETE", "")
	now = now.Add(time.Minute)
	expect("provisioned", "webex_calling", "webex_meetings", "webex_voice")

	c.want(202, "DELETE", path)
	expect("deleting", "webex_calling", "webex_meetings", "webex_voice")
	now = now.Add(time.Minute)
	if got := c.want(404, "GET", path); got.code() != 2541 {
		t.Errorf("gone: %d, want 2541", got.code())
	}
	c.want(202, "POST", "/wholesale/customers "+customerBody(``))
}

func TestUnhappyEnds(t *testing.T) {
	for name, want := range map[string]string{"in RPL review": "pending_rpl_review", "partial": "provisioned_with_errors", "fails": "error"} {
		c := start(t, Options{})
		c.want(202, "POST", "/wholesale/customers "+customerBody(`"customerInfo":{"name":"Shop `+name+`","primaryEmail":"it@new.example"}`))
		got := c.want(200, "GET", "/wholesale/customers?externalId=new").items()[0]
		if got["status"] != want {
			t.Errorf("%s: %v, want %s", name, got["status"], want)
		}
	}
}

func TestUpdateCustomerRules(t *testing.T) {
	for name, test := range map[string]struct {
		customer, body string
		status, code   int
	}{
		"no packages":          {"acme", `{}`, 400, 1001},
		"the same":             {"acme", `{"packages":["webex_calling","webex_meetings"]}`, 202, 0},
		"add":                  {"acme", `{"packages":["webex_calling","webex_meetings","webex_voice"]}`, 202, 0},
		"remove what is used":  {"acme", `{"packages":["webex_calling"]}`, 409, 2520},
		"add and remove":       {"acme", `{"packages":["webex_calling","webex_voice"]}`, 400, 2544},
		"unknown package":      {"acme", `{"packages":["gold"]}`, 400, 2005},
		"calling, no location": {"hooli", `{"packages":["webex_meetings","webex_calling"]}`, 400, 1001},
		"calling, location": {"hooli", merge(customerBody(`"provisioningId":null,"externalId":null,"customerInfo":null,"address":null`),
			`"packages":["webex_meetings","webex_calling"]`), 202, 0},
		"name is not for PUT":      {"acme", `{"packages":["webex_calling","webex_meetings"],"customerInfo":{"name":"x"}}`, 400, 2579},
		"external id of another":   {"acme", `{"externalId":"globex","packages":["webex_calling","webex_meetings"]}`, 409, 2503},
		"external id of its own":   {"acme", `{"externalId":"acme","packages":["webex_calling","webex_meetings"]}`, 202, 0},
		"bad address":              {"acme", `{"packages":["webex_calling","webex_meetings"],"address":{}}`, 400, 2548},
		"unknown customer":         {"", `{"packages":["webex_calling"]}`, 404, 2541},
		"new external id accepted": {"acme", `{"externalId":"acme-2","packages":["webex_calling","webex_meetings"]}`, 202, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{})
			id := "none"
			if test.customer != "" {
				id = c.customerID(test.customer)
			}
			got := c.do("PUT", "/wholesale/customers/"+id, test.body)
			if got.status != test.status || got.code() != test.code {
				t.Errorf("got %d %d, want %d %d", got.status, got.code(), test.status, test.code)
			}
		})
	}
}

func TestPackageCanGoOnceNobodyHasIt(t *testing.T) {
	c := startSmall(t)
	fewer := "/wholesale/customers/" + c.customerID("acme") + ` {"packages":["webex_meetings"]}`
	if got := c.want(409, "PUT", fewer); got.code() != 2520 {
		t.Errorf("assigned: %d, want 2520", got.code())
	}
	c.want(200, "PUT", "/wholesale/subscribers/"+c.subscriberID("ann@acme.example")+` {"package":"webex_meetings"}`)
	c.want(202, "PUT", fewer)
	if got := c.want(409, "DELETE", "/wholesale/customers/"+c.customerID("acme")); got.code() != 2514 {
		t.Errorf("delete: %d, want 2514", got.code())
	}
}

func TestCustomerIsFoundByNewExternalID(t *testing.T) {
	c := start(t, Options{})
	id := c.customerID("acme")
	c.want(202, "PUT", "/wholesale/customers/"+id+` {"externalId":"acme-2","packages":["webex_calling","webex_meetings"]}`)
	if got := c.customerID("acme-2"); got != id {
		t.Errorf("got %s, want %s", got, id)
	}
	if got := c.want(200, "GET", "/wholesale/customers?externalId=acme").items(); len(got) != 0 {
		t.Errorf("old external id still found: %v", got)
	}
}

func TestRemoveCustomerRules(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(`{"customers":[
		{"external_id":"rooms","packages":["webex_meetings"],"workspaces":1},
		{"external_id":"people","packages":["webex_meetings"]},
		{"external_id":"empty","packages":["webex_meetings"]}],
		"subscribers":[{"customer_external_id":"people","email":"x@people.example","package":"webex_meetings"}]}`)})
	for name, code := range map[string]int{"rooms": 2513, "people": 2514} {
		if got := c.want(409, "DELETE", "/wholesale/customers/"+c.customerID(name)); got.code() != code {
			t.Errorf("%s: %d, want %d", name, got.code(), code)
		}
	}
	c.want(202, "DELETE", "/wholesale/customers/"+c.customerID("empty"))
	c.want(204, "DELETE", "/wholesale/subscribers/"+c.subscriberID("x@people.example"))
	c.want(202, "DELETE", "/wholesale/customers/"+c.customerID("people"))
}

func TestOrganizationOutlivesCustomer(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(`{"customers":[{"external_id":"old","packages":["webex_meetings"]},{"external_id":"other","packages":["webex_meetings"]}]}`)})
	org := c.want(200, "GET", "/wholesale/customers?externalId=old").items()[0]["orgId"].(string)
	taken := customerBody(`"externalId":"again","packages":["webex_meetings"],"customerInfo":null,"orgId":"` + org + `"`)
	if got := c.want(409, "POST", "/wholesale/customers "+taken); got.code() != 2503 {
		t.Errorf("mapped organization: %d, want 2503", got.code())
	}
	c.want(202, "DELETE", "/wholesale/customers/"+c.customerID("old"))
	c.want(202, "POST", "/wholesale/customers "+taken)
	if got := c.want(200, "GET", "/wholesale/customers?externalId=again").items()[0]["orgId"]; got != org {
		t.Errorf("orgId %v, want %s", got, org)
	}
	if got := c.want(200, "GET", "/wholesale/customers?orgId="+org).items(); len(got) != 1 || got[0]["externalId"] != "again" {
		t.Errorf("by orgId: %v", got)
	}
}

func TestLicensesOnRequest(t *testing.T) {
	c := start(t, Options{})
	path := "/wholesale/customers/" + c.customerID("acme")
	licenses := func(path string) int {
		n := 0
		for _, p := range c.want(200, "GET", path).body["resourceDetails"].(map[string]any)["packages"].([]any) {
			ids, _ := p.(map[string]any)["licenseIds"].([]any)
			n += len(ids)
		}
		return n
	}
	if plain, asked := licenses(path), licenses(path+"?includePackageLicenseInfo=true"); plain != 0 || asked != 2 {
		t.Errorf("got %d and %d licenses, want 0 and 2", plain, asked)
	}
}

func TestValidateCustomer(t *testing.T) {
	address := inAddress(``)
	for name, test := range map[string]struct {
		body               string
		status, code, info int
	}{
		"address only":     {`{` + address + `}`, 200, 0, 100},
		"nothing":          {`{}`, 400, 1001, 0},
		"full":             {customerBody(``), 200, 0, 100},
		"exists":           {`{` + address + `,"externalId":"acme"}`, 200, 0, 116},
		"bad packages":     {`{` + address + `,"packages":["gold"]}`, 400, 2005, 0},
		"e-mail elsewhere": {`{` + address + `,"customerInfo":{"primaryEmail":"ada.perlman@acme.example.com"}}`, 409, 2540, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, Options{}).do("POST", "/wholesale/customers/validate", test.body)
			if got.status != test.status || got.code() != test.code || got.info() != test.info {
				t.Errorf("got %d %d %d, want %d %d %d", got.status, got.code(), got.info(), test.status, test.code, test.info)
			}
		})
	}
}

// info is the info code of a validation, 0 without one.
func (r response) info() int {
	list, _ := r.body["info"].([]any)
	if len(list) == 0 {
		return 0
	}
	code, _ := list[0].(map[string]any)["infoCode"].(float64)
	return int(code)
}
