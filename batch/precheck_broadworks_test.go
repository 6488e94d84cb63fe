package batch

import (
	"slices"
	"strings"
	"testing"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// broadAccounts is an estate with a BroadWorks enterprise that has one user.
const broadAccounts = `{
  "organizations": [{"name": "Alone"}],
  "broadworks_templates": [{"provisioning_id": "t"}],
  "enterprises": [{"sp_enterprise_id": "ent", "provisioning_id": "t"}],
  "broadworks_subscribers": [{"sp_enterprise_id": "ent", "user_id": "u1", "email": "bea@ent.example", "package": "basic", "extension": "10"}],
  "people": [{"email": "free@mail.example", "account": "consumer"}, {"email": "own@mail.example", "account": "self_sign_up"}, {"email": "in@alone.example", "organization": "Alone"}]
}`

func anAccount(enterprise, user, email string) diff.Cells {
	return diff.Cells{
		diff.ColSPEnterpriseID: enterprise, diff.ColUserID: user, diff.ColEmail: email, diff.ColPackage: "basic", diff.ColFirstName: "F", diff.ColLastName: "L",
		diff.ColProvisioningID: "t", diff.ColExtension: "2" + strings.TrimLeft(user, "u"),
	}
}

// Users of BroadWorks are asked about beside one that is there already, and the
// users of a new enterprise beside its first.
func TestPrecheckOfBroadWorks(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(broadAccounts)})
	q := &questions{next: direct{e.box}}
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: q})
	want := diff.NewDesired()
	want.Files = []diff.File{{Name: "in.csv"}}
	for i, cells := range []diff.Cells{
		anAccount("ent", "u2", "new@ent.example"), anAccount("ent", "u3", "free@mail.example"), anAccount("ent", "u4", "in@alone.example"), anAccount("ent", "u5", ""),
		anAccount("fresh", "u6", "first@fresh.example"), anAccount("fresh", "u7", "own@mail.example"),
	} {
		if err := want.Of(diff.BroadWorksSubscriber).Add(diff.Position{Line: uint32(i + 2)}, cells); err != nil {
			t.Fatal(err)
		}
	}
	p, live := e.plan(t, want)
	before := e.state()
	verdicts, err := Precheck(t.Context(), e.client, p, live, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key, v := range byKey(verdicts) {
		got[key] = verdictOf(v)
	}
	check(t, "verdicts", map[string]string{
		"ent/u2": "ok 100", "ent/u3": "ok_with_notes 104", "ent/u4": "refused code 2017", "ent/u5": "unknown", "fresh/u6": "ok 100", "fresh/u7": "ok_with_notes 105",
	}, got)
	for email, primary := range map[string]string{"new@ent.example": "bea@ent.example", "first@fresh.example": "first@fresh.example", "own@mail.example": "first@fresh.example"} {
		if !slices.ContainsFunc(q.sent, func(s string) bool {
			return strings.Contains(s, `"email":"`+email+`"`) && strings.Contains(s, `"customerInfo":{"primaryEmail":"`+primary+`"}`)
		}) {
			t.Errorf("%s is not asked about beside %s, but:\n%s", email, primary, strings.Join(q.sent, "\n"))
		}
	}
	if len(q.sent) != 5 || e.state() != before {
		t.Errorf("%d questions, and the estate is now\n%s", len(q.sent), e.state())
	}
}
