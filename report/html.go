package report

import (
	"bufio"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strings"

	"wholesync/diff"
)

//go:embed plan.html
var planHTML string

var planPage = template.Must(template.New("plan").Funcs(template.FuncMap{"pieces": pieces}).Parse(planHTML))

// Limits of the page, which a browser must be able to show.
const (
	htmlAll  = 5000 // changes; of a plan with more, the page has only some
	htmlEach = 1000 // changes of each action of such a plan
	htmlRows = 1000 // held rows, drift and notes
)

// page is what the template of the plan shows. Its texts are clean; the template
// escapes them.
type page struct {
	Headline     []headPart
	Input        string
	Counts       [][]string
	Hits         []diff.GuardHit
	Flags        string
	Groups       []pageGroup
	Customers    [][]string
	Precheck     string // the verdicts counted; "" = not asked
	Verdicts     []pageVerdicts
	Infos        []infoLine
	Held         []heldLine
	HeldHidden   string
	LeftAlone    string
	Drift        []driftLine
	DriftTitle   string
	DriftHidden  string
	DriftAdvice  string
	Notes        []string
	NotesHidden  string
	Effect       [][]string
	MissingPrice string
	Effort       string
	Next         string
}

// pageVerdicts is a table of verdicts.
type pageVerdicts struct {
	Title  string
	Lines  []verdictLine
	Hidden string
}

// addVerdicts adds the precheck, of each group as many rows as of notes.
func (p *page) addVerdicts(v PlanView) {
	if v.Verdicts == nil {
		return
	}
	p.Precheck, p.Infos = describeVerdicts(v.Verdicts), infoTable(v.Verdicts)
	for _, g := range verdictGroups(v.Verdicts, v.Full) {
		shown := g.rows
		if !v.Full {
			shown = shown[:min(htmlRows, len(shown))]
		}
		table := pageVerdicts{Title: g.Title, Hidden: hiddenText(len(g.rows) - len(shown))}
		for _, row := range shown {
			table.Lines = append(table.Lines, describeVerdict(row))
		}
		p.Verdicts = append(p.Verdicts, table)
	}
}

// pageGroup is a table of changes.
type pageGroup struct {
	Title   string
	Changes []diff.Change
}

// Lines yields the changes in words, one by one, so that those of a long page
// are never in memory together.
func (g pageGroup) Lines() iter.Seq[changeLine] {
	return func(yield func(changeLine) bool) {
		for i := range g.Changes {
			if !yield(describe(&g.Changes[i], true)) {
				return
			}
		}
	}
}

// WritePlanHTML writes a plan as one self-contained page for reviewers. It asks
// nothing of the network and holds no script. Of a plan with more than 5,000
// changes it has the first 1,000 of each action, unless v.Full. v.Color means
// nothing here.
func WritePlanHTML(w io.Writer, v PlanView) error {
	p := page{
		Headline: headline(v), Input: describeInput(v), Counts: kindCounts(v), Flags: liftingLine(v.Hits),
		LeftAlone: leftAlone(v.Plan), Next: Clean(v.Next),
	}
	for _, h := range v.Hits {
		p.Hits = append(p.Hits, diff.GuardHit{Reason: Clean(h.Reason), Lift: Clean(h.Lift)})
	}
	p.addChanges(v)
	p.addVerdicts(v)
	rows := htmlRows
	held := v.notSent()
	if v.Full {
		rows = max(len(held), len(v.Plan.Notes), len(v.Plan.Drift))
	}
	for i := range held[:min(rows, len(held))] {
		p.Held = append(p.Held, describeHeld(&held[i]))
	}
	for _, n := range v.Plan.Notes[:min(rows, len(v.Plan.Notes))] {
		p.Notes = append(p.Notes, describeNote(n))
	}
	for i := range v.Plan.Drift[:min(rows, len(v.Plan.Drift))] {
		p.Drift = append(p.Drift, describeDrift(&v.Plan.Drift[i], true))
	}
	p.DriftTitle, p.DriftAdvice, p.DriftHidden = driftTitle(v.Plan), driftAdvice, hiddenText(len(v.Plan.Drift)-len(p.Drift))
	p.HeldHidden = hiddenText(len(held) - len(p.Held))
	p.NotesHidden = hiddenText(len(v.Plan.Notes) - len(p.Notes))
	if len(v.Plan.Effect.Packages) > 0 {
		var missing []string
		p.Effect, missing = effectTable(v.Plan.Effect, v.Prices, v.PriceAt)
		p.MissingPrice = missingPrices(missing, v.PriceAt)
	}
	out := bufio.NewWriter(w)
	if err := planPage.Execute(out, p); err != nil {
		return fmt.Errorf("writing the plan as a page: %w", err)
	}
	return out.Flush()
}

// pieces cuts keys and lists where a line may break in a narrow column, so that
// none breaks inside a word.
func pieces(s string) []string {
	var parts []string
	for s != "" {
		end := strings.IndexAny(s, "/@;,") + 1
		if end == 0 {
			end = len(s)
		}
		parts = append(parts, s[:end])
		s = s[end:]
	}
	return parts
}

func hiddenText(n int) string {
	if n == 0 {
		return ""
	}
	return "... and " + number(n) + " more"
}

func (p *page) addChanges(v PlanView) {
	if v.Plan.Empty() {
		return
	}
	p.Effort = effort(v)
	all := htmlAll
	if v.Full {
		all = len(v.Plan.Changes)
	}
	for _, g := range groups(v.Plan, all, htmlEach) {
		p.Groups = append(p.Groups, pageGroup(g))
	}
	if len(v.Plan.Changes) > longPlan {
		p.Customers = customerTotals(v.Plan)
	}
}
