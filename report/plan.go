package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wholesync/batch"
	"wholesync/diff"
)

// PlanView is a plan with all that people want to see beside it.
type PlanView struct {
	Plan   *diff.Plan
	Files  []diff.File
	Source string  // what it was compared with, as in "the live state of https://..."
	Rate   float64 // requests per second; 0 = not known, and no time is told
	// SetAside are the input rows that were invalid and are no part of the plan.
	SetAside []diff.Rejected
	// ListCalls is how many API calls reading the live state took; 0 = none, or not known.
	ListCalls int
	Full      bool            // show every change of a long plan
	Color     bool            // colour the text with terminal sequences
	Prices    *Prices         // nil = seats only, no money
	PriceAt   time.Time       // the day whose prices count
	Hits      []diff.GuardHit // guards that refuse the plan
	Next      string          // the next command to type, "" = none
	// Verdicts are what the API said beforehand; nil where it was not asked.
	Verdicts []batch.Verdict
}

// Colours of a terminal (ECMA-48, "Select Graphic Rendition").
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

var actionColors = map[diff.Action]string{diff.Provision: green, diff.Update: yellow, diff.Remove: red}

// planWriter prints a plan. Write errors stick to the buffer until its Flush.
type planWriter struct {
	*bufio.Writer
	PlanView
	remarks  []string // those that lines refer to, once each
	remarkNo map[string]int
}

// WritePlan prints a plan for a terminal: what changes and why, what is left
// alone, what it does to the bill, how long it takes, which guards refuse it and
// what to type next. A plan of more than 50 changes is summarised unless v.Full.
func WritePlan(w io.Writer, v PlanView) error {
	pw := &planWriter{Writer: bufio.NewWriter(w), PlanView: v, remarkNo: map[string]int{}}
	pw.head()
	pw.changes()
	pw.held()
	pw.precheck()
	pw.drift()
	pw.notes()
	pw.effect()
	pw.guards()
	pw.foot()
	return pw.Flush()
}

