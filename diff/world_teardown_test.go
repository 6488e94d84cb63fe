package diff

import "fmt"

// tearDown removes what goes along with removals, in the vendor's order.
func (w *world) tearDown(c *Change) error {
	if c.Action != Remove {
		return fmt.Errorf("nobody provisions or changes a %s", c.Kind)
	}
	switch c.Kind {
	case Person, BroadWorksPerson:
		for _, k := range []Kind{Subscriber, BroadWorksSubscriber} {
			for _, s := range w.of(k) {
				if c.LiveID != "" && s[ColPersonID] == c.LiveID {
					return fmt.Errorf("%s still has a subscription", c.Key)
				}
			}
		}
	case Workspace:
		for _, s := range w.subscribers {
			if s[ColCustomerExternalID] == c.Key.Customer {
				return fmt.Errorf("subscribers leave before workspaces: %s", s[ColEmail])
			}
		}
	case Organization:
		e := w.enterprise(c.Key.Customer)
		switch {
		case e == nil:
			return fmt.Errorf("no enterprise %s", c.Key.Customer)
		case e[ColDirSync] == SwitchOn:
			return fmt.Errorf("409: directory sync is on")
		case w.userWith(ColSPEnterpriseID, c.Key.Customer) != nil:
			return fmt.Errorf("409: more than one user")
		}
		delete(w.broadworks[BroadWorksEnterprise], e[ColID])
	}
	delete(w.broadworks[c.Kind], c.LiveID)
	return nil
}
