package billing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/xuri/excelize/v2"
)

// writeSummary writes the first sheet: what one sees without opening another.
func (b *bookWriter) writeSummary(r *Result) {
	s := b.open(sheetSummary, []column{text("", 25), text("", 15), text("", 15), text("", 15), text("", 15), text("", 15)})
	findings := &sheetWriter{bookWriter: b, name: sheetFindings, columns: findingSheet}
	s.write(styled{"Invoice against usage", style{bold: true, size: 16}})
	s.write(fmt.Sprintf("%s to %s", r.Period.First, r.Period.Last))
	s.write("Proration: " + r.Policy.String())
	if r.Inference != nil {
		s.write(r.Inference.Text)
	} else {
		s.write("")
	}
	s.write("")
	s.write(headed("Currency"), headedRight("Billed"), headedRight("Expected"), headedRight("Difference"), headedRight("Excluded"), headedRight("Not compared"))
	rows := len(r.Findings)
	for _, t := range r.Totals {
		excluded := fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s,"%s")`, findings.rangeOf("billed_amount", rows), findings.rangeOf("currency", rows), t.Currency, findings.rangeOf("code", rows), Excluded)
		apart := fmt.Sprintf(`SUMIFS(%s,%s,"%s",%s,"")`, findings.rangeOf("billed_amount", rows), findings.rangeOf("currency", rows), t.Currency, findings.rangeOf("difference", rows))
		s.write(bold(t.Currency),
			formula{findings.sumOf("billed_amount", rows, t.Currency), money(t.Billed, t.Currency)},
			formula{findings.sumOf("expected_amount", rows, t.Currency), money(t.Expected, t.Currency)},
			bold(formula{findings.sumOf("difference", rows, t.Currency), money(t.Difference, t.Currency)}),
			formula{excluded, money(t.Excluded, t.Currency)}, formula{apart, money(t.NotCompared, t.Currency)})
	}
	s.write("")
	s.write(headed("Cause"), headed("Severity"), headed("Currency"), headedRight("Findings"), headedRight("Difference"))
	causes := causesByCurrency(r)
	b.chart(causes, s.row+1)
	for _, c := range causes {
		b.cause(s, findings, c, rows)
	}
	if len(causes) == 0 {
		s.write("Everything agrees.")
	}
	s.write("")
	if c := r.Carried; c != nil {
		s.write(fmt.Sprintf("Ledger: %d opened, %d closed, %d carried on", len(c.Opened), len(c.Closed), len(c.Open)))
		for _, o := range c.owed() {
			s.write("Open in all: " + o.String())
		}
	}
	for _, n := range r.Notes {
		s.write("Note: " + n)
	}
	s.end()
	active, err := b.file.GetSheetIndex(sheetSummary)
	b.try(err)
	b.file.SetActiveSheet(active)
}

// cause writes the row of a cause. Findings without money have no currency.
func (b *bookWriter) cause(s, findings *sheetWriter, c Cause, rows int) {
	code := styled{string(c.Code), style{fill: fills[c.Severity]}}
	if c.Currency == "" {
		s.write(code, string(c.Severity), "", count(c.Findings))
		return
	}
	where := fmt.Sprintf(`%s,"%s",%s,"%s"`, findings.rangeOf("code", rows), c.Code, findings.rangeOf("currency", rows), c.Currency)
	s.write(code, string(c.Severity), c.Currency,
		formula{fmt.Sprintf(`COUNTIFS(%s,%s,"<>")`, where, findings.rangeOf("difference", rows)), count(c.Findings)},
		formula{fmt.Sprintf(`SUMIFS(%s,%s)`, findings.rangeOf("difference", rows), where), money(c.Difference, c.Currency)})
}

// causesByCurrency has the currency of the most findings first, and what carries
// no money last.
func causesByCurrency(r *Result) []Cause {
	causes := r.Causes()
	findings := make(map[string]int)
	for _, c := range causes {
		if c.Currency != "" {
			findings[c.Currency] += c.Findings
		}
	}
	slices.SortStableFunc(causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(findings[b.Currency], findings[a.Currency]), cmp.Compare(a.Currency, b.Currency))
	})
	return causes
}

// chart shows the causes of the first currency, the most money on top. Their rows
// begin with the first. It must be called before the sheet ends.
func (b *bookWriter) chart(causes []Cause, first int) {
	last := first
	for last-first < len(causes) && causes[last-first].Currency == causes[0].Currency && causes[last-first].Difference.Sign() != 0 {
		last++
	}
	if last == first {
		return
	}
	last--
	iso, varied := causes[0].Currency, false
	b.try(b.file.AddChart(sheetSummary, "H6", &excelize.Chart{
		Type: excelize.Bar,
		Series: []excelize.ChartSeries{{
			Name:       "Difference",
			Categories: fmt.Sprintf("%s!$A$%d:$A$%d", sheetSummary, first, last),
			Values:     fmt.Sprintf("%s!$E$%d:$E$%d", sheetSummary, first, last),
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"B03030"}},
		}},
		Title:        excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Difference by cause, " + iso}}},
		Legend:       excelize.ChartLegend{Position: "none"},
		PlotArea:     excelize.ChartPlotArea{ShowVal: true},
		XAxis:        excelize.ChartAxis{ReverseOrder: true, TickLabelPosition: excelize.ChartTickLabelLow, Font: excelize.Font{Size: 10, Color: "333333"}},
		YAxis:        excelize.ChartAxis{None: true},
		Dimension:    excelize.ChartDimension{Width: 640, Height: uint(max(260, 90+40*(last-first+1)))},
		ShowBlanksAs: "gap", VaryColors: &varied,
	}))
}
