package cli

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"wholesync/batch"
	"wholesync/internal/webex"
	"wholesync/report"
)

// reportView is a billing report for machines. The link to its file is a secret
// and no part of it.
type reportView struct {
	Offer      webex.Offer        `json:"offer"`
	ID         string             `json:"id"`
	Type       string             `json:"type,omitempty"`
	Category   string             `json:"category,omitempty"`
	Start      string             `json:"start,omitempty"`
	End        string             `json:"end,omitempty"`
	Period     string             `json:"period,omitempty"`
	Status     string             `json:"status,omitempty"`
	SubPartner string             `json:"sub_partner,omitempty"`
	Internal   *bool              `json:"internal,omitempty"`
	Created    *time.Time         `json:"created,omitempty"`
	CreatedBy  string             `json:"created_by,omitempty"`
	Errors     []reportDetailView `json:"errors"`
	File       *fileView          `json:"file,omitempty"`
}

type reportDetailView struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

type fileView struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func viewReport(r webex.BillingReport) reportView {
	v := reportView{
		Offer: r.Offer, ID: r.ID, Type: r.Type, Category: r.Category, Start: r.Start, End: r.End, Period: r.Month, Status: r.Status,
		SubPartner: r.SubPartner, Internal: r.Internal, CreatedBy: r.CreatedBy, Errors: []reportDetailView{},
	}
	if !r.Created.IsZero() {
		v.Created = &r.Created
	}
	for _, d := range r.Errors {
		v.Errors = append(v.Errors, reportDetailView(d))
	}
	return v
}

// showReport prints a report, and its file where there is one.
func (a *app) showReport(r webex.BillingReport, file *batch.ReportEvidence) error {
	v := viewReport(r)
	if file != nil {
		v.File = &fileView{file.Path, file.Bytes, file.SHA256}
	}
	if a.json() {
		return writeJSON(a.stdout, v)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	lines := [][2]string{
		{"id", v.ID}, {"type", v.Type}, {"category", v.Category}, {"period", daysOf(r)},
		{"sub-partner", v.SubPartner}, {"status", v.Status}, {"created by", v.CreatedBy},
	}
	if v.Created != nil {
		lines = append(lines, [2]string{"created", v.Created.Format(time.RFC3339)})
	}
	for _, d := range r.Errors {
		lines = append(lines, [2]string{"error", strings.TrimSpace(fmt.Sprintf("%d %s", d.Code, d.Description))})
	}
	if v.File != nil {
		lines = append(lines, [2]string{"file", v.File.Path}, [2]string{"bytes", fmt.Sprint(v.File.Bytes)}, [2]string{"sha256", v.File.SHA256})
	}
	for _, line := range lines {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], report.Clean(line[1]))
		}
	}
	return w.Flush()
}

// showReports prints a list of reports.
func (a *app) showReports(reports []webex.BillingReport) error {
	if a.json() {
		views := make([]reportView, len(reports))
		for i, r := range reports {
			views[i] = viewReport(r)
		}
		return writeJSON(a.stdout, views)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PERIOD\tTYPE\tCATEGORY\tSTATUS\tID")
	for _, r := range reports {
		cells := []string{daysOf(r), r.Type, r.Category, r.Status, r.ID}
		for i := range cells {
			cells[i] = report.Clean(cmp.Or(cells[i], "-"))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
