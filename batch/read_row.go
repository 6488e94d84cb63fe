package batch

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"wholesync/diff"
)

// rowProblem says something about the row being read. Such a problem does not
// stop a run that skips invalid rows.
func (f *fileReader) rowProblem(field int, text, hint string) *diff.Problem {
	f.bad = append(f.bad, text)
	f.problems = append(f.problems, diff.Problem{File: f.src.name, Line: f.line, Field: field + 1, Text: text, Hint: hint, Warning: f.opt.SkipInvalid})
	return &f.problems[len(f.problems)-1]
}

// cellProblem says something about one cell.
func (f *fileReader) cellProblem(field int, value, text, hint string) *diff.Problem {
	p := f.rowProblem(field, text, hint)
	p.Column, p.Value = f.head.names[field], strings.Clone(value)
	f.bad[len(f.bad)-1] = fmt.Sprintf("column %q: %s", p.Column, text)
	return p
}

// row reads one record of the right length.
func (f *fileReader) row(record []string) {
	f.bad = f.bad[:0]
	kind := f.head.only
	switch {
	case f.oversized(record):
	case f.repeatsHeader(record):
		f.rowProblem(-1, "the header stands here again", "delete the line; were two files joined?")
	default:
		kind = f.kindOf(record)
		if m := f.head.ways[kind]; m != nil {
			f.fill(m, record)
			return
		}
	}
	f.setAside(kind, "")
}

// fill reads the cells of a record into a table, which copies them. Whatever else
// outlives the row must be cloned: see [csvReader.Read].
func (f *fileReader) fill(m *mapping, record []string) {
	usable := true // the row can take part in the checks of the whole file
	for i := range m.picks {
		p := &m.picks[i]
		raw := record[p.field]
		if raw == "" {
			m.cells[p.slot] = ""
			continue
		}
		if p.own { // what the API said, whatever that is
			m.cells[p.slot] = raw
			continue
		}
		value, issue := diff.Parse(p.rule.Value, raw)
		if issue.Text != "" || value == diff.Clear || f.snapshot && p.rule.Value == diff.ValueEnsure {
			value = f.judge(p, record, value, issue)
			usable = usable && (value != "" || p.rule.Value != diff.ValueEnsure)
		}
		m.cells[p.slot] = value
	}
	f.checkKeys(m, record)
	for _, field := range m.foreign {
		if !blank(record[field]) {
			f.cellProblem(field, record[field], fmt.Sprintf("a %s has no such column", m.kind), "leave the cell blank")
		}
	}
	f.checkNameless(record)
	f.complete(m)
	if m.kind == diff.Subscriber && !f.snapshot {
		f.checkPlace(m, record)
	}
	if len(f.bad) > 0 && (f.opt.SkipInvalid || !usable) {
		f.setAside(m.kind, f.keyOf(m, record))
		return
	}
	at := diff.Position{File: f.file, Line: uint32(f.line)}
	if f.snapshot {
		at = diff.Position{}
	}
	if err := m.table.AddRow(at, m.cells); err != nil {
		f.rowProblem(-1, err.Error(), "")
		f.setAside(m.kind, f.keyOf(m, record))
	}
}

// judge decides about a cell that is not simply fine: what Parse found, the word
// for clearing, and what a snapshot cannot have. It returns what the row gets.
func (f *fileReader) judge(p *pick, record []string, value string, issue diff.Issue) string {
	raw := record[p.field]
	switch {
	case value == diff.Clear && (f.snapshot || !p.rule.Clear):
		f.cellProblem(p.field, raw, "this value cannot be cleared", "leave the cell blank to keep what is there")
		return ""
	case f.snapshot && value == diff.EnsureAbsent && p.rule.Value == diff.ValueEnsure:
		f.cellProblem(p.field, raw, "a snapshot holds what exists, nothing absent", "is this an input file? give an export")
		return ""
	case issue.Text == "":
		return value
	case issue.Warning, f.snapshot && p.rule.Value != diff.ValueEnsure && utf8.ValidString(raw):
		f.problems = append(f.problems, diff.Problem{
			File: f.src.name, Line: f.line, Field: p.field + 1, Column: f.head.names[p.field], Value: strings.Clone(raw),
			Text: issue.Text, Hint: issue.Hint, Warning: true,
		})
		return value
	}
	if !utf8.ValidString(raw) {
		issue.Text += f.byteOffset(record, p.field)
	}
	f.cellProblem(p.field, raw, issue.Text, issue.Hint)
	return ""
}

