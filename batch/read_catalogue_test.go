package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

// The cases are numbered as in the project's catalogue of bad inputs. A case
// gives the content of in.csv and what the reader says about it, word for word.
type badInput struct {
	name    string
	content string
	opt     ReadOptions
	want    []string // problems; none = the input is accepted
	rows    int      // rows that are accepted, where want is empty or all warnings
}

const (
	subHeader = "customer_external_id,email,package,extension\n"
	subRow    = "acme,anna@example.com,webex_calling,1001\n"
	cusHeader = "external_id,packages,name\n"
	cusRow    = "acme,webex_calling,Acme\n"
)

func (c badInput) run(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "in.csv", c.content)
	d, problems, err := ReadDesired([]string{"in.csv"}, c.opt)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.want, texts(problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if rows := d.Of(diff.Customer).Len() + d.Of(diff.Subscriber).Len(); !failed(problems) && rows != c.rows {
		t.Errorf("%d rows accepted, want %d", rows, c.rows)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func texts(problems []diff.Problem) (out []string) {
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

// utf16Of encodes without a byte order mark.
func utf16Of(order binary.AppendByteOrder, s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

var badFiles = []badInput{
	{name: "B02 empty", content: "",
		want: []string{"in.csv: the file is empty, a header is expected; the first line names the columns"}},
	{name: "B02 byte order mark alone", content: bom,
		want: []string{"in.csv: the file is empty, a header is expected; the first line names the columns"}},
	{name: "B02 blank lines alone", content: "\n\r\n \n",
		want: []string{"in.csv: the file is empty, a header is expected; the first line names the columns"}},
	{name: "B02 very many blank lines", content: strings.Repeat("\n", 2*bufSize),
		want: []string{"in.csv: the file is empty, a header is expected; the first line names the columns"}},
	{name: "B03 header only", content: subHeader,
		want: []string{"in.csv: warning: no rows below the header"}},
	{name: "B04 byte order mark", content: bom + subHeader + subRow, rows: 1},
	{name: "B04 byte order mark before a quote", content: bom + `"customer_external_id",email` + "\nacme,anna@example.com\n", rows: 1},
	{name: "B05 byte order mark twice", content: bom + bom + subHeader + subRow,
		want: []string{"in.csv:1: begins with a second byte order mark, U+FEFF; delete the character before the first column name"}},
	{name: "B05 inside a header", content: "customer_external_id,\ufeffemail\nacme,anna@example.com\n",
		want: []string{
			`in.csv:1: the required column email is missing; add the column`,
			`in.csv:1:2: the column name "\ufeffemail" holds a character that cannot be seen; type the name again`}},
	{name: "B06 UTF-16 LE", content: "\xff\xfe" + utf16Of(binary.LittleEndian, subHeader+subRow),
		want: []string{"in.csv: the text is UTF-16; save as CSV UTF-8"}},
	{name: "B06 UTF-16 BE", content: "\xfe\xff" + utf16Of(binary.BigEndian, subHeader+subRow),
		want: []string{"in.csv: the text is UTF-16; save as CSV UTF-8"}},
	{name: "B07 UTF-16 without mark", content: utf16Of(binary.LittleEndian, subHeader+subRow),
		want: []string{"in.csv: the text is UTF-16; save as CSV UTF-8"}},
	{name: "B08 UTF-32", content: "\xff\xfe\x00\x00e\x00\x00\x00",
		want: []string{"in.csv: the text is UTF-32; save as CSV UTF-8"}},
	{name: "B08 workbook", content: "PK\x03\x04\x14\x00\x06\x00",
		want: []string{"in.csv: looks like an .xlsx workbook or a zip archive; export as CSV UTF-8"}},
	{name: "B08 gzip", content: "\x1f\x8b\x08\x00",
		want: []string{"in.csv: looks like a gzip file; unpack it first"}},
	{name: "B08 PDF", content: "%PDF-1.7\n",
		want: []string{"in.csv: looks like a PDF; export the table itself as CSV UTF-8"}},
	{name: "B09 Windows-1252", content: "customer_external_id,email,first_name,last_name\nacme,anna@example.com,Ren\xe9e,M\xfcller\n",
		want: []string{
			`in.csv:2:3 column "first_name" value "Ren\xe9e": byte 0xE9 is not UTF-8 (byte offset 73); Windows-1252? save as CSV UTF-8`,
			`in.csv:2:4 column "last_name" value "M\xfcller": byte 0xFC is not UTF-8 (byte offset 77); Windows-1252? save as CSV UTF-8`}},
	{name: "B10 NUL", content: subHeader + "ac\x00me,anna@example.com,webex_calling,1001\n",
		want: []string{`in.csv:2:1 column "customer_external_id" value "ac\x00me": holds U+0000 (NUL); delete it: it cannot be seen`}},
	{name: "B11 CR only", content: strings.ReplaceAll(subHeader+subRow, "\n", "\r"),
		want: []string{"in.csv:1: the lines end in CR alone, as on an old Mac; save it with LF or CRLF line ends"}},
	{name: "B12 CRLF and LF", content: "customer_external_id,email\r\nacme,anna@example.com\nacme,ben@example.com\r\nacme,@\n",
		want: []string{`in.csv:4:2 column "email" value "@": not an e-mail address: nothing on one side of the "@"`}},
	{name: "B13 no newline at the end", content: subHeader + strings.TrimSpace(subRow), rows: 1},
	{name: "B14 cut in a row", content: subHeader + subRow + "acme,ben@exam",
		want: []string{"in.csv:3: has 2 fields, the header has 4; the file ends in the middle of this row: was it cut off?"}},
	{name: "B14 cut between rows", content: subHeader + subRow, opt: ReadOptions{ExpectRows: 2},
		want: []string{"in.csv: 1 rows, 2 expected; is the file complete? --expect-rows says how many there must be"}},
	{name: "B15 quote never closed", content: subHeader + "acme,\"anna@example.com,webex_calling,1001\nacme,ben@example.com,webex_calling,1002\n",
		want: []string{"in.csv:2:2: a quote opens here and is never closed; close it, or double it if it is part of the value"}},
	{name: "B15 quote closed by another row", content: subHeader + "acme,\"anna@example.com,webex_calling,1001\nacme,\"ben@example.com\",webex_calling,1002\n",
		opt:  ReadOptions{SkipInvalid: true},
		want: []string{"in.csv:2:2: a quote opens here and runs on into line 3; close it, or double it if it is part of the value"}},
	{name: "B16 quote in a field", content: subHeader + "acme,an\"na@example.com,webex_calling,1001\n" + "acme,ben,webex_calling,1002\n",
		want: []string{
			"in.csv:2:2: a quote inside a field that is not quoted; quote the whole field and double the quotes in it",
			`in.csv:3:2 column "email" value "ben": not an e-mail address: no "@"`}},
	{name: "B17 text after the quote", content: subHeader + "acme,\"anna\"@example.com,webex_calling,1001\n",
		want: []string{"in.csv:2:2: text after the closing quote; double the quotes inside a quoted field"}},
	{name: "B18 huge field", content: "customer_external_id,email,_note\nacme,anna@example.com," + strings.Repeat("x", maxField+1) + "\n",
		want: []string{fmt.Sprintf(`in.csv:2:3 column "_note" value "%s"...: has 65537 bytes; a cell has at most 65536; is a quote left open?`, strings.Repeat("x", 80))}},
	{name: "B18 huge row", content: subHeader + subRow + "acme,\"" + strings.Repeat("anna@example.com\n", 100_000),
		want: []string{"in.csv:3: a row of more than 1048576 bytes; is a quote left open?"}},
	{name: "B19 too many bytes", content: subHeader + subRow, opt: ReadOptions{MaxBytes: 50},
		want: []string{"in.csv: has 86 bytes or more, the limit is 50; split it, or raise the limit with --max-bytes"}},
	{name: "B19 too many rows", content: subHeader + subRow + subRow, opt: ReadOptions{MaxRows: 1},
		want: []string{"in.csv: has more than 1 rows; split it, or raise the limit with --max-rows"}},
}

var badHeaders = []badInput{
	{name: "B23 required missing", content: "mail,package\nanna@example.com,webex_calling\n",
		want: []string{
			`in.csv:1:1: unknown column "mail"; did you mean "email"`,
			`in.csv:1:1: cannot tell what the rows are; add a column "kind" that says customer, subscriber, broadworks_enterprise, broadworks_subscriber or broadworks_workspace in each row`}},
	{name: "B23 one missing", content: "email,package\nanna@example.com,webex_calling\n",
		want: []string{"in.csv:1: the required column customer_external_id is missing; add the column"}},
	{name: "B23 all missing at once", content: "kind,e_mial,package,name\nsubscriber,anna@example.com,webex_calling,\n",
		want: []string{
			`in.csv:1: the required columns external_id, customer_external_id, email are missing; is "e_mial" meant to be "email"`,
			`in.csv:1:2: unknown column "e_mial"; did you mean "email"`}},
	{name: "B24 misspelt", content: "customer_external_id,email,extention\nacme,anna@example.com,1001\n",
		want: []string{`in.csv:1:3: unknown column "extention"; did you mean "extension"`}},
	{name: "B24 beside wrong cells", content: "customer_external_id,email,extention,package\nacme,anna@example.com,1001,webex\n",
		want: []string{`in.csv:1:3: unknown column "extention"; did you mean "extension"`,
			`in.csv:2:4 column "package" value "webex": no package "webex"; allowed: webex_calling, webex_meetings, webex_suite, webex_voice, cx_essentials, webex_calling_standard, attendant_console, cx_premium_agent, cx_standard_agent`}},
	{name: "B24 allowed", content: "customer_external_id,email,shoe_size\nacme,anna@example.com,38\n", opt: ReadOptions{AllowExtraColumns: true}, rows: 1,
		want: []string{`in.csv:1:3: warning: unknown column "shoe_size"; it is ignored`}},
	{name: "B25 twice", content: "customer_external_id,email,package,email\nacme,anna@example.com,webex_calling,ben@example.com\n",
		want: []string{`in.csv:1:4: column "email" stands here again: it is "email" of field 2; delete one of them`}},
	{name: "B26 twice when folded", content: "customer_external_id,Email,E-mail \nacme,anna@example.com,ben@example.com\n",
		want: []string{`in.csv:1:3: column "E-mail " stands here again: it is "Email" of field 2; delete one of them`}},
	{name: "B27 nameless and empty", content: "customer_external_id,email,\nacme,anna@example.com,\n", rows: 1,
		want: []string{"in.csv:1:3: warning: a column without a name; it is empty throughout and ignored"}},
	{name: "B27 nameless with values", content: "customer_external_id,email,\nacme,anna@example.com,\nacme,ben@example.com,x\n",
		want: []string{"in.csv:1:3: a column without a name, and line 3 has a value there; name the column or delete it"}},
	{name: "B28 semicolons", content: strings.ReplaceAll(subHeader+subRow, ",", ";"),
		want: []string{`in.csv:1:1: the delimiter looks like ";"; separate the columns by commas`}},
	{name: "B28 tabs", content: strings.ReplaceAll(subHeader+subRow, ",", "\t"),
		want: []string{`in.csv:1:1: the delimiter looks like a tab; separate the columns by commas`}},
	{name: "B29 sep line", content: "sep=;\r\n" + subHeader + subRow,
		want: []string{`in.csv:1: begins with a "sep=" line of a spreadsheet; delete it and separate the columns by commas`}},
	{name: "B30 no header", content: subRow,
		want: []string{`in.csv:1:1: no known column in the header, which begins with "acme", "anna@example.com", "webex_calling"; is the header row missing?`}},
	{name: "B31 header again", content: subHeader + subRow + "Customer External ID,E-Mail,package,extension\n",
		want: []string{"in.csv:3: the header stands here again; delete the line; were two files joined?"}},
	{name: "B32 title lines", content: "Subscribers of Acme\n\n" + subHeader + subRow,
		want: []string{`in.csv:1:1: line 1 is no header, line 3 looks like it: "Subscribers of Acme"; delete the lines above the header`}},
	{name: "B32 title with a quote", content: "The \"Acme\" list\n" + subHeader + subRow,
		want: []string{"in.csv:1: no header, line 2 looks like it; delete the lines above the header"}},
	{name: "B33 other order", content: "Extension,PACKAGE,E-mail,customerExternalId\n1001,webex_calling,anna@example.com,acme\n", rows: 1},
}

func TestBadFilesAndHeaders(t *testing.T) {
	for _, c := range append(badFiles, badHeaders...) {
		t.Run(c.name, c.run)
	}
}

// What cannot be opened is an error of the call, not a problem of the content.
func TestInputsThatCannotBeOpened(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "in.csv", subHeader+subRow)
	for _, err := range []error{
		os.Mkdir("dir.csv", 0o700), os.Symlink("loop.csv", "loop.csv"), os.Symlink("in.csv", "link.csv"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"B01 missing", []string{"no.csv"}, "no.csv: cannot open: no such file or directory"},
		{"B01 directory", []string{"dir.csv"}, "dir.csv: cannot open: is a directory"},
		{"B21 twice", []string{"in.csv", "./in.csv"}, "./in.csv: the same file as in.csv, which is given already; name it once"},
		{"B21 twice through a link", []string{"in.csv", "link.csv"}, "link.csv: the same file as in.csv, which is given already; name it once"},
		{"B21 standard input twice", []string{"-", "-"}, "stdin: the same file as stdin, which is given already; name it once"},
		{"B22 link to itself", []string{"loop.csv"}, "loop.csv: cannot open: too many levels of symbolic links"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := ReadDesired(c.paths, ReadOptions{Stdin: strings.NewReader(subHeader)})
			if _, ok := errors.AsType[*InputError](err); !ok || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
	if _, _, err := ReadDesired(nil, ReadOptions{ProvisioningID: "no id"}); err == nil || err.Error() != `provisioning id "no id": not an id` {
		t.Errorf("error %v about the provisioning id", err)
	}
}

func TestB22StandardInput(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	d, problems, err := ReadDesired([]string{"-"}, ReadOptions{Stdin: strings.NewReader(subHeader + subRow + "acme,x\n")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stdin:3: has 2 fields, the header has 4; a comma is missing, or a quote"}
	if diff := cmp.Diff(want, texts(problems)); diff != "" || d.Files[0].Name != "stdin" {
		t.Errorf("%s of %v", diff, d.Files)
	}
	if left, err := filepath.Glob(temp + "/*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestB20FileChangesMeanwhile(t *testing.T) {
	for name, change := range map[string]func(t *testing.T){
		"longer":    func(t *testing.T) { write(t, "in.csv", subHeader+subRow+subRow) },
		"same size": func(t *testing.T) { chtimes(t, "in.csv") },
		"replaced":  func(t *testing.T) { write(t, "new.csv", subHeader+subRow); rename(t, "new.csv", "in.csv") },
		"gone":      func(t *testing.T) { rename(t, "in.csv", "out.csv") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "in.csv", subHeader+subRow)
			src, err := openSource("in.csv", ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer src.close()
			change(t)
			f := newFileReader(src, ReadOptions{MaxBytes: DefaultMaxBytes, MaxRows: DefaultMaxRows})
			if err := f.read(); err != nil {
				t.Fatal(err)
			}
			last := f.problems[len(f.problems)-1]
			if got := last.String(); got != "in.csv: changed while it was being read; start again when nothing writes to it" {
				t.Error(got)
			}
		})
	}
}

func chtimes(t *testing.T, name string) {
	t.Helper()
	if err := os.Chtimes(name, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestB63MillionRowsAreReadInPieces(t *testing.T) {
	path := writeSubscribers(t, 20_000) // the shape of a big file; the benchmark measures
	d, problems, err := ReadDesired([]string{path}, ReadOptions{ExpectRows: 20_000})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	last := d.Of(diff.Subscriber).Row(19_999)
	if got := last.Position(); got.Line != 20_001 {
		t.Errorf("last row at %v", got)
	}
	first, ok := d.Of(diff.Subscriber).IndexBy(diff.ColEmail).First(strings.ToUpper(last.Get(diff.ColEmail)))
	if !ok || first.Index() != 19_999 {
		t.Error("the last row is not found by its e-mail address")
	}
}
