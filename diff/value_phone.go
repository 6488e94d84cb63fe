package diff

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// parsePhone brings a number to E.164. Nothing is guessed: a number without its
// country code could be anyone's, so it is refused with what to write instead.
func parsePhone(s string) (string, Issue) {
	if e164(s) {
		return s, Issue{}
	}
	if rest, ok := strings.CutPrefix(s, "'"); ok { // a spreadsheet's guard against formulas
		number, issue := parsePhone(rest)
		if issue.Text == "" {
			issue = Issue{Text: "begins with a quote that a spreadsheet put there", Hint: "it is read as " + number, Warning: true}
		}
		return number, issue
	}
	if scientific(s) {
		return s, Issue{Text: "a spreadsheet turned the number into scientific notation", Hint: asText}
	}
	if issue := checkPhoneCharacters(s); issue.Text != "" {
		return s, issue
	}
	bare := strings.NewReplacer(" ", "", "-", "", ".", "", "/", "", "(", "", ")", "").Replace(s)
	switch {
	case strings.HasPrefix(bare, "+"):
	case strings.HasPrefix(bare, "00"):
		s = "+" + bare[2:]
	default:
		return s, lostPlus(s, bare)
	}
	number, err := phonenumbers.Parse(s, "")
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return s, Issue{Text: "not a phone number of the country that its code names", Hint: "write it like +12405551212"}
	}
	if canonical := phonenumbers.Format(number, phonenumbers.E164); e164(canonical) {
		return canonical, Issue{}
	}
	return s, Issue{Text: "not a phone number", Hint: "write it like +12405551212"}
}

// e164 is the canonical form: "+", a country code, 7 to 15 digits in all. Such a
// number passes as it is, because number plans change faster than any table.
func e164(s string) bool {
	return len(s) >= 8 && len(s) <= 16 && s[0] == '+' && s[1] != '0' && digits(s[1:])
}

func checkPhoneCharacters(s string) Issue {
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', strings.ContainsRune(" -./()", r), r == '+' && i == 0:
		case strings.ContainsRune("xX#,;", r), strings.HasPrefix(strings.ToLower(s[i:]), "ext"):
			return Issue{Text: "a phone number with an extension", Hint: "put the extension into the column extension"}
		default:
			return Issue{Text: "not a phone number: holds " + quoteShort(string(r)), Hint: "write it like +12405551212"}
		}
	}
	return Issue{}
}

// lostPlus tells a number whose "+" a spreadsheet has dropped from one that never
// had a country code.
func lostPlus(s, bare string) Issue {
	whole := strings.TrimSuffix(s, ".0") // the column was a number once
	if digits(whole) {
		bare = whole
	}
	if number, err := phonenumbers.Parse("+"+bare, ""); err == nil && phonenumbers.IsValidNumber(number) {
		return Issue{Text: `the number lost its "+"`, Hint: "write " + phonenumbers.Format(number, phonenumbers.E164)}
	}
	return Issue{Text: "a phone number without a country code", Hint: `write it with "+" and the country code, like +12405551212`}
}
