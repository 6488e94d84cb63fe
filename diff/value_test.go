package diff

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

const orgID = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi83ZjNjOWU1Mi00MWFiLTRkMDgtOWM2ZS0wMDAwMDAwMDAwMDE"

func TestParseAccepts(t *testing.T) {
	for _, c := range []struct {
		value     Value
		raw, want string
	}{
		{ValueText, "", ""},
		{ValueText, "  ", ""},
		{ValueText, "\tAnna \r\n", "Anna"},
		{ValueText, "Rene\u0301", "René"},
		{ValueText, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"}, // Persian writes with the joiner
		{ValueText, " !Clear ", Clear},
		{ValueText, "# 12", "# 12"},
		{ValueText, "100%", "100%"},
		{ValueEnsure, "present", "present"},
		{ValueEnsure, " absent", "absent"},
		{ValueExternalID, "1E5", "1E5"},
		{ValueExternalID, "a+b", "a+b"},
		{ValueEmail, "o'neil+x@sub-domain.example.com", "o'neil+x@sub-domain.example.com"},
		{ValueEmail, "Anna@Example.COM", "Anna@Example.COM"},
		{ValueEmail, "анна@пример.рф", "анна@пример.рф"},
		{ValueEmail, "jürgen@müller.example", "jürgen@müller.example"},
		{ValuePhone, "+12405551212", "+12405551212"},
		{ValuePhone, "+1 (240) 555-1212", "+12405551212"},
		{ValuePhone, "+44 (0)20 7946 0018", "+442079460018"},
		{ValuePhone, "0012405551212", "+12405551212"},
		{ValueExtension, "0123", "0123"},
		{ValuePackage, "webex_suite", "webex_suite"},
		{ValuePackageSet, "webex_voice; cx_essentials ;attendant_console", "attendant_console;cx_essentials;webex_voice"},
		{ValuePackageSet, "cisco_calling_plan;common_area_calling", "cisco_calling_plan;common_area_calling"},
		{ValueCountry, "de", "DE"},
		{ValueCountry, "XK", "XK"},
		{ValueLanguage, "en", "en"},
		{ValueLanguage, "en_us", "en_us"},
		{ValueLanguage, "pt_BR", "pt_BR"},
		{ValueTimezone, "America/New_York", "America/New_York"},
		{ValueTimezone, "America/Argentina/Santiago_del_Estero", "America/Argentina/Santiago_del_Estero"}, // not in the tz database
		{ValueTimezone, "Etc/GMT+1", "Etc/GMT+1"},
		{ValueAddressLine, strings.Repeat("ü", maxAddressLine), strings.Repeat("ü", maxAddressLine)},
		{ValueID, orgID, orgID},
		{ValueID, orgID + "==", orgID + "=="},
		{ValueID, "7f3c9e52-41ab-4d08-9c6e-000000000001", "7f3c9e52-41ab-4d08-9c6e-000000000001"},
		{ValueName, "Acme & Sons", "Acme & Sons"},
	} {
		got, issue := Parse(c.value, c.raw)
		if got != c.want || issue != (Issue{}) {
			t.Errorf("Parse(%d, %q) = %q, %+v, want %q", c.value, c.raw, got, issue, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		value           Value
		raw, text, hint string
	}{
		{ValueText, "#DIV/0!", "a spreadsheet error instead of a value", "mend the formula, then save as CSV UTF-8 again"},
		{ValueText, "#####", "a spreadsheet error instead of a value", "mend the formula, then save as CSV UTF-8 again"},
		{ValueText, "a\u2028b", "holds U+2028 (line separator)", "delete it: it cannot be seen"},
		{ValueText, "a\ufffdb", "holds U+FFFD (replacement character)", "an earlier conversion lost a character here: type it again"},
		{ValueText, "a\u0085b", "holds U+0085 (control character)", "delete it: it cannot be seen"},
		{ValueText, "a\U000e0041b", "holds U+E0041", "delete it: it cannot be seen"},
		{ValueExternalID, "a\u00a0b", "holds U+00A0 (no-break space)", "delete it, or type a plain space"},
		{ValueExternalID, "a\u200db", "holds U+200D (zero-width joiner)", "delete it: it cannot be seen"},
		{ValueExternalID, "1.23E+10", "a spreadsheet turned the number into scientific notation", asText},
		{ValueEmail, "@example.com", `not an e-mail address: nothing on one side of the "@"`, ""},
		{ValueEmail, "a..b@example.com", `not an e-mail address: a dot too many before the "@"`, ""},
		{ValueEmail, "a@example..com", `not an e-mail address: a dot too many after the "@"`, ""},
		{ValueEmail, "a@localhost", "not an e-mail address: no dot in the domain", "write the whole domain, as in example.com"},
		{ValueEmail, "a@-x.example", `not an e-mail address: "-x" cannot be part of a domain`, ""},
		{ValueEmail, "a@b_c.example", `not an e-mail address: holds '_' after the "@"`, ""},
		{ValueEmail, "<a@example.com>", "not an e-mail address: holds '<'", "write the address alone, as in anna@example.com"},
		{ValueEmail, "a@ex\u0430mple.com", "holds U+0430, a Cyrillic letter among Latin ones", "type the address again"},
		{ValueEmail, "\uff41nna@example.com", "holds U+FF41, which only looks like an ordinary letter", "type the address again"},
		{ValuePhone, "+1 240 555 1212 x12", "a phone number with an extension", "put the extension into the column extension"},
		{ValuePhone, "+1 240 555 1212 ext. 12", "a phone number with an extension", "put the extension into the column extension"},
		{ValuePhone, "call me", `not a phone number: holds "c"`, "write it like +12405551212"},
		{ValuePhone, "+1 240", "not a phone number of the country that its code names", "write it like +12405551212"},
		{ValuePhone, "+0123456789", "not a phone number of the country that its code names", "write it like +12405551212"},
		{ValuePhone, "4930901820", `the number lost its "+"`, "write +4930901820"},
		{ValuePhone, "12405551212.0", `the number lost its "+"`, "write +12405551212"},
		{ValuePhone, "555 1212", "a phone number without a country code", `write it with "+" and the country code, like +12405551212`},
		{ValueExtension, "+12405551212", "not an extension: digits only", "a full number belongs in primary_phone_number"},
		{ValueExtension, "1.2E+5", "a spreadsheet turned the number into scientific notation", asText},
		{ValuePackage, "webex_calling;webex_meetings", "more than one package", "a subscriber has exactly one"},
		{ValuePackage, "webex_callling", `no package "webex_callling"`, `did you mean "webex_calling"`},
		{ValuePackageSet, "webex_calling;", "an empty name in the list", `delete the extra ";"`},
		{ValuePackageSet, "cisco_calling_plan", `package "cisco_calling_plan" is missing the one it depends on`, "add one of " + strings.Join(callingBase, ", ")},
		{ValueCountry, "UK", "not an ISO 3166-1 code of two letters", "write GB"},
		{ValueCountry, "EU", "not an ISO 3166-1 code of two letters", "write it like DE, GB or US"},
		{ValueLanguage, "en-US", "not a language of the form xx or xx_YY", "write en_US"},
		{ValueLanguage, "english", "not a language of the form xx or xx_YY", "write it like en or en_US"},
		{ValueTimezone, "CET", "not a time zone of the form Area/City", "write it like Europe/Berlin or America/New_York"},
		{ValueTimezone, "Eastern Standard Time", "not a time zone of the form Area/City", "write it like Europe/Berlin or America/New_York"},
		{ValueTimezone, "europe/berlin", "not a time zone of the form Area/City", "write it like Europe/Berlin or America/New_York"},
		{ValueID, "===", "not an id", "copy the id again"},
		{ValueID, orgID[:70] + "/" + orgID[71:], "a damaged id: its base64 does not decode to ciscospark://region/TYPE/id", "was it cut off? copy the id again"},
	} {
		got, issue := Parse(c.value, c.raw)
		if got != c.raw || issue != (Issue{Text: c.text, Hint: c.hint}) {
			t.Errorf("Parse(%d, %q) = %q, %+v", c.value, c.raw, got, issue)
		}
	}
}

func TestParseWarns(t *testing.T) {
	for _, c := range []struct {
		value           Value
		raw, want, text string
	}{
		{ValueText, "Saint\u00a0Denis\u202f", "Saint Denis", "holds U+202F (narrow no-break space)"},
		{ValueText, "\u00a0", "", "holds U+00A0 (no-break space)"},
		{ValueName, "n/a", "n/a", "looks like a placeholder and is taken literally"},
		{ValuePhone, "'+12405551212", "+12405551212", "begins with a quote that a spreadsheet put there"},
	} {
		got, issue := Parse(c.value, c.raw)
		if got != c.want || !issue.Warning || issue.Text != c.text {
			t.Errorf("Parse(%d, %q) = %q, %+v", c.value, c.raw, got, issue)
		}
	}
}

// ISO 3166-1 assigns 249 codes; Kosovo's is in use without being assigned.
func TestCountries(t *testing.T) {
	n := 0
	for _, row := range countries() {
		for _, known := range row {
			if known {
				n++
			}
		}
	}
	if n != 250 {
		t.Errorf("%d countries", n)
	}
}

// Both sides of the comparison go through Parse, and an export goes through it
// again: a form that changes on the second time would be a change in every plan.
func TestParseIsIdempotent(t *testing.T) {
	pieces := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[ \t\x{a0}\x{200b}'+a-zA-Z0-9@._;:/#!%-]{0,30}`),
		rapid.StringMatching(`\+?[0-9 ()./-]{5,18}`),
		rapid.StringMatching(`[a-z]{1,5}@[a-zéа]{1,5}\.(com|рф)`),
		rapid.SampledFrom([]string{"e\u0301", "\u1e9b\u0323", "!clear", "webex_voice;webex_suite", "attendant_console; webex_calling", orgID, "us", "\u2000A", "\u00a0\u0301"}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		v := Value(rapid.IntRange(0, int(ValueName)).Draw(t, "value"))
		raw := strings.Join(rapid.SliceOfN(pieces, 1, 3).Draw(t, "pieces"), "")
		once, issue := Parse(v, raw)
		twice, again := Parse(v, once)
		if once != twice {
			t.Fatalf("%q becomes %q, then %q", raw, once, twice)
		}
		refused := issue.Text != "" && !issue.Warning
		if refused != (again.Text != "" && !again.Warning) {
			t.Fatalf("%q: first %+v, then %+v", raw, issue, again)
		}
		if !refused && (!utf8.ValidString(once) || strings.ContainsAny(once, "\x00\n\r\t\x1b")) {
			t.Fatalf("%q is accepted as %q", raw, once)
		}
	})
}

var canonicalCells = []struct {
	value Value
	cell  string
}{
	{ValueEnsure, "present"}, {ValueExternalID, "customer-00042"}, {ValueEmail, "user.number.0000042@customer-00042.example.com"},
	{ValuePackage, "webex_calling"}, {ValueText, "Anna"}, {ValuePhone, "+12400000042"}, {ValueExtension, "0042"},
	{ValuePackageSet, "attendant_console;webex_calling"}, {ValueCountry, "US"}, {ValueTimezone, "America/New_York"}, {ValueID, orgID},
}

func TestParseOfCanonicalCellsTakesNoMemory(t *testing.T) {
	for _, c := range canonicalCells {
		if n := testing.AllocsPerRun(10, func() { Parse(c.value, c.cell) }); n > 0 {
			t.Errorf("%q: %v allocations", c.cell, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		for _, c := range canonicalCells[:7] {
			if _, issue := Parse(c.value, c.cell); issue.Text != "" {
				b.Fatal(issue)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/7, "ns/cell")
}
