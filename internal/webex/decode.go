package webex

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// The types below read JSON that is not quite as documented: other versions of
// the API send numbers for strings, objects for lists, or null.

// text reads a string; a number or a boolean as its own spelling, anything else as empty.
type text string

// UnmarshalJSON never fails on valid JSON.
func (t *text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(t))
	case 'n', '{', '[':
		*t = ""
	default:
		*t = text(data)
	}
	return nil
}

// number reads a whole number or a string that holds one; anything else as 0.
type number int

// UnmarshalJSON never fails on valid JSON.
func (n *number) UnmarshalJSON(data []byte) error {
	value, err := strconv.ParseFloat(string(bytes.Trim(data, `" `)), 64)
	*n = 0
	if err == nil && value == float64(int32(value)) {
		*n = number(value)
	}
	return nil
}

// flag reads a boolean or a string that holds one; anything else as false.
type flag bool

// UnmarshalJSON never fails on valid JSON.
func (f *flag) UnmarshalJSON(data []byte) error {
	*f = flag(strings.EqualFold(string(bytes.Trim(data, `" `)), "true"))
	return nil
}

// many reads a list, or a single value in place of one; null is an empty list.
// An element that is not what it should be is left out.
type many[T any] []T

// UnmarshalJSON never fails on valid JSON.
func (m *many[T]) UnmarshalJSON(data []byte) error {
	*m = nil
	items := []json.RawMessage{data}
	if data[0] == '[' {
		items = nil
		if err := json.Unmarshal(data, &items); err != nil {
			return err
		}
	}
	for _, raw := range items {
		var item T
		if string(raw) != "null" && json.Unmarshal(raw, &item) == nil {
			*m = append(*m, item)
		}
	}
	return nil
}

// moment reads RFC 3339 with any fraction, or milliseconds since 1970; anything
// else as the zero time.
type moment struct{ time.Time }

// UnmarshalJSON never fails on valid JSON.
func (m *moment) UnmarshalJSON(data []byte) error {
	value := strings.Trim(string(data), `"`)
	m.Time = time.Time{}
	if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
		m.Time = t.UTC()
	} else if millis, err := strconv.ParseInt(value, 10, 64); err == nil {
		m.Time = time.UnixMilli(millis).UTC()
	}
	return nil
}

// wireDetail reads an error, a warning or a precheck note, or a plain string.
type wireDetail struct{ Detail }

