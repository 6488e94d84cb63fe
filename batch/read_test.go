package batch

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

// readAll reads files by name and content, in the order of their names.
func readAll(t *testing.T, files map[string]string, opt ReadOptions) (*diff.Desired, []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		write(t, name, files[name])
	}
	d, problems, err := ReadDesired(names, opt)
	if err != nil {
		t.Fatal(err)
	}
	return d, texts(problems)
}

// cellsOf shows the cells of a row that are not blank.
func cellsOf(r diff.Row) map[string]string {
	cells := make(map[string]string)
	for _, rule := range diff.SpecOf(r.Kind()).Rules {
		if v := r.Get(rule.Column); v != "" {
			cells[rule.Column.String()] = v
		}
	}
	return cells
}

func rowsOf(t *diff.Table) (out []map[string]string) {
	for i := range t.Len() {
		out = append(out, cellsOf(t.Row(i)))
	}
	return out
}

const mixed = `Kind,External ID,packages,name,customer_external_id,e-mail,package,primaryPhoneNumber,_id,_outcome
customer,acme, webex_suite ;webex_calling,Acme,,,,,xyz,failed
subscriber,,,,acme,Anna@Example.com,webex_suite,+1 240-555-1212,"a ""b"" c",
subscriber,,,oops,acme,ben@example.com,webex_suite,,,
company,acme,,,,,,,,
`

