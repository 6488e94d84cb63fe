package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"wholesync/batch"
	"wholesync/internal/webex"
	"wholesync/report/billing"
)

// reportsDir holds downloaded reports, by period.
const reportsDir = "wholesync-billing"

// reportFile is the name of a report's file. The end of it comes from the
// report's id, so that a report made afresh never takes the place of the one
// before, which may be evidence in a dispute.
func reportFile(r webex.BillingReport, order batch.ReportOrder) string {
	parts := []string{cmp.Or(r.Type, string(r.Offer))}
	if r.Category == webex.CategoryPointInTime {
		parts = append(parts, "seats")
	}
	if order.Internal {
		parts = append(parts, "internal")
	}
	if sub := cmp.Or(r.SubPartner, order.SubPartner); sub != "" {
		parts = append(parts, shortHash(billing.NormalID(sub)))
	}
	parts = append(parts, daysBy(r, "_"), shortHash(r.ID))
	return fileWord(strings.Join(parts, "-")) + ".csv"
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// fileWord keeps what an answer of the API says from naming another directory.
func fileWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(s))
}

// readUsage reads a usage report, with what is known about it from its download.
func (a *app) readUsage(path string, opt billing.UsageOptions) (*billing.Report, error) {
	evidence, known, err := batch.ReadEvidence(path)
	if err != nil {
		return nil, fmt.Errorf("reading what is known about a report: %w", err)
	}
	if known {
		opt.PointInTime = opt.PointInTime || evidence.Category == webex.CategoryPointInTime
		opt.SubPartner = cmp.Or(opt.SubPartner, evidence.SubPartner)
		opt.MayBeEmpty = opt.SubPartner != "" // it came whole, and a sub-partner need not have customers
		if !opt.PointInTime {
			opt.Period = periodOf(evidence)
		}
	}
	read, err := readBilling(path, func(r io.Reader, name string) (*billing.Report, error) { return billing.ReadUsage(r, name, opt) })
	if err != nil || !known {
		return read, err
	}
	if read.SHA256 != evidence.SHA256 {
		return nil, fail(exitInput, "reading the input: %s is not the report that %s was written for; download it again, or move the latter away", path, batch.EvidencePath(path))
	}
	read.Created = evidence.Created
	return read, nil
}

// periodOf are the days of a report, zero where its evidence does not name them.
func periodOf(e batch.ReportEvidence) billing.Period {
	first, err := billing.ParseDay(e.Start)
	last, lastErr := billing.ParseDay(e.End)
	if err != nil || lastErr != nil || last < first {
		return billing.Period{}
	}
	return billing.Period{First: first, Last: last}
}
