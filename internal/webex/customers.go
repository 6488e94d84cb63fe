package webex

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

const (
	customersPath = "/wholesale/customers"
	customerPath  = "/wholesale/customers/{id}"
)

// Customer is one wholesale customer as the API shows it.
// The API does not return its name, primary e-mail, location or template.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/get-a-wholesale-customer
type Customer struct {
	ID         string
	OrgID      string // empty until the organization exists
	ExternalID string
	Address    Address
	Status     string // as received, unknown words too
	Packages   []string
	Resources  []PackageStatus
	Errors     []Detail
}

// PackageStatus is the state of one package of a customer. A package in error
// may say why in Warnings instead of Errors.
type PackageStatus struct {
	Name       string
	Status     string
	Errors     []Detail
	Warnings   []Detail
	LicenseIDs []string // only from GetCustomerLicenses
}

// Address is a billing or location address; Country is an ISO 3166 alpha-2 code.
// The API allows 50 characters for each address line.
type Address struct {
	Line1           string `json:"addressLine1,omitempty"`
	Line2           string `json:"addressLine2,omitempty"`
	City            string `json:"city,omitempty"`
	StateOrProvince string `json:"stateOrProvince,omitempty"`
	ZipOrPostalCode string `json:"zipOrPostalCode,omitempty"`
	Country         string `json:"country,omitempty"`
}

// CustomerFilter narrows a list of customers; empty fields do not filter.
type CustomerFilter struct {
	ExternalID string
	OrgID      string
	Status     string
}

// CustomerProvision asks for a new customer, or for an existing organization
// to become one (then OrgID is set and CustomerInfo may be nil).
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/provision-a-wholesale-customer
type CustomerProvision struct {
	ProvisioningID       string                  `json:"provisioningId,omitempty"`
	Packages             []string                `json:"packages,omitempty"`
	OrgID                string                  `json:"orgId,omitempty"`
	ExternalID           string                  `json:"externalId,omitempty"`
	Address              Address                 `json:"address"`
	CustomerInfo         *CustomerInfo           `json:"customerInfo,omitempty"`
	Provisioning         *ProvisioningParameters `json:"provisioningParameters,omitempty"`
	SubPartnerAdminEmail string                  `json:"subPartnerAdminEmail,omitempty"`
}

// CustomerInfo describes the organization to create. Name must not hold "%";
// Language is xx or xx_YY.
type CustomerInfo struct {
	Name         string `json:"name,omitempty"`
	PrimaryEmail string `json:"primaryEmail,omitempty"`
	Language     string `json:"language,omitempty"`
}

// ProvisioningParameters go with the first calling package (Calling) and the
// first meetings package (Meetings) of a customer.
type ProvisioningParameters struct {
	Calling  *CustomerCalling  `json:"calling,omitempty"`
	Meetings *CustomerMeetings `json:"meetings,omitempty"`
	Packages *PackageLimits    `json:"packages,omitempty"`
}

// CustomerCalling holds the first calling location of a customer.
type CustomerCalling struct {
	Location CallingLocation `json:"location"`
}

// CallingLocation is required by the API whenever the first calling package is
// asked for. Timezone is from the calling list, Language looks like en_us.
type CallingLocation struct {
	Name                        string  `json:"name"`
	Address                     Address `json:"address"`
	Timezone                    string  `json:"timezone"`
	Language                    string  `json:"language"`
	EmergencyLocationIdentifier string  `json:"emergencyLocationIdentifier,omitempty"`
}

// CustomerMeetings sets the time zone of the meetings site, which is fixed for good.
type CustomerMeetings struct {
	Timezone string `json:"timezone"`
}

// PackageLimits caps the seats of packages, by package name.
type PackageLimits struct {
	Limits map[string]int `json:"limits"`
}

// CustomerUpdate changes a customer. Packages is the complete list: a package
// that is assigned and not listed is removed by the API.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/update-a-wholesale-customer
type CustomerUpdate struct {
	ExternalID   string                  `json:"externalId,omitempty"`
	Packages     []string                `json:"packages"`
	Address      *Address                `json:"address,omitempty"`
	Provisioning *ProvisioningParameters `json:"provisioningParameters,omitempty"`
	// SubPartnerAdminEmail is the administrator of the sub-partner that the customer belongs to.
	SubPartnerAdminEmail string `json:"subPartnerAdminEmail,omitempty"`
}

