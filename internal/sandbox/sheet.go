package sandbox

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// sheet is the content of a finished report. It is kept as numbers and becomes text only on its way out, so that a report
// of a million users needs no more than some fifty bytes for each. What it points to does not change any more, so it is
// written without the sandbox's lock.
type sheet struct {
	header []string
	rows   int
	cells  func(row []string, i int) []string // appends the cells of one row
	size   func() int64                       // of the whole text in bytes, found out once
}

func newSheet(header []string, rows int, cells func(row []string, i int) []string) *sheet {
	s := &sheet{header: header, rows: rows, cells: cells}
	s.size = sync.OnceValue(func() int64 {
		var n counter
		_ = s.write(&n) // counting does not fail
		return int64(n)
	})
	return s
}

// counter is a writer that only counts.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// write writes the CSV.
func (s *sheet) write(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(s.header); err != nil {
		return err
	}
	row := make([]string, 0, len(s.header))
	for i := range s.rows {
		row = s.cells(row[:0], i)
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// fill makes the content of a report that is finished now.
func (e *estate) fill(r *report) *sheet {
	p, m := period{first: dayOf(r.start), last: dayOf(r.end)}, e.meterOf(r.owner, r.internal)
	switch {
	case r.broadworks:
		return e.broadworksSheet(p)
	case r.category == categorySnapshot:
		return e.wholesaleSheet(r, m.now())
	}
	return e.wholesaleSheet(r, m.over(p))
}

// Columns of wholesale reports. The quantity of a CUSTOMER report is its eleventh column, as scripts in the field expect.
const (
	partnerColumns  = "PARTNER_NAME,PARTNER_ORG_ID,SUBPARTNER_NAME,SUBPARTNER_ORG_ID"
	customerColumns = "CUSTOMER_NAME,CUSTOMER_ORG_ID,CUSTOMER_EXTERNAL_ID"
	serviceColumns  = "SUBSCRIPTION_ID,SERVICE_NAME,SKU,QUANTITY"
	userColumns     = "USER_ID,USER_EMAIL,WORKSPACE_ID"
	rangeColumns    = "BILLING_START_DATE,BILLING_END_DATE"
)

// wholesaleSheet lays out usages at the level that the report has.
func (e *estate) wholesaleSheet(r *report, usages []usage) *sheet {
	columns := []string{partnerColumns, customerColumns, serviceColumns, "LICENSE_ID"}
	switch r.kind {
	case typePartner:
		columns = []string{partnerColumns, serviceColumns}
		usages = perPackage(usages)
	case typeCustomer:
		usages = perCustomer(usages)
	case typeUser:
		columns = append(columns, userColumns)
	}
	if r.category == categoryRange {
		columns = append(columns, rangeColumns)
	}
	partnerCells := []string{e.home.name, bareUUID(e.home.number), r.owner.name(), r.owner.orgID}
	rangeCells := []string{r.firstDay(), r.lastDay()}
	return newSheet(strings.Split(strings.Join(columns, ","), ","), len(usages), func(row []string, i int) []string {
		u := usages[i]
		row = append(row, partnerCells...)
		if r.kind != typePartner {
			row = append(row, u.place.name, u.place.orgID, u.place.externalID)
		}
		row = append(row, r.owner.subscription, u.pkg, skuOf(u.pkg), strconv.Itoa(u.amount))
		if r.kind != typePartner {
			row = append(row, u.place.license(u.pkg))
		}
		if r.kind == typeUser {
			row = append(row, u.who()...)
		}
		if r.category == categoryRange {
			row = append(row, rangeCells...)
		}
		return row
	})
}

// name is what a report calls a sub-partner, whose name no other call shows; the partner itself is none.
func (p *partner) name() string {
	if p.orgID == "" {
		return ""
	}
	return "Sub-partner " + p.subscription
}

// license is the id of the customer's license for a package, "" where it does not have the package any more.
func (p *place) license(pkg string) string {
	if !slices.Contains(p.packages, pkg) {
		return ""
	}
	return licenseID(p.number, pkg)
}

// who gives user id, e-mail address and workspace id.
func (u usage) who() []string {
	if u.person == nil {
		return []string{"", "", bareUUID(u.place.number*workspacesPerCustomer + u.workspace)}
	}
	return []string{bareUUID(u.person.number), u.person.email, ""}
}

// workspacesPerCustomer sets the ids of one customer's workspaces apart from those of the next.
const workspacesPerCustomer = 1_000_000

// skus are those of the packages that have a short one.
var skus = map[string]string{"webex_calling": "A-WX-CALL", "webex_meetings": "A-WX-MEET", "webex_suite": "A-WX-SUITE",
	"webex_voice": "A-WX-VOICE", commonArea: "A-WX-CAC"}

func skuOf(pkg string) string {
	if sku := skus[pkg]; sku != "" {
		return sku
	}
	return "A-" + strings.ToUpper(strings.ReplaceAll(pkg, "_", "-"))
}
