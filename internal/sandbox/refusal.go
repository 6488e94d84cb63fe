package sandbox

import "net/http"

// refusal is an error answer of the API: its code, the HTTP status that goes with it and, for 1001 to 1003, the field.
type refusal struct {
	status int
	code   int
	text   string
	field  string
}

// refusals gives HTTP status and description of the API's codes for customers, subscribers and reports: those that the sandbox's
// rules answer and those that only a fault asks for. Where the vendor's guides name two statuses it is the newer one's.
var refusals = map[int]struct {
	status int
	text   string
}{
	1001: {http.StatusBadRequest, "A mandatory parameter is missing or null."},
	1002: {http.StatusBadRequest, "A parameter has an invalid size."},
	1003: {http.StatusBadRequest, "A parameter has an invalid format."},
	1004: {http.StatusBadRequest, "A query parameter is invalid."},
	1005: {http.StatusBadRequest, "The request is invalid."},
	2001: {http.StatusNotFound, "The subscriber was not found."},
	2002: {http.StatusConflict, "The subscriber exists in another Webex organization."},
	2003: {http.StatusNotFound, "The subscriber cannot be updated: the user was not found."},
	2005: {http.StatusBadRequest, "The package type is not supported."},
	2006: {http.StatusForbidden, "Insufficient privileges."},
	2008: {http.StatusBadRequest, "A provisioning request for this subscriber is already being processed."},
	2011: {http.StatusConflict, "The organization has no administrator."},
	2016: {http.StatusConflict, "Customer and partner are in different regions."},
	2017: {http.StatusConflict, "The subscriber cannot be provisioned into an existing Webex organization."},
	2018: {http.StatusConflict, "The organization is provisioned in another cluster or managed by another partner."},
	2019: {http.StatusConflict, "The domain of the e-mail address is claimed by another organization."},
	2020: {http.StatusConflict, "The subscriber's current status does not allow this update."},
	2023: {http.StatusBadRequest, "The requested billing period is invalid."},
	2024: {http.StatusNotFound, "The billing report was not found."},
	2025: {http.StatusConflict, "The generation of the billing report is in progress."},
	2026: {http.StatusConflict, "The billing report already exists."},
	2027: {http.StatusConflict, "The user migration is pending."},
	2028: {http.StatusBadRequest, "The billing period is invalid."},
	2029: {http.StatusForbidden, "Access to billing reports is forbidden."},
	2030: {http.StatusServiceUnavailable, "The billing reports server is busy."},
	2031: {http.StatusBadRequest, "The sortBy value is invalid."},
	2034: {http.StatusForbidden, "The organization is not fully provisioned yet."},
	2042: {http.StatusForbidden, "A required feature is not enabled."},
	2047: {http.StatusConflict, "The customer belongs to the BroadWorks API."},
	2501: {http.StatusNotFound, "The organization id is invalid."},
	2502: {http.StatusConflict, "The wholesale customer is being provisioned, updated or deleted."},
	2503: {http.StatusConflict, "The wholesale customer exists with a different externalId."},
	2504: {http.StatusConflict, "The wholesale customer is not fully provisioned."},
	2505: {http.StatusConflict, "The e-mail address does not match the user."},
	2506: {http.StatusConflict, "The wholesale customer is not provisioned with the requested package."},
	2507: {http.StatusConflict, "The subscriber is already provisioned."},
	2509: {http.StatusBadRequest, "A billing date is invalid."},
	2510: {http.StatusBadRequest, "The sortBy value of the wholesale billing reports is invalid."},
	2511: {http.StatusBadRequest, "The status of the wholesale billing report is invalid."},
	2512: {http.StatusBadRequest, "The type of the wholesale billing report is invalid."},
	2513: {http.StatusConflict, "The wholesale customer has an active workspace."},
	2514: {http.StatusConflict, "The wholesale customer has an active user."},
	2515: {http.StatusBadRequest, "The partner organization has no wholesale entitlements."},
	2516: {http.StatusBadRequest, "The partner organization has no wholesale subscription."},
	2517: {http.StatusBadRequest, "The location id is invalid."},
	2518: {http.StatusBadRequest, "The location could not be selected automatically."},
	2519: {http.StatusBadRequest, "The subscription identifier is missing."},
	2520: {http.StatusConflict, "The package is assigned to a user or workspace."},
	2521: {http.StatusBadRequest, "The billing address of the customer is invalid."},
	2522: {http.StatusBadRequest, "The phone number is invalid."},
	2523: {http.StatusConflict, "The extension number is invalid."},
	2524: {http.StatusBadRequest, "The PSTN provider id is invalid."},
	2525: {http.StatusInternalServerError, "The provisioning of Webex Calling resources failed."},
	2528: {http.StatusBadRequest, "The country code is invalid."},
	2529: {http.StatusBadRequest, "The state or province code is not one of the country's."},
	2530: {http.StatusBadRequest, "The state or province code is empty."},
	2531: {http.StatusBadRequest, "The zip or postal code is empty."},
	2532: {http.StatusBadRequest, "The timezone is invalid."},
	2533: {http.StatusBadRequest, "The language is invalid."},
	2534: {http.StatusBadRequest, "The partner's wholesale subscription id is invalid."},
	2535: {http.StatusBadRequest, "The user id cannot be updated."},
	2536: {http.StatusBadRequest, "A package is not in the correct state for an update."},
	2539: {http.StatusBadRequest, "The country code is not permitted."},
	2540: {http.StatusConflict, "The precheck found a conflicting customer."},
	2541: {http.StatusNotFound, "The wholesale customer was not found."},
	2544: {http.StatusBadRequest, "Packages cannot be added and removed at the same time."},
	2546: {http.StatusBadRequest, "The customer address is invalid: country."},
	2547: {http.StatusBadRequest, "The customer address is invalid: zip or postal code."},
	2548: {http.StatusBadRequest, "The customer address is invalid: a mandatory field is missing."},
	2549: {http.StatusBadRequest, "The customer address is invalid."},
	2550: {http.StatusBadRequest, "The customer address is invalid: city."},
	2551: {http.StatusBadRequest, "The customer address is invalid: state or province."},
	2553: {http.StatusBadRequest, "The extension number is reserved."},
	2560: {http.StatusServiceUnavailable, "The Webex Calling provisioning services are unavailable."},
	2561: {http.StatusBadRequest, "The subscription has no active licenses."},
	2571: {http.StatusServiceUnavailable, "The license could not be removed."},
	2573: {http.StatusConflict, "The phone number is not available."},
	2574: {http.StatusConflict, "The extension is not available."},
	2575: {http.StatusConflict, "The phone number cannot be used."},
	2576: {http.StatusBadRequest, "The extension is invalid."},
	2577: {http.StatusBadRequest, "The phone number is toll free."},
	2578: {http.StatusBadRequest, "The orgId of the existing organization was not given."},
	2579: {http.StatusBadRequest, "A parameter is not allowed in this customer request."},
	2584: {http.StatusBadRequest, "The calling behavior of the user does not match the template."},
	2587: {http.StatusConflict, "The user was removed while being provisioned."},
	2591: {http.StatusBadRequest, "The package depends on the single license model."},
	5001: {http.StatusInternalServerError, "Internal server error."},
	5002: {http.StatusBadRequest, "The identity provider's entity id is invalid."},
	5003: {http.StatusNotFound, "The provisioningId is invalid."},
	5004: {http.StatusBadRequest, "The request could not be processed."},
}

