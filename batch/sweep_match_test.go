package batch

import (
	"encoding/json"
	"net/http"
	"strings"

	"wholesync/diff"
)

// pathsOf are where the writes of each kind go.
var pathsOf = map[diff.Kind]string{
	diff.Customer: "/v1/wholesale/customers", diff.Subscriber: "/v1/wholesale/subscribers",
	diff.BroadWorksEnterprise: "/v1/broadworks/enterprises", diff.BroadWorksSubscriber: "/v1/broadworks/subscribers", diff.BroadWorksWorkspace: "/v1/broadworks/workspaces",
}

// methods are those that carry out each action.
var methods = map[diff.Action]string{diff.Provision: http.MethodPost, diff.Update: http.MethodPut, diff.Remove: http.MethodDelete}

// changesOf finds the planned changes that a write can belong to. There is more
// than one only where a customer first grows and then shrinks.
func (w *world) changesOf(r *http.Request, body []byte) (found []*diff.Change) {
	var sent struct{ Email, ExternalID, UserID string }
	if r.Method == http.MethodPost {
		if err := json.Unmarshal(body, &sent); err != nil {
			w.t.Errorf("%s: %v", body, err)
		}
	}
	for i := range w.plan.Changes {
		c := &w.plan.Changes[i]
		if methods[c.Action] != r.Method || !strings.HasPrefix(r.URL.Path, pathsOf[c.Kind]) {
			continue
		}
		mine := c.LiveID != "" && strings.Contains(r.URL.Path+"/", "/"+c.LiveID+"/") || c.Kind == diff.BroadWorksEnterprise && c.LiveID == ""
		switch {
		case c.Action != diff.Provision:
		case c.Kind.Offer() == diff.BroadWorks:
			mine = sent.UserID == c.Key.UserID
		default:
			mine = sent.Email != "" && diff.FoldEmail(sent.Email) == c.Key.Email || c.Kind == diff.Customer && sent.ExternalID == c.Key.Customer
		}
		if mine {
			found = append(found, c)
		}
	}
	return found
}
