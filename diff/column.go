package diff

import (
	"fmt"
	"strings"
)

// Column is a column of the desired-state CSV, or one of the tool's own columns
// (their names begin with "_") that exports carry and inputs ignore.
type Column uint8

// The columns. Names on paper are those of [Column.String].
const (
	ColNone Column = iota
	ColEnsure
	ColExternalID
	ColOrgID
	ColPackages
	ColName
	ColPrimaryEmail
	ColLanguage
	ColProvisioningID
	ColAddressLine1
	ColAddressLine2
	ColCity
	ColState
	ColZip
	ColCountry
	ColLocationName
	ColLocationTimezone
	ColLocationLanguage
	ColEmergencyLocation
	ColLocationAddressLine1
	ColLocationAddressLine2
	ColLocationCity
	ColLocationState
	ColLocationZip
	ColLocationCountry
	ColMeetingsTimezone
	ColLimitCommonAreaCalling
	ColLimitWebexCalling
	ColLimitWebexMeetings
	ColLimitWebexSuite
	ColLimitWebexVoice
	ColLimitCXEssentials
	ColLimitWebexCallingStandard
	ColLimitAttendantConsole
	ColCustomerExternalID
	ColEmail
	ColPackage
	ColFirstName
	ColLastName
	ColPhone
	ColExtension
	ColLocationID
	ColSubPartner
	ColID
	ColPersonID
	ColStatus
	ColCreated
	ColErrors
	ColSPEnterpriseID
	ColSPGroupID
	ColUserID
	ColMobile
	ColTimezone
	ColDirSync
	ColDisplayName
	ColWorkspaceID
	ColLiveOrgID
	ColLiveProvisioningID
	columnEnd
)

var columnNames = [columnEnd]string{
	ColEnsure:                    "ensure",
	ColExternalID:                "external_id",
	ColOrgID:                     "org_id",
	ColPackages:                  "packages",
	ColName:                      "name",
	ColPrimaryEmail:              "primary_email",
	ColLanguage:                  "language",
	ColProvisioningID:            "provisioning_id",
	ColAddressLine1:              "address_line1",
	ColAddressLine2:              "address_line2",
	ColCity:                      "city",
	ColState:                     "state_or_province",
	ColZip:                       "zip_or_postal_code",
	ColCountry:                   "country",
	ColLocationName:              "location_name",
	ColLocationTimezone:          "location_timezone",
	ColLocationLanguage:          "location_language",
	ColEmergencyLocation:         "emergency_location_identifier",
	ColLocationAddressLine1:      "location_address_line1",
	ColLocationAddressLine2:      "location_address_line2",
	ColLocationCity:              "location_city",
	ColLocationState:             "location_state_or_province",
	ColLocationZip:               "location_zip_or_postal_code",
	ColLocationCountry:           "location_country",
	ColMeetingsTimezone:          "meetings_timezone",
	ColLimitCommonAreaCalling:    "limit_common_area_calling",
	ColLimitWebexCalling:         "limit_webex_calling",
	ColLimitWebexMeetings:        "limit_webex_meetings",
	ColLimitWebexSuite:           "limit_webex_suite",
	ColLimitWebexVoice:           "limit_webex_voice",
	ColLimitCXEssentials:         "limit_cx_essentials",
	ColLimitWebexCallingStandard: "limit_webex_calling_standard",
	ColLimitAttendantConsole:     "limit_attendant_console",
	ColCustomerExternalID:        "customer_external_id",
	ColEmail:                     "email",
	ColPackage:                   "package",
	ColFirstName:                 "first_name",
	ColLastName:                  "last_name",
	ColPhone:                     "primary_phone_number",
	ColExtension:                 "extension",
	ColLocationID:                "location_id",
	ColSubPartner:                "sub_partner_org_id",
	ColID:                        "_id",
	ColPersonID:                  "_person_id",
	ColStatus:                    "_status",
	ColCreated:                   "_created",
	ColErrors:                    "_errors",
	ColUserID:                    "user_id",
	ColSPEnterpriseID:            "sp_enterprise_id",
	ColSPGroupID:                 "sp_enterprise_group_id",
	ColMobile:                    "mobile_phone_number",
	ColTimezone:                  "timezone",
	ColDirSync:                   "dir_sync",
	ColDisplayName:               "display_name",
	ColWorkspaceID:               "workspace_id",
	ColLiveOrgID:                 "_org_id",
	ColLiveProvisioningID:        "_provisioning_id",
}

