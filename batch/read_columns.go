package batch

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gocarina/gocsv"

	"wholesync/diff"
)

// customerRow is a customer's row as it stands in a file. Every field is a
// string: numbers are parsed by us, because a library that reads 010 as 8 has
// lost the extension already.
type customerRow struct {
	Ensure                    string `csv:"ensure"`
	ExternalID                string `csv:"external_id"`
	OrgID                     string `csv:"org_id"`
	Packages                  string `csv:"packages"`
	Name                      string `csv:"name"`
	PrimaryEmail              string `csv:"primary_email"`
	Language                  string `csv:"language"`
	ProvisioningID            string `csv:"provisioning_id"`
	AddressLine1              string `csv:"address_line1"`
	AddressLine2              string `csv:"address_line2"`
	City                      string `csv:"city"`
	State                     string `csv:"state_or_province"`
	Zip                       string `csv:"zip_or_postal_code"`
	Country                   string `csv:"country"`
	LocationName              string `csv:"location_name"`
	LocationTimezone          string `csv:"location_timezone"`
	LocationLanguage          string `csv:"location_language"`
	EmergencyLocation         string `csv:"emergency_location_identifier"`
	LocationAddressLine1      string `csv:"location_address_line1"`
	LocationAddressLine2      string `csv:"location_address_line2"`
	LocationCity              string `csv:"location_city"`
	LocationState             string `csv:"location_state_or_province"`
	LocationZip               string `csv:"location_zip_or_postal_code"`
	LocationCountry           string `csv:"location_country"`
	MeetingsTimezone          string `csv:"meetings_timezone"`
	LimitCommonAreaCalling    string `csv:"limit_common_area_calling"`
	LimitWebexCalling         string `csv:"limit_webex_calling"`
	LimitWebexMeetings        string `csv:"limit_webex_meetings"`
	LimitWebexSuite           string `csv:"limit_webex_suite"`
	LimitWebexVoice           string `csv:"limit_webex_voice"`
	LimitCXEssentials         string `csv:"limit_cx_essentials"`
	LimitWebexCallingStandard string `csv:"limit_webex_calling_standard"`
	LimitAttendantConsole     string `csv:"limit_attendant_console"`
	SubPartner                string `csv:"sub_partner_org_id"`
	ID                        string `csv:"_id"`
	Status                    string `csv:"_status"`
	Errors                    string `csv:"_errors"`
}

// subscriberRow is a subscriber's row as it stands in a file.
type subscriberRow struct {
	Ensure             string `csv:"ensure"`
	CustomerExternalID string `csv:"customer_external_id"`
	Email              string `csv:"email"`
	Package            string `csv:"package"`
	FirstName          string `csv:"first_name"`
	LastName           string `csv:"last_name"`
	Phone              string `csv:"primary_phone_number"`
	Extension          string `csv:"extension"`
	LocationID         string `csv:"location_id"`
	LocationName       string `csv:"location_name"`
	SubPartner         string `csv:"sub_partner_org_id"`
	ID                 string `csv:"_id"`
	PersonID           string `csv:"_person_id"`
	Status             string `csv:"_status"`
	Created            string `csv:"_created"`
	Errors             string `csv:"_errors"`
}

// enterpriseRow is a BroadWorks enterprise's row as it stands in a file.
type enterpriseRow struct {
	Ensure             string `csv:"ensure"`
	SPEnterpriseID     string `csv:"sp_enterprise_id"`
	DirSync            string `csv:"dir_sync"`
	LiveOrgID          string `csv:"_org_id"`
	LiveProvisioningID string `csv:"_provisioning_id"`
	ID                 string `csv:"_id"`
	Status             string `csv:"_status"`
	Errors             string `csv:"_errors"`
}

// userRow is a BroadWorks subscriber's row as it stands in a file.
type userRow struct {
	Ensure         string `csv:"ensure"`
	SPEnterpriseID string `csv:"sp_enterprise_id"`
	UserID         string `csv:"user_id"`
	SPGroupID      string `csv:"sp_enterprise_group_id"`
	Email          string `csv:"email"`
	Package        string `csv:"package"`
	FirstName      string `csv:"first_name"`
	LastName       string `csv:"last_name"`
	Phone          string `csv:"primary_phone_number"`
	Mobile         string `csv:"mobile_phone_number"`
	Extension      string `csv:"extension"`
	ProvisioningID string `csv:"provisioning_id"`
	Language       string `csv:"language"`
	Timezone       string `csv:"timezone"`
	ID             string `csv:"_id"`
	PersonID       string `csv:"_person_id"`
	Status         string `csv:"_status"`
	Created        string `csv:"_created"`
	Errors         string `csv:"_errors"`
}