// checkKeys refuses a row that names no object, and tells a forgotten cell from
// the empty lines that spreadsheets leave behind.
func (f *fileReader) checkKeys(m *mapping, record []string) {
	for _, slot := range m.keys {
		if m.cells[slot] != "" {
			continue
		}
		column := diff.SpecOf(m.kind).Rules[slot].Column
		field := m.field(slot)
		switch {
		case field < 0:
			f.rowProblem(-1, fmt.Sprintf("a %s needs the column %q, which the file does not have", m.kind, column), "add the column")
		case blank(record[field]):
			f.cellProblem(field, record[field], "is blank", fmt.Sprintf("every %s row needs it", m.kind))
		}
	}
}

// checkNameless remembers where columns without a name hold something.
func (f *fileReader) checkNameless(record []string) {
	for i, field := range f.head.blank {
		if f.blanks[i] == 0 && !blank(record[field]) {
			f.blanks[i] = f.line
		}
	}
}

// statesNeeded are countries whose addresses the API is known to refuse without a
// state or province (code 2530).
const statesNeeded = "AU CA US"

// complete fills in the provisioning id of a row whose kind has one, and looks at
// the address of a customer.
func (f *fileReader) complete(m *mapping) {
	if slot, ok := diff.SpecOf(m.kind).Slot(diff.ColProvisioningID); ok && m.cells[slot] == "" && !f.snapshot {
		m.cells[slot] = f.opt.ProvisioningID
	}
	if m.kind != diff.Customer {
		return
	}
	country := m.cell(diff.ColCountry)
	if country == "" || m.cell(diff.ColAddressLine1) == "" || m.cell(diff.ColState) != "" || f.snapshot || !strings.Contains(statesNeeded, country) {
		return
	}
	slot, _ := diff.SpecOf(m.kind).Slot(diff.ColCountry)
	field := m.field(slot)
	f.problems = append(f.problems, diff.Problem{
		File: f.src.name, Line: f.line, Field: field + 1, Column: f.head.names[field], Value: strings.Clone(country),
		Text: "an address in this country needs state_or_province", Hint: "the API refuses a new customer without it (2530)", Warning: true,
	})
}

// kindOf reads what the row describes.
func (f *fileReader) kindOf(record []string) diff.Kind {
	if f.head.kind < 0 {
		if f.emptyRow(record) {
			return 0
		}
		return f.head.only
	}
	raw := record[f.head.kind]
	if kind, ok := diff.ParseKind(strings.TrimSpace(raw)); ok {
		return kind
	}
	if f.emptyRow(record) {
		return 0
	}
	hint := "write " + diff.KindWords()
	if near, ok := diff.Nearest(raw, kindWords()); ok {
		hint = fmt.Sprintf("did you mean %q", near)
	}
	f.cellProblem(f.head.kind, raw, "no kind of row", hint)
	return 0
}

func kindWords() []string {
	var words []string
	for _, kind := range diff.Kinds() {
		words = append(words, kind.String())
	}
	return words
}

// emptyRow reports whether a record has nothing in it, and says so.
func (f *fileReader) emptyRow(record []string) bool {
	for _, cell := range record {
		if !blank(cell) {
			return false
		}
	}
	f.rowProblem(-1, "an empty row", "delete the line; spreadsheets leave such lines behind")
	return true
}

func blank(cell string) bool { return cell == "" || strings.TrimSpace(cell) == "" }

// repeatsHeader recognises the header of a second file that was appended.
func (f *fileReader) repeatsHeader(record []string) bool {
	for i, cell := range record {
		if !sameName(cell, f.head.names[i]) {
			return false
		}
	}
	return true
}

// sameName compares as FoldName does, without making the folded names: it looks
// at every row, and at most rows for one character.
func sameName(a, b string) bool {
	for {
		a, b = skipSeparators(a), skipSeparators(b)
		if a == "" || b == "" {
			return a == b
		}
		if lower(a[0]) != lower(b[0]) {
			return false
		}
		a, b = a[1:], b[1:]
	}
}

