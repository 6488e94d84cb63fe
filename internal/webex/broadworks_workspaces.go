package webex

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

const (
	broadWorksWorkspacesPath = "/broadworks/workspaces"
	broadWorksWorkspacePath  = "/broadworks/workspaces/{id}"
)

// BroadWorksWorkspace is a workspace that is connected to a BroadWorks user. The
// API shows it only in the answers to writes; ListWorkspaces lists it too.
// https://developer.webex.com/docs/api/v1/broadworks-workspaces/provision-a-broadworks-workspace
type BroadWorksWorkspace struct {
	ID                 string
	ProvisioningID     string
	UserID             string // on BroadWorks
	SPEnterpriseID     string // enterprise id, or serviceProvider+group
	DisplayName        string
	PrimaryPhoneNumber string
	Extension          string
	Created            time.Time // zero when absent or not understood
}

// BroadWorksWorkspaceProvision asks for a workspace of an existing customer. The
// first four are required, and the name must be free in the organization (code 2040).
type BroadWorksWorkspaceProvision struct {
	ProvisioningID     string `json:"provisioningId,omitempty"`
	UserID             string `json:"userId,omitempty"`
	SPEnterpriseID     string `json:"spEnterpriseId,omitempty"`
	DisplayName        string `json:"displayName,omitempty"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber,omitempty"`
	Extension          string `json:"extension,omitempty"`
}

// BroadWorksWorkspaceUpdate changes a workspace. An empty user id and a nil
// pointer leave a field as it is.
// https://developer.webex.com/docs/api/v1/broadworks-workspaces/update-a-broadworks-workspace
type BroadWorksWorkspaceUpdate struct {
	UserID             string  `json:"userId,omitempty"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber,omitempty"`
	Extension          *string `json:"extension,omitempty"`
}

// ProvisionBroadWorksWorkspace asks for a workspace.
func (c *Client) ProvisionBroadWorksWorkspace(ctx context.Context, workspace BroadWorksWorkspaceProvision) (BroadWorksWorkspace, Receipt, error) {
	req := call{method: http.MethodPost, path: broadWorksWorkspacesPath, body: workspace}
	return writeOne(ctx, c, req, decodeBroadWorksWorkspace, broadWorksWorkspaceID)
}

// UpdateBroadWorksWorkspace changes a workspace.
func (c *Client) UpdateBroadWorksWorkspace(ctx context.Context, id string, update BroadWorksWorkspaceUpdate) (BroadWorksWorkspace, Receipt, error) {
	req := call{method: http.MethodPut, path: broadWorksWorkspacePath, id: id, body: update}
	return writeOne(ctx, c, req, decodeBroadWorksWorkspace, broadWorksWorkspaceID)
}

// RemoveBroadWorksWorkspace takes the connection of the workspace to its
// BroadWorks user away; DeleteWorkspace deletes the workspace itself.
// https://developer.webex.com/docs/api/v1/broadworks-workspaces/remove-a-broadworks-workspace
func (c *Client) RemoveBroadWorksWorkspace(ctx context.Context, id string) (Receipt, error) {
	return c.deleteOne(ctx, broadWorksWorkspacePath, id)
}

func decodeBroadWorksWorkspace(data []byte) (BroadWorksWorkspace, error) {
	var wire struct {
		ID                 text   `json:"id"`
		ProvisioningID     text   `json:"provisioningId"`
		UserID             text   `json:"userId"`
		SPEnterpriseID     text   `json:"spEnterpriseId"`
		DisplayName        text   `json:"displayName"`
		PrimaryPhoneNumber text   `json:"primaryPhoneNumber"`
		Extension          text   `json:"extension"`
		Created            moment `json:"created"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return BroadWorksWorkspace{}, err
	}
	if wire.ID == "" {
		return BroadWorksWorkspace{}, errors.New("a workspace without an id")
	}
	return BroadWorksWorkspace{
		ID: string(wire.ID), ProvisioningID: string(wire.ProvisioningID), UserID: string(wire.UserID),
		SPEnterpriseID: string(wire.SPEnterpriseID), DisplayName: string(wire.DisplayName),
		PrimaryPhoneNumber: string(wire.PrimaryPhoneNumber), Extension: string(wire.Extension), Created: wire.Created.Time,
	}, nil
}

func broadWorksWorkspaceID(workspace BroadWorksWorkspace) string { return workspace.ID }
