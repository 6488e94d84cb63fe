package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckWholeFileOfBroadWorks(t *testing.T) {
	for _, c := range []struct {
		name string
		rows []string
		want []string
	}{
		{"nothing wrong", []string{
			"broadworks_enterprise acme dir_sync=on",
			"broadworks_subscriber acme/anna email=a@x.example primary_phone_number=+12405551212 extension=1 provisioning_id=t1",
			"broadworks_subscriber acme/bert extension=1 sp_enterprise_group_id=g2 provisioning_id=t1",
			"broadworks_subscriber other/carl extension=1 provisioning_id=t2",
			"broadworks_subscriber old/dora ensure=absent email=a@x.example primary_phone_number=+12405551212 provisioning_id=t3",
			"broadworks_subscriber acme/dora provisioning_id=t1",
			"broadworks_workspace acme/room display_name=Room",
			"subscriber w/dora@x.example",
			"subscriber w/a@x.example ensure=absent",
		}, nil},
		{"keys twice", []string{
			"broadworks_enterprise acme", "broadworks_enterprise acme",
			"broadworks_subscriber acme/anna", "broadworks_subscriber acme/anna", "broadworks_subscriber acme/Anna",
			"broadworks_workspace acme/room display_name=A", "broadworks_workspace acme/room display_name=B",
		}, []string{
			`want.csv:3: the enterprise "acme" stands in want.csv:2 already; delete one of the two rows`,
			`want.csv:5: the broadworks_subscriber "acme/anna" stands in want.csv:4 already; delete one of the two rows`,
			`want.csv:6: differs from "anna" in want.csv:4 only in case; write one user id in one way`,
			`want.csv:8: the workspace "acme/room" stands in want.csv:7 already; delete one of the two rows`,
		}},
		{"an enterprise goes and somebody stays", []string{
			"broadworks_enterprise acme ensure=absent", "broadworks_subscriber acme/anna ensure=absent", "broadworks_subscriber acme/bert",
			"broadworks_enterprise rooms ensure=absent", "broadworks_workspace rooms/lobby display_name=Lobby",
			"broadworks_enterprise empty ensure=absent", "broadworks_subscriber empty/carl ensure=absent",
		}, []string{
			`want.csv:2: the enterprise is to go, and the broadworks_subscriber "acme/bert" in want.csv:4 is not; mark that row ensure=absent too, or leave this one out`,
			`want.csv:5: the enterprise is to go, and the broadworks_workspace "rooms/lobby" in want.csv:6 is not; mark that row ensure=absent too, or leave this one out`,
		}},
		{"one user id in two enterprises", []string{"broadworks_subscriber acme/anna", "broadworks_subscriber other/anna"}, []string{
			`want.csv:3: the same user id is under enterprise "acme" in want.csv:2; a user is in one enterprise; for a move mark the row of the old enterprise ensure=absent`,
		}},
		{"shared numbers and addresses", []string{
			"broadworks_subscriber acme/anna email=a@x.example primary_phone_number=+12405551212 extension=1",
			"broadworks_subscriber other/bert email=A@x.example primary_phone_number=+12405551212 extension=1",
			"broadworks_subscriber acme/carl extension=1",
			"broadworks_workspace acme/room display_name=Room primary_phone_number=+12405551212",
		}, []string{
			`want.csv:3: "acme/anna" in want.csv:2 has the same e-mail address; an address is one person`,
			`want.csv:3: "acme/anna" in want.csv:2 has the same number; a number has one owner`,
			`want.csv:4: "acme/anna" in want.csv:2 has the same extension in the same enterprise; an extension has one owner`,
			`want.csv:5: "acme/anna" in want.csv:2 has the same number; a number has one owner`,
		}},
		{"two templates in one enterprise", []string{
			"broadworks_subscriber acme/anna provisioning_id=t1", "broadworks_subscriber acme/bert provisioning_id=t2", "broadworks_subscriber acme/carl ensure=absent provisioning_id=t3",
		}, []string{`want.csv:3: want.csv:2 gives enterprise "acme" another provisioning_id; all subscribers of an enterprise share one`}},
		{"nobody is in both offers", []string{"subscriber w/a@x.example", "broadworks_subscriber acme/anna email=A@x.example"}, []string{
			`want.csv:3: the same person is a wholesale subscriber in want.csv:2; nobody is in both offers; for a change of offer mark one of the two rows ensure=absent`,
		}},
		{"what cannot be asked for", []string{
			"broadworks_enterprise acme ensure=absent dir_sync=off", "broadworks_subscriber acme/anna primary_phone_number=!clear extension=!clear",
		}, []string{
			`want.csv:2: the enterprise is to go, and the broadworks_subscriber "acme/anna" in want.csv:3 is not; mark that row ensure=absent too, or leave this one out`,
			`want.csv:3: a subscriber keeps a number or an extension, and both are to be cleared; clear one of the two`,
		}},
		{"workspaces that cannot be told apart", []string{
			"broadworks_workspace acme/a display_name=Room", "broadworks_workspace acme/b display_name=Room", "broadworks_workspace other/c display_name=Room",
			"broadworks_workspace acme/d workspace_id=one display_name=Room", "broadworks_workspace acme/e workspace_id=one",
			"broadworks_subscriber acme/a",
		}, []string{
			`want.csv:2: the user id is that of a subscriber in want.csv:7; a user id is a person or a room`,
			`want.csv:3: "acme/a" in want.csv:2 has the same name, and workspaces are told apart by it; say which one is meant in the column workspace_id`,
			`want.csv:6: "acme/d" in want.csv:5 is the same workspace; delete one of the two rows`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEstate()
			e.add(t, nil, c.rows)
			var got []string
			for _, p := range CheckWholeFile(e.want) {
				p.Column, p.Field = "", 0
				got = append(got, p.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBroadWorksValues(t *testing.T) {
	for _, c := range []struct {
		value Value
		cell  string
		want  string
	}{
		{ValueBroadWorksPackage, "standard", ""},
		{ValueBroadWorksPackage, "Premium", `no package "Premium"; write "premium"`},
		{ValueBroadWorksPackage, "premum", `no package "premum"; did you mean "premium"`},
		{ValueBroadWorksPackage, "webex_calling", `a wholesale package, not one of BroadWorks; allowed: softphone, basic, standard, premium`},
		{ValueBroadWorksPackage, "basic;premium", `more than one package; a subscriber has exactly one`},
		{ValuePackage, "premium", `a package of BroadWorks, not of wholesale; allowed: webex_calling, webex_meetings, webex_suite, webex_voice, cx_essentials, webex_calling_standard, attendant_console, cx_premium_agent, cx_standard_agent`},
		{ValueSwitch, "on", ""},
		{ValueSwitch, "TRUE", `neither on nor off; write on`},
		{ValueSwitch, "0", `neither on nor off; write off`},
		{ValueSwitch, "maybe", `neither on nor off; write on or off`},
	} {
		_, issue := Parse(c.value, c.cell)
		got := issue.Text
		if issue.Hint != "" {
			got += "; " + issue.Hint
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.cell, got, c.want)
		}
	}
}
