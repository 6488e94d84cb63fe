package batch

import (
	"bytes"
	"regexp"
	"strings"

	"wholesync/diff"
)

const bom = "\xef\xbb\xbf"

// magics are the beginnings of files that are no text in UTF-8. The longer ones
// come first where one is the beginning of another.
var magics = []struct{ magic, text, hint string }{
	{"\xff\xfe\x00\x00", "the text is UTF-32", saveAsUTF8},
	{"\x00\x00\xfe\xff", "the text is UTF-32", saveAsUTF8},
	{"\xff\xfe", "the text is UTF-16", saveAsUTF8},
	{"\xfe\xff", "the text is UTF-16", saveAsUTF8},
	{"PK\x03\x04", "looks like an .xlsx workbook or a zip archive", "export as CSV UTF-8"},
	{"\xd0\xcf\x11\xe0", "looks like an .xls workbook", "export as CSV UTF-8"},
	{"\x1f\x8b", "looks like a gzip file", "unpack it first"},
	{"%PDF", "looks like a PDF", "export the table itself as CSV UTF-8"},
}

const (
	saveAsUTF8  = "save as CSV UTF-8"
	emptyFile   = "the file is empty, a header is expected"
	nameColumns = "the first line names the columns"
)

// excelSeparator is the line by which some spreadsheets tell each other the
// delimiter.
var excelSeparator = regexp.MustCompile(`^(?i)"?sep=[^\r\n]?"?\r?\n`)

// sniff looks at the first bytes of a file for what would otherwise read as one
// odd header or, worse, as no rows at all. It returns the problem, if there is
// one, and the length of the byte order mark.
func sniff(src *source, head []byte) (skip int, problem *diff.Problem) {
	complain := func(line int, text, hint string) (int, *diff.Problem) {
		p := src.problem(text, hint)
		p.Line = line
		return 0, &p
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return complain(0, m.text, m.hint)
		}
	}
	if nuls := bytes.Count(head[:min(len(head), 4096)], []byte{0}); nuls > min(len(head), 4096)/4 {
		return complain(0, "the text is UTF-16", saveAsUTF8)
	}
	if text, ok := bytes.CutPrefix(head, []byte(bom)); ok {
		skip, head = len(bom), text
	}
	switch {
	case len(bytes.TrimSpace(head)) == 0 && len(head) < bufSize:
		return complain(0, emptyFile, nameColumns)
	case bytes.HasPrefix(head, []byte(bom)):
		return complain(1, "begins with a second byte order mark, U+FEFF", "delete the character before the first column name")
	case excelSeparator.Match(head):
		return complain(1, `begins with a "sep=" line of a spreadsheet`, "delete it and separate the columns by commas")
	case !bytes.ContainsRune(head, '\n') && bytes.ContainsRune(bytes.TrimRight(head, "\r"), '\r'):
		return complain(1, "the lines end in CR alone, as on an old Mac", "save it with LF or CRLF line ends")
	}
	return skip, nil
}

// delimiter recognises a header that another character separates.
func delimiter(cell string) (string, bool) {
	for _, d := range []struct{ char, shown string }{{";", `";"`}, {"\t", "a tab"}, {"|", `"|"`}} {
		if strings.Contains(cell, d.char) {
			return d.shown, true
		}
	}
	return "", false
}
