package diff

import (
	"slices"
	"strings"
)

// Package is a wholesale package as the API names it.
type Package struct {
	Name       string
	Customer   bool // may be assigned to a customer
	Subscriber bool // may be assigned to a subscriber
	Calling    bool // brings Webex Calling: needs a location, and a number or an extension
	Meetings   bool // opens a meetings site, whose time zone is fixed at that moment
	// NeedsOneOf lists the packages of which the customer must also have one.
	NeedsOneOf []string
}

// Packages returns the package table, in the order of the vendor's
// specification (schemas of "packages" for customers and subscribers).
func Packages() []Package { return slices.Clone(packages) }

// Meetings is the one subscriber package without Webex Calling.
const Meetings = "webex_meetings"

var callingBase = []string{"common_area_calling", "webex_calling", "webex_suite", "webex_voice", "cx_essentials", "webex_calling_standard"}

var packages = []Package{
	{Name: "common_area_calling", Customer: true, Calling: true},
	{Name: "webex_calling", Customer: true, Subscriber: true, Calling: true},
	{Name: Meetings, Customer: true, Subscriber: true, Meetings: true},
	{Name: "webex_suite", Customer: true, Subscriber: true, Calling: true, Meetings: true},
	{Name: "webex_voice", Customer: true, Subscriber: true, Calling: true},
	{Name: "cx_essentials", Customer: true, Subscriber: true, Calling: true},
	{Name: "webex_calling_standard", Customer: true, Subscriber: true, Calling: true},
	{Name: "attendant_console", Customer: true, Subscriber: true, Calling: true, NeedsOneOf: []string{"webex_calling", "webex_suite", "webex_voice", "cx_essentials"}},
	{Name: "cisco_calling_plan", Customer: true, NeedsOneOf: callingBase},
	{Name: "cx_premium_agent", Customer: true, Subscriber: true, Calling: true},
	{Name: "cx_standard_agent", Customer: true, Subscriber: true, Calling: true},
	{Name: "cx_voice_ports", Customer: true},
	{Name: "cx_ai_assistant", Customer: true},
	{Name: "webex_ai_agent", Customer: true},
}

// LookupPackage finds a package by its name.
func LookupPackage(name string) (Package, bool) {
	for _, p := range packages {
		if p.Name == name {
			return p, true
		}
	}
	return Package{}, false
}

// SplitPackages takes a canonical package cell apart; "" is no package.
func SplitPackages(cell string) []string {
	if cell == "" {
		return nil
	}
	return strings.Split(cell, ";")
}

// JoinPackages makes the canonical cell of a set of packages: sorted, each once.
func JoinPackages(names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ";")
}

// anyPackage reports whether one of the named packages has a property.
func anyPackage(names []string, has func(Package) bool) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		p, ok := LookupPackage(n)
		return ok && has(p)
	})
}

func isCalling(p Package) bool  { return p.Calling }
func isMeetings(p Package) bool { return p.Meetings }
