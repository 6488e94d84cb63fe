package diff

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

func checkEnsure(s string) Issue {
	switch s {
	case EnsurePresent, EnsureAbsent:
		return Issue{}
	}
	issue := Issue{Text: "neither present nor absent"}
	if near, ok := Nearest(s, []string{EnsurePresent, EnsureAbsent}); ok {
		issue.Hint = fmt.Sprintf("did you mean %q", near)
	}
	return issue
}

const asText = "format the column as text, enter the value again and save as CSV UTF-8"

func checkExternalID(s string) Issue {
	if scientific(s) {
		return Issue{Text: "a spreadsheet turned the number into scientific notation", Hint: asText}
	}
	return checkPlaceholder(s)
}

// checkExtension keeps an extension what it is, a string of digits: 0123 and 123
// are different extensions.
func checkExtension(s string) Issue {
	switch {
	case digits(s) && len(s) <= maxExtension:
		return Issue{}
	case digits(s):
		return Issue{Text: fmt.Sprintf("has %d digits; an extension has at most %d", len(s), maxExtension), Hint: "a full number belongs in primary_phone_number"}
	case scientific(s):
		return Issue{Text: "a spreadsheet turned the number into scientific notation", Hint: asText}
	case strings.HasPrefix(s, "+"):
		return Issue{Text: "not an extension: digits only", Hint: "a full number belongs in primary_phone_number"}
	}
	return Issue{Text: "not an extension: digits only", Hint: "did a spreadsheet change it? " + asText}
}

func checkPackage(s string) Issue {
	p, ok := LookupPackage(s)
	switch {
	case ok && p.Subscriber:
		return Issue{}
	case ok:
		return Issue{Text: "a package of customers, not of subscribers", Hint: "allowed: " + strings.Join(packageNames(forSubscriber), ", ")}
	case slices.Contains(broadworksPackages, s):
		return Issue{Text: "a package of BroadWorks, not of wholesale", Hint: "allowed: " + strings.Join(packageNames(forSubscriber), ", ")}
	case strings.ContainsAny(s, ";,"):
		return Issue{Text: "more than one package", Hint: "a subscriber has exactly one"}
	}
	return unknownPackage(s, packageNames(forSubscriber))
}

// subscriberPackage compares in place: a copy of each entry would cost more than
// the comparison.
func subscriberPackage(name string) bool {
	for i := range packages {
		if packages[i].Name == name {
			return packages[i].Subscriber
		}
	}
	return false
}

func forCustomer(p Package) bool   { return p.Customer }
func forSubscriber(p Package) bool { return p.Subscriber }

func packageNames(use func(Package) bool) []string {
	var names []string
	for _, p := range packages {
		if use(p) {
			names = append(names, p.Name)
		}
	}
	return names
}

func unknownPackage(name string, allowed []string) Issue {
	issue := Issue{Text: fmt.Sprintf("no package %q", name), Hint: "allowed: " + strings.Join(allowed, ", ")}
	if near, ok := Nearest(name, allowed); ok {
		issue.Hint = fmt.Sprintf("did you mean %q", near)
	}
	return issue
}

// parsePackageSet sorts a customer's packages: their order means nothing.
func parsePackageSet(s string) (string, Issue) {
	var room [16]string // more than there are packages, so that a set costs no memory
	names, tidied := room[:0], false
	for part := range strings.SplitSeq(s, ";") {
		name := strings.TrimSpace(part)
		tidied = tidied || len(name) != len(part)
		if issue := checkMember(name, names); issue.Text != "" {
			return s, issue
		}
		names = append(names, name)
	}
	for _, name := range names {
		if issue := checkNeeds(name, names); issue.Text != "" {
			return s, issue
		}
	}
	if !tidied && slices.IsSorted(names) {
		return s, Issue{}
	}
	return JoinPackages(names), Issue{}
}

func checkMember(name string, before []string) Issue {
	p, ok := LookupPackage(name)
	switch {
	case name == "":
		return Issue{Text: "an empty name in the list", Hint: `delete the extra ";"`}
	case !ok && strings.Contains(name, ","):
		return Issue{Text: "packages separated by commas", Hint: `separate them by ";"`}
	case !ok || !p.Customer:
		return unknownPackage(name, packageNames(forCustomer))
	case slices.Contains(before, name):
		return Issue{Text: fmt.Sprintf("package %q stands twice in the list", name), Hint: "name it once"}
	}
	return Issue{}
}

func checkNeeds(name string, names []string) Issue {
	p, _ := LookupPackage(name)
	if len(p.NeedsOneOf) == 0 || slices.ContainsFunc(p.NeedsOneOf, func(n string) bool { return slices.Contains(names, n) }) {
		return Issue{}
	}
	return Issue{Text: fmt.Sprintf("package %q is missing the one it depends on", name), Hint: "add one of " + strings.Join(p.NeedsOneOf, ", ")}
}

// notCountries are the regions of x/text that ISO 3166-1 does not assign, or no
// longer assigns. XK (Kosovo) is not assigned either, but is in use everywhere.
const notCountries = "AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN YU"

