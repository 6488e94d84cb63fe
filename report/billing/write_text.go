package billing

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// The summary fits a terminal of this size, with a line for the prompt. What more
// there is to say, findings.csv, the workbook and the page say.
const (
	screenWidth = 80
	screenLines = 23
	topCauses   = 8
	topFindings = 8 // of other lists
	leastShown  = 2 // findings, however little room there is
)

// WriteText writes a summary for people: totals, causes, and the findings that
// matter most.
func WriteText(w io.Writer, r *Result) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Invoice against usage, %s, %s\n", r.Period, r.Policy)
	if r.Inference != nil {
		fold(&b, "", printable(r.Inference.Text))
	}
	writeTotals(&b, r)
	writeCauses(&b, r)
	writeTop(&b, r, screenLines-bytes.Count(b.Bytes(), []byte{'\n'}))
	if _, err := b.WriteTo(w); err != nil {
		return err
	}
	for _, section := range []func(io.Writer, *Result) error{writeDivided, writeAccruals, writeMargins, writeCarried} {
		if err := section(w, r); err != nil {
			return err
		}
	}
	for _, n := range r.Notes {
		if _, err := fmt.Fprintf(w, "note: %s\n", printable(n)); err != nil {
			return err
		}
	}
	return nil
}

// writeDivided says that charges for the provider as a whole were divided; the
// shares are too many for a summary.
func writeDivided(w io.Writer, r *Result) error {
	for _, d := range r.divided() {
		if _, err := fmt.Fprintf(w, "\n%s; --xlsx, --html and --output json have the shares\n", d); err != nil {
			return err
		}
	}
	return nil
}

func writeTotals(b *bytes.Buffer, r *Result) {
	out := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "\n\tbilled\texpected\tdifference\texcluded\tnot compared\t")
	for _, t := range r.Totals {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t\n", t.Currency, Money(t.Billed, t.Currency), Money(t.Expected, t.Currency), Money(t.Difference, t.Currency),
			Money(t.Excluded, t.Currency), Money(t.NotCompared, t.Currency))
	}
	_ = out.Flush() // a buffer takes everything
}

func writeCauses(b *bytes.Buffer, r *Result) {
	causes := r.Causes()
	if len(causes) == 0 {
		b.WriteString("\nEverything agrees.\n")
		return
	}
	b.WriteByte('\n')
	out := columns{right: "  >>"}
	out.row("CAUSE", "SEVERITY", "FINDINGS", "DIFFERENCE")
	for _, c := range causes[:min(topCauses, len(causes))] {
		money := ""
		if c.Currency != "" {
			money = Money(c.Difference, c.Currency) + " " + c.Currency
		}
		out.row(string(c.Code), string(c.Severity), fmt.Sprint(c.Findings), money)
	}
	_ = out.write(b) // a buffer takes everything
	if more := len(causes) - topCauses; more > 0 {
		fmt.Fprintf(b, "... and %d more\n", more)
	}
}

// writeTop writes the findings that matter most, as many as there are lines for.
func writeTop(b *bytes.Buffer, r *Result, lines int) {
	shown := slices.DeleteFunc(slices.Clone(r.Shown(false)), func(f Finding) bool { return f.Severity == Info })
	if len(shown) == 0 {
		return
	}
	b.WriteString("\nMost important first:\n")
	lines -= 3 // with the one that says how many more there are
	for i := range shown {
		var told bytes.Buffer
		fold(&told, "  ", printable(shown[i].headline()))
		fold(&told, "    ", printable(explain(&shown[i])))
		lines -= bytes.Count(told.Bytes(), []byte{'\n'})
		if lines < 0 && i >= leastShown {
			fmt.Fprintf(b, "  ... and %d more; --findings FILE has them all\n", len(shown)-i)
			return
		}
		b.Write(told.Bytes())
	}
}

// headline names a finding and what it is worth.
func (f *Finding) headline() string {
	var of []string
	if f.InvoiceLine != "" {
		of = append(of, "line "+f.InvoiceLine)
	}
	for _, s := range []string{f.Customer, cmp.Or(f.Package, f.SKU)} {
		if s != "" {
			of = append(of, s)
		}
	}
	if f.Difference != nil && f.Currency != "" {
		of = append(of, Money(f.Difference, f.Currency)+" "+f.Currency)
	}
	return string(f.Code) + ": " + strings.Join(of, ", ")
}

// fold writes a text in lines of the screen's width, each behind an indent, and
// breaks words alone that are longer than a line.
func fold(b *bytes.Buffer, indent, text string) {
	used := 0
	for word := range strings.FieldsSeq(text) {
		long := utf8.RuneCountInString(word)
		switch {
		case used == 0:
			b.WriteString(indent)
			used = len(indent)
		case used+1+long > screenWidth:
			b.WriteString("\n" + indent)
			used = len(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		for used+long > screenWidth {
			cut := 0
			for range screenWidth - used {
				_, size := utf8.DecodeRuneInString(word[cut:])
				cut += size
			}
			b.WriteString(word[:cut] + "\n" + indent)
			long -= screenWidth - used
			word, used = word[cut:], len(indent)
		}
		b.WriteString(word)
		used += long
	}
	b.WriteByte('\n')
}

// explain says in one line why a finding is one, and what to do.
func explain(f *Finding) string {
	var parts []string
	if f.QuantityEffect != nil && f.Difference.Sign() != 0 {
		parts = append(parts, fmt.Sprintf("billed %s, expected %s", seats(f.BilledQuantity, f.BilledUnitPrice, f.Currency), seats(f.ExpectedQuantity, f.ExpectedUnitPrice, f.Currency)))
	}
	if f.Evidence != "" {
		parts = append(parts, f.Evidence)
	}
	if f.Advice != "" {
		parts = append(parts, f.Advice)
	}
	return strings.Join(parts, "; ")
}

// seats writes a quantity, and its price where one is known.
func seats(quantity, price *big.Rat, iso string) string {
	if price == nil || quantity.Sign() == 0 {
		return Exact(quantity)
	}
	return Exact(quantity) + " x " + Money(price, iso)
}
