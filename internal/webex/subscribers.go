package webex

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

const (
	subscribersPath = "/wholesale/subscribers"
	subscriberPath  = "/wholesale/subscribers/{id}"
)

// Subscriber is one wholesale subscriber as the API shows it. The API does not
// return names, phone numbers, extensions and locations.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/get-a-wholesale-subscriber
type Subscriber struct {
	ID                 string
	PersonID           string // empty until provisioned
	Email              string
	CustomerID         string
	ExternalCustomerID string
	Package            string // the API's package, else the first of its packages
	Packages           []string
	Status             string // as received, unknown words too
	Errors             []Detail
	Created            time.Time // zero when absent or not understood
	LastStatusChange   time.Time // zero when absent or not understood
}

// SubscriberFilter narrows a list of subscribers; zero fields do not filter.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/list-wholesale-subscribers
type SubscriberFilter struct {
	CustomerID         string
	ExternalCustomerID string
	PersonID           string
	Email              string
	Status             string
	After              time.Time // created after this moment
	LastStatusChange   time.Time // changed its status after this moment
}

// SubscriberProvision asks for a new subscriber. With a calling package the API
// wants a phone number (E.164), an extension or both.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/provision-a-wholesale-subscriber
type SubscriberProvision struct {
	CustomerID         string
	Email              string
	Package            string
	FirstName          string
	LastName           string
	PrimaryPhoneNumber string
	Extension          string
	LocationID         string
}

// SubscriberUpdate moves a subscriber to another package.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/update-a-wholesale-subscriber
type SubscriberUpdate struct {
	Package string
	// Calling is for a move from webex_meetings to a calling package, and nil otherwise.
	Calling *CallingParameters
}

// CallingParameters connect a subscriber to the telephone network.
type CallingParameters struct {
	PrimaryPhoneNumber string `json:"primaryPhoneNumber,omitempty"`
	Extension          string `json:"extension,omitempty"`
	LocationID         string `json:"locationId,omitempty"`
}

// SubscriberPrecheck is a request to check; Email alone is required. The customer
// is named by CustomerID, or where it is only to be provisioned by PrimaryEmail,
// the address of its first user, with the ProvisioningID of its template.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/precheck-a-wholesale-subscriber-provisioning
type SubscriberPrecheck struct {
	SubscriberProvision
	PrimaryEmail   string
	ProvisioningID string
}

// ListSubscribers gives every subscriber that passes the filter, each once,
// oldest first. After an error nothing more follows, and what came before is
// not a complete list.
func (c *Client) ListSubscribers(ctx context.Context, filter SubscriberFilter) iter.Seq2[Subscriber, error] {
	query := c.wholesaleQuery()
	// New subscribers then appear at the end and do not shift the pages before.
	query.Set("sortBy", "created")
	query.Set("sortOrder", "ASC")
	setNonEmpty(query, "customerId", filter.CustomerID)
	setNonEmpty(query, "externalCustomerId", filter.ExternalCustomerID)
	setNonEmpty(query, "personId", filter.PersonID)
	setNonEmpty(query, "email", filter.Email)
	setNonEmpty(query, "status", filter.Status)
	setNonEmpty(query, "after", epochMillis(filter.After))
	setNonEmpty(query, "lastStatusChange", epochMillis(filter.LastStatusChange))
	return list(ctx, c, listing[Subscriber]{path: subscribersPath, query: query, decode: decodeSubscriber, id: subscriberID})
}

// HasSubscribersAt asks with one small request whether the unfiltered list of
// subscribers has anything at offset, that is, whether there are more than offset.
func (c *Client) HasSubscribersAt(ctx context.Context, offset int) (bool, error) {
	return hasItemsAt(ctx, c, subscribersPath, offset)
}

// GetSubscriber reads one subscriber by its id.
func (c *Client) GetSubscriber(ctx context.Context, id string) (Subscriber, error) {
	subscriber, _, err := c.subscriberCall(ctx, call{method: http.MethodGet, path: subscriberPath, id: id})
	return subscriber, err
}

