package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// samplePrices is a sample that is no desired state; every plan uses it.
var samplePrices = filepath.Join(root, "samples", "prices.csv")

// billingSamples are no desired state either; the scripts of billing use them.
var billingSamples = []string{"invoice.csv", "invoice-demo.csv", "invoice-commerce.csv", "invoice-accounting.csv", "invoice-reseller.csv", "usage.csv", "customers-usage.csv"}

// migrationSample needs a flag to come to its end; see TestMigrationSample.
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

// TestMigrationSample takes an enterprise from BroadWorks to wholesale in one run,
// with the people removed for good in between; without that the vendor refuses
// them in their new organization.
func TestMigrationSample(t *testing.T) {
	file := filepath.Join(root, "samples", migrationSample)
	for _, forGood := range []bool{false, true} {
		setup := newProcess("")
		flags := setup.against(t)
		if forGood {
			flags = append(flags, "--hard-delete")
		}
		step := func(code int, args ...string) string {
			t.Helper()
			p := newProcess("")
			p.vars = setup.vars
			if got := p.run(append(append(args, flags...), file)...); got != code {
				t.Fatalf("%s, for good %v: exit code %d, want %d\n%s%s", args[0], forGood, got, code, p.stdout, p.stderr)
			}
			return p.stdout.String()
		}
		if !forGood {
			if said := step(exitRows, "apply", "--yes"); !strings.Contains(said, "error 2017") || !strings.Contains(said, "ok      3") {
				t.Errorf("people who are kept:\n%s", said)
			}
			continue
		}
		step(exitOK, "apply", "--yes", "--allow-deletes=4")
		if said := step(exitOK, "plan"); !strings.Contains(said, "Plan: nothing to do") {
			t.Errorf("once is not enough:\n%s", said)
		}
	}
}
