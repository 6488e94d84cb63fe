package report

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"wholesync/diff"
)

func problemsText(t *testing.T, problems []diff.Problem) string {
	t.Helper()
	var b bytes.Buffer
	if err := WriteProblems(&b, problems); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteProblems(t *testing.T) {
	bad := diff.Problem{File: "a.csv", Line: 2, Field: 3, Column: "email", Value: "x\x1b", Text: "not an e-mail address"}
	warn := diff.Problem{File: "b\x1b.csv", Line: 4, Text: "odd", Warning: true}
	tests := []struct {
		name     string
		problems []diff.Problem
		want     string
	}{
		{"none", nil, "0 errors\n"},
		{"one", []diff.Problem{bad}, "a.csv:2:3 column \"email\" value \"x\\x1b\": not an e-mail address\n1 error in 1 file\n"},
		{
			"both", []diff.Problem{warn, bad, bad},
			"b\\x1b.csv:4: warning: odd\n" + strings.Repeat("a.csv:2:3 column \"email\" value \"x\\x1b\": not an e-mail address\n", 2) + "2 errors, 1 warning in 2 files\n",
		},
	}
	for _, test := range tests {
		if got := problemsText(t, test.problems); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if err := WriteProblems(brokenWriter{}, tests[1].problems); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// Where there are too many problems, warnings do not crowd out an error.
func TestTooManyProblems(t *testing.T) {
	problems := make([]diff.Problem, maxProblems+5)
	for i := range problems {
		problems[i] = diff.Problem{File: "a.csv", Line: i + 2, Text: "odd", Warning: true}
	}
	problems = append(problems, diff.Problem{File: "a.csv", Line: 9999, Text: "wrong"})
	text := problemsText(t, problems)
	if !strings.HasPrefix(text, "a.csv:9999: wrong\na.csv:2: warning") || !strings.HasSuffix(text, "\n... and 6 more\n1 error, 1,005 warnings in 1 file\n") {
		t.Errorf("got %q ... %q", text[:60], text[len(text)-60:])
	}
	if n := strings.Count(text, "\n"); n != maxProblems+2 {
		t.Errorf("%d lines", n)
	}
}
