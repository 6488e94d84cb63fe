package billing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// mixed is a result with findings of many kinds, hostile text among them.
func mixed(t *testing.T) *Result {
	t.Helper()
	evil := Party{ExternalID: "=cmd|' /C calc'!A0", Name: "\x1b[31mEvil"}
	lines := append(exampleLines("79.03", "57.87", "10.02", "7.25"),
		line("5", acme, "webex_suite", "140", "57.87"),
		seatLine("6", evil, "webex_calling", "5", "7.25", "36.25"),
		withSKU(line("7", Party{}, "", "1", "99"), "\x1b]0;SKU", ChargeUsage))
	return compared(t, Input{Lines: lines, Reports: []Report{exampleReport()}})
}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, mixed(t)); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(b.String(), '\x1b') {
		t.Error("an escape reaches the terminal")
	}
	golden(t, "summary.txt", b.Bytes())
	b.Reset()
	if err := WriteText(&b, compared(t, Input{Lines: exampleLines("79.03", "57.87", "10.02", "7.04"), Reports: []Report{exampleReport()}})); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary_clean.txt", b.Bytes())
}

func TestWriteFindings(t *testing.T) {
	var b bytes.Buffer
	r := mixed(t)
	if err := WriteFindings(&b, r.Shown(true)); err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.csv", b.Bytes())
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) || strings.HasPrefix(cell, "-") && !harmless.MatchString(cell) {
				t.Errorf("a spreadsheet computes %q", cell)
			}
		}
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, mixed(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "result.json", b.Bytes())
	if !json.Valid(b.Bytes()) {
		t.Error("not JSON")
	}
}

func TestWriteWorkbook(t *testing.T) {
	var b bytes.Buffer
	r := mixed(t)
	if err := WriteWorkbook(&b, r); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"Summary", "Findings", "Customers", "Allocation"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	for at, want := range map[string]string{"Summary!B5": "347.29", "Summary!D5": "193.33", "Summary!A8": "UNKNOWN_SKU", "Findings!A1": "code", "Findings!U2": "99.00", "Findings!H4": "=cmd|' /C calc'!A0", "Customers!A2": "", "Customers!E3": "36.25"} {
		sheet, cell, _ := strings.Cut(at, "!")
		got, err := f.GetCellValue(sheet, cell)
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", at, got, want, err)
		}
		if formula, err := f.GetCellFormula(sheet, cell); err != nil || formula != "" {
			t.Errorf("%s has the formula %q (%v)", at, formula, err)
		}
	}
	if kind, err := f.GetCellType("Findings", "U2"); err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
		t.Errorf("an amount has type %v (%v)", kind, err)
	}
	if panes, err := f.GetPanes("Findings"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("the header scrolls away: %+v (%v)", panes, err)
	}
}

func TestWriteHTML(t *testing.T) {
	var b bytes.Buffer
	r := mixed(t)
	r.Findings[0].Customer = "<script>alert(1)</script>"
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "http:", "https:", "\x1b"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	golden(t, "page.html", b.Bytes())
}
