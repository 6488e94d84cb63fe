package batch

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// canonical brings a value from the API to the form that cells of the input
// have, so that the same value never looks like a difference. What does not
// parse is kept as it is: the API may know values that this program does not.
func canonical(k diff.Kind, c diff.Column, raw string) string {
	rule, ok := diff.SpecOf(k).Rule(c)
	if !ok {
		return raw
	}
	if v, issue := diff.Parse(rule.Value, raw); issue.Text == "" || issue.Warning {
		return v
	}
	return strings.TrimSpace(raw)
}

// customerCells is a live customer in the words of package diff.
func customerCells(c webex.Customer) diff.Cells {
	cells := diff.Cells{
		diff.ColExternalID:   c.ExternalID,
		diff.ColOrgID:        c.OrgID,
		diff.ColPackages:     strings.Join(c.Packages, ";"),
		diff.ColAddressLine1: c.Address.Line1,
		diff.ColAddressLine2: c.Address.Line2,
		diff.ColCity:         c.Address.City,
		diff.ColState:        c.Address.StateOrProvince,
		diff.ColZip:          c.Address.ZipOrPostalCode,
		diff.ColCountry:      c.Address.Country,
	}
	for col, v := range cells {
		cells[col] = canonical(diff.Customer, col, v)
	}
	cells[diff.ColPackages] = diff.JoinPackages(c.Packages)
	cells[diff.ColID] = c.ID
	cells[diff.ColStatus] = c.Status
	cells[diff.ColErrors] = troubles(c)
	return cells
}

// troubles puts everything that a customer complains of on one line.
func troubles(c webex.Customer) string {
	parts := details("", c.Errors)
	for _, r := range c.Resources {
		parts = append(parts, details("package "+r.Name+": ", r.Errors)...)
		parts = append(parts, details("package "+r.Name+": warning ", r.Warnings)...)
		if r.Status == diff.StatusError && len(r.Errors)+len(r.Warnings) == 0 {
			parts = append(parts, "package "+r.Name+": in status error")
		}
	}
	return strings.Join(parts, "; ")
}

func details(prefix string, list []webex.Detail) []string {
	var parts []string
	for _, d := range list {
		text := d.Description
		if text == "" {
			if info, ok := webex.LookupCode(d.Code); ok {
				text = info.Title
			}
		}
		if d.Code != 0 || text == "" { // some services give words alone
			text = strings.TrimSpace(fmt.Sprintf("%d %s", d.Code, text))
		}
		parts = append(parts, prefix+text)
	}
	return parts
}

// subscriberCells is a live subscriber in the words of package diff.
func subscriberCells(s webex.Subscriber) diff.Cells {
	cells := diff.Cells{
		diff.ColCustomerExternalID: canonical(diff.Subscriber, diff.ColCustomerExternalID, s.ExternalCustomerID),
		diff.ColEmail:              canonical(diff.Subscriber, diff.ColEmail, s.Email),
		diff.ColPackage:            s.Package,
		diff.ColID:                 s.ID,
		diff.ColPersonID:           s.PersonID,
		diff.ColStatus:             s.Status,
		diff.ColErrors:             strings.Join(details("", s.Errors), "; "),
	}
	if !s.Created.IsZero() {
		cells[diff.ColCreated] = s.Created.UTC().Format(time.RFC3339)
	}
	return cells
}

// getter reads cells the way [diff.Fingerprint] asks for them.
func getter(cells diff.Cells) func(diff.Column) string {
	return func(c diff.Column) string { return cells[c] }
}

// customerProvision makes the request of a provision out of its fields.
func customerProvision(c *diff.Change) webex.CustomerProvision {
	get := after(c)
	req := webex.CustomerProvision{
		ProvisioningID: get(diff.ColProvisioningID),
		Packages:       diff.SplitPackages(get(diff.ColPackages)),
		OrgID:          get(diff.ColOrgID),
		ExternalID:     get(diff.ColExternalID),
		Address:        billingAddress(get),
		Provisioning:   provisioningParameters(get, get),
	}
	if get(diff.ColName) != "" || get(diff.ColPrimaryEmail) != "" {
		req.CustomerInfo = &webex.CustomerInfo{Name: get(diff.ColName), PrimaryEmail: get(diff.ColPrimaryEmail), Language: get(diff.ColLanguage)}
	}
	return req
}

