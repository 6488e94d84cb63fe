package sandbox

import (
	"net/http"
	"strings"
	"testing"
)

// deviations are where the vendor's own examples say something else than the schema, and the sandbox follows them.
var deviations = []string{
	".info: ",                // the schema has an object, the example a list
	".info[]: ",              // as above
	".selfActivated: ",       // the schema has a boolean, every example a text
	".items[].selfActivated", // as above
}

// TestAnswersAsPublished holds the answer of every operation but those about reports against the specifications.
func TestAnswersAsPublished(t *testing.T) {
	var specs []*spec
	for _, name := range []string{"wholesale.json", "broadworks.json", "admin.json", "locations.yml", "workspaces.yml"} {
		specs = append(specs, readSpec(t, name))
	}
	c := start(t, Options{})
	seen := map[string]bool{}
	for _, call := range operations(c) {
		seen[call.method+" "+call.spec] = true
		got := c.do(call.method, call.path(), call.body)
		if got.status >= http.StatusMultipleChoices {
			t.Errorf("%s %s: %d %v", call.method, call.spec, got.status, got.body)
		}
		for _, problem := range specOf(t, specs, call.spec).check(call.method, call.spec, got) {
			if !deviates(problem) {
				t.Errorf("%s %s: %s", call.method, call.spec, problem)
			}
		}
	}
	for _, s := range specs {
		for path, methods := range s.Paths {
			for method := range methods {
				if name := strings.ToUpper(method) + " " + path; covered(path) && !seen[name] {
					t.Errorf("%s: no call here", name)
				}
			}
		}
	}
}

func deviates(problem string) bool {
	for _, known := range deviations {
		if strings.HasPrefix(problem, known) {
			return true
		}
	}
	return false
}

// specOf finds the specification that has the path.
func specOf(t *testing.T, specs []*spec, path string) *spec {
	t.Helper()
	for _, s := range specs {
		if s.Paths[path] != nil {
			return s
		}
	}
	t.Fatalf("%s is in no specification", path)
	return nil
}

// covered tells of which paths the operations are all there; billing reports have tests of their own. Of the others the
// sandbox serves a part.
func covered(path string) bool {
	return !strings.Contains(path, "/billing/") && (strings.HasPrefix(path, "/wholesale/") || strings.HasPrefix(path, "/broadworks/"))
}

// operation is one call; path is made when it is its turn.
type operation struct {
	method, spec string
	path         func() string
	body         string
}

func fixed(path string) func() string { return func() string { return path } }

