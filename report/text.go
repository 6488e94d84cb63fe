package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// number writes a count with a comma between thousands.
func number(n int) string { return thousands(strconv.Itoa(n)) }

// thousands puts commas into a whole number in decimal digits.
func thousands(digits string) string {
	from := len(digits) - len(strings.TrimPrefix(digits, "-"))
	for i := len(digits) - 3; i > from; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural writes a count with its noun, "1 file" or "2 files".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// perSecond writes a rate with about three digits.
func perSecond(rate float64) string {
	if rate >= 1000 {
		return number(int(math.Round(rate))) + "/s"
	}
	return fmt.Sprintf("%.3g/s", rate)
}

// withHint puts what went wrong and what to do about it on one line. Texts of
// the API, and of the tables of its codes, are sentences; ours are not.
func withHint(text, hint string) string {
	if hint == "" {
		return text
	}
	first, size := utf8.DecodeRuneInString(hint)
	return strings.TrimRight(text, ".") + "; " + string(unicode.ToLower(first)) + strings.TrimSuffix(hint[size:], ".")
}

// span writes a duration the way people say it, to about two digits.
func span(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return "under a minute"
	case minutes < 60:
		return "about " + plural(minutes, "minute")
	case minutes < 10*60:
		tens := (minutes + 5) / 10 * 10
		return strings.TrimSuffix(fmt.Sprintf("about %d h %d min", tens/60, tens%60), " 0 min")
	default:
		return fmt.Sprintf("about %s h", number((minutes+30)/60))
	}
}

// clip shortens text for a line of the plan; the text must be clean.
func clip(s string, runes int) string {
	n := 0
	for i := range s {
		if n == runes {
			return s[:i] + "..."
		}
		n++
	}
	return s
}

// width is how many characters text has.
func width(s string) int { return utf8.RuneCountInString(s) }

// pad fills text with blanks to a width in characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// grid is a small table for a terminal. The first column stands left, and so do
// the columns named in left; the others hold numbers and stand right.
type grid struct {
	rows [][]string
	left map[int]bool
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

func (g *grid) write(w io.Writer) {
	var widths []int
	for _, row := range g.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range g.rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString("  ")
			if i == 0 || g.left[i] {
				b.WriteString(pad(cell, widths[i]))
				continue
			}
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + cell)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// ShellWord quotes a word for a POSIX shell where it needs that, so that a
// command shown to a person can be copied as it stands.
func ShellWord(s string) string {
	plain := func(r rune) bool {
		return r >= utf8.RuneSelf || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune("-_./=:,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
