package billing

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// column is a column of a sheet.
type column struct {
	title  string
	width  float64 // in characters
	number bool
}

func text(title string, width float64) column   { return column{title, width, false} }
func figure(title string, width float64) column { return column{title, width, true} }

// sheetWriter writes one sheet, row by row.
type sheetWriter struct {
	*bookWriter
	name    string
	stream  *excelize.StreamWriter
	columns []column
	row     int // last written
}

// sheetRows is how many rows of a table a sheet takes; the limit of the format is
// a little higher.
const sheetRows = 1_000_000

// table begins a sheet with a header that stays in sight, is printed on every
// page, and can be filtered by.
func (b *bookWriter) table(name string, rows int, columns ...column) *sheetWriter {
	_, err := b.file.NewSheet(name)
	b.try(err)
	last := cellName(len(columns), rows+1)
	b.try(b.file.AutoFilter(name, "A1:"+last, nil))
	s := b.open(name, columns)
	s.pages("$1:$1")
	b.try(s.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	titles := make([]any, len(columns))
	for i, c := range columns {
		titles[i] = styled{strings.ReplaceAll(c.title, "_", " "), style{bold: true, fill: headFill, wrap: true, header: true, right: c.number}}
	}
	s.write(titles...)
	return s
}

// open begins a sheet that is there.
func (b *bookWriter) open(name string, columns []column) *sheetWriter {
	s := &sheetWriter{bookWriter: b, name: name, columns: columns}
	margin := 0.4
	b.try(b.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &margin, Right: &margin}))
	b.try(b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&A&RPage &P of &N"}))
	const a4, a3, broad = 9, 8, 160 // a sheet of more characters is too small to read on A4
	landscape, fit, wide, paper, tall, width := "landscape", true, 1, a4, 0, 0.0
	for _, c := range columns {
		width += c.width
	}
	if width > broad {
		paper = a3
	}
	b.try(b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.try(b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &paper, FitToWidth: &wide, FitToHeight: &tall}))
	var err error
	s.stream, err = b.file.NewStreamWriter(name)
	b.try(err)
	for i, c := range columns {
		b.try(s.stream.SetColWidth(i+1, i+1, c.width))
	}
	return s
}

// pages repeats rows on every printed page.
func (s *sheetWriter) pages(rows string) {
	s.try(s.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%s'!%s", s.name, rows), Scope: s.name}))
}

// end finishes the sheet. Nothing can be written afterwards.
func (s *sheetWriter) end() { s.try(s.stream.Flush()) }

// amount is a number with the format that it is shown in.
type amount struct {
	value  *big.Rat
	format string
}

// styled is a cell with a look of its own.
type styled struct {
	value any
	style style
}

// formula is a cell that is computed, with the value that it comes to.
type formula struct {
	text  string
	value amount
}

const headFill = "E8ECF1"

func headed(title string) styled {
	return styled{title, style{bold: true, fill: headFill, header: true}}
}

func headedRight(title string) styled {
	return styled{title, style{bold: true, fill: headFill, header: true, right: true}}
}

func bold(value any) styled { return styled{value, style{bold: true}} }

func money(v *big.Rat, iso string) amount { return amount{v, places(CurrencyScale(iso))} }

// effect is money before any rounding.
func effect(v *big.Rat, iso string) amount { return amount{v, places(CurrencyScale(iso) + 2)} }

func quantity(v *big.Rat) amount { return amount{v, places(4)} }

func count(n int) amount { return amount{fromInt(n), places(0)} }

// places is the format of numbers with so many decimal places.
func places(n int) string {
	if n == 0 {
		return "#,##0"
	}
	return "#,##0." + strings.Repeat("0", n)
}

// write writes the next row, from column A on. Texts are written as texts, so a
// formula in one stays a text.
func (s *sheetWriter) write(cells ...any) {
	s.row++
	row := make([]any, len(cells))
	height := lineHeight
	for i, cell := range cells {
		if c := s.cell(cell, style{}); c.Value != nil {
			row[i] = c
		}
		if v, ok := cell.(styled); ok {
			height = max(height, s.heightOf(v, i))
		}
	}
	if s.err == nil {
		s.try(s.stream.SetRow(cellName(1, s.row), row, excelize.RowOpts{Height: height}))
	}
}

// lineHeight is that of a line of text in points. Rows get their heights from us,
// because not every program gives them one that shows all of a wrapped text.
const lineHeight = 15.0

// heightOf is the height that a cell needs in its column.
func (s *sheetWriter) heightOf(v styled, column int) float64 {
	const most = 400 // points; the format's limit is a little higher
	switch t, isText := v.value.(string); {
	case v.style.size > 0:
		return 1.5 * v.style.size
	case isText && v.style.wrap:
		return min(most, lineHeight*float64(linesOf(t, s.columns[column].width-2)))
	}
	return lineHeight
}

// linesOf is how many lines a text takes where words do not break.
func linesOf(text string, width float64) int {
	lines, used := 1, 0.0
	for word := range strings.FieldsSeq(text) {
		long := 1.1 * float64(utf8.RuneCountInString(word))
		if used > 0 && used+1+long > width {
			lines, used = lines+1, 0
		}
		lines += int(long / width)
		used = math.Mod(used+1+long, max(width, 1))
	}
	return lines
}

func (s *sheetWriter) cell(cell any, look style) excelize.Cell {
	switch v := cell.(type) {
	case styled:
		return s.cell(v.value, v.style)
	case formula:
		c := s.cell(v.value, look)
		c.Formula = v.text
		return c
	case amount:
		if v.value == nil {
			return excelize.Cell{}
		}
		look.format = v.format
		f, _ := v.value.Float64()
		return excelize.Cell{StyleID: s.style(look), Value: f}
	case Day:
		if v == 0 {
			return excelize.Cell{}
		}
		look.format = "yyyy-mm-dd"
		const before1970 = 25568 // days of the calendar of spreadsheets before the first of ours
		return excelize.Cell{StyleID: s.style(look), Value: int(v) + before1970}
	case string:
		if v == "" {
			return excelize.Cell{}
		}
		return excelize.Cell{StyleID: s.style(look), Value: cellText(v)}
	}
	return excelize.Cell{}
}

// cellText takes out what XML cannot hold.
func cellText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\ufffd'
		}
		return r
	}, s)
}

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // there are less columns and rows than the format has
	}
	return name
}

// letter names a column by its title.
func (s *sheetWriter) letter(title string) string {
	for i, c := range s.columns {
		if c.title == title {
			return strings.TrimRight(cellName(i+1, 1), "1")
		}
	}
	panic("no column " + title)
}

// rangeOf is the data of a column, for formulas.
func (s *sheetWriter) rangeOf(title string, rows int) string {
	at := s.letter(title)
	return fmt.Sprintf("'%s'!$%s$2:$%s$%d", s.name, at, at, max(rows, 1)+1)
}
