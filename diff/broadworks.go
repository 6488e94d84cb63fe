package diff

import (
	"fmt"
	"slices"
	"strings"
)

// countEnterprises enters the live enterprises.
func (p *planner) countEnterprises() {
	enterprises := p.have.Of(BroadWorksEnterprise)
	for i := range enterprises.Len() {
		r := enterprises.Row(i)
		s := p.stateOf(Scope{BroadWorks, r.Get(ColSPEnterpriseID)})
		if s.hasLive {
			s.hold(Conflict, fmt.Sprintf("more than one live enterprise has the sp_enterprise_id %q", s.externalID))
		}
		s.live, s.hasLive = r, true
	}
}

// user decides about one row of a BroadWorks subscriber.
func (p *planner) user(r Row) {
	s := p.stateOf(Scope{BroadWorks, r.Get(ColSPEnterpriseID)})
	s.rowsBelow++
	if !r.Absent() {
		s.staying++
	}
	here, elsewhere := p.matchUser(r)
	switch {
	case len(here) > 1:
		p.hold(r, Conflict, fmt.Sprintf("%d live subscribers have this enterprise and user id", len(here)),
			"find out which one is meant and remove the other in Partner Hub", here...)
	case len(here) == 0 && p.otherCase(r):
	case len(here) == 0 && r.Absent():
		p.unchanged(BroadWorksSubscriber)
	case s.held != "":
		p.hold(r, s.heldAs, s.held, "find out which one is meant in Partner Hub")
	case r.Absent():
		p.removeSubscriber(s, here[0], r, "the row says ensure=absent", "remove")
	case len(here) == 1 && !p.fitsUser(s, r, here[0]):
	case len(here) == 1:
		p.updateSubscriber(s, r, here[0])
	case len(elsewhere) > 0:
		p.hold(r, Conflict, fmt.Sprintf("the user id is live under enterprise %q, and the API moves nobody", elsewhere[0].Get(ColSPEnterpriseID)),
			"correct sp_enterprise_id, or add a row that removes the subscriber there (ensure=absent)", elsewhere...)
	default:
		p.provisionUser(s, r)
	}
}

// matchUser looks for the live subscribers with a row's user id: those of its
// enterprise, and those of others that stay where they are.
func (p *planner) matchUser(r Row) (here, elsewhere []Row) {
	for l := range p.have.Of(BroadWorksSubscriber).IndexBy(ColUserID).All(r.Get(ColUserID)) {
		switch {
		case l.Get(ColSPEnterpriseID) == r.Get(ColSPEnterpriseID):
			here = append(here, l)
			p.named[BroadWorksSubscriber][l.Index()] = true
		case !p.going[BroadWorksSubscriber][l.Index()]:
			elsewhere = append(elsewhere, l)
		}
	}
	return here, elsewhere
}

// otherCase holds a row whose user id is live in another case. Whether BroadWorks
// takes the two for one its guides do not say; so nobody is provisioned beside
// that subscriber, and nobody takes it for one that no row names.
func (p *planner) otherCase(r Row) bool {
	if p.anyCase == nil {
		p.anyCase = map[string][]Row{}
		live := p.have.Of(BroadWorksSubscriber)
		for i := range live.Len() {
			l := live.Row(i)
			id := strings.ToLower(l.Get(ColUserID))
			p.anyCase[id] = append(p.anyCase[id], l)
		}
	}
	for _, l := range p.anyCase[strings.ToLower(r.Get(ColUserID))] {
		if l.Get(ColUserID) != r.Get(ColUserID) && (!r.Absent() || l.Get(ColSPEnterpriseID) == r.Get(ColSPEnterpriseID)) {
			p.hold(r, Conflict, fmt.Sprintf("the user id differs only in case from that of the live subscriber %q", l.Key()), "write the user id as it is live", l)
			return true
		}
	}
	return false
}

// fitsUser reports whether a row asks nothing of its live subscriber that the API
// cannot do, and says why not. What the API did not show is not held against it.
func (p *planner) fitsUser(s *customerState, r, live Row) bool {
	for _, c := range SpecOf(BroadWorksSubscriber).fixed {
		want, has := r.Get(c), live.Get(c)
		if want == "" || has == "" || Fold(c, want) == Fold(c, has) {
			continue
		}
		advice := "correct the cell, or leave it blank"
		if c == ColEmail || c == ColProvisioningID {
			advice += "; for another one remove the subscriber and provision it again"
		}
		p.hold(r, Conflict, fmt.Sprintf("%s is %q, and the API cannot change it to %q", c, has, want), advice, live)
		return false
	}
	phone, extension := after(r, live, ColPhone), after(r, live, ColExtension)
	if phone == "" && extension == "" && (r.Get(ColPhone) == Clear || r.Get(ColExtension) == Clear) {
		c := ColPhone
		if r.Get(c) != Clear {
			c = ColExtension
		}
		p.refuse(r, lack{c, "cannot be cleared: the subscriber would have neither a number nor an extension", "fill the other one, or leave this one as it is"})
		return false
	}
	return true
}

// after is what a live object has in a column once its row is carried out.
func after(r, live Row, c Column) string {
	if v, set := r.Value(c); set {
		return v
	}
	return live.Get(c)
}

// changeUser plans a PUT of a BroadWorks subscriber. The time zone goes along,
// because the API takes it and does not show it.
func (p *planner) changeUser(s *customerState, r, live Row, fields []FieldChange) {
	reason := differing(fields)
	fields = append(fields, sentFields(r, func(rule Rule) bool { return rule.Column == ColTimezone })...)
	p.updateBelow(s, r, live, reason, fields)
}

