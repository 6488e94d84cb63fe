package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// broadWorkspace is what the BroadWorks API knows of a workspace that it made.
type broadWorkspace struct {
	broadFields
	place      *workspace
	enterprise *enterprise
}

type wireBroadWorkspace struct {
	ID                 string `json:"id"`
	ProvisioningID     string `json:"provisioningId"`
	UserID             string `json:"userId"`
	SpEnterpriseID     string `json:"spEnterpriseId"`
	DisplayName        string `json:"displayName"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber,omitempty"`
	Extension          string `json:"extension,omitempty"`
	Created            string `json:"created"`
}

func (w *broadWorkspace) wire() wireBroadWorkspace {
	return wireBroadWorkspace{ID: w.place.id(), ProvisioningID: w.enterprise.template.id, UserID: w.userID, SpEnterpriseID: w.enterprise.spID,
		DisplayName: w.place.name, PrimaryPhoneNumber: w.phone, Extension: w.extension, Created: timestamp(w.place.created)}
}

// broadWorkspace finds a workspace of the BroadWorks API by the id in the path and notes it.
func (s *Sandbox) broadWorkspace(c *call) (*broadWorkspace, *refusal) {
	n, ok := decodeID(kindPlace, c.request.PathValue("id"))
	if place := byNumber(s.estate.workspaces, n, ok); place != nil && place.broad != nil {
		c.about("workspace", place.broad.enterprise.spID+"/"+place.name, place.id())
		return place.broad, nil
	}
	return nil, refuse(2039)
}

// provisionBroadWorkspace is POST /broadworks/workspaces: done at once, in an enterprise that is provisioned.
func (s *Sandbox) provisionBroadWorkspace(c *call) answer {
	var req broadRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	f, _ := req.over(broadFields{})
	f = broadFields{userID: f.userID, phone: f.phone, extension: f.extension}
	c.about("workspace", req.SpEnterpriseID+"/"+req.DisplayName, "")
	if e := checkRequired(required{"provisioningId", req.ProvisioningID}, required{"userId", f.userID},
		required{"spEnterpriseId", req.SpEnterpriseID}, required{"displayName", req.DisplayName}); e != nil {
		return refused(e)
	}
	if e := checkSpID(req.SpEnterpriseID); e != nil {
		return refused(e)
	}
	if e := f.checkShape(); e != nil {
		return refused(e)
	}
	t, e := s.template(req.ProvisioningID)
	if e != nil {
		return refused(e)
	}
	n := s.estate.broad.bySpID[req.SpEnterpriseID]
	if e := s.checkEnterprise(n, req.SpEnterpriseID, t); e != nil {
		return refused(e)
	}
	if n == nil || n.org == nil {
		return refused(refuse(2007))
	}
	if n.org.workspaceNamed(req.DisplayName) != nil {
		return refused(refuse(2040))
	}
	if e := s.checkBroadHolder(n, nil, f); e != nil {
		return refused(e)
	}
	made := s.estate.addBroadWorkspace(n, req.DisplayName, f, c.now)
	c.applied("workspace", n.spID+"/"+req.DisplayName, made.place.id())
	return answer{status: http.StatusOK, body: made.wire()}
}

// checkBroadHolder tells whether who can have the user id and the numbers in f.
func (s *Sandbox) checkBroadHolder(n *enterprise, who any, f broadFields) *refusal {
	if e := checkUserID(n, f.userID, who); e != nil {
		return e
	}
	return s.checkBroadNumbers(n, who, f)
}

// updateBroadWorkspace is PUT /broadworks/workspaces/{id}: user id and numbers; what else is sent is ignored.
func (s *Sandbox) updateBroadWorkspace(c *call) answer {
	found, e := s.broadWorkspace(c)
	if e != nil {
		return refused(e)
	}
	var req broadRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	all, changed := req.over(found.broadFields)
	wanted := broadFields{userID: all.userID, phone: all.phone, extension: all.extension}
	if !changed {
		return refused(refuse(5004))
	}
	if e := checkRequired(required{"userId", wanted.userID}); e != nil {
		return refused(e)
	}
	if e := wanted.checkShape(); e != nil {
		return refused(e)
	}
	if e := s.checkBroadHolder(found.enterprise, found, wanted); e != nil {
		return refused(e)
	}
	s.estate.broad.release(found.enterprise, found, found.broadFields)
	found.broadFields = wanted
	s.estate.broad.take(found.enterprise, found, wanted)
	c.applied("workspace", found.enterprise.spID+"/"+found.place.name, found.place.id())
	return answer{status: http.StatusOK, body: found.wire()}
}

// removeBroadWorkspace is DELETE /broadworks/workspaces/{id}.
func (s *Sandbox) removeBroadWorkspace(c *call) answer {
	found, e := s.broadWorkspace(c)
	if e != nil {
		return refused(e)
	}
	c.applied("workspace", found.enterprise.spID+"/"+found.place.name, found.place.id())
	s.estate.removeWorkspace(found.place, c.now.UnixMilli())
	return answer{status: http.StatusNoContent}
}

func (e *estate) addBroadWorkspace(n *enterprise, name string, f broadFields, now time.Time) *broadWorkspace {
	made := &broadWorkspace{broadFields: f, enterprise: n, place: e.addWorkspace(n.org, name, now)}
	made.place.broad = made
	e.broad.take(n, made, f)
	return made
}

// workspaceNamed finds a workspace of the organization; names differ by more than the case of letters.
func (o *organization) workspaceNamed(name string) *workspace {
	for w := range o.workspaces.all() {
		if strings.EqualFold(w.name, name) {
			return w
		}
	}
	return nil
}
