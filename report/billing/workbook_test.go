package billing

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// openBook writes a result and reads it back.
func openBook(t *testing.T, r *Result) *excelize.File {
	t.Helper()
	var b bytes.Buffer
	if err := WriteWorkbook(&b, r); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// full is a result with something on every sheet.
func full(t *testing.T) *Result {
	t.Helper()
	lines := append(exampleLines("79.03", "57.87", "10.02", "7.25"),
		line("5", acme, "webex_suite", "140", "57.87"),
		seatLine("6", Party{ExternalID: "=cmd|' /C calc'!A0", Name: "\x1b[31mEvil"}, "webex_calling", "5", "7.25", "36.25"),
		withSKU(line("7", Party{}, "", "1", "99"), "+SKU", ChargeUsage))
	lines[3].Customer = Party{} // a charge for the provider as a whole
	report := exampleReport()
	report.Rows = append(report.Rows, usage(acme, "webex_voice", "", "3"), usage(Party{ExternalID: "C-3"}, "webex_meetings", "", "3"))
	report.SHA256, report.Columns = strings.Repeat("ab", 32), []ColumnUse{{"QUANTITY", "quantity"}, {"=NOTE()", ""}}
	opt := DefaultOptions()
	opt.Accrue = true
	return compared(t, Input{Lines: lines, Reports: []Report{report}, Options: opt, Ledger: &Ledger{},
		Sources: []Source{{Kind: "invoice", Name: "invoice.csv", SHA256: "cd", Rows: len(lines)}}})
}

func TestWorkbookSheets(t *testing.T) {
	f := openBook(t, full(t))
	want := []string{"Summary", "Findings", "Per customer", "Evidence", "Sources", "Allocation", "Ledger", "Accruals"}
	if diff := cmp.Diff(want, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	if f.GetActiveSheetIndex() != 0 {
		t.Error("another sheet than the summary opens")
	}
	for _, sheet := range want[1:] {
		if panes, err := f.GetPanes(sheet); err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the header scrolls away: %+v (%v)", sheet, panes, err)
		}
	}
	printed, filtered := make(map[string]string), make(map[string]string)
	for _, name := range f.GetDefinedName() {
		switch name.Name {
		case "_xlnm.Print_Titles":
			printed[name.Scope] = name.RefersTo
		case "_xlnm._FilterDatabase":
			filtered[name.Scope] = name.RefersTo
		}
	}
	rows, err := f.GetRows("Findings")
	if err != nil {
		t.Fatal(err)
	}
	for _, sheet := range want[1:] {
		if printed[sheet] != "'"+sheet+"'!$1:$1" || filtered[sheet] == "" {
			t.Errorf("%s: printed with %q, filtered by %q", sheet, printed[sheet], filtered[sheet])
		}
		if layout, err := f.GetPageLayout(sheet); err != nil || *layout.Orientation != "landscape" || *layout.FitToWidth != 1 || *layout.FitToHeight != 0 {
			t.Errorf("%s: page layout %+v (%v)", sheet, layout, err)
		}
	}
	// The row of totals is not among those that are filtered.
	if want := "'Findings'!$A$1:$W$" + strconv.Itoa(len(rows)-1); filtered["Findings"] != want {
		t.Errorf("Findings is filtered by %q, want %q", filtered["Findings"], want)
	}
}

// TestWorkbookCells reads values, formats and types of some cells back.
func TestWorkbookCells(t *testing.T) {
	f := openBook(t, full(t))
	for _, tt := range []struct{ sheet, cell, raw, shown string }{
		{"Findings", "A1", "code", "code"},
		{"Findings", "P1", "billed amount", "billed amount"},
		{"Findings", "U2", "99", "99.00"},
		{"Findings", "E2", "46113", "2026-04-01"},
		{"Findings", "J2", "+SKU", "+SKU"},
		{"Evidence", "G2", "327", "327.0000"},
		{"Evidence", "I2", "109/10", "109/10"},
		{"Evidence", "M2", "327 user-days / 30 days = 10.9 seats; 10.9 seats x 7.25 = 79.025; rounded half-up: 79.03 USD", "327 user-days / 30 days = 10.9 seats; 10.9 seats x 7.25 = 79.025; rounded half-up: 79.03 USD"},
		{"Sources", "G2", "QUANTITY as quantity; not used: =NOTE()", "QUANTITY as quantity; not used: =NOTE()"},
		{"Sources", "A3", "invoice.csv", "invoice.csv"},
		{"Allocation", "G2", "0.49", "0.49"},
	} {
		raw, err := f.GetCellValue(tt.sheet, tt.cell, excelize.Options{RawCellValue: true})
		shown, err2 := f.GetCellValue(tt.sheet, tt.cell)
		if raw != tt.raw || shown != tt.shown || err != nil || err2 != nil {
			t.Errorf("%s!%s is %q, shown as %q; want %q, %q (%v, %v)", tt.sheet, tt.cell, raw, shown, tt.raw, tt.shown, err, err2)
		}
		if formula, err := f.GetCellFormula(tt.sheet, tt.cell); err != nil || formula != "" {
			t.Errorf("%s!%s has the formula %q (%v)", tt.sheet, tt.cell, formula, err)
		}
		kind, err := f.GetCellType(tt.sheet, tt.cell)
		if number := kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber; err != nil || number == (tt.raw == tt.shown && tt.raw != "0.49") {
			t.Errorf("%s!%s has type %v (%v)", tt.sheet, tt.cell, kind, err)
		}
	}
}

// TestWorkbookFormulas: what a spreadsheet computes is what the cells say, and
// there is no formula but ours.
func TestWorkbookFormulas(t *testing.T) {
	r := full(t)
	f := openBook(t, r)
	formulas := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, cached := range row {
				at := cellName(j+1, i+1)
				formula, err := f.GetCellFormula(sheet, at)
				if err != nil {
					t.Fatal(err)
				}
				if formula == "" {
					continue
				}
				formulas++
				if !strings.HasPrefix(formula, "SUMIFS(") && !strings.HasPrefix(formula, "COUNTIFS(") {
					t.Errorf("%s!%s computes %q", sheet, at, formula)
				}
				got, err := f.CalcCellValue(sheet, at, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatalf("%s!%s %s: %v", sheet, at, formula, err)
				}
				a, err1 := strconv.ParseFloat(got, 64)
				b, err2 := strconv.ParseFloat(cached, 64)
				if err1 != nil || err2 != nil || a-b > 1e-9 || b-a > 1e-9 {
					t.Errorf("%s!%s %s comes to %q, the cell says %q", sheet, at, formula, got, cached)
				}
				if kind, err := f.GetCellType(sheet, at); err != nil || kind == excelize.CellTypeFormula || kind == excelize.CellTypeInlineString {
					t.Errorf("%s!%s is a text: %v (%v)", sheet, at, kind, err)
				}
			}
		}
	}
	// Totals on four sheets, five on the summary, two for each cause with money.
	if least := 4 + 5 + 2*len(r.Causes()); formulas < least {
		t.Errorf("%d formulas, want %d and more", formulas, least)
	}
}

