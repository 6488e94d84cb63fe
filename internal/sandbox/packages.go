package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// commonArea is the package of workspaces; no subscriber has it.
const commonArea = "common_area_calling"

// Packages a customer can have, and the packages of which one is needed beside them.
var customerPackages = map[string][]string{
	commonArea:               nil,
	"webex_calling":          nil,
	"webex_meetings":         nil,
	"webex_suite":            nil,
	"webex_voice":            nil,
	"cx_essentials":          nil,
	"webex_calling_standard": nil,
	"cisco_calling_plan": {"common_area_calling", "webex_calling", "webex_suite", "webex_voice", "cx_essentials",
		"webex_calling_standard"},
	"attendant_console": {"webex_calling", "webex_suite", "cx_essentials", "webex_voice"},
	"cx_premium_agent":  nil,
	"cx_standard_agent": nil,
	"cx_voice_ports":    nil,
	"cx_ai_assistant":   nil,
	"webex_ai_agent":    nil,
}

// packageNames are all of them in order.
var packageNames = slices.Sorted(maps.Keys(customerPackages))

// locationPackages are those for which a customer needs a calling location.
var locationPackages = []string{"common_area_calling", "webex_calling", "webex_suite", "webex_voice", "cx_essentials",
	"webex_calling_standard"}

// limitedPackages are those whose subscribers a customer can limit.
var limitedPackages = setOf("webex_calling", "common_area_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials",
	"webex_calling_standard", "attendant_console")

// singlePackages are accepted in a subscriber's "package" when provisioning; an update and "packages" take morePackages too.
var (
	singlePackages = []string{"webex_calling", "webex_meetings", "webex_suite", "webex_voice", "cx_essentials", "webex_calling_standard"}
	morePackages   = append(slices.Clone(singlePackages), "attendant_console", "cx_premium_agent", "cx_standard_agent")
)

// checkPackages applies the rules for a customer's complete list of packages.
func checkPackages(packages []string) *refusal {
	if len(packages) == 0 {
		return refuseField(1001, "packages")
	}
	for i, name := range packages {
		needs, known := customerPackages[name]
		if !known {
			return refuse(2005)
		}
		if slices.Contains(packages[:i], name) {
			return refuseField(1003, "packages")
		}
		if needs != nil && !overlap(needs, packages) {
			return refuse(2005)
		}
	}
	return nil
}

// isNew tells packages that stand for those the vendor will add one day. Only a
// seed can have them.
func isNew(pkg string) bool { return strings.HasPrefix(pkg, "new_") }

// isCalling tells whether a subscriber of the package needs a phone number or an extension.
func isCalling(pkg string) bool { return pkg != "webex_meetings" && !isNew(pkg) }

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// without lists the elements of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(name string) bool { return slices.Contains(b, name) })
}
