package cli

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strings"
	"testing"

	"wholesync/report/billing"
)

// billingSection is what the README says about reconciling.
func billingSection(t *testing.T) string {
	t.Helper()
	_, section, found := strings.Cut(readReadme(t), "\n## Invoice against usage\n")
	if !found {
		t.Fatal("the README has no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

var (
	shownProduct = regexp.MustCompile(`([0-9]+)(?: / ([0-9]+))? × ([0-9.]+) = ([0-9]+\.[0-9]{2})`)
	shownDays    = regexp.MustCompile(`(?m)^\| ([a-z]+) \| ([a-z_]+) \| ([0-9 +]+)(?: = ([0-9]+))? \| [0-9]+ / 30 × ([0-9.]+) `)
	shownFinding = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| .*?([0-9]+\\.[0-9]{2}) \\| (.*) \\| (-?[0-9]+\\.[0-9]{2}) \\|$")
)

func rational(t *testing.T, s string) *big.Rat {
	t.Helper()
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return v
}

// TestReadmeArithmetic does the sums of the README again.
func TestReadmeArithmetic(t *testing.T) {
	t.Parallel()
	section := billingSection(t)
	products := shownProduct.FindAllStringSubmatch(section, -1)
	for _, m := range products {
		v := new(big.Rat).Mul(rational(t, m[1]), rational(t, m[3]))
		if m[2] != "" {
			v.Quo(v, rational(t, m[2]))
		}
		if got := billing.HalfUp.Round(v, 2).FloatString(2); got != m[4] {
			t.Errorf("%s: it is %s", m[0], got)
		}
	}
	findings := shownFinding.FindAllStringSubmatch(section, -1)
	sum := new(big.Rat)
	for _, m := range findings {
		expected := regexp.MustCompile(`[0-9]+\.[0-9]{2}(?:[,:]| \||$)`).FindString(m[3])
		expected = strings.TrimRight(expected, ",: |")
		off := new(big.Rat).Sub(rational(t, m[2]), rational(t, expected))
		if off.Cmp(rational(t, m[4])) != 0 {
			t.Errorf("%s: %s less %s is not %s", m[1], m[2], expected, m[4])
		}
		if !strings.Contains(section, fmt.Sprintf(" %s USD", m[4])) {
			t.Errorf("%s of %s is not in the summary", m[1], m[4])
		}
		sum.Add(sum, off)
	}
	if !strings.Contains(section, "190.90    136.88       "+sum.FloatString(2)) {
		t.Errorf("the findings add up to %s", sum.FloatString(2))
	}
	if len(products) < 14 || len(findings) != 6 {
		t.Errorf("%d products, %d findings", len(products), len(findings))
	}
}

// TestReadmeUsage adds the usage of the samples up, as the README shows it.
func TestReadmeUsage(t *testing.T) {
	t.Parallel()
	metered := make(map[string]string) // as it is written: 30 + 11
	for _, row := range sampleRows(t, "usage.csv") {
		key := row["CUSTOMER_EXTERNAL_ID"] + " " + row["SERVICE_NAME"]
		if metered[key] != "" {
			metered[key] += " + "
		}
		metered[key] += row["QUANTITY"]
	}
	prices := make(map[string]string)
	for _, row := range sampleRows(t, "prices.csv") {
		prices[row["package"]] = row["unit_price"]
	}
	shown := shownDays.FindAllStringSubmatch(billingSection(t), -1)
	for _, m := range shown {
		if m[3] != metered[m[1]+" "+m[2]] || m[5] != prices[m[2]] {
			t.Errorf("%s %s: %q at %s; the samples have %q at %s", m[1], m[2], m[3], m[5], metered[m[1]+" "+m[2]], prices[m[2]])
		}
		sum := new(big.Rat)
		for part := range strings.SplitSeq(m[3], " + ") {
			sum.Add(sum, rational(t, part))
		}
		if m[4] != "" && sum.Cmp(rational(t, m[4])) != 0 {
			t.Errorf("%s is not %s", m[3], m[4])
		}
	}
	if len(shown) != len(metered) {
		t.Errorf("the README shows %d customers and packages, the samples have %d", len(shown), len(metered))
	}
}

func sampleRows(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(root + "/samples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]string
	for _, row := range rows[1:] {
		cells := make(map[string]string)
		for i, header := range rows[0] {
			cells[header] = row[i]
		}
		all = append(all, cells)
	}
	return all
}

// TestExamplesOfReconcile: what the help of the command shows can be typed in a
// clone as it stands.
func TestExamplesOfReconcile(t *testing.T) {
	t.Parallel()
	examples := strings.Split(newReconcile(&app{}).Example, "\n")
	if len(examples) < 3 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		for _, word := range strings.Fields(example) {
			if !strings.HasSuffix(word, ".csv") && !strings.HasSuffix(word, ".yaml") {
				continue
			}
			if _, err := os.Stat(root + "/" + word); err != nil {
				t.Errorf("%s: %v", example, err)
			}
		}
	}
}