func operations(c *client) []operation {
	org := func() string {
		return c.want(200, "GET", "/wholesale/customers?externalId=acme").items()[0]["orgId"].(string)
	}
	customer := func(suffix string) func() string {
		return func() string { return "/wholesale/customers/" + c.customerID("acme") + suffix }
	}
	subscriber := func() string { return "/wholesale/subscribers/" + c.subscriberID("ivan.borg@acme.example.com") }
	broad := func() string { return "/broadworks/subscribers/" + c.broadID("lucius.fox@wayne.example") }
	enterprise := func(suffix string) func() string { return func() string { return c.syncPath("wayne-tower") + suffix } }
	room := func() string {
		for _, w := range c.state().Workspaces {
			if w.Name == "Board room" {
				return "/broadworks/workspaces/" + w.ID
			}
		}
		return ""
	}
	acme := c.customerID("acme")
	sync := "/broadworks/enterprises/{id}/broadworksDirectorySync"
	return []operation{
		{"GET", "/wholesale/customers", fixed("/wholesale/customers"), ``},
		{"POST", "/wholesale/customers", fixed("/wholesale/customers"), customerBody(`"externalId":"contract"`)},
		{"POST", "/wholesale/customers/validate", fixed("/wholesale/customers/validate"), customerBody(`"externalId":"contract"`)},
		{"GET", "/wholesale/customers/{customerId}", customer("?includePackageLicenseInfo=true"), ``},
		{"PUT", "/wholesale/customers/{customerId}", customer(""), `{"externalId":"acme","packages":["webex_calling","webex_meetings"]}`},
		{"GET", "/wholesale/subPartners", fixed("/wholesale/subPartners"), ``},
		{"GET", "/wholesale/subscribers", fixed("/wholesale/subscribers?max=100"), ``},
		{"POST", "/wholesale/subscribers", fixed("/wholesale/subscribers"),
			`{"customerId":"` + acme + `","email":"new@acme.example","packages":["webex_meetings"],"provisioningParameters":{"firstName":"A"}}`},
		{"POST", "/wholesale/subscribers", fixed("/wholesale/subscribers"),
			`{"customerId":"` + acme + `","email":"new@consumer.example","package":"webex_meetings","provisioningParameters":{}}`},
		{"POST", "/wholesale/subscribers/validate", fixed("/wholesale/subscribers/validate"), `{"email":"y@acme.example","customerId":"` + acme + `"}`},
		{"GET", "/wholesale/subscribers/{subscriberId}", subscriber, ``},
		{"PUT", "/wholesale/subscribers/{subscriberId}", subscriber, `{"packages":["webex_meetings"]}`},
		{"DELETE", "/wholesale/subscribers/{subscriberId}", subscriber, ``},
		{"DELETE", "/wholesale/customers/{customerId}", func() string { return "/wholesale/customers/" + c.customerID("contract") }, ``},

		{"GET", "/broadworks/subscribers", fixed("/broadworks/subscribers"), ``},
		{"POST", "/broadworks/subscribers", fixed("/broadworks/subscribers"),
			broadBody(`"provisioningId":"broadworks-template","spEnterpriseId":"wayne-tower","mobilePhoneNumber":"+12402000001"`)},
		{"POST", "/broadworks/subscribers/validate", fixed("/broadworks/subscribers/validate"), `{"email":"y@wayne.example"}`},
		{"GET", "/broadworks/subscribers/{subscriberId}", broad, ``},
		{"PUT", "/broadworks/subscribers/{subscriberId}", broad, `{"package":"standard"}`},
		{"DELETE", "/broadworks/subscribers/{subscriberId}", broad, ``},
		{"GET", "/broadworks/enterprises", fixed("/broadworks/enterprises"), ``},
		{"POST", sync, enterprise(""), `{"syncStatus":"SYNC_NOW"}`},
		{"GET", sync, enterprise(""), ``},
		{"POST", sync + "/externalUser", enterprise("/externalUser"), `{"userId":"night.desk@wayne.example"}`},
		{"PUT", sync, enterprise(""), `{"enableDirSync":false}`},
		{"POST", "/broadworks/workspaces", fixed("/broadworks/workspaces"),
			`{"provisioningId":"broadworks-template","userId":"r","spEnterpriseId":"wayne-tower","displayName":"R","primaryPhoneNumber":"+12402000009","extension":"99"}`},
		{"PUT", "/broadworks/workspaces/{workspaceId}", room, `{"extension":"98"}`},
		{"DELETE", "/broadworks/workspaces/{workspaceId}", room, ``},

		{"GET", "/people", func() string { return "/people?callingData=true&orgId=" + org() }, ``},
		{"GET", "/people/{personId}", func() string { return "/people/" + c.personID("ada.perlman@acme.example.com") + "?callingData=true" }, ``},
		{"DELETE", "/people/{personId}", func() string { return "/people/" + c.personID("ada.perlman@acme.example.com") }, ``},
		{"GET", "/organizations", fixed("/organizations"), ``},
		{"GET", "/organizations/{orgId}", func() string { return "/organizations/" + org() }, ``},
		{"GET", "/locations", func() string { return "/locations?orgId=" + org() }, ``},
		{"GET", "/workspaces", func() string { return "/workspaces?orgId=" + c.orgID("Wayne Tower") }, ``},
		{"DELETE", "/workspaces/{workspaceId}", func() string {
			return "/workspaces/" + c.want(200, "GET", "/workspaces?orgId="+c.orgID("Wayne Tower")).items()[0]["id"].(string)
		}, ``},
	}
}
