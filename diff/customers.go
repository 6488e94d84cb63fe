package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Statuses of the API that decide what a plan may do with an object. Every other
// word is treated as "in progress": the API may add states at any time.
const (
	StatusProvisioned           = "provisioned"
	StatusProvisionedWithErrors = "provisioned_with_errors"
	StatusError                 = "error"
	StatusDeleting              = "deleting"
	StatusReview                = "pending_rpl_review"
	StatusUserMigration         = "pending_user_migration"
)

// WaitsForPerson reports whether a status of a customer or subscriber only
// changes when somebody acts: consents, reads a mail, reviews compliance.
func WaitsForPerson(status string) bool { return strings.HasPrefix(status, "pending_") }

const customerInvalid = "its customer's row is invalid"

// matchCustomers finds the live customers that each row may mean: those with its
// external id, else those with its organization. A customer that is live under
// another external id is renamed, so that its subscribers are found below the
// new one.
func (p *planner) matchCustomers() {
	rows, live := p.want.Of(Customer), p.have.Of(Customer)
	for i := range rows.Len() {
		r := rows.Row(i)
		p.matches[i] = slices.Collect(live.IndexBy(ColExternalID).All(r.Get(ColExternalID)))
		if len(p.matches[i]) == 0 {
			p.matches[i] = slices.Collect(live.IndexBy(ColOrgID).All(r.Get(ColOrgID)))
		}
		for _, m := range p.matches[i] {
			p.claims[m.Index()]++
		}
	}
	for i, matches := range p.matches {
		if len(matches) != 1 || p.claims[matches[0].Index()] != 1 {
			continue
		}
		if now, before := rows.Row(i).Get(ColExternalID), matches[0].Get(ColExternalID); now != before {
			p.renamed[before] = now
		}
	}
}

// customer decides about the i-th customer row.
func (p *planner) customer(i int) {
	r, matches := p.want.Of(Customer).Row(i), p.matches[i]
	s := p.state(r.Get(ColExternalID))
	s.want, s.hasWant = r, true
	switch {
	case len(matches) > 1:
		s.hold(Conflict, fmt.Sprintf("%d live customers match this row", len(matches)))
		p.hold(r, Conflict, s.held, "find out which one is meant and remove the other in Partner Hub", matches...)
	case len(matches) == 1 && p.claims[matches[0].Index()] > 1:
		s.hold(Conflict, fmt.Sprintf("more than one row means the live customer %q, by external id or by organization", matches[0].Get(ColExternalID)))
		p.hold(r, Conflict, s.held, "leave out one of the rows", matches...)
	case s.held != "":
		p.hold(r, Conflict, s.held, "find out which one is meant and remove the other in Partner Hub", matches...)
	case s.claim(p.want.SubPartnerOf(r)):
		s.hold(Conflict, elsewhere(s))
		p.hold(r, Conflict, s.held, "correct sub_partner_org_id", matches...)
	case r.Absent():
		p.removeCustomer(s, r, matches)
	case len(matches) == 0:
		p.provisionCustomer(s, r)
	default:
		p.updateCustomer(s, r, matches[0])
	}
}

func (p *planner) provisionCustomer(s *customerState, r Row) {
	if p.refuseBarred(s, r) {
		return
	}
	s.final = SplitPackages(r.Get(ColPackages))
	lacks := slices.Concat(lacksOfNewCustomer(r), lacksOfLocation(r, s.final), strayLimits(r, s.final))
	if len(lacks) > 0 {
		s.hold(RejectedRow, customerInvalid)
		p.refuse(r, lacks...)
		return
	}
	c := p.at(Change{ID: changeID(Customer, r.Key(), "provision"), Kind: Customer, Action: Provision, Key: r.Key(), Stage: StageReady, Reason: "no live customer has this external id"}, r)
	c.Fields = sentFields(r, func(rule Rule) bool {
		switch rule.Sent {
		case SentFirstCalling:
			return anyPackage(s.final, isCalling)
		case SentFirstMeetings:
			return anyPackage(s.final, isMeetings)
		}
		return rule.Sent != SentNever
	})
	s.ready, s.gains = &c, s.final
	if anyPackage(s.final, isMeetings) {
		p.noteSite(s.ready, r.Get(ColCountry))
	}
}

// sentFields lists the cells of a row that a request sends.
func sentFields(r Row, sent func(Rule) bool) []FieldChange {
	var out []FieldChange
	for _, rule := range SpecOf(r.Kind()).Rules {
		if v, _ := r.Value(rule.Column); v != "" && sent(rule) {
			out = append(out, FieldChange{Column: rule.Column, After: v})
		}
	}
	return out
}

