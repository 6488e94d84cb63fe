package sandbox

import (
	"net/http"
	"time"
)

const (
	kindApplication = "APPLICATION"

	appClientID     = "sandbox-service-app"
	appClientSecret = "sandbox-app-secret-4c77"

	// As the vendor's page shows them, unlike those of a person's sign-in.
	appAccessLife  = 3600 * time.Second
	appRefreshLife = 7776000 * time.Second
)

// ServiceApp returns what the sandbox's one service app is known by: the id that stands in the path, and the id and secret
// of its client. The partner's own organization has authorized it.
func (s *Sandbox) ServiceApp() (applicationID, client, secret string) {
	return encodeID(kindApplication, 1), appClientID, appClientSecret
}

// wireAppRefusal is the error form of this endpoint, which has no codes.
type wireAppRefusal struct {
	Message    string           `json:"message"`
	Errors     []wireAppProblem `json:"errors"`
	TrackingID string           `json:"trackingId"`
}

type wireAppProblem struct {
	Description string `json:"description"`
}

// mintTokens is POST /applications/{id}/token: tokens of a service app for an organization that has authorized it.
func (s *Sandbox) mintTokens(c *call) answer {
	var asked struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
		TargetOrgID  string `json:"targetOrgId"`
	}
	n, known := decodeID(kindApplication, c.request.PathValue("id"))
	switch refusal := decode(c.body, &asked); {
	case refusal != nil || asked.ClientID == "" || asked.ClientSecret == "" || asked.TargetOrgID == "":
		return refuseApp(c, http.StatusBadRequest, "clientId, clientSecret and targetOrgId are required.")
	case !known || n != 1:
		return refuseApp(c, http.StatusNotFound, "The application does not exist.")
	case asked.ClientID != appClientID || asked.ClientSecret != appClientSecret:
		return refuseApp(c, http.StatusBadRequest, "The client is not that of the application.")
	}
	if org, ok := decodeID(kindOrganization, asked.TargetOrgID); !ok || encodeID(kindOrganization, org) != s.estate.home.id() {
		return refuseApp(c, http.StatusForbidden, "The organization has not authorized the application.")
	}
	g := &grant{client: serviceApp}
	reply := s.answerTokens(c, g, s.tokens.keep(g))
	return answer{status: http.StatusOK, body: reply}
}

func refuseApp(c *call, status int, text string) answer {
	return answer{status: status, body: wireAppRefusal{
		Message: text, Errors: []wireAppProblem{{Description: text}}, TrackingID: c.tracking,
	}}
}