// String is the name of the column in a header.
func (c Column) String() string {
	if c < columnEnd && columnNames[c] != "" {
		return columnNames[c]
	}
	return fmt.Sprintf("column(%d)", uint8(c))
}

// ParseColumn finds a column by its exact name.
func ParseColumn(name string) (Column, bool) {
	for c, n := range columnNames {
		if n != "" && n == name {
			return Column(c), true
		}
	}
	return ColNone, false
}

// MarshalText writes the column's name.
func (c Column) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the column's name.
func (c *Column) UnmarshalText(b []byte) error {
	v, ok := ParseColumn(string(b))
	if !ok {
		return fmt.Errorf("unknown column %q", b)
	}
	*c = v
	return nil
}

// Words that cells may hold.
const (
	// Clear asks to empty a value where the API can; a blank cell leaves it.
	Clear = "!clear"
	// EnsurePresent and EnsureAbsent are the values of "ensure"; blank means present.
	EnsurePresent = "present"
	EnsureAbsent  = "absent"
)

// Value says how a cell is read and brought to its canonical form by [Parse].
type Value uint8

// The types of values.
const (
	ValueText              Value = iota // one line of text, NFC
	ValueEnsure                         // present or absent
	ValueExternalID                     // text without inner control characters
	ValueEmail                          // an address; compared without regard to case
	ValuePhone                          // E.164
	ValueExtension                      // digits, leading zeros kept
	ValuePackage                        // one subscriber package
	ValuePackageSet                     // customer packages, ";"-separated, sorted
	ValueCountry                        // ISO 3166-1 alpha-2, upper case
	ValueLanguage                       // xx or xx_YY
	ValueTimezone                       // Area/City
	ValueCount                          // a whole number from 0
	ValueAddressLine                    // text of at most 50 characters
	ValueID                             // an opaque id of the API
	ValueName                           // a customer's name: text without "%"
	ValueBroadWorksPackage              // one package of a BroadWorks subscriber
	ValueSwitch                         // on or off
)

// Need says when a column must have a value for its object to be provisioned.
type Need uint8

// The needs. An existing object never needs more than its key.
const (
	Optional       Need = iota
	Always              // for every row
	AtProvision         // to provision
	ForNewOrg           // to provision without org_id
	WithCalling         // to provision with a calling package
	CallingAddress      // as WithCalling, but the billing address stands in
)

// Sent says in which requests the API takes a column.
type Sent uint8

// When a column is sent.
const (
	SentNever         Sent = iota // the tool's own
	SentOnProvision               // POST alone
	SentAlways                    // POST, and PUT when it changed
	SentFirstCalling              // with the first calling package, by POST or PUT
	SentFirstMeetings             // with the first meetings package, by POST or PUT
	SentAlong                     // POST, and along with any PUT
	SentOnMove                    // POST, and PUT on a move from webex_meetings to a calling package
)

// Rule is what one column means for one kind of object: the table of the
// README's CSV chapter, as data. Facts are those of the vendor's pages
// "Provision a Wholesale Customer/Subscriber" and "Update a Wholesale
// Customer/Subscriber".
type Rule struct {
	Column   Column
	Value    Value
	Need     Need
	Sent     Sent
	Compared bool // the API returns it, so that a difference can be seen
	Update   bool // a difference can be mended in place
	Clear    bool // the API can empty it
}