// UnmarshalJSON accepts errorCode, code and infoCode for the code.
func (d *wireDetail) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		var plain text
		err := json.Unmarshal(data, &plain)
		d.Detail = Detail{Description: clean(string(plain))}
		return err
	}
	var wire struct {
		ErrorCode   number `json:"errorCode"`
		Code        number `json:"code"`
		InfoCode    number `json:"infoCode"`
		Description text   `json:"description"`
		Message     text   `json:"message"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	for _, code := range []number{wire.ErrorCode, wire.Code, wire.InfoCode} {
		if d.Code == 0 {
			d.Code = int(code)
		}
	}
	d.Description = clean(string(cmp.Or(wire.Description, wire.Message)))
	return nil
}

func toDetails(wire many[wireDetail]) []Detail {
	var details []Detail
	for _, d := range wire {
		details = append(details, d.Detail)
	}
	return details
}

func toStrings(wire many[text]) []string {
	var values []string
	for _, value := range wire {
		if value != "" {
			values = append(values, string(value))
		}
	}
	return values
}

type wireCustomer struct {
	ID              text                `json:"id"`
	OrgID           text                `json:"orgId"`
	ExternalID      text                `json:"externalId"`
	Address         wireAddress         `json:"address"`
	Status          text                `json:"status"`
	Packages        many[text]          `json:"packages"`
	ResourceDetails many[wireResources] `json:"resourceDetails"`
	Errors          many[wireDetail]    `json:"errors"`
}

type wireAddress struct {
	Line1           text `json:"addressLine1"`
	Line2           text `json:"addressLine2"`
	City            text `json:"city"`
	StateOrProvince text `json:"stateOrProvince"`
	ZipOrPostalCode text `json:"zipOrPostalCode"`
	Country         text `json:"country"`
}

type wireResources struct {
	Packages many[wirePackage] `json:"packages"`
}

type wirePackage struct {
	Name     text             `json:"name"`
	Status   text             `json:"status"`
	Errors   many[wireDetail] `json:"errors"`
	Warnings many[wireDetail] `json:"warnings"`
	Licenses many[text]       `json:"licenseIds"`
}

func decodeCustomer(data []byte) (Customer, error) {
	var wire wireCustomer
	if err := json.Unmarshal(data, &wire); err != nil {
		return Customer{}, err
	}
	if wire.ID == "" {
		return Customer{}, errors.New("a customer without an id")
	}
	customer := Customer{
		ID: string(wire.ID), OrgID: string(wire.OrgID), ExternalID: string(wire.ExternalID),
		Address: Address{
			Line1: string(wire.Address.Line1), Line2: string(wire.Address.Line2), City: string(wire.Address.City),
			StateOrProvince: string(wire.Address.StateOrProvince),
			ZipOrPostalCode: string(wire.Address.ZipOrPostalCode), Country: string(wire.Address.Country),
		},
		Status: string(wire.Status), Packages: toStrings(wire.Packages), Errors: toDetails(wire.Errors),
	}
	for _, resources := range wire.ResourceDetails {
		for _, p := range resources.Packages {
			customer.Resources = append(customer.Resources, PackageStatus{
				Name: string(p.Name), Status: string(p.Status), Errors: toDetails(p.Errors), Warnings: toDetails(p.Warnings),
				LicenseIDs: toStrings(p.Licenses),
			})
		}
	}
	return customer, nil
}

func decodeSubscriber(data []byte) (Subscriber, error) {
	var wire struct {
		ID                 text             `json:"id"`
		PersonID           text             `json:"personId"`
		Email              text             `json:"email"`
		CustomerID         text             `json:"customerId"`
		ExternalCustomerID text             `json:"externalCustomerId"`
		Package            text             `json:"package"`
		Packages           many[text]       `json:"packages"`
		Status             text             `json:"status"`
		Errors             many[wireDetail] `json:"errors"`
		Created            moment           `json:"created"`
		LastStatusChange   moment           `json:"lastStatusChange"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Subscriber{}, err
	}
	if wire.ID == "" {
		return Subscriber{}, errors.New("a subscriber without an id")
	}
	subscriber := Subscriber{
		ID: string(wire.ID), PersonID: string(wire.PersonID), Email: string(wire.Email),
		CustomerID: string(wire.CustomerID), ExternalCustomerID: string(wire.ExternalCustomerID),
		Package: string(wire.Package), Packages: toStrings(wire.Packages), Status: string(wire.Status),
		Errors: toDetails(wire.Errors), Created: wire.Created.Time, LastStatusChange: wire.LastStatusChange.Time,
	}
	if subscriber.Package == "" && len(subscriber.Packages) > 0 {
		subscriber.Package = subscriber.Packages[0]
	}
	return subscriber, nil
}

func decodeIdentity(data []byte) (Identity, error) {
	var wire struct {
		ID     text       `json:"id"`
		OrgID  text       `json:"orgId"`
		Emails many[text] `json:"emails"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Identity{}, err
	}
	if wire.ID == "" || wire.OrgID == "" {
		return Identity{}, errors.New("a person without an id or an organization")
	}
	me := Identity{ID: string(wire.ID), OrgID: string(wire.OrgID)}
	if len(wire.Emails) > 0 {
		me.Email = string(wire.Emails[0])
	}
	return me, nil
}

// decodeTo makes a call keep its answer in target.
func decodeTo[T any](target *T, decode func([]byte) (T, error)) func(*answer) error {
	return func(a *answer) error {
		value, err := decode(a.body)
		if err != nil {
			return err
		}
		*target = value
		return nil
	}
}

// acceptAnyJSON is for writes whose answer adds nothing: empty is fine, and
// what is not JSON did not come from the API.
func acceptAnyJSON(a *answer) error {
	if len(a.body) > 0 && !json.Valid(a.body) {
		return errors.New("the answer is not JSON")
	}
	return nil
}

// createdID finds the id of a new object: the last segment of the Location
// header if that stays on the API's host, else of the body's url.
func (c *Client) createdID(a *answer) (string, error) {
	var wire struct {
		ID  text `json:"id"`
		URL text `json:"url"`
	}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &wire); err != nil {
			return "", err
		}
	}
	if location, err := a.url.Parse(a.header.Get("Location")); err == nil && c.ours(location) {
		if id := idAfter(location, customersPath); id != "" {
			return id, nil
		}
	}
	if link, err := a.url.Parse(string(wire.URL)); err == nil {
		if id := idAfter(link, customersPath); id != "" {
			return id, nil
		}
	}
	if wire.ID != "" {
		return string(wire.ID), nil
	}
	return "", errors.New("the answer does not name the new object")
}

// idAfter returns the single path segment that follows collection, if any.
func idAfter(u *url.URL, collection string) string {
	if dir, id := path.Split(u.Path); strings.HasSuffix(dir, collection+"/") {
		return id
	}
	return ""
}

// ours reports whether u is on the API's scheme and host, where tokens may go.
func (c *Client) ours(u *url.URL) bool {
	return u.Scheme == c.base.Scheme && u.Host == c.base.Host && u.User == nil
}
