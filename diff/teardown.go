package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The kinds without rows. Their objects are named by what they belong to, and the
// API tells no more of them than is listed here.

func personSpec() *Spec {
	return newSpec(Spec{Kind: Person, found: []Column{ColEmail}}, []Rule{
		{Column: ColCustomerExternalID, Value: ValueExternalID, Need: Always},
		{Column: ColEmail, Value: ValueEmail, Need: Always, Compared: true},
		{Column: ColLiveOrgID, Value: ValueID},
		{Column: ColID, Value: ValueID},
	})
}

func broadworksPersonSpec() *Spec {
	return newSpec(Spec{Kind: BroadWorksPerson, found: []Column{ColUserID}}, []Rule{
		{Column: ColSPEnterpriseID, Value: ValueExternalID, Need: Always},
		{Column: ColUserID, Value: ValueExternalID, Need: Always},
		{Column: ColEmail, Value: ValueEmail, Compared: true},
		{Column: ColLiveOrgID, Value: ValueID},
		{Column: ColID, Value: ValueID},
	})
}

func workspaceSpec() *Spec {
	return newSpec(Spec{Kind: Workspace, found: []Column{ColCustomerExternalID}}, []Rule{
		{Column: ColCustomerExternalID, Value: ValueExternalID, Need: Always},
		{Column: ColDisplayName, Value: ValueText, Compared: true},
		{Column: ColLiveOrgID, Value: ValueID},
		{Column: ColID, Value: ValueID},
	})
}

func organizationSpec() *Spec {
	return newSpec(Spec{Kind: Organization, found: []Column{ColSPEnterpriseID}}, []Rule{
		{Column: ColSPEnterpriseID, Value: ValueExternalID, Need: Always},
		{Column: ColLiveOrgID, Value: ValueID},
		{Column: ColID, Value: ValueID},
	})
}

const forGood = "for good: nobody can bring it back"

// tearDown plans what goes along with removals where the operator asks for it:
// the people behind subscribers, and the workspaces of customers. The vendor's
// order is subscribers, people, workspaces, then the customer itself.
func (p *planner) tearDown() {
	var staying *subscriptions
	if p.opt.HardDelete {
		staying = p.stayingSubscriptions()
	}
	for _, s := range p.sorted {
		if p.opt.HardDelete {
			p.removePeople(s, staying)
		}
		if p.opt.DeleteWorkspaces && s.remove != nil && s.offer == Wholesale {
			p.removeWorkspaces(s)
		}
		slices.SortFunc(s.changes, compareChanges)
	}
}

// organization is the organization of a live customer, "" where it is not known.
func (s *customerState) organization() string {
	if !s.hasLive {
		return ""
	}
	if s.offer == BroadWorks {
		return s.live.Get(ColLiveOrgID)
	}
	return s.live.Get(ColOrgID)
}

// removePeople adds the removal of a person to that of each subscriber, and of
// those whom an earlier run has left without a subscription. Whoever has another
// subscription that stays is not removed.
func (p *planner) removePeople(s *customerState, staying *subscriptions) {
	for i := range len(s.changes) {
		c := &s.changes[i]
		if c.Action != Remove || c.Kind != Subscriber && c.Kind != BroadWorksSubscriber {
			continue
		}
		person := Row{}
		if live, ok := p.have.Of(c.Kind).IndexBy(ColID).First(c.LiveID); ok {
			person = live
		}
		gone := p.personRemoval(s, c, person)
		staying.goesAfter(&gone, c.ID)
		if !p.keepsPerson(staying, &gone) {
			s.changes = append(s.changes, gone)
		}
	}
	for _, k := range []Kind{Person, BroadWorksPerson} {
		if k.Offer() == s.offer {
			p.removeLeftovers(s, k, staying)
		}
	}
}

// personRemoval is the removal of the person behind a subscriber. The id of the
// person is kept now, because it is gone with the subscription; where nobody knows
// it the person is looked up by organization and address.
func (p *planner) personRemoval(s *customerState, of *Change, live Row) Change {
	kind, email := SpecOf(of.Kind).Along, of.Key.Email // a BroadWorks key has none
	c := Change{Action: Remove, Key: of.Key, At: of.At, FileName: of.FileName, Line: of.Line, Stage: StagePeople, Remark: forGood}
	if live.t != nil {
		c.LiveID = live.Get(ColPersonID)
		email = cmp.Or(live.Get(ColEmail), email)
	}
	c.Kind, c.Reason = kind, "the person behind the subscriber, as --hard-delete asks"
	c.ID = kind.String() + strings.TrimPrefix(of.ID, of.Kind.String())
	return s.describePerson(c, email)
}

