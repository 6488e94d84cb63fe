package batch

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"wholesync/diff"
)

// KindColumn names the column that tells the kinds apart in a file of both.
const KindColumn = "kind"

// header is what the first row of a file says.
type header struct {
	line  int           // where it stands
	names []string      // as spelt
	cols  []diff.Column // per field; ColNone = not a column of the input
	kind  int           // field of the column "kind", -1 = the file has one kind
	only  diff.Kind     // that kind
	blank []int         // fields without a name
	ways  map[diff.Kind]*mapping
}

// has reports whether the file can hold rows of a kind.
func (h *header) has(k diff.Kind) bool { return h.ways[k] != nil }

// holds reports whether the file has the columns that name the objects of a kind,
// without which it says nothing about them.
func (h *header) holds(k diff.Kind) bool {
	return h.has(k) && !slices.ContainsFunc(diff.SpecOf(k).Keys, func(c diff.Column) bool { return !slices.Contains(h.cols, c) })
}

// FoldName makes the form in which column names are matched: case, spaces, "_"
// and "-" mean nothing, but a leading "_" marks the tool's own columns.
func FoldName(name string) string {
	name = strings.TrimSpace(name)
	folded := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))
	if strings.HasPrefix(name, "_") {
		return "_" + folded
	}
	return folded
}

// columnsByName maps folded names to columns, those of the tool's own included.
var columnsByName = func() map[string]diff.Column {
	known := make(map[string]diff.Column)
	for _, kind := range diff.Kinds() {
		for _, rule := range diff.SpecOf(kind).Rules {
			known[FoldName(rule.Column.String())] = rule.Column
		}
	}
	return known
}()

// headerChecker reads a header and collects everything that is wrong with it.
type headerChecker struct {
	*header
	src      *source
	extra    bool // unknown columns are allowed
	snapshot bool // the tool's own columns count
	problems []diff.Problem
	unknown  []int
}

func (c *headerChecker) found(field int, text, hint string) *diff.Problem {
	c.problems = append(c.problems, diff.Problem{File: c.src.name, Line: c.line, Field: field + 1, Text: text, Hint: hint})
	return &c.problems[len(c.problems)-1]
}

// failed reports whether the rows cannot be read.
func failed(problems []diff.Problem) bool {
	return slices.ContainsFunc(problems, func(p diff.Problem) bool { return !p.Warning })
}

// check goes from the coarse to the fine: after a header that is none, there is
// no point in listing its columns one by one.
func (c *headerChecker) check(head []byte) {
	if len(c.names) == 1 && headerBelow(head) == 0 {
		if shown, ok := delimiter(c.names[0]); ok {
			c.found(0, "the delimiter looks like "+shown, "separate the columns by commas")
			return
		}
	}
	c.match()
	if !slices.ContainsFunc(c.cols, func(col diff.Column) bool { return col != diff.ColNone }) && c.kind < 0 {
		c.noHeader(head)
		return
	}
	before := slices.Clone(c.problems)
	c.reportUnknown() // an error, but one beside which the rows can be read
	unknown := len(c.problems)
	c.tellKind()
	c.checkRequired()
	if failed(c.problems[unknown:]) || failed(before) {
		return
	}
	c.ways = make(map[diff.Kind]*mapping)
	for _, kind := range diff.Kinds() {
		if c.kind >= 0 || c.only == kind {
			c.ways[kind] = newMapping(kind, c.cols)
		}
	}
}

// match finds the column of each name.
func (c *headerChecker) match() {
	seen := make(map[string]int)
	c.kind = -1
	c.cols = make([]diff.Column, len(c.names))
	for i, name := range c.names {
		folded := FoldName(name)
		column, known := columnsByName[folded]
		own := strings.HasPrefix(folded, "_")
		if r := strings.IndexFunc(name, hidden); r >= 0 {
			c.found(i, fmt.Sprintf("the column name %+q holds a character that cannot be seen", name), "type the name again")
			continue
		}
		if before, twice := seen[folded]; twice && folded != "" && (!own || c.snapshot) {
			c.found(i, fmt.Sprintf("column %q stands here again: it is %q of field %d", name, c.names[before], before+1), "delete one of them")
			continue
		}
		seen[folded] = i
		switch {
		case folded == "":
			c.blank = append(c.blank, i)
		case own && !c.snapshot: // an export or a retry file goes straight back in
		case known:
			c.cols[i] = column
		case folded == KindColumn:
			c.kind = i
		case !own:
			c.unknown = append(c.unknown, i)
		}
	}
}

// hidden characters of a name are those that a person cannot see on the screen;
// the replacement character stands for bytes that are not UTF-8.
func hidden(r rune) bool {
	return r != ' ' && (r < ' ' || r == '\ufffd' || r == 0x7f || !unicode.IsPrint(r))
}

