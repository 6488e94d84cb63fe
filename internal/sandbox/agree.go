package sandbox

import (
	"net/http"
	"strings"
)

// serveAgreement is POST /__sandbox/agree?email=ADDRESS: the person agrees to the move of its account, as by the link in
// the vendor's mail, and the wholesale subscriber that waits for that is provisioned. Without one it is 404.
func (s *Sandbox) serveAgreement(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	s.settle(now)
	status := http.StatusNotFound
	if p := s.estate.personByEmail[strings.ToLower(r.URL.Query().Get("email"))]; p != nil {
		for _, sub := range p.subscribers {
			if sub.status != statusUserMigration {
				continue
			}
			s.estate.movePerson(p, sub.customer.org)
			s.finishSubscriber(&call{now: now}, sub, sub.pkg)
			status = http.StatusNoContent
		}
	}
	w.WriteHeader(status)
}
