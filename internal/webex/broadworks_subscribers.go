package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	broadWorksSubscribersPath = "/broadworks/subscribers"
	broadWorksSubscriberPath  = "/broadworks/subscribers/{id}"
)

// BroadWorksSubscriber is one BroadWorks subscriber as the API shows it.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/get-a-broadworks-subscriber
type BroadWorksSubscriber struct {
	ID             string
	PersonID       string // empty until provisioned
	UserID         string // on BroadWorks
	SPEnterpriseID string // enterprise id, or serviceProvider+group
	// SPEnterpriseGroupID is the group in an enterprise; not every version of the API returns it.
	SPEnterpriseGroupID string
	FirstName           string
	LastName            string
	Email               string
	PrimaryPhoneNumber  string // as written when it was set, hyphens too
	MobilePhoneNumber   string
	Extension           string
	Package             string // softphone, basic, standard, premium, or a word that is newer
	Status              string // as received, unknown words too
	Errors              []Detail
	Created             time.Time // zero when absent or not understood
	LastStatusChange    time.Time // likewise
	ProvisioningID      string
	SelfActivated       bool // by the person, not by this API
}

// BroadWorksSubscriberFilter narrows a list of subscribers; zero fields do not filter.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/list-broadworks-subscribers
type BroadWorksSubscriberFilter struct {
	UserID           string
	PersonID         string
	Email            string
	ProvisioningID   string
	SPEnterpriseID   string
	Statuses         []string  // any of them
	After            time.Time // created after this moment
	LastStatusChange time.Time // changed its status after this moment
	SelfActivated    *bool
}

// BroadWorksSubscriberProvision asks for a new subscriber. All of the first six
// are required; Email too where the template trusts e-mail addresses.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/provision-a-broadworks-subscriber
type BroadWorksSubscriberProvision struct {
	ProvisioningID      string `json:"provisioningId,omitempty"`
	UserID              string `json:"userId,omitempty"`
	SPEnterpriseID      string `json:"spEnterpriseId,omitempty"` // the first subscriber of an enterprise creates its organization
	FirstName           string `json:"firstName,omitempty"`
	LastName            string `json:"lastName,omitempty"`
	Package             string `json:"package,omitempty"`
	Email               string `json:"email,omitempty"`
	PrimaryPhoneNumber  string `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber   string `json:"mobilePhoneNumber,omitempty"`
	Extension           string `json:"extension,omitempty"`
	Language            string `json:"language,omitempty"`            // xx or xx_YY
	Timezone            string `json:"timezone,omitempty"`            // fixed for the meetings site by the first standard or premium subscriber
	SPEnterpriseGroupID string `json:"spEnterpriseGroupId,omitempty"` // in enterprise mode alone
}

// BroadWorksSubscriberUpdate changes a subscriber. An empty string and a nil
// pointer leave a field as it is, and a pointer to an empty string clears it.
// The API clears the phone number only where an extension remains, and the
// extension only where a phone number does. The e-mail address, the enterprise,
// the template and the language cannot be changed.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/update-a-broadworks-subscriber
type BroadWorksSubscriberUpdate struct {
	UserID             string  `json:"userId,omitempty"`
	FirstName          string  `json:"firstName,omitempty"`
	LastName           string  `json:"lastName,omitempty"`
	Timezone           string  `json:"timezone,omitempty"`
	Package            string  `json:"package,omitempty"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  *string `json:"mobilePhoneNumber,omitempty"`
	Extension          *string `json:"extension,omitempty"`
}

// BroadWorksPrecheck is a request to check. Email is required. PrimaryEmail is
// the address of any user of the customer, or Email itself for the first one.
type BroadWorksPrecheck struct {
	BroadWorksSubscriberProvision
	PrimaryEmail string
}

// ListBroadWorksSubscribers gives every subscriber that passes the filter, each
// once. After an error nothing more follows, and what came before is not a
// complete list.
func (c *Client) ListBroadWorksSubscribers(ctx context.Context, filter BroadWorksSubscriberFilter) iter.Seq2[BroadWorksSubscriber, error] {
	query := url.Values{}
	setNonEmpty(query, "userId", filter.UserID)
	setNonEmpty(query, "personId", filter.PersonID)
	setNonEmpty(query, "email", filter.Email)
	setNonEmpty(query, "provisioningId", filter.ProvisioningID)
	setNonEmpty(query, "spEnterpriseId", filter.SPEnterpriseID)
	setNonEmpty(query, "status", strings.Join(filter.Statuses, ","))
	setNonEmpty(query, "after", epochMillis(filter.After))
	setNonEmpty(query, "lastStatusChange", epochMillis(filter.LastStatusChange))
	if filter.SelfActivated != nil {
		query.Set("selfActivated", strconv.FormatBool(*filter.SelfActivated))
	}
	return list(ctx, c, listing[BroadWorksSubscriber]{
		path: broadWorksSubscribersPath, query: query, decode: decodeBroadWorksSubscriber,
		id: broadWorksSubscriberID, ends: fullAsksOn,
	})
}

