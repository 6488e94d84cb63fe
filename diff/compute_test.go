package diff

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the expected plans in testdata again; read the difference before you keep it")

// planCase is one case of a file in testdata/plans:
//
//	=== name
//	options: prune
//	have:
//	  customer acme packages=webex_calling
//	want:
//	  customer acme packages=webex_calling;webex_suite
//	plan:
//	  ...
type planCase struct {
	name, options    string
	have, want, plan []string
}

func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		intro, cases := readCases(t, file)
		for i := range cases {
			c := &cases[i]
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.name, func(t *testing.T) {
				got := c.run(t)
				if diff := cmp.Diff(c.plan, got); diff != "" && !*update {
					t.Errorf("(-expected +planned):\n%s", diff)
				}
				c.plan = got
			})
		}
		if *update {
			writeCases(t, file, intro, cases)
		}
	}
}

func (c *planCase) run(t *testing.T) []string {
	e := newEstate()
	e.add(t, c.have, c.want)
	if err := e.setOptions(c.options); err != nil {
		t.Fatal(err)
	}
	p := e.plan(t)
	if len(p.Problems) == 0 {
		runToEnd(t, e, p)
		backwards := e.reordered(t, func(n int) []int {
			order := make([]int, n)
			for i := range order {
				order[i] = n - 1 - i
			}
			return order
		})
		if diff := cmp.Diff(withoutLines(e.plan(t)), withoutLines(backwards.plan(t))); diff != "" {
			t.Errorf("rows and objects in the opposite order (-as given +backwards):\n%s", diff)
		}
	}
	return strings.Split(strings.TrimSuffix(planText(p, e.have), "\n"), "\n")
}

func readCases(t *testing.T, file string) (intro string, cases []planCase) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	intro, rest, _ := strings.Cut(string(data), "=== ")
	for text := range strings.SplitSeq(rest, "=== ") {
		var c planCase
		var section *[]string
		for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
			options, isOptions := strings.CutPrefix(line, "options:")
			switch {
			case i == 0:
				c.name = line
			case isOptions:
				c.options = strings.TrimSpace(options)
			case line == "have:":
				section = &c.have
			case line == "want:":
				section = &c.want
			case line == "plan:":
				section = &c.plan
			case section != nil && strings.HasPrefix(line, "  "):
				*section = append(*section, line[2:])
			case line != "":
				t.Fatalf("%s: %q belongs to no section", file, line)
			}
		}
		cases = append(cases, c)
	}
	return intro, cases
}

