package billing

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var may = Period{NewDay(2026, time.May, 1), NewDay(2026, time.May, 31)}

// month is the input of a month's comparison, with reports of a customer level.
func month(p Period, l *Ledger, lines []Line, rows ...UsageRow) Input {
	for i := range lines {
		if lines[i].Period == april && lines[i].Document != DocumentCredit {
			lines[i].Period = p
		}
	}
	return Input{Lines: lines, Reports: []Report{{Name: "usage.csv", Level: LevelCustomer, Period: p, Rows: rows}}, Ledger: l}
}

// on puts a line on an invoice.
func on(invoice string, l Line) Line {
	l.InvoiceID = invoice
	return l
}

// memo is a credit for something on INV-1.
func memo(number, corrects, amount string, who Party, pkg string) Line {
	l := on("INV-2", line(number, who, pkg, "-1", amount))
	l.Document, l.Corrects = DocumentCredit, corrects
	return l
}

// carried writes what became of the ledger, in short.
func carried(c *Carried) []string {
	var all []string
	for _, part := range []struct {
		word    string
		entries []Entry
	}{{"closed", c.Closed}, {"open", c.Open}, {"opened", c.Opened}} {
		for i := range part.entries {
			e := &part.entries[i]
			all = append(all, part.word+" "+string(e.Code)+" "+e.Customer+" "+Exact(e.Amount)+" rest "+Exact(e.Rest()))
		}
	}
	return all
}

// aprilInput has too much for Acme, a line twice, and usage of Bolt unbilled.
func aprilInput(l *Ledger) Input {
	return month(april, l, []Line{
		seatLine("1", acme, "webex_calling", "1", "7.25", "7.25"),
		line("2", acme, "webex_suite", "30", "12.40"), line("3", acme, "webex_suite", "30", "12.40"),
	}, usage(acme, "webex_calling", "", "17"), usage(acme, "webex_suite", "", "30"), usage(bolt, "webex_voice", "", "41"))
}

func mayInput(l *Ledger, extra ...Line) Input {
	return month(may, l, append([]Line{on("INV-2", line("1", acme, "webex_suite", "31", "12.40"))}, extra...), usage(acme, "webex_suite", "", "31"))
}

