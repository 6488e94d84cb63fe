package diff

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Issue is what is wrong with one cell; the zero Issue means that nothing is.
type Issue struct {
	Text    string // what is wrong
	Hint    string // what to do about it
	Warning bool   // the value is used all the same
}

// Limits of the API (schemas of the wholesale customer and subscriber).
const (
	maxEmail       = 161 // characters of an e-mail address
	maxAddressLine = 50  // characters of an address line
	maxExtension   = 10  // digits of an extension
	maxCount       = 9   // digits of a number of seats
)

// Parse brings a cell to its canonical form, which is what both sides of the
// comparison use: Parse(Parse(x)) is Parse(x). Blank stays blank and "!clear"
// stays "!clear"; whether the column can be cleared is for the caller, who knows
// the [Rule]. A cell that is refused comes back as it was.
//
// It runs once per cell of a plan, so a cell that is canonical already costs one
// look at its bytes and no memory.
func Parse(v Value, raw string) (canonical string, issue Issue) {
	if settled(v, raw) {
		return raw, Issue{}
	}
	return parse(v, raw)
}

// settled is the one look: it reports whether a cell is surely canonical and
// fine, for the values that the rows of big files are made of. What it does not
// recognise goes the long way.
func settled(v Value, s string) bool {
	switch v {
	case ValueEmail:
		return plainEmail(s)
	case ValuePhone:
		return e164(s)
	case ValueExtension:
		return digits(s) && len(s) <= maxExtension
	case ValuePackage:
		return subscriberPackage(s)
	case ValueEnsure:
		return s == EnsurePresent || s == EnsureAbsent
	case ValueBroadWorksPackage:
		return slices.Contains(broadworksPackages, s)
	case ValueText, ValueExternalID, ValueAddressLine:
		return len(s) > 4 && len(s) <= maxAddressLine && s[0] > '#' && strings.IndexByte(s, '+') < 0 && plain(s)
	}
	return s == ""
}

func parse(v Value, raw string) (canonical string, issue Issue) {
	s := raw
	if !plain(raw) {
		if s, issue = tidy(v, raw); issue.Text != "" && !issue.Warning {
			return raw, issue
		}
	}
	if s == "" || s[0] == '!' && strings.EqualFold(s, Clear) {
		return strings.ToLower(s), issue
	}
	if s[0] == '#' && damaged(s) {
		return raw, Issue{Text: "a spreadsheet error instead of a value", Hint: "mend the formula, then save as CSV UTF-8 again"}
	}
	canonical, found := parseValue(v, s)
	if found.Text == "" {
		return canonical, issue
	}
	if !found.Warning {
		return raw, found
	}
	return canonical, found
}

func parseValue(v Value, s string) (string, Issue) {
	switch v {
	case ValueEnsure:
		return s, checkEnsure(s)
	case ValueExternalID:
		return s, checkExternalID(s)
	case ValueEmail:
		return s, checkEmail(s)
	case ValuePhone:
		return parsePhone(s)
	case ValueExtension:
		return s, checkExtension(s)
	case ValuePackage:
		return s, checkPackage(s)
	case ValuePackageSet:
		return parsePackageSet(s)
	case ValueBroadWorksPackage:
		return s, checkBroadWorksPackage(s)
	case ValueSwitch:
		return s, checkSwitch(s)
	case ValueCountry:
		return parseCountry(s)
	case ValueLanguage:
		return s, checkLanguage(s)
	case ValueTimezone:
		return s, checkTimezone(s)
	case ValueCount:
		return parseCount(s)
	case ValueID:
		return s, checkID(s)
	case ValueName:
		if strings.Contains(s, "%") {
			return s, Issue{Text: `holds "%", which the API refuses in a customer's name`, Hint: "spell it out"}
		}
	case ValueAddressLine:
		if n := utf8.RuneCountInString(s); n > maxAddressLine {
			return s, Issue{
				Text: fmt.Sprintf("has %d characters; an address line takes at most %d", n, maxAddressLine),
				Hint: "move the rest to the second address line",
			}
		}
	}
	return s, checkPlaceholder(s)
}

// plain reports whether a cell is printable ASCII without outer spaces, so that
// nothing has to be tidied.
func plain(s string) bool {
	if s == "" {
		return true
	}
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i]-' ' > '~'-' ' {
			return false
		}
	}
	return true
}

