package report

import (
	"fmt"
	"slices"
	"strings"

	"wholesync/diff"
)

// Limits of a plan that is shown in short.
const (
	longPlan      = 50 // changes; a plan with more is summarised
	shownOfAction = 20 // changes of each action that a summary shows
	shownOthers   = 20 // customers, held rows, notes
	shownFields   = 4  // fields of a provision
	shownValue    = 60 // characters of a value
)

// changeLine is a change in words. Its texts are clean.
type changeLine struct {
	Action diff.Action
	Where  string // FILE:LINE, or that no row asks for it
	Kind   string
	Key    string
	What   string // the fields, before and after
	Lost   string // what an update takes away, "" if nothing
	Reason string
	Remark string
}

var signs = map[diff.Action]string{diff.Provision: "+", diff.Update: "~", diff.Remove: "-"}

// Sign is the one character that says what is done.
func (l changeLine) Sign() string { return signs[l.Action] }

func describe(c *diff.Change, full bool) changeLine {
	l := changeLine{
		Action: c.Action, Where: "(pruned)", Kind: c.Kind.String(), Key: Clean(c.Key.String()),
		What: describeFields(c, full), Reason: Clean(c.Reason), Remark: Clean(c.Remark),
	}
	if c.Line != 0 {
		l.Where = filePlace(c.FileName, c.Line)
	}
	if lost := c.PackagesLost(); len(lost) > 0 {
		l.Lost = "loses " + Clean(strings.Join(lost, ", "))
	}
	return l
}

func filePlace(file string, line uint32) string {
	if line == 0 {
		return Clean(file)
	}
	return fmt.Sprintf("%s:%d", Clean(file), line)
}

// describeFields puts the fields of a change on one line, without those that its
// key says already.
func describeFields(c *diff.Change, full bool) string {
	var parts []string
	hidden := 0
	for _, f := range c.Fields {
		switch {
		case !f.Column.Input(): // an id that a removal needs, and nobody reads
			continue
		case slices.Contains(diff.SpecOf(c.Kind).Keys, f.Column) && (f.Column != diff.ColExternalID || c.Action != diff.Update):
			continue
		case !full && c.Action != diff.Update && len(parts) == shownFields:
			hidden++
		case c.Action == diff.Provision:
			parts = append(parts, f.Column.String()+" "+describeValue(f.After, full))
		case c.Action == diff.Remove:
			parts = append(parts, f.Column.String()+" "+describeValue(f.Before, full))
		default:
			parts = append(parts, f.Column.String()+" "+describeValue(f.Before, full)+" -> "+describeValue(f.After, full))
		}
	}
	if hidden > 0 {
		parts = append(parts, plural(hidden, "more field"))
	}
	return strings.Join(parts, ", ")
}

func describeValue(v string, full bool) string {
	if v == "" {
		return "(empty)"
	}
	v = Clean(v)
	if !full {
		v = clip(v, shownValue)
	}
	if strings.ContainsAny(v, ` ,"`) {
		return `"` + strings.ReplaceAll(v, `"`, `\"`) + `"`
	}
	return v
}

// changeGroup is a part of a plan that is shown together.
type changeGroup struct {
	Title   string // "" where the group is the whole plan
	Changes []diff.Change
}

// groups chooses what to show: everything of a plan that has at most `all`
// changes, and the first `each` of every action of a longer one.
func groups(p *diff.Plan, all, each int) []changeGroup {
	if len(p.Changes) <= all {
		return []changeGroup{{Changes: p.Changes}}
	}
	var out []changeGroup
	for _, a := range diff.Actions() {
		var g changeGroup
		n := 0
		for i := range p.Changes {
			if p.Changes[i].Action != a {
				continue
			}
			if n++; n <= each {
				g.Changes = append(g.Changes, p.Changes[i])
			}
		}
		if n > 0 {
			g.Title = fmt.Sprintf("%s of %s to %s", number(len(g.Changes)), number(n), a)
			out = append(out, g)
		}
	}
	return out
}

