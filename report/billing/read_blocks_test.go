package billing

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rowsByBlocks reads the rows of a file in blocks, each behind its line number,
// and the error that ends them.
func rowsByBlocks(t interface{ Fatal(...any) }, file string, size int) (rows []string, end error) {
	table, err := openTable(strings.NewReader(file), "f.csv", format{})
	if err != nil {
		t.Fatal(err)
	}
	spare := make(chan []byte, 1)
	var r blockRows
	err = table.eachBlock(size, spare, func(b block) bool {
		defer func() {
			clear(b.text) // whoever still looks at it must notice
			select {
			case spare <- b.text:
			default:
			}
		}()
		r.reset(b)
		for {
			if err := r.read(); err != nil {
				if errors.Is(err, io.EOF) {
					return true
				}
				end = fmt.Errorf("%d %s", r.line, csvCause(err))
				return false
			}
			var cells []string
			for i := range r.ends {
				cells = append(cells, string(r.cell(i)))
			}
			rows = append(rows, fmt.Sprintf("%d %q", r.line, cells))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, end
}

// rowsByCSV does the same by encoding/csv alone.
func rowsByCSV(file string) (rows []string, end error) {
	r := csv.NewReader(strings.NewReader(file))
	r.FieldsPerRecord = -1
	for i := 0; ; i++ {
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, fmt.Errorf("%d %s", (&table{}).lineOf(err), csvCause(err))
		}
		if line, _ := r.FieldPos(0); i > 0 {
			rows = append(rows, fmt.Sprintf("%d %q", line, row))
		}
	}
}

// TestBlocksAreCSV: wherever a file is cut, the rows and their lines are those
// that encoding/csv reads, and so is what is wrong with them.
func TestBlocksAreCSV(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bc", ",", ",", "\n", "\n", "\r\n", "\r", `"`, `"a,b"`, "\"two\nlines\"", `"a ""quoted"" word"`, " ", "é", "\n\n"}), 0, 60).Draw(t, "pieces")
		file := rapid.SampledFrom([]string{"a,b\n", "\n\r\na,b\r\n", "\"a\nb\",c\n"}).Draw(t, "header") + strings.Join(pieces, "")
		size := rapid.IntRange(1, 80).Draw(t, "block size")
		want, wantEnd := rowsByCSV(file)
		got, gotEnd := rowsByBlocks(t, file, size)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-csv +blocks)\n%s", file, diff)
		}
		if fmt.Sprint(wantEnd) != fmt.Sprint(gotEnd) {
			t.Errorf("%q ends with %v, not with %v", file, gotEnd, wantEnd)
		}
	})
}

// TestRunawayQuote: a quote that is never closed must not read the whole file
// into memory.
func TestRunawayQuote(t *testing.T) {
	file := io.MultiReader(strings.NewReader("SKU,QUANTITY\nS,1\n\"S,1\n"), strings.NewReader(strings.Repeat("S,1\n", longestBlock/2)))
	_, err := ReadUsage(file, "u.csv", UsageOptions{})
	if got := problemsOf(t, err); !strings.Contains(got, "is a quote missing?") {
		t.Errorf("%.200q", got)
	}
}

// manyRows is a report of several blocks, and its rows in another order.
func manyRows(t *testing.T) (report, shuffled string) {
	t.Helper()
	var rows []string
	for i := range 40_000 {
		name := fmt.Sprintf("Customer %d", i%7)
		if i%1000 == 0 {
			name = fmt.Sprintf("%q", fmt.Sprintf("Customer, %d", i%7))
		}
		rows = append(rows, fmt.Sprintf("C-%d,%s,User%d@x.example,%s,2026-04-01,2026-04-30,%d\n", i%7, name, i/2, []string{"webex_calling", "webex_suite"}[i%2], 1+i%15))
	}
	const header = "CUSTOMER_EXTERNAL_ID,CUSTOMER_NAME,USER_EMAIL,SERVICE_NAME,BILLING_START_DATE,BILLING_END_DATE,QUANTITY\n"
	report = header + strings.Join(rows, "")
	if len(report) < 2*blockBytes {
		t.Fatal("the report is but one block")
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return report, header + strings.Join(rows, "")
}

// TestManyBlocks: the rows come in the order of the file, and problems with the
// lines that they stand on, however many blocks are read at once.
func TestManyBlocks(t *testing.T) {
	file, _ := manyRows(t)
	report, err := ReadUsage(strings.NewReader(file), "u.csv", UsageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 40_000 || report.Period != april {
		t.Fatalf("%d rows for %s", len(report.Rows), report.Period)
	}
	for i, row := range report.Rows {
		if want := fmt.Sprintf("user%d@x.example", i/2); row.User != want || row.Place.Customer.ExternalID != fmt.Sprintf("C-%d", i%7) || row.Count != Count(1+i%15)*Whole {
			t.Fatalf("row %d is %+v of %+v", i, row, row.Place)
		}
	}
	lines := strings.SplitAfter(file, "\n")
	for _, at := range []int{30_000, 39_000} {
		lines[at] = strings.Replace(lines[at], ",2026-04-30,", ",2026-04-30,x", 1)
	}
	lines[35_000] = strings.ReplaceAll(lines[35_000], "2026-04", "2026-05")
	lines[39_500] = "short\n"
	lines[39_600] = strings.Replace(lines[39_600], ",2026-04-30,", ",2026-04-30,x", 1)
	_, err = ReadUsage(strings.NewReader(strings.Join(lines, "")), "u.csv", UsageOptions{})
	var places []string
	for problem := range strings.Lines(problemsOf(t, err)) {
		places = append(places, problem[:strings.Index(problem, " ")])
	}
	if want := []string{"u.csv:30001", "u.csv:35001", "u.csv:39001", "u.csv:39501:"}; !slices.Equal(places, want) {
		t.Errorf("problems at %q, want %q", places, want)
	}
}

func TestUserIndex(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching("[a-e]{0,2}"), 1, 40).Draw(t, "names")
		index, want := userIndex{}, make(map[string]int32)
		index.reset(len(names))
		var rows []userRow
		for _, name := range names {
			// Other users with the same hash come often.
			rows = append(rows, userRow{row: &UsageRow{User: name}, hash: uint32(len(name)) << 30})
		}
		for i, name := range names {
			if _, known := want[name]; !known {
				want[name] = int32(len(want))
			}
			if got := index.number(rows, int32(i)); got != want[name] {
				t.Fatalf("%q has number %d, want %d", name, got, want[name])
			}
		}
	})
}

// TestOrderOfRowsIsNoByte: the files that come out do not tell in which order the
// rows of the report were.
func TestOrderOfRowsIsNoByte(t *testing.T) {
	file, shuffled := manyRows(t)
	written := func(file string) []string {
		t.Helper()
		usage, err := ReadUsage(strings.NewReader(file), "u.csv", UsageOptions{})
		if err != nil {
			t.Fatal(err)
		}
		usage.SHA256 = "that of the file, which has another order"
		lines := []Line{
			line("1", Party{ExternalID: "C-1"}, "webex_calling", "22000", "5316.67"), line("2", Party{ExternalID: "C-2"}, "webex_suite", "23000", "9000.00"),
			line("3", Party{}, "webex_calling", "100", "24.17"), line("4", Party{ExternalID: "C-9"}, "webex_voice", "30", "5.15"),
		}
		var all []string
		r := compared(t, Input{Lines: lines, Reports: []Report{*usage}})
		findings := func(w io.Writer, r *Result) error { return WriteFindings(w, r.Shown(true)) }
		for _, write := range []func(io.Writer, *Result) error{findings, WriteText, WriteJSON, WriteHTML, WriteWorkbook} {
			var out strings.Builder
			if err := write(&out, r); err != nil {
				t.Fatal(err)
			}
			all = append(all, out.String())
		}
		return all
	}
	want := written(file)
	for range 3 {
		if diff := cmp.Diff(want, written(shuffled)); diff != "" {
			t.Fatalf("another order of rows gives other bytes: %s", diff)
		}
	}
}