// workspaceRow is a BroadWorks workspace's row as it stands in a file.
type workspaceRow struct {
	Ensure         string `csv:"ensure"`
	SPEnterpriseID string `csv:"sp_enterprise_id"`
	UserID         string `csv:"user_id"`
	DisplayName    string `csv:"display_name"`
	Phone          string `csv:"primary_phone_number"`
	Extension      string `csv:"extension"`
	ProvisioningID string `csv:"provisioning_id"`
	WorkspaceID    string `csv:"workspace_id"`
	ID             string `csv:"_id"`
	Status         string `csv:"_status"`
	Errors         string `csv:"_errors"`
}

// decoders let gocsv match columns with the fields of the struct of each kind.
var decoders = [diff.KindCount]func(*csv.Reader) map[diff.Column]int{
	diff.Customer:             decodeNumbers[customerRow],
	diff.Subscriber:           decodeNumbers[subscriberRow],
	diff.BroadWorksEnterprise: decodeNumbers[enterpriseRow],
	diff.BroadWorksSubscriber: decodeNumbers[userRow],
	diff.BroadWorksWorkspace:  decodeNumbers[workspaceRow],
}

// mapping is the way from the fields of a record to the cells of a row.
type mapping struct {
	kind    diff.Kind
	table   *diff.Table
	picks   []pick
	foreign []int    // fields of columns that the kind does not have
	cells   []string // of the row being read, in the order of the kind's Spec
	keys    []int    // cells that must not be blank
}

// pick says which field feeds which cell.
type pick struct {
	field, slot int
	rule        diff.Rule
	own         bool // a column of the tool's own, which only snapshots have
}

// newMapping lets gocsv match the header with the struct's tags, once a file: it
// decodes a single record that holds nothing but field numbers, and whatever
// number arrives in a struct field is the field that feeds it. Decoding each row
// that way costs more than a microsecond of reflection, longer than everything
// else that happens to a row.
//
// The names are the canonical ones by now, each at most once, so gocsv's own
// rules for missing, unknown and duplicate columns never come into play.
func newMapping(kind diff.Kind, cols []diff.Column) *mapping {
	m := &mapping{kind: kind, cells: make([]string, len(diff.SpecOf(kind).Rules))}
	var columns, numbers []string
	for i, col := range cols {
		if col == diff.ColNone {
			continue
		}
		if _, ok := diff.SpecOf(kind).Slot(col); !ok {
			m.foreign = append(m.foreign, i)
			continue
		}
		columns = append(columns, col.String())
		numbers = append(numbers, strconv.Itoa(i))
	}
	for column, field := range fieldNumbers(kind, columns, numbers) {
		slot, _ := diff.SpecOf(kind).Slot(column)
		m.picks = append(m.picks, pick{field, slot, diff.SpecOf(kind).Rules[slot], !column.Input()})
	}
	slices.SortFunc(m.picks, func(a, b pick) int { return cmp.Compare(a.field, b.field) })
	for _, col := range diff.SpecOf(kind).Keys {
		slot, _ := diff.SpecOf(kind).Slot(col)
		m.keys = append(m.keys, slot)
	}
	return m
}

// fieldNumbers returns the number that gocsv puts into the field of each column.
func fieldNumbers(kind diff.Kind, columns, numbers []string) map[diff.Column]int {
	if len(columns) == 0 {
		return nil // gocsv calls that an empty file
	}
	in := csv.NewReader(strings.NewReader(strings.Join(columns, ",") + "\n" + strings.Join(numbers, ",")))
	return decoders[kind](in)
}

func decodeNumbers[T any](in *csv.Reader) map[diff.Column]int {
	var rows []T
	if err := gocsv.UnmarshalCSV(in, &rows); err != nil || len(rows) != 1 {
		panic(fmt.Sprintf("internal error: mapping strings to strings: %v", err))
	}
	found := make(map[diff.Column]int)
	row := reflect.ValueOf(rows[0])
	for i := range row.NumField() {
		column, _ := diff.ParseColumn(row.Type().Field(i).Tag.Get("csv"))
		if field, err := strconv.Atoi(row.Field(i).String()); err == nil {
			found[column] = field
		}
	}
	return found
}

// field gives the field that feeds a cell, -1 if none does.
func (m *mapping) field(slot int) int {
	for _, p := range m.picks {
		if p.slot == slot {
			return p.field
		}
	}
	return -1
}

// cell returns a cell of the row being read.
func (m *mapping) cell(c diff.Column) string {
	slot, _ := diff.SpecOf(m.kind).Slot(c)
	return m.cells[slot]
}

// checkPlace refuses a location that is given twice: the two may differ.
func (f *fileReader) checkPlace(m *mapping, record []string) {
	if m.cell(diff.ColLocationName) == "" || m.cell(diff.ColLocationID) == "" {
		return
	}
	slot, _ := diff.SpecOf(m.kind).Slot(diff.ColLocationName)
	field := m.field(slot)
	f.cellProblem(field, record[field], "the row gives location_id too", "leave one of the two blank")
}
