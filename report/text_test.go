package report

import (
	"testing"
	"time"
)

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -100: "-100", -1000: "-1,000", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("number(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	tests := map[time.Duration]string{
		0:                                "under a minute",
		59 * time.Second:                 "under a minute",
		time.Minute:                      "about 1 minute",
		14*time.Minute + 10*time.Second:  "about 14 minutes",
		59*time.Minute + 40*time.Second:  "about 1 h",
		3*time.Hour + 18*time.Minute:     "about 3 h 20 min",
		9*time.Hour + 58*time.Minute:     "about 10 h",
		30*time.Hour + 31*time.Minute:    "about 31 h",
		2000 * time.Hour:                 "about 2,000 h",
		time.Hour + 4*time.Minute + 1*59: "about 1 h",
	}
	for d, want := range tests {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestShellWord(t *testing.T) {
	tests := map[string]string{
		"":                   "''",
		"runs/2026-04-02/a":  "runs/2026-04-02/a",
		"my file.csv":        "'my file.csv'",
		"it's":               `'it'\''s'`,
		"$(rm -rf x)":        "'$(rm -rf x)'",
		"größe.csv":          "größe.csv",
		"--allow-deletes=12": "--allow-deletes=12",
	}
	for in, want := range tests {
		if got := ShellWord(in); got != want {
			t.Errorf("ShellWord(%q) = %s, want %s", in, got, want)
		}
	}
}
