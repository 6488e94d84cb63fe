package diff

import (
	"fmt"
	"slices"
	"strings"
)

// Packages of BroadWorks subscribers. The first standard and the first premium
// subscriber of an enterprise open a meetings site, whose time zone is fixed then.
const (
	softphone = "softphone"
	basic     = "basic"
	standard  = "standard"
	premium   = "premium"
)

// broadworksPackages is in the order of the vendor's specification.
var broadworksPackages = []string{softphone, basic, standard, premium}

func checkBroadWorksPackage(s string) Issue {
	_, wholesale := LookupPackage(s)
	switch {
	case slices.Contains(broadworksPackages, s):
		return Issue{}
	case slices.Contains(broadworksPackages, strings.ToLower(s)):
		return Issue{Text: fmt.Sprintf("no package %q", s), Hint: fmt.Sprintf("write %q", strings.ToLower(s))}
	case wholesale:
		return Issue{Text: "a wholesale package, not one of BroadWorks", Hint: "allowed: " + strings.Join(broadworksPackages, ", ")}
	case strings.ContainsAny(s, ";,"):
		return Issue{Text: "more than one package", Hint: "a subscriber has exactly one"}
	}
	return unknownPackage(s, broadworksPackages)
}

// Values of "dir_sync".
const (
	SwitchOn  = "on"
	SwitchOff = "off"
)

func checkSwitch(s string) Issue {
	switch s {
	case SwitchOn, SwitchOff:
		return Issue{}
	}
	issue := Issue{Text: "neither on nor off", Hint: "write on or off"}
	switch strings.ToLower(s) {
	case SwitchOn, "true", "yes", "enabled", "1":
		issue.Hint = "write on"
	case SwitchOff, "false", "no", "disabled", "0":
		issue.Hint = "write off"
	}
	return issue
}

// seatName is what a seat is called in the billing effect: BroadWorks packages
// carry the name of their offer, so that they are not taken for wholesale ones.
func (k Kind) seatName(pkg string) string {
	if k.Offer() == BroadWorks && pkg != "" {
		return "broadworks_" + pkg
	}
	return pkg
}
