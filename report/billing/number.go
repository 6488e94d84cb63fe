package billing

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// plainNumber is a number as the canonical invoice has it. It leaves no room for
// exponents, which a few bytes of could blow up to gigabytes of digits.
var plainNumber = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,12})?$`)

// parseAmount reads a number with a decimal point and nothing else.
func parseAmount(s string) (*big.Rat, error) {
	if !plainNumber.MatchString(s) {
		return nil, fmt.Errorf("%q is not a number; write it like -1234.50", s)
	}
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%q is not a number", s)
	}
	return v, nil
}

// signs are the characters that a file uses inside numbers.
type signs struct {
	decimal, thousands string // blank = not declared
}

var errAmbiguous = errors.New("the number can be read in two ways; declare decimal and thousands in the mapping file")

// plain brings a number of a known layout into plain form: without thousands
// separators and currency signs, with a decimal point, and with a minus for the
// parentheses and the trailing minus of accountants.
func (n signs) plain(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u202f', '\u2009': // spaces that do not break
			return ' '
		case '\u2212': // the minus of typesetters
			return '-'
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if strings.Contains(s, " ") && !spaced.MatchString(s) {
		return "", fmt.Errorf("%q has a space where no thousands end", s)
	}
	s = strings.ReplaceAll(s, " ", "")
	inner, open := strings.CutPrefix(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if open != closed {
		return "", fmt.Errorf("%q has one parenthesis", s)
	}
	if body, trailing := strings.CutSuffix(inner, "-"); trailing && !open {
		inner, open = body, true
	}
	inner = strings.TrimPrefix(strings.TrimLeft(inner, "$€£¥"), "+")
	inner, err := n.point(inner)
	if err != nil {
		return "", err
	}
	if open {
		if strings.HasPrefix(inner, "-") {
			return "", fmt.Errorf("%q is negative twice", s)
		}
		inner = "-" + inner
	}
	return inner, nil
}

// spaced is a number whose thousands are set apart by spaces.
var spaced = regexp.MustCompile(`^[^0-9]*[0-9]{1,3}( [0-9]{3})+([.,][0-9]+)?[^0-9]*$`)

var grouped = regexp.MustCompile(`^-?[0-9]{1,3}(T[0-9]{3})+(D[0-9]+)?$`)

// point replaces the file's decimal sign by a point. Where none is declared, a
// single sign followed by three digits could be either and is refused.
func (n signs) point(s string) (string, error) {
	if n.decimal == "" && n.thousands == "" {
		if at := strings.IndexAny(s, ".,"); at >= 0 && !strings.ContainsAny(s[at+1:], ".,") {
			if s[at] == ',' || len(s)-at-1 == 3 {
				return "", errAmbiguous
			}
			return s, nil
		}
		if strings.ContainsAny(s, ".,") {
			return "", errAmbiguous
		}
		return s, nil
	}
	if n.thousands != "" && strings.Contains(s, n.thousands) {
		shape := s
		if n.decimal != "" {
			shape = strings.ReplaceAll(shape, n.decimal, "D")
		}
		if !grouped.MatchString(strings.ReplaceAll(shape, n.thousands, "T")) {
			return "", fmt.Errorf("%q has %q where no thousands end", s, n.thousands)
		}
		s = strings.ReplaceAll(s, n.thousands, "")
	}
	if n.decimal == "," {
		if strings.Contains(s, ".") {
			return "", fmt.Errorf("%q has a point, and the decimal sign is a comma", s)
		}
		s = strings.ReplaceAll(s, ",", ".")
	}
	return s, nil
}

// parseDate reads a day in one of the layouts of Go's package time. Without any,
// only the form 2026-04-30 is taken, because 04/05/2026 is two days.
func parseDate(s string, layouts []string) (Day, error) {
	if len(layouts) == 0 {
		return ParseDay(s)
	}
	var found Day
	for _, layout := range layouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if found != 0 && found != DayOf(t) {
			return 0, fmt.Errorf("%q is two days, %s and %s; leave one of the date formats out", s, found, DayOf(t))
		}
		found = DayOf(t)
	}
	if found == 0 {
		return 0, fmt.Errorf("%q is in none of the date formats %s", s, strings.Join(layouts, ", "))
	}
	return found, nil
}
