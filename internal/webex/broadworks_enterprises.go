package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
)

const (
	broadWorksEnterprisesPath    = "/broadworks/enterprises"
	broadWorksEnterprisesPerPage = 1000 // the API's cap
	directorySyncPath            = "/broadworks/enterprises/{id}/broadworksDirectorySync"
)

// BroadWorksEnterprise is a BroadWorks enterprise that has become a customer's
// organization.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/list-broadworks-enterprises
type BroadWorksEnterprise struct {
	ID             string
	OrgID          string
	ProvisioningID string
	SPEnterpriseID string // enterprise id, or serviceProvider+group
	DirectorySync  DirectorySync
}

// BroadWorksEnterpriseFilter narrows a list of enterprises; empty fields do not filter.
type BroadWorksEnterpriseFilter struct {
	SPEnterpriseID string
	StartsWith     string // the beginning of SPEnterpriseID
}

// ExternalUser is what a directory synchronisation of one BroadWorks user did.
type ExternalUser struct {
	Operation string // ADD, UPDATE, DELETE, NO_OPERATION, or a word that is newer
	UserID    string
	FirstName string
	LastName  string
	Extension string
	Number    string
	Mobile    string
}

// ListBroadWorksEnterprises gives every enterprise that passes the filter, each
// once, with the state of its directory synchronisation. After an error nothing
// more follows, and what came before is not a complete list.
func (c *Client) ListBroadWorksEnterprises(ctx context.Context, filter BroadWorksEnterpriseFilter) iter.Seq2[BroadWorksEnterprise, error] {
	query := url.Values{}
	setNonEmpty(query, "spEnterpriseId", filter.SPEnterpriseID)
	setNonEmpty(query, "startsWith", filter.StartsWith)
	return list(ctx, c, listing[BroadWorksEnterprise]{
		path: broadWorksEnterprisesPath, query: query, decode: decodeBroadWorksEnterprise,
		id:   func(e BroadWorksEnterprise) string { return e.ID },
		ends: fullAsksOn, size: broadWorksEnterprisesPerPage,
		bare: true, // the documented schema is one enterprise, the example a list
	})
}

// GetDirectorySync reads the latest directory synchronisation of an enterprise.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/get-directory-sync-status-for-an-enterprise
func (c *Client) GetDirectorySync(ctx context.Context, enterpriseID string) (DirectorySync, error) {
	return getOne(ctx, c, directorySyncPath, enterpriseID, nil, decodeDirectorySync)
}

// SetDirectorySync switches the directory synchronisation of an enterprise on or
// off. Switching off cleans up later, in the background: read the state until it
// is SyncNever.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/update-directory-sync-for-a-broadworks-enterprise
func (c *Client) SetDirectorySync(ctx context.Context, enterpriseID string, enabled bool) (DirectorySync, Receipt, error) {
	body := struct {
		Enable bool `json:"enableDirSync"`
	}{enabled}
	return c.directorySyncCall(ctx, http.MethodPut, enterpriseID, body)
}

// SyncDirectory starts a directory synchronisation of an enterprise. While one
// is running the API refuses with code 6002.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/trigger-directory-sync-for-an-enterprise
func (c *Client) SyncDirectory(ctx context.Context, enterpriseID string) (DirectorySync, Receipt, error) {
	body := struct {
		Status string `json:"syncStatus"`
	}{"SYNC_NOW"}
	return c.directorySyncCall(ctx, http.MethodPost, enterpriseID, body)
}

// directorySyncCall sends a write; the receipt bears the enterprise's id.
func (c *Client) directorySyncCall(ctx context.Context, method, enterpriseID string, body any) (DirectorySync, Receipt, error) {
	req := call{method: method, path: directorySyncPath, id: enterpriseID, body: body}
	return writeOne(ctx, c, req, decodeDirectorySync, func(DirectorySync) string { return enterpriseID })
}

// SyncExternalUser synchronises one user of an enterprise, real or virtual, by
// its BroadWorks user id.
// https://developer.webex.com/docs/api/v1/broadworks-enterprises/trigger-directory-sync-for-a-user
func (c *Client) SyncExternalUser(ctx context.Context, enterpriseID, userID string) (ExternalUser, Receipt, error) {
	body := struct {
		UserID string `json:"userId"`
	}{userID}
	req := call{method: http.MethodPost, path: directorySyncPath + "/externalUser", id: enterpriseID, body: body}
	return writeOne(ctx, c, req, decodeExternalUser, func(ExternalUser) string { return enterpriseID })
}

func decodeBroadWorksEnterprise(data []byte) (BroadWorksEnterprise, error) {
	var wire struct {
		ID             text              `json:"id"`
		OrgID          text              `json:"orgId"`
		ProvisioningID text              `json:"provisioningId"`
		SPEnterpriseID text              `json:"spEnterpriseId"`
		DirectorySync  wireDirectorySync `json:"broadworksDirectorySync"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return BroadWorksEnterprise{}, err
	}
	if wire.ID == "" {
		return BroadWorksEnterprise{}, errors.New("an enterprise without an id")
	}
	return BroadWorksEnterprise{
		ID: string(wire.ID), OrgID: string(wire.OrgID), ProvisioningID: string(wire.ProvisioningID),
		SPEnterpriseID: string(wire.SPEnterpriseID), DirectorySync: wire.DirectorySync.value(),
	}, nil
}

func decodeExternalUser(data []byte) (ExternalUser, error) {
	var wire struct {
		Status text `json:"status"`
		User   struct {
			UserID    text `json:"userId"`
			FirstName text `json:"firstName"`
			LastName  text `json:"lastName"`
			Extension text `json:"extension"`
			Number    text `json:"number"`
			Mobile    text `json:"mobile"`
		} `json:"userResponse"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return ExternalUser{}, err
	}
	if wire.Status == "" {
		return ExternalUser{}, errors.New("a synchronisation of a user without a status")
	}
	return ExternalUser{
		Operation: string(wire.Status), UserID: string(wire.User.UserID),
		FirstName: string(wire.User.FirstName), LastName: string(wire.User.LastName),
		Extension: string(wire.User.Extension), Number: string(wire.User.Number), Mobile: string(wire.User.Mobile),
	}, nil
}
