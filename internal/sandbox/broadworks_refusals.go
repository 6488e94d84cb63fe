package sandbox

import "net/http"

// broadRefusals goes on with refusals: the codes of the BroadWorks API. What has no status of its own only appears inside
// objects.
var broadRefusals = map[int]struct {
	status int
	text   string
}{
	2004: {http.StatusConflict, "The user belongs to the organization of another enterprise."},
	2007: {http.StatusNotFound, "The BroadWorks enterprise is not mapped to a Webex organization."},
	2009: {http.StatusConflict, "The BroadWorks user id exists already."},
	2010: {http.StatusConflict, "The e-mail address is in use already."},
	2012: {http.StatusConflict, "The subscriber is entitled to Webex Calling already."},
	2013: {http.StatusNotFound, "The provisioning id is unknown."},
	2014: {http.StatusBadRequest, "The enterprise was provisioned with another provisioning id."},
	2015: {http.StatusConflict, "The enterprise id is in conflict with another one."},
	2032: {http.StatusConflict, "The user does not exist in the organization's directory."},
	2033: {http.StatusConflict, "The user differs from the record in the organization's directory."},
	2039: {http.StatusNotFound, "The workspace was not found."},
	2040: {http.StatusConflict, "The workspace name is in use already."},
	2043: {http.StatusForbidden, "No BroadWorks cluster is provisioned."},
	2045: {http.StatusConflict, "The BroadWorks user exists already."},
	2046: {http.StatusBadRequest, "A validation does not support the hybrid flow."},
	2048: {http.StatusConflict, "An incompatible calling package is assigned already."},
	2552: {http.StatusConflict, "The customer belongs to the wholesale API."},
	3001: {http.StatusBadRequest, "Required licenses are missing."},
	4001: {http.StatusInternalServerError, "The e-mail address of the service provider is invalid."},
	6001: {http.StatusInternalServerError, "The directory synchronization was aborted."},
	6002: {http.StatusServiceUnavailable, "A directory synchronization is in progress."},
	6003: {http.StatusInternalServerError, "The BroadWorks cluster's CTI connection failed."},
	6004: {http.StatusBadRequest, "Directory synchronization is not enabled for the enterprise."},
	6005: {http.StatusConflict, "Hybrid directory synchronization is enabled for the enterprise."},
	6006: {http.StatusNotFound, "The enterprise was not found."},
	6007: {http.StatusConflict, "Directory synchronization cannot be disabled now."},
	6013: {http.StatusConflict, "The enterprise has no provisioned user."},
	6014: {http.StatusBadRequest, "The user has neither phone number nor extension."},
	6015: {http.StatusMethodNotAllowed, "The customer's primary key was revoked or deleted."},
}