// Spec is the column table of a kind.
type Spec struct {
	Kind  Kind
	Rules []Rule
	// Keys are the columns that name an object: that of its customer first, then,
	// where there may be several below a customer, that of its own. They are those
	// that every row needs.
	Keys []Column
	// Tells are the columns that settle the kind of a file without a column "kind",
	// and Unless those beside which they do not.
	Tells, Unless []Column
	// Along is the kind of what may go along with a removal: the person behind a
	// subscriber, the workspaces of a customer, the organization of an enterprise.
	// It is 0 where nothing does.
	Along Kind
	// found are the columns by which live objects are looked up, and scope and own
	// the places of the keys.
	found      []Column
	scope, own int
	slots      [columnEnd]int8 // place in Rules plus one
	// mendable are the columns that are compared value by value and can be changed
	// in place. A set of packages is not among them: it changes in two steps.
	mendable []Column
	// fixed are those that are compared and cannot be changed.
	fixed []Column
	// uncompared are the input columns that the API takes and does not return.
	uncompared []Column
}

// Slot gives the place of a column in Rules and so in the rows of a [Table].
func (s *Spec) Slot(c Column) (int, bool) {
	n := s.slots[c]
	return int(n) - 1, n > 0
}

// Rule returns the rule of a column.
func (s *Spec) Rule(c Column) (Rule, bool) {
	slot, ok := s.Slot(c)
	if !ok {
		return Rule{}, false
	}
	return s.Rules[slot], true
}

// Input reports whether the column is one that people write, as opposed to one
// that the tool adds to exports.
func (c Column) Input() bool { return !strings.HasPrefix(c.String(), "_") }

// SpecOf returns the column table of a kind. It panics for a kind that does not
// exist: that is a mistake in the program, never in its input.
func SpecOf(k Kind) *Spec { return specs[k] }

