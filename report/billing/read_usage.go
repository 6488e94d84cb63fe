package billing

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// role is what a column of a usage report tells.
type role int

const (
	roleNone role = iota
	rolePartnerName
	rolePartnerOrg
	roleSubPartnerName
	roleSubPartnerOrg
	roleSubscription
	roleCustomerName
	roleCustomerOrg
	roleCustomerExternal
	roleService
	roleSKU
	roleDescription
	roleLicense
	roleUserID
	roleUserEmail
	roleWorkspace
	rolePeriodStart
	rolePeriodEnd
	roleDay
	roleFirstDay
	roleLastDay
	roleQuantity
	roleEnd
)

// usageColumns are the names that headers have had for a role, the best first.
// The first one is also what a role is called in messages and mapping files. No
// public text has the header of a report, so everything is found by name and what
// is not found is said.
var usageColumns = [roleEnd][]string{
	rolePartnerName:      {"PARTNER_NAME"},
	rolePartnerOrg:       {"PARTNER_ORG_ID", "PARTNER_ID"},
	roleSubPartnerName:   {"SUBPARTNER_NAME", "SUB_PARTNER_NAME"},
	roleSubPartnerOrg:    {"SUBPARTNER_ORG_ID", "SUB_PARTNER_ORG_ID", "SUBPARTNER_ID"},
	roleSubscription:     {"SUBSCRIPTION_ID", "SUBSCRIPTION"},
	roleCustomerName:     {"CUSTOMER_NAME", "ENTERPRISE_NAME", "ORG_NAME"},
	roleCustomerOrg:      {"CUSTOMER_ORG_ID", "ORG_ID", "CUSTOMER_ID"},
	roleCustomerExternal: {"CUSTOMER_EXTERNAL_ID", "EXTERNAL_ID", "SP_ENTERPRISE_ID", "ENTERPRISE"},
	roleService:          {"SERVICE_NAME", "PACKAGE", "PACKAGE_NAME", "SERVICE"},
	roleSKU:              {"SKU", "SKU_ID", "PART_NUMBER"},
	roleDescription:      {"DESCRIPTION", "SKU_DESCRIPTION"},
	roleLicense:          {"LICENSE_ID"},
	roleUserID:           {"USER_ID", "PERSON_ID", "SUBSCRIBER_ID"},
	roleUserEmail:        {"USER_EMAIL", "EMAIL", "E_MAIL", "EMAIL_ADDRESS"},
	roleWorkspace:        {"WORKSPACE_ID", "PLACE_ID"},
	rolePeriodStart:      {"BILLING_START_DATE", "PERIOD_START", "START_DATE"},
	rolePeriodEnd:        {"BILLING_END_DATE", "PERIOD_END", "END_DATE"},
	roleDay:              {"CONSUMPTION_DATE", "USAGE_DATE", "DATE"},
	roleFirstDay:         {"FIRST_DAY", "SERVICE_START_DATE", "ACTIVATION_DATE"},
	roleLastDay:          {"LAST_DAY", "SERVICE_END_DATE", "DEACTIVATION_DATE"},
	roleQuantity:         {"QUANTITY", "CONSUMPTION", "UNITS", "TOTAL_CONSUMPTION", "USER_DAYS", "DAYS_ACTIVE", "ACTIVE_DAYS"},
}

// UsageOptions are the choices of whoever reads a usage report.
type UsageOptions struct {
	Columns     map[string]string // header -> role, for headers that are not known; see [UsageRoles]
	PointInTime bool              // the file counts seats at one moment
	SubPartner  string            // the sub-partner that the report was made for
	MayBeEmpty  bool              // without a row it is a report all the same
	Period      Period            // of the report, where its rows do not say; zero = not known
}

// UsageRoles are the names of the roles that a column of a usage report can have.
func UsageRoles() []string {
	var all []string
	for _, names := range usageColumns[1:] {
		all = append(all, strings.ToLower(names[0]))
	}
	return all
}

// usageReader reads one report.
type usageReader struct {
	*table
	size   int64        // of the file, where it is known
	at     [roleEnd]int // field of a role, -1 = none
	report *Report
	first  role // of the columns that a row's stay is in, where no column counts its days; roleNone otherwise
	last   role
	spare  sync.Pool // of parts whose rows are in the report
}

