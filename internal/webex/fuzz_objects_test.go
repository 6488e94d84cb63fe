package webex

import "testing"

// Whatever a 2xx answer holds: no panic, and no object without what names it.
func FuzzDecodeObjects(f *testing.F) {
	for _, file := range []string{
		"broadworks_directory_sync.json", "broadworks_external_user.json", "broadworks_subscriber.json", "broadworks_workspace.json",
		"organization.json", "precheck.json", "precheck_object.json", "people_me.json",
		"billing_report.json",
	} {
		f.Add(literal(f, file))
	}
	for _, seed := range []string{
		`null`, `[]`, `7`, `{"id":1e400}`, `{"id":"A","phoneNumbers":[null,7,{"value":{}}],"licenses":[",,"],"selfActivated":{}}`,
		`{"id":"A","calling":[],"address":7,"broadworksDirectorySync":{"directorySyncStatus":{"usersAdded":"1e9","errors":{"errorCode":[]}}}}`,
		`{"id":"A","internal":"maybe","created":7,"tempDownloadURL":{},"errors":{"code":"2024"}}`,
		`{"orgId":"O","billingStartDate":{}}`, `{"status":"ADD","userResponse":[]}`, `{"info":[{"infoCode":{}}],"errors":"e"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		named := func(kind, name string, err error) {
			if err == nil && name == "" {
				t.Errorf("%q gives a %s without a name", body, kind)
			}
		}
		subscriber, err := decodeBroadWorksSubscriber(body)
		named("subscriber", subscriber.ID, err)
		device, err := decodeBroadWorksWorkspace(body)
		named("BroadWorks workspace", device.ID, err)
		enterprise, err := decodeBroadWorksEnterprise(body)
		named("enterprise", enterprise.ID, err)
		user, err := decodeExternalUser(body)
		named("external user", user.Operation, err)
		person, err := decodePerson(body)
		named("person", person.ID, err)
		organization, err := decodeOrganization(body)
		named("organization", organization.ID, err)
		location, err := decodeLocation(body)
		named("location", location.ID, err)
		workspace, err := decodeWorkspace(body)
		named("workspace", workspace.ID, err)
		partner, err := decodeSubPartner(body)
		named("sub-partner", partner.OrgID, err)
		report, err := decodeReport(body)
		named("billing report", report.ID, err)
		_ = report.Link.secrets()
		_, _ = report.Link.check(true)
		for _, id := range person.Licenses {
			named("license", id, nil)
		}
		_, _ = decodeDirectorySync(body)
		_, _ = decodePrecheck(body)
	})
}
