package sandbox

import (
	"net/http"
	"strings"
)

type wireEnterprise struct {
	ID             string   `json:"id"`
	OrgID          string   `json:"orgId,omitempty"`
	ProvisioningID string   `json:"provisioningId"`
	SpEnterpriseID string   `json:"spEnterpriseId"`
	Sync           wireSync `json:"broadworksDirectorySync"`
}

func (n *enterprise) wire() wireEnterprise {
	w := wireEnterprise{ID: n.id(), ProvisioningID: n.template.id, SpEnterpriseID: n.spID, Sync: n.sync.wire()}
	if n.org != nil {
		w.OrgID = n.org.id()
	}
	return w
}

// listEnterprises is GET /broadworks/enterprises.
func (s *Sandbox) listEnterprises(c *call) answer {
	w, e := c.windowOf(enterprisePages)
	if e != nil {
		return refused(e)
	}
	chosen := selection[*enterprise]{from: &s.estate.broad.listed}
	if id := c.query.Get("spEnterpriseId"); id != "" {
		chosen.from = newRoster[*enterprise]()
		if n := s.estate.broad.bySpID[id]; n != nil {
			chosen.from.add(n)
		}
	}
	var conditions []func(*enterprise) bool
	if start := c.query.Get("startsWith"); start != "" {
		conditions = append(conditions, func(n *enterprise) bool { return strings.HasPrefix(n.spID, start) })
	}
	if states := strings.Join(c.query["syncStatus"], ","); states != "" {
		wanted := setOf(strings.Split(strings.ToUpper(states), ",")...)
		conditions = append(conditions, func(n *enterprise) bool { return wanted[strings.ToUpper(n.sync.status.State)] })
	}
	if text := c.query.Get("lastSyncEndTime"); text != "" {
		since, e := parseTime(text)
		if e != nil {
			return refused(e)
		}
		conditions = append(conditions, func(n *enterprise) bool { return n.sync.ended > since })
	}
	chosen.keep = all(conditions)
	return listAnswer(c, w, chosen, (*enterprise).wire)
}

// enterprise finds an enterprise with an organization by the id in the path and notes it.
func (s *Sandbox) enterprise(c *call) (*enterprise, *refusal) {
	n, ok := decodeID(kindCustomer, c.request.PathValue("id"))
	found := byNumber(s.estate.broad.enterprises, n&^broadWorksNumbers, ok && n&broadWorksNumbers != 0)
	switch {
	case found == nil:
		return nil, refuse(6006)
	case found.org == nil:
		return nil, refuse(2007)
	case found.sync.revoked && c.request.Method != http.MethodGet:
		return nil, refuse(6015)
	}
	c.about("enterprise", found.spID, found.id())
	return found, nil
}
