package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"wholesync/diff"
)

func planHTMLText(t *testing.T, v PlanView) string {
	t.Helper()
	var b bytes.Buffer
	if err := WritePlanHTML(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWritePlanHTML(t *testing.T) {
	golden(t, "plan.html", []byte(planHTMLText(t, sampleView(t))))
}

// Markup in names is text, and every element is closed.
func TestPlanHTMLEscapes(t *testing.T) {
	const evil = "<script>alert(1)</script><img src=x onerror=y>\"'\x1b[2J\u202e"
	v := PlanView{
		Files: []diff.File{{Name: evil}}, Source: evil, Next: evil, Hits: []diff.GuardHit{{Reason: evil, Lift: "--" + evil}},
		Plan: &diff.Plan{
			Changes: []diff.Change{{Kind: diff.Customer, Action: diff.Remove, Key: diff.Key{Customer: evil}, FileName: evil, Line: 1, Reason: evil, Remark: evil, Fields: []diff.FieldChange{{Column: diff.ColName, Before: evil}}}},
			Held:    []diff.Held{{Kind: diff.Customer, Key: diff.Key{Customer: evil}, FileName: evil, Line: 3, Reason: evil, Advice: evil, LiveIDs: []string{evil}}},
			Drift:   []diff.Drift{{FileName: evil, Line: 3, Key: diff.Key{Customer: evil, Email: evil}, Column: diff.ColFirstName, Live: evil, Wanted: evil}},
			Notes:   []diff.Note{{FileName: evil, Text: evil}},
			Effect:  diff.Effect{Packages: []diff.Seats{{Package: evil}}},
		},
	}
	text := planHTMLText(t, v)
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Entity = xml.HTMLEntity
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
	}
}

func TestPlanHTMLOfALongPlan(t *testing.T) {
	v := longPlanView(htmlAll + 1)
	short := planHTMLText(t, v)
	v.Full = true
	full := planHTMLText(t, v)
	if s, f := strings.Count(short, "big.csv:"), strings.Count(full, "big.csv:"); s != 3*htmlEach || f != htmlAll+1 {
		t.Errorf("%d changes in short and %d in full", s, f)
	}
	if !strings.Contains(short, "Changes: 1,000 of 1,667 to provision") {
		t.Error("it is not said what is missing")
	}
}

// Lines of a narrow column may break between the parts of a key, nowhere else.
func TestPieces(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"acme":                  "acme",
		"acme/ada@acme.example": "acme/|ada@|acme.example",
		"a;b,;":                 "a;|b,|;",
	} {
		if got := strings.Join(pieces(text), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