func skipSeparators(name string) string {
	for name != "" && (name[0] == ' ' || name[0] == '_' || name[0] == '-') {
		name = name[1:]
	}
	return name
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// oversized refuses cells and rows that no one wrote.
func (f *fileReader) oversized(record []string) bool {
	size := f.csv.Offset() - f.start
	if size <= maxField {
		return false
	}
	for i, cell := range record {
		if len(cell) > maxField {
			f.cellProblem(i, cell, fmt.Sprintf("has %d bytes; a cell has at most %d", len(cell), maxField), "is a quote left open?")
			return true
		}
	}
	if size > maxRecord {
		f.rowProblem(-1, fmt.Sprintf("has %d bytes; a row has at most %d", size, maxRecord), "is a quote left open?")
	}
	return size > maxRecord
}

// setAside keeps a bad row for the results, where the run goes on without it.
func (f *fileReader) setAside(kind diff.Kind, key string) {
	if !f.opt.SkipInvalid {
		return
	}
	f.rejected = append(f.rejected, diff.Rejected{
		At:   diff.Position{File: f.file, Line: uint32(f.line)},
		File: f.src.name, Line: uint32(f.line), Kind: kind, Key: key, Problem: strings.Join(f.bad, "; "),
	})
}

// keyOf names the row's object as far as the row does.
func (f *fileReader) keyOf(m *mapping, record []string) string {
	var parts []string
	for _, slot := range m.keys {
		part := m.cells[slot]
		if field := m.field(slot); part == "" && field >= 0 {
			part = strings.ToValidUTF8(strings.TrimSpace(record[field]), "\ufffd")
		}
		parts = append(parts, part)
	}
	return strings.Clone(strings.Join(parts, "/"))
}

// byteOffset finds the first byte of a cell that is not UTF-8 in the file, by
// reading the record again: only such a cell pays for that.
func (f *fileReader) byteOffset(record []string, field int) string {
	before := 0
	for _, cell := range record[:field] {
		before += len(invalidBytes(cell))
	}
	if at := invalidBytes(string(f.raw())); len(at) > before {
		return fmt.Sprintf(" (byte offset %d)", f.start+f.skip+int64(at[before]))
	}
	return ""
}

func invalidBytes(s string) (at []int) {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				at = append(at, i)
			}
		}
	}
	return at
}

// structure says what the CSV reader found wrong with a record. It stops the
// reading where rows may have been swallowed beyond recognition; inHeader makes
// that of everything.
func (f *fileReader) structure(record []string, err error, inHeader bool) (stop bool, _ error) {
	f.bad = f.bad[:0]
	pe, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case errors.Is(err, errRecordTooLong):
		line, err := f.src.lineAt(f.src.mark + f.skip)
		if err != nil {
			return true, &InputError{f.src.name, bare(err)}
		}
		f.line = line
		f.rowProblem(-1, fmt.Sprintf("a row of more than %d bytes", maxRecord), "is a quote left open?").Warning = false
		return true, nil
	case !ok:
		return true, &InputError{f.src.name, fmt.Errorf("reading: %w", bare(err))}
	}
	f.line = pe.StartLine
	switch {
	case errors.Is(pe, csv.ErrFieldCount):
		f.fieldCount(record)
	case errors.Is(pe, csv.ErrBareQuote):
		f.rowProblem(len(record), "a quote inside a field that is not quoted", "quote the whole field and double the quotes in it").Warning = f.opt.SkipInvalid && !inHeader
	default:
		f.openQuote(pe, len(record), inHeader)
	}
	f.setAside(f.head.only, "")
	return false, nil
}

func (f *fileReader) fieldCount(record []string) {
	if f.emptyRow(record) {
		return
	}
	hint := "quote a value that holds a comma"
	if len(record) < len(f.head.names) {
		hint = "a comma is missing, or a quote"
		f.short = f.rows
	}
	f.rowProblem(-1, fmt.Sprintf("has %d fields, the header has %d", len(record), len(f.head.names)), hint)
}

// openQuote tells a quote that is never closed from one that is closed too soon.
// Where it runs over lines it has swallowed rows, so nothing can be skipped.
func (f *fileReader) openQuote(pe *csv.ParseError, field int, inHeader bool) {
	text, hint := "text after the closing quote", "double the quotes inside a quoted field"
	if f.csv.Offset()+f.skip >= f.src.size && pe.Column > f.lastLine() {
		text, hint = "a quote opens here and is never closed", "close it, or double it if it is part of the value"
	} else if pe.Line > pe.StartLine {
		text, hint = fmt.Sprintf("a quote opens here and runs on into line %d", pe.Line), "close it, or double it if it is part of the value"
	}
	p := f.rowProblem(field, text, hint)
	p.Warning = p.Warning && !inHeader && pe.Line == pe.StartLine
}

// lastLine is the length in bytes of the last line of the record just read.
func (f *fileReader) lastLine() int {
	raw := f.raw()
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return len(raw) - 1 - bytes.LastIndexByte(raw, '\n')
}

// raw reads the bytes of the record again, for a closer look.
func (f *fileReader) raw() []byte {
	raw := make([]byte, f.csv.Offset()-f.start)
	n, _ := f.src.f.ReadAt(raw, f.start+f.skip) // what is missing is missing in the message alone
	return raw[:n]
}
