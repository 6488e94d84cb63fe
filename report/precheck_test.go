package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"wholesync/batch"
	"wholesync/diff"
)

// sampleVerdicts has every verdict.
func sampleVerdicts() []batch.Verdict {
	at := func(kind diff.Kind, key diff.Key, line uint32) *diff.Change {
		return &diff.Change{ID: kind.String() + "/" + key.String(), Kind: kind, Action: diff.Provision, Key: key, FileName: "in.csv", Line: line}
	}
	user := func(email string, line uint32) *diff.Change {
		return at(diff.Subscriber, diff.Key{Customer: "acme", Email: email}, line)
	}
	first := batch.PrecheckNote{Code: 101, Meaning: "The customer is not provisioned yet.", Advice: "Provision the customer first."}
	consent := batch.PrecheckNote{Code: 106, Meaning: "The user has to agree.", Advice: "Expect pending_user_migration.", Consent: true}
	return []batch.Verdict{
		{Change: at(diff.Customer, diff.Key{Customer: "acme"}, 2), Word: batch.VerdictOK, Notes: []batch.PrecheckNote{{Code: 100, Meaning: "Fine."}}, Asked: true},
		{Change: user("ann@acme.example", 3), Word: batch.VerdictNoted, Notes: []batch.PrecheckNote{first}, Asked: true},
		{Change: user("bob@acme.example", 4), Word: batch.VerdictNoted, Notes: []batch.PrecheckNote{first, consent}, Asked: true},
		{Change: user("cyd@acme.example", 5), Word: batch.VerdictRefused, Code: 1001, Title: "Missing field", Field: "email", Description: "no e-mail.", Advice: "Fill it.", Asked: true},
		{Change: user("dan@acme.example", 6), Word: batch.VerdictUnknown, Description: "no answer: HTTP status 500", Advice: "ask again", Unanswered: true, Asked: true},
		{Change: user("eve@acme.example", 7), Word: batch.VerdictUnknown, Description: "not asked: no primary_email"},
	}
}

func precheckText(t *testing.T, v PlanView) string {
	t.Helper()
	var b bytes.Buffer
	if err := WritePrecheck(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWritePrecheck(t *testing.T) {
	v := sampleView(t)
	v.Verdicts = sampleVerdicts()
	golden(t, "precheck.txt", []byte(precheckText(t, v)))
	v.Full, v.Color = true, true
	golden(t, "precheck_color_full.txt", []byte(strings.ReplaceAll(precheckText(t, v), "\x1b", "ESC")))
	if text := precheckText(t, PlanView{Verdicts: []batch.Verdict{}}); text != "Precheck: no rows to be provisioned\n" {
		t.Errorf("nothing to ask is told as %q", text)
	}
}

// The verdicts of a plan stand in its text and on its page, and their calls count.
func TestPlanWithVerdicts(t *testing.T) {
	v := sampleView(t)
	v.ListCalls = 7
	if strings.Contains(planText(t, v), "recheck") {
		t.Error("a plan without verdicts speaks of a precheck")
	}
	v.Verdicts = sampleVerdicts()
	var page bytes.Buffer
	if err := WritePlanHTML(&page, v); err != nil {
		t.Fatal(err)
	}
	text := planText(t, v)
	for _, want := range []string{"1 ok, 2 ok with notes, 1 refused, 2 unknown of 6 rows to be provisioned", "after 7 to list and 5 to precheck", "1001 Missing field: field email: no e-mail; fill it"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// Long lists are cut, but not with Full.
func TestManyVerdicts(t *testing.T) {
	v := PlanView{Plan: &diff.Plan{}}
	for i := range 25 {
		v.Verdicts = append(v.Verdicts, sampleVerdicts()[3])
		v.Verdicts[i].Change.Line = uint32(i + 2)
	}
	if text := precheckText(t, v); strings.Count(text, "in.csv:") != 20 || !strings.Contains(text, "... and 5 more (--full shows them)") {
		t.Errorf("25 refusals are shown as\n%s", text)
	}
	v.Full = true
	if text := precheckText(t, v); strings.Count(text, "in.csv:") != 25 || strings.Contains(text, "--full") {
		t.Errorf("in full 25 refusals are shown as\n%s", text)
	}
}

func TestWriteVerdicts(t *testing.T) {
	var b bytes.Buffer
	if err := WriteVerdicts(&b, sampleVerdicts()); err != nil {
		t.Fatal(err)
	}
	golden(t, "verdicts.csv", b.Bytes())
	if WriteVerdicts(brokenWriter{}, sampleVerdicts()) == nil || WritePrecheck(brokenWriter{}, PlanView{Verdicts: sampleVerdicts()}) == nil {
		t.Error("a full disk is not noticed")
	}
}

// What the API or the input says harms neither a terminal nor a spreadsheet.
func TestHostileVerdicts(t *testing.T) {
	const evil = "=cmd|'/c calc'!A1\x1b[2J\u202e\n"
	hostile := batch.Verdict{
		Change: &diff.Change{Kind: diff.Subscriber, Key: diff.Key{Customer: evil, Email: evil}, FileName: evil, Line: 1}, Word: batch.VerdictRefused, Code: 1,
		Title: evil, Field: evil, Description: evil, Advice: evil, Notes: []batch.PrecheckNote{{Code: 1, Meaning: evil, Advice: evil}},
	}
	noted := hostile
	noted.Word, noted.Code, noted.Title, noted.Advice = batch.VerdictNoted, 0, "", ""
	v := PlanView{Verdicts: []batch.Verdict{hostile, noted}, Full: true}
	text := precheckText(t, v)
	for i, r := range text {
		if r != '\n' && !unicode.IsGraphic(r) {
			t.Fatalf("%q at %d of %q", r, i, text)
		}
	}
	var b bytes.Buffer
	if err := WriteVerdicts(&b, v.Verdicts); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range append(rows[1], rows[2]...) {
		if strings.HasPrefix(cell, "=") {
			t.Errorf("a formula: %q", cell)
		}
	}
}

// A saved plan has a note for all verdicts together and for each that is not
// plainly ok.
func TestVerdictNotes(t *testing.T) {
	var lines []string
	for _, n := range VerdictNotes(sampleVerdicts()) {
		lines = append(lines, fmt.Sprintf("%s:%d %s\n", n.FileName, n.Line, n.Text))
	}
	golden(t, "verdict_notes.txt", []byte(strings.Join(lines, "")))
}
