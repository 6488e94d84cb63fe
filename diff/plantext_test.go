package diff

import (
	"fmt"
	"strings"
)

// planText is a plan as the cases in testdata/plans show it.
func planText(p *Plan, have *Live) string {
	var b strings.Builder
	for i := range p.Changes {
		writeChange(&b, &p.Changes[i], have)
	}
	for _, h := range p.Held {
		fmt.Fprintf(&b, "held %s %s [%s] %s:%d %s", h.Kind, h.Key, h.Outcome, h.FileName, h.Line, h.Reason)
		if h.Advice != "" {
			b.WriteString("; " + h.Advice)
		}
		if h.LiveIDs != nil {
			fmt.Fprintf(&b, " %q", h.LiveIDs)
		}
		b.WriteString("\n")
	}
	for _, q := range p.Problems {
		fmt.Fprintf(&b, "problem %s\n", q)
	}
	for _, d := range p.Drift {
		fmt.Fprintf(&b, "drift %s:%d %s %s: %q live, %q wanted\n", d.FileName, d.Line, d.Key, d.Column, d.Live, d.Wanted)
	}
	for _, n := range p.Notes {
		if n.Line > 0 {
			fmt.Fprintf(&b, "note %s:%d %s\n", n.FileName, n.Line, n.Text)
		} else {
			fmt.Fprintf(&b, "note %s\n", n.Text)
		}
	}
	if p.Deletes.Unproven != "" {
		fmt.Fprintf(&b, "not pruned: %s\n", p.Deletes.Unproven)
	}
	if p.Deletes.EmptyScopes != nil {
		fmt.Fprintf(&b, "pruned empty: %q\n", p.Deletes.EmptyScopes)
	}
	for _, k := range Kinds() {
		if p.Unchanged[k] > 0 {
			fmt.Fprintf(&b, "unchanged %s %d\n", k, p.Unchanged[k])
		}
		if p.LeftAlone[k] > 0 {
			fmt.Fprintf(&b, "left alone %s %d\n", k, p.LeftAlone[k])
		}
	}
	return b.String()
}

func writeChange(b *strings.Builder, c *Change, have *Live) {
	fmt.Fprintf(b, "%s [%s]", c.ID, stageNames[c.Stage])
	if c.Line > 0 {
		fmt.Fprintf(b, " %s:%d", c.FileName, c.Line)
	}
	fmt.Fprintf(b, " %s\n", c.Reason)
	if c.LiveID != "" {
		fmt.Fprintf(b, "    on %s", c.LiveID)
		if l, ok := have.Of(c.Kind).IndexBy(ColID).First(c.LiveID); ok && Fingerprint(c.Kind, l.Get) != c.Precondition {
			b.WriteString(", as it is by then")
		}
		b.WriteString("\n")
	}
	if c.SubPartner != "" {
		fmt.Fprintf(b, "    for %s\n", c.SubPartner)
	}
	for _, f := range c.Fields {
		fmt.Fprintf(b, "    %s: %q -> %q\n", f.Column, f.Before, f.After)
	}
	for _, id := range c.DependsOn {
		fmt.Fprintf(b, "    after %s\n", id)
	}
	if c.Remark != "" {
		fmt.Fprintf(b, "    remark: %s\n", c.Remark)
	}
}
