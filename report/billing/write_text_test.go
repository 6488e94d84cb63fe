package billing

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestTextFitsScreen: whatever there is to tell, the summary fits 80 columns and
// 24 lines, and says how much it left out.
func TestTextFitsScreen(t *testing.T) {
	var lines []Line
	for i := range 300 {
		lines = append(lines, seatLine(fmt.Sprint(i+10), Party{ExternalID: strings.Repeat("long-name-", 3) + fmt.Sprint(i)}, "webex_calling", "5", "7.25", "36.25"))
	}
	lines = append(lines, exampleLines("99.03", "57.97", "10.02", "7.25")...)
	r := compared(t, Input{Lines: lines, Reports: []Report{exampleReport()}})
	var b bytes.Buffer
	if err := WriteText(&b, r); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n > 24 || n < 18 {
		t.Errorf("%d lines:\n%s", n, &b)
	}
	for line := range strings.Lines(b.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(b.String(), "more; --findings FILE has them all") {
		t.Errorf("what is left out is not told:\n%s", &b)
	}
}

func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching("[aé]{1,40}|b{70,200}")).Draw(t, "words")
		var b bytes.Buffer
		fold(&b, "    ", strings.Join(words, " "))
		for line := range strings.Lines(b.String()) {
			if utf8.RuneCountInString(line) > screenWidth+1 {
				t.Fatalf("too long: %q", line)
			}
		}
		unbroken := strings.NewReplacer(" ", "", "\n", "")
		if got, want := unbroken.Replace(b.String()), strings.Join(words, ""); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}
