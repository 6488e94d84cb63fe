package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
	"time"
)

const subPartnersPath = "/wholesale/subPartners"

// States of a sub-partner. A suspended one may delete, and neither provision
// nor update.
const (
	SubPartnerActive    = "active"
	SubPartnerSuspended = "suspended"
)

// SubPartner is a partner below the partner whose token it is; OnBehalfOf takes
// its OrgID.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/list-wholesale-sub-partners
type SubPartner struct {
	OrgID          string
	SubscriptionID string
	State          string    // as received, unknown words too
	Created        time.Time // zero when absent or not understood
	BillingStart   time.Time // likewise
}

// ListSubPartners gives every sub-partner in a state, each once; an empty state
// does not filter. After an error nothing more follows, and what came before is
// not a complete list.
func (c *Client) ListSubPartners(ctx context.Context, state string) iter.Seq2[SubPartner, error] {
	query := url.Values{}
	setNonEmpty(query, "provisioningState", state)
	return list(ctx, c, listing[SubPartner]{
		path: subPartnersPath, query: query, decode: decodeSubPartner,
		id: func(s SubPartner) string { return s.OrgID },
	})
}

func decodeSubPartner(data []byte) (SubPartner, error) {
	var wire struct {
		OrgID          text   `json:"orgId"`
		SubscriptionID text   `json:"subscriptionId"`
		State          text   `json:"provisioningState"`
		Created        moment `json:"created"`
		BillingStart   moment `json:"billingStartDate"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return SubPartner{}, err
	}
	if wire.OrgID == "" {
		return SubPartner{}, errors.New("a sub-partner without an organization")
	}
	return SubPartner{
		OrgID: string(wire.OrgID), SubscriptionID: string(wire.SubscriptionID), State: string(wire.State),
		Created: wire.Created.Time, BillingStart: wire.BillingStart.Time,
	}, nil
}
