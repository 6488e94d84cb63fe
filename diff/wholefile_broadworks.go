package diff

import (
	"fmt"
	"strings"
)

// checkBroadWorks looks at the rows of BroadWorks: user ids and numbers that two
// would share, enterprises with two templates, and what no row may ask for.
func (w *wholeFile) checkBroadWorks(users, workspaces, enterprises *Table) {
	w.checkEnterprises(enterprises)
	w.checkEndings(enterprises, users, workspaces)
	w.checkUsers(users)
	w.checkTemplates(users)
	w.checkWorkspaces(workspaces, users)
	w.checkUserNumbers(users, workspaces)
	w.checkUserAddresses(users, w.d.Of(Subscriber))
}

func (w *wholeFile) checkEnterprises(t *Table) {
	byID := t.IndexBy(ColSPEnterpriseID)
	for i := range t.Len() {
		r := t.Row(i)
		if first, ok := byID.First(r.Get(ColSPEnterpriseID)); ok && first.i < i {
			w.found(r, ColSPEnterpriseID, fmt.Sprintf("the enterprise %q stands in %s already", r.Key(), w.place(first)), "delete one of the two rows").Other = first.Position()
		}
	}
}

// checkEndings finds enterprises that are to go while rows want somebody in them.
// The fault is with the row that removes: set aside, it does no harm.
func (w *wholeFile) checkEndings(enterprises, users, workspaces *Table) {
	for i := range enterprises.Len() {
		r := enterprises.Row(i)
		if !r.Absent() {
			continue
		}
		for _, t := range []*Table{users, workspaces} {
			if stays, ok := presentIn(t, r.Get(ColSPEnterpriseID)); ok {
				w.found(r, ColEnsure, fmt.Sprintf("the enterprise is to go, and the %s %q in %s is not", stays.Kind(), stays.Key(), w.place(stays)),
					"mark that row ensure=absent too, or leave this one out").Other = stays.Position()
				break
			}
		}
	}
}

// presentIn finds the first row of an enterprise that does not say ensure=absent.
func presentIn(t *Table, enterprise string) (Row, bool) {
	for r := range t.IndexBy(ColSPEnterpriseID).All(enterprise) {
		if !r.Absent() {
			return r, true
		}
	}
	return Row{}, false
}

// checkUsers looks at each user id's rows. Two rows under two enterprises are a
// move when one of them is absent, as with wholesale subscribers.
func (w *wholeFile) checkUsers(t *Table) {
	byUser := t.IndexBy(ColUserID)
	anyCase := newFirsts(t, ColUserID)
	anyCase.text = func(r Row, c Column) string { return strings.ToLower(r.Get(c)) }
	for i := range t.Len() {
		r := t.Row(i)
		if r.Get(ColPhone) == Clear && r.Get(ColExtension) == Clear {
			w.found(r, ColExtension, "a subscriber keeps a number or an extension, and both are to be cleared", "clear one of the two")
		}
		if first, seen := anyCase.add(r); seen && first.Get(ColUserID) != r.Get(ColUserID) {
			w.found(r, ColUserID, fmt.Sprintf("differs from %q in %s only in case", first.Get(ColUserID), w.place(first)), "write one user id in one way").Other = first.Position()
			continue
		}
		for first := range byUser.All(r.Get(ColUserID)) {
			if first.i >= i || w.sameUser(first, r) {
				break
			}
		}
	}
}

func (w *wholeFile) sameUser(first, r Row) (collide bool) {
	enterprise := first.Get(ColSPEnterpriseID)
	switch {
	case enterprise == "" || r.Get(ColSPEnterpriseID) == "":
		return false // said about that row already
	case enterprise == r.Get(ColSPEnterpriseID):
		w.found(r, ColUserID, fmt.Sprintf("the %s %q stands in %s already", r.Kind(), r.Key(), w.place(first)), "delete one of the two rows").Other = first.Position()
		return true
	case first.Absent() == r.Absent():
		w.found(r, ColUserID, fmt.Sprintf("the same user id is under enterprise %q in %s", enterprise, w.place(first)),
			"a user is in one enterprise; for a move mark the row of the old enterprise ensure=absent").Other = first.Position()
		return true
	}
	return false
}

// checkTemplates finds enterprises whose subscribers name more than one
// provisioning id.
func (w *wholeFile) checkTemplates(t *Table) {
	firsts := map[string]Row{}
	for i := range t.Len() {
		r := t.Row(i)
		id, enterprise := r.Get(ColProvisioningID), r.Get(ColSPEnterpriseID)
		if id == "" || enterprise == "" || r.Absent() {
			continue
		}
		first, seen := firsts[enterprise]
		if !seen {
			firsts[enterprise] = r
		} else if !SameID(first.Get(ColProvisioningID), id) {
			w.found(r, ColProvisioningID, fmt.Sprintf("%s gives enterprise %q another provisioning_id", w.place(first), enterprise), "all subscribers of an enterprise share one").Other = first.Position()
		}
	}
}