var countries = sync.OnceValue(func() *[26][26]bool {
	var known [26][26]bool
	for a := range known {
		for b := range known[a] {
			code := string([]byte{'A' + byte(a), 'A' + byte(b)})
			region, err := language.ParseRegion(code)
			known[a][b] = err == nil && region.IsCountry() && region.Canonicalize().String() == code && !strings.Contains(notCountries, code)
		}
	}
	return &known
})

func parseCountry(s string) (string, Issue) {
	if len(s) == 2 {
		code := strings.ToUpper(s)
		a, b := code[0]-'A', code[1]-'A'
		if a < 26 && b < 26 && countries()[a][b] {
			return code, Issue{}
		}
	}
	issue := Issue{Text: "not an ISO 3166-1 code of two letters", Hint: "write it like DE, GB or US"}
	if r, err := language.ParseRegion(s); err == nil && r.IsCountry() {
		if code := r.Canonicalize().String(); len(code) == 2 && code != strings.ToUpper(s) {
			issue.Hint = "write " + code
		}
	}
	return s, issue
}

// checkLanguage takes the two forms of the vendor's pages, xx and xx_YY. The
// case of YY is kept: examples write both en_US and en_us.
func checkLanguage(s string) Issue {
	base, region, two := strings.Cut(s, "_")
	if lowerPair(base) && (!two || lowerPair(strings.ToLower(region))) {
		return Issue{}
	}
	issue := Issue{Text: "not a language of the form xx or xx_YY", Hint: "write it like en or en_US"}
	base, region, two = strings.Cut(strings.ReplaceAll(s, "-", "_"), "_")
	base = strings.ToLower(base)
	if two && lowerPair(base) && lowerPair(strings.ToLower(region)) {
		issue.Hint = "write " + base + "_" + region
	}
	return issue
}

func lowerPair(s string) bool {
	return len(s) == 2 && s[0]-'a' < 26 && s[1]-'a' < 26
}

// checkTimezone looks at the form alone. The vendor's own list has names that
// the tz database lacks, so a loader would refuse what the API takes.
func checkTimezone(s string) Issue {
	parts := 0
	for part := range strings.SplitSeq(s, "/") {
		parts++
		if !zonePart(part) {
			parts = 0
			break
		}
	}
	if parts == 2 || parts == 3 {
		return Issue{}
	}
	return Issue{Text: "not a time zone of the form Area/City", Hint: "write it like Europe/Berlin or America/New_York"}
}

func zonePart(s string) bool {
	if s == "" || s[0]-'A' >= 26 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !letterOrDigit(c) && c != '_' && c != '-' && c != '+' {
			return false
		}
	}
	return true
}

func letterOrDigit(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26
}

// ids of the API begin with the base64 of "ciscospark://".
const idPrefix = "Y2lzY29zcGFyazov"

// checkID refuses what cannot be an id of the API. Whether the id exists, and in
// which organization, only the API knows.
func checkID(s string) Issue {
	body := strings.TrimRight(s, "=")
	for i := 0; i < len(body); i++ {
		if c := body[i]; !letterOrDigit(c) && c != '-' && c != '_' && c != '+' && c != '/' {
			return Issue{Text: fmt.Sprintf("not an id: holds %q", body[i:i+1]), Hint: "copy the id again"}
		}
	}
	if body == "" || len(s)-len(body) > 2 {
		return Issue{Text: "not an id", Hint: "copy the id again"}
	}
	if strings.HasPrefix(body, idPrefix) && !wholeID(body) {
		return Issue{Text: "a damaged id: its base64 does not decode to ciscospark://region/TYPE/id", Hint: "was it cut off? copy the id again"}
	}
	return Issue{}
}

// wholeID decodes on the stack: a location id stands in every row of a big file.
func wholeID(body string) bool {
	var from, to [256]byte
	if len(body) > len(from) {
		return false
	}
	n := copy(from[:], body)
	for i, c := range from[:n] {
		switch c {
		case '-':
			from[i] = '+'
		case '_':
			from[i] = '/'
		}
	}
	n, err := base64.RawStdEncoding.Decode(to[:], from[:n])
	if err != nil {
		return false
	}
	slashes := 0
	for _, c := range to[:n] {
		if c == '/' {
			slashes++
		}
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return slashes == 4 && to[n-1] != '/'
}

// Nearest finds the name that a misspelt word most likely stands for: one letter
// in three may be wrong. Case, spaces, "_" and "-" do not count.
func Nearest(word string, names []string) (string, bool) {
	word = letters(word)
	best, least := "", len(word)/3+1
	for _, name := range names {
		if d := distance(word, letters(name)); d < least {
			best, least = name, d
		}
	}
	return best, best != ""
}

func letters(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(s))
}

// distance counts the letters to add, drop, change or swap with the next one
// (optimal string alignment), in bytes. A long word is like no name at all.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// parseCount reads a number of seats. 007 is 7, and a sheet's 50.0 is nobody's.
func parseCount(s string) (string, Issue) {
	if !digits(s) || len(s) > maxCount {
		return s, Issue{Text: "not a whole number of seats", Hint: "write digits alone, such as 50"}
	}
	return strings.TrimLeft(s[:len(s)-1], "0") + s[len(s)-1:], Issue{}
}