// customerTotals counts the changes of each customer, as a table whose first row
// is its header: the customers with the most changes, then how many more there are.
func customerTotals(p *diff.Plan) [][]string {
	type total struct {
		customer string
		n        [diff.Remove + 1]int // by action
		all      int
	}
	var totals []*total
	byScope := map[diff.Scope]*total{}
	for i := range p.Changes {
		c := &p.Changes[i]
		scope := c.Scope()
		t := byScope[scope]
		if t == nil {
			t = &total{customer: scope.Customer}
			if scope.Offer != diff.Wholesale {
				t.customer = scope.Offer.String() + " " + t.customer
			}
			byScope[scope] = t
			totals = append(totals, t)
		}
		t.n[c.Action]++
		t.all++
	}
	slices.SortStableFunc(totals, func(a, b *total) int { return b.all - a.all })
	rows := [][]string{{"customer", "provision", "update", "remove"}}
	for i, t := range totals {
		if i == shownOthers {
			rows = append(rows, []string{"... and " + plural(len(totals)-i, "more customer")})
			break
		}
		rows = append(rows, []string{Clean(t.customer), number(t.n[diff.Provision]), number(t.n[diff.Update]), number(t.n[diff.Remove])})
	}
	return rows
}

// kindCounts is the table of counts per kind and action; its first row is the header.
// Rows that were set aside have a column where there are any, and those of them
// whose kind could not be told a line of their own.
func kindCounts(v PlanView) [][]string {
	held, aside := map[diff.Kind]int{}, map[diff.Kind]int{}
	for _, h := range v.notSent() {
		if h.Outcome == diff.RejectedRow {
			aside[h.Kind]++
		} else {
			held[h.Kind]++
		}
	}
	done := map[diff.Count]int{}
	for _, c := range v.Plan.Counts() {
		done[diff.Count{Kind: c.Kind, Action: c.Action}] = c.N
	}
	rows := [][]string{{"", "provision", "update", "remove", "unchanged", "held"}}
	kinds := slices.DeleteFunc(diff.AllKinds(), func(k diff.Kind) bool { return !v.shows(k, held, aside) })
	if aside[0] > 0 {
		kinds = append(kinds, 0)
	}
	for _, k := range kinds {
		row := []string{kindOr(k, "of no kind")}
		for _, a := range diff.Actions() {
			row = append(row, number(done[diff.Count{Kind: k, Action: a}]))
		}
		rows = append(rows, append(row, number(v.Plan.Unchanged[k]), number(held[k])))
	}
	if len(aside) > 0 {
		rows[0] = append(rows[0], asideWords)
		for i, k := range kinds {
			rows[i+1] = append(rows[i+1], number(aside[k]))
		}
	}
	return rows
}

// shows reports whether the counts have a line for a kind: those of wholesale
// always, unless the plan is about BroadWorks alone, and others where there is
// something to count.
func (v PlanView) shows(k diff.Kind, held, aside map[diff.Kind]int) bool {
	counts := func(k diff.Kind) bool {
		return v.Plan.Unchanged[k] > 0 || held[k] > 0 || aside[k] > 0 || slices.ContainsFunc(v.Plan.Counts(), func(c diff.Count) bool { return c.Kind == k })
	}
	if k.Offer() != diff.Wholesale || !k.HasRows() || counts(k) {
		return counts(k)
	}
	return !slices.ContainsFunc(diff.Kinds(), func(o diff.Kind) bool { return o.Offer() == diff.BroadWorks && counts(o) }) || counts(diff.Customer) || counts(diff.Subscriber)
}

// kindOr is the word for a kind, or another where a row's kind could not be told.
func kindOr(k diff.Kind, none string) string {
	if k == 0 {
		return none
	}
	return k.String()
}

// asideWords is what plans call invalid rows that --skip-invalid leaves out.
const asideWords = "set aside"