// GetBroadWorksSubscriber reads one subscriber by its id.
func (c *Client) GetBroadWorksSubscriber(ctx context.Context, id string) (BroadWorksSubscriber, error) {
	return getOne(ctx, c, broadWorksSubscriberPath, id, nil, decodeBroadWorksSubscriber)
}

// ProvisionBroadWorksSubscriber asks for a subscriber. The API answers 200 while
// it goes on by itself: read the subscriber until its status ends, for it may
// still end in error or wait for the person.
func (c *Client) ProvisionBroadWorksSubscriber(ctx context.Context, subscriber BroadWorksSubscriberProvision) (BroadWorksSubscriber, Receipt, error) {
	req := call{method: http.MethodPost, path: broadWorksSubscribersPath, body: subscriber}
	return writeOne(ctx, c, req, decodeBroadWorksSubscriber, broadWorksSubscriberID)
}

// UpdateBroadWorksSubscriber changes a subscriber. The API answers with the
// values as they were before; read the subscriber until it is not updating.
func (c *Client) UpdateBroadWorksSubscriber(ctx context.Context, id string, update BroadWorksSubscriberUpdate) (BroadWorksSubscriber, Receipt, error) {
	req := call{method: http.MethodPut, path: broadWorksSubscriberPath, id: id, body: update}
	return writeOne(ctx, c, req, decodeBroadWorksSubscriber, broadWorksSubscriberID)
}

// RemoveBroadWorksSubscriber takes the connection of the BroadWorks user to its
// Webex user away; the person stays in the organization.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/remove-a-broadworks-subscriber
func (c *Client) RemoveBroadWorksSubscriber(ctx context.Context, id string) (Receipt, error) {
	return c.deleteOne(ctx, broadWorksSubscriberPath, id)
}

// ValidateBroadWorksSubscriber asks the API whether it would take the
// subscriber; nothing changes.
// https://developer.webex.com/docs/api/v1/broadworks-subscribers/precheck-a-broadworks-subscriber-provisioning
func (c *Client) ValidateBroadWorksSubscriber(ctx context.Context, request BroadWorksPrecheck) (Precheck, error) {
	body := struct {
		BroadWorksSubscriberProvision
		CustomerInfo *CustomerInfo `json:"customerInfo,omitempty"`
	}{BroadWorksSubscriberProvision: request.BroadWorksSubscriberProvision}
	if request.PrimaryEmail != "" {
		body.CustomerInfo = &CustomerInfo{PrimaryEmail: request.PrimaryEmail}
	}
	return c.validate(ctx, broadWorksSubscribersPath+"/validate", nil, body)
}

func decodeBroadWorksSubscriber(data []byte) (BroadWorksSubscriber, error) {
	var wire struct {
		ID                  text             `json:"id"`
		PersonID            text             `json:"personId"`
		UserID              text             `json:"userId"`
		SPEnterpriseID      text             `json:"spEnterpriseId"`
		SPEnterpriseGroupID text             `json:"spEnterpriseGroupId"`
		FirstName           text             `json:"firstName"`
		LastName            text             `json:"lastName"`
		Email               text             `json:"email"`
		PrimaryPhoneNumber  text             `json:"primaryPhoneNumber"`
		MobilePhoneNumber   text             `json:"mobilePhoneNumber"`
		Extension           text             `json:"extension"`
		Package             text             `json:"package"`
		Status              text             `json:"status"`
		Errors              many[wireDetail] `json:"errors"`
		Created             moment           `json:"created"`
		LastStatusChange    moment           `json:"lastStatusChange"`
		ProvisioningID      text             `json:"provisioningId"`
		SelfActivated       flag             `json:"selfActivated"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return BroadWorksSubscriber{}, err
	}
	if wire.ID == "" {
		return BroadWorksSubscriber{}, errors.New("a subscriber without an id")
	}
	return BroadWorksSubscriber{
		ID: string(wire.ID), PersonID: string(wire.PersonID), UserID: string(wire.UserID),
		SPEnterpriseID: string(wire.SPEnterpriseID), SPEnterpriseGroupID: string(wire.SPEnterpriseGroupID),
		FirstName: string(wire.FirstName), LastName: string(wire.LastName), Email: string(wire.Email),
		PrimaryPhoneNumber: string(wire.PrimaryPhoneNumber), MobilePhoneNumber: string(wire.MobilePhoneNumber),
		Extension: string(wire.Extension), Package: string(wire.Package), Status: string(wire.Status),
		Errors: toDetails(wire.Errors), Created: wire.Created.Time, LastStatusChange: wire.LastStatusChange.Time,
		ProvisioningID: string(wire.ProvisioningID), SelfActivated: bool(wire.SelfActivated),
	}, nil
}

func broadWorksSubscriberID(subscriber BroadWorksSubscriber) string { return subscriber.ID }