// lacksOfNewCustomer names the columns that any new customer needs.
func lacksOfNewCustomer(r Row) []lack {
	var lacks []lack
	for _, rule := range SpecOf(Customer).Rules {
		if v, _ := r.Value(rule.Column); v != "" {
			continue
		}
		l := lack{rule.Column, "the customer is new and needs this", ""}
		switch {
		case rule.Need == AtProvision && rule.Column == ColProvisioningID:
			l.hint = "fill the column or give --provisioning-id"
		case rule.Need == AtProvision:
		case rule.Need == ForNewOrg && r.Get(ColOrgID) == "":
			l.hint = "or give org_id if it already has a Webex organization"
		default:
			continue
		}
		lacks = append(lacks, l)
	}
	return lacks
}

// lacksOfLocation names what the location of a first calling package lacks. The
// billing address stands in for its address, but only as a whole.
func lacksOfLocation(r Row, added []string) []lack {
	if !anyPackage(added, isCalling) {
		return nil
	}
	var lacks []lack
	ownAddress := slices.ContainsFunc(locationAddress, func(c Column) bool { return r.Get(c) != "" })
	for _, rule := range SpecOf(Customer).Rules {
		switch {
		case r.Get(rule.Column) != "":
		case rule.Need == WithCalling:
			lacks = append(lacks, lack{rule.Column, "the first calling package needs a location, and it lacks this", ""})
		case rule.Need == CallingAddress && ownAddress:
			lacks = append(lacks, lack{rule.Column, "the address of the location lacks this", "or leave all of that address blank: the billing address stands in"})
		}
	}
	return lacks
}

var locationAddress = []Column{ColLocationAddressLine1, ColLocationAddressLine2, ColLocationCity, ColLocationState, ColLocationZip, ColLocationCountry}

func (p *planner) removeCustomer(s *customerState, r Row, matches []Row) {
	s.goes = true
	s.hold(Conflict, "its customer is to be removed")
	if len(matches) == 0 || matches[0].Get(ColStatus) == StatusDeleting {
		p.unchanged(Customer)
		return
	}
	live := matches[0]
	c := p.at(Change{ID: changeID(Customer, r.Key(), "remove"), Kind: Customer, Action: Remove, Key: r.Key(), Stage: StageRemoveCustomer, Reason: "the row says ensure=absent"}, r)
	c.Remark = "the Webex organization itself stays"
	c.LiveID, c.Precondition = live.Get(ColID), Fingerprint(Customer, live.Get)
	c.Fields = []FieldChange{{Column: ColPackages, Before: live.Get(ColPackages)}}
	s.remove = &c
}

// updateCustomer compares a row with its live customer. What adds goes into a
// first PUT and what takes away into a second, because the API refuses both at
// once (code 2544); the subscribers' changes come between the two.
func (p *planner) updateCustomer(s *customerState, r, live Row) {
	if reason, advice := customerConflict(r, live); reason != "" {
		s.hold(Conflict, reason)
		p.hold(r, Conflict, reason, advice, live)
		return
	}
	if v := r.Get(ColPackages); v != "" {
		s.final = SplitPackages(v)
	}
	if s.waits() {
		p.hold(r, Pending, "the live customer waits for a person: "+live.Get(ColStatus), "nothing to do here; plan again later", live)
		return
	}
	before := SplitPackages(live.Get(ColPackages))
	added, lost := without(s.final, before), without(before, s.final)
	if lacks := append(lacksOfLocation(r, firstOfSort(before, added, isCalling)), strayLimits(r, s.final)...); len(lacks) > 0 {
		s.hold(RejectedRow, customerInvalid)
		p.refuse(r, lacks...)
		return
	}
	fields := p.readyFields(r, live, before, added, lost)
	sent := fields
	if len(lost) > 0 {
		sent = append(slices.Clone(fields), limitsSent(r)...)
	}
	if len(sent) > 0 && p.refuseBarred(s, r) {
		return
	}
	p.countUncompared(r, sent)
	if len(fields) > 0 {
		s.ready, s.gains = p.customerUpdate(r, live, fields, StageReady), added
		s.ready.Reason = customerReason(fields, added)
		if firstOfSort(before, added, isMeetings) != nil {
			p.noteSite(s.ready, cmp.Or(r.Get(ColCountry), live.Get(ColCountry)))
		}
	}
	if len(lost) > 0 {
		shrunk := []FieldChange{{ColPackages, JoinPackages(append(before, added...)), JoinPackages(s.final)}}
		s.shrink = p.customerUpdate(r, live, append(shrunk, limitsSent(r)...), StageShrink)
		s.shrink.ID = changeID(Customer, r.Key(), "remove-packages")
		s.shrink.Reason = "the row no longer names " + strings.Join(lost, ", ")
		if s.ready != nil { // by then the first PUT has been made
			s.shrink.Precondition = s.ready.After(live.Get)
		}
	}
	if s.ready == nil && s.shrink == nil {
		p.settledCustomer(r, live)
	}
}