func TestMixedFile(t *testing.T) {
	d, problems := readAll(t, map[string]string{"in.csv": mixed}, ReadOptions{SkipInvalid: true, ProvisioningID: "abc123"})
	want := []string{
		`in.csv:4:4 column "name" value "oops": warning: a subscriber has no such column; leave the cell blank`,
		`in.csv:5:1 column "Kind" value "company": warning: no kind of row; write customer, subscriber, broadworks_enterprise, broadworks_subscriber or broadworks_workspace`,
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]string{{"external_id": "acme", "packages": "webex_calling;webex_suite", "name": "Acme", "provisioning_id": "abc123"}}, rowsOf(d.Of(diff.Customer))); diff != "" {
		t.Errorf("customers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]string{{"customer_external_id": "acme", "email": "Anna@Example.com", "package": "webex_suite", "primary_phone_number": "+12405551212"}}, rowsOf(d.Of(diff.Subscriber))); diff != "" {
		t.Errorf("subscribers (-want +got):\n%s", diff)
	}
	rejected := []diff.Rejected{
		{At: diff.Position{Line: 4}, File: "in.csv", Line: 4, Kind: diff.Subscriber, Key: "acme/ben@example.com", Problem: `column "name": a subscriber has no such column`},
		{At: diff.Position{Line: 5}, File: "in.csv", Line: 5, Problem: `column "Kind": no kind of row`},
	}
	if diff := cmp.Diff(rejected, d.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	file := diff.File{Name: "in.csv", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(mixed))), Columns: map[diff.Column]int{
		diff.ColExternalID: 2, diff.ColPackages: 3, diff.ColName: 4, diff.ColCustomerExternalID: 5, diff.ColEmail: 6, diff.ColPackage: 7, diff.ColPhone: 8,
	}}
	if diff := cmp.Diff([]diff.File{file}, d.Files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// Canonical cells keep what people mean, leading zeros above all.
func TestCellsAreCanonical(t *testing.T) {
	d, problems := readAll(t, map[string]string{"in.csv": "customer_external_id,email,extension,primary_phone_number,first_name\n" +
		" acme ,anna@example.com,010,0049 30 901820,Rene\u0301e\n"}, ReadOptions{})
	want := []map[string]string{{"customer_external_id": "acme", "email": "anna@example.com", "extension": "010", "primary_phone_number": "+4930901820", "first_name": "Renée"}}
	if diff := cmp.Diff(want, rowsOf(d.Of(diff.Subscriber))); diff != "" || len(problems) > 0 {
		t.Errorf("%v\n%s", problems, diff)
	}
}

func TestFilesAreReadSideBySide(t *testing.T) {
	files := map[string]string{
		"a.csv": "external_id,packages\nacme,webex_calling\ngone,webex_calling;nothing\n",
		"b.csv": subHeader + subRow + "acme,ben@example.com,webex_suite,1002\n",
		"c.csv": subHeader + "acme,cy@example.com,webex_calling,1003\n\nacme,ANNA@example.com,webex_calling,1004\n",
	}
	d, problems := readAll(t, files, ReadOptions{})
	want := []string{
		`a.csv:3:2 column "packages" value "webex_calling;nothing": no package "nothing"; allowed: common_area_calling, webex_calling, webex_meetings, webex_suite, webex_voice, cx_essentials, webex_calling_standard, attendant_console, cisco_calling_plan, cx_premium_agent, cx_standard_agent, cx_voice_ports, cx_ai_assistant, webex_ai_agent`,
		`b.csv:3:3 column "package" value "webex_suite": the customer will not have this package: a.csv:2 says "webex_calling"; add it to the customer's packages`,
		`c.csv:4:2 column "email" value "ANNA@example.com": the subscriber "acme/anna@example.com" stands in b.csv:2 already; delete one of the two rows`,
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := d.Of(diff.Subscriber).Row(2).Position(); got != (diff.Position{File: 2, Line: 2}) {
		t.Errorf("third subscriber at %v", got)
	}
}

// Of two rows that collide neither is used: which one was meant is not known.
func TestSkipInvalidSetsBothSidesAside(t *testing.T) {
	d, problems := readAll(t, map[string]string{"in.csv": subHeader + subRow + "acme,anna@example.com,webex_suite,1002\nacme,ben@example.com,webex_calling,1003\n"}, ReadOptions{SkipInvalid: true})
	if want := []string{`in.csv:3:2 column "email" value "anna@example.com": warning: the subscriber "acme/anna@example.com" stands in in.csv:2 already; delete one of the two rows`}; !cmp.Equal(want, problems) {
		t.Errorf("problems %q", problems)
	}
	var lines []uint32
	for _, r := range d.Rejected {
		lines = append(lines, r.Line)
	}
	if d.Of(diff.Subscriber).Len() != 1 || !cmp.Equal(lines, []uint32{2, 3}) {
		t.Errorf("%d rows left, rejected %v", d.Of(diff.Subscriber).Len(), d.Rejected)
	}
}

func TestSkipInvalidNeverSkipsAHeader(t *testing.T) {
	for _, content := range []string{"", "email,nonsense\na@example.com,\n", "customer_external_id,email\nacme,\"open\nacme,ben@example.com\n", "customer_external_id,\"email\"x\nacme,ben@example.com\n"} {
		t.Run(content, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "in.csv", content)
			if _, problems, err := ReadDesired([]string{"in.csv"}, ReadOptions{SkipInvalid: true}); err != nil || !failed(problems) {
				t.Errorf("%v, %v", problems, err)
			}
		})
	}
}

const export = `kind,external_id,org_id,packages,customer_external_id,email,package,_id,_person_id,_status,_created,_errors
customer,acme,org1,webex_calling;webex_new,,,,C1,,provisioned,,
subscriber,,,,acme,Anna@example.com,webex_calling,S1,P1,error,2026-01-02T03:04:05Z,"2522: bad
number"
`

