package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

type exportOptions struct {
	out      string
	customer string
	only     string
	offer    string
	deep     bool
}

// offerAll is the word for both offers.
const offerAll = "all"

func (o exportOptions) offers() []diff.Offer {
	var offers []diff.Offer
	for _, offer := range []diff.Offer{diff.Wholesale, diff.BroadWorks} {
		if o.offer == offerAll || o.offer == offer.String() {
			offers = append(offers, offer)
		}
	}
	return offers
}

func newExport(a *app) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the live state as desired-state CSV",
		Long: `Export reads the live state and writes it as a desired-state CSV that plan and
apply take as it stands: a plan for an export changes nothing. Customers and
subscribers are in one file; columns that begin with _ are for people and for
"plan --current", and are ignored on input. What no input can say, such as one
e-mail address under two customers, is left out or blank, and is named on stderr.

Enterprises and subscribers of BroadWorks are exported with --offer broadworks or
--offer all. Their workspaces are not: the API does not tell whose they are.

With --deep it has names, numbers and locations of wholesale subscribers too. For
that, the organization of each customer is opened to the partner's administrator.

Cells hold the live values unchanged, so import the file as text where a
spreadsheet would take a value for a formula.`,
		Example: "  wholesync export -o estate.csv\n  wholesync export --customer acme\n  wholesync export --offer all -o estate.csv",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.export(a.stop, o) },
	}
	cmd.Flags().StringVarP(&o.out, outFlag, "o", "", "write to this file instead of stdout")
	cmd.Flags().StringVar(&o.customer, "customer", "", "only the customer with this external id, or the BroadWorks enterprise with this sp_enterprise_id")
	cmd.Flags().Var(kindFlag(&o.only), "only", "only objects of one kind: "+wordList(kindChoices()))
	cmd.Flags().Var(newChoice(&o.offer, diff.Wholesale.String(), diff.BroadWorks.String(), offerAll), "offer", "what the vendor sells: wholesale, broadworks or all")
	addDeepFlag(cmd.Flags(), &o.deep, "write")
	offerWords(cmd)
	return cmd
}

func (a *app) export(ctx context.Context, o exportOptions) error {
	if a.json() {
		return errors.New("reading the flags: export writes CSV; leave out --output json")
	}
	if kind, ok := diff.ParseKind(strings.TrimSuffix(o.only, "s")); ok && !slices.Contains(o.offers(), kind.Offer()) {
		return fmt.Errorf("reading the flags: --only %s is of the other offer; give --offer %s as well", o.only, kind.Offer())
	}
	a.needToRead(o.kinds())
	deep := o.deep && slices.Contains(o.offers(), diff.Wholesale) && (o.only == "" || o.only == diff.Subscriber.String()+"s")
	a.needToOpen(deep, deep)
	api, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer api.close()
	live, err := batch.ListAll(ctx, api.client, batch.ListAllOptions{Customer: o.customer, Offers: o.offers(), DeepOptions: a.deepOptions(api, deep)})
	if err != nil {
		return fmt.Errorf("reading the live state: %w", err)
	}
	rows, unnamed := exportRows(live, o)
	if o.customer != "" && len(rows)+len(unnamed) == 0 {
		return fmt.Errorf("reading the live state: customer %q has nothing to export; look at --customer for a slip of the pen", o.customer)
	}
	s := &sheet{rows: rows, columns: exportColumns(o.offers(), deep), blank: map[place]bool{}}
	taken, err := s.settle(live)
	if err != nil {
		return err
	}
	a.warnOfUnread(live)
	a.warnOfExport(s, unnamed)
	a.warnOfOmissions(taken)
	asIs := func(cell string) string { return cell }
	switch {
	case o.out != "":
		return batch.WriteFile(o.out, func(w io.Writer) error { return s.write(w, asIs) })
	case a.isTerminal(a.stdout):
		return s.write(a.stdout, report.Clean)
	}
	return s.write(a.stdout, asIs)
}

// kinds are those that are read.
func (o exportOptions) kinds() map[diff.Kind]bool {
	kinds := map[diff.Kind]bool{}
	for _, k := range diff.Kinds() {
		if slices.Contains(o.offers(), k.Offer()) && k != diff.BroadWorksWorkspace {
			kinds[k] = true
		}
	}
	return kinds
}

