package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"os"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/report"
	"wholesync/report/billing"
)

// reconcileOptions are the flags of billing reconcile.
type reconcileOptions struct {
	invoices, usage, seats, inventory []string
	zone                              string
	tolerance, percent, quantity      string
	total                             string
	allowPartial, matchNames, all     bool
	findings, xlsx, html              string
	contract
	fromAPI
	followUp
	grounding
	files []billing.File // that were read
}

func newBilling(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "billing",
		Short: "Get billing reports, and compare the provider's invoice with the usage",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportCreate(a), newReportList(a), newReportGet(a), newReportDownload(a), newReportDelete(a), newReconcile(a))
	return cmd
}

func newReconcile(a *app) *cobra.Command {
	var o reconcileOptions
	cmd := &cobra.Command{
		Use:   "reconcile --invoice FILE (--usage FILE... | --period YYYY-MM)",
		Short: "Find every difference between an invoice and the metered usage",
		Long: `Reconcile compares an invoice with the usage reports of its period and says of
every difference what caused it and what it is worth. The differences add up to
the invoice's total less the expected total. With --usage it needs files alone and
no connection. With --period it gets the month's reports from the API, keeps them
with their SHA-256, and compares those; --live takes what is provisioned from there.

Columns of usage reports are found by their names. An invoice is read in the
layout of samples/invoice.csv, or in any other that a mapping file describes.
With --inventory it also says what is billed and not wanted, and the reverse.

Ends with 0 where everything agrees, with 2 where there are findings, and with 3
where the files cannot be used; with --period also with 5 where another report
stands in the way, 7 where the token will not do, and 8 where a report is not ready.`,
		Example: `  wholesync billing reconcile --invoice samples/invoice.csv --usage samples/usage.csv --prices samples/prices.csv
  wholesync billing reconcile --invoice samples/invoice-commerce.csv --mapping samples/mapping-commerce.yaml --usage samples/customers-usage.csv --prices samples/prices.csv --proration auto
  wholesync billing reconcile --sandbox --invoice samples/invoice-demo.csv --period 2026-04 --prices samples/prices.csv --live`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.reconcile(&o) },
	}
	o.addFlags(cmd.Flags())
	offerWords(cmd)
	return cmd
}

func (o *reconcileOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.invoices, "invoice", nil, "the invoice as CSV; several are compared together")
	f.StringArrayVar(&o.usage, "usage", nil, "a usage report as CSV, of any level; several check each other")
	f.StringArrayVar(&o.seats, "seats", nil, "a point-in-time report as CSV, for prorations that count seats at the end")
	f.StringArrayVar(&o.inventory, "inventory", nil, "desired-state CSV or an export: what is wanted")
	o.contract.addFlags(f)
	f.StringVar(&o.zone, "billing-tz", "UTC", "time zone whose days the invoice counts")
	f.StringVar(&o.tolerance, "tolerance", "", "accept charges that are off by no more than this amount")
	f.StringVar(&o.percent, "tolerance-percent", "", "accept charges that are off by no more than this percentage")
	f.StringVar(&o.quantity, "tolerance-quantity", "", "accept charges that are off by no more than so many seats")
	f.StringVar(&o.total, "invoice-total", "", "the total before tax that the invoice states")
	f.BoolVar(&o.allowPartial, "allow-partial-period", false, "go on where the reports are for other days than the invoice")
	f.BoolVar(&o.matchNames, "match-names", false, "take a customer's name for enough to know the customer by")
	f.BoolVar(&o.all, "all", false, "write the charges that agree to --findings too")
	f.StringVar(&o.findings, "findings", "", "write the findings to this file as CSV")
	f.StringVar(&o.xlsx, "xlsx", "", "write an Excel workbook to this file")
	f.StringVar(&o.html, htmlFlag, "", "write a page for the browser to this file")
	o.fromAPI.addFlags(f)
	o.followUp.addFlags(f)
	o.grounding.addFlags(f)
}

// outputs are the files to be written, by flag.
func (o *reconcileOptions) outputs() map[string]string {
	return map[string]string{"--findings": o.findings, "--xlsx": o.xlsx, "--" + htmlFlag: o.html, "--ledger": o.ledger}
}

