package diff

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
)

func TestDefaultMeetingsZone(t *testing.T) {
	for country, want := range map[string]string{
		"ES": "Europe/Madrid",
		"DE": "Europe/Berlin",
		"US": "America/Los_Angeles",
		"IT": "Europe/Rome", // the table has Tunis beside it
		"GT": "America/Mexico_City",
		"DZ": "the vendor's zone West Africa (Africa/Douala and 1 more)",
		"AQ": anyCluster,
		"":   anyCluster,
	} {
		if got := meetingsZoneOf(country); got != want {
			t.Errorf("zone of %q: %s, not %s", country, got, want)
		}
	}
}

// The table is the vendor's, 180 countries. Their names were turned into codes,
// and each of those must be one that rows can hold.
func TestMeetingsZonesAreOfCountries(t *testing.T) {
	zones := meetingsZones()
	if len(zones) != 180 {
		t.Errorf("%d countries", len(zones))
	}
	for country, z := range zones {
		if r, err := language.ParseRegion(country); err != nil || !r.IsCountry() {
			t.Errorf("%q is no country", country)
		}
		if v, issue := Parse(ValueCountry, country); v != country || issue.Text != "" {
			t.Errorf("a row cannot say %q: %s", country, issue.Text)
		}
		for _, name := range z.Zones {
			if z.City == "" || !strings.Contains(name, "/") {
				t.Errorf("%s: zone %q of %q", country, name, z.City)
			}
		}
	}
}
