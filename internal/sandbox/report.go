package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// Types, categories and statuses of reports.
const (
	typePartner  = "PARTNER"
	typeCustomer = "CUSTOMER"
	typeUser     = "USER"

	categoryRange    = "RECONCILIATION"
	categorySnapshot = "POINT_IN_TIME"

	reportRequested  = "REQUESTED" // not in the published list, yet a partner's script knows it
	reportInProgress = "IN_PROGRESS"
	reportCompleted  = "COMPLETED"
	reportFailed     = "FAILED"
)

var (
	reportTypes      = setOf(typePartner, typeCustomer, typeUser)
	reportCategories = setOf(categoryRange, categorySnapshot)
	reportStatuses   = setOf(reportInProgress, reportCompleted, reportFailed)
	everyStatus      = setOf(reportRequested, reportInProgress, reportCompleted, reportFailed) // what a fault can ask for
)

// monthLayout is the form of a BroadWorks billing period.
const monthLayout = "2006-01"

// report is a billing report of either API. What it is about never changes.
type report struct {
	number     int
	broadworks bool
	start, end time.Time // days, both included
	kind       string    // of a wholesale report: its type
	category   string
	owner      *partner // whose usage it is
	internal   bool
	created    time.Time
	status     string
	sheet      *sheet // nil until COMPLETED
	hidden     bool   // a fault keeps it from reads
}

func (r *report) id() string { return encodeID(kindReport, r.number) }

// key names the report in log and state.
func (r *report) key() string {
	if r.broadworks {
		return r.month()
	}
	return r.kind + "/" + r.firstDay() + "/" + r.lastDay()
}

func (r *report) firstDay() string { return r.start.Format(time.DateOnly) }
func (r *report) lastDay() string  { return r.end.Format(time.DateOnly) }
func (r *report) month() string    { return r.start.Format(monthLayout) }

// done tells whether the report's generation is over, one way or the other.
func (r *report) done() bool { return r.status == reportCompleted || r.status == reportFailed }

// equals tells whether a second report would be the same one.
func (r *report) equals(o *report) bool {
	return r.broadworks == o.broadworks && r.kind == o.kind && r.category == o.category && r.owner == o.owner &&
		r.start.Equal(o.start) && r.end.Equal(o.end)
}

// reportsWhere finds the reports that a condition keeps, oldest first.
func (e *estate) reportsWhere(keep func(*report) bool) []*report {
	var found []*report
	for _, r := range e.reports {
		if r != nil && keep(r) {
			found = append(found, r)
		}
	}
	return found
}

// startReport enters r, unless there is an equal one, and generates it, at once or after ReportDelay.
func (s *Sandbox) startReport(c *call, r *report) *refusal {
	if equal := s.estate.reportsWhere(r.equals); len(equal) > 0 {
		c.about("report", equal[0].key(), equal[0].id())
		if equal[0].done() {
			return refuse(2026)
		}
		return refuse(2025)
	}
	r.number, r.created = len(s.estate.reports), c.now
	r.status, r.hidden = cmp.Or(c.twist.begin, reportInProgress), c.twist.late > 0
	s.estate.reports = append(s.estate.reports, r)
	c.applied("report", r.key(), r.id())
	if r.hidden {
		s.later(c.now, c.twist.late, func(time.Time) { r.hidden = false })
	}
	if end := c.twist.end; !c.twist.stuck {
		s.later(c.now, s.options.ReportDelay, func(time.Time) { s.finishReport(r, end) })
	}
	return nil
}

// finishReport ends the generation of r in the status that a fault asks for, else as COMPLETED.
func (s *Sandbox) finishReport(r *report, end string) {
	r.status = reportCompleted
	if everyStatus[end] {
		r.status = end
	}
	if r.status == reportCompleted {
		r.sheet = s.estate.fill(r)
	}
}

// report finds a report of one of the two APIs by the id in the path and notes it; it is nil when there is none to be seen.
func (s *Sandbox) report(c *call, broadworks bool) *report {
	n, ok := decodeID(kindReport, c.request.PathValue("id"))
	r := byNumber(s.estate.reports, n, ok)
	if r == nil || r.hidden || r.broadworks != broadworks {
		return nil
	}
	c.about("report", r.key(), r.id())
	return r
}

// removeReport is the DELETE of either API.
func (s *Sandbox) removeReport(c *call, broadworks bool) answer {
	r := s.report(c, broadworks)
	switch {
	case r == nil:
		return refused(refuse(2024))
	case !r.done():
		return refused(refuse(2025))
	}
	s.estate.reports[r.number] = nil
	c.applied("report", r.key(), r.id())
	return answer{status: http.StatusNoContent}
}

// wireReportError has other names than the errors of the rest of the API.
type wireReportError struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

// failure is the list of errors that a report shows.
func (r *report) failure() []wireReportError {
	if r.status != reportFailed {
		return nil
	}
	return []wireReportError{{5001, refuse(5001).text}}
}

// downloadURL is where the report can be fetched for a while; it is another one whenever the report is read.
func (s *Sandbox) downloadURL(c *call, r *report) string {
	switch {
	case r.sheet == nil:
		return ""
	case c.twist.url != "":
		return c.twist.url
	}
	return s.options.DownloadURL + s.sign(r.path(), c.now.Add(s.options.DownloadTTL))
}

// sortReports sorts by one column, then by age.
func sortReports(reports []*report, column func(*report) string) {
	slices.SortStableFunc(reports, func(a, b *report) int { return cmp.Compare(column(a), column(b)) })
}

// seedReport is a report as the state shows it.
type seedReport struct {
	ID         string    `json:"id"`
	API        string    `json:"api"` // wholesale or broadworks
	Type       string    `json:"type,omitempty"`
	Category   string    `json:"category,omitempty"`
	Start      string    `json:"billing_start_date"`
	End        string    `json:"billing_end_date"`
	SubPartner string    `json:"sub_partner,omitempty"`
	Internal   bool      `json:"internal,omitempty"`
	Status     string    `json:"status"`
	Created    time.Time `json:"created"`
}

func (r *report) dump() seedReport {
	d := seedReport{ID: r.id(), API: "wholesale", Type: r.kind, Category: r.category, Start: r.firstDay(), End: r.lastDay(),
		SubPartner: r.owner.orgID, Internal: r.internal, Status: r.status, Created: r.created.UTC()}
	if r.broadworks {
		d.API = "broadworks"
	}
	return d
}
