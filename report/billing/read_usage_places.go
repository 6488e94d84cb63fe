package billing

import (
	"slices"
	"unicode/utf8"
)

// placeRoles are the columns that tell places apart.
var placeRoles = []role{roleSubPartnerOrg, roleSubscription, roleCustomerName, roleCustomerOrg, roleCustomerExternal, roleService, roleSKU, roleLicense}

// span is some columns beside each other.
type span struct{ first, last int }

// placeSpans finds the columns of placeRoles: fewer pieces make a key faster.
func (u *usageReader) placeSpans() []span {
	var fields []int
	for _, r := range placeRoles {
		// At user level a license may be that of the user alone.
		if u.at[r] >= 0 && !(r == roleLicense && u.report.Level == LevelUser) {
			fields = append(fields, u.at[r])
		}
	}
	slices.Sort(fields)
	var spans []span
	for _, f := range fields {
		if n := len(spans); n > 0 && spans[n-1].last == f-1 {
			spans[n-1].last = f
			continue
		}
		spans = append(spans, span{f, f})
	}
	return spans
}

// place finds the place of a row among those of earlier rows. It is nil where the
// row has a problem.
func (p *usageParser) place() *Place {
	key := p.placeKey()
	if known, ok := p.places[string(key)]; ok {
		return known
	}
	for _, r := range placeRoles {
		if !utf8.Valid(p.cell(r)) {
			p.found(p.at[r], "the cell is not UTF-8 text; save the file as UTF-8")
			return nil
		}
	}
	text := func(r role) string { return string(p.cell(r)) }
	place := &Place{
		Customer:   Party{OrgID: NormalID(text(roleCustomerOrg)), ExternalID: text(roleCustomerExternal), Name: text(roleCustomerName)},
		SubPartner: NormalID(text(roleSubPartnerOrg)), Subscription: text(roleSubscription), SKU: text(roleSKU), Package: text(roleService),
	}
	if p.report.Level != LevelUser {
		place.License = NormalID(text(roleLicense))
	}
	if p.has(roleCustomerOrg, roleCustomerExternal, roleCustomerName) && place.Customer == (Party{}) {
		p.found(-1, "the row names no customer")
		return nil
	}
	p.places[string(key)] = place
	return place
}

// placeKey is what tells the place of a row from others, valid until the next row.
func (p *usageParser) placeKey() []byte {
	if len(p.spans) == 1 { // as in most reports, and then there is nothing to put together
		return p.rows.span(p.spans[0].first, p.spans[0].last)
	}
	p.key = p.key[:0]
	for _, s := range p.spans {
		p.key = append(append(p.key, p.rows.span(s.first, s.last)...), 0)
	}
	return p.key
}
