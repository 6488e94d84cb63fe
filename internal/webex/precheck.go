package webex

import (
	"context"
	"net/http"
	"net/url"
)

// Precheck is the API's answer when it would take a request. Info holds codes
// 100 to 116, which say what provisioning would do (join an existing
// organization, wait for the user's consent and so on).
type Precheck struct {
	Message string
	Info    []Detail
}

// validate posts to a precheck address. Although it is a POST it changes
// nothing, so it is retried like a read.
func (c *Client) validate(ctx context.Context, path string, query url.Values, body any) (Precheck, error) {
	var result Precheck
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: path, query: query, body: body, harmless: true,
		accept: decodeTo(&result, decodePrecheck),
	})
	return result, err
}
