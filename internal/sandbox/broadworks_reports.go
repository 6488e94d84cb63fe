package sandbox

import (
	"net/http"
	"time"
)

type broadworksRequest struct {
	Period string `json:"billingPeriod"`
}

// wireID is the whole answer to the creation of a BroadWorks report.
type wireID struct {
	ID string `json:"id"`
}

// wireListedMonth is a BroadWorks report as the list shows it.
type wireListedMonth struct {
	ID     string `json:"id"`
	Period string `json:"billingPeriod"`
	Status string `json:"status"`
}

type wireMonth struct {
	wireListedMonth
	Created   string            `json:"created"`
	CreatedBy string            `json:"createdBy"`
	URL       string            `json:"tempDownloadURL,omitempty"`
	Errors    []wireReportError `json:"errors,omitempty"`
}

func (r *report) wireMonth() wireListedMonth { return wireListedMonth{r.id(), r.month(), r.status} }

// createMonth is POST /broadworks/billing/reports.
func (s *Sandbox) createMonth(c *call) answer {
	var req broadworksRequest
	if e := decode(c.body, &req); e != nil {
		return refused(e)
	}
	c.about("report", req.Period, "")
	if req.Period == "" {
		return refused(refuseField(1001, "billingPeriod"))
	}
	month, err := time.Parse(monthLayout, req.Period)
	if err != nil {
		return refused(refuse(2028))
	}
	r := &report{broadworks: true, owner: s.estate.partner, start: month, end: month.AddDate(0, 1, -1)}
	today := c.now.UTC().Truncate(24 * time.Hour)
	if !r.end.Before(today) || r.start.Before(today.AddDate(-reportYears, 0, 0)) {
		return refused(refuse(2023))
	}
	if e := s.startReport(c, r); e != nil {
		return refused(e)
	}
	return answer{status: http.StatusOK, body: wireID{r.id()}}
}

// monthColumns are what the list can be sorted by.
var monthColumns = map[string]func(*report) string{
	"":              (*report).month,
	"id":            (*report).id,
	"billingPeriod": (*report).month,
	"status":        func(r *report) string { return r.status },
}

// listMonths is GET /broadworks/billing/reports, which has no pages.
func (s *Sandbox) listMonths(c *call) answer {
	column, known := monthColumns[c.query.Get("sortBy")]
	if !known {
		return refused(refuse(2031))
	}
	before, e := c.month("before")
	if e != nil {
		return refused(e)
	}
	after, e := c.month("after")
	if e != nil {
		return refused(e)
	}
	found := s.estate.reportsWhere(func(r *report) bool {
		return r.broadworks && !r.hidden && (before.IsZero() || r.created.Before(before)) && (after.IsZero() || r.created.After(after))
	})
	sortReports(found, column)
	list := wireList[wireListedMonth]{Items: make([]wireListedMonth, len(found))}
	for i, r := range found {
		list.Items[i] = r.wireMonth()
	}
	return answer{status: http.StatusOK, body: list}
}

// month reads the first moment of a month from the query; the zero time is none.
func (c *call) month(name string) (time.Time, *refusal) {
	text := c.query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	month, err := time.Parse(monthLayout, text)
	if err != nil {
		return time.Time{}, refuse(2028)
	}
	return month, nil
}

// getMonth is GET /broadworks/billing/reports/{id}.
func (s *Sandbox) getMonth(c *call) answer {
	r := s.report(c, true)
	if r == nil {
		return refused(refuse(2024))
	}
	return answer{status: http.StatusOK, body: wireMonth{wireListedMonth: r.wireMonth(), Created: timestamp(r.created.UnixMilli()),
		CreatedBy: s.estate.admin.id(), URL: s.downloadURL(c, r), Errors: r.failure()}}
}

// deleteMonth is DELETE /broadworks/billing/reports/{id}.
func (s *Sandbox) deleteMonth(c *call) answer { return s.removeReport(c, true) }
