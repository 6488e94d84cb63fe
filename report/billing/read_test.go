package billing

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const usageHeader = "PARTNER_NAME,PARTNER_ORG_ID,SUBPARTNER_NAME,SUBPARTNER_ORG_ID,CUSTOMER_NAME,CUSTOMER_ORG_ID,CUSTOMER_EXTERNAL_ID,SUBSCRIPTION_ID,SERVICE_NAME,SKU,QUANTITY,LICENSE_ID\n"

// problemsOf reads and returns what is wrong, one problem a line.
func problemsOf(t *testing.T, err error) string {
	t.Helper()
	var read *ReadError
	if err != nil && !errors.As(err, &read) {
		t.Fatalf("not a ReadError: %v", err)
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestReadUsage(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		opt        UsageOptions
		level      Level
		want       []string // package, customer, user, day and count
	}{
		{
			name:  "of customers",
			file:  usageHeader + "Nordlys,9d1e,,,Acme Dental," + acmeOrg + ",C-1001,Sub1,webex_calling,SKU-CALL,327,\n",
			level: LevelCustomer, want: []string{"webex_calling C-1001   327"},
		}, {
			name:  "of the partner",
			file:  "SKU,Quantity,Service Name\nSKU-CALL,327,webex_calling\n",
			level: LevelPartner, want: []string{"webex_calling    327"},
		}, {
			name:  "of users, in camel case, quoted, with a BOM, CRLF and empty lines",
			file:  "\ufeffcustomerOrgId,userEmail,serviceName,quantity\r\n" + strings.ToUpper(acmeOrg) + ",Kim@Acme.test,\"Webex\r\nCalling\",10\r\n,,,\r\n\r\n",
			level: LevelUser, want: []string{"Webex\nCalling " + acmeOrg + " kim@acme.test  10"},
		}, {
			name:  "of workspaces",
			file:  "CUSTOMER_EXTERNAL_ID,USER_EMAIL,WORKSPACE_ID,SERVICE_NAME,QUANTITY\nC-1002,,Y2lzY29zcGFyazovL3VzL1BMQUNFL2FiYw,common_area_calling,30\n",
			level: LevelUser, want: []string{"common_area_calling C-1002 abc  30"},
		}, {
			name:  "of days",
			file:  "CUSTOMER_EXTERNAL_ID,SERVICE_NAME,CONSUMPTION_DATE,QUANTITY\nC-1,webex_calling,2026-04-01,10\nC-1,webex_calling,2026-04-02T00:00:00Z,10.5\n",
			level: LevelCustomer, want: []string{"webex_calling C-1  2026-04-01 10", "webex_calling C-1  2026-04-02 10.5"},
		}, {
			name:  "at one moment, with a header of its own",
			file:  "CUSTOMER_EXTERNAL_ID,SERVICE_NAME,Seats in use\nC-1,webex_calling,10\n",
			opt:   UsageOptions{PointInTime: true, Columns: map[string]string{"seats in use": "quantity"}},
			level: LevelPointInTime, want: []string{"webex_calling C-1   10"},
		}, {
			name:  "of users of nobody",
			file:  "USER_EMAIL,SKU,QUANTITY\na@x.test,S,1\n",
			level: LevelUser, want: []string{"  a@x.test  1"},
		}, {
			name: "of BroadWorks, with quantities",
			file: "spEnterpriseId,subscriberId,userId,email,package,provisioningID,daysActive\n" +
				"ent-1,S-1,kim@bw.test,Kim@x.test,Premium,PRV,17\nent-1,S-2,lee@bw.test,,softphone,PRV,30\n",
			level: LevelUser, want: []string{"Premium ent-1 kim@x.test  17", "softphone ent-1 lee@bw.test  30"},
		}, {
			// April, because its 17th is the latest day there is: from 20 March to 17 April, since 24 April, the
			// whole month, and one that ended before.
			name: "of BroadWorks, with first and last days",
			file: "spEnterpriseId,userId,package,firstDay,lastDay\n" +
				"ent-1,a,basic,2026-03-20,2026-04-17\nent-1,b,standard,2026-04-24,\nent-1,c,basic,2026-01-01,\nent-1,d,basic,2026-01-01,2026-03-31\n",
			level: LevelUser, want: []string{"basic ent-1 a  17", "standard ent-1 b  7", "basic ent-1 c  30", "basic ent-1 d  0"},
		}, {
			name:  "of BroadWorks, of a period that the caller knows",
			file:  "spEnterpriseId,userId,package,startDate,endDate\nent-1,a,basic,2026-03-20,2026-04-17\n",
			opt:   UsageOptions{Period: Period{april.First - 31, april.First - 1}},
			level: LevelUser, want: []string{"basic ent-1 a  12"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ReadUsage(strings.NewReader(tt.file), "usage.csv", tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range r.Rows {
				got = append(got, fmt.Sprintf("%s %s %s %s %s", row.Place.Package, row.Place.Customer.Key(), row.User, row.Day, Exact(row.Count.Rat())))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || r.Level != tt.level || len(r.SHA256) != 64 {
				t.Errorf("level %s, hash %q\n%s", r.Level, r.SHA256, diff)
			}
		})
	}
}

func TestUsageProblems(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"empty", "", "u.csv: the file is empty"},
		{"no rows", "SKU,QUANTITY\n", "u.csv: the report has no rows; is it finished?"},
		{"no quantity", "CUSTOMER_NAME,SKU,HEADS\nA,S,1\n", `u.csv:1: no column for quantity; the columns are "CUSTOMER_NAME", "SKU", "HEADS"; map one`},
		{"no package", "CUSTOMER_NAME,QUANTITY\nA,1\n", "u.csv:1: no column for service_name or sku; the columns are"},
		{"twice", "SKU,QUANTITY,quantity\nS,1,2\n", `u.csv:1: the column "QUANTITY" stands there twice`},
		{"exponent", "SKU,QUANTITY\nS,1e3\n", `u.csv:2 column "QUANTITY" value "1e3": not a quantity`},
		{"thousands", "SKU,QUANTITY\nS,\"1,234\"\n", `u.csv:2 column "QUANTITY" value "1,234": not a quantity`},
		{"negative", "SKU,QUANTITY\nS,-1\n", `u.csv:2 column "QUANTITY" value "-1": usage is never negative`},
		{"total row", "SKU,QUANTITY\nS,1\n,1\n", "u.csv:3: the row names no package and no SKU; is it a total?"},
		{"short row", "SKU,QUANTITY\nS\n", "u.csv:2: the row has 1 cells, the header has 2"},
		{"semicolons", "SKU;QUANTITY\nS;1\n", "u.csv:1: the columns are not separated by commas; save the file with commas"},
		{"open quote", "SKU,QUANTITY\n\"S,1\n", "u.csv:2: "},
		{"two periods", "SKU,QUANTITY,BILLING_START_DATE,BILLING_END_DATE\nS,1,2026-04-01,2026-04-30\nS,1,2026-05-01,2026-05-31\n", "u.csv:3 column \"BILLING_START_DATE\" value \"2026-05-01\": the row is for 2026-05-01..2026-05-31, the rows above"},
		{"gone before it came", "SKU,USER_ID,FIRST_DAY,LAST_DAY\nS,a,2026-04-02,2026-04-01\n", `u.csv:2 column "LAST_DAY" value "2026-04-01": the last day is before the first`},
		{"no first day", "SKU,USER_ID,FIRST_DAY,LAST_DAY\nS,a,,2026-04-01\n", `u.csv:2 column "FIRST_DAY" value "": "" is not a day`},
		{"a last day alone", "SKU,USER_ID,LAST_DAY\nS,a,2026-04-01\n", `u.csv:1: no column for quantity; `},
		{"no customer", "CUSTOMER_NAME,SKU,QUANTITY\n,S,1\n", "u.csv:2: the row names no customer"},
		{"not a day", "SKU,QUANTITY,DATE\nS,1,04/05/2026\n", `u.csv:2 column "DATE" value "04/05/2026": "04/05/2026" is not a day`},
		{"not text", "SKU,QUANTITY\n\xff,1\n", `u.csv:2 column "SKU" value "\xff": the cell is not UTF-8 text`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadUsage(strings.NewReader(tt.file), "u.csv", UsageOptions{})
			if got := problemsOf(t, err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

const invoiceHeader = "invoice_id,invoice_line,period_start,period_end,customer_external_id,package,quantity,unit_price,amount,currency\n"

func TestReadInvoice(t *testing.T) {
	got, err := ReadInvoice(strings.NewReader(invoiceHeader+"INV-1,1,2026-04-01,2026-04-30,C-1001,webex_calling,10.90,7.25,79.03,USD\n"), "i.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Line{InvoiceID: "INV-1", Number: "1", Document: DocumentInvoice, Period: april, Customer: Party{ExternalID: "C-1001"}, Package: "webex_calling",
		Charge: ChargeUsage, Unit: UnitMonth, Quantity: rat("10.9"), Places: 2, UnitPrice: rat("7.25"), Amount: rat("79.03"), Currency: "USD", File: "i.csv", Row: 2}
	if diff := cmp.Diff([]Line{want}, got.Lines, byValue); diff != "" {
		t.Error(diff)
	}
}

func TestInvoiceProblems(t *testing.T) {
	row := func(cells string) string { return invoiceHeader + cells + "\n" }
	for _, tt := range []struct{ name, file, want string }{
		{"no lines", invoiceHeader, "i.csv: the invoice has no lines"},
		{"no columns", "Invoice,Total\n1,2\n", `i.csv:1: no column for invoice_id, period_start, period_end, quantity, amount, currency, sku or package; the columns are "Invoice", "Total"; describe`},
		{"semicolons", strings.ReplaceAll(invoiceHeader, ",", ";"), "i.csv:1: the columns are not separated by commas; name the delimiter in a mapping file"},
		{"thousands", row(`I,1,2026-04-01,2026-04-30,C,p,1,1,"1,234.50",USD`), `i.csv:2 column "amount" value "1,234.50": amount: `},
		{"exponent", row("I,1,2026-04-01,2026-04-30,C,p,1e3,1,1,USD"), `i.csv:2 column "quantity" value "1e3": quantity: `},
		{"blank", row("I,1,2026-04-01,2026-04-30,C,p,1,1,,USD"), `i.csv:2 column "amount" value "": amount: the cell is blank`},
		{"date", row("I,1,04/05/2026,2026-04-30,C,p,1,1,1,USD"), `i.csv:2 column "period_start" value "04/05/2026": period_start: "04/05/2026" is not a day`},
		{"backwards", row("I,1,2026-04-30,2026-04-01,C,p,1,1,1,USD"), `i.csv:2 column "period_end" value "2026-04-01": period_end: the period ends before it begins`},
		{"currency", row("I,1,2026-04-01,2026-04-30,C,p,1,1,1,usd"), `i.csv:2 column "currency" value "usd": `},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadInvoice(strings.NewReader(tt.file), "i.csv", nil)
			if got := problemsOf(t, err); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

const europe = `
layout: accounting
delimiter: ";"
decimal: ","
thousands: "."
date_formats: ["02.01.2006"]
skip_rows: 2
footer: { column: Text, pattern: "^(Summe|Steuer)", total: "^Summe" }
columns:
  invoice_id: Rechnung
  sku: Artikel
  description: Text
  quantity: { from: Menge, negate_if: { column: Art, equals: GS } }
  amount: { from: Betrag, negate_if: { column: Art, equals: GS } }
  document_type: { from: Art, map: { RE: invoice, GS: credit_memo } }
  unit_price: { or: { divide: [amount, quantity] } }
  currency: { const: EUR }
  period_start: { from: Zeitraum, split: " - ", part: 0 }
  period_end: { from: Zeitraum, split: " - ", part: 1, add_days: -1 }
sku_map: { A-1: webex_calling }
`

func readMapping(t *testing.T, text string) *Mapping {
	t.Helper()
	m, err := ReadMapping(strings.NewReader(text), "m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMappedInvoice(t *testing.T) {
	file := "Rechnung der Beispiel GmbH\n\nRechnung;Art;Artikel;Text;Zeitraum;Menge;Betrag\n" +
		"R-1;RE;A-1;Telefon;01.04.2026 - 01.05.2026;160;1.160,00\n" +
		"R-1;GS;A-1;Gutschrift;01.04.2026 - 01.05.2026;0,5;(3,63)\n" +
		";;;Steuer;;;200,00\n;;;Summe;;;1\u00a0156,37\n"
	got, err := ReadInvoice(strings.NewReader(file), "i.csv", readMapping(t, europe))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range got.Lines {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s x %s = %s %s", l.InvoiceID, l.Document, l.SKU, l.Period, Exact(l.Quantity), Exact(l.UnitPrice), Exact(l.Amount), l.Currency))
	}
	want := []string{
		"R-1 invoice A-1 2026-04-01..2026-04-30 160 x 7.25 = 1160 EUR",
		"R-1 credit_memo A-1 2026-04-01..2026-04-30 -0.5 x 7.26 = -3.63 EUR",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
	if Exact(got.Stated["EUR"]) != "1156.37" {
		t.Errorf("stated %v", got.Stated)
	}
}

func TestNumbers(t *testing.T) {
	anglo, europe, open := signs{".", ","}, signs{",", "."}, signs{}
	for _, tt := range []struct {
		signs    signs
		in, want string // want "" = refused
	}{
		{anglo, "1,234.50", "1234.50"}, {anglo, "(3.14)", "-3.14"}, {anglo, "3.14-", "-3.14"}, {anglo, "$1.00", "1.00"}, {anglo, "1 234.5", "1234.5"},
		{anglo, "1 2", ""}, {anglo, "12,34.50", ""}, {anglo, "1,2345", ""}, {anglo, "1e3", ""}, {anglo, "(3.14", ""}, {anglo, "(-3.14)", ""}, {anglo, "", ""},
		{europe, "1.234,50", "1234.50"}, {europe, "1.234", "1234"}, {europe, "12.34", ""},
		{open, "1.234", ""}, {open, "1,5", ""}, {open, "1.50", "1.50"}, {open, "12", "12"}, {open, "1,234.50", ""}, {open, "-7.25", "-7.25"},
	} {
		got, err := tt.signs.plain(tt.in)
		if err == nil {
			_, err = parseAmount(got)
		}
		if err != nil {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%q by %v is %q, want %q (%v)", tt.in, tt.signs, got, tt.want, err)
		}
	}
}

func TestDates(t *testing.T) {
	both := []string{"01/02/2006", "02/01/2006"}
	if d, err := parseDate("04/30/2026", both); err != nil || d != april.Last {
		t.Errorf("%s, %v", d, err)
	}
	if d, err := parseDate("04/05/2026", both); err == nil {
		t.Errorf("a date of two readings is %s", d)
	}
	if d, err := parseDate("04/04/2026", both); err != nil {
		t.Errorf("%s, %v", d, err)
	}
	if d, err := parseDate("April", both); err == nil {
		t.Errorf("a month is %s", d)
	}
}

func TestBadMappings(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"columns: {amonut: X}", `"amonut" is no column`},
		{"colums: {}", "unknown field"},
		{"delimiter: ';;'", "more than one character"},
		{"decimal: x", "neither a point nor a comma"},
		{"{decimal: ',', thousands: ','}", "are both"},
		{"footer: {column: A, pattern: '('}", "footer: "},
		{"columns: {amount: {const: '1', from: X}}", "either from or const"},
		{"columns: {amount: {form: X}}", "form"},
		{"proration: {webex_calling: sometimes}", "proration of webex_calling"},
		{"columns: {unit_price: {or: {divide: [amount]}}}", "divide takes two columns"},
	} {
		_, err := ReadMapping(strings.NewReader(tt.text), "m.yaml")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.text, err, tt.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	text := invoiceHeader + "INV-1,1,2026-04-01,2026-04-30,Zürich,webex_calling,1,1,1,USD\n"
	utf16 := []byte{0xff, 0xfe}
	for _, r := range text {
		utf16 = append(utf16, byte(r), byte(r>>8))
	}
	ansi := strings.ReplaceAll(text, "ü", "\xfc")
	plain := readMapping(t, "columns: {invoice_id: invoice_id, period_start: period_start, period_end: period_end, customer_external_id: customer_external_id, package: package, quantity: quantity, amount: amount, currency: currency}\nencoding: windows-1252")
	for name, read := range map[string]func() (*Invoice, error){
		"utf-16":       func() (*Invoice, error) { return ReadInvoice(strings.NewReader(string(utf16)), "i.csv", nil) },
		"windows-1252": func() (*Invoice, error) { return ReadInvoice(strings.NewReader(ansi), "i.csv", plain) },
		"mark wins":    func() (*Invoice, error) { return ReadInvoice(strings.NewReader("\ufeff"+text), "i.csv", plain) },
	} {
		if got, err := read(); err != nil || got.Lines[0].Customer.ExternalID != "Zürich" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ReadInvoice(strings.NewReader(ansi), "i.csv", nil); err == nil {
		t.Error("bytes that are no UTF-8 are taken")
	}
}

func TestReadPrices(t *testing.T) {
	const header = "package,currency,valid_from,valid_to,unit_price\n"
	p, err := ReadPrices(strings.NewReader(header+"Webex Calling,USD,2026-01-01,2026-04-30,7.25\nwebex_calling,USD,2026-05-01,,7.50\n"), "p.csv")
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[Day]string{april.First - 91: "", april.Last: "7.25", april.Last + 1: "7.5"} {
		if unit, _ := p.On(day, "webex_calling", "USD"); Exact(unit) != want {
			t.Errorf("on %s: %s, want %s", day, Exact(unit), want)
		}
	}
	if unit, others := p.On(april.First, "webex_calling", "EUR"); unit != nil || len(others) != 1 {
		t.Errorf("in EUR: %v %v", unit, others)
	}
	for _, bad := range []string{"a,USD,,,1e9\n", "a,usd,,,1\n", ",USD,,,1\n", "a,USD,2026-02-30,,1\n", "a,USD,2026-02-02,2026-02-01,1\n", "a,USD,,,-1\n", "a,USD,,,1\na,USD,,,2\n"} {
		if _, err := ReadPrices(strings.NewReader(header+bad), "p.csv"); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	twice := "package,currency,valid_from,valid_to,unit_price,Unit Price\na,USD,,,1,2\n"
	if _, err := ReadPrices(strings.NewReader(twice), "p.csv"); err == nil || !strings.Contains(err.Error(), `p.csv:1: the column "unit_price" stands there twice`) {
		t.Errorf("two prices in a row: %v", err)
	}
}

func FuzzReadUsage(f *testing.F) {
	f.Add(usageHeader + "N,9d1e,,,A,x,C-1,S,webex_calling,SKU,327,\n")
	f.Add("CUSTOMER_NAME,USER_EMAIL,SKU,DATE,QUANTITY\nA,b@c,S,2026-04-01,1\n")
	f.Add("spEnterpriseId,userId,package,firstDay,lastDay\nE,b,basic,2026-04-01,\n")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := ReadUsage(strings.NewReader(file), "u.csv", UsageOptions{})
		if err != nil {
			problemsOf(t, err)
			return
		}
		for _, row := range r.Rows {
			if row.Place == nil || row.Count < 0 || r.Level == LevelUser && row.User == "" {
				t.Errorf("row %+v", row)
			}
		}
	})
}

func FuzzReadPrices(f *testing.F) {
	f.Add("package,currency,valid_from,valid_to,unit_price\nWebex Calling,USD,2026-01-01,2026-04-30,7.25\n", int32(20000))
	f.Fuzz(func(t *testing.T, file string, day int32) {
		p, err := ReadPrices(strings.NewReader(file), "p.csv")
		if err != nil {
			return
		}
		for pkg, prices := range p.of {
			if unit, _ := p.On(Day(day), pkg, prices[0].Currency); unit != nil && unit.Sign() < 0 {
				t.Errorf("%s costs %s", pkg, Exact(unit))
			}
		}
	})
}

func FuzzReadInvoice(f *testing.F) {
	f.Add(invoiceHeader+"INV-1,1,2026-04-01,2026-04-30,C-1001,webex_calling,10.90,7.25,79.03,USD\n", false)
	f.Add("x\n\nRechnung;Art;Artikel;Text;Zeitraum;Menge;Betrag\nR-1;RE;A-1;T;01.04.2026 - 01.05.2026;160;1.160,00\n;;;Summe;;;1\n", true)
	m, err := ReadMapping(strings.NewReader(europe), "m.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file string, mapped bool) {
		var with *Mapping
		if mapped {
			with = m
		}
		in, err := ReadInvoice(strings.NewReader(file), "i.csv", with)
		if err != nil {
			problemsOf(t, err)
			return
		}
		for _, l := range in.Lines {
			if l.Amount == nil || l.Quantity == nil || l.Period.Days() < 1 || len(l.Currency) != 3 {
				t.Errorf("line %+v", l)
			}
		}
	})
}

func FuzzReadMapping(f *testing.F) {
	f.Add(europe)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ReadMapping(strings.NewReader(text), "m.yaml")
		if err == nil {
			err = m.Apply(&Options{})
		}
		if err == nil && m == nil {
			t.Error("no mapping and no error")
		}
	})
}
