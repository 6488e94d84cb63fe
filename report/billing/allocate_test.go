package billing

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestPageSaysWhatItLeavesOut: a browser takes so many rows of a table, and a sum
// below them is of all.
func TestPageSaysWhatItLeavesOut(t *testing.T) {
	const over = 3
	var rows []UsageRow
	for i := range pageRows + over {
		rows = append(rows, usage(Party{ExternalID: fmt.Sprintf("C-%05d", i)}, "webex_calling", "", "30"))
	}
	seats := fmt.Sprint(len(rows))
	amount := Exact(mul(rat(seats), rat("7.25")))
	r := compared(t, Input{Lines: []Line{seatLine("1", Party{}, "webex_calling", seats, "7.25", amount)}, Reports: []Report{report(LevelCustomer, rows...)}})
	for i := range rows { // and as many customers with charges of their own
		f := r.Findings[0]
		f.Customer = fmt.Sprintf("C-%05d", i)
		r.Findings = append(r.Findings, f)
	}
	var b bytes.Buffer
	if err := WriteHTML(&b, r); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"customers", "allocation"} {
		_, text, _ := strings.Cut(b.String(), `<h2 id="`+section+`">`)
		text, _, _ = strings.Cut(text, "</section>")
		left := len(r.Customers()) - pageRows
		if section == "allocation" {
			left = over
		}
		if want := fmt.Sprintf("<p>... and %d more; the workbook has all of them.</p>", left); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", section, want)
		}
	}
}