func TestReadSnapshot(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "export.csv", export)
	live, problems, err := ReadSnapshot("export.csv")
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(problems); len(got) != 1 || !strings.HasPrefix(got[0], `export.csv:2:4 column "packages" value "webex_calling;webex_new": warning: no package "webex_new"`) {
		t.Errorf("problems %q", got)
	}
	want := []map[string]string{{"external_id": "acme", "org_id": "org1", "packages": "webex_calling;webex_new", "_id": "C1", "_status": "provisioned"}}
	if diff := cmp.Diff(want, rowsOf(live.Of(diff.Customer))); diff != "" {
		t.Errorf("customers (-want +got):\n%s", diff)
	}
	want = []map[string]string{{"customer_external_id": "acme", "email": "Anna@example.com", "package": "webex_calling", "_id": "S1", "_person_id": "P1",
		"_status": "error", "_created": "2026-01-02T03:04:05Z", "_errors": "2522: bad\nnumber"}}
	if diff := cmp.Diff(want, rowsOf(live.Of(diff.Subscriber))); diff != "" {
		t.Errorf("subscribers (-want +got):\n%s", diff)
	}
	for _, kind := range diff.Kinds() {
		// It has no columns that name anything of BroadWorks, so it says nothing about it.
		if whole := kind.Offer() == diff.Wholesale; live.Proven[kind] != whole || live.Whole[kind] != whole {
			t.Errorf("a snapshot of %ss is taken as whole: %v", kind, live.Whole[kind])
		}
	}
	if p := live.Of(diff.Subscriber).Row(0).Position(); p != (diff.Position{}) {
		t.Errorf("a live object has the position %v", p)
	}
	d, again, err := ReadDesired([]string{"export.csv"}, ReadOptions{})
	if err != nil || len(again) != 1 || d.Of(diff.Subscriber).Row(0).Get(diff.ColID) != "" {
		t.Errorf("the export as an input: %v, %v", texts(again), err)
	}
}

// A snapshot of one kind says nothing about the other.
func TestSnapshotProblems(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "export.csv", "ensure,customer_external_id,email,package\nabsent,acme,anna@example.com,webex_calling\n,acme,ben@example.com,!clear\n,acme,cy,webex_calling\n")
	live, problems, err := ReadSnapshot("export.csv")
	want := []string{
		`export.csv:2:1 column "ensure" value "absent": a snapshot holds what exists, nothing absent; is this an input file? give an export`,
		`export.csv:3:4 column "package" value "!clear": this value cannot be cleared; leave the cell blank to keep what is there`,
		`export.csv:4:3 column "email" value "cy": warning: not an e-mail address: no "@"`,
	}
	if diff := cmp.Diff(want, texts(problems)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if live.Whole[diff.Customer] || !live.Whole[diff.Subscriber] {
		t.Errorf("whole: %v", live.Whole)
	}
	if _, _, err := ReadSnapshot("none.csv"); err == nil {
		t.Error("a missing snapshot is read")
	}
}

func TestRecords(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "in.csv", bom+"email,_note\n\nanna@example.com,\"two\nlines\"\nshort\nbro\"ken,x\nben@example.com,\n")
	var got []string
	err := Records("in.csv", func(line int, record []string) error {
		got = append(got, fmt.Sprintf("%d %q", line, record))
		return nil
	})
	want := []string{`1 ["email" "_note"]`, `3 ["anna@example.com" "two\nlines"]`, `5 ["short"]`, `7 ["ben@example.com" ""]`}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	stop := errors.New("stop")
	if err := Records("in.csv", func(int, []string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v of the function is lost", err)
	}
	if _, ok := errors.AsType[*InputError](Records("none.csv", nil)); !ok {
		t.Error("a missing file is no InputError")
	}
}

// A struct field that no column feeds, or a column without a field, would be a
// value that vanishes silently.
func TestStructsHaveTheColumnsOfTheSpecs(t *testing.T) {
	for _, kind := range diff.Kinds() {
		var cols []diff.Column
		for _, rule := range diff.SpecOf(kind).Rules {
			cols = append(cols, rule.Column)
		}
		m := newMapping(kind, cols)
		if len(m.picks) != len(cols) {
			t.Errorf("%s: %d of %d columns are mapped", kind, len(m.picks), len(cols))
		}
		for i, p := range m.picks {
			if p.field != i || p.slot != i || p.rule.Column != cols[i] {
				t.Errorf("%s: field %d feeds cell %d (%s)", kind, p.field, p.slot, p.rule.Column)
			}
		}
	}
}

