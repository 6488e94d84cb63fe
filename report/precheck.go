package report

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"wholesync/batch"
	"wholesync/diff"
)

// verdictWords are the verdicts as people read them, in the order of reports.
var verdictWords = []struct {
	word batch.VerdictWord
	text string
}{
	{batch.VerdictOK, "ok"}, {batch.VerdictNoted, "ok with notes"}, {batch.VerdictRefused, "refused"}, {batch.VerdictUnknown, "unknown"},
}

// CountVerdicts counts the verdicts of one word.
func CountVerdicts(verdicts []batch.Verdict, word batch.VerdictWord) int {
	n := 0
	for i := range verdicts {
		if verdicts[i].Word == word {
			n++
		}
	}
	return n
}

// Asked counts the verdicts for which the API was asked, which is the number of
// calls they took.
func Asked(verdicts []batch.Verdict) int {
	n := 0
	for i := range verdicts {
		if verdicts[i].Asked {
			n++
		}
	}
	return n
}

// WritePrecheck prints the verdicts alone, without the plan that they are about.
func WritePrecheck(w io.Writer, v PlanView) error {
	pw := &planWriter{Writer: bufio.NewWriter(w), PlanView: v}
	fmt.Fprintf(pw, "%s %s\n", pw.paint(bold, "Precheck:"), describeVerdicts(v.Verdicts))
	if in := describeInput(v); in != "" {
		fmt.Fprintln(pw, in)
	}
	pw.verdicts()
	return pw.Flush()
}

// precheck is the section of a plan.
func (w *planWriter) precheck() {
	if w.Verdicts == nil {
		return
	}
	w.title("Precheck: " + describeVerdicts(w.Verdicts))
	w.verdicts()
}

// describeVerdicts counts verdicts in words.
func describeVerdicts(verdicts []batch.Verdict) string {
	if len(verdicts) == 0 {
		return "no rows to be provisioned"
	}
	var parts []string
	for _, v := range verdictWords {
		if n := CountVerdicts(verdicts, v.word); n > 0 {
			parts = append(parts, number(n)+" "+v.text)
		}
	}
	return strings.Join(parts, ", ") + " of " + plural(len(verdicts), "row") + " to be provisioned"
}

// verdictGroup is a part of the verdicts that is shown together.
type verdictGroup struct {
	Title string
	Sign  string
	color string
	rows  []*batch.Verdict
}

// verdictGroups picks what a person has to look at; with full everything.
func verdictGroups(verdicts []batch.Verdict, full bool) []verdictGroup {
	groups := []verdictGroup{
		{Title: "Refused", Sign: "x", color: red}, {Title: "Waits for the person to agree", Sign: "!", color: yellow},
		{Title: "Unknown", Sign: "?", color: yellow}, {Title: "Goes through", Sign: "=", color: green},
	}
	for i := range verdicts {
		v := &verdicts[i]
		at := 3
		switch {
		case v.Word == batch.VerdictRefused:
			at = 0
		case v.Word == batch.VerdictUnknown:
			at = 2
		case v.NeedsConsent():
			at = 1
		case !full && v.Description == "":
			continue
		}
		groups[at].rows = append(groups[at].rows, v)
	}
	return slices.DeleteFunc(groups, func(g verdictGroup) bool { return len(g.rows) == 0 })
}

// verdictLine is a verdict in words. Its texts are clean.
type verdictLine struct{ Where, Kind, Key, Text string }

func describeVerdict(v *batch.Verdict) verdictLine {
	c := v.Change
	return verdictLine{filePlace(c.FileName, c.Line), c.Kind.String(), Clean(c.Key.String()), verdictText(v)}
}

// verdictText says why a verdict is what it is, on one clean line.
func verdictText(v *batch.Verdict) string {
	var parts []string
	if v.Code != 0 {
		parts = append(parts, strings.TrimSpace(strconv.Itoa(v.Code)+" "+v.Title))
	}
	if v.Field != "" {
		parts = append(parts, "field "+v.Field)
	}
	if v.Description != "" && v.Description != v.Title {
		parts = append(parts, v.Description)
	}
	if len(parts) == 0 {
		parts = append(parts, cmp.Or(infoCodes(v), "ok"))
	}
	return Clean(withHint(strings.Join(parts, ": "), v.Advice))
}

// RefusedBeforehand words a refusal as the reason why a row was not sent.
func RefusedBeforehand(v *batch.Verdict) string { return "the precheck refused it: " + verdictText(v) }

// infoCodes are the info codes of a verdict for a cell or a line.
func infoCodes(v *batch.Verdict) string {
	codes := make([]string, len(v.Notes))
	for i, n := range v.Notes {
		codes[i] = strconv.Itoa(n.Code)
	}
	return strings.Join(codes, ";")
}

