package diff

import "fmt"

// workspaces decides about the rows of BroadWorks workspaces, those that name
// theirs by id first: what they mean cannot be meant by a name.
func (p *planner) workspaces() {
	rows := p.want.Of(BroadWorksWorkspace)
	for _, byID := range []bool{true, false} {
		for i := range rows.Len() {
			if r := rows.Row(i); (r.Get(ColWorkspaceID) != "") == byID {
				p.workspace(r)
			}
		}
	}
}

func (p *planner) workspace(r Row) {
	s := p.stateOf(Scope{BroadWorks, r.Get(ColSPEnterpriseID)})
	id := r.Get(ColWorkspaceID)
	if id == "" && r.Get(ColDisplayName) == "" && r.Absent() {
		p.refuse(r, lack{ColDisplayName, "nothing says which workspace is meant: the API shows no user ids of workspaces", "fill display_name or workspace_id"})
		return
	}
	found := p.matchWorkspace(r)
	switch {
	case s.held != "":
		p.hold(r, s.heldAs, s.held, "find out which one is meant in Partner Hub")
	case len(found) > 1:
		p.hold(r, Conflict, fmt.Sprintf("%d workspaces of the enterprise have this display_name", len(found)), "say which one is meant in the column workspace_id", found...)
	case len(found) == 0 && r.Absent():
		p.unchanged(BroadWorksWorkspace)
	case len(found) == 0 && id != "":
		p.hold(r, Conflict, fmt.Sprintf("enterprise %q has no workspace with this workspace_id", s.externalID), "correct the cell, or leave it blank to provision one")
	case len(found) == 0:
		if lacks := lacksOfUser(r); len(lacks) > 0 {
			p.refuse(r, lacks...)
			return
		}
		p.provisionBelow(s, r)
	case r.Absent():
		p.removeWorkspace(s, r, found[0])
	default:
		p.updateWorkspace(s, r, found[0])
	}
}

// matchWorkspace finds the workspaces that a row may mean: the one with its id,
// else those of the enterprise with its name that no other row has taken.
func (p *planner) matchWorkspace(r Row) []Row {
	id, live := r.Get(ColWorkspaceID), p.have.Of(BroadWorksWorkspace)
	column, value := ColSPEnterpriseID, r.Get(ColSPEnterpriseID)
	if id != "" {
		column, value = ColID, id
	}
	var found []Row
	for l := range live.IndexBy(column).All(value) {
		named := l.Get(ColSPEnterpriseID) == r.Get(ColSPEnterpriseID) && (id != "" || l.Get(ColDisplayName) == r.Get(ColDisplayName))
		if named && !p.named[BroadWorksWorkspace][l.Index()] {
			found = append(found, l)
		}
	}
	for _, l := range found {
		p.named[BroadWorksWorkspace][l.Index()] = true
	}
	return found
}

func (p *planner) removeWorkspace(s *customerState, r, live Row) {
	c := p.at(Change{ID: changeID(BroadWorksWorkspace, r.Key(), "remove"), Kind: BroadWorksWorkspace, Action: Remove, Key: r.Key(), Stage: StageRemove, Reason: "the row says ensure=absent"}, r)
	c.LiveID, c.Precondition = live.Get(ColID), Fingerprint(BroadWorksWorkspace, live.Get)
	for _, col := range []Column{ColDisplayName, ColPhone, ColExtension} {
		v := live.Get(col)
		if v == "" {
			v, _ = r.Value(col) // the API does not show numbers, but the row may know
		}
		if v != "" {
			c.Fields = append(c.Fields, FieldChange{Column: col, Before: v})
		}
	}
	s.changes = append(s.changes, c)
}

// updateWorkspace answers for a workspace that exists. Number, extension and user
// id are not shown, so nobody can see whether they differ; they are sent again
// only where the row names the workspace by id and the operator asks for it.
func (p *planner) updateWorkspace(s *customerState, r, live Row) {
	if want, has := r.Get(ColDisplayName), live.Get(ColDisplayName); want != "" && want != has {
		p.hold(r, Conflict, fmt.Sprintf("display_name is %q, and the API cannot change it to %q", has, want), "correct the cell, or rename the workspace in Control Hub", live)
		return
	}
	fields := sentFields(r, func(rule Rule) bool { return rule.Sent == SentAlways })
	if !p.opt.ResendWorkspaces || r.Get(ColWorkspaceID) == "" || len(fields) == 0 {
		p.countUncompared(r, nil)
		p.unchanged(BroadWorksWorkspace)
		return
	}
	p.updateBelow(s, r, live, "cannot be compared; sent again as --resend-workspaces asks", fields)
}

func (s *customerState) workspacesLeaving() int {
	n := 0
	for i := range s.changes {
		if c := &s.changes[i]; c.Kind == BroadWorksWorkspace && c.Action == Remove {
			n++
		}
	}
	return n
}
