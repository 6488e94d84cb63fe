package batch

import (
	"strings"
	"testing"
)

const (
	allowedPackages = "allowed: webex_calling, webex_meetings, webex_suite, webex_voice, cx_essentials, webex_calling_standard, attendant_console, cx_premium_agent, cx_standard_agent"
	asTextHint      = "format the column as text, enter the value again and save as CSV UTF-8"
	digitsOnly      = "not an extension: digits only; did a spreadsheet change it? " + asTextHint
)

// extension makes a file whose one row has this extension cell.
func extension(cell string) string {
	return subHeader + "acme,anna@example.com,webex_calling," + cell + "\n"
}

func phone(cell string) string {
	return "customer_external_id,email,primary_phone_number\nacme,anna@example.com," + cell + "\n"
}

func email(cell string) string {
	return "customer_external_id,email\nacme," + cell + "\n"
}

func name(cell string) string {
	return "external_id,name\nacme," + cell + "\n"
}

var badRows = []badInput{
	{name: "B34 too few and too many", content: subHeader + "acme,anna@example.com\n" + subRow + "acme,ben@example.com,webex_calling,1002,x\n",
		want: []string{
			"in.csv:2: has 2 fields, the header has 4; a comma is missing, or a quote",
			"in.csv:4: has 5 fields, the header has 4; quote a value that holds a comma"}},
	{name: "B35 blank and folded lines keep the count", content: "customer_external_id,email,_note\n\nacme,anna@example.com,\"one\ntwo\n\nthree\"\n\nacme,ben,\n",
		want: []string{`in.csv:8:2 column "email" value "ben": not an e-mail address: no "@"`}},
	{name: "B36 commas alone", content: subHeader + ",,,\n, ,,\n \n",
		want: []string{
			"in.csv:2: an empty row; delete the line; spreadsheets leave such lines behind",
			"in.csv:3: an empty row; delete the line; spreadsheets leave such lines behind",
			"in.csv:4: an empty row; delete the line; spreadsheets leave such lines behind"}},
	{name: "B37 key blank", content: subHeader + ",anna@example.com,webex_calling,1001\nacme, ,webex_calling,1002\n",
		want: []string{
			`in.csv:2:1 column "customer_external_id" value "": is blank; every subscriber row needs it`,
			`in.csv:3:2 column "email" value " ": is blank; every subscriber row needs it`}},
	{name: "B38 same row twice", content: subHeader + subRow + "\n" + subRow,
		want: []string{`in.csv:4:2 column "email" value "anna@example.com": the subscriber "acme/anna@example.com" stands in in.csv:2 already; delete one of the two rows`}},
	{name: "B38 same customer twice", content: cusHeader + cusRow + cusRow,
		want: []string{`in.csv:3:1 column "external_id" value "acme": the customer "acme" stands in in.csv:2 already; delete one of the two rows`}},
	{name: "B39 twice but for case and spaces", content: email("anna@example.com") + "acme , Anna@Example.com \n",
		want: []string{`in.csv:3:2 column "email" value "Anna@Example.com": the subscriber "acme/anna@example.com" stands in in.csv:2 already; delete one of the two rows`}},
	{name: "B39 twice but for composition", content: "external_id,city\ncaf\u00e9,Paris\ncafe\u0301,Paris\n",
		want: []string{`in.csv:3:1 column "external_id" value "café": the customer "café" stands in in.csv:2 already; delete one of the two rows`}},
	{name: "B39 external ids but for case", content: "external_id,city\nACME,Paris\nacme,Paris\n", rows: 2,
		want: []string{`in.csv:3:1 column "external_id" value "acme": differs from "ACME" in in.csv:2 only in case; write one customer's id in one way`}},
	{name: "B40 same phone", content: phone("+12405551212") + "acme,ben@example.com,+1 240-555-1212\n",
		want: []string{`in.csv:3:3 column "primary_phone_number" value "+12405551212": "acme/anna@example.com" in in.csv:2 has the same number; a number has one owner`}},
	{name: "B40 same extension", content: subHeader + subRow + "acme,ben@example.com,webex_calling,1001\nother,cy@example.com,webex_calling,1001\n",
		want: []string{`in.csv:3:4 column "extension" value "1001": "acme/anna@example.com" in in.csv:2 has the same extension at the same location; an extension has one owner`}},
	{name: "B41 two at signs", content: email("anna@ben@example.com"),
		want: []string{`in.csv:2:2 column "email" value "anna@ben@example.com": not an e-mail address: more than one "@"; one address per cell`}},
	{name: "B41 too long", content: email(strings.Repeat("a", 150) + "@example.com"),
		want: []string{`in.csv:2:2 column "email" value "` + strings.Repeat("a", 80) + `"...: has 162 characters; an e-mail address has at most 161`}},
	{name: "B41 longest", content: email(strings.Repeat("a", 149) + "@example.com"), rows: 1},
	{name: "B41 space", content: email("anna miller@example.com"),
		want: []string{`in.csv:2:2 column "email" value "anna miller@example.com": not an e-mail address: holds a space; write the address alone, as in anna@example.com`}},
	{name: "B41 trailing dot", content: email("anna@example.com."),
		want: []string{`in.csv:2:2 column "email" value "anna@example.com.": not an e-mail address: ends with a dot; delete the dot`}},
	{name: "B42 no-break space", content: email("anna\u00a0@example.com"),
		want: []string{`in.csv:2:2 column "email" value "anna\u00a0@example.com": holds U+00A0 (no-break space); delete it, or type a plain space`}},
	{name: "B42 zero-width", content: email("anna\u200b@example.com"),
		want: []string{`in.csv:2:2 column "email" value "anna\u200b@example.com": holds U+200B (zero-width space); delete it: it cannot be seen`}},
	{name: "B42 right-to-left override", content: email("\u202eanna@example.com"),
		want: []string{`in.csv:2:2 column "email" value "\u202eanna@example.com": holds U+202E (right-to-left override); delete it: it cannot be seen`}},
	{name: "B42 homoglyph", content: email("\u0430nna@example.com"),
		want: []string{`in.csv:2:2 column "email" value "` + "\u0430" + `nna@example.com": holds U+0430, a Cyrillic letter among Latin ones; type the address again`}},
	{name: "B43 scientific notation", content: phone("1.5551E+10") + "acme,ben@example.com,\"1,44E+10\"\n",
		want: []string{
			`in.csv:2:3 column "primary_phone_number" value "1.5551E+10": a spreadsheet turned the number into scientific notation; ` + asTextHint,
			`in.csv:3:3 column "primary_phone_number" value "1,44E+10": a spreadsheet turned the number into scientific notation; ` + asTextHint}},
	{name: "B44 formatted", content: phone("+1-240-555-1212") + "acme,ben@example.com,0049 30 901820\nacme,cy@example.com,+44 (0)20 7946 0018\n", rows: 3},
	{name: "B44 no country code", content: phone("(240) 555 1212"),
		want: []string{`in.csv:2:3 column "primary_phone_number" value "(240) 555 1212": a phone number without a country code; write it with "+" and the country code, like +12405551212`}},
	{name: "B44 lost plus", content: phone("12405551212"),
		want: []string{`in.csv:2:3 column "primary_phone_number" value "12405551212": the number lost its "+"; write +12405551212`}},
	{name: "B45 guarded by a quote", content: phone("'+12405551212"), rows: 1,
		want: []string{`in.csv:2:3 column "primary_phone_number" value "'+12405551212": warning: begins with a quote that a spreadsheet put there; it is read as +12405551212`}},
	{name: "B45 in another column", content: extension("'0123"),
		want: []string{`in.csv:2:4 column "extension" value "'0123": ` + digitsOnly}},
	{name: "B46 leading zero", content: extension("010"), rows: 1},
	{name: "B46 other notations", content: extension("0x10") + "acme,ben@example.com,webex_calling,1_000\n",
		want: []string{
			`in.csv:2:4 column "extension" value "0x10": ` + digitsOnly,
			`in.csv:3:4 column "extension" value "1_000": ` + digitsOnly}},
	{name: "B47 fraction", content: extension("12.9"),
		want: []string{`in.csv:2:4 column "extension" value "12.9": ` + digitsOnly}},
	{name: "B48 overflow", content: extension("99999999999999999999"),
		want: []string{`in.csv:2:4 column "extension" value "99999999999999999999": has 20 digits; an extension has at most 10; a full number belongs in primary_phone_number`}},
	{name: "B49 separators", content: extension(`"1,234"`) + "acme,ben@example.com,webex_calling,1 234\n",
		want: []string{
			`in.csv:2:4 column "extension" value "1,234": ` + digitsOnly,
			`in.csv:3:4 column "extension" value "1 234": ` + digitsOnly}},
	{name: "B50 words of numbers", content: extension("NaN") + "acme,ben@example.com,webex_calling,1e5\nacme,cy@example.com,webex_calling,-0\n",
		want: []string{
			`in.csv:2:4 column "extension" value "NaN": ` + digitsOnly,
			`in.csv:3:4 column "extension" value "1e5": ` + digitsOnly,
			`in.csv:4:4 column "extension" value "-0": ` + digitsOnly}},
	{name: "B51 closed list", content: "external_id,ensure\na,maybe\nb,Absent\nc,1\nd,\ne,absent\n",
		want: []string{
			`in.csv:2:2 column "ensure" value "maybe": neither present nor absent`,
			`in.csv:3:2 column "ensure" value "Absent": neither present nor absent; did you mean "absent"`,
			`in.csv:4:2 column "ensure" value "1": neither present nor absent`}},
	{name: "B52 packages of a subscriber", content: "customer_external_id,email,package\na,a@example.com,softphone\nb,b@example.com,Webex_Calling\nc,c@example.com,cisco_calling_plan\n",
		want: []string{
			`in.csv:2:3 column "package" value "softphone": a package of BroadWorks, not of wholesale; ` + allowedPackages,
			`in.csv:3:3 column "package" value "Webex_Calling": no package "Webex_Calling"; did you mean "webex_calling"`,
			`in.csv:4:3 column "package" value "cisco_calling_plan": a package of customers, not of subscribers; ` + allowedPackages}},
	{name: "B52 packages of a customer", content: "external_id,packages\na,webex_calling;webex_calling\nb,attendant_console\nc,webex_suite; attendant_console\nd,\"webex_calling,webex_suite\"\n",
		want: []string{
			`in.csv:2:2 column "packages" value "webex_calling;webex_calling": package "webex_calling" stands twice in the list; name it once`,
			`in.csv:3:2 column "packages" value "attendant_console": package "attendant_console" is missing the one it depends on; add one of webex_calling, webex_suite, webex_voice, cx_essentials`,
			`in.csv:5:2 column "packages" value "webex_calling,webex_suite": packages separated by commas; separate them by ";"`}},
	{name: "a location given twice", content: "customer_external_id,email,location_id,Location Name\na,a@example.com,L1,Office\nb,b@example.com,L1,\nc,c@example.com,,Office\n",
		want: []string{`in.csv:2:4 column "Location Name" value "Office": the row gives location_id too; leave one of the two blank`}},
	{name: "B53 country, address and name", content: "external_id,name,address_line1,country\na,100% Acme,Main St 1,USA\nb,Acme," + strings.Repeat("x", 51) + ",Germany\nc,Acme,Main St 1,us\n",
		want: []string{
			`in.csv:2:2 column "name" value "100% Acme": holds "%", which the API refuses in a customer's name; spell it out`,
			`in.csv:2:4 column "country" value "USA": not an ISO 3166-1 code of two letters; write US`,
			`in.csv:3:3 column "address_line1" value "` + strings.Repeat("x", 51) + `": has 51 characters; an address line takes at most 50; move the rest to the second address line`,
			`in.csv:3:4 column "country" value "Germany": not an ISO 3166-1 code of two letters; write it like DE, GB or US`,
			`in.csv:4:4 column "country" value "US": warning: an address in this country needs state_or_province; the API refuses a new customer without it (2530)`}},
	{name: "B54 date", content: extension("03/04/2026"),
		want: []string{`in.csv:2:4 column "extension" value "03/04/2026": ` + digitsOnly}},
	{name: "B55 more than one line", content: name("\"Acme\r\nInc\"") + "b,Acme\tInc\nc,Acme\rInc\n",
		want: []string{
			`in.csv:2:2 column "name" value "Acme\nInc": holds U+000A (line break); a value is one line: put a space there`,
			`in.csv:4:2 column "name" value "Acme\tInc": holds U+0009 (tab); a value is one line: put a space there`,
			`in.csv:5:2 column "name" value "Acme\rInc": holds U+000D (carriage return); a value is one line: put a space there`}},
	{name: "B56 spreadsheet errors", content: name("#REF!") + "#N/A,Acme\n",
		want: []string{
			`in.csv:2:2 column "name" value "#REF!": a spreadsheet error instead of a value; mend the formula, then save as CSV UTF-8 again`,
			`in.csv:3:1 column "external_id" value "#N/A": a spreadsheet error instead of a value; mend the formula, then save as CSV UTF-8 again`}},
	{name: "B56 placeholders", content: name("NULL") + "b,N/A\nc,-\n", rows: 3,
		want: []string{
			`in.csv:2:2 column "name" value "NULL": warning: looks like a placeholder and is taken literally; leave the cell blank if nothing is meant`,
			`in.csv:3:2 column "name" value "N/A": warning: looks like a placeholder and is taken literally; leave the cell blank if nothing is meant`,
			`in.csv:4:2 column "name" value "-": warning: looks like a placeholder and is taken literally; leave the cell blank if nothing is meant`}},
	{name: "B56 the word for clearing", content: "external_id,city,state_or_province\na,!clear,!clear\n",
		want: []string{`in.csv:2:2 column "city" value "!clear": this value cannot be cleared; leave the cell blank to keep what is there`}},
	{name: "B57 id cut off", content: "external_id,org_id\na,Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElP\nb,not an id\n",
		want: []string{
			`in.csv:2:2 column "org_id" value "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElP": a damaged id: its base64 does not decode to ciscospark://region/TYPE/id; was it cut off? copy the id again`,
			`in.csv:3:2 column "org_id" value "not an id": not an id: holds " "; copy the id again`}},
	{name: "B58 formulas are data", content: name("=cmd()") + "b,@SUM(A1)\nc,\tAcme\nd,\rAcme\n", rows: 4},
	{name: "B59 plain numbers are data", content: name("+15551234567") + "b,-12.50\n", rows: 2},
	{name: "B60 terminal escapes", content: name("\x1b[31mAcme\x07") + "b,\u202eemcA\n",
		want: []string{
			`in.csv:2:2 column "name" value "\x1b[31mAcme\a": holds U+001B (escape); delete it: it cannot be seen`,
			`in.csv:3:2 column "name" value "\u202eemcA": holds U+202E (right-to-left override); delete it: it cannot be seen`}},
	{name: "B61 forged log line", content: name("\"Acme\n2026-01-01 ERROR fake\""),
		want: []string{`in.csv:2:2 column "name" value "Acme\n2026-01-01 ERROR fake": holds U+000A (line break); a value is one line: put a space there`}},
	{name: "B62 one column", content: "email\nanna@example.com\n\nben@example.com\n",
		want: []string{"in.csv:1: the required column customer_external_id is missing; add the column"}},
	{name: "B64 unknown customer is the plan's matter", content: subHeader + subRow, rows: 1},
	{name: "B65 two customers", content: email("anna@example.com") + "other,anna@example.com\n",
		want: []string{`in.csv:3:2 column "email" value "anna@example.com": the same person is under customer "acme" in in.csv:2; a person is under one customer; for a move mark the row of the old customer ensure=absent`}},
	{name: "B65 a move", content: "ensure,customer_external_id,email\nabsent,acme,anna@example.com\n,other,anna@example.com\n", rows: 2},
	{name: "B66 a changed address is two rows", content: "ensure,customer_external_id,email\nabsent,acme,anna@example.com\npresent,acme,anna.miller@example.com\n", rows: 2},
}

func TestBadRows(t *testing.T) {
	for _, c := range badRows {
		t.Run(c.name, c.run)
	}
}