// ListCustomers gives every customer that passes the filter, each once. After
// an error nothing more follows, and what came before is not a complete list.
func (c *Client) ListCustomers(ctx context.Context, filter CustomerFilter) iter.Seq2[Customer, error] {
	query := c.wholesaleQuery()
	setNonEmpty(query, "externalId", filter.ExternalID)
	setNonEmpty(query, "orgId", filter.OrgID)
	setNonEmpty(query, "status", filter.Status)
	return list(ctx, c, listing[Customer]{path: customersPath, query: query, decode: decodeCustomer, id: customerID})
}

// HasCustomersAt asks with one small request whether the unfiltered list of
// customers has anything at offset, that is, whether there are more than offset.
func (c *Client) HasCustomersAt(ctx context.Context, offset int) (bool, error) {
	return hasItemsAt(ctx, c, customersPath, offset)
}

// GetCustomer reads one customer by its id.
func (c *Client) GetCustomer(ctx context.Context, id string) (Customer, error) {
	return c.getCustomer(ctx, id, c.wholesaleQuery())
}

// GetCustomerLicenses reads one customer with the license ids of its packages.
func (c *Client) GetCustomerLicenses(ctx context.Context, id string) (Customer, error) {
	query := c.wholesaleQuery()
	query.Set("includePackageLicenseInfo", "true")
	return c.getCustomer(ctx, id, query)
}

func (c *Client) getCustomer(ctx context.Context, id string, query url.Values) (Customer, error) {
	var customer Customer
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: customerPath, id: id, query: query,
		accept: decodeTo(&customer, decodeCustomer),
	})
	return customer, err
}

// ProvisionCustomer asks for a customer. The API answers 202 and goes on by
// itself: read the customer until its status ends. Receipt.ID is the new id.
func (c *Client) ProvisionCustomer(ctx context.Context, customer CustomerProvision) (Receipt, error) {
	var id string
	a, err := c.do(ctx, call{
		method: http.MethodPost, path: customersPath, query: c.wholesaleQuery(), body: customer,
		accept: func(a *answer) (err error) { id, err = c.createdID(a); return err },
	})
	return a.receipt(id), err
}

// UpdateCustomer changes a customer; the API answers 202 and goes on by itself.
// A nil package list is refused here, for the API would take every package away.
func (c *Client) UpdateCustomer(ctx context.Context, id string, update CustomerUpdate) (Receipt, error) {
	if update.Packages == nil {
		return Receipt{}, &Error{
			Class: ClassNotSent, Method: http.MethodPut, Path: customerPath,
			Description: "the update has no package list, and the API takes an absent package for a removal",
		}
	}
	a, err := c.do(ctx, call{
		method: http.MethodPut, path: customerPath, id: id, query: c.wholesaleQuery(), body: update,
		accept: acceptAnyJSON,
	})
	return a.receipt(id), err
}

// RemoveCustomer detaches a customer; the API answers 202 and the customer is
// gone when GetCustomer says ClassNotFound. It must have no subscribers and no
// workspaces left (codes 2514 and 2513).
func (c *Client) RemoveCustomer(ctx context.Context, id string) (Receipt, error) {
	a, err := c.do(ctx, call{
		method: http.MethodDelete, path: customerPath, id: id, query: c.wholesaleQuery(),
		accept: acceptAnyJSON,
	})
	return a.receipt(id), err
}

// ValidateCustomer asks the API whether it would take the customer; nothing changes.
// https://developer.webex.com/docs/api/v1/wholesale-provisioning/precheck-a-wholesale-customer-provisioning
func (c *Client) ValidateCustomer(ctx context.Context, customer CustomerProvision) (Precheck, error) {
	return c.validate(ctx, customersPath+"/validate", c.wholesaleQuery(), customer)
}

// wholesaleQuery starts the query of a wholesale call.
func (c *Client) wholesaleQuery() url.Values {
	query := url.Values{}
	setNonEmpty(query, "onBehalfOfSubPartnerOrgId", c.cfg.SubPartner)
	return query
}

func setNonEmpty(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func customerID(customer Customer) string { return customer.ID }
