package sandbox

import (
	"cmp"
	"net/http"
	"time"
)

// reportYears is how far back a report can reach.
const reportYears = 5

// reportRequest is the body of a wholesale report's creation. No published text has a category in it, though answers
// have one; see the package comment.
type reportRequest struct {
	Start      string `json:"billingStartDate"`
	End        string `json:"billingEndDate"`
	Type       string `json:"type"`
	Category   string `json:"category"`
	SubPartner string `json:"subPartnerOrgId"`
	Internal   bool   `json:"internal"`
}

// wireReportID is the answer to a creation.
type wireReportID struct {
	ID       string `json:"id"`
	Start    string `json:"billingStartDate"`
	End      string `json:"billingEndDate"`
	Type     string `json:"type"`
	Category string `json:"category"`
	Internal bool   `json:"internal,omitempty"`
}

// wireListedReport is a report as the list shows it.
type wireListedReport struct {
	ID       string `json:"id"`
	Start    string `json:"billingStartDate"`
	End      string `json:"billingEndDate"`
	Type     string `json:"type"`
	Category string `json:"category"`
	Status   string `json:"status"`
}

// wireReport is one report with all its fields.
type wireReport struct {
	wireListedReport
	Created   string            `json:"created"`
	CreatedBy string            `json:"createdBy"`
	URL       string            `json:"tempDownloadURL,omitempty"`
	Errors    []wireReportError `json:"errors,omitempty"`
}

func (r *report) wire() wireListedReport {
	return wireListedReport{ID: r.id(), Start: r.firstDay(), End: r.lastDay(), Type: r.kind, Category: r.category, Status: r.status}
}

// createReport is POST /wholesale/billing/reports.
func (s *Sandbox) createReport(c *call) answer {
	var req reportRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	if c.twist.plainCategory {
		req.Category = ""
	}
	r := &report{kind: cmp.Or(req.Type, typePartner), category: cmp.Or(req.Category, categoryRange), internal: req.Internal}
	c.about("report", r.kind+"/"+req.Start+"/"+req.End, "")
	if e := r.check(req, c.now); e != nil {
		return refused(e)
	}
	var e *refusal
	if r.owner, e = s.reportOwner(req.SubPartner); e != nil {
		return refused(e)
	}
	if e := s.startReport(c, r); e != nil {
		return refused(e)
	}
	return answer{status: http.StatusOK, body: wireReportID{ID: r.id(), Start: req.Start, End: req.End, Type: r.kind,
		Category: r.category, Internal: r.internal}}
}

// check applies the rules for type, category and dates, and sets the dates.
func (r *report) check(req reportRequest, now time.Time) *refusal {
	switch {
	case req.Start == "":
		return refuseField(1001, "billingStartDate")
	case req.End == "":
		return refuseField(1001, "billingEndDate")
	case !reportTypes[r.kind]:
		return refuse(2512)
	case !reportCategories[r.category]:
		return refuseField(1003, "category")
	case r.category == categorySnapshot && r.kind == typePartner:
		return refuse(2512)
	}
	var errStart, errEnd error
	r.start, errStart = time.Parse(time.DateOnly, req.Start)
	r.end, errEnd = time.Parse(time.DateOnly, req.End)
	today := now.UTC().Truncate(24 * time.Hour)
	tooLate := r.end.After(today) || (r.end.Equal(today) && r.category == categoryRange)
	if errStart != nil || errEnd != nil || r.end.Before(r.start) || tooLate || r.start.Before(today.AddDate(-reportYears, 0, 0)) {
		return refuse(2509)
	}
	return nil
}

// reportOwner finds whose usage a report is about; "" is the partner itself. Billing has another parameter for the
// sub-partner than the rest of the API.
func (s *Sandbox) reportOwner(subPartner string) (*partner, *refusal) {
	if subPartner == "" {
		return s.estate.partner, nil
	}
	if p := s.estate.subPartner(subPartner); p != nil {
		return p, nil
	}
	return nil, refuse(2501)
}

// reportColumns are what the list can be sorted by.
var reportColumns = map[string]func(*report) string{
	"":                 (*report).firstDay,
	"id":               (*report).id,
	"billingStartDate": (*report).firstDay,
	"billingEndDate":   (*report).lastDay,
	"status":           func(r *report) string { return r.status },
}

// listReports is GET /wholesale/billing/reports.
func (s *Sandbox) listReports(c *call) answer {
	w, e := c.windowOf(reportPages)
	if e != nil {
		return refused(e)
	}
	kind, status := c.query.Get("type"), c.query.Get("status")
	start, end := c.query.Get("billingStartDate"), c.query.Get("billingEndDate")
	column, known := reportColumns[c.query.Get("sortBy")]
	switch {
	case !known:
		return refused(refuse(2510))
	case status != "" && !reportStatuses[status]:
		return refused(refuse(2511))
	case kind != "" && !reportTypes[kind]:
		return refused(refuse(2512))
	case !isDay(start), !isDay(end):
		return refused(refuse(1004))
	}
	owner, e := s.reportOwner(c.query.Get("subPartnerOrgId"))
	if e != nil {
		return refused(e)
	}
	found := s.estate.reportsWhere(func(r *report) bool {
		return !r.broadworks && !r.hidden && r.owner == owner && (kind == "" || r.kind == kind) && (status == "" || r.status == status) &&
			(start == "" || r.firstDay() == start) && (end == "" || r.lastDay() == end)
	})
	sortReports(found, column)
	reply := answer{status: http.StatusOK}
	found = found[min(w.offset, len(found)):]
	if len(found) > w.max {
		found, reply.next = found[:w.max], c.nextURL(w)
	}
	list := wireList[wireListedReport]{Items: make([]wireListedReport, len(found))}
	for i, r := range found {
		list.Items[i] = r.wire()
	}
	reply.body = list
	return reply
}

// isDay tells whether a filter is a date or left out.
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return text == "" || err == nil
}

// getReport is GET /wholesale/billing/reports/{id}.
func (s *Sandbox) getReport(c *call) answer {
	r := s.report(c, false)
	if r == nil {
		return refused(refuse(2024))
	}
	return answer{status: http.StatusOK, body: wireReport{wireListedReport: r.wire(), Created: timestamp(r.created.UnixMilli()),
		CreatedBy: s.estate.admin.id(), URL: s.downloadURL(c, r), Errors: r.failure()}}
}

// deleteReport is DELETE /wholesale/billing/reports/{id}.
func (s *Sandbox) deleteReport(c *call) answer { return s.removeReport(c, false) }