func writeCases(t *testing.T, file, intro string, cases []planCase) {
	var b strings.Builder
	b.WriteString(intro)
	for i, c := range cases {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString("=== " + c.name + "\n")
		if c.options != "" {
			b.WriteString("options: " + c.options + "\n")
		}
		for _, s := range []struct {
			name  string
			lines []string
		}{{"have", c.have}, {"want", c.want}, {"plan", c.plan}} {
			b.WriteString(s.name + ":\n")
			for _, line := range s.lines {
				b.WriteString("  " + line + "\n")
			}
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// richEstate has something of everything.
var richEstate = struct{ have, want []string }{
	have: []string{
		`customer acme packages=webex_calling;webex_meetings address_line1="Main Street 1" city=Berlin country=DE`,
		`customer gone`,
		`customer old org_id=ORG1`,
		`customer other`,
		`customer twin _id=twin-1`,
		`customer twin _id=twin-2`,
		`subscriber acme/anna@acme.example`,
		`subscriber acme/bert@acme.example package=webex_meetings`,
		`subscriber acme/cleo@acme.example _status=pending_user_migration`,
		`subscriber acme/dora@acme.example`,
		`subscriber acme/emil@acme.example`,
		`subscriber gone/finn@gone.example`,
		`subscriber old/gina@old.example`,
		`subscriber other/hugo@other.example`,
	},
	want: []string{
		`customer acme packages=webex_calling;webex_suite address_line1="Side Street 2" meetings_timezone=Europe/Berlin name=Acme`,
		`customer gone ensure=absent`,
		`customer fresh packages=webex_calling +new +location`,
		`customer renamed org_id=ORG1 packages=webex_calling`,
		`customer twin packages=webex_voice`,
		`subscriber acme/Anna@acme.example package=webex_calling first_name=Anna`,
		`subscriber acme/bert@acme.example package=webex_suite extension=1001`,
		`subscriber acme/cleo@acme.example package=webex_suite`,
		`subscriber acme/dora@acme.example ensure=absent extension=1002`,
		`subscriber acme/dora@new.example package=webex_calling extension=1002`,
		`subscriber gone/finn@gone.example ensure=absent`,
		`subscriber renamed/gina@old.example package=webex_calling`,
		`subscriber fresh/hugo@other.example package=webex_calling primary_phone_number=+4930123456`,
		`rejected subscriber fresh/broken`,
	},
}

func (e *estate) add(t reporter, have, want []string) {
	t.Helper()
	for _, line := range have {
		if err := e.addHave(line); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for _, line := range want {
		if err := e.addWant(line); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func TestRichPlanAsJSON(t *testing.T) {
	e := newEstate()
	e.add(t, richEstate.have, richEstate.want)
	got, err := json.MarshalIndent(e.plan(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const file = "testdata/rich_plan.json"
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	expected, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(expected), string(got)); diff != "" {
		t.Errorf("%s (-expected +planned):\n%s", file, diff)
	}
	var back Plan
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.MarshalIndent(&back, "", "  ")
	if err != nil || !bytes.Equal(append(again, '\n'), got) {
		t.Errorf("a plan that is saved and read is not the same (%v):\n%s", err, cmp.Diff(string(got), string(again)))
	}
}

// TestSecondPutExpectsTheFirst: between the two PUTs of a customer the live
// object is neither what was listed nor what is wanted.
func TestSecondPutExpectsTheFirst(t *testing.T) {
	e := newEstate()
	e.add(t, []string{`customer acme packages=webex_calling;webex_voice city=Berlin`}, []string{`customer acme packages=webex_calling;webex_suite city=Bonn`})
	p := e.plan(t)
	if len(p.Changes) != 2 {
		t.Fatalf("%d changes, not two PUTs", len(p.Changes))
	}
	between := Cells{ColExternalID: "acme", ColPackages: "webex_calling;webex_suite;webex_voice", ColCity: "Bonn"}
	get := func(c Column) string { return between[c] }
	if p.Changes[1].Precondition != Fingerprint(Customer, get) {
		t.Error("the second PUT does not expect the outcome of the first")
	}
	between[ColPackages] = "webex_calling;webex_suite"
	if after := Fingerprint(Customer, get); p.Changes[1].After(func(c Column) string { return Cells{ColExternalID: "acme", ColCity: "Bonn"}[c] }) != after {
		t.Error("After does not tell the final state")
	}
}

func TestBillingEffect(t *testing.T) {
	e := newEstate()
	e.add(t, []string{
		`customer acme packages=webex_calling;webex_suite`,
		`subscriber acme/anna@acme.example`,
		`subscriber acme/bert@acme.example`,
		`customer other`,
		`subscriber other/cleo@other.example`,
	}, []string{
		`subscriber acme/anna@acme.example package=webex_suite`,
		`subscriber acme/bert@acme.example ensure=absent`,
		`subscriber acme/dora@acme.example package=webex_suite extension=1`,
	})
	want := Effect{
		Packages:  []Seats{{"webex_calling", 3, 1}, {"webex_suite", 0, 2}},
		Customers: []CustomerSeats{{Wholesale, "acme", []Seats{{"webex_calling", 2, 0}, {"webex_suite", 0, 2}}}},
	}
	p := e.plan(t)
	if diff := cmp.Diff(want, p.Effect); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	counts := []Count{{Subscriber, Provision, 1}, {Subscriber, Update, 1}, {Subscriber, Remove, 1}}
	if diff := cmp.Diff(counts, p.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
