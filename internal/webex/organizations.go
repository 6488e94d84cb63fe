package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"time"
)

const (
	organizationsPath = "/organizations"
	organizationPath  = "/organizations/{id}"
)

// Organization is an organization that the token may see: the partner's own or
// a customer's.
// https://developer.webex.com/docs/api/v1/organizations/get-organization-details
type Organization struct {
	ID          string
	DisplayName string
	Created     time.Time // zero when absent or not understood
}

// OpenOrganization reads a customer's organization, which gives a partner's
// administrator temporary access to it. It takes a few seconds to be effective.
// https://developer.webex.com/docs/api/v1/organizations/get-organization-details
func (c *Client) OpenOrganization(ctx context.Context, orgID string) error {
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: organizationPath, id: orgID,
		accept: func(*answer) error { return nil }, // that it was read is all
	})
	return err
}

// GetOrganization reads one organization. Like OpenOrganization, it gives
// temporary access to it.
func (c *Client) GetOrganization(ctx context.Context, orgID string) (Organization, error) {
	return getOne(ctx, c, organizationPath, orgID, nil, decodeOrganization)
}

// ListOrganizations gives every organization that the token may see, each once.
// The API answers with all of them at once.
// https://developer.webex.com/docs/api/v1/organizations/list-organizations
func (c *Client) ListOrganizations(ctx context.Context) iter.Seq2[Organization, error] {
	return list(ctx, c, listing[Organization]{
		path: organizationsPath, query: url.Values{}, decode: decodeOrganization,
		id:   func(o Organization) string { return o.ID },
		ends: linksOnly, size: noPages,
	})
}

// DeleteOrganization deletes an organization and all that is in it for good. The
// API answers at once and takes up to 10 minutes. It answers 409 while the
// organization has linked sites, active subscriptions or licenses, directory
// synchronisation, more than one user, more than one manager, or manages others.
// https://developer.webex.com/docs/api/v1/organizations/delete-organization
func (c *Client) DeleteOrganization(ctx context.Context, orgID string) (Receipt, error) {
	return c.deleteOne(ctx, organizationPath, orgID)
}

func decodeOrganization(data []byte) (Organization, error) {
	var wire struct {
		ID          text   `json:"id"`
		DisplayName text   `json:"displayName"`
		Created     moment `json:"created"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Organization{}, err
	}
	if wire.ID == "" {
		return Organization{}, errors.New("an organization without an id")
	}
	return Organization{ID: string(wire.ID), DisplayName: string(wire.DisplayName), Created: wire.Created.Time}, nil
}