// exportColumns are the columns of an export after "kind": what the API returns
// of the kinds of its offers, in the order of the column tables.
func exportColumns(offers []diff.Offer, deep bool) []diff.Column {
	columns := slices.Clone(wholesaleColumns)
	if deep {
		at := slices.Index(columns, diff.ColPackage) + 1
		columns = slices.Insert(columns, at, diff.ColFirstName, diff.ColLastName, diff.ColPhone, diff.ColExtension, diff.ColLocationID)
	}
	if !slices.Contains(offers, diff.BroadWorks) {
		return columns
	}
	columns = slices.DeleteFunc(columns, func(c diff.Column) bool { return slices.Contains(broadworksColumns, c) })
	if !slices.Contains(offers, diff.Wholesale) {
		columns = slices.DeleteFunc(columns, func(c diff.Column) bool {
			_, enterprise := diff.SpecOf(diff.BroadWorksEnterprise).Rule(c)
			_, subscriber := diff.SpecOf(diff.BroadWorksSubscriber).Rule(c)
			return !enterprise && !subscriber
		})
	}
	return slices.Concat(broadworksColumns, columns)
}

var broadworksColumns = []diff.Column{
	diff.ColSPEnterpriseID, diff.ColDirSync, diff.ColUserID, diff.ColSPGroupID, diff.ColFirstName, diff.ColLastName, diff.ColPhone, diff.ColMobile,
	diff.ColExtension, diff.ColProvisioningID, diff.ColLiveOrgID, diff.ColLiveProvisioningID,
}

var wholesaleColumns = []diff.Column{
	diff.ColExternalID, diff.ColOrgID, diff.ColPackages, diff.ColAddressLine1, diff.ColAddressLine2, diff.ColCity, diff.ColState,
	diff.ColZip, diff.ColCountry, diff.ColCustomerExternalID, diff.ColEmail, diff.ColPackage,
	diff.ColID, diff.ColPersonID, diff.ColStatus, diff.ColCreated, diff.ColErrors,
}

// warnOfExport says where the file is not the whole picture.
func (a *app) warnOfExport(s *sheet, unnamed []diff.Row) {
	for _, r := range unnamed {
		a.log.Warn("left out: no row can name it, for its key is unusable", nameOf(r)...)
	}
	blanked, formulas := 0, 0
	for _, r := range s.rows {
		for _, c := range s.columns {
			v := exportCell(r, c)
			if v == "" && r.Get(c) != "" {
				blanked++
			}
			if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) && report.Cell(v) != v {
				formulas++
			}
		}
	}
	if blanked > 0 {
		a.log.Warn("left blank: live values that no row may have, such as a package that this version does not know", "cells", blanked)
	}
	if formulas > 0 {
		a.log.Warn("cells look like formulas; import the file as text", "cells", formulas)
	}
}

// exportRows picks the rows of an export and sorts them: customers by external
// id, then subscribers by customer and address. Unnamed are the objects that no
// row could name, because their key is no valid one.
func exportRows(live *diff.Live, o exportOptions) (rows, unnamed []diff.Row) {
	for _, k := range diff.Kinds() {
		if o.only != "" && o.only != k.String()+"s" {
			continue
		}
		t := live.Of(k)
		for i := range t.Len() {
			r := t.Row(i)
			switch {
			case o.customer != "" && r.Key().Customer != o.customer:
			case !hasUsableKey(r):
				unnamed = append(unnamed, r)
			default:
				rows = append(rows, r)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b diff.Row) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), a.Key().Compare(b.Key()))
	})
	return rows, unnamed
}

// hasUsableKey reports whether a row of the input could have the object's key.
func hasUsableKey(r diff.Row) bool {
	return !slices.ContainsFunc(diff.SpecOf(r.Kind()).Keys, func(c diff.Column) bool { return exportCell(r, c) == "" })
}

// write makes the file; show is how a cell is written.
func (s *sheet) write(w io.Writer, show func(cell string) string) error {
	out := csv.NewWriter(w)
	header := []string{"kind"}
	for _, c := range s.columns {
		header = append(header, c.String())
	}
	if err := out.Write(header); err != nil {
		return err
	}
	record := make([]string, len(header))
	for _, r := range s.rows {
		record[0] = r.Kind().String()
		for i, c := range s.columns {
			record[i+1] = show(s.cell(r, c))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// exportCell is a cell as it goes into the file. Texts that only people read are
// made safe for spreadsheets; all others must come back as they were. A live
// value that the input may not have is left blank, which means: leave it.
func exportCell(r diff.Row, c diff.Column) string {
	v := r.Get(c)
	if c == diff.ColStatus || c == diff.ColErrors {
		return report.Cell(v)
	}
	if !c.Input() {
		return v
	}
	rule, _ := diff.SpecOf(r.Kind()).Rule(c)
	if _, issue := diff.Parse(rule.Value, v); issue.Text != "" && !issue.Warning || v == diff.Clear {
		return ""
	}
	return v
}
