package diff

import (
	"fmt"
	"maps"
)

// applyBroadWorks is the BroadWorks side of the world: enterprises that come with
// their first subscriber, and subscribers whose numbers are nobody else's.
func (w *world) applyBroadWorks(c *Change) error {
	all := w.broadworks[c.Kind]
	if c.Kind == BroadWorksEnterprise {
		for _, e := range all {
			if e[ColSPEnterpriseID] == c.Key.Customer {
				return w.changeBroadWorks(c, e)
			}
		}
		return fmt.Errorf("6002: no enterprise %s", c.Key.Customer)
	}
	if c.Action == Provision {
		cells := Cells{ColID: "new/" + c.Key.String(), ColStatus: StatusProvisioned, ColSPEnterpriseID: c.Key.Customer}
		if c.Kind == BroadWorksSubscriber {
			cells[ColUserID] = c.Key.UserID
			w.open(c.Key.Customer)
		}
		return w.changeBroadWorks(c, cells)
	}
	cells, ok := all[c.LiveID]
	switch {
	case !ok:
		return fmt.Errorf("no live %s %q", c.Kind, c.LiveID)
	case c.Action == Remove:
		delete(all, c.LiveID)
		return nil
	}
	return w.changeBroadWorks(c, maps.Clone(cells))
}

// changeBroadWorks writes what the API takes and shows.
func (w *world) changeBroadWorks(c *Change, cells Cells) error {
	if c.Action == Update && Fingerprint(c.Kind, func(col Column) string { return cells[col] }) != c.Precondition {
		return fmt.Errorf("the live object is not what the plan expects: %v", cells)
	}
	cleared := false
	for _, f := range c.Fields {
		rule, _ := SpecOf(c.Kind).Rule(f.Column)
		if c.Action == Update && rule.Sent != SentAlways {
			return fmt.Errorf("a PUT does not take %s", f.Column)
		}
		if rule.Compared {
			cells[f.Column] = f.After
		}
		cleared = cleared || f.After == "" && (f.Column == ColPhone || f.Column == ColExtension)
	}
	if cleared && cells[ColPhone]+cells[ColExtension] == "" {
		return fmt.Errorf("%s is left without a number and an extension", c.Key)
	}
	if c.Kind == BroadWorksSubscriber {
		if err := w.mayBe(cells); err != nil {
			return err
		}
	}
	w.broadworks[c.Kind][cells[ColID]] = cells
	return nil
}

// mayBe holds a subscriber against all others.
func (w *world) mayBe(u Cells) error {
	for _, o := range w.broadworks[BroadWorksSubscriber] {
		if o[ColID] == u[ColID] {
			continue
		}
		for _, c := range []Column{ColUserID, ColEmail, ColPhone} {
			if u[c] != "" && Fold(c, u[c]) == Fold(c, o[c]) {
				return fmt.Errorf("%s %s belongs to %s", c, u[c], o[ColUserID])
			}
		}
		if u[ColExtension] != "" && u[ColExtension] == o[ColExtension] && u[ColSPEnterpriseID] == o[ColSPEnterpriseID] {
			return fmt.Errorf("extension %s belongs to %s", u[ColExtension], o[ColUserID])
		}
		if u[ColSPEnterpriseID] == o[ColSPEnterpriseID] && !SameID(u[ColProvisioningID], o[ColProvisioningID]) {
			return fmt.Errorf("2018: two templates in one enterprise")
		}
	}
	for _, s := range w.subscribers {
		if u[ColEmail] != "" && FoldEmail(s[ColEmail]) == FoldEmail(u[ColEmail]) {
			return fmt.Errorf("2017: the address is that of a wholesale subscriber")
		}
	}
	return nil
}

func (w *world) userWith(c Column, v string) Cells {
	for _, u := range w.broadworks[BroadWorksSubscriber] {
		if v != "" && Fold(c, u[c]) == v {
			return u
		}
	}
	return nil
}

func (w *world) enterprise(id string) Cells {
	for _, e := range w.broadworks[BroadWorksEnterprise] {
		if e[ColSPEnterpriseID] == id {
			return e
		}
	}
	return nil
}

func (w *world) open(id string) {
	if w.enterprise(id) == nil {
		w.broadworks[BroadWorksEnterprise]["new/"+id] = Cells{ColID: "new/" + id, ColSPEnterpriseID: id, ColDirSync: SwitchOff}
	}
}

// oneOpener makes sure that no two subscribers of an enterprise that does not
// exist may start at once: each would open an organization.
func (w *world) oneOpener(ready []*Change) error {
	opens := map[string]string{}
	for _, c := range ready {
		name := c.Key.Customer
		if c.Kind.Offer() != BroadWorks || c.Action != Provision || w.enterprise(name) != nil || w.userWith(ColSPEnterpriseID, name) != nil {
			continue
		}
		if other, is := opens[name]; is {
			return fmt.Errorf("%s and %s would both open enterprise %s", other, c.ID, name)
		}
		opens[name] = c.ID
	}
	return nil
}