// provisionUser plans a POST, unless something is in its way.
func (p *planner) provisionUser(s *customerState, r Row) {
	if lacks := lacksOfUser(r); len(lacks) > 0 {
		p.refuse(r, lacks...)
		return
	}
	if template := p.templateOf(s); template != "" && !SameID(template, r.Get(ColProvisioningID)) {
		p.hold(r, Conflict, fmt.Sprintf("enterprise %q was provisioned with another provisioning_id, %s; all its subscribers share one", s.externalID, template), "correct the cell")
		return
	}
	if p.staysElsewhere(r, Subscriber) || p.addressTaken(r) {
		return
	}
	c := p.provisionBelow(s, r)
	if r.Get(ColEmail) == "" {
		c.Remark = "without an e-mail address: the vendor asks the person for it, unless the template takes it from BroadWorks"
	}
}

func lacksOfUser(r Row) []lack {
	var lacks []lack
	for _, rule := range SpecOf(r.Kind()).Rules {
		if v, _ := r.Value(rule.Column); v != "" || rule.Need != AtProvision {
			continue
		}
		l := lack{rule.Column, fmt.Sprintf("the %s is new and needs this", r.Kind()), ""}
		if rule.Column == ColProvisioningID {
			l.hint = "fill the column or give --provisioning-id"
		}
		lacks = append(lacks, l)
	}
	return lacks
}

// templateOf is the provisioning id that an enterprise has, "" where the API does
// not show it.
func (p *planner) templateOf(s *customerState) string {
	if s.hasLive && s.live.Get(ColLiveProvisioningID) != "" {
		return s.live.Get(ColLiveProvisioningID)
	}
	for l := range p.have.Of(BroadWorksSubscriber).IndexBy(ColSPEnterpriseID).All(s.externalID) {
		if id := l.Get(ColProvisioningID); id != "" {
			return id
		}
	}
	return ""
}

// addressTaken holds a row whose e-mail address another live BroadWorks
// subscriber has and keeps.
func (p *planner) addressTaken(r Row) bool {
	for l := range p.have.Of(BroadWorksSubscriber).IndexBy(ColEmail).All(r.Get(ColEmail)) {
		if !p.going[BroadWorksSubscriber][l.Index()] {
			p.hold(r, Conflict, fmt.Sprintf("the e-mail address is that of the live subscriber %q", l.Key()),
				"correct the address or the user_id, or add a row that removes the other one (ensure=absent)", l)
			return true
		}
	}
	return false
}

// openEnterprises settles what opens each enterprise that is not live, and the
// enterprise rows, which may need that.
func (p *planner) openEnterprises() {
	for _, s := range p.sorted {
		if s.offer == BroadWorks && !s.hasLive && s.size == 0 {
			p.openEnterprise(s)
		}
	}
	rows := p.want.Of(BroadWorksEnterprise)
	for i := range rows.Len() {
		r := rows.Row(i)
		p.enterprise(p.stateOf(Scope{BroadWorks, r.Get(ColSPEnterpriseID)}), r)
	}
}

// openEnterprise makes one provision the first: it creates the organization, and
// two of them at once might create two. One that names a time zone goes before
// those that do not, because it may also open the meetings site; then the user id
// decides, and never the order of rows.
func (p *planner) openEnterprise(s *customerState) {
	first := -1
	for i := range s.changes {
		c := &s.changes[i]
		if c.Kind == BroadWorksSubscriber && c.Action == Provision && (first < 0 || zoneFirst(c, &s.changes[first]) < 0) {
			first = i
		}
	}
	if first < 0 {
		return
	}
	c := s.changes[first]
	s.changes = slices.Delete(s.changes, first, first+1)
	c.Stage, c.Reason = StageReady, "not live; the first subscriber of an enterprise opens its organization"
	s.ready = &c
}

// enterprise decides about the row of an enterprise.
func (p *planner) enterprise(s *customerState, r Row) {
	s.want = r
	switch {
	case s.held != "":
		p.hold(r, Conflict, s.held, "find out which one is meant in Partner Hub")
	case r.Absent():
		if s.hasLive {
			p.named[BroadWorksEnterprise][s.live.Index()] = true
		}
		p.removeOrganization(s, r)
	case !s.hasLive && s.ready == nil:
		p.refuse(r, lack{ColSPEnterpriseID, "no such enterprise, neither live nor opened by a subscriber row of the input", "add a row of its first subscriber, or correct the id"})
	case !s.hasLive:
		p.switchSync(s, r, r.Get(ColDirSync), func(c Column) string {
			if c == ColDirSync {
				return SwitchOff // new enterprises are not synchronised
			}
			return ""
		})
	default:
		p.named[BroadWorksEnterprise][s.live.Index()] = true
		p.switchSync(s, r, r.Get(ColDirSync), s.live.Get)
	}
}

// switchSync plans to switch an enterprise's directory sync to the state that is
// wanted; its present state is told by get.
func (p *planner) switchSync(s *customerState, r Row, want string, get func(Column) string) {
	now := get(ColDirSync)
	if want == "" || want == now {
		p.unchanged(BroadWorksEnterprise)
		return
	}
	c := p.at(Change{ID: changeID(BroadWorksEnterprise, r.Key(), "update"), Kind: BroadWorksEnterprise, Action: Update, Key: r.Key(), Stage: StageSync, Reason: "dir_sync differs"}, r)
	c.Fields = []FieldChange{{ColDirSync, now, want}}
	c.LiveID, c.Precondition = get(ColID), Fingerprint(BroadWorksEnterprise, get)
	if want == SwitchOff {
		c.Remark = "the vendor clears the directory some minutes later, and the change ends with that"
	}
	s.sync = &c
}
