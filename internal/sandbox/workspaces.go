package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// workspace is a room or a desk of an organization, with a device.
type workspace struct {
	number  int
	org     *organization
	name    string
	created int64           // Unix milliseconds
	broad   *broadWorkspace // nil where the BroadWorks API did not make it
}

func (w *workspace) order() int { return w.number }
func (w *workspace) id() string { return encodeID(kindPlace, w.number) }

func (e *estate) addWorkspace(o *organization, name string, created time.Time) *workspace {
	w := &workspace{number: len(e.workspaces), org: o, name: name, created: created.UnixMilli()}
	e.workspaces = append(e.workspaces, w)
	o.workspaces.add(w)
	return w
}

// addWorkspaces adds n workspaces with made-up names.
func (e *estate) addWorkspaces(o *organization, n int) {
	for i := range n {
		e.addWorkspace(o, fmt.Sprintf("Room %d", i+1), seedEpoch)
	}
}

func (e *estate) removeWorkspace(w *workspace, at int64) {
	e.workspaces[w.number] = nil
	w.org.workspaces.remove(w)
	if w.org.customer != nil {
		e.meterWorkspaces(w.org.customer, at)
	}
	if w.broad != nil {
		e.broad.release(w.broad.enterprise, w.broad, w.broad.broadFields)
	}
}

type wireWorkspace struct {
	ID          string       `json:"id"`
	OrgID       string       `json:"orgId"`
	DisplayName string       `json:"displayName"`
	Type        string       `json:"type"`
	Created     string       `json:"created"`
	Calling     *wireCalling `json:"calling,omitempty"`
}

type wireCalling struct {
	Type string `json:"type"`
}

func (w *workspace) wire() wireWorkspace {
	return wireWorkspace{ID: w.id(), OrgID: w.org.id(), DisplayName: w.name, Type: "notSet", Created: timestamp(w.created),
		Calling: &wireCalling{Type: "freeCalling"}}
}

// listWorkspaces is GET /workspaces; without orgId it is about the partner's own organization.
func (s *Sandbox) listWorkspaces(c *call) answer {
	w, e := c.windowOf(workspacePages)
	if e != nil {
		return refused(e)
	}
	org, e := s.organizationAskedFor(c)
	if e != nil {
		return refused(e)
	}
	chosen := selection[*workspace]{from: &org.workspaces}
	if name := c.query.Get("displayName"); name != "" {
		chosen.keep = func(w *workspace) bool { return strings.EqualFold(w.name, name) }
	}
	return listAnswer(c, w, chosen, (*workspace).wire)
}

// removeWorkspace is DELETE /workspaces/{id}.
func (s *Sandbox) removeWorkspace(c *call) answer {
	n, ok := decodeID(kindPlace, c.request.PathValue("id"))
	w := byNumber(s.estate.workspaces, n, ok)
	if w == nil {
		return refused(refuseStatus(http.StatusNotFound))
	}
	if e := s.checkAccess(c, w.org); e != nil {
		return refused(e)
	}
	s.estate.removeWorkspace(w, c.now.UnixMilli())
	c.applied("workspace", w.name, w.id())
	return answer{status: http.StatusNoContent}
}
