package batch

import (
	"cmp"
	"strings"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// enterpriseCells is a live enterprise in the words of package diff. Its status
// is that of its directory sync.
func enterpriseCells(e webex.BroadWorksEnterprise) diff.Cells {
	cells := syncCells(e.DirectorySync)
	cells[diff.ColSPEnterpriseID] = canonical(diff.BroadWorksEnterprise, diff.ColSPEnterpriseID, e.SPEnterpriseID)
	cells[diff.ColLiveOrgID] = e.OrgID
	cells[diff.ColLiveProvisioningID] = e.ProvisioningID
	cells[diff.ColID] = e.ID
	return cells
}

// syncCells is what the state of a directory sync says of its enterprise.
func syncCells(d webex.DirectorySync) diff.Cells {
	sync := diff.SwitchOff
	if d.Enabled {
		sync = diff.SwitchOn
	}
	return diff.Cells{diff.ColDirSync: sync, diff.ColStatus: d.Status, diff.ColErrors: strings.Join(details("", d.Errors), "; ")}
}

// broadWorksSubscriberCells is a live BroadWorks subscriber in the words of package diff.
func broadWorksSubscriberCells(s webex.BroadWorksSubscriber) diff.Cells {
	cells := diff.Cells{
		diff.ColSPEnterpriseID: s.SPEnterpriseID,
		diff.ColUserID:         s.UserID,
		diff.ColSPGroupID:      s.SPEnterpriseGroupID,
		diff.ColEmail:          s.Email,
		diff.ColPackage:        s.Package,
		diff.ColFirstName:      s.FirstName,
		diff.ColLastName:       s.LastName,
		diff.ColPhone:          s.PrimaryPhoneNumber,
		diff.ColMobile:         s.MobilePhoneNumber,
		diff.ColExtension:      s.Extension,
		diff.ColProvisioningID: s.ProvisioningID,
	}
	for col, v := range cells {
		cells[col] = canonical(diff.BroadWorksSubscriber, col, v)
	}
	cells[diff.ColID] = s.ID
	cells[diff.ColPersonID] = s.PersonID
	cells[diff.ColStatus] = s.Status
	cells[diff.ColErrors] = strings.Join(details("", s.Errors), "; ")
	if !s.Created.IsZero() {
		cells[diff.ColCreated] = s.Created.UTC().Format(time.RFC3339)
	}
	return cells
}

// broadWorksSubscriberProvision makes the request of a provision out of its fields.
func broadWorksSubscriberProvision(c *diff.Change) webex.BroadWorksSubscriberProvision {
	get := after(c)
	return webex.BroadWorksSubscriberProvision{
		ProvisioningID: get(diff.ColProvisioningID), UserID: get(diff.ColUserID), SPEnterpriseID: get(diff.ColSPEnterpriseID),
		SPEnterpriseGroupID: get(diff.ColSPGroupID), FirstName: get(diff.ColFirstName), LastName: get(diff.ColLastName),
		Package: get(diff.ColPackage), Email: get(diff.ColEmail), PrimaryPhoneNumber: get(diff.ColPhone),
		MobilePhoneNumber: get(diff.ColMobile), Extension: get(diff.ColExtension), Language: get(diff.ColLanguage), Timezone: get(diff.ColTimezone),
	}
}

// broadWorksSubscriberUpdate makes the request of a PUT: what the change names, and nothing else.
// An empty number clears it, so one that the change does not name stays out.
func broadWorksSubscriberUpdate(c *diff.Change) webex.BroadWorksSubscriberUpdate {
	get := after(c)
	return webex.BroadWorksSubscriberUpdate{
		FirstName: get(diff.ColFirstName), LastName: get(diff.ColLastName), Package: get(diff.ColPackage), Timezone: get(diff.ColTimezone),
		PrimaryPhoneNumber: named(c, diff.ColPhone), MobilePhoneNumber: named(c, diff.ColMobile), Extension: named(c, diff.ColExtension),
	}
}

// named is the value that a change gives a column, nil where it does not name it.
func named(c *diff.Change, col diff.Column) *string {
	v, ok := c.Field(col)
	if !ok {
		return nil
	}
	return &v
}

// broadWorksWorkspaceCells is what the API shows of a live workspace, in the words of
// package diff.
func broadWorksWorkspaceCells(enterprise string, w webex.Workspace) diff.Cells {
	return diff.Cells{
		diff.ColSPEnterpriseID: enterprise,
		diff.ColDisplayName:    canonical(diff.BroadWorksWorkspace, diff.ColDisplayName, w.DisplayName),
		diff.ColID:             w.ID,
		diff.ColStatus:         diff.StatusProvisioned, // it is listed, and more is not known
	}
}

// syncStatus brings the state of a directory sync to the statuses that a write
// ends with. Switching on is done when the API says so, and the sync itself comes
// later; switching off is done when the directory is cleared.
func syncStatus(d webex.DirectorySync) string {
	if d.Enabled || d.State() == webex.SyncNever {
		return diff.StatusProvisioned
	}
	return cmp.Or(strings.ToLower(d.Status), "disabling")
}
