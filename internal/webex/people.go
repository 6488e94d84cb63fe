package webex

import (
	"context"
	"net/http"
)

// Identity is whom the access token belongs to.
// https://developer.webex.com/docs/api/v1/people/get-my-own-details
type Identity struct {
	ID    string
	OrgID string
	Email string // the first of the person's addresses
}

// Me reads whom the access token belongs to.
func (c *Client) Me(ctx context.Context) (Identity, error) {
	var me Identity
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: "/people/me",
		accept: decodeTo(&me, decodeIdentity),
	})
	return me, err
}

// OpenOrganization reads a customer's organization, which gives a partner's
// administrator temporary access to it. It takes a few seconds to be effective.
// https://developer.webex.com/docs/api/v1/organizations/get-organization-details
func (c *Client) OpenOrganization(ctx context.Context, orgID string) error {
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: "/organizations/{id}", id: orgID,
		accept: func(*answer) error { return nil }, // that it was read is all
	})
	return err
}