// tidy trims, composes (NFC) and names the characters that a reader cannot see
// or that would spoil a terminal or a log.
func tidy(v Value, raw string) (string, Issue) {
	if !utf8.ValidString(raw) {
		return raw, notUTF8(raw)
	}
	s := strings.Trim(norm.NFC.String(raw), " \t\r\n")
	loose := v == ValueText || v == ValueName || v == ValueAddressLine
	var odd rune // a space that is read as a plain one
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && r >= ' ' && r != 0x7f:
		case unicode.Is(unicode.Zs, r) && loose:
			odd = r
		case loose && (r == zwnj || r == zwj): // Persian, Hindi and other scripts write with them
		case hostile(r):
			return raw, Issue{Text: "holds " + describe(r), Hint: hostileHint(r)}
		}
	}
	if odd == 0 {
		return s, Issue{}
	}
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s)
	return strings.Trim(s, " "), Issue{Text: "holds " + describe(odd), Hint: "it is read as a plain space", Warning: true}
}

func notUTF8(s string) Issue {
	for i, r := range s {
		if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
			return Issue{Text: fmt.Sprintf("byte 0x%02X is not UTF-8", s[i]), Hint: "Windows-1252? save as CSV UTF-8"}
		}
	}
	return Issue{}
}

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// hostile characters are invisible, turn the writing direction, or control a
// terminal. U+FFFD is what an earlier conversion left of a lost character.
func hostile(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp) || r == utf8.RuneError
}

func hostileHint(r rune) string {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return "a value is one line: put a space there"
	case unicode.Is(unicode.Zs, r):
		return "delete it, or type a plain space"
	case r == utf8.RuneError:
		return "an earlier conversion lost a character here: type it again"
	}
	return "delete it: it cannot be seen"
}

// describe names a character that cannot be shown.
func describe(r rune) string {
	code := fmt.Sprintf("U+%04X", r)
	if name, ok := runeNames[r]; ok {
		return code + " (" + name + ")"
	}
	if unicode.IsControl(r) {
		return code + " (control character)"
	}
	return code
}

var runeNames = map[rune]string{
	0x00: "NUL", 0x07: "bell", 0x09: "tab", 0x0a: "line break", 0x0d: "carriage return", 0x1b: "escape",
	0xa0: "no-break space", 0xad: "soft hyphen", 0x2007: "figure space", 0x202f: "narrow no-break space", 0x3000: "ideographic space",
	0x200b: "zero-width space", zwnj: "zero-width non-joiner", zwj: "zero-width joiner", 0x2060: "word joiner",
	0x200e: "left-to-right mark", 0x200f: "right-to-left mark",
	0x202a: "left-to-right embedding", 0x202b: "right-to-left embedding", 0x202c: "pop directional formatting",
	0x202d: "left-to-right override", 0x202e: "right-to-left override",
	0x2066: "left-to-right isolate", 0x2067: "right-to-left isolate", 0x2068: "first strong isolate", 0x2069: "pop directional isolate",
	0x2028: "line separator", 0x2029: "paragraph separator",
	0xfeff: "byte order mark", utf8.RuneError: "replacement character",
}

// damaged recognises what spreadsheets write where a formula failed or a column
// was too narrow.
func damaged(s string) bool {
	switch strings.ToUpper(s) {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA":
		return true
	}
	return len(s) > 2 && strings.Trim(s, "#") == ""
}

// scientific recognises a long number that a spreadsheet has rounded: 1.44E+10,
// or with a decimal comma 1,44E+10.
func scientific(s string) bool {
	at := strings.LastIndexByte(s, '+')
	if at < 2 || s[at-1]|0x20 != 'e' || !digits(s[at+1:]) {
		return false
	}
	whole, fraction, _ := strings.Cut(strings.Replace(strings.TrimPrefix(s[:at-1], "+"), ",", ".", 1), ".")
	return digits(whole) && (fraction == "" || digits(fraction))
}

// digits reports whether s is ASCII digits and nothing else.
func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return s != ""
}

// checkPlaceholder warns of words that other systems write for "no value". They
// may be meant, so they stay.
func checkPlaceholder(s string) Issue {
	if len(s) <= 4 && (s == "-" || strings.EqualFold(s, "null") || strings.EqualFold(s, "n/a")) {
		return Issue{Text: "looks like a placeholder and is taken literally", Hint: "leave the cell blank if nothing is meant", Warning: true}
	}
	return Issue{}
}
