package billing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// customer is one customer, however the reports and the inventory name it.
type customer struct {
	Party
	names []string
}

// directory finds customers by what an invoice says about them.
type directory struct {
	org, external, name map[string][]*customer
	mapped              map[string]string // folded name on the invoice -> id
	byName              bool              // a name alone is enough
}

// newDirectory puts together the parties that are one customer: by organization,
// else by external id, else by a name that nothing else goes with. The outcome
// does not depend on the order of the parties.
func newDirectory(parties []Party, opt Options) *directory {
	d := &directory{map[string][]*customer{}, map[string][]*customer{}, map[string][]*customer{}, map[string]string{}, opt.MatchNames}
	for name, id := range opt.CustomerMap {
		d.mapped[foldName(name)] = NormalID(id)
	}
	slices.SortFunc(parties, func(a, b Party) int {
		return cmp.Or(
			cmp.Compare(weight(b), weight(a)), // the ones that say most come first
			cmp.Compare(a.OrgID, b.OrgID), cmp.Compare(a.ExternalID, b.ExternalID), cmp.Compare(a.Name, b.Name),
		)
	})
	for _, p := range slices.Compact(parties) {
		d.add(p)
	}
	return d
}

func weight(p Party) int {
	w := 0
	if p.OrgID != "" {
		w += 4
	}
	if p.ExternalID != "" {
		w += 2
	}
	if p.Name != "" {
		w++
	}
	return w
}

func (d *directory) add(p Party) {
	c := d.same(p)
	if c == nil {
		c = &customer{Party: p}
	}
	c.OrgID, c.ExternalID, c.Name = cmp.Or(c.OrgID, p.OrgID), cmp.Or(c.ExternalID, p.ExternalID), cmp.Or(c.Name, p.Name)
	if p.Name != "" && !slices.Contains(c.names, p.Name) {
		c.names = append(c.names, p.Name)
	}
	note(d.org, p.OrgID, c)
	note(d.external, p.ExternalID, c)
	note(d.name, foldName(p.Name), c)
}

func note(index map[string][]*customer, key string, c *customer) {
	if key != "" && !slices.Contains(index[key], c) {
		index[key] = append(index[key], c)
	}
}

// same finds the customer that a party of a report is.
func (d *directory) same(p Party) *customer {
	if p.OrgID != "" {
		if found := d.org[p.OrgID]; len(found) > 0 {
			return found[0]
		}
		return nil // another organization is another customer, whatever its other ids
	}
	if p.ExternalID != "" {
		return only(d.external[p.ExternalID])
	}
	return only(d.name[foldName(p.Name)])
}

func only(found []*customer) *customer {
	if len(found) == 1 {
		return found[0]
	}
	return nil
}

// ambiguousError says that a line's customer cannot be told.
type ambiguousError struct{ text string }

func (e *ambiguousError) Error() string { return e.text }

// find resolves the customer of an invoice line: by organization, then external
// id, then a name that the customer map knows. It returns nil where no report
// knows the customer.
func (d *directory) find(p Party) (*customer, error) {
	var found []*customer
	for _, c := range slices.Concat(d.org[p.OrgID], d.external[p.ExternalID]) {
		if !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	if len(found) > 1 {
		return nil, &ambiguousError{fmt.Sprintf("organization %q and external id %q are those of different customers", p.OrgID, p.ExternalID)}
	}
	if len(found) == 1 || p.OrgID != "" || p.ExternalID != "" || p.Name == "" {
		return only(found), nil
	}
	if id, ok := d.mapped[foldName(p.Name)]; ok {
		return d.find(Party{OrgID: id, ExternalID: id})
	}
	named := d.name[foldName(p.Name)]
	if len(named) > 1 {
		return nil, &ambiguousError{fmt.Sprintf("the name %q is that of %s", p.Name, keys(named))}
	}
	if d.byName {
		return only(named), nil
	}
	return nil, nil
}

func keys(found []*customer) string {
	var all []string
	for _, c := range found {
		all = append(all, c.Key())
	}
	slices.Sort(all)
	return strings.Join(all, " and ")
}

// renamed tells whether an invoice calls the customer by a name that no report has.
func (c *customer) renamed(name string) bool {
	return name != "" && len(c.names) > 0 && !slices.ContainsFunc(c.names, func(n string) bool { return foldName(n) == foldName(name) })
}