// describePerson fills in what a person is known by.
func (s *customerState) describePerson(c Change, email string) Change {
	for _, f := range []FieldChange{{ColEmail, email, ""}, {ColLiveOrgID, s.organization(), ""}} {
		if f.Before != "" {
			c.Fields = append(c.Fields, f)
		}
	}
	c.Precondition = Fingerprint(c.Kind, func(col Column) string {
		if col == ColEmail {
			return email
		}
		return ""
	})
	return c
}

// removeLeftovers removes the people whom rows want gone and who have no
// subscription any more.
func (p *planner) removeLeftovers(s *customerState, k Kind, staying *subscriptions) {
	live := p.have.Of(k)
	for l := range live.IndexBy(SpecOf(k).Keys[0]).All(s.externalID) {
		r, ok := p.absentRow(k, l)
		if !ok {
			continue
		}
		c := p.at(Change{ID: changeID(k, l.Key(), "remove"), Kind: k, Action: Remove, Key: l.Key(), Stage: StagePeople, Remark: forGood,
			Reason: "the row says ensure=absent; the subscription is gone already", LiveID: l.Get(ColID)}, r)
		if c = s.describePerson(c, l.Get(ColEmail)); p.keepsPerson(staying, &c) {
			continue
		}
		s.changes = append(s.changes, c)
		p.settled[r.Kind()]-- // its row asks for something after all
	}
}

// absentRow finds the row that wants a person gone.
func (p *planner) absentRow(k Kind, live Row) (Row, bool) {
	rows, column := p.want.Of(subscriberOf(k)), SpecOf(k).OwnKey()
	for r := range rows.IndexBy(column).All(live.Get(column)) {
		if r.Absent() && r.Key() == live.Key() {
			return r, true
		}
	}
	return Row{}, false
}

// subscriberOf is the kind of the subscription that a person of a kind has.
func subscriberOf(person Kind) Kind {
	if SpecOf(Subscriber).Along == person {
		return Subscriber
	}
	return BroadWorksSubscriber
}

// removeWorkspaces adds the removal of each workspace of a customer that goes.
func (p *planner) removeWorkspaces(s *customerState) {
	live := p.have.Of(Workspace)
	for l := range live.IndexBy(ColCustomerExternalID).All(s.externalID) {
		c := p.at(Change{ID: changeID(Workspace, l.Key(), "remove/"+idEscaper.Replace(l.Get(ColID))), Kind: Workspace, Action: Remove, Key: l.Key(),
			Stage: StageWorkspaces, Remark: "its devices go too", Reason: "its customer goes, and --delete-workspaces asks for it", LiveID: l.Get(ColID)}, s.want)
		c.Fields = []FieldChange{{ColDisplayName, l.Get(ColDisplayName), ""}, {ColLiveOrgID, s.organization(), ""}}
		c.Precondition = Fingerprint(Workspace, l.Get)
		s.changes = append(s.changes, c)
	}
}

// removeOrganization plans the end of an enterprise whose row says ensure=absent:
// its directory sync is switched off and cleaned up, then its organization goes.
func (p *planner) removeOrganization(s *customerState, r Row) {
	switch {
	case !s.hasLive:
		p.unchanged(BroadWorksEnterprise)
		return
	case s.size-s.leaving > 0:
		p.hold(r, Conflict, fmt.Sprintf("%d of its subscribers would stay, and only an empty enterprise goes", s.size-s.leaving),
			"list them with ensure=absent, or add --prune", s.live)
		return
	case !p.opt.DeleteOrganizations || s.organization() == "":
		p.hold(r, Conflict, "an enterprise goes with its last subscriber, and its organization stays", "leave the row out, or give --delete-organizations to remove the organization for good", s.live)
		return
	}
	if s.live.Get(ColDirSync) == SwitchOn {
		p.switchSync(s, r, SwitchOff, s.live.Get)
		s.sync.Reason = "its organization is to go, and stays while its directory is synchronised"
	}
	org := s.organization()
	c := p.at(Change{ID: changeID(Organization, r.Key(), "remove"), Kind: Organization, Action: Remove, Key: r.Key(), Stage: StageRemoveCustomer,
		Reason: "the row says ensure=absent, and --delete-organizations asks for it", Remark: forGood, LiveID: org}, r)
	c.Fields = []FieldChange{{ColLiveOrgID, org, ""}}
	c.Precondition = Fingerprint(Organization, func(Column) string { return "" })
	s.remove = &c
}

// count enters what goes along with removals.
func (d *Deletes) count(changes []Change) {
	for i := range changes {
		switch changes[i].Kind {
		case Person, BroadWorksPerson:
			d.People++
		case Workspace:
			d.CustomerWorkspaces++
		}
	}
}
