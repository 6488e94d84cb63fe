package diff

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// SubPartnerActive is the state of a sub-partner that may do everything. In any
// other state it may only remove.
const SubPartnerActive = "active"

// SubPartnerOf gives the organization id of the sub-partner that a row belongs to,
// "" for the one of the run as a whole: a subscriber goes with its customer's row.
func (d *Desired) SubPartnerOf(r Row) string {
	own := d.spelling(r.Get(ColSubPartner))
	if own != "" || r.Kind() != Subscriber {
		return own
	}
	if customer, ok := d.Of(Customer).IndexBy(ColExternalID).First(r.Get(ColCustomerExternalID)); ok {
		return d.spelling(customer.Get(ColSubPartner))
	}
	return ""
}

// spelling brings the id of a sub-partner, which rows may write in several ways, to
// one of them: of those in the input the first by order. The first call must not
// run beside another use of the input.
func (d *Desired) spelling(id string) string {
	if id == "" {
		return ""
	}
	if d.spellings == nil {
		d.spellings = map[string]string{}
		for _, k := range []Kind{Customer, Subscriber} {
			t := d.Of(k)
			for i := range t.Len() {
				own := t.Row(i).Get(ColSubPartner)
				if key := IDKey(own); own != "" && (d.spellings[key] == "" || own < d.spellings[key]) {
					d.spellings[key] = own
				}
			}
		}
	}
	return cmp.Or(d.spellings[IDKey(id)], id)
}

// SubPartners lists the sub-partners that rows belong to, sorted; "" stands for
// the one of the run as a whole.
func (d *Desired) SubPartners() []string {
	found := map[string]bool{}
	for _, k := range Kinds() {
		t := d.Of(k)
		if _, has := SpecOf(k).Slot(ColSubPartner); !has {
			continue
		}
		for i := range t.Len() {
			found[d.SubPartnerOf(t.Row(i))] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// PartOf returns the rows that belong to a sub-partner.
func (d *Desired) PartOf(subPartner string) *Desired {
	out := &Desired{Files: d.Files, Rejected: d.Rejected, spellings: d.spellings}
	for _, k := range Kinds() {
		out.Tables[k] = d.Of(k).Filter(func(r Row) bool { return d.SubPartnerOf(r) == subPartner })
	}
	return out
}

// claim enters which sub-partner a customer is under, by a live object or a row,
// and reports whether that contradicts an earlier claim.
func (s *customerState) claim(subPartner string) (contradicts bool) {
	if !s.claimed {
		s.subPartner, s.claimed = subPartner, true
	}
	return !SameID(s.subPartner, subPartner)
}

// elsewhere words that a customer is not under the sub-partner of a row.
func elsewhere(s *customerState) string {
	if s.subPartner == "" {
		return fmt.Sprintf("customer %q is under no sub-partner", s.externalID)
	}
	return fmt.Sprintf("customer %q is under sub-partner %s", s.externalID, s.subPartner)
}

// barred says why nothing may be provisioned or changed under a customer's
// sub-partner, "" where it may.
func (p *planner) barred(s *customerState) string {
	id := s.subPartner
	if id == "" {
		id = p.have.SubPartner
	}
	switch state, known := p.have.SubPartners[id]; {
	case id == "" || state == SubPartnerActive || p.have.SubPartners == nil:
		return ""
	case !known:
		return "no sub-partner has this organization: " + id
	default:
		return fmt.Sprintf("sub-partner %s is %s, and may only remove", id, state)
	}
}

// refuseBarred turns a row down that its sub-partner may not carry out. Below a
// customer of which that is so only removals go on.
func (p *planner) refuseBarred(s *customerState, r Row) bool {
	reason := p.barred(s)
	if reason == "" {
		return false
	}
	p.refuse(r, lack{ColSubPartner, reason, "wholesync subpartners lists them with their states"})
	if r.Kind() == Customer {
		s.hold(RejectedRow, customerInvalid)
		s.suspended = true
	}
	return true
}