// notSent are the rows for which nothing will be sent although something is not
// as wanted: those that the plan holds, then those that were invalid before.
func (v PlanView) notSent() []diff.Held {
	if len(v.SetAside) == 0 {
		return v.Plan.Held
	}
	rows := slices.Clone(v.Plan.Held)
	for _, r := range v.SetAside {
		rows = append(rows, diff.Held{
			Kind: r.Kind, Key: diff.Key{Customer: r.Key}, FileName: r.File, Line: r.Line, Outcome: diff.RejectedRow, Reason: r.Problem, Advice: mendRow,
		})
	}
	return rows
}

// mendRow is what to do about an invalid row.
const mendRow = "correct the row and send it again"

// heldLine is a held row in words. Its texts are clean.
type heldLine struct {
	Where, Kind, Key, Outcome, Reason, Advice, LiveIDs string
}

func describeHeld(h *diff.Held) heldLine {
	outcome := string(h.Outcome)
	if h.Outcome == diff.RejectedRow {
		outcome = asideWords
	}
	return heldLine{
		Where: filePlace(h.FileName, h.Line), Kind: kindOr(h.Kind, "row"), Key: Clean(h.Key.String()), Outcome: Clean(outcome),
		Reason: Clean(h.Reason), Advice: Clean(h.Advice), LiveIDs: Clean(strings.Join(h.LiveIDs, ", ")),
	}
}

// leftAlone says which live objects have no row; "" where there are none.
func leftAlone(p *diff.Plan) string {
	var parts []string
	for _, k := range diff.Kinds() {
		if n := p.LeftAlone[k]; n > 0 {
			parts = append(parts, plural(n, "live "+k.String()))
		}
	}
	if parts == nil {
		return ""
	}
	last := len(parts) - 1
	if last > 0 {
		parts = []string{strings.Join(parts[:last], ", ") + " and " + parts[last]}
	}
	return "Left alone: " + parts[0] + " without a row of their own"
}

// headPart is a piece of the headline; Action colours it, 0 does not.
type headPart struct {
	Text   string
	Action diff.Action
}

// headline counts what a plan does. Everything that is taken away is in it.
func headline(v PlanView) []headPart {
	p := v.Plan
	n := map[diff.Action]int{}
	for _, c := range p.Counts() {
		n[c.Action] += c.N
	}
	var parts []headPart
	for _, a := range diff.Actions() {
		if n[a] == 0 {
			continue
		}
		text := number(n[a]) + " to " + a.String()
		if a == diff.Remove && p.Deletes.Pruned > 0 {
			text += fmt.Sprintf(" (%s of them pruned)", number(p.Deletes.Pruned))
		}
		parts = append(parts, headPart{text, a})
	}
	if d := p.Deletes.Packages; d > 0 {
		parts = append(parts, headPart{plural(d, "package") + " to take from customers", diff.Remove})
	}
	open := v.notSent()
	differs := slices.ContainsFunc(open, func(h diff.Held) bool { return h.Outcome != diff.Pending })
	switch {
	case p.Empty() && (differs || len(p.Drift) > 0):
		parts = append(parts, headPart{Text: "no changes"})
	case p.Empty():
		parts = append(parts, headPart{Text: "nothing to do"})
	}
	parts = append(parts, openCounts(open)...)
	if d := len(p.Drift); d > 0 {
		parts = append(parts, headPart{Text: plural(d, "value") + " adrift"})
	}
	same := 0
	for _, u := range p.Unchanged {
		same += u
	}
	return append(parts, headPart{Text: number(same) + " unchanged"})
}

// openCounts counts the rows that are not as wanted and for which nothing is sent.
func openCounts(rows []diff.Held) []headPart {
	n := map[diff.Outcome]int{}
	for i := range rows {
		n[rows[i].Outcome]++
	}
	var parts []headPart
	if c := n[diff.Conflict]; c > 0 {
		parts = append(parts, headPart{Text: plural(c, "conflict")})
	}
	if c := n[diff.Pending]; c > 0 {
		parts = append(parts, headPart{Text: number(c) + " pending"})
	}
	if c := n[diff.RejectedRow]; c > 0 {
		parts = append(parts, headPart{Text: number(c) + " " + asideWords})
	}
	return parts
}