// refuse makes the refusal of a code. A code outside the table is answered with 400, as real APIs have such codes too.
func refuse(code int) *refusal {
	known, ok := refusals[code]
	if !ok {
		known, ok = broadRefusals[code]
	}
	if !ok {
		return &refusal{status: http.StatusBadRequest, code: code, text: "The request could not be processed."}
	}
	return &refusal{status: known.status, code: code, text: known.text}
}

// refuseField is refuse for the codes that name a field.
func refuseField(code int, field string) *refusal {
	e := refuse(code)
	e.field = field
	return e
}

// refuseStatus is a refusal without a code, as gateways and the platform itself answer.
func refuseStatus(status int) *refusal {
	return &refusal{status: status, text: http.StatusText(status)}
}

// wireError is one element of an "errors" or "warnings" list.
type wireError struct {
	Code        int    `json:"errorCode"`
	Description string `json:"description"`
	Field       string `json:"fieldName,omitempty"`
}

// wireRefusal is the body of an error answer.
type wireRefusal struct {
	Message    string      `json:"message"`
	Errors     []wireError `json:"errors,omitempty"`
	TrackingID string      `json:"trackingId"`
}

func (e *refusal) wire(trackingID string) wireRefusal {
	body := wireRefusal{Message: e.text, TrackingID: trackingID}
	if e.code != 0 {
		body.Errors = []wireError{{Code: e.code, Description: e.text, Field: e.field}}
	}
	return body
}

// wireDetail is a refusal as it appears inside an object after asynchronous work.
func wireDetail(code int) wireError {
	return wireError{Code: code, Description: refuse(code).text}
}