func TestWorkbookChart(t *testing.T) {
	r := full(t)
	var b bytes.Buffer
	if err := WriteWorkbook(&b, r); err != nil {
		t.Fatal(err)
	}
	chart := partOf(t, b.Bytes(), "xl/charts/chart1.xml")
	causes := causesByCurrency(r)
	n := slices.IndexFunc(causes, func(c Cause) bool { return c.Difference.Sign() == 0 })
	f := openBook(t, r)
	for i, c := range causes[:n] {
		at := strconv.Itoa(10 + i)
		if code, err := f.GetCellValue(sheetSummary, "A"+at); err != nil || code != string(c.Code) {
			t.Errorf("A%s is %q, want %q (%v)", at, code, c.Code, err)
		}
	}
	for _, want := range []string{"<f>Summary!$A$10:$A$" + strconv.Itoa(9+n), "<f>Summary!$E$10:$E$" + strconv.Itoa(9+n), "Difference by cause, USD"} {
		if !strings.Contains(chart, want) {
			t.Errorf("no %q in %s", want, chart)
		}
	}
	clean := compared(t, Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.04"), Reports: []Report{exampleReport()}})
	if got, err := openBook(t, clean).GetCellValue(sheetSummary, "A10"); err != nil || got != "Everything agrees." {
		t.Errorf("a clean result says %q (%v)", got, err)
	}
}

// TestWorkbookScales: yen have no cents, dinars have three places.
func TestWorkbookScales(t *testing.T) {
	for iso, want := range map[string]string{"JPY": "79", "USD": "79.03", "KWD": "79.025"} {
		r := compared(t, Input{Prices: priceList(iso), Reports: []Report{exampleReport()}, Lines: []Line{inCurrency(line("1", acme, "webex_calling", "327", "100"), iso)}})
		got, err := openBook(t, r).GetCellValue(sheetFindings, "Q2")
		if err != nil || got != want {
			t.Errorf("%s: %q, want %q (%v)", iso, got, want, err)
		}
	}
}

func inCurrency(l Line, iso string) Line {
	l.Currency = iso
	return l
}

// TestArithmetic: what is computed customer by customer cannot be told as one
// product.
func TestArithmetic(t *testing.T) {
	shared := compared(t, Input{Lines: []Line{line("1", Party{}, "webex_calling", "342", "82.65")}, Options: Options{Policy: Policy{Rule: DailyExact, Level: RoundGroup, Mode: HalfUp}},
		Reports: []Report{report(LevelCustomer, usage(acme, "webex_calling", "", "327"), usage(bolt, "webex_calling", "", "15"))}})
	if got, want := shared.Findings[0].Arithmetic(), "the shares of 2 customers, each rounded half-up, are 82.66 USD; their exact sum is 82.65"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestHugeWorkbook: more findings than a sheet has rows are refused in words.
func TestHugeWorkbook(t *testing.T) {
	r := &Result{Period: april, Policy: DefaultPolicy(), Findings: make([]Finding, sheetRows+1)}
	if err := WriteWorkbook(new(bytes.Buffer), r); err == nil || !strings.Contains(err.Error(), "1000001 rows") {
		t.Errorf("got %v", err)
	}
}

// TestSteadyWorkbook: the time of day is not in the bytes.
func TestSteadyWorkbook(t *testing.T) {
	write := func() []byte {
		var b bytes.Buffer
		if err := WriteWorkbook(&b, full(t)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := write()
	for range 4 {
		if !bytes.Equal(first, write()) {
			t.Fatal("the same result gives other bytes")
		}
	}
	core := partOf(t, first, "docProps/core.xml")
	if strings.Contains(core, strconv.Itoa(time.Now().Year())) {
		t.Errorf("the year is in %s", core)
	}
}

// partOf reads a part of a workbook.
func partOf(t *testing.T, book []byte, name string) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMarginsAreShown: a margin without a price is blank, not zero.
func TestMarginsAreShown(t *testing.T) {
	r := &Result{Period: april, Policy: DefaultPolicy(), Margins: []Margin{
		{Customer: "C-1", Package: "webex_suite", Currency: "USD", Cost: rat("115.74"), Revenue: rat("93.33")},
		{Customer: "<C-2>", Package: "webex_voice", Currency: "USD", Cost: rat("7.04")},
	}}
	rows, err := openBook(t, r).GetRows(sheetMargins)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"customer", "package", "currency", "cost", "revenue", "margin", "percent"},
		{"C-1", "webex_suite", "USD", "115.74", "93.33", "-22.41", "-24.0"},
		{"<C-2>", "webex_voice", "USD", "7.04"},
		{"Total USD, of what has a price", "", "USD", "115.74", "93.33", "-22.41", "-24.0"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	var page bytes.Buffer
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<h2 id="margins">`, `<td class="n">-22.41<td class="n">-24<td>USD`, "&lt;C-2&gt;"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
}