// noHeader tells a header below some title lines from a file without one.
func (c *headerChecker) noHeader(head []byte) {
	if line := headerBelow(head); line > c.line {
		c.found(0, fmt.Sprintf("line %d is no header, line %d looks like it: %q", c.line, line, c.names[0]), "delete the lines above the header")
		return
	}
	shown := make([]string, 0, 3)
	for _, name := range c.names[:min(3, len(c.names))] {
		shown = append(shown, fmt.Sprintf("%q", cut(name)))
	}
	c.found(0, "no known column in the header, which begins with "+strings.Join(shown, ", "), "is the header row missing?")
}

func cut(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "..."
	}
	return s
}

// headerBelow looks through the first lines for one that names two columns.
func headerBelow(head []byte) int {
	line := 0
	for text := range strings.Lines(string(head)) {
		line++
		known := 0
		for cell := range strings.SplitSeq(text, ",") {
			if _, ok := columnsByName[FoldName(strings.Trim(strings.TrimSpace(cell), `"`))]; ok {
				known++
			}
		}
		if known >= 2 {
			return line
		}
		if line > 20 {
			break
		}
	}
	return 0
}

func (c *headerChecker) reportUnknown() {
	for _, i := range c.unknown {
		text := fmt.Sprintf("unknown column %q", cut(c.names[i]))
		if c.extra {
			c.found(i, text, "it is ignored").Warning = true
			continue
		}
		hint := "delete it, or allow it with --allow-extra-columns"
		if near, ok := diff.Nearest(c.names[i], inputNames()); ok {
			hint = fmt.Sprintf("did you mean %q", near)
		}
		c.found(i, text, hint)
	}
}

// inputNames are the columns that people write.
func inputNames() []string {
	names := []string{KindColumn}
	for _, column := range columnsByName {
		if column.Input() {
			names = append(names, column.String())
		}
	}
	slices.Sort(names)
	return names
}

// tellKind settles what the rows are. A column that only the other kind has is
// an error, because its cells would go nowhere.
func (c *headerChecker) tellKind() {
	if c.kind >= 0 {
		return
	}
	kinds := slices.DeleteFunc(diff.Kinds(), func(k diff.Kind) bool { return !c.mentions(k) })
	if len(kinds) != 1 {
		c.found(0, "cannot tell what the rows are", fmt.Sprintf(`add a column "kind" that says %s in each row`, diff.KindWords()))
		return
	}
	c.only = kinds[0]
	for i, col := range c.cols {
		if _, ok := diff.SpecOf(c.only).Slot(col); col != diff.ColNone && !ok {
			c.found(i, fmt.Sprintf("a %s has no column %q", c.only, c.names[i]), "delete the column")
		}
	}
}

// checkRequired names all missing columns at once.
func (c *headerChecker) checkRequired() {
	var missing []string
	for _, kind := range diff.Kinds() {
		if c.only == kind || c.kind >= 0 && c.mentions(kind) && !c.forAnother(kind) {
			missing = append(missing, c.missing(kind)...)
		}
	}
	whole := func(k diff.Kind) bool { return len(c.missing(k)) == 0 }
	if c.kind >= 0 && len(missing) == 0 && !slices.ContainsFunc(diff.Kinds(), whole) {
		missing = append(c.missing(diff.Customer), c.missing(diff.Subscriber)...)
	}
	if len(missing) == 0 {
		return
	}
	hint := "add the column"
	var unknown []string
	for _, i := range c.unknown {
		unknown = append(unknown, c.names[i])
	}
	for _, name := range missing {
		if near, ok := diff.Nearest(name, unknown); ok {
			hint = fmt.Sprintf("is %q meant to be %q", near, name)
		}
	}
	text := "the required column %s is missing"
	if len(missing) > 1 {
		text = "the required columns %s are missing"
	}
	c.found(-1, fmt.Sprintf(text, strings.Join(missing, ", ")), hint)
}

// mentions reports whether the header has a column that tells a kind.
func (c *headerChecker) mentions(kind diff.Kind) bool {
	spec, has := diff.SpecOf(kind), func(col diff.Column) bool { return slices.Contains(c.cols, col) }
	return slices.ContainsFunc(spec.Tells, has) && !slices.ContainsFunc(spec.Unless, has)
}

// forAnother reports whether what the header has of a kind serves another one,
// whose key is there: rows of that one alone need no more. A row of the kind then
// says itself what it lacks.
func (c *headerChecker) forAnother(kind diff.Kind) bool {
	return slices.ContainsFunc(diff.Kinds(), func(other diff.Kind) bool {
		if other == kind || len(c.missing(other)) > 0 {
			return false
		}
		for _, col := range diff.SpecOf(kind).Tells {
			if _, has := diff.SpecOf(other).Slot(col); slices.Contains(c.cols, col) && !has {
				return false
			}
		}
		return true
	})
}

func (c *headerChecker) missing(kind diff.Kind) []string {
	var names []string
	for _, col := range diff.SpecOf(kind).Keys {
		if !slices.Contains(c.cols, col) {
			names = append(names, col.String())
		}
	}
	return names
}