func (a *app) reconcile(o *reconcileOptions) error {
	if len(o.invoices) == 0 && !o.accrue || len(o.usage)+len(o.seats) == 0 && o.period == "" {
		return errors.New("reading the flags: give an invoice and at least one usage report, with --invoice FILE --usage FILE, or --period YYYY-MM to get reports from the API")
	}
	if err := o.fromAPI.check(o, a.now()); err != nil {
		return err
	}
	if len(o.invoices) == 0 && (o.ledger != "" || o.explain != "" || o.dispute != "" || o.total != "") {
		return errors.New("reading the flags: --ledger, --explain, --dispute and --invoice-total need an --invoice")
	}
	inputs := slices.Concat(o.contract.files(), o.followUp.files(), o.invoices, o.usage, o.seats, o.inventory)
	if err := a.checkOutputs(inputs, o.outputs()); err != nil {
		return err
	}
	if err := o.checkEmpty(); err != nil {
		return err
	}
	in, err := a.billingInput(o)
	if err != nil {
		return err
	}
	o.ask(&in.Options)
	result, err := billing.Reconcile(in)
	if err != nil {
		return fail(exitInput, "comparing the invoice: %w", err)
	}
	if err := a.showReconciled(result, o); err != nil {
		return err
	}
	if len(o.invoices) > 0 && !result.Comparable() {
		return fail(exitInput, "comparing the invoice: no charge is in a currency that there are prices in")
	}
	if err := o.writeDispute(result, o.files); err != nil {
		return err
	}
	if err := a.keep(&o.followUp, result); err != nil {
		return err
	}
	if !result.Clean() {
		return endWith(exitDifferences)
	}
	return nil
}

func (a *app) showReconciled(r *billing.Result, o *reconcileOptions) error {
	for _, file := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{o.findings, func(w io.Writer) error { return billing.WriteFindings(w, r.Shown(o.all)) }},
		{o.xlsx, func(w io.Writer) error { return billing.WriteWorkbook(w, r) }},
		{o.html, func(w io.Writer) error { return billing.WriteHTML(w, r) }},
	} {
		if file.path == "" {
			continue
		}
		if err := batch.WriteFile(file.path, file.write); err != nil {
			return &exitErr{exitFiles, err}
		}
	}
	switch {
	case a.json():
		return billing.WriteJSON(a.stdout, r)
	case o.explain != "":
		return a.showExplained(&o.grounding, r)
	}
	return billing.WriteText(a.stdout, r)
}

// billingInput reads all files of a comparison.
func (a *app) billingInput(o *reconcileOptions) (billing.Input, error) {
	in := billing.Input{}
	var err error
	if in.Options, err = o.options(); err != nil {
		return in, err
	}
	mappings, err := a.terms(&o.contract, &in)
	if err != nil {
		return in, err
	}
	if in.Prices != nil {
		o.files = append(o.files, billing.File{Name: in.Prices.Name, SHA256: in.Prices.SHA256})
		in.Sources = append(in.Sources, billing.Source{Kind: "prices", Name: in.Prices.Name, SHA256: in.Prices.SHA256, Rows: in.Prices.Len()})
	}
	if err := a.readInvoices(o, mappings, &in); err != nil {
		return in, err
	}
	if in.Inventory, in.Limits, err = a.readInventory(o.inventory); err != nil {
		return in, err
	}
	if err := o.followUp.read(&in); err != nil {
		return in, err
	}
	// Last, because it may take minutes: what is wrong with a file shows before.
	if err := a.getFromAPI(o, &in); err != nil {
		return in, err
	}
	return in, a.readReports(o, mappings, &in)
}

// readBilling opens a file and reads it. What is wrong with its content ends the
// program like any other invalid input.
func readBilling[T any](path string, read func(io.Reader, string) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, fmt.Errorf("reading the input: %w", err)
	}
	defer f.Close()
	v, err := read(f, path)
	if err != nil {
		return none, &exitErr{exitInput, err}
	}
	return v, nil
}

func (a *app) readInvoices(o *reconcileOptions, mappings []*billing.Mapping, in *billing.Input) error {
	seen := o.seen()
	for _, path := range o.invoices {
		m, err := a.mappingFor(path, mappings)
		if err != nil {
			return err
		}
		invoice, err := readBilling(path, func(r io.Reader, name string) (*billing.Invoice, error) { return billing.ReadInvoice(r, name, m) })
		if err != nil {
			return a.tellProblems(err)
		}
		if err := twice(seen, invoice.SHA256, path); err != nil {
			return err
		}
		o.files = append(o.files, billing.File{Name: path, SHA256: invoice.SHA256})
		in.Lines = append(in.Lines, invoice.Lines...)
		in.Sources = append(in.Sources, billing.Source{Kind: "invoice", Name: path, SHA256: invoice.SHA256, Rows: len(invoice.Lines)})
		for iso, total := range invoice.Stated {
			in.Options.Stated = addTotal(in.Options.Stated, iso, total)
		}
	}
	if o.total == "" {
		return nil
	}
	total, err := number("invoice-total", o.total)
	if err != nil {
		return err
	}
	iso := in.Lines[0].Currency
	for i := range in.Lines {
		if in.Lines[i].Currency != iso {
			return fail(exitInput, "reading the flags: --invoice-total cannot be for charges in %s and %s; compare each currency by itself", iso, in.Lines[i].Currency)
		}
	}
	in.Options.Stated = map[string]*big.Rat{iso: total}
	return nil
}