func FuzzReadDesired(f *testing.F) {
	for _, c := range slices.Concat(badFiles, badHeaders, badRows) {
		if len(c.content) < 4096 {
			f.Add([]byte(c.content), c.opt.SkipInvalid)
		}
	}
	f.Add([]byte(mixed), true)
	f.Add([]byte(export), false)
	f.Fuzz(func(t *testing.T, content []byte, skip bool) {
		path := t.TempDir() + "/in.csv"
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		d, problems, err := ReadDesired([]string{path}, ReadOptions{SkipInvalid: skip})
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(string(content), "\n") + 1
		for _, p := range problems {
			if p.File != path || p.Line < 0 || p.Line > lines || p.Field < 0 || p.Text == "" || strings.ContainsAny(p.String(), "\r\n\x1b") {
				t.Errorf("%d lines, problem %+v", lines, p)
			}
		}
		for _, kind := range diff.Kinds() {
			for i := range d.Of(kind).Len() {
				if at := d.Of(kind).Row(i).Position(); at.Line < 1 || int(at.Line) > lines {
					t.Errorf("%d lines, row at %v", lines, at)
				}
			}
		}
		if _, _, err := ReadSnapshot(path); err != nil {
			t.Fatal(err)
		}
		if err := Records(path, func(int, []string) error { return nil }); err != nil && !errors.Is(err, errRecordTooLong) {
			t.Fatal(err)
		}
	})
}

// The kind of a file without a column "kind" is told by its header. With the column
// each row needs the key of its own kind.
func TestKindToldByHeader(t *testing.T) {
	for _, tt := range []struct {
		header, row string
		kind        diff.Kind
		problem     string
	}{
		{"external_id,packages", "acme,webex_calling", diff.Customer, ""},
		{"customer_external_id,email", "acme,a@x.example", diff.Subscriber, ""},
		{"SP Enterprise ID,userId,email,package", "acme,anna,a@x.example,basic", diff.BroadWorksSubscriber, ""},
		{"sp_enterprise_id,user_id,ensure", "sp+acme,anna@sp,absent", diff.BroadWorksSubscriber, ""},
		{"sp_enterprise_id,dir_sync", "acme,on", diff.BroadWorksEnterprise, ""},
		{"sp_enterprise_id,user_id,display_name", "acme,room,Room 1", diff.BroadWorksWorkspace, ""},
		{"sp_enterprise_id,user_id,workspace_id,extension", "acme,room,Y2lz,1", diff.BroadWorksWorkspace, ""},
		{"kind,sp_enterprise_id,ensure", "broadworks_enterprise,acme,absent", diff.BroadWorksEnterprise, ""},
		{"kind,sp_enterprise_id,package", "broadworks_subscriber,acme,basic", 0, `in.csv:2: a broadworks_subscriber needs the column "user_id", which the file does not have; add the column`},
		{"sp_enterprise_id,package", "acme,basic", 0, "in.csv:1: the required column user_id is missing; add the column"},
		{"sp_enterprise_id,user_id,dir_sync", "acme,anna,on", 0, "in.csv:1:1: cannot tell what the rows are; add a column"},
		{"sp_enterprise_id,user_id,customer_external_id", "acme,anna,acme", 0, `in.csv:1:3: a broadworks_subscriber has no column "customer_external_id"; delete the column`},
	} {
		t.Run(tt.header, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.csv")
			if err := os.WriteFile(path, []byte(tt.header+"\n"+tt.row+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			want, problems, err := ReadDesired([]string{path}, ReadOptions{ProvisioningID: "dGVtcGxhdGU"})
			if err != nil {
				t.Fatal(err)
			}
			if tt.problem != "" {
				if len(problems) == 0 || !strings.HasPrefix(strings.TrimPrefix(problems[0].String(), filepath.Dir(path)+"/"), tt.problem) {
					t.Errorf("problems %v, want %s", problems, tt.problem)
				}
				return
			}
			if len(problems) > 0 || want.Len() != 1 || want.Of(tt.kind).Len() != 1 {
				t.Fatalf("%d rows, problems %v", want.Len(), problems)
			}
			row := want.Of(tt.kind).Row(0)
			if _, has := diff.SpecOf(tt.kind).Slot(diff.ColProvisioningID); has && tt.kind != diff.Subscriber && row.Get(diff.ColProvisioningID) != "dGVtcGxhdGU" {
				t.Errorf("provisioning id %q", row.Get(diff.ColProvisioningID))
			}
		})
	}
}
