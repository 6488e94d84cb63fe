package webex

import (
	"context"
	"net/http"
)

// MailConsent has the API send the e-mail that asks the person behind a
// subscriber to agree to the move of its account. It is for subscribers in
// pending_user_migration, wholesale and BroadWorks alike.
// https://developer.webex.com/docs/api/guides/webex-for-broadworks-developers-guide
func (c *Client) MailConsent(ctx context.Context, subscriberID string) (Receipt, error) {
	a, err := c.do(ctx, call{
		method: http.MethodPost, path: "/subscribers/{id}/emails/consentMove", id: subscriberID,
		accept: acceptAnyJSON,
	})
	return a.receipt(subscriberID), err
}
