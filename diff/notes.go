package diff

import (
	"fmt"
	"slices"
	"strings"
)

// countUncompared counts the filled cells of a live object's row that are
// neither compared nor sent along with a change.
func (p *planner) countUncompared(r Row, sent []FieldChange) {
	for _, c := range SpecOf(r.Kind()).uncompared {
		if r.Get(c) != "" && !slices.ContainsFunc(sent, func(f FieldChange) bool { return f.Column == c }) {
			p.uncompared[r.Kind()][c]++
		}
	}
}

// noteUncompared says which columns could not be compared, so that nobody takes
// silence for agreement.
func (p *planner) noteUncompared() {
	for _, k := range Kinds() {
		var columns []string
		for _, c := range SpecOf(k).uncompared {
			if n := p.uncompared[k][c]; n > 0 {
				columns = append(columns, fmt.Sprintf("%s (%d)", c, n))
			}
		}
		if len(columns) > 0 {
			p.plan.Notes = append(p.plan.Notes, Note{Text: fmt.Sprintf(
				"of live %ss the API does not return these columns, so they were not compared and are not changed (filled rows): %s", k, strings.Join(columns, ", "))})
		}
	}
}

// noteRenames points at pairs that look like one person with a new e-mail
// address. It is a hint and changes nothing: the API cannot change an address.
func (p *planner) noteRenames() {
	for _, s := range p.sorted {
		if s.offer != Wholesale || s.leaving == 0 || s.leaving == len(s.changes) {
			continue
		}
		gone := map[string]*Change{}
		for i := range s.changes {
			if c := &s.changes[i]; c.Action == Remove {
				for _, trait := range p.traits(c) {
					gone[trait] = c
				}
			}
		}
		for i := range s.changes {
			c := &s.changes[i]
			if c.Action != Provision {
				continue
			}
			for _, trait := range p.traits(c) {
				if old, ok := gone[trait]; ok {
					p.plan.Notes = append(p.plan.Notes, Note{FileName: c.FileName, Line: c.Line, Text: fmt.Sprintf(
						"%s looks like %s with a new e-mail address (same %s); the API cannot change an address, so this is a removal and a new subscription",
						c.Key, old.Key, trait[:strings.IndexByte(trait, ' ')])})
					break
				}
			}
		}
	}
}

// traits are what a person keeps when the address changes, each led by its name.
func (p *planner) traits(c *Change) []string {
	var out []string
	if c.At.Line > 0 {
		for i := range p.want.Of(Subscriber).IndexBy(ColEmail).All(c.Key.Email) {
			if first, last := i.Get(ColFirstName), i.Get(ColLastName); first != "" && last != "" && i.Position() == c.At {
				out = append(out, "name "+first+" "+last)
			}
		}
	}
	for _, f := range c.Fields {
		if v := f.Before + f.After; f.Column == ColPhone || f.Column == ColExtension {
			out = append(out, f.Column.String()+" "+v)
		}
	}
	if local, _, ok := strings.Cut(c.Key.Email, "@"); ok {
		out = append(out, "mailbox "+local)
	}
	return out
}
