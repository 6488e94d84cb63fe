package webex

import (
	"context"
	"net/http"
)

// MailConsent has the API send the e-mail that asks the person behind a
// subscriber to agree to the move of its account. It is for subscribers in
// pending_user_migration, wholesale and BroadWorks alike. That a sub-partner's
// subscriber needs the parameter of the other wholesale calls is likely; the page
// does not say.
// https://developer.webex.com/docs/api/guides/webex-for-broadworks-developers-guide
func (c *Client) MailConsent(ctx context.Context, subscriberID string) (Receipt, error) {
	a, err := c.do(ctx, call{
		method: http.MethodPost, path: "/subscribers/{id}/emails/consentMove", id: subscriberID, query: c.wholesaleQuery(),
		accept: acceptAnyJSON,
	})
	return a.receipt(subscriberID), err
}