// ReadUsage reads a usage report: CSV whose columns are found by their names, in
// any order. It reads reports with one row for the whole period, with one row per
// day, and with the first and the last day of each user, of all levels; the columns
// tell which. The error is a [*ReadError].
func ReadUsage(r io.Reader, name string, opt UsageOptions) (*Report, error) {
	size := sizeOf(r)
	t, err := openTable(r, name, format{})
	if err != nil {
		return nil, err
	}
	u := &usageReader{table: t, size: size, report: &Report{Name: name, SubPartner: NormalID(opt.SubPartner)}}
	if err := u.findColumns(opt.Columns); err != nil {
		return nil, err
	}
	u.tellLevel(opt.PointInTime)
	u.tellStays()
	if err := u.checkRoles(); err != nil {
		return nil, err
	}
	if u.report.SHA256, err = u.finish(u.readRows(blockBytes)); err != nil {
		return nil, err
	}
	if len(u.report.Rows) == 0 && !opt.MayBeEmpty {
		return nil, u.fail(0, "the report has no rows; is it finished?")
	}
	if u.first != roleNone {
		u.countStays(opt.Period)
	}
	if u.report.Period.First == 0 {
		u.report.Period = opt.Period
	}
	return u.report, nil
}

// sizeOf is the number of bytes that a file or a text has, 0 where nobody says.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return min(info.Size(), maxBytes)
		}
	}
	return 0
}

// findColumns gives each role its field: the one with the best name.
func (u *usageReader) findColumns(mapped map[string]string) error {
	roles := make(map[string]role)
	for r := roleNone + 1; r < roleEnd; r++ {
		u.at[r] = -1
		roles[foldName(usageColumns[r][0])] = r
	}
	u.report.Columns = make([]ColumnUse, len(u.header))
	for i, h := range u.header {
		u.report.Columns[i].Header = h
	}
	for _, header := range sortedKeys(mapped) {
		r, known := roles[foldName(mapped[header])]
		i := slices.IndexFunc(u.header, func(h string) bool { return foldName(h) == foldName(header) })
		if !known {
			return u.fail(0, fmt.Sprintf("the column %q is mapped to %q; the roles are %s", header, mapped[header], strings.Join(UsageRoles(), ", ")))
		}
		if i >= 0 {
			u.assign(r, i)
		}
	}
	for r := roleNone + 1; r < roleEnd; r++ {
		for _, name := range usageColumns[r] {
			i := slices.IndexFunc(u.header, func(h string) bool { return foldName(h) == foldName(name) })
			if i < 0 || u.at[r] >= 0 || u.report.Columns[i].Role != "" {
				continue
			}
			if j := slices.IndexFunc(u.header[i+1:], func(h string) bool { return foldName(h) == foldName(name) }); j >= 0 {
				return u.fail(u.line(), fmt.Sprintf("the column %q stands there twice", u.header[i]))
			}
			u.assign(r, i)
		}
	}
	return nil
}

func (u *usageReader) assign(r role, field int) {
	u.at[r] = field
	u.report.Columns[field].Role = strings.ToLower(usageColumns[r][0])
}

func (u *usageReader) has(roles ...role) bool {
	return slices.ContainsFunc(roles, func(r role) bool { return u.at[r] >= 0 })
}

func (u *usageReader) tellLevel(pointInTime bool) {
	switch {
	case pointInTime:
		u.report.Level = LevelPointInTime
	case u.has(roleUserEmail, roleUserID, roleWorkspace):
		u.report.Level = LevelUser
	case u.has(roleCustomerOrg, roleCustomerExternal, roleCustomerName):
		u.report.Level = LevelCustomer
	default:
		u.report.Level = LevelPartner
	}
}

// checkRoles refuses a report that lacks what a comparison needs.
func (u *usageReader) checkRoles() error {
	var missing []string
	if !u.has(roleQuantity) && u.first == roleNone {
		missing = append(missing, "quantity")
	}
	if !u.has(roleService, roleSKU) {
		missing = append(missing, "service_name or sku")
	}
	if len(missing) == 0 {
		return nil
	}
	return u.fail(u.line(), fmt.Sprintf("no column for %s; the columns are %s; map one of them with usage_columns in a mapping file",
		strings.Join(missing, " and for "), u.headers()))
}
