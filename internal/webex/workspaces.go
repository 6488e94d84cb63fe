package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"time"
)

const (
	workspacesPath  = "/workspaces"
	workspacePath   = "/workspaces/{id}"
	workspaceOffset = "start" // query parameter
)

// Workspace is a room, a desk or a common area of an organization. A wholesale
// customer cannot be removed while it has any (code 2513).
// https://developer.webex.com/docs/api/v1/workspaces/list-workspaces
type Workspace struct {
	ID          string
	OrgID       string
	LocationID  string
	DisplayName string
	Type        string    // as received, such as meetingRoom or notSet
	Calling     string    // as received, such as webexCalling or none
	Licenses    []string  // ids of its Webex Calling licenses
	Devices     string    // what it may hold: collaborationDevices or phones
	Created     time.Time // zero when absent or not understood
}

// WorkspaceFilter says which workspaces to list; empty fields do not filter.
// Without OrgID it is the organization of the token.
type WorkspaceFilter struct {
	OrgID      string
	LocationID string
	Calling    string // such as webexCalling
}

// ListWorkspaces gives every workspace that passes the filter, each once. After
// an error nothing more follows, and what came before is not a complete list.
func (c *Client) ListWorkspaces(ctx context.Context, filter WorkspaceFilter) iter.Seq2[Workspace, error] {
	query := url.Values{}
	setNonEmpty(query, "orgId", filter.OrgID)
	setNonEmpty(query, "locationId", filter.LocationID)
	setNonEmpty(query, "calling", filter.Calling)
	return list(ctx, c, listing[Workspace]{
		path: workspacesPath, query: query, decode: decodeWorkspace, offset: workspaceOffset,
		id: func(w Workspace) string { return w.ID },
	})
}

// DeleteWorkspace deletes a workspace and its devices, which then must be
// activated again.
// https://developer.webex.com/docs/api/v1/workspaces/delete-a-workspace
func (c *Client) DeleteWorkspace(ctx context.Context, id string) (Receipt, error) {
	return c.deleteOne(ctx, workspacePath, id)
}

func decodeWorkspace(data []byte) (Workspace, error) {
	var wire struct {
		ID          text `json:"id"`
		OrgID       text `json:"orgId"`
		LocationID  text `json:"locationId"`
		DisplayName text `json:"displayName"`
		Type        text `json:"type"`
		Calling     struct {
			Type         text `json:"type"`
			WebexCalling struct {
				Licenses many[text] `json:"licenses"`
			} `json:"webexCalling"`
		} `json:"calling"`
		Devices text   `json:"supportedDevices"`
		Created moment `json:"created"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Workspace{}, err
	}
	if wire.ID == "" {
		return Workspace{}, errors.New("a workspace without an id")
	}
	return Workspace{
		ID: string(wire.ID), OrgID: string(wire.OrgID), LocationID: string(wire.LocationID),
		DisplayName: string(wire.DisplayName), Type: string(wire.Type), Calling: string(wire.Calling.Type),
		Licenses: toIDs(wire.Calling.WebexCalling.Licenses), Devices: string(wire.Devices), Created: wire.Created.Time,
	}, nil
}
