package sandbox

import (
	"testing"
	"time"
)

// TestTheTwoAPIsDoNotMix takes an id of each API to the other one.
func TestTheTwoAPIsDoNotMix(t *testing.T) {
	c := startBroad(t, Options{})
	wholesale, broadworks := c.subscriberID("ann@acme.example"), c.broadID("u1@sp.example")
	if got := c.want(404, "GET", "/broadworks/subscribers/"+wholesale); got.code() != 2552 {
		t.Errorf("wholesale's: %d, want 2552", got.code())
	}
	if got := c.want(404, "DELETE", "/wholesale/subscribers/"+broadworks); got.code() != 2047 {
		t.Errorf("BroadWorks': %d, want 2047", got.code())
	}
	body := customerBody(`"externalId":"x","orgId":"` + c.state().Enterprises[0].OrgID + `"`)
	if got := c.want(409, "POST", "/wholesale/customers "+body); got.code() != 2047 {
		t.Errorf("its organization: %d, want 2047", got.code())
	}
	if got := c.want(409, "POST", "/wholesale/subscribers "+c.subscriberBody("acme", `"email":"bea@ent.example"`)); got.code() != 2002 {
		t.Errorf("its subscriber: %d, want 2002", got.code())
	}
	c.want(204, "POST", "/subscribers/"+c.broadID("u4@sp.example")+"/emails/consentMove")
	if got := c.want(409, "POST", "/subscribers/"+broadworks+"/emails/consentMove"); got.code() != 2020 {
		t.Errorf("consent of a provisioned one: %d, want 2020", got.code())
	}
}

func TestUpdateBroadWorksShowsOldValues(t *testing.T) {
	c := startBroad(t, Options{ProvisionDelay: time.Minute})
	id := c.broadID("u1@sp.example")
	got := c.want(200, "PUT", `/broadworks/subscribers/`+id+` {"userId":"u9@sp.example","package":"premium","extension":"2009","primaryPhoneNumber":""}`)
	if got.text("status") != "updating" || got.text("userId") != "u1@sp.example" || got.text("package") != "standard" || got.text("extension") != "2002" {
		t.Errorf("at first: %v", got.body)
	}
	if got := c.want(409, "POST", "/broadworks/subscribers "+broadBody(`"extension":"2009"`)); got.code() != 2574 {
		t.Errorf("the new extension meanwhile: %d, want 2574", got.code())
	}
	if got := c.want(409, "POST", "/broadworks/subscribers "+broadBody(`"extension":"2002"`)); got.code() != 2574 {
		t.Errorf("the old extension meanwhile: %d, want 2574", got.code())
	}
	c.now = c.now.Add(time.Minute)
	got = c.want(200, "GET", "/broadworks/subscribers/"+id)
	if got.text("status") != "provisioned" || got.text("userId") != "u9@sp.example" || got.text("package") != "premium" ||
		got.text("extension") != "2009" || got.body["primaryPhoneNumber"] != nil {
		t.Errorf("then: %v", got.body)
	}
	c.want(200, "POST", "/broadworks/subscribers "+broadBody(`"userId":"u1@sp.example","extension":"2002","primaryPhoneNumber":"+12402000002"`))
}

func TestRemoveBroadWorksSubscriberIsSoft(t *testing.T) {
	c := startBroad(t, Options{})
	person := c.personID("bea@ent.example")
	id := c.broadID("u1@sp.example")
	c.want(204, "DELETE", "/broadworks/subscribers/"+id)
	c.want(404, "GET", "/broadworks/subscribers/"+id)
	again := broadBody(`"userId":"u1@sp.example","email":"bea@ent.example","extension":"2002","primaryPhoneNumber":"+12402000002"`)
	made := c.want(200, "POST", "/broadworks/subscribers "+again)
	if got := c.want(200, "GET", "/broadworks/subscribers/"+made.text("id")); got.text("personId") != person {
		t.Errorf("personId %q, want %q again", got.text("personId"), person)
	}
	c.want(204, "DELETE", "/people/"+person)
	c.want(404, "GET", "/broadworks/subscribers/"+made.text("id"))
	c.want(200, "POST", "/broadworks/subscribers "+merge(again, `"spEnterpriseId":"sp+group","extension":"4001"`))
}

func TestPersonErasedDuringAnUpdate(t *testing.T) {
	c := startBroad(t, Options{ProvisionDelay: time.Minute})
	c.want(200, "PUT", "/broadworks/subscribers/"+c.broadID("u1@sp.example")+` {"userId":"u9@sp.example","extension":"2009"}`)
	c.want(204, "DELETE", "/people/"+c.personID("bea@ent.example"))
	c.now = c.now.Add(time.Minute)
	c.want(200, "POST", "/broadworks/subscribers "+broadBody(`"userId":"u9@sp.example","extension":"2009"`)) // both are free again
	c.want(200, "POST", "/broadworks/subscribers "+broadBody(`"userId":"u1@sp.example","extension":"2002","email":"iva@ent.example"`))
}