var specs = [kindEnd]*Spec{
	Customer: newSpec(Spec{Kind: Customer, Along: Workspace, Tells: []Column{ColExternalID, ColPackages}, found: []Column{ColExternalID, ColOrgID}}, []Rule{
		{Column: ColEnsure, Value: ValueEnsure},
		{Column: ColExternalID, Value: ValueExternalID, Need: Always, Sent: SentAlways, Compared: true, Update: true}, // the key, so it differs only where org_id found the customer
		{Column: ColOrgID, Value: ValueID, Sent: SentOnProvision, Compared: true},
		{Column: ColPackages, Value: ValuePackageSet, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColName, Value: ValueName, Need: ForNewOrg, Sent: SentOnProvision},
		{Column: ColPrimaryEmail, Value: ValueEmail, Need: ForNewOrg, Sent: SentOnProvision},
		{Column: ColLanguage, Value: ValueLanguage, Sent: SentOnProvision},
		{Column: ColProvisioningID, Value: ValueID, Need: AtProvision, Sent: SentOnProvision},
		{Column: ColAddressLine1, Value: ValueAddressLine, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColAddressLine2, Value: ValueAddressLine, Sent: SentAlways, Compared: true, Update: true, Clear: true},
		{Column: ColCity, Value: ValueText, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColState, Value: ValueText, Sent: SentAlways, Compared: true, Update: true, Clear: true},
		{Column: ColZip, Value: ValueText, Sent: SentAlways, Compared: true, Update: true, Clear: true},
		{Column: ColCountry, Value: ValueCountry, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColLocationName, Value: ValueText, Need: WithCalling, Sent: SentFirstCalling},
		{Column: ColLocationTimezone, Value: ValueTimezone, Need: WithCalling, Sent: SentFirstCalling},
		{Column: ColLocationLanguage, Value: ValueLanguage, Need: WithCalling, Sent: SentFirstCalling},
		{Column: ColEmergencyLocation, Value: ValueText, Sent: SentFirstCalling},
		{Column: ColLocationAddressLine1, Value: ValueAddressLine, Need: CallingAddress, Sent: SentFirstCalling},
		{Column: ColLocationAddressLine2, Value: ValueAddressLine, Sent: SentFirstCalling},
		{Column: ColLocationCity, Value: ValueText, Need: CallingAddress, Sent: SentFirstCalling},
		{Column: ColLocationState, Value: ValueText, Sent: SentFirstCalling},
		{Column: ColLocationZip, Value: ValueText, Sent: SentFirstCalling},
		{Column: ColLocationCountry, Value: ValueCountry, Need: CallingAddress, Sent: SentFirstCalling},
		{Column: ColMeetingsTimezone, Value: ValueTimezone, Sent: SentFirstMeetings},
		{Column: ColLimitCommonAreaCalling, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitWebexCalling, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitWebexMeetings, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitWebexSuite, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitWebexVoice, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitCXEssentials, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitWebexCallingStandard, Value: ValueCount, Sent: SentAlong},
		{Column: ColLimitAttendantConsole, Value: ValueCount, Sent: SentAlong},
		{Column: ColSubPartner, Value: ValueID},
		{Column: ColID, Value: ValueID},
		{Column: ColStatus, Value: ValueText},
		{Column: ColErrors, Value: ValueText},
	}),
	Subscriber: newSpec(Spec{Kind: Subscriber, Along: Person, Tells: []Column{ColCustomerExternalID, ColEmail}, Unless: []Column{ColSPEnterpriseID}, found: []Column{ColEmail}}, []Rule{
		{Column: ColEnsure, Value: ValueEnsure},
		{Column: ColCustomerExternalID, Value: ValueExternalID, Need: Always, Sent: SentOnProvision, Compared: true},
		{Column: ColEmail, Value: ValueEmail, Need: Always, Sent: SentOnProvision, Compared: true},
		{Column: ColPackage, Value: ValuePackage, Need: AtProvision, Sent: SentAlways, Compared: true, Update: true},
		{Column: ColFirstName, Value: ValueText, Sent: SentOnProvision},
		{Column: ColLastName, Value: ValueText, Sent: SentOnProvision},
		{Column: ColPhone, Value: ValuePhone, Sent: SentOnMove},
		{Column: ColExtension, Value: ValueExtension, Sent: SentOnMove},
		{Column: ColLocationID, Value: ValueID, Sent: SentOnMove},
		{Column: ColLocationName, Value: ValueText, Sent: SentOnMove}, // the API takes the id that it stands for
		{Column: ColSubPartner, Value: ValueID},
		{Column: ColID, Value: ValueID},
		{Column: ColPersonID, Value: ValueID},
		{Column: ColStatus, Value: ValueText},
		{Column: ColCreated, Value: ValueText},
		{Column: ColErrors, Value: ValueText},
	}),
	BroadWorksEnterprise: broadworksEnterprise(),
	BroadWorksSubscriber: broadworksSubscriber(),
	BroadWorksWorkspace:  broadworksWorkspace(),
	Person:               personSpec(),
	Workspace:            workspaceSpec(),
	BroadWorksPerson:     broadworksPersonSpec(),
	Organization:         organizationSpec(),
}

func newSpec(s Spec, rules []Rule) *Spec {
	s.Rules = rules
	for i, r := range rules {
		s.slots[r.Column] = int8(i + 1)
		if r.Need == Always {
			s.Keys = append(s.Keys, r.Column)
		}
		if r.Sent != SentNever && !r.Compared {
			s.uncompared = append(s.uncompared, r.Column)
		}
		switch {
		case r.Compared && r.Update && r.Value != ValuePackageSet:
			s.mendable = append(s.mendable, r.Column)
		case r.Compared && !r.Update && r.Need != Always:
			s.fixed = append(s.fixed, r.Column)
		}
	}
	s.scope, _ = s.Slot(s.Keys[0])
	s.own, _ = s.Slot(s.OwnKey())
	return &s
}

// OwnKey is the column that tells the objects of one customer apart; for the
// customer itself it is the one that names it.
func (s *Spec) OwnKey() Column { return s.Keys[len(s.Keys)-1] }
