package diff

import (
	"fmt"
	"slices"
)

// subscribers decides about every subscriber row, of both offers. Those that say
// ensure=absent come first: whether a person can join a customer depends on
// whether the old one lets go.
func (p *planner) subscribers() {
	for _, absent := range []bool{true, false} {
		p.eachRow(Subscriber, absent, p.subscriber)
		p.eachRow(BroadWorksSubscriber, absent, p.user)
	}
}

// eachRow decides about the rows of a kind that ask for removal, or about the
// others.
func (p *planner) eachRow(k Kind, absent bool, decide func(Row)) {
	rows := p.want.Of(k)
	for i := range rows.Len() {
		if r := rows.Row(i); r.Absent() == absent {
			decide(r)
		}
	}
}

// subscriber decides about one subscriber row.
func (p *planner) subscriber(r Row) {
	s := p.state(r.Get(ColCustomerExternalID))
	s.rowsBelow++
	if !r.Absent() {
		s.staying++
	}
	m := p.matchSubscriber(r)
	own := p.want.spelling(r.Get(ColSubPartner))
	switch {
	case own != "" && s.claim(own):
		p.refuse(r, lack{ColSubPartner, elsewhere(s), "correct sub_partner_org_id, or leave it blank: a subscriber goes with its customer"})
	case m.here > 1:
		p.hold(r, Conflict, fmt.Sprintf("%d live subscribers have this customer and e-mail address", m.here),
			"find out which one is meant and remove the other in Partner Hub", p.namesakes(r, func(l Row) bool { return p.owner(l) == s.externalID })...)
	case m.here == 0 && m.adrift:
		p.hold(r, Conflict, "the e-mail address is live under a customer that the API does not name",
			"find out in Partner Hub whose it is", p.namesakes(r, func(l Row) bool { return p.owner(l) == "" })...)
	case m.here == 0 && r.Absent():
		p.unchanged(Subscriber)
	case s.held != "" && !(r.Absent() && (s.goes || s.suspended)):
		p.hold(r, s.heldAs, s.held, "see the row of customer "+s.externalID)
	case r.Absent():
		p.removeSubscriber(s, m.live, r, "the row says ensure=absent", "remove")
	case !p.fits(s, r):
	case m.here == 1:
		p.updateSubscriber(s, r, m.live)
	case m.stays:
		p.hold(r, Conflict, "the same person stays under another customer", "see the row there", p.namesakes(r, p.stays)...)
	case m.elsewhere > 1:
		p.hold(r, Conflict, fmt.Sprintf("the e-mail address is live under %d other customers", m.elsewhere),
			"remove the wrong ones with rows that say ensure=absent", p.namesakes(r, func(l Row) bool { return !p.hasRow(l) })...)
	case m.elsewhere == 1:
		p.moveSubscriber(s, r, m.live)
	default:
		p.provisionSubscriber(s, r)
	}
}

// match counts the live subscribers with a row's e-mail address, those of its
// customer apart from those of others. Live is the one that the row means, where
// there is only one.
type match struct {
	here, elsewhere int
	stays           bool // live is elsewhere, by its own row, and is not removed
	adrift          bool // live is somewhere, and nobody says under which customer
	live            Row
}

// matchSubscriber looks for a row's live subscriber: under its customer, else
// under others. One elsewhere that has a row of its own is that row's business,
// but where it stays the person cannot be here.
func (p *planner) matchSubscriber(r Row) (m match) {
	customer, live := r.Get(ColCustomerExternalID), p.have.Of(Subscriber).IndexBy(ColEmail)
	if live.soleAt(p.expect, r.Get(ColEmail)) && p.owner(p.have.Of(Subscriber).Row(p.expect)) == customer {
		m = match{here: 1, live: p.have.Of(Subscriber).Row(p.expect)}
		p.named[Subscriber][p.expect] = true
		p.expect++
		return m
	}
	for l := range live.All(r.Get(ColEmail)) {
		owner := p.owner(l)
		m.adrift = m.adrift || owner == ""
		if owner == customer {
			m.here++
			m.live = l
			p.named[Subscriber][l.Index()] = true
			p.expect = l.Index() + 1
		}
	}
	if m.here > 0 || r.Absent() {
		return m
	}
	for l := range live.All(r.Get(ColEmail)) {
		switch {
		case !p.hasRow(l):
			m.elsewhere++
			m.live = l
			p.named[Subscriber][l.Index()] = true
		case p.stays(l):
			m.stays = true
		}
	}
	return m
}

// fits reports whether a present subscriber can be under its customer, with its
// package, and says why not.
func (p *planner) fits(s *customerState, r Row) bool {
	switch name := r.Get(ColPackage); {
	case !s.hasLive && s.ready == nil && p.rejected[s.externalID]:
		p.hold(r, RejectedRow, customerInvalid, "see the row of customer "+s.externalID)
	case !s.hasLive && s.ready == nil:
		p.refuse(r, lack{ColCustomerExternalID, "no such customer, neither in the input nor live", "add a customer row, or correct the id"})
	case name != "" && !slices.Contains(s.final, name):
		p.refuse(r, lack{ColPackage, fmt.Sprintf("customer %q will not have this package (it has %s)", s.externalID, wordsFor(s.final)), "add it to the customer's packages"})
	default:
		return true
	}
	return false
}

func wordsFor(packages []string) string {
	if len(packages) == 0 {
		return "none"
	}
	return JoinPackages(packages)
}

