package webex

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// ServiceApp is a service app and the organization whose administrator has
// authorized it.
type ServiceApp struct {
	ApplicationID string
	ClientID      string
	ClientSecret  string
	TargetOrgID   string
}

// String keeps the secret out of logs and messages.
func (ServiceApp) String() string { return "REDACTED" }

// GoString keeps the secret out of %#v.
func (ServiceApp) GoString() string { return "REDACTED" }

// wireServiceApp is the body of a request for a service app's tokens.
type wireServiceApp struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	TargetOrgID  string `json:"targetOrgId"`
}

// ServiceAppTokens gets the first tokens of a service app. The client's own token
// needs the scope spark:applications_token; the app's are refreshed like others.
// https://developer.webex.com/docs/service-apps
func (c *Client) ServiceAppTokens(ctx context.Context, app ServiceApp) (Credentials, error) {
	c.secrets.add(app.ClientSecret)
	known := Credentials{ClientID: app.ClientID, ClientSecret: app.ClientSecret}
	var granted Credentials
	_, err := c.do(ctx, call{
		method: http.MethodPost, path: "/applications/{id}/token", id: app.ApplicationID,
		body: wireServiceApp{app.ClientID, app.ClientSecret, app.TargetOrgID},
		// Asked twice it gives two pairs, and the second is the one that is kept.
		harmless: true,
		accept:   decodeTo(&granted, func(data []byte) (Credentials, error) { return known.decodeGrant(data, time.Now()) }),
	})
	return granted, err
}

// decodeGrant reads tokens as the API, not the token endpoint, gives them.
func (c Credentials) decodeGrant(data []byte, now time.Time) (Credentials, error) {
	var wire struct {
		AccessToken      text   `json:"access_token"`
		ExpiresIn        number `json:"expires_in"`
		RefreshToken     text   `json:"refresh_token"`
		RefreshExpiresIn number `json:"refresh_token_expires_in"`
		Scope            text   `json:"scope"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Credentials{}, err
	}
	c.AccessToken, c.RefreshToken = string(wire.AccessToken), string(wire.RefreshToken)
	if !plausibleToken(c.AccessToken) || !plausibleToken(c.RefreshToken) {
		return Credentials{}, errors.New("an answer without an access token and a refresh token")
	}
	if wire.ExpiresIn > 0 {
		c.life = time.Duration(wire.ExpiresIn) * time.Second
		c.ExpiresAt = now.Add(c.life).UTC().Truncate(time.Second)
	}
	if wire.RefreshExpiresIn > 0 {
		c.RefreshTokenExpiresAt = now.Add(time.Duration(wire.RefreshExpiresIn) * time.Second).UTC().Truncate(time.Second)
	}
	c.Scopes = strings.Join(strings.Fields(string(wire.Scope)), " ")
	return c, nil
}
