package sandbox

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
)

func generate(t *testing.T, o GenerateOptions) string {
	t.Helper()
	o.Dir = t.TempDir()
	if err := Generate(o); err != nil {
		t.Fatal(err)
	}
	return o.Dir
}

func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// rows reads a CSV file as one map per row.
func rows(t *testing.T, dir, name string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(readFile(t, dir, name))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		out = append(out, row)
	}
	return out
}

func TestGenerateIsRepeatable(t *testing.T) {
	o := GenerateOptions{Customers: 3, Subscribers: 100, Seed: 7}
	a, b := generate(t, o), generate(t, o)
	o.Seed = 8
	other := generate(t, o)
	for _, name := range []string{"desired.csv", "current.csv", "seed.json"} {
		if !bytes.Equal(readFile(t, a, name), readFile(t, b, name)) {
			t.Errorf("%s: not the same twice", name)
		}
		if bytes.Equal(readFile(t, a, name), readFile(t, other, name)) {
			t.Errorf("%s: the same for another seed", name)
		}
	}
}

// TestGeneratedSnapshotIsTheSeed reads the live state out of a sandbox with the seed and compares it with current.csv.
func TestGeneratedSnapshotIsTheSeed(t *testing.T) {
	dir := generate(t, GenerateOptions{Customers: 4, Subscribers: 500, ChangePercent: 20})
	state := start(t, Options{Seed: bytes.NewReader(readFile(t, dir, "seed.json"))}).state()
	var want []map[string]string
	for _, c := range state.Customers {
		want = append(want, map[string]string{"kind": "customer", "external_id": c.ExternalID, "org_id": c.OrgID,
			"packages": strings.Join(c.Packages, ";"), "address_line1": c.Address.Line1, "city": c.Address.City,
			"state_or_province": c.Address.StateOrProvince, "zip_or_postal_code": c.Address.ZipOrPostalCode, "country": c.Address.Country,
			"customer_external_id": "", "email": "", "package": "", "_id": c.ID, "_status": c.Status, "_created": ""})
	}
	for _, s := range state.Subscribers {
		want = append(want, map[string]string{"kind": "subscriber", "external_id": "", "org_id": "", "packages": "", "address_line1": "",
			"city": "", "state_or_province": "", "zip_or_postal_code": "", "country": "", "customer_external_id": s.Customer,
			"email": s.Email, "package": s.Package, "_id": s.ID, "_status": s.Status, "_created": timestamp(s.Created.UnixMilli())})
	}
	if diff := cmp.Diff(want, rows(t, dir, "current.csv")); diff != "" {
		t.Error(diff)
	}
}

func TestGeneratedChanges(t *testing.T) {
	const total, percent = 4000, 20
	dir := generate(t, GenerateOptions{Customers: 5, Subscribers: total, ChangePercent: percent})
	packages := func(name string) map[string]string {
		found := map[string]string{}
		for _, row := range rows(t, dir, name) {
			if row["kind"] == "subscriber" {
				found[row["email"]] = row["package"]
			}
		}
		return found
	}
	wanted, live := packages("desired.csv"), packages("current.csv")
	var missing, other, extra int
	for email, pkg := range wanted {
		switch livePackage, found := live[email]; {
		case !found:
			missing++
		case livePackage != pkg:
			other++
		}
	}
	for email := range live {
		if _, found := wanted[email]; !found {
			extra++
		}
	}
	for name, pair := range map[string][2]int{"missing": {missing, 2}, "other": {other, 4}, "extra": {extra, 4}} {
		want := total * percent / 100 / pair[1]
		if math.Abs(float64(pair[0]-want)) > float64(want)/4 {
			t.Errorf("%s: %d, want about %d", name, pair[0], want)
		}
	}
}