func addTotal(totals map[string]*big.Rat, iso string, total *big.Rat) map[string]*big.Rat {
	if totals == nil {
		totals = make(map[string]*big.Rat)
	}
	if totals[iso] != nil {
		total = new(big.Rat).Add(totals[iso], total)
	}
	totals[iso] = total
	return totals
}

func (a *app) readReports(o *reconcileOptions, mappings []*billing.Mapping, in *billing.Input) error {
	seen := o.seen()
	for i, path := range append(append([]string{}, o.usage...), o.seats...) {
		opt := billing.UsageOptions{PointInTime: i >= len(o.usage), Columns: make(map[string]string)}
		for _, m := range mappings {
			maps.Copy(opt.Columns, m.UsageColumns)
		}
		report, err := a.readUsage(path, opt)
		if err != nil {
			return a.tellProblems(err)
		}
		if len(report.Rows) > 0 { // those of sub-partners without usage are alike
			if err := twice(seen, report.SHA256, path); err != nil {
				return err
			}
		}
		for _, c := range report.Columns {
			a.log.Info("column of a usage report", "file", path, "header", c.Header, "taken_for", c.Role)
		}
		o.files = append(o.files, billing.File{Name: path, SHA256: report.SHA256})
		in.Reports = append(in.Reports, *report)
	}
	return nil
}

// tellProblems prints what is wrong with a file, one problem a line.
func (a *app) tellProblems(err error) error {
	var read *billing.ReadError
	if !errors.As(err, &read) {
		return err
	}
	for _, p := range read.Problems {
		if _, err := fmt.Fprintln(a.console, report.Clean(p.String())); err != nil {
			return err
		}
	}
	return fail(exitInput, "reading the input: %s cannot be used; mend it and run the same command again", read.Problems[0].File)
}

// seen are the files that were read, by their SHA-256: an invoice that is given
// for a report has all columns that one needs.
func (o *reconcileOptions) seen() map[string]string {
	seen := make(map[string]string)
	for _, f := range o.files {
		seen[f.SHA256] = f.Name
	}
	return seen
}

// twice refuses a file that was given before, under whatever name.
func twice(seen map[string]string, sum, path string) error {
	if before, ok := seen[sum]; ok {
		return fail(exitInput, "reading the input: %s and %s are the same file; leave one out", before, path)
	}
	seen[sum] = path
	return nil
}

// options turns the flags into the choices of a comparison.
func (o *reconcileOptions) options() (billing.Options, error) {
	opt := billing.DefaultOptions()
	opt.Auto = o.proration == "auto"
	opt.AllowPartial, opt.MatchNames = o.allowPartial, o.matchNames
	var err error
	if !opt.Auto {
		if opt.Policy, err = billing.ParsePolicy(o.proration); err != nil {
			return opt, fmt.Errorf("reading the flags: --proration: %w", err)
		}
	}
	if opt.Zone, err = time.LoadLocation(o.zone); err != nil {
		return opt, fmt.Errorf("reading the flags: --billing-tz %q is not a time zone; write it like America/Los_Angeles", o.zone)
	}
	for _, t := range []struct {
		flag, value string
		into        **big.Rat
	}{{"tolerance", o.tolerance, &opt.Tolerance.Amount}, {"tolerance-percent", o.percent, &opt.Tolerance.Percent}, {"tolerance-quantity", o.quantity, &opt.Tolerance.Quantity}} {
		if t.value == "" {
			continue
		}
		if *t.into, err = number(t.flag, t.value); err != nil {
			return opt, err
		}
	}
	return opt, nil
}

// number reads a number from a flag.
func number(flag, value string) (*big.Rat, error) {
	const most = 40 // characters; an exponent must not blow up
	d, err := decimal.NewFromString(value)
	if err != nil || len(value) > most || d.Exponent() > 0 || d.Exponent() < -most {
		return nil, fmt.Errorf("reading the flags: --%s %q is not a number; write it like 0.50", flag, value)
	}
	return d.Rat(), nil
}
