package cli

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// samplePrices is a sample that is no desired state; every plan uses it.
var samplePrices = filepath.Join(root, "samples", "prices.csv")

// billingSamples are no desired state either; the scripts of billing use them.
var billingSamples = []string{"invoice.csv", "invoice-demo.csv", "invoice-commerce.csv", "invoice-accounting.csv", "invoice-reseller.csv", "usage.csv", "customers-usage.csv"}

// migrationSample does not come to its end in one run; see TestMigrationSample.
const migrationSample = "migration.csv"

// TestSamples takes every sample the whole way against the demo estate: users
// copy them, so they must work as they stand.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "samples", "*.csv"))
	if err != nil || len(files) < 2 {
		t.Fatalf("no samples: %v", err)
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		return f == samplePrices || slices.Contains(billingSamples, filepath.Base(f)) || filepath.Base(f) == migrationSample
	})
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { runSample(t, file) })
	}
	t.Run("all together", func(t *testing.T) { runSample(t, files...) })
}

func runSample(t *testing.T, files ...string) {
	setup := newProcess("")
	flags := setup.against(t)
	step := func(args ...string) string {
		t.Helper()
		p := newProcess("")
		p.vars = setup.vars
		if code := p.run(append(append(args, flags...), files...)...); code != exitOK {
			t.Fatalf("%s: exit code %d\n%s%s", args[0], code, p.stdout, p.stderr)
		}
		return p.stdout.String()
	}
	step("validate")
	if said := step("plan", "--prices="+samplePrices); strings.Contains(said, "nothing to do") || !strings.Contains(said, "USD") {
		t.Errorf("the sample changes nothing, or money is missing:\n%s", said)
	}
	step("apply", "--yes")
	if said := step("plan"); !strings.Contains(said, "Plan: nothing to do") {
		t.Errorf("once is not enough:\n%s", said)
	}
}

// TestMigrationSample takes an enterprise from BroadWorks to wholesale: the first
// run removes there and prepares here, then somebody with the right to do so
// removes the people for good, and the second run provisions them.
func TestMigrationSample(t *testing.T) {
	setup := newProcess("")
	box := setup.sandbox(t)
	flags := setup.at(t, box)
	file := filepath.Join(root, "samples", migrationSample)
	step := func(code int, args ...string) string {
		t.Helper()
		p := newProcess("")
		p.vars = setup.vars
		if got := p.run(append(args, flags...)...); got != code {
			t.Fatalf("%s: exit code %d, want %d\n%s%s", args[0], got, code, p.stdout, p.stderr)
		}
		return p.stdout.String()
	}
	people := step(exitOK, "export", "--offer=broadworks", "--customer=metrotel+daily-planet")
	if said := step(exitRows, "apply", "--yes", file); !strings.Contains(said, "error 2017") || !strings.Contains(said, "ok      3") {
		t.Errorf("the first run:\n%s", said)
	}
	rows, err := csv.NewReader(strings.NewReader(people)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	person := slices.Index(rows[0], "_person_id")
	for _, row := range rows[1:] {
		if row[person] == "" {
			continue // the enterprise itself
		}
		r := httptest.NewRequest(http.MethodDelete, "/v1/people/"+row[person], nil)
		r.Header.Set("Authorization", "Bearer "+box.AccessToken())
		w := httptest.NewRecorder()
		if box.ServeHTTP(w, r); w.Code != http.StatusNoContent {
			t.Fatalf("deleting %s: %d %s", row[person], w.Code, w.Body)
		}
	}
	flags = append(flags, "--run-dir="+filepath.Join(t.TempDir(), "second"))
	step(exitOK, "apply", "--yes", file)
	if said := step(exitOK, "plan", file); !strings.Contains(said, "Plan: nothing to do") {
		t.Errorf("twice is not enough:\n%s", said)
	}
}