func TestGeneratedNumbers(t *testing.T) {
	dir := generate(t, GenerateOptions{Customers: 3, Subscribers: 2000})
	seen := map[string]bool{}
	once := func(key string) {
		t.Helper()
		if seen[key] {
			t.Errorf("%s twice", key)
		}
		seen[key] = true
	}
	for _, row := range rows(t, dir, "desired.csv") {
		if row["kind"] == "customer" {
			once(row["external_id"])
			continue
		}
		once(row["email"])
		if calling := row["package"] != "webex_meetings"; calling != (row["primary_phone_number"] != "") {
			t.Errorf("%s: phone %q", row["package"], row["primary_phone_number"])
		}
		if row["primary_phone_number"] == "" {
			continue
		}
		once(row["primary_phone_number"])
		once(row["customer_external_id"] + " " + row["extension"])
		number, err := phonenumbers.Parse(row["primary_phone_number"], "")
		if err != nil || !phonenumbers.IsValidNumber(number) {
			t.Errorf("phone %s: not valid (%v)", row["primary_phone_number"], err)
		}
	}
}

// TestGeneratedRowsAreAccepted provisions the generated rows into an empty sandbox.
func TestGeneratedRowsAreAccepted(t *testing.T) {
	dir := generate(t, GenerateOptions{Customers: 2, Subscribers: 40})
	c := start(t, Options{Empty: true})
	for _, row := range rows(t, dir, "desired.csv") {
		if row["kind"] == "customer" {
			where := `{"addressLine1":"` + row["address_line1"] + `","city":"` + row["city"] + `","stateOrProvince":"` + row["state_or_province"] +
				`","zipOrPostalCode":"` + row["zip_or_postal_code"] + `","country":"` + row["country"] + `"}`
			c.want(202, "POST", `/wholesale/customers {"provisioningId":"`+row["provisioning_id"]+`","externalId":"`+row["external_id"]+
				`","packages":["`+strings.ReplaceAll(row["packages"], ";", `","`)+`"],"address":`+where+
				`,"customerInfo":{"name":"`+row["name"]+`","primaryEmail":"`+row["primary_email"]+`"},"provisioningParameters":{"calling":{"location":{"name":"`+
				row["location_name"]+`","timezone":"`+row["location_timezone"]+`","language":"`+row["location_language"]+`","address":`+where+`}}}}`)
			continue
		}
		c.want(200, "POST", `/wholesale/subscribers {"customerId":"`+c.customerID(row["customer_external_id"])+`","email":"`+row["email"]+
			`","package":"`+row["package"]+`","provisioningParameters":{"primaryPhoneNumber":"`+row["primary_phone_number"]+
			`","extension":"`+row["extension"]+`"}}`)
	}
	if got := len(c.state().Subscribers); got == 0 {
		t.Error("no subscriber arrived")
	}
}

func TestGenerateRefuses(t *testing.T) {
	for name, o := range map[string]GenerateOptions{
		"no customer":     {Customers: 0, Subscribers: 1},
		"less than none":  {Customers: 1, Subscribers: -1},
		"no numbers left": {Customers: 100, Subscribers: 40_000_001},
		"no extension":    {Customers: 1, Subscribers: 900_001},
		"over 100":        {Customers: 1, ChangePercent: 101},
		"no number":       {Customers: 1, ChangePercent: math.NaN()},
	} {
		o.Dir = filepath.Join(t.TempDir(), "new")
		if err := Generate(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := os.Stat(o.Dir); err == nil {
			t.Errorf("%s: directory made", name)
		}
	}
}

func TestGenerateNothingToSubscribe(t *testing.T) {
	dir := generate(t, GenerateOptions{Customers: 1})
	kinds := []string{}
	for _, row := range rows(t, dir, "desired.csv") {
		kinds = append(kinds, row["kind"])
	}
	if !slices.Equal(kinds, []string{"customer"}) {
		t.Errorf("got %v", kinds)
	}
	start(t, Options{Seed: bytes.NewReader(readFile(t, dir, "seed.json"))})
}
