package diff

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// emailBytes are the ASCII characters that an address may hold before the "@";
// what a domain may hold is checked apart.
var emailBytes = func() (ok [utf8.RuneSelf]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+/=?^_`{|}~-") {
		ok[c] = true
	}
	return ok
}()

// plainEmail recognises the common address at one pass: ASCII, one "@", a dot in
// the domain, and no two marks side by side.
func plainEmail(s string) bool {
	at, dot, before := -1, -1, byte('.') // the byte before the first counts as a mark
	for i := range len(s) {
		c := s[i]
		switch {
		case letterOrDigit(c):
		case before == '.' || before == '-' || before == '@' || before == '_':
			return false
		case c == '@' && at < 0:
			at = i
		case c == '.':
			dot = i
		case c == '-' || c == '_' && at < 0:
		default:
			return false
		}
		before = c
	}
	return at > 0 && dot > at && len(s) <= 63 && letterOrDigit(before)
}

// checkEmail holds an address against the rules of plain addresses. Quoted local
// parts and address literals are legal mail and not accounts of anyone.
func checkEmail(s string) Issue {
	if len(s) > maxEmail && utf8.RuneCountInString(s) > maxEmail {
		return Issue{Text: fmt.Sprintf("has %d characters; an e-mail address has at most %d", utf8.RuneCountInString(s), maxEmail)}
	}
	local, domain, ok := strings.Cut(s, "@")
	switch {
	case !ok:
		return Issue{Text: `not an e-mail address: no "@"`}
	case strings.IndexByte(domain, '@') >= 0:
		return Issue{Text: `not an e-mail address: more than one "@"`, Hint: "one address per cell"}
	case local == "" || domain == "":
		return Issue{Text: `not an e-mail address: nothing on one side of the "@"`}
	}
	for i := range len(s) {
		if c := s[i]; c < utf8.RuneSelf && !emailBytes[c] && i != len(local) {
			return emailCharacter(c)
		}
	}
	if badDots(local) {
		return Issue{Text: `not an e-mail address: a dot too many before the "@"`}
	}
	if issue := checkDomain(domain); issue.Text != "" {
		return issue
	}
	return checkScripts(local, domain)
}

func emailCharacter(c byte) Issue {
	issue := Issue{Text: fmt.Sprintf("not an e-mail address: holds %q", c), Hint: "write the address alone, as in anna@example.com"}
	if c == ' ' {
		issue.Text = "not an e-mail address: holds a space"
	}
	return issue
}

func badDots(s string) bool {
	return s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..")
}

func checkDomain(domain string) Issue {
	switch {
	case domain[len(domain)-1] == '.':
		return Issue{Text: "not an e-mail address: ends with a dot", Hint: "delete the dot"}
	case badDots(domain):
		return Issue{Text: `not an e-mail address: a dot too many after the "@"`}
	case strings.IndexByte(domain, '.') < 0:
		return Issue{Text: "not an e-mail address: no dot in the domain", Hint: "write the whole domain, as in example.com"}
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return Issue{Text: fmt.Sprintf("not an e-mail address: %q cannot be part of a domain", label)}
		}
		for i := range len(label) {
			if c := label[i]; c < utf8.RuneSelf && c != '-' && !letterOrDigit(c) {
				return Issue{Text: fmt.Sprintf("not an e-mail address: holds %q after the \"@\"", c)}
			}
		}
	}
	return Issue{}
}

// checkScripts finds letters that only look like the ones people read: full-width
// and mathematical forms, and one word written in two scripts.
func checkScripts(local, domain string) Issue {
	if ascii(local) && ascii(domain) {
		return Issue{}
	}
	for _, r := range local + domain {
		if r >= utf8.RuneSelf && !norm.NFKC.IsNormalString(string(r)) {
			return Issue{Text: "holds " + describe(r) + ", which only looks like an ordinary letter", Hint: "type the address again"}
		}
	}
	if issue := mixedScripts(local); issue.Text != "" {
		return issue
	}
	for label := range strings.SplitSeq(domain, ".") {
		if issue := mixedScripts(label); issue.Text != "" {
			return issue
		}
	}
	return Issue{}
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lookalikes are the scripts whose letters pass for Latin ones.
var lookalikes = map[string]*unicode.RangeTable{
	"Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek, "Armenian": unicode.Armenian, "Cherokee": unicode.Cherokee, "Coptic": unicode.Coptic, "Lisu": unicode.Lisu,
}

func mixedScripts(word string) Issue {
	if !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
		return Issue{}
	}
	for _, r := range word {
		for name, table := range lookalikes {
			if unicode.Is(table, r) {
				return Issue{Text: fmt.Sprintf("holds U+%04X, a %s letter among Latin ones", r, name), Hint: "type the address again"}
			}
		}
	}
	return Issue{}
}
