package billing

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"github.com/xuri/excelize/v2"
)

// The sheets of the workbook. The last ones are there where there is something in them.
const (
	sheetSummary   = "Summary"
	sheetFindings  = "Findings"
	sheetCustomers = "Per customer"
	sheetEvidence  = "Evidence"
	sheetSources   = "Sources"
	sheetShares    = "Allocation"
	sheetLedger    = "Ledger"
	sheetAccruals  = "Accruals"
	sheetMargins   = "Margins"
)

// WriteWorkbook writes a result as an Excel workbook: totals and causes with a
// chart, all findings, customers, how each expected amount was computed, the files
// that were looked at, and the shares of charges for the provider as a whole.
// Numbers are numbers, totals are formulas over the rows above them, and the same
// result gives the same bytes.
func WriteWorkbook(w io.Writer, r *Result) error {
	if n := max(len(r.Findings), len(r.Allocation)); n > sheetRows {
		return fmt.Errorf("writing the workbook: a sheet does not hold %d rows; the findings as CSV do", n)
	}
	b := &bookWriter{file: excelize.NewFile(), styles: make(map[style]int)}
	defer b.file.Close()
	b.file.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &steadyZip{zip.NewWriter(w), map[string]*bytes.Buffer{}} })
	b.try(b.file.SetSheetName("Sheet1", sheetSummary))
	b.try(b.file.SetDocProps(&excelize.DocProperties{Title: "Invoice against usage", Creator: "wholesync"}))
	b.writeFindings(r)
	b.writeCustomers(r)
	b.writeEvidence(r)
	b.writeSources(r)
	b.writeShares(r)
	b.writeLedger(r)
	b.writeAccruals(r)
	b.writeMargins(r)
	b.writeSummary(r)
	if b.err == nil {
		b.err = b.file.Write(w)
	}
	if b.err != nil {
		return fmt.Errorf("writing the workbook: %w", b.err)
	}
	return nil
}

// bookWriter writes sheets; the first error stays, and nothing is written after it.
type bookWriter struct {
	file   *excelize.File
	styles map[style]int
	err    error
}

func (b *bookWriter) try(err error) {
	if b.err == nil {
		b.err = err
	}
}

// style is how a cell looks.
type style struct {
	format string // of numbers; blank = General
	bold   bool
	fill   string // color
	wrap   bool
	size   float64 // of the font; 0 = as usual
	header bool
	right  bool
}

func (b *bookWriter) style(s style) int {
	if id, ok := b.styles[s]; ok {
		return id
	}
	made := &excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: s.wrap}}
	switch {
	case s.right:
		made.Alignment.Horizontal = "right"
	case s.format == "" && s.size == 0: // a text, to be kept apart from a number before it
		made.Alignment.Horizontal, made.Alignment.Indent = "left", 1
	}
	if s.bold || s.size > 0 {
		made.Font = &excelize.Font{Bold: s.bold, Size: max(s.size, 11), Family: "Calibri"}
	}
	if s.format != "" {
		made.CustomNumFmt = &s.format
	}
	if s.fill != "" {
		made.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{s.fill}}
	}
	if s.header {
		made.Border = []excelize.Border{{Type: "bottom", Style: 2, Color: "555555"}}
	}
	id, err := b.file.NewStyle(made)
	b.try(err)
	b.styles[s] = id
	return id
}

// steadyZip writes the parts of a workbook in the order of their names, and the
// types of pictures in the order of theirs, neither of which excelize does.
type steadyZip struct {
	*zip.Writer
	parts map[string]*bytes.Buffer
}

// Create begins a part.
func (z *steadyZip) Create(name string) (io.Writer, error) {
	z.parts[name] = new(bytes.Buffer)
	return z.parts[name], nil
}

var defaultType = regexp.MustCompile(`<Default [^>]*></Default>`)

// Close writes the parts.
func (z *steadyZip) Close() error {
	for _, name := range slices.Sorted(maps.Keys(z.parts)) {
		content := z.parts[name].Bytes()
		if name == "[Content_Types].xml" {
			types := defaultType.FindAll(content, -1)
			slices.SortFunc(types, bytes.Compare)
			content = bytes.Replace(defaultType.ReplaceAll(content, nil), []byte("<Override"), append(bytes.Join(types, nil), "<Override"...), 1)
		}
		part, err := z.Writer.Create(name)
		if err != nil {
			return err
		}
		if _, err := part.Write(content); err != nil {
			return err
		}
	}
	return z.Writer.Close()
}
