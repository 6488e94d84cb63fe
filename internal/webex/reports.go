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

// Offer is a family of billing reports. Partners on the extended wholesale
// subscription have wholesale reports for their BroadWorks customers too.
type Offer string

// The families of billing reports.
const (
	Wholesale  Offer = "wholesale"  // for a range of days, of one of three types
	BroadWorks Offer = "broadworks" // for a month
)

func (o Offer) reportsPath() string { return "/" + string(o) + "/billing/reports" }

func (o Offer) reportPath() string { return o.reportsPath() + "/{id}" }

// Categories of wholesale billing reports.
const (
	CategoryReconciliation = "RECONCILIATION" // usage over a range of days
	CategoryPointInTime    = "POINT_IN_TIME"  // packages as they are assigned now
)

// BillingReport is a billing report as the API shows it; lists leave out what
// follows Status. Words are as received, unknown ones too.
// https://developer.webex.com/docs/api/v1/wholesale-billing-reports/get-a-wholesale-billing-report
type BillingReport struct {
	Offer      Offer
	ID         string
	Start, End string // first and last day, YYYY-MM-DD; wholesale alone
	Month      string // YYYY-MM; BroadWorks alone
	Type       string // PARTNER, CUSTOMER or USER; wholesale alone
	Category   string // empty where the API names none, which means usage
	Status     string // IN_PROGRESS, COMPLETED, FAILED
	SubPartner string // organization id; empty also where the API does not say
	Internal   *bool  // has internal organizations too; nil = the API does not say
	Created    time.Time
	CreatedBy  string // person id
	Link       Link   // to the file, once it is completed
	Errors     []Detail
}

// Completed reports whether the report's file can be had.
func (r BillingReport) Completed() bool { return strings.EqualFold(r.Status, "COMPLETED") }

// Failed reports whether there will be no file. Every status that is neither
// this nor completed is taken for "in progress": the API has shown words that
// its documentation does not have.
func (r BillingReport) Failed() bool { return strings.EqualFold(r.Status, "FAILED") }

// ReportFilter narrows a list of billing reports; empty fields do not filter.
type ReportFilter struct {
	Offer         Offer
	Start, End    string // exactly these, YYYY-MM-DD; wholesale alone
	Type, Status  string // wholesale alone
	SubPartner    string // organization id; wholesale alone
	Before, After string // YYYY-MM; BroadWorks alone
}

// ReportRequest asks for a billing report.
// https://developer.webex.com/docs/api/v1/wholesale-billing-reports/create-a-wholesale-billing-report
type ReportRequest struct {
	Offer      Offer
	Start, End string // first and last day, YYYY-MM-DD; wholesale alone
	Month      string // YYYY-MM; BroadWorks alone
	Type       string // PARTNER, CUSTOMER or USER; the API takes none for PARTNER
	Category   string // sent for CategoryPointInTime alone, and only newer versions of the API know it
	SubPartner string // organization id
	Internal   bool   // with the partner's internal organizations
}

// ListReports gives every billing report that passes the filter, each once.
// After an error nothing more follows, and what came before is not all.
func (c *Client) ListReports(ctx context.Context, filter ReportFilter) iter.Seq2[BillingReport, error] {
	query := url.Values{}
	setNonEmpty(query, "billingStartDate", filter.Start)
	setNonEmpty(query, "billingEndDate", filter.End)
	setNonEmpty(query, "type", filter.Type)
	setNonEmpty(query, "status", filter.Status)
	setNonEmpty(query, "subPartnerOrgId", filter.SubPartner)
	setNonEmpty(query, "before", filter.Before)
	setNonEmpty(query, "after", filter.After)
	// No offset is documented, and for broadworks no pages at all.
	l := listing[BillingReport]{path: filter.Offer.reportsPath(), query: query, decode: c.reportDecoder(filter.Offer), id: reportID, ends: fullAsksOn}
	if filter.Offer == BroadWorks {
		l.ends, l.size = linksOnly, noPages
	}
	return list(ctx, c, l)
}

// CreateReport asks for a billing report. The API goes on by itself: read the
// report until its status ends. What the answer leaves out is empty.
func (c *Client) CreateReport(ctx context.Context, req ReportRequest) (BillingReport, error) {
	return c.reportCall(ctx, req.Offer, call{method: http.MethodPost, path: req.Offer.reportsPath(), body: req.wire()})
}

// GetReport reads one billing report by its id.
func (c *Client) GetReport(ctx context.Context, offer Offer, id string) (BillingReport, error) {
	return c.reportCall(ctx, offer, call{method: http.MethodGet, path: offer.reportPath(), id: id})
}

// RemoveReport deletes a billing report, so that one for the same days can be
// made afresh.
func (c *Client) RemoveReport(ctx context.Context, offer Offer, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: offer.reportPath(), id: id, accept: acceptAnyJSON})
	return err
}

// reportCall sends a call that is answered with one report.
func (c *Client) reportCall(ctx context.Context, offer Offer, req call) (BillingReport, error) {
	var report BillingReport
	req.accept = decodeTo(&report, c.reportDecoder(offer))
	_, err := c.do(ctx, req)
	return report, err
}

// wire is the body of a request. The sub-partner has another name here than in
// the rest of the API.
func (r ReportRequest) wire() any {
	if r.Offer == BroadWorks {
		return struct {
			Month string `json:"billingPeriod"`
		}{r.Month}
	}
	body := struct {
		Start      string `json:"billingStartDate"`
		End        string `json:"billingEndDate"`
		Type       string `json:"type,omitempty"`
		Category   string `json:"category,omitempty"`
		SubPartner string `json:"subPartnerOrgId,omitempty"`
		Internal   bool   `json:"internal,omitempty"`
	}{Start: r.Start, End: r.End, Type: r.Type, SubPartner: r.SubPartner, Internal: r.Internal}
	if r.Category == CategoryPointInTime {
		body.Category = r.Category
	}
	return body
}

// reportDecoder reads reports of an offer and keeps their links secret.
func (c *Client) reportDecoder(offer Offer) func([]byte) (BillingReport, error) {
	return func(data []byte) (BillingReport, error) {
		report, err := decodeReport(data)
		report.Offer = offer
		c.links.add(report.Link.secrets()...)
		return report, err
	}
}

func decodeReport(data []byte) (BillingReport, error) {
	var wire struct {
		ID         text             `json:"id"`
		Start      text             `json:"billingStartDate"`
		End        text             `json:"billingEndDate"`
		Month      text             `json:"billingPeriod"`
		Type       text             `json:"type"`
		Category   text             `json:"category"`
		Status     text             `json:"status"`
		SubPartner text             `json:"subPartnerOrgId"`
		Internal   text             `json:"internal"`
		Created    moment           `json:"created"`
		CreatedBy  text             `json:"createdBy"`
		URL        text             `json:"tempDownloadURL"`
		Errors     many[wireDetail] `json:"errors"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return BillingReport{}, err
	}
	if wire.ID == "" {
		return BillingReport{}, errors.New("a billing report without an id")
	}
	report := BillingReport{
		ID: string(wire.ID), Start: string(wire.Start), End: string(wire.End), Month: string(wire.Month),
		Type: string(wire.Type), Category: string(wire.Category), Status: string(wire.Status),
		SubPartner: string(wire.SubPartner), Created: wire.Created.Time, CreatedBy: string(wire.CreatedBy),
		Link: Link{string(wire.URL)}, Errors: toDetails(wire.Errors),
	}
	if internal, err := strconv.ParseBool(string(wire.Internal)); err == nil {
		report.Internal = &internal
	}
	return report, nil
}

func reportID(report BillingReport) string { return report.ID }
