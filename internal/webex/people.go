package webex

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	peoplePath = "/people"
	personPath = "/people/{id}"
)

// Identity is whom the access token belongs to.
// https://developer.webex.com/docs/api/v1/people/get-my-own-details
type Identity struct {
	ID    string
	OrgID string
	Email string // the first of the person's addresses
}

// Person is a user of an organization. A subscriber's person has what the
// provisioning API does not return: names, phone numbers, extension, location.
// https://developer.webex.com/docs/api/v1/people/get-person-details
type Person struct {
	ID            string
	OrgID         string
	Emails        []string
	DisplayName   string
	FirstName     string
	LastName      string
	PhoneNumbers  []PhoneNumber
	Extension     string   // only with CallingData
	LocationID    string   // only with CallingData
	Licenses      []string // ids
	Created       time.Time
	InvitePending bool // the person has not signed in yet
	LoginEnabled  bool
}

// PhoneNumber is one number of a person, written as the API writes it: with
// spaces, hyphens or neither.
type PhoneNumber struct {
	Type    string // work, mobile, ...
	Value   string
	Primary bool
}

// PersonFilter says whose people to list; empty fields do not filter. Without
// OrgID it is the organization of the token.
// https://developer.webex.com/docs/api/v1/people/list-people
type PersonFilter struct {
	OrgID      string
	Email      string
	LocationID string
	// CallingData asks for extension and location too.
	CallingData bool
}

const locationPageSize = 50 // the cap of a list of people at one location

// Me reads whom the access token belongs to.
func (c *Client) Me(ctx context.Context) (Identity, error) {
	var me Identity
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: "/people/me",
		accept: decodeTo(&me, decodeIdentity),
	})
	return me, err
}

// ListPeople gives every person that passes the filter, each once. Presence is
// left out of the question, because asking for it is throttled early. After an
// error nothing more follows, and what came before is not a complete list.
func (c *Client) ListPeople(ctx context.Context, filter PersonFilter) iter.Seq2[Person, error] {
	query := url.Values{"excludeStatus": {"true"}}
	setNonEmpty(query, "orgId", filter.OrgID)
	setNonEmpty(query, "email", filter.Email)
	setNonEmpty(query, "locationId", filter.LocationID)
	if filter.CallingData {
		query.Set("callingData", "true")
	}
	l := listing[Person]{path: peoplePath, query: query, decode: decodePerson, id: personID, ends: linksOnly}
	if filter.LocationID != "" {
		l.size = locationPageSize
	}
	return list(ctx, c, l)
}

// GetPerson reads one person by its id, with calling data.
func (c *Client) GetPerson(ctx context.Context, id string) (Person, error) {
	return getOne(ctx, c, personPath, id, url.Values{"callingData": {"true"}}, decodePerson)
}

// DeletePerson deletes a user from its organization for good, which frees the
// e-mail address. RemoveSubscriber leaves the person where it is, and so comes
// first; keep Subscriber.PersonID from before.
// https://developer.webex.com/docs/api/v1/people/delete-a-person
func (c *Client) DeletePerson(ctx context.Context, id string) (Receipt, error) {
	return c.deleteOne(ctx, personPath, id)
}

type wirePhoneNumber struct {
	Type    text `json:"type"`
	Value   text `json:"value"`
	Primary flag `json:"primary"`
}

func decodePerson(data []byte) (Person, error) {
	var wire struct {
		ID            text                  `json:"id"`
		OrgID         text                  `json:"orgId"`
		Emails        many[text]            `json:"emails"`
		DisplayName   text                  `json:"displayName"`
		FirstName     text                  `json:"firstName"`
		LastName      text                  `json:"lastName"`
		PhoneNumbers  many[wirePhoneNumber] `json:"phoneNumbers"`
		Extension     text                  `json:"extension"`
		LocationID    text                  `json:"locationId"`
		Licenses      many[text]            `json:"licenses"`
		Created       moment                `json:"created"`
		InvitePending flag                  `json:"invitePending"`
		LoginEnabled  flag                  `json:"loginEnabled"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return Person{}, err
	}
	if wire.ID == "" {
		return Person{}, errors.New("a person without an id")
	}
	person := Person{
		ID: string(wire.ID), OrgID: string(wire.OrgID), Emails: toStrings(wire.Emails),
		DisplayName: string(wire.DisplayName), FirstName: string(wire.FirstName), LastName: string(wire.LastName),
		Extension: string(wire.Extension), LocationID: string(wire.LocationID), Licenses: toIDs(wire.Licenses),
		Created: wire.Created.Time, InvitePending: bool(wire.InvitePending), LoginEnabled: bool(wire.LoginEnabled),
	}
	for _, n := range wire.PhoneNumbers {
		person.PhoneNumbers = append(person.PhoneNumbers, PhoneNumber{
			Type: string(n.Type), Value: string(n.Value), Primary: bool(n.Primary),
		})
	}
	return person, nil
}

// toIDs reads a list of ids. The documentation shows several of them in one
// string, with commas in between.
func toIDs(wire many[text]) []string {
	var ids []string
	for _, value := range wire {
		for id := range strings.SplitSeq(string(value), ",") {
			if id = strings.TrimSpace(id); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func personID(person Person) string { return person.ID }
