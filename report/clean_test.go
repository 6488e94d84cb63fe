package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := map[string]string{
		"":                              "",
		"Anna Müller 😀 日本":              "Anna Müller 😀 日本",
		`C:\temp`:                       `C:\temp`,
		"no\u00a0break":                 "no\u00a0break",
		"\x1b[31mred":                   `\x1b[31mred`,
		"\x1b]8;;http://a\x07b":         `\x1b]8;;http://a\ab`,
		"a\nERROR fake\r\tb":            `a\nERROR fake\r\tb`,
		"\x00\x7f":                      `\x00\x7f`,
		"c1 \u009b31m":                  `c1 \u009b31m`,
		"abc\u202etxt.exe":              `abc\u202etxt.exe`,
		"zero\u200bwidth\ufeff\u2066":   `zero\u200bwidth\ufeff\u2066`,
		"line\u2028para\u2029":          `line\u2028para\u2029`,
		"tag \U000e0041":                `tag \U000e0041`,
		"bad \xff\xfe utf-8 \xc3":       `bad \xff\xfe utf-8 \xc3`,
		"a real replacement \ufffd too": "a real replacement \ufffd too",
	}
	for in, want := range tests {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCell(t *testing.T) {
	tests := map[string]string{
		"":                    "",
		"plain":               "plain",
		"=cmd()":              "'=cmd()",
		"@SUM(A1)":            "'@SUM(A1)",
		"\t=1":                "'\t=1",
		"\r=1":                "'\r=1",
		"\n=1":                "'\n=1",
		"\x00=1":              "'\x00=1",
		"＝1+1":                "'＝1+1",
		"+15551234567":        "+15551234567",
		"+123456":             "'+123456",
		"+1234567890123456":   "'+1234567890123456",
		"+1-240-555":          "'+1-240-555",
		"+15551234567\n":      "'+15551234567\n",
		"-12.50":              "-12.50",
		"-12":                 "-12",
		"-12.":                "'-12.",
		"-1+1":                "'-1+1",
		"--1":                 "'--1",
		"-":                   "'-",
		"a=b":                 "a=b",
		"12.50":               "12.50",
		"two\nlines":          "two\nlines",
		"'already":            "'already",
		"Ünal":                "Ünal",
		"\xff not even UTF-8": "\xff not even UTF-8",
	}
	for in, want := range tests {
		if got := Cell(in); got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[2J", "a\u202eb", "\xff", "日本\n", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Clean(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if !unicode.IsGraphic(r) {
				t.Fatalf("Clean(%q) = %q holds %U", s, got, r)
			}
		}
		if again := Clean(got); again != got {
			t.Fatalf("cleaned twice, %q becomes %q", got, again)
		}
	})
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"plain", "=1", "+15551234567", "-1", "\t=1", "＝1", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Cell(s)
		if got != s && got != "'"+s {
			t.Fatalf("Cell(%q) = %q changes more than the start", s, got)
		}
		if got != "" && strings.ContainsRune(formulaStarts, []rune(got)[0]) && !plainNumber.MatchString(got) {
			t.Fatalf("Cell(%q) = %q begins like a formula", s, got)
		}
		if again := Cell(got); again != got {
			t.Fatalf("guarded twice, %q becomes %q", got, again)
		}
	})
}