func TestLedger(t *testing.T) {
	first := compared(t, aprilInput(&Ledger{}))
	want := []string{
		"opened MISSING_ON_INVOICE C-1002 -7.04 rest -7.04",
		"opened QUANTITY C-1001 3.14 rest 3.14",
		"opened DUPLICATE_LINE C-1001 12.4 rest 12.4",
	}
	if diff := cmp.Diff(want, carried(first.Carried)); diff != "" {
		t.Fatal(diff)
	}
	late := on("INV-2", line("9", bolt, "webex_voice", "41", "7.04"))
	for _, tt := range []struct {
		name  string
		lines []Line
		want  []string // of the ledger
		codes string   // of the lines, with their differences
	}{
		{
			name:  "by the invoice that is corrected",
			lines: []Line{memo("2", "INV-1", "-3.14", acme, "webex_calling")},
			want: []string{"closed QUANTITY C-1001 3.14 rest 0", "open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_MATCHED 0",
		}, {
			name:  "by amount, customer and package",
			lines: []Line{memo("2", "", "-12.40", acme, "webex_suite")},
			want: []string{"closed DUPLICATE_LINE C-1001 12.4 rest 0", "open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04",
				"open QUANTITY C-1001 3.14 rest 3.14"},
			codes: "CREDIT_MATCHED 0",
		}, {
			name:  "in part",
			lines: []Line{memo("2", "INV-1", "-2.00", acme, "webex_calling")},
			want: []string{"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04", "open QUANTITY C-1001 3.14 rest 1.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_MATCHED 0",
		}, {
			name:  "the exact one before the one in part",
			lines: []Line{memo("2", "INV-1", "-2.00", acme, "webex_calling"), memo("3", "INV-1", "-3.14", acme, "webex_calling")},
			want: []string{"closed QUANTITY C-1001 3.14 rest 0", "open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_UNMATCHED -2 CREDIT_MATCHED 0",
		}, {
			name:  "several at once",
			lines: []Line{memo("2", "INV-1", "-15.54", acme, "")},
			want: []string{"closed QUANTITY C-1001 3.14 rest 0", "closed DUPLICATE_LINE C-1001 12.4 rest 0",
				"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04"},
			codes: "CREDIT_MATCHED 0",
		}, {
			name:  "with more than was open",
			lines: []Line{memo("2", "INV-1", "-4.00", acme, "webex_calling")},
			want: []string{"closed QUANTITY C-1001 3.14 rest 0", "open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_MATCHED -0.86",
		}, {
			name:  "nothing, because it could be either",
			lines: []Line{memo("2", "INV-1", "-2.00", acme, "")},
			want: []string{"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04", "open QUANTITY C-1001 3.14 rest 3.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_UNMATCHED -2",
		}, {
			name:  "nothing, because the customer is another",
			lines: []Line{memo("2", "INV-1", "-3.14", bolt, "webex_calling")},
			want: []string{"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04", "open QUANTITY C-1001 3.14 rest 3.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_UNMATCHED -3.14",
		}, {
			name:  "nothing, because the amount is owed to another customer",
			lines: []Line{memo("2", "", "-12.40", bolt, "webex_suite")},
			want: []string{"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04", "open QUANTITY C-1001 3.14 rest 3.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "CREDIT_UNMATCHED -12.4",
		}, {
			name:  "nothing, because the late charge is for other days",
			lines: []Line{forPeriod(late, Period{april.First - 31, april.First - 1}, "")},
			want: []string{"open MISSING_ON_INVOICE C-1002 -7.04 rest -7.04", "open QUANTITY C-1001 3.14 rest 3.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4", "opened PRIOR_PERIOD C-1002 7.04 rest 7.04"},
			codes: "PRIOR_PERIOD 7.04",
		}, {
			name:  "usage by the charge that comes late",
			lines: []Line{forPeriod(late, april, "")},
			want: []string{"closed MISSING_ON_INVOICE C-1002 -7.04 rest 0", "open QUANTITY C-1001 3.14 rest 3.14",
				"open DUPLICATE_LINE C-1001 12.4 rest 12.4"},
			codes: "PRIOR_PERIOD 0",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := mayInput(first.Carried.Ledger)
			in.Lines = append(in.Lines, tt.lines...)
			r := compared(t, in)
			if diff := cmp.Diff(tt.want, carried(r.Carried)); diff != "" {
				t.Error(diff)
			}
			var codes []string
			for _, f := range r.Findings {
				if f.Difference != nil && f.Code != Match {
					codes = append(codes, string(f.Code)+" "+Exact(f.Difference))
				}
			}
			if got := strings.Join(codes, " "); got != tt.codes {
				t.Errorf("findings %s, want %s", got, tt.codes)
			}
			again(t, in, r)
		})
	}
}

// TestTooMuchCredit wants somebody to look at a credit of more than was claimed.
func TestTooMuchCredit(t *testing.T) {
	owed := compared(t, aprilInput(&Ledger{})).Carried.Ledger
	for amount, clean := range map[string]bool{"-3.14": true, "-4.00": false} {
		r := compared(t, mayInput(owed, memo("2", "INV-1", amount, acme, "webex_calling")))
		if r.Clean() != clean {
			t.Errorf("a credit of %s: %v", amount, briefs(r))
		}
	}
}

// again compares once more with the ledger that the first comparison left, and
// wants every byte of every output to be the same.
func again(t *testing.T, in Input, first *Result) {
	t.Helper()
	in.Ledger = reread(t, first.Carried.Ledger)
	second := compared(t, in)
	for name, write := range map[string]func(*bytes.Buffer, *Result) error{
		"ledger": func(b *bytes.Buffer, r *Result) error { return WriteLedger(b, r.Carried.Ledger) },
		"text":   func(b *bytes.Buffer, r *Result) error { return WriteText(b, r) },
		"json":   func(b *bytes.Buffer, r *Result) error { return WriteJSON(b, r) },
	} {
		var one, two bytes.Buffer
		if err := write(&one, first); err != nil {
			t.Fatal(err)
		}
		if err := write(&two, second); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one.String(), two.String()); diff != "" {
			t.Errorf("a second comparison gives another %s: %s", name, diff)
		}
	}
}

// reread writes a ledger and reads it.
func reread(t *testing.T, l *Ledger) *Ledger {
	t.Helper()
	var b bytes.Buffer
	if err := WriteLedger(&b, l); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLedger(&b, "ledger.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l.Entries, got.Entries, byValue); diff != "" {
		t.Errorf("read back otherwise: %s", diff)
	}
	return got
}

// TestLedgerOfAnEarlierMonth compares April again after May has settled a part.
func TestLedgerOfAnEarlierMonth(t *testing.T) {
	inApril := compared(t, aprilInput(&Ledger{}))
	inMay := compared(t, mayInput(inApril.Carried.Ledger, memo("2", "INV-1", "-2.00", acme, "webex_calling")))
	once := compared(t, aprilInput(inMay.Carried.Ledger))
	if diff := cmp.Diff(inMay.Carried.Ledger, once.Carried.Ledger, byValue); diff != "" {
		t.Errorf("comparing April again changes the ledger: %s", diff)
	}
	// Prices that explain the charge take the finding away, but not the credit.
	in := aprilInput(inMay.Carried.Ledger)
	in.Reports[0].Rows[0] = usage(acme, "webex_calling", "", "30")
	r := compared(t, in)
	at := slices.IndexFunc(r.Carried.Ledger.Entries, func(e Entry) bool { return e.Code == QuantityDiffers })
	if at < 0 || r.Carried.Ledger.Entries[at].Rest().Sign() != 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "is not found any more, and 2.00 of it was settled") {
		t.Errorf("entry %d, notes %q", at, r.Notes)
	}
}

// TestLedgerLeavesOut looks at what is not carried on.
func TestLedgerLeavesOut(t *testing.T) {
	back := line("3", acme, "webex_suite", "-30", "-12.40")
	in := month(april, &Ledger{}, []Line{line("1", acme, "webex_suite", "30", "12.40"), line("2", acme, "webex_suite", "30", "12.40"), back,
		seatLine("4", acme, "webex_calling", "1", "7.25", "7.25")}, usage(acme, "webex_suite", "", "30"), usage(acme, "webex_calling", "", "17"))
	in.Waivers = []Waiver{{Code: QuantityDiffers, Reason: "agreed", Expires: april.Last}}
	if r := compared(t, in); len(r.Carried.Ledger.Entries) != 0 {
		t.Errorf("carried on: %v", carried(r.Carried))
	}
	in.Ledger = nil
	if r := compared(t, in); r.Carried != nil {
		t.Error("a ledger without a ledger")
	}
}

func TestLedgerAge(t *testing.T) {
	e := Entry{Found: april}
	for p, want := range map[Period]int{april: 0, may: 1, {NewDay(2027, time.April, 1), NewDay(2027, time.April, 30)}: 12} {
		if got := e.Age(p); got != want {
			t.Errorf("in %s it is %d months old, want %d", p, got, want)
		}
	}
	r := compared(t, aprilInput(&Ledger{}))
	later := compared(t, mayInput(r.Carried.Ledger, memo("2", "INV-1", "-2.00", acme, "webex_calling"), memo("3", "INV-1", "-12.40", acme, "webex_suite")))
	var b, page bytes.Buffer
	if err := errors.Join(WriteText(&b, later), WriteHTML(&page, later)); err != nil {
		t.Fatal(err)
	}
	const open = "Open in all: 1.14 USD to be credited, 7.04 USD to be billed"
	if rows, err := openBook(t, later).GetRows(sheetSummary); err != nil || !strings.Contains(fmt.Sprint(rows), open) || !strings.Contains(page.String(), open) {
		t.Errorf("workbook or page lack %q: %v %v", open, err, rows)
	}
	for _, want := range []string{
		"Ledger: 0 opened, 1 closed, 2 still open\n  in all, 1.14 USD to be credited, 7.04 USD to be billed\n",
		"DUPLICATE_LINE, invoice INV-1 line 3, C-1001, webex_suite, 12.40 USD, settled by INV-2 line 3\n",
		"QUANTITY, invoice INV-1 line 1, C-1001, webex_calling, 3.14 USD, 1.14 of it open\n",
		"  open    1 month  ",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the summary lacks %q:\n%s", want, b.String())
		}
	}
}

func TestDamagedLedger(t *testing.T) {
	var b bytes.Buffer
	r := compared(t, mayInput(compared(t, aprilInput(&Ledger{})).Carried.Ledger, memo("2", "INV-1", "-2.00", acme, "webex_calling")))
	if err := WriteLedger(&b, r.Carried.Ledger); err != nil {
		t.Fatal(err)
	}
	whole := b.String()
	for name, text := range map[string]string{
		"empty":          "",
		"cut":            whole[:len(whole)/2],
		"doubled":        whole + whole,
		"other version":  strings.Replace(whole, `"version": 1`, `"version": 2`, 1),
		"unknown field":  strings.Replace(whole, `"amount"`, `"amonut"`, 1),
		"no amount":      strings.Replace(whole, `"12.40"`, `"a lot"`, 1),
		"nothing":        strings.Replace(whole, `"12.40"`, `"0"`, 1),
		"other sign":     strings.Replace(whole, `"2.00"`, `"-2.00"`, 1),
		"too much":       strings.Replace(whole, `"2.00"`, `"3.15"`, 1),
		"no day":         strings.Replace(whole, `"2026-04-30"`, `"2026-04-31"`, 1),
		"other list":     `[]`,
		"the same twice": strings.Replace(whole, r.Carried.Ledger.Entries[0].ID, r.Carried.Ledger.Entries[1].ID, 1),
	} {
		if text == whole {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ReadLedger(strings.NewReader(text), "l.json"); err == nil || !strings.Contains(err.Error(), "l.json is damaged: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadLedger(strings.NewReader(whole), "l.json"); err != nil {
		t.Error(err)
	}
}

func FuzzReadLedger(f *testing.F) {
	f.Add(`{"version":1,"findings":[{"id":"a","found":{"first":"2026-04-01","last":"2026-04-30"},"invoices":["I"],"code":"RATE","period":{"first":"2026-04-01","last":"2026-04-30"},"currency":"USD","amount":"1"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ReadLedger(strings.NewReader(text), "l.json")
		if err != nil {
			return
		}
		for i := range l.Entries {
			if e := &l.Entries[i]; e.Amount.Sign() == 0 || e.Rest().Sign()*e.Amount.Sign() < 0 || e.Found.Days() < 1 {
				t.Errorf("entry %+v", e)
			}
		}
		reread(t, l)
	})
}