// infoTable explains each info code once, with the number of rows that have it.
// Rows that are taken as they are need no explanation.
func infoTable(verdicts []batch.Verdict) []infoLine {
	var lines []infoLine
	for i := range verdicts {
		for _, n := range verdicts[i].Notes {
			if verdicts[i].Word == batch.VerdictOK {
				continue
			}
			at := slices.IndexFunc(lines, func(l infoLine) bool { return l.code == n.Code })
			if at < 0 {
				at = len(lines)
				lines = append(lines, infoLine{code: n.Code, Meaning: Clean(n.Meaning), Advice: Clean(n.Advice)})
			}
			lines[at].rows++
		}
	}
	slices.SortFunc(lines, func(a, b infoLine) int { return a.code - b.code })
	return lines
}

// infoLine is an info code in words.
type infoLine struct {
	code, rows      int
	Meaning, Advice string
}

// Code is the code for the page.
func (l infoLine) Code() string { return strconv.Itoa(l.code) }

// Rows says how many rows have the code.
func (l infoLine) Rows() string { return plural(l.rows, "row") }

func (w *planWriter) verdicts() {
	for _, g := range verdictGroups(w.Verdicts, w.Full) {
		fmt.Fprintf(w, "  %s\n", g.Title)
		rows := g.rows[:w.shown(len(g.rows))]
		lines := make([]verdictLine, len(rows))
		where, kind, key := 0, 0, 0
		for i, v := range rows {
			lines[i] = describeVerdict(v)
			where, kind, key = max(where, width(lines[i].Where)), max(kind, width(lines[i].Kind)), max(key, width(lines[i].Key))
		}
		for _, l := range lines {
			fmt.Fprintf(w, "    %s %s  %s  %s  %s\n", w.paint(g.color, g.Sign), pad(l.Where, where), pad(l.Kind, kind), pad(l.Key, key), l.Text)
		}
		if hidden := len(g.rows) - len(rows); hidden > 0 {
			fmt.Fprintf(w, "    ... and %s more (--full shows them)\n", number(hidden))
		}
	}
	infos := infoTable(w.Verdicts)
	if len(infos) > 0 {
		fmt.Fprintln(w, "  What the API adds")
	}
	rows := 0
	for _, l := range infos {
		rows = max(rows, width(l.Rows()))
	}
	for _, l := range infos {
		fmt.Fprintf(w, "    %s  %s  %s\n", l.Code(), pad(l.Rows(), rows), l.Meaning)
		fmt.Fprintf(w, "    %s  %s  %s\n", pad("", width(l.Code())), pad("", rows), l.Advice)
	}
}

// verdictColumns is the header of the file of verdicts.
var verdictColumns = []string{"file", "line", "kind", "key", "verdict", "info_codes", "error_code", "error_title", "advice", "description"}

// WriteVerdicts writes the verdicts as CSV, one line per row to be provisioned.
// Of several info codes the advice of each is given. Cells are safe to open in a
// spreadsheet.
func WriteVerdicts(w io.Writer, verdicts []batch.Verdict) error {
	out := csv.NewWriter(w)
	if err := out.Write(verdictColumns); err != nil {
		return err
	}
	for i := range verdicts {
		v := &verdicts[i]
		c := v.Change
		if err := out.Write([]string{
			Cell(c.FileName), numberOrBlank(int(c.Line)), c.Kind.String(), Cell(c.Key.String()), string(v.Word), infoCodes(v),
			numberOrBlank(v.Code), Cell(v.Title), Cell(adviceOf(v)), Cell(v.Description),
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// adviceOf is the advice of a verdict, else that of its notes.
func adviceOf(v *batch.Verdict) string {
	if v.Advice != "" {
		return v.Advice
	}
	var parts []string
	for _, n := range v.Notes {
		if n.Advice != "" && v.Word == batch.VerdictNoted {
			parts = append(parts, n.Advice)
		}
	}
	return strings.Join(parts, " ")
}

// VerdictNotes puts the verdicts into notes for a saved plan, whose reviewers
// should know them: one for all of them, and one for each that is not plainly ok.
func VerdictNotes(verdicts []batch.Verdict) []diff.Note {
	notes := []diff.Note{{Text: "precheck: " + describeVerdicts(verdicts)}}
	for i := range verdicts {
		v := &verdicts[i]
		if v.Word == batch.VerdictOK {
			continue
		}
		text := fmt.Sprintf("precheck of %s %s: %s", v.Change.Kind, v.Change.Key, strings.ReplaceAll(string(v.Word), "_", " "))
		if v.Word == batch.VerdictNoted {
			text += " (" + infoCodes(v) + ")"
			for _, n := range v.Notes {
				text = withHint(text, n.Advice)
			}
		} else {
			text += ": " + verdictText(v)
		}
		notes = append(notes, diff.Note{FileName: v.Change.FileName, Line: v.Change.Line, Text: text})
	}
	return notes
}
