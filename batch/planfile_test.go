package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wholesync/diff"
)

// savedPlan is a small plan with something in most of its fields, and its input.
func savedPlan(t testing.TB, dir string) *PlanFile {
	t.Helper()
	input := filepath.Join(dir, "in.csv")
	if err := os.WriteFile(input, []byte("external_id\nacme\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := HashFile(input)
	if err != nil {
		t.Fatal(err)
	}
	p := &diff.Plan{
		Changes: []diff.Change{{
			ID: "customer/a<&>b/update", Kind: diff.Customer, Action: diff.Update, Key: diff.Key{Customer: "a<&>b"}, FileName: input, Line: 2,
			Reason: "packages differ", Stage: diff.StageReady, LiveID: "C1", Precondition: "00ff", DependsOn: []string{"x"},
			Fields: []diff.FieldChange{{Column: diff.ColPackages, Before: "", After: "webex_calling"}, {Column: diff.ColCity, Before: "Zürich", After: "\u2028"}},
		}},
		Held:      []diff.Held{{Kind: diff.Subscriber, Key: diff.Key{Customer: "acme", Email: "a@b.example"}, FileName: input, Line: 3, Outcome: diff.Pending, Reason: "waits"}},
		Unchanged: map[diff.Kind]int{diff.Customer: 1, diff.Subscriber: 2},
	}
	for i := range p.Changes {
		p.Changes[i].At = diff.Position{File: 0, Line: 2}
	}
	p.Held[0].At = diff.Position{File: 0, Line: 3}
	return &PlanFile{
		Tool: "wholesync test", BaseURL: "https://api.example/v1", Organization: "O1", SubPartner: "P1", Inputs: []diff.File{{Name: input, SHA256: sum}},
		Limits: diff.Limits{AllowDeletes: -1}, ListedAt: time.Date(2026, 1, 5, 9, 0, 0, 123, time.UTC), Plan: p,
	}
}

func writePlan(t testing.TB, f *PlanFile) (path string, data []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "plan.json")
	if err := WriteFile(path, f.Write); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data
}

func TestPlanFileRoundTrip(t *testing.T) {
	f := savedPlan(t, t.TempDir())
	path, _ := writePlan(t, f)
	got, err := ReadPlanFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Format, f.SHA256 = PlanFormat, got.SHA256
	if d := cmp.Diff(f, got); d != "" || len(got.SHA256) != 64 {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := got.Verify(f.BaseURL, f.Organization, f.SubPartner); err != nil {
		t.Error(err)
	}
	f.Options.SkipInvalid, f.AllowExtraColumns, f.ProvisioningID = true, true, "T1"
	if o := f.ReadOptions(); !o.SkipInvalid || !o.AllowExtraColumns || o.ProvisioningID != "T1" {
		t.Errorf("read options are %+v", o)
	}
}

// refusedPlan fails the test unless data is refused as a plan that must not be applied.
func refusedPlan(t *testing.T, path string, data []byte, what string) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := ReadPlanFile(path)
	var stale *StaleError
	if f != nil || !errors.As(err, &stale) || stale.Hint == "" {
		t.Fatalf("%s: plan is %v, error %v", what, f != nil, err)
	}
}

// What was reviewed is what is applied: any change to the file is seen.
func TestPlanFileDamaged(t *testing.T) {
	path, data := writePlan(t, savedPlan(t, t.TempDir()))
	for i := range data {
		for _, flip := range []byte{0x01, 0x20, 0x80} {
			bad := bytes.Clone(data)
			bad[i] ^= flip
			refusedPlan(t, path, bad, "byte flipped in "+string(data[max(0, i-10):i+1]))
		}
		refusedPlan(t, path, data[:i], "cut")
	}
	refusedPlan(t, path, append(bytes.Clone(data), '\n'), "longer")
	refusedPlan(t, path, append([]byte(" "), data...), "indented")
	refusedPlan(t, path, bytes.Replace(data, []byte(`"format": 1`), []byte(`"format": 2`), 1), "other format")
	refusedPlan(t, path, []byte("external_id\nacme\n"), "a CSV file")
	refusedPlan(t, path, []byte("null\n"), "null")
	refusedPlan(t, path, bytes.Replace(data, []byte(`"tool"`), []byte(`"extra": 1, "tool"`), 1), "extra field")
}

// A file with a hash of its own must still be one that this program wrote.
func TestPlanFileWithoutPlan(t *testing.T) {
	f := savedPlan(t, t.TempDir())
	f.Plan = nil
	path, data := writePlan(t, f)
	refusedPlan(t, path, data, "no plan")
}

func TestPlanFileMissing(t *testing.T) {
	if _, err := ReadPlanFile(filepath.Join(t.TempDir(), "plan.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestPlanFileVerify(t *testing.T) {
	tests := []struct {
		name              string
		url, org, partner string
		input             string // "-" = removed
		want              string
	}{
		{"the same", "https://api.example/v1", "O1", "P1", "", ""},
		{"organization not known", "https://api.example/v1", "", "P1", "", "the API does not tell whose the token is"},
		{"other API", "https://other.example/v1", "O1", "P1", "", "the plan is for https://api.example/v1"},
		{"other organization", "https://api.example/v1", "O2", "P1", "", "the plan is for organization O1"},
		{"other sub-partner", "https://api.example/v1", "O1", "", "", `the plan is for sub-partner "P1", not ""`},
		{"input changed", "https://api.example/v1", "O1", "P1", "external_id\nacmee\n", "changed after the plan was made; plan again"},
		{"input gone", "https://api.example/v1", "O1", "P1", "-", "no longer there; plan again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path, _ := writePlan(t, savedPlan(t, dir))
			f, err := ReadPlanFile(path)
			if err != nil {
				t.Fatal(err)
			}
			switch input := filepath.Join(dir, "in.csv"); tt.input {
			case "":
			case "-":
				err = os.Remove(input)
			default:
				err = os.WriteFile(input, []byte(tt.input), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			err = f.Verify(tt.url, tt.org, tt.partner)
			var stale *StaleError
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &stale) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

// liveNow is an estate of literal objects.
func liveNow(t *testing.T, objects ...diff.Cells) *diff.Live {
	t.Helper()
	live := diff.NewLive()
	for _, cells := range objects {
		kind := diff.Customer
		if cells[diff.ColEmail] != "" {
			kind = diff.Subscriber
		}
		if err := live.Of(kind).Add(diff.Position{}, cells); err != nil {
			t.Fatal(err)
		}
	}
	return live
}

// A saved plan is held against the state as it is now, change by change.
func TestStale(t *testing.T) {
	acme := func(id, packages string) diff.Cells {
		return diff.Cells{diff.ColExternalID: "acme", diff.ColID: id, diff.ColPackages: packages, diff.ColStatus: "provisioned"}
	}
	ann := func(id, customer, pkg string) diff.Cells {
		return diff.Cells{diff.ColCustomerExternalID: customer, diff.ColEmail: "Ann@acme.example", diff.ColID: id, diff.ColPackage: pkg, diff.ColStatus: "provisioned"}
	}
	subscriber := "subscriber/acme/ann@acme.example/"
	tests := []struct {
		name      string
		row       diff.Cells
		then, now []diff.Cells
		want      map[string]string
	}{
		{"still the same", aCustomer("acme", "webex_calling;webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{acme("C1", "webex_meetings")}, map[string]string{}},
		{"done by others", aSubscriber("acme", "Ann@acme.example", "webex_suite", "extension", "1001"), []diff.Cells{acme("C1", "webex_meetings;webex_suite"), ann("S1", "acme", "webex_meetings")}, []diff.Cells{ann("S1", "acme", "webex_suite")}, map[string]string{}},
		{"new by now", aCustomer("acme", "webex_meetings"), nil, []diff.Cells{acme("C1", "webex_meetings")}, map[string]string{"customer/acme/provision": "it exists by now"}},
		{"subscriber new by now", aSubscriber("acme", "Ann@acme.example", "webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{ann("S1", "acme", "webex_meetings")}, map[string]string{subscriber + "provision": "it exists by now"}},
		{"new elsewhere", aSubscriber("acme", "Ann@acme.example", "webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{ann("S1", "other", "webex_meetings")}, map[string]string{}},
		{"changed", aCustomer("acme", "webex_calling;webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{acme("C1", "webex_meetings;webex_voice")}, map[string]string{"customer/acme/update": "it changed after the plan was made"}},
		{"another with its name", aCustomer("acme", "webex_calling;webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{acme("C2", "webex_meetings")}, map[string]string{"customer/acme/update": "it is gone by now"}},
		{"gone", aCustomer("acme", "webex_calling;webex_meetings"), []diff.Cells{acme("C1", "webex_meetings")}, nil, map[string]string{"customer/acme/update": "it is gone by now"}},
		{"gone before its removal", anAbsent("acme"), []diff.Cells{acme("C1", "webex_meetings")}, nil, map[string]string{}},
		{"changed before its removal", anAbsent("acme"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{acme("C1", "webex_voice")}, map[string]string{"customer/acme/remove": "it changed after the plan was made"}},
		{"two with its key", anAbsent("acme"), []diff.Cells{acme("", "webex_meetings")}, []diff.Cells{acme("C1", "webex_meetings"), acme("C2", "webex_meetings")}, map[string]string{"customer/acme/remove": "2 live objects have this key by now"}},
		{"planned without ids", anAbsent("acme"), []diff.Cells{acme("", "webex_meetings")}, []diff.Cells{acme("C1", "webex_meetings")}, map[string]string{}},
		{"shrink after growth", aCustomer("acme", "webex_suite"), []diff.Cells{acme("C1", "webex_meetings")}, []diff.Cells{acme("C1", "webex_meetings")}, map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := diff.Compute(wanted(t, tt.row), liveNow(t, tt.then...), diff.Options{})
			if len(p.Changes) == 0 {
				t.Fatalf("nothing is planned: %+v", p)
			}
			check(t, "reasons", tt.want, Stale(p, liveNow(t, tt.now...)))
		})
	}
}

// Whatever is read as a plan is written as the same bytes.
func FuzzReadPlanFile(f *testing.F) {
	_, data := writePlan(f, savedPlan(f, f.TempDir()))
	f.Add(data)
	f.Add([]byte("{}\n"))
	empty := PlanFile{Format: PlanFormat, Plan: &diff.Plan{}}
	if sum, err := empty.hash(); err == nil {
		empty.SHA256 = sum
	}
	compact, err := json.Marshal(empty)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(compact)
	path := filepath.Join(f.TempDir(), "plan.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		plan, err := ReadPlanFile(path)
		var stale *StaleError
		if err != nil {
			if !errors.As(err, &stale) {
				t.Fatalf("error is %v", err)
			}
			return
		}
		var again bytes.Buffer
		if err := plan.Write(&again); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("written again it differs: %v", err)
		}
		Stale(plan.Plan, diff.NewLive())
	})
}
