package report

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes text safe for a terminal or a log line. Control characters, bidi
// controls, zero-width characters and bytes that are no UTF-8 are shown
// escaped, as in a Go string; everything else stays as it is. The result is
// always one line.
func Clean(s string) string {
	from := firstUnsafe(s)
	if from == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:from])
	for s = s[from:]; s != ""; {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[0])|0x100, 16)[1:])
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

// firstUnsafe finds where Clean has something to do; len(s) if nowhere.
func firstUnsafe(s string) int {
	for i, r := range s {
		if ' ' <= r && r <= '~' {
			continue
		}
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return i
		}
	}
	return len(s)
}

// formulaStarts are the characters that make a spreadsheet take a cell for a
// formula, or skip ahead to one (OWASP, "CSV Injection"), with the full-width
// forms that East Asian editions take for the same.
const formulaStarts = "=+-@\t\r\n\x00\uff1d\uff0b\uff0d\uff20"

// plainNumber is what begins like a formula and is none: an E.164 phone number
// or an amount. A number with a minus inside, such as +1-240-555, would be computed.
var plainNumber = regexp.MustCompile(`^\+[0-9]{7,15}$|^-?[0-9]+(\.[0-9]+)?$`)

// Cell makes text safe as a cell of a CSV file that people open in a
// spreadsheet: what would be taken for a formula gets a leading quote. Line
// breaks inside are data; the CSV writer quotes them.
func Cell(s string) string {
	if s == "" || 'a' <= s[0] && s[0] <= 'z' {
		return s
	}
	r, _ := utf8.DecodeRuneInString(s)
	if !strings.ContainsRune(formulaStarts, r) || plainNumber.MatchString(s) {
		return s
	}
	return "'" + s
}
