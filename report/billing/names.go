package billing

import (
	"encoding/base64"
	"regexp"
	"strings"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// NormalID brings the forms of a Webex id together: the base64url form that the
// API gives out, with or without padding, and the bare UUID in any case, become
// the UUID in lower case. Anything else is returned as it is, without the spaces
// around it.
func NormalID(id string) string {
	id = strings.TrimSpace(id)
	if lower := strings.ToLower(id); uuid.MatchString(lower) {
		return lower
	}
	plain, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil || !strings.HasPrefix(string(plain), "ciscospark://") {
		return id
	}
	return strings.ToLower(string(plain[strings.LastIndexByte(string(plain), '/')+1:]))
}

// packageNames are the packages of the wholesale API, and the names in words that
// reports and price lists have used for them.
var packageNames = func() map[string]string {
	names := make(map[string]string)
	for _, p := range strings.Fields(`common_area_calling webex_calling webex_meetings webex_suite webex_voice
		cx_essentials webex_calling_standard cisco_calling_plan attendant_console cx_premium_agent
		cx_standard_agent cx_voice_ports cx_ai_assistant webex_ai_agent
		basic standard premium softphone`) { // the last four are of Webex for BroadWorks
		names[foldName(p)] = p
	}
	for words, p := range map[string]string{
		"Customer Assist":                "cx_essentials",
		"Webex Customer Assist":          "cx_essentials",
		"Customer Experience Essentials": "cx_essentials",
		"Common Area":                    "common_area_calling",
		"Webex Attendant Console":        "attendant_console",
		"Calling Plan":                   "cisco_calling_plan",
	} {
		names[foldName(words)] = p
	}
	return names
}()

// addOns are billed on top of a package; everything else a user has one of.
var addOns = map[string]bool{"attendant_console": true, "cisco_calling_plan": true}

// seatless are the packages that no subscriber has, only the customer.
var seatless = map[string]bool{
	"common_area_calling": true, "cisco_calling_plan": true, "cx_voice_ports": true,
	"cx_ai_assistant": true, "webex_ai_agent": true,
}

// PackageName gives the API's name of a package for any way of spelling it; a
// name that is not known is returned as it is.
func PackageName(s string) string {
	if p, ok := packageNames[foldName(s)]; ok {
		return p
	}
	return strings.TrimSpace(s)
}

// foldName makes the form in which names of columns and packages are matched:
// case, spaces, "_" and "-" mean nothing, so customerOrgId is CUSTOMER_ORG_ID.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '_', '-', '\t', '\u00a0', '\ufeff':
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// OfCustomer tells whether a package belongs to a customer and is on no
// subscriber.
func OfCustomer(pkg string) bool { return seatless[pkg] }
