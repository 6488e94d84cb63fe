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
		case f.Column == diff.ColCustomerExternalID || f.Column == diff.ColEmail,
			f.Column == diff.ColExternalID && c.Action != diff.Update:
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
	byName := map[string]*total{}
	for i := range p.Changes {
		c := &p.Changes[i]
		t := byName[c.Key.Customer]
		if t == nil {
			t = &total{customer: c.Key.Customer}
			byName[t.customer] = t
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
func kindCounts(p *diff.Plan) [][]string {
	held := map[diff.Kind]int{}
	for i := range p.Held {
		held[p.Held[i].Kind]++
	}
	done := map[diff.Count]int{}
	for _, c := range p.Counts() {
		done[diff.Count{Kind: c.Kind, Action: c.Action}] = c.N
	}
	rows := [][]string{{"", "provision", "update", "remove", "unchanged", "held"}}
	for _, k := range diff.Kinds() {
		row := []string{k.String()}
		for _, a := range diff.Actions() {
			row = append(row, number(done[diff.Count{Kind: k, Action: a}]))
		}
		rows = append(rows, append(row, number(p.Unchanged[k]), number(held[k])))
	}
	return rows
}

// heldLine is a held row in words. Its texts are clean.
type heldLine struct {
	Where, Kind, Key, Outcome, Reason, Advice, LiveIDs string
}

func describeHeld(h *diff.Held) heldLine {
	return heldLine{
		Where: filePlace(h.FileName, h.Line), Kind: h.Kind.String(), Key: Clean(h.Key.String()), Outcome: Clean(string(h.Outcome)),
		Reason: Clean(h.Reason), Advice: Clean(h.Advice), LiveIDs: Clean(strings.Join(h.LiveIDs, ", ")),
	}
}

// leftAlone says which live objects no row names; "" where there are none.
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
	return "Left alone: " + strings.Join(parts, " and ") + " that no row names"
}

// headPart is a piece of the headline; Action colours it, 0 does not.
type headPart struct {
	Text   string
	Action diff.Action
}

// headline counts what a plan does. Everything that is taken away is in it.
func headline(p *diff.Plan) []headPart {
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
	if p.Empty() {
		parts = append(parts, headPart{Text: "nothing to do"})
	}
	same := 0
	for _, u := range p.Unchanged {
		same += u
	}
	parts = append(parts, headPart{Text: number(same) + " unchanged"})
	if len(p.Held) > 0 {
		parts = append(parts, headPart{Text: number(len(p.Held)) + " held"})
	}
	return parts
}