// customerUpdate makes the request of a PUT: the complete package list, and the
// complete address where a part of it changes, since what a PUT leaves out the
// API takes away.
func customerUpdate(c *diff.Change, live object) webex.CustomerUpdate {
	now := func(col diff.Column) string {
		if v, ok := c.Field(col); ok {
			return v
		}
		return live.cells[col]
	}
	req := webex.CustomerUpdate{
		// As the API spells it, not in canonical form, or it would be a rename.
		ExternalID:   cmp.Or(after(c)(diff.ColExternalID), live.spelled),
		Packages:     diff.SplitPackages(now(diff.ColPackages)),
		Provisioning: provisioningParameters(after(c), now),
	}
	for _, col := range []diff.Column{diff.ColAddressLine1, diff.ColAddressLine2, diff.ColCity, diff.ColState, diff.ColZip, diff.ColCountry} {
		if _, changed := c.Field(col); changed {
			address := billingAddress(now)
			req.Address = &address
		}
	}
	if req.Packages == nil {
		req.Packages = []string{}
	}
	return req
}

// after reads the values that a change brings; "" where it does not touch them.
func after(c *diff.Change) func(diff.Column) string {
	return func(col diff.Column) string {
		v, _ := c.Field(col)
		return v
	}
}

func billingAddress(get func(diff.Column) string) webex.Address {
	return webex.Address{
		Line1: get(diff.ColAddressLine1), Line2: get(diff.ColAddressLine2), City: get(diff.ColCity),
		StateOrProvince: get(diff.ColState), ZipOrPostalCode: get(diff.ColZip), Country: get(diff.ColCountry),
	}
}

// provisioningParameters go along with a first calling or meetings package. The
// billing address stands in for a location without an address of its own.
func provisioningParameters(get, billing func(diff.Column) string) *webex.ProvisioningParameters {
	var p webex.ProvisioningParameters
	if name := get(diff.ColLocationName); name != "" {
		address := webex.Address{
			Line1: get(diff.ColLocationAddressLine1), Line2: get(diff.ColLocationAddressLine2), City: get(diff.ColLocationCity),
			StateOrProvince: get(diff.ColLocationState), ZipOrPostalCode: get(diff.ColLocationZip), Country: get(diff.ColLocationCountry),
		}
		if address.Line1 == "" {
			address = billingAddress(billing)
		}
		p.Calling = &webex.CustomerCalling{Location: webex.CallingLocation{
			Name: name, Address: address, Timezone: get(diff.ColLocationTimezone), Language: get(diff.ColLocationLanguage),
			EmergencyLocationIdentifier: get(diff.ColEmergencyLocation),
		}}
	}
	if zone := get(diff.ColMeetingsTimezone); zone != "" {
		p.Meetings = &webex.CustomerMeetings{Timezone: zone}
	}
	if limits := packageLimits(get); len(limits) > 0 {
		p.Packages = &webex.PackageLimits{Limits: limits}
	}
	if p == (webex.ProvisioningParameters{}) {
		return nil
	}
	return &p
}

// packageLimits are the caps of a customer's seats, by package.
func packageLimits(get func(diff.Column) string) map[string]int {
	limits := map[string]int{}
	for _, rule := range diff.SpecOf(diff.Customer).Rules {
		if n, err := strconv.Atoi(get(rule.Column)); err == nil && rule.Column.LimitedPackage() != "" {
			limits[rule.Column.LimitedPackage()] = n
		}
	}
	return limits
}

// subscriberProvision makes the request of a provision out of its fields.
func subscriberProvision(c *diff.Change, customerID string) webex.SubscriberProvision {
	get := after(c)
	return webex.SubscriberProvision{
		CustomerID: customerID, Email: get(diff.ColEmail), Package: get(diff.ColPackage),
		FirstName: get(diff.ColFirstName), LastName: get(diff.ColLastName),
		PrimaryPhoneNumber: get(diff.ColPhone), Extension: get(diff.ColExtension), LocationID: get(diff.ColLocationID),
	}
}

// subscriberUpdate makes the request of a PUT. Number, extension and location are
// among the fields only on a move to calling; elsewhere the API refuses them.
func subscriberUpdate(c *diff.Change) webex.SubscriberUpdate {
	get := after(c)
	req := webex.SubscriberUpdate{Package: get(diff.ColPackage)}
	calling := webex.CallingParameters{PrimaryPhoneNumber: get(diff.ColPhone), Extension: get(diff.ColExtension), LocationID: get(diff.ColLocationID)}
	if calling != (webex.CallingParameters{}) {
		req.Calling = &calling
	}
	return req
}