// provisionSubscriber plans a POST, unless something is in its way.
func (p *planner) provisionSubscriber(s *customerState, r Row) (c *Change, ok bool) {
	pkg, known := LookupPackage(r.Get(ColPackage))
	switch {
	case !known:
		p.refuse(r, lack{ColPackage, "the subscriber is new and needs a package", ""})
		return nil, false
	case pkg.Calling && !hasNumber(r):
		p.refuse(r, lack{ColPhone, fmt.Sprintf("package %s needs a number", pkg.Name), "fill primary_phone_number, extension, or both"})
		return nil, false
	case s.waits():
		p.holdForCustomer(s, r)
		return nil, false
	case p.refuseBarred(s, r) || p.staysElsewhere(r, BroadWorksSubscriber):
		return nil, false
	}
	id, ok := p.locate(s, r)
	if !ok {
		return nil, false
	}
	c = p.provisionBelow(s, r)
	c.Fields = WithLocation(c.Fields, id)
	c.remarkLocation()
	return c, true
}

func hasNumber(r Row) bool { return r.Get(ColPhone) != "" || r.Get(ColExtension) != "" }

func (p *planner) holdForCustomer(s *customerState, r Row) {
	p.hold(r, Pending, "its customer waits for a person: "+s.live.Get(ColStatus), "plan again when the customer is provisioned", s.live)
}

// updateSubscriber compares a row with its live subscriber, of either offer.
func (p *planner) updateSubscriber(s *customerState, r, live Row) {
	status := live.Get(ColStatus)
	if p.compares(r, live) && p.refuseUnknownPlace(s, r) {
		return
	}
	if fields := comparedFields(r, live); len(fields) > 0 && !WaitsForPerson(status) {
		if r.Kind() == BroadWorksSubscriber {
			p.changeUser(s, r, live, fields)
		} else {
			p.changeSubscriber(s, r, live, fields)
		}
		return
	}
	p.compareDeep(s, r, live, nil)
	switch {
	case WaitsForPerson(status):
		p.hold(r, Pending, waitsReason+status, "nothing to do here; plan again later", live)
	case status == StatusProvisioned, status == "": // a snapshot may leave it out
		p.unchanged(r.Kind())
	case status == StatusError:
		p.hold(r, Conflict, describeStatus(live), "remove the subscriber and provision it again, or mend the cause in Partner Hub", live)
	default:
		p.hold(r, InProgress, describeStatus(live), "plan again when it has settled", live)
	}
}

// waitsReason begins the reason why a row is held whose subscriber waits.
const waitsReason = "the live subscriber waits for a person: "

// changeSubscriber plans a PUT. Number, extension and location travel only on a
// move from the one package without calling to one with it; on any other update
// the API does not take them.
func (p *planner) changeSubscriber(s *customerState, r, live Row, fields []FieldChange) {
	reason := differing(fields)
	if before := live.Get(ColPackage); before == Meetings {
		if !hasNumber(r) {
			p.refuse(r, lack{ColPhone, fmt.Sprintf("a move from %s to %s needs a number", before, r.Get(ColPackage)), "fill primary_phone_number, extension, or both"})
			return
		}
		fields = append(fields, sentFields(r, func(rule Rule) bool { return rule.Sent == SentOnMove })...)
	}
	switch {
	case s.waits():
		p.holdForCustomer(s, r)
	case p.refuseBarred(s, r):
	default:
		if _, sent := fieldOf(fields, ColLocationName); sent {
			id, ok := p.locate(s, r)
			if !ok {
				return
			}
			fields = WithLocation(fields, id)
		}
		p.updateBelow(s, r, live, reason, fields)
		s.changes[len(s.changes)-1].remarkLocation()
	}
}

// updateBelow plans a PUT of what is below a customer.
func (p *planner) updateBelow(s *customerState, r, live Row, reason string, fields []FieldChange) {
	k := r.Kind()
	p.compareDeep(s, r, live, fields)
	c := p.at(Change{ID: changeID(k, r.Key(), "update"), Kind: k, Action: Update, Key: r.Key(), Stage: StageUpdate, Reason: reason, Fields: fields}, r)
	c.LiveID, c.Precondition = live.Get(ColID), Fingerprint(k, live.Get)
	s.changes = append(s.changes, c)
}

// provisionBelow plans a POST of what is below a customer.
func (p *planner) provisionBelow(s *customerState, r Row) *Change {
	k := r.Kind()
	c := p.at(Change{ID: changeID(k, r.Key(), "provision"), Kind: k, Action: Provision, Key: r.Key(), Stage: StageProvision, Reason: "not live"}, r)
	c.Fields = sentFields(r, func(rule Rule) bool { return rule.Sent != SentNever })
	s.changes = append(s.changes, c)
	p.joins[k][r.Index()] = true
	return &s.changes[len(s.changes)-1]
}

// removeSubscriber plans a removal, of either offer. Row r is the one that asks
// for it, and has no table where pruning does.
func (p *planner) removeSubscriber(s *customerState, live, r Row, reason, verb string) {
	k, key := live.Kind(), live.Key()
	key.Customer = s.externalID
	c := Change{ID: changeID(k, key, verb), Kind: k, Action: Remove, Key: key, Stage: StageRemove, Reason: reason}
	if r.t != nil {
		c = p.at(c, r)
	}
	c.LiveID, c.Precondition = live.Get(ColID), Fingerprint(k, live.Get)
	columns := []Column{ColPackage, ColPhone, ColExtension}
	if k == BroadWorksSubscriber {
		columns = []Column{ColEmail, ColPackage, ColPhone, ColExtension}
	}
	for _, col := range columns {
		v := live.Get(col)
		if v == "" && col != ColPackage && r.t != nil && r.Absent() {
			v = r.Get(col) // the API does not list numbers, but the row may know
		}
		if v != "" {
			c.Fields = append(c.Fields, FieldChange{Column: col, Before: v})
		}
	}
	s.changes = append(s.changes, c)
	s.leaving++
	p.going[k][live.Index()] = true
}