// paint colours text; what is in it must be clean already.
func (w *planWriter) paint(color, text string) string {
	if !w.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// title begins a section.
func (w *planWriter) title(text string) { fmt.Fprintf(w, "\n%s\n", w.paint(bold, text)) }

func (w *planWriter) head() {
	var parts []string
	for _, p := range headline(w.PlanView) {
		parts = append(parts, w.paint(actionColors[p.Action], p.Text))
	}
	fmt.Fprintf(w, "%s %s\n", w.paint(bold, "Plan:"), strings.Join(parts, ", "))
	if in := describeInput(w.PlanView); in != "" {
		fmt.Fprintln(w, in)
	}
	fmt.Fprintln(w)
	writeTable(w, kindCounts(w.PlanView))
}

// describeInput says what was compared with what.
func describeInput(v PlanView) string {
	var names []string
	for i, f := range v.Files {
		if i == shownOthers {
			names = append(names, plural(len(v.Files)-i, "more file"))
			break
		}
		names = append(names, Clean(f.Name))
	}
	input := strings.Join(names, ", ")
	switch {
	case v.Source == "" && input == "":
		return ""
	case v.Source == "":
		return "Input: " + input
	case input == "":
		return "Compared with " + Clean(v.Source)
	}
	return "Input: " + input + ", compared with " + Clean(v.Source)
}

func writeTable(w io.Writer, rows [][]string) {
	g := grid{rows: rows}
	g.write(w)
}

func (w *planWriter) changes() {
	if w.Plan.Empty() {
		return
	}
	all := longPlan
	if w.Full {
		all = len(w.Plan.Changes)
	}
	for _, g := range groups(w.Plan, all, shownOfAction) {
		title := "Changes"
		if g.Title != "" {
			title += ": " + g.Title
		}
		w.title(title)
		w.lines(g.Changes)
	}
	for i, r := range w.remarks {
		fmt.Fprintf(w, "  [%d] %s\n", i+1, r)
	}
	if len(w.Plan.Changes) > all {
		w.title("Changes per customer")
		writeTable(w, customerTotals(w.Plan))
		fmt.Fprintln(w, "  (--full shows every change)")
	}
}

// alignBy is how many changes decide on the widths of the columns.
const alignBy = 200

// lines prints one line per change.
func (w *planWriter) lines(changes []diff.Change) {
	where, kind, key := 0, len(diff.Subscriber.String()), 0
	for i := range changes[:min(len(changes), alignBy)] {
		l := describe(&changes[i], w.Full)
		where = max(where, utf8.RuneCountInString(l.Where))
		kind = max(kind, len(l.Kind))
		key = max(key, utf8.RuneCountInString(l.Key))
	}
	for i := range changes {
		l := describe(&changes[i], w.Full)
		color := actionColors[l.Action]
		text := l.What
		if l.Action == diff.Remove {
			text = w.paint(red, text)
		}
		if l.Lost != "" {
			text += ", " + w.paint(red, l.Lost)
		}
		fmt.Fprintf(w, "  %s %s  %s  %s  %s  %s%s\n", w.paint(color, l.Sign()), pad(l.Where, where), pad(l.Kind, kind), pad(l.Key, key),
			text, w.paint(dim, "("+l.Reason+")"), w.remarkMark(l.Remark))
	}
}

// remarkMark is the reference to a remark, which is printed once for all the
// changes that it is about.
func (w *planWriter) remarkMark(remark string) string {
	if remark == "" {
		return ""
	}
	n, ok := w.remarkNo[remark]
	if !ok {
		w.remarks = append(w.remarks, remark)
		n = len(w.remarks)
		w.remarkNo[remark] = n
	}
	return w.paint(yellow, fmt.Sprintf(" [%d]", n))
}

// shown is how many of n less important lines are printed.
func (w *planWriter) shown(n int) int {
	if w.Full {
		return n
	}
	return min(n, shownOthers)
}

func (w *planWriter) more(n int) {
	if hidden := n - w.shown(n); hidden > 0 {
		fmt.Fprintf(w, "  ... and %s more (--full shows them)\n", number(hidden))
	}
}

func (w *planWriter) held() {
	rows := w.notSent()
	if len(rows) > 0 {
		w.title("Held, with nothing sent")
	}
	for i := range rows[:w.shown(len(rows))] {
		h := describeHeld(&rows[i])
		text := withHint(h.Reason, h.Advice)
		if h.LiveIDs != "" {
			text += " (live: " + h.LiveIDs + ")"
		}
		fmt.Fprintf(w, "  %s %s  %s %s  %s: %s\n", w.paint(yellow, "!"), h.Where, h.Kind, h.Key, h.Outcome, text)
	}
	w.more(len(rows))
	if text := leftAlone(w.Plan); text != "" {
		fmt.Fprintf(w, "\n%s\n", text)
	}
}

func (w *planWriter) notes() {
	rows := w.Plan.Notes
	if len(rows) > 0 {
		w.title("Notes")
	}
	for _, n := range rows[:w.shown(len(rows))] {
		fmt.Fprintf(w, "  %s\n", describeNote(n))
	}
	w.more(len(rows))
}

func describeNote(n diff.Note) string {
	if place := filePlace(n.FileName, n.Line); place != "" {
		return place + ": " + Clean(n.Text)
	}
	return Clean(n.Text)
}

func (w *planWriter) effect() {
	if len(w.Plan.Effect.Packages) == 0 {
		return
	}
	w.title("Billing effect, in seats of the customers looked at")
	rows, missing := effectTable(w.Plan.Effect, w.Prices, w.PriceAt)
	writeTable(w, rows)
	if text := missingPrices(missing, w.PriceAt); text != "" {
		fmt.Fprintf(w, "  %s\n", text)
	}
}

func (w *planWriter) guards() {
	if len(w.Hits) == 0 {
		return
	}
	w.title("Guards that refuse this plan")
	for _, h := range w.Hits {
		fmt.Fprintf(w, "  %s %s: %s\n", w.paint(red, "x"), Clean(h.Reason), Clean(h.Lift))
	}
	if flags := liftingLine(w.Hits); flags != "" {
		fmt.Fprintf(w, "  To go on all the same, add: %s\n", w.paint(bold, flags))
	}
}

// LiftingFlags are the flags that lift guards, each once. All says that they
// lift every one of them; a guard that no flag lifts says what to do instead.
func LiftingFlags(hits []diff.GuardHit) (flags []string, all bool) {
	all = true
	for _, h := range hits {
		switch {
		case !strings.HasPrefix(h.Lift, "--"):
			all = false
		case !slices.Contains(flags, h.Lift):
			flags = append(flags, h.Lift)
		}
	}
	return flags, all
}

// liftingLine has the flags for people, "" where they would not be enough.
func liftingLine(hits []diff.GuardHit) string {
	flags, all := LiftingFlags(hits)
	if !all {
		return ""
	}
	return Clean(strings.Join(flags, " "))
}

func (w *planWriter) foot() {
	if !w.Plan.Empty() {
		fmt.Fprintf(w, "\nTo carry it out: %s\n", effort(w.PlanView))
	}
	if w.Next != "" {
		fmt.Fprintf(w, "Next: %s\n", w.paint(bold, Clean(w.Next)))
	}
}