// ProvisionSubscriber asks for a subscriber. The API answers 200 with the
// subscriber, or 202 with the status pending_user_migration when a person has
// to agree first; Subscriber.Status decides, not the HTTP status.
func (c *Client) ProvisionSubscriber(ctx context.Context, subscriber SubscriberProvision) (Subscriber, Receipt, error) {
	return c.subscriberCall(ctx, call{method: http.MethodPost, path: subscribersPath, body: subscriber.wire()})
}

// UpdateSubscriber moves a subscriber to another package.
func (c *Client) UpdateSubscriber(ctx context.Context, id string, update SubscriberUpdate) (Subscriber, Receipt, error) {
	body := wireSubscriberUpdate{Packages: []string{update.Package}, Provisioning: update.Calling}
	return c.subscriberCall(ctx, call{method: http.MethodPut, path: subscriberPath, id: id, body: body})
}

// RemoveSubscriber takes a subscriber's entitlements away; the person stays in
// the organization and its e-mail stays bound to it.
func (c *Client) RemoveSubscriber(ctx context.Context, id string) (Receipt, error) {
	a, err := c.do(ctx, call{
		method: http.MethodDelete, path: subscriberPath, id: id, query: c.wholesaleQuery(),
		accept: acceptAnyJSON,
	})
	return a.receipt(id), err
}

// ValidateSubscriber asks the API whether it would take the subscriber; nothing changes.
func (c *Client) ValidateSubscriber(ctx context.Context, request SubscriberPrecheck) (Precheck, error) {
	body := struct {
		ProvisioningID string `json:"provisioningId,omitempty"`
		wireSubscriber
		CustomerInfo *CustomerInfo `json:"customerInfo,omitempty"`
	}{ProvisioningID: request.ProvisioningID, wireSubscriber: request.wire()}
	if request.PrimaryEmail != "" {
		body.CustomerInfo = &CustomerInfo{PrimaryEmail: request.PrimaryEmail}
	}
	return c.validate(ctx, subscribersPath+"/validate", c.wholesaleQuery(), body)
}

// subscriberCall sends a call that is answered with one subscriber.
func (c *Client) subscriberCall(ctx context.Context, req call) (Subscriber, Receipt, error) {
	var subscriber Subscriber
	req.query = c.wholesaleQuery()
	req.accept = decodeTo(&subscriber, decodeSubscriber)
	a, err := c.do(ctx, req)
	return subscriber, a.receipt(subscriber.ID), err
}

// wireSubscriber is a provisioning request. The package goes into the list,
// because the newer packages exist there alone and the API wants one of the two.
type wireSubscriber struct {
	CustomerID   string                   `json:"customerId,omitempty"`
	Email        string                   `json:"email,omitempty"`
	Packages     []string                 `json:"packages,omitempty"`
	Provisioning wireSubscriberParameters `json:"provisioningParameters"`
}

type wireSubscriberParameters struct {
	FirstName string `json:"firstName,omitempty"`
	LastName  string `json:"lastName,omitempty"`
	CallingParameters
}

type wireSubscriberUpdate struct {
	Packages     []string           `json:"packages"`
	Provisioning *CallingParameters `json:"provisioningParameters,omitempty"`
}

func (s SubscriberProvision) wire() wireSubscriber {
	w := wireSubscriber{
		CustomerID: s.CustomerID,
		Email:      s.Email,
		Provisioning: wireSubscriberParameters{
			FirstName: s.FirstName,
			LastName:  s.LastName,
			CallingParameters: CallingParameters{
				PrimaryPhoneNumber: s.PrimaryPhoneNumber,
				Extension:          s.Extension,
				LocationID:         s.LocationID,
			},
		},
	}
	if s.Package != "" {
		w.Packages = []string{s.Package}
	}
	return w
}

func subscriberID(subscriber Subscriber) string { return subscriber.ID }

// epochMillis is the form the API prefers for moments in a query; empty for zero.
func epochMillis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
