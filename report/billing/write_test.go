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

// TestPageHasAll: the page tells what the workbook tells, with headers that a
// screen reader can read out, and hostile text as text.
func TestPageHasAll(t *testing.T) {
	var b bytes.Buffer
	r := full(t)
	r.Sources[0].Name = `<img src=x onerror="alert(1)">`
	r.Notes = append(r.Notes, "</p><script>alert(1)</script>")
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{
		`<h2 id="causes">`, `<h2 id="findings">`, `<h2 id="ledger">`, `<h2 id="accruals">`, `<h2 id="customers">`, `<h2 id="evidence">`, `<h2 id="allocation">`, `<h2 id="sources">`,
		"327 user-days / 30 days = 10.9 seats; 10.9 seats x 7.25 = 79.025; rounded half-up: 79.03 USD", strings.Repeat("ab", 32), "QUANTITY as quantity; not used: =NOTE()",
		`<svg viewBox="0 0 820`, `role="img" aria-label="Difference by cause in USD`, "prefers-color-scheme: dark", "@media print",
		"&lt;img src=x", "&lt;script&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, bad := range []string{"<img", "<script", "onerror=\"", "http:", "https:", "url("} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	if heads, tables := strings.Count(page, "<thead>"), strings.Count(page, "<table>"); heads != tables || heads != 8 {
		t.Errorf("%d tables, %d heads", tables, heads)
	}
	if n := strings.Count(page, "<th>"); n > 0 {
		t.Errorf("%d headers without scope", n)
	}
}

// TestChart: bars below zero go to the left, and none leaves the drawing.
func TestChart(t *testing.T) {
	chart := newPageChart([]Cause{{Code: "A", Currency: "USD", Difference: rat("-30")}, {Code: "B", Currency: "USD", Difference: rat("10")}, {Code: "C", Currency: "USD", Difference: rat("0.001")}, {Code: "D", Currency: "USD", Difference: rat("0")}})
	want := pageChart{Currency: "USD", Height: 78, Zero: 630, Bars: []bar{
		{Label: "A", Amount: "-30.00", Sign: "under", Anchor: "end", X: 300, Y: 4, Width: 330, TextX: 292, TextY: 18},
		{Label: "B", Amount: "10.00", Sign: "over", Anchor: "start", X: 630, Y: 30, Width: 110, TextX: 748, TextY: 44},
		{Label: "C", Amount: "0.001", Sign: "over", Anchor: "start", X: 630, Y: 56, Width: 1, TextX: 639, TextY: 70},
	}}
	if diff := cmp.Diff(want, chart); diff != "" {
		t.Error(diff)
	}
}
