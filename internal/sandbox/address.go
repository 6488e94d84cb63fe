package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// address is a postal address on the wire of the wholesale API.
type address struct {
	Line1           string `json:"addressLine1"`
	Line2           string `json:"addressLine2,omitempty"`
	City            string `json:"city"`
	StateOrProvince string `json:"stateOrProvince,omitempty"`
	ZipOrPostalCode string `json:"zipOrPostalCode,omitempty"`
	Country         string `json:"country"`
}

// isoCountries are the ISO 3166-1 alpha-2 codes.
const isoCountries = `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI
GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI
LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW`

var (
	knownCountries  = setOf(strings.Fields(isoCountries)...)
	embargoed       = setOf("CU", "IR", "KP", "SY")
	withoutDelivery = setOf("AQ", "BV", "HM", "TF", "UM")
	withoutZip      = setOf("AE", "AG", "AO", "AW", "BO", "BS", "BW", "BZ", "CD", "CM", "CW", "DJ", "DM", "FJ", "GD", "GH", "GM", "GY", "HK", "IE",
		"JM", "KE", "KN", "MO", "MW", "PA", "QA", "RW", "SC", "SR", "TT", "UG", "YE", "ZW")
)

// countryStates are the states and provinces of the countries that need one.
var countryStates = map[string][]string{
	"US": strings.Fields(`AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA
		PR RI SC SD TN TX UT VT VA WA WV WI WY AA AE AP`),
	"CA": strings.Fields("AB BC MB NB NL NS NT NU ON PE QC SK YT"),
	"AU": strings.Fields("ACT NSW NT QLD SA TAS VIC WA"),
}

// militaryStates are valid in the United States but are no billing address.
var militaryStates = []string{"AA", "AE", "AP"}

var zipShapes = map[string]*regexp.Regexp{
	"US": regexp.MustCompile(`^\d{5}(-\d{4})?$`),
	"CA": regexp.MustCompile(`^[A-Z]\d[A-Z] ?\d[A-Z]\d$`),
	"AU": regexp.MustCompile(`^\d{4}$`),
	"DE": regexp.MustCompile(`^\d{5}$`),
	"ES": regexp.MustCompile(`^\d{5}$`),
	"FR": regexp.MustCompile(`^\d{5}$`),
	"GB": regexp.MustCompile(`^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$`),
	"IT": regexp.MustCompile(`^\d{5}$`),
	"NL": regexp.MustCompile(`^\d{4} ?[A-Z]{2}$`),
}

const maxAddressLine = 50

// check applies the rules for addresses; field is the path of the address inside the request.
func (a address) check(field string) *refusal {
	if blank(a.Line1) || blank(a.City) || blank(a.Country) {
		return refuse(2548)
	}
	if utf8.RuneCountInString(a.Line1) > maxAddressLine {
		return refuseField(1002, field+".addressLine1")
	}
	if utf8.RuneCountInString(a.Line2) > maxAddressLine {
		return refuseField(1002, field+".addressLine2")
	}
	if e := a.checkCountry(field); e != nil {
		return e
	}
	if e := a.checkState(); e != nil {
		return e
	}
	if e := a.checkZip(); e != nil {
		return e
	}
	return a.checkPlace()
}

func (a address) checkCountry(field string) *refusal {
	switch {
	case strings.ContainsAny(a.Country, "\"'`"):
		return refuseField(1003, field+".country")
	case !knownCountries[a.Country]:
		return refuse(2528)
	case embargoed[a.Country]:
		return refuse(2539)
	case withoutDelivery[a.Country]:
		return refuse(2546)
	}
	return nil
}

func (a address) checkState() *refusal {
	states, needed := countryStates[a.Country]
	switch {
	case !needed:
		return nil
	case blank(a.StateOrProvince):
		return refuse(2530)
	case !slices.Contains(states, a.StateOrProvince):
		return refuse(2529)
	case a.Country == "US" && slices.Contains(militaryStates, a.StateOrProvince):
		return refuse(2551)
	}
	return nil
}

func (a address) checkZip() *refusal {
	if blank(a.ZipOrPostalCode) {
		if withoutZip[a.Country] {
			return nil
		}
		return refuse(2531)
	}
	shape, known := zipShapes[a.Country]
	if known && !shape.MatchString(a.ZipOrPostalCode) {
		return refuse(2547)
	}
	return nil
}

// checkPlace holds the triggers that stand in for a real address directory; the package comment lists them.
func (a address) checkPlace() *refusal {
	switch {
	case strings.HasPrefix(strings.ToLower(a.Line1), "po box"):
		return refuse(2521)
	case strings.EqualFold(a.Line1, "nowhere"):
		return refuse(2549)
	case strings.EqualFold(a.City, "nowhere"):
		return refuse(2550)
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}
