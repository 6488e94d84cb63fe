package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const (
	mostReconcile      = 1.5 // of the time that DuckDB's GROUP BY takes
	maxReconcileMemory = 500 // MB
	usagePerLine       = 200 // rows of usage for one line of the invoice
	monthDays          = 30
	findingEvery       = 100 // lines of the invoice, one of which is wrong
	exitDifferences    = 2   // how reconciling ends with findings
)

// seatPrices are those of the packages that the usage is of, in cents; group.sql has them too.
var seatPrices = []struct {
	name, sku string
	cents     int
}{{"webex_calling", "A-WX-CALL", 725}, {"webex_suite", "A-WX-SUITE", 1240}}

// measureReconcile holds an invoice against usage of user level, beside the
// GROUP BY of the same file that the answer takes at the least.
func (b *bench) measureReconcile(ctx context.Context) error {
	dir := filepath.Join(b.dir, "reconcile")
	bill, err := generateBill(dir, b.rows)
	if err != nil {
		return err
	}
	ours := &contender{name: "wholesync billing reconcile", check: bill.checkReconciled, exit: exitDifferences, command: func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, b.program, "billing", "reconcile", "--invoice", "invoice.csv", "--usage", "usage.csv", "--prices", "prices.csv")
		cmd.Dir = dir
		return cmd
	}}
	duckdb := &contender{name: "DuckDB GROUP BY", check: bill.checkGrouped, command: findDuckDB(ctx, b.npm, dir, groupSQL)}
	racers := []*contender{ours}
	if duckdb.command != nil {
		racers = append(racers, duckdb)
	}
	if err := race(ctx, b.runs, racers); err != nil {
		return err
	}
	for _, c := range racers {
		b.table.tell(fmt.Sprintf("%s, %d rows against %d lines", c.name, b.rows, bill.lines), c.costs.String())
	}
	b.compare("time of reconciling / time of "+duckdb.name, ours, duckdb, mostReconcile, duckdbHint)
	memory := ours.costs.memory()
	b.table.judge("peak memory of reconciling", fmt.Sprintf("<= %d MB", maxReconcileMemory), memory.format(0, "MB"), memory.median() <= maxReconcileMemory)
	return nil
}

// bill is what is known of a generated month.
type bill struct {
	lines                  int
	days, billed, expected int // user-days, and cents
}

// generateBill writes usage.csv, prices.csv and an invoice.csv that is wrong on
// every hundredth line. The rows of a customer are scattered over the usage, as
// they are in a report that is not sorted. Rows are written as they are made,
// because a child's peak memory is never less than this process's own.
func generateBill(dir string, rows int) (made bill, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return made, err
	}
	made.lines = 1 + (rows-1)/usagePerLine
	days := make([]int, made.lines)
	err = errors.Join(
		writeFile(filepath.Join(dir, "usage.csv"), func(w io.Writer) { writeUsage(w, days, rows) }),
		writeFile(filepath.Join(dir, "invoice.csv"), func(w io.Writer) { made.writeInvoice(w, days) }),
		writeFile(filepath.Join(dir, "prices.csv"), writePrices))
	return made, err
}

func writeFile(path string, write func(io.Writer)) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20) // keeps its first error until the end
	write(out)
	return errors.Join(out.Flush(), file.Close())
}

// writeUsage writes a report of user level and adds the user-days of each line of
// the invoice up.
func writeUsage(w io.Writer, days []int, rows int) {
	fmt.Fprintln(w, "PARTNER_NAME,PARTNER_ORG_ID,SUBPARTNER_NAME,SUBPARTNER_ORG_ID,CUSTOMER_NAME,CUSTOMER_ORG_ID,CUSTOMER_EXTERNAL_ID,SUBSCRIPTION_ID,SERVICE_NAME,SKU,QUANTITY,LICENSE_ID,USER_EMAIL")
	random := rand.New(rand.NewPCG(1, 0))
	for _, user := range random.Perm(rows) {
		line := user % len(days)
		customer, seat := line/len(seatPrices), seatPrices[line%len(seatPrices)]
		n := 1 + random.IntN(monthDays)
		days[line] += n
		fmt.Fprintf(w, "Nordlys,9d1e1c52-0a5b-4a3e-8d59-6f0b6d1f4c11,,,Customer %[1]d,52cf576d-60a8-407a-b22c-%012[1]x,C-%[1]d,Sub23452345,%s,%s,%d,,user%d@customer%[1]d.example\n",
			customer, seat.name, seat.sku, n, user)
	}
}

func (m *bill) writeInvoice(w io.Writer, days []int) {
	fmt.Fprintln(w, "invoice_id,invoice_line,period_start,period_end,customer_external_id,sku,package,quantity,unit,amount,currency")
	for line, n := range days {
		seat := seatPrices[line%len(seatPrices)]
		m.days += n
		m.expected += charge(n, seat.cents)
		if line%findingEvery == 0 {
			n++
		}
		billed := charge(n, seat.cents)
		m.billed += billed
		fmt.Fprintf(w, "INV-1,%d,2026-04-01,2026-04-30,C-%d,%s,%s,%d,user_day,%d.%02d,USD\n", line+1, line/len(seatPrices), seat.sku, seat.name, n, billed/100, billed%100)
	}
}

// charge is what user-days cost, in cents, rounded half up.
func charge(days, cents int) int { return (2*days*cents + monthDays) / (2 * monthDays) }

func writePrices(w io.Writer) {
	fmt.Fprintln(w, "package,currency,valid_from,valid_to,unit_price")
	for _, seat := range seatPrices {
		fmt.Fprintf(w, "%s,USD,2026-01-01,,%d.%02d\n", seat.name, seat.cents/100, seat.cents%100)
	}
}

var totalLine = regexp.MustCompile(`(?m)^ *USD +([0-9]+)\.([0-9]{2}) +([0-9]+)\.([0-9]{2}) `)

// checkReconciled reads the totals of a summary.
func (m bill) checkReconciled(stdout []byte) error {
	found := totalLine.FindSubmatch(stdout)
	if found == nil {
		return fmt.Errorf("not a summary: %.100q", stdout)
	}
	billed, expected := string(found[1])+string(found[2]), string(found[3])+string(found[4])
	if billed != strconv.Itoa(m.billed) || expected != strconv.Itoa(m.expected) {
		return fmt.Errorf("billed and expected are %s and %s cents, not %d and %d", billed, expected, m.billed, m.expected)
	}
	return nil
}

// checkGrouped compares what DuckDB printed.
func (m bill) checkGrouped(stdout []byte) error {
	if got, want := strings.TrimSpace(string(stdout)), fmt.Sprintf("%d,%d,%d", m.lines, m.days, m.expected); got != want {
		return fmt.Errorf("charges,days,cents are %q, not %q", got, want)
	}
	return nil
}