// checkWorkspaces finds workspaces that stand twice, or as a subscriber too.
func (w *wholeFile) checkWorkspaces(t, users *Table) {
	newFirsts(t, ColUserID, ColSPEnterpriseID).addAll(anyRow, func(first, r Row) {
		w.found(r, ColUserID, fmt.Sprintf("the workspace %q stands in %s already", r.Key(), w.place(first)), "delete one of the two rows").Other = first.Position()
	})
	byID := newFirsts(t, ColWorkspaceID)
	byID.text = foldedCell
	byID.addAll(anyRow, func(first, r Row) {
		w.found(r, ColWorkspaceID, fmt.Sprintf("%q in %s is the same workspace", first.Key(), w.place(first)), "delete one of the two rows").Other = first.Position()
	})
	nameless := func(r Row) bool { return r.Get(ColWorkspaceID) == "" && r.Get(ColSPEnterpriseID) != "" }
	newFirsts(t, ColDisplayName, ColSPEnterpriseID).addAll(nameless, func(first, r Row) {
		if first.Key() != r.Key() {
			w.found(r, ColDisplayName, fmt.Sprintf("%q in %s has the same name, and workspaces are told apart by it", first.Key(), w.place(first)), "say which one is meant in the column workspace_id").Other = first.Position()
		}
	})
	byUser := users.IndexBy(ColUserID)
	for i := range t.Len() {
		r := t.Row(i)
		if first, ok := byUser.First(r.Get(ColUserID)); ok && !first.Absent() && !r.Absent() {
			w.found(r, ColUserID, fmt.Sprintf("the user id is that of a subscriber in %s", w.place(first)), "a user id is a person or a room")
		}
	}
}

func anyRow(Row) bool { return true }

func foldedCell(r Row, c Column) string { return Fold(c, r.Get(c)) }

// owner is who takes a number first.
type owner struct{ enterprise, group, value string }

// checkUserNumbers finds numbers that two would share, and extensions that two
// would in one group of an enterprise.
func (w *wholeFile) checkUserNumbers(tables ...*Table) {
	phones, extensions := map[owner]Row{}, map[owner]Row{}
	for _, t := range tables {
		for i := range t.Len() {
			r := t.Row(i)
			if r.Absent() || r.Get(ColSPEnterpriseID) == "" {
				continue
			}
			w.takes(phones, r, ColPhone, owner{}, "has the same number", "a number has one owner")
			w.takes(extensions, r, ColExtension, owner{enterprise: r.Get(ColSPEnterpriseID), group: r.Get(ColSPGroupID)}, "has the same extension in the same enterprise", "an extension has one owner")
		}
	}
}

func (w *wholeFile) takes(owners map[owner]Row, r Row, c Column, o owner, text, hint string) {
	v, _ := r.Value(c)
	if v == "" {
		return
	}
	o.value = v
	first, taken := owners[o]
	switch {
	case !taken:
		owners[o] = r
	case first.Key() != r.Key() || first.Kind() != r.Kind():
		w.found(r, c, fmt.Sprintf("%q in %s %s", first.Key(), w.place(first), text), hint).Other = first.Position()
	}
}

// checkUserAddresses finds people who would have two BroadWorks subscriptions, or
// one of each offer.
func (w *wholeFile) checkUserAddresses(users, subscribers *Table) {
	present := func(r Row) bool { return !r.Absent() && r.Get(ColSPEnterpriseID) != "" }
	firsts := newFirsts(users, ColEmail)
	firsts.text = foldedCell
	firsts.addAll(present, func(first, r Row) {
		if first.Key() != r.Key() {
			w.found(r, ColEmail, fmt.Sprintf("%q in %s has the same e-mail address", first.Key(), w.place(first)), "an address is one person").Other = first.Position()
		}
	})
	if users.Len() == 0 || subscribers.Len() == 0 {
		return
	}
	byEmail := subscribers.IndexBy(ColEmail)
	for i := range users.Len() {
		r := users.Row(i)
		if !present(r) {
			continue
		}
		for other := range byEmail.All(r.Get(ColEmail)) {
			if !other.Absent() {
				w.found(r, ColEmail, fmt.Sprintf("the same person is a wholesale subscriber in %s", w.place(other)), "nobody is in both offers; for a change of offer mark one of the two rows ensure=absent").Other = other.Position()
				break
			}
		}
	}
}
