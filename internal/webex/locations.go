package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/url"
)

const (
	locationsPath     = "/locations"
	locationsPageSize = 500 // the API's own default
)

// Location is a place of an organization; its id is what SubscriberProvision
// and CallingParameters take as LocationID.
// https://developer.webex.com/docs/api/v1/locations/list-locations
type Location struct {
	ID        string
	OrgID     string
	Name      string
	Address   Address
	Timezone  string // IANA name
	Language  string // such as en_us
	Latitude  string // decimal degrees, as received
	Longitude string // likewise
	Notes     string
}

// LocationFilter says which locations to list; empty fields do not filter.
// Without OrgID it is the organization of the token.
type LocationFilter struct {
	OrgID string
	Name  string // locations whose name contains it, whatever the case
	ID    string
}

// ListLocations gives every location that passes the filter, each once. After
// an error nothing more follows, and what came before is not a complete list.
func (c *Client) ListLocations(ctx context.Context, filter LocationFilter) iter.Seq2[Location, error] {
	query := url.Values{}
	setNonEmpty(query, "orgId", filter.OrgID)
	setNonEmpty(query, "name", filter.Name)
	setNonEmpty(query, "id", filter.ID)
	return list(ctx, c, listing[Location]{
		path: locationsPath, query: query, decode: decodeLocation,
		id:   func(l Location) string { return l.ID },
		ends: linksOnly, size: locationsPageSize,
	})
}

// decodeLocation reads an address whose members have other names than those of
// the provisioning API.
func decodeLocation(data []byte) (Location, error) {
	var wire struct {
		ID      text `json:"id"`
		OrgID   text `json:"orgId"`
		Name    text `json:"name"`
		Address struct {
			Address1   text `json:"address1"`
			Address2   text `json:"address2"`
			City       text `json:"city"`
			State      text `json:"state"`
			PostalCode text `json:"postalCode"`
			Country    text `json:"country"`
		} `json:"address"`
		Timezone  text `json:"timeZone"`
		Language  text `json:"preferredLanguage"`
		Latitude  text `json:"latitude"`
		Longitude text `json:"longitude"`
		Notes     text `json:"notes"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Location{}, err
	}
	if wire.ID == "" {
		return Location{}, errors.New("a location without an id")
	}
	return Location{
		ID: string(wire.ID), OrgID: string(wire.OrgID), Name: string(wire.Name),
		Address: Address{
			Line1: string(wire.Address.Address1), Line2: string(wire.Address.Address2), City: string(wire.Address.City),
			StateOrProvince: string(wire.Address.State), ZipOrPostalCode: string(wire.Address.PostalCode),
			Country: string(wire.Address.Country),
		},
		Timezone: string(wire.Timezone), Language: string(wire.Language),
		Latitude: string(wire.Latitude), Longitude: string(wire.Longitude), Notes: string(wire.Notes),
	}, nil
}