// readyFields are what the first PUT changes: all that differs but lost packages,
// and what goes along with that.
func (p *planner) readyFields(r, live Row, before, added, lost []string) []FieldChange {
	fields := comparedFields(r, live)
	if len(added) > 0 {
		fields = append(fields, growthFields(r, before, added)...)
	}
	if len(fields) > 0 || len(lost) == 0 && p.opt.SendLimits {
		fields = append(fields, limitsSent(r)...)
	}
	slices.SortFunc(fields, inOrderOf(Customer))
	return fields
}

// customerConflict names what makes a live customer one that must not be touched.
func customerConflict(r, live Row) (reason, advice string) {
	if org := r.Get(ColOrgID); org != "" && live.Get(ColOrgID) != "" && !SameID(org, live.Get(ColOrgID)) {
		return fmt.Sprintf("the live customer belongs to organization %s, not to the row's", live.Get(ColOrgID)), "correct org_id or external_id"
	}
	if live.Get(ColStatus) == StatusDeleting {
		return "the live customer is being deleted", "plan again when it is gone"
	}
	return "", ""
}

// settledCustomer answers for a row that already is as wanted, unless the live
// customer is not well.
func (p *planner) settledCustomer(r, live Row) {
	switch status := live.Get(ColStatus); status {
	case StatusProvisioned, "": // a snapshot may leave it out
		p.unchanged(Customer)
	case StatusError, StatusProvisionedWithErrors:
		p.hold(r, Conflict, describeStatus(live), "mend the cause in Partner Hub, then plan again", live)
	default:
		p.hold(r, InProgress, describeStatus(live), "plan again when it has settled", live)
	}
}

func describeStatus(live Row) string {
	text := fmt.Sprintf("the live %s is in status %s", live.Kind(), live.Get(ColStatus))
	if e := live.Get(ColErrors); e != "" {
		text += ": " + e
	}
	return text
}

// comparedFields lists the columns that differ and can be mended in place. It
// allocates nothing where none does.
func comparedFields(r, live Row) []FieldChange {
	var fields []FieldChange
	for _, c := range SpecOf(r.Kind()).mendable {
		if v, set := r.Value(c); set && v != live.Get(c) {
			fields = append(fields, FieldChange{c, live.Get(c), v})
		}
	}
	return fields
}

// differing words the columns of a change.
func differing(fields []FieldChange) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, f.Column.String()+" differs")
	}
	return strings.Join(parts, "; ")
}

// growthFields are the longer package list and the columns that go along with a
// first calling or meetings package. Rows that repeat those for a customer that
// has one already ask for nothing.
func growthFields(r Row, before, added []string) []FieldChange {
	calling, meetings := firstOfSort(before, added, isCalling) != nil, firstOfSort(before, added, isMeetings) != nil
	fields := sentFields(r, func(rule Rule) bool {
		return rule.Sent == SentFirstCalling && calling || rule.Sent == SentFirstMeetings && meetings
	})
	return append(fields, FieldChange{ColPackages, JoinPackages(before), JoinPackages(append(slices.Clone(before), added...))})
}

// firstOfSort returns the added packages if they bring a property that the
// packages before did not have.
func firstOfSort(before, added []string, has func(Package) bool) []string {
	if anyPackage(before, has) || !anyPackage(added, has) {
		return nil
	}
	return added
}

// without returns the names of a list that the other list does not have.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return slices.Contains(other, name) })
}

// inOrderOf compares fields by the order of a kind's table.
func inOrderOf(k Kind) func(a, b FieldChange) int {
	return func(a, b FieldChange) int {
		x, _ := SpecOf(k).Slot(a.Column)
		y, _ := SpecOf(k).Slot(b.Column)
		return x - y
	}
}

func (p *planner) customerUpdate(r, live Row, fields []FieldChange, stage Stage) *Change {
	c := p.at(Change{ID: changeID(Customer, r.Key(), "update"), Kind: Customer, Action: Update, Key: r.Key(), Fields: fields, Stage: stage}, r)
	c.LiveID, c.Precondition = live.Get(ColID), Fingerprint(Customer, live.Get)
	if s := live.Get(ColStatus); s == StatusError || s == StatusProvisionedWithErrors {
		c.Remark = describeStatus(live)
	}
	return &c
}

func customerReason(fields []FieldChange, added []string) string {
	var parts []string
	if len(added) > 0 {
		parts = append(parts, "the row adds "+strings.Join(added, ", "))
	}
	for _, f := range fields {
		if rule, _ := SpecOf(Customer).Rule(f.Column); f.Column != ColPackages && rule.Sent == SentAlways {
			parts = append(parts, f.Column.String()+" differs")
		}
	}
	return cmp.Or(strings.Join(parts, "; "), "the limits are sent again (--send-limits)")
}
