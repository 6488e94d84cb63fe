package sandbox

import (
	"maps"
	"net/http"
	"strings"
)

// routes lays out the API. Whatever is not here is answered with 404.
func (s *Sandbox) routes() *http.ServeMux {
	mux := http.NewServeMux()
	table := map[string]handler{}
	for _, family := range []map[string]handler{s.wholesaleRoutes(), s.broadWorksRoutes(), s.billingRoutes(), s.platformRoutes()} {
		maps.Copy(table, family)
	}
	for pattern, h := range table {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+apiPrefix+path, s.endpoint(s.guarded(h)))
	}
	mux.HandleFunc("GET "+apiPrefix+"/authorize", s.endpoint(s.authorize))
	mux.HandleFunc("POST "+apiPrefix+"/access_token", s.endpoint(s.giveTokens))
	mux.HandleFunc(apiPrefix+"/", s.endpoint(s.guarded(func(*call) answer { return refused(refuseStatus(http.StatusNotFound)) })))
	mux.HandleFunc("GET /__sandbox/state", s.serveState)
	mux.HandleFunc("GET /__sandbox/log", s.serveLog)
	mux.HandleFunc("POST /__sandbox/agree", s.serveAgreement)
	return mux
}

func (s *Sandbox) wholesaleRoutes() map[string]handler {
	return map[string]handler{
		"GET /wholesale/customers":                  s.listCustomers,
		"POST /wholesale/customers":                 s.provisionCustomer,
		"POST /wholesale/customers/validate":        s.validateCustomer,
		"GET /wholesale/customers/{id}":             s.getCustomer,
		"PUT /wholesale/customers/{id}":             s.updateCustomer,
		"DELETE /wholesale/customers/{id}":          s.removeCustomer,
		"GET /wholesale/subscribers":                s.listSubscribers,
		"POST /wholesale/subscribers":               s.provisionSubscriber,
		"POST /wholesale/subscribers/validate":      s.validateSubscriber,
		"GET /wholesale/subscribers/{id}":           s.getSubscriber,
		"PUT /wholesale/subscribers/{id}":           s.updateSubscriber,
		"DELETE /wholesale/subscribers/{id}":        s.removeSubscriber,
		"POST /subscribers/{id}/emails/consentMove": s.sendConsent,
		"GET /wholesale/subPartners":                s.listSubPartners,
	}
}

func (s *Sandbox) billingRoutes() map[string]handler {
	return map[string]handler{
		"GET /wholesale/billing/reports":          s.listReports,
		"POST /wholesale/billing/reports":         s.createReport,
		"GET /wholesale/billing/reports/{id}":     s.getReport,
		"DELETE /wholesale/billing/reports/{id}":  s.deleteReport,
		"GET /broadworks/billing/reports":         s.listMonths,
		"POST /broadworks/billing/reports":        s.createMonth,
		"GET /broadworks/billing/reports/{id}":    s.getMonth,
		"DELETE /broadworks/billing/reports/{id}": s.deleteMonth,
	}
}

func (s *Sandbox) broadWorksRoutes() map[string]handler {
	return map[string]handler{
		"GET /broadworks/subscribers":           s.listBroadSubscribers,
		"POST /broadworks/subscribers":          s.provisionBroadSubscriber,
		"POST /broadworks/subscribers/validate": s.validateBroadSubscriber,
		"GET /broadworks/subscribers/{id}":      s.getBroadSubscriber,
		"PUT /broadworks/subscribers/{id}":      s.updateBroadSubscriber,
		"DELETE /broadworks/subscribers/{id}":   s.removeBroadSubscriber,

		"GET /broadworks/enterprises":                                            s.listEnterprises,
		"GET /broadworks/enterprises/{id}/broadworksDirectorySync":               s.getDirectorySync,
		"PUT /broadworks/enterprises/{id}/broadworksDirectorySync":               s.switchDirectorySync,
		"POST /broadworks/enterprises/{id}/broadworksDirectorySync":              s.startDirectorySync,
		"POST /broadworks/enterprises/{id}/broadworksDirectorySync/externalUser": s.syncExternalUser,

		"POST /broadworks/workspaces":        s.provisionBroadWorkspace,
		"PUT /broadworks/workspaces/{id}":    s.updateBroadWorkspace,
		"DELETE /broadworks/workspaces/{id}": s.removeBroadWorkspace,
	}
}

// platformRoutes are what the wholesale and the BroadWorks API share.
func (s *Sandbox) platformRoutes() map[string]handler {
	return map[string]handler{
		"POST /applications/{id}/token": s.mintTokens,
		"GET /people/me":                s.getMe,
		"GET /people":                   s.listPeople,
		"GET /people/{id}":              s.getPerson,
		"DELETE /people/{id}":           s.removePerson,
		"GET /organizations":            s.listOrganizations,
		"GET /organizations/{id}":       s.getOrganization,
		"DELETE /organizations/{id}":    s.removeOrganization,
		"GET /locations":                s.listLocations,
		"GET /workspaces":               s.listWorkspaces,
		"DELETE /workspaces/{id}":       s.removeWorkspace,
	}
}
