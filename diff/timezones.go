package diff

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
)

// timezonesCSV is the vendor's table of the time zones that meetings sites get
// by default, by ISO country: the name that the vendor shows, and the zones that
// it stands for. https://developer.webex.com/docs/api/guides/wholesale-developers-guide
//
//go:embed timezones.csv
var timezonesCSV string

// MeetingsZone is the time zone that a meetings site gets where nobody names one.
// Some of the names are in no time zone database, so they are for people alone.
type MeetingsZone struct {
	City  string   // the vendor's name of the zone
	Zones []string // the zones that it stands for, such as Europe/Madrid
}

var meetingsZones = sync.OnceValue(func() map[string]MeetingsZone {
	rows, err := csv.NewReader(strings.NewReader(timezonesCSV)).ReadAll()
	if err != nil {
		panic(err) // the table is part of the program and a test reads it
	}
	zones := make(map[string]MeetingsZone, len(rows))
	for _, row := range rows {
		zones[row[0]] = MeetingsZone{City: row[1], Zones: strings.Split(row[2], ";")}
	}
	return zones
})

// DefaultMeetingsZone finds the zone of a country (ISO 3166 alpha-2).
func DefaultMeetingsZone(country string) (MeetingsZone, bool) {
	z, ok := meetingsZones()[country]
	return z, ok
}

// String names the zone as exactly as the vendor's table does: one zone where
// there is only one, or one has the name of the city.
func (z MeetingsZone) String() string {
	city := strings.ReplaceAll(z.City, " ", "_")
	for _, name := range z.Zones {
		if len(z.Zones) == 1 || strings.HasSuffix(name, "/"+city) {
			return name
		}
	}
	return fmt.Sprintf("the vendor's zone %s (%s and %d more)", z.City, z.Zones[0], len(z.Zones)-1)
}

// anyCluster is what is left where the table has no entry for the country: it is
// the cluster that decides, and the API does not tell which one it will be.
const anyCluster = "America/New_York, America/Los_Angeles or Europe/London, by the cluster of the provisioning template"

// meetingsZoneOf words the zone of a site that is opened without one.
func meetingsZoneOf(country string) string {
	if z, ok := DefaultMeetingsZone(country); ok {
		return z.String()
	}
	return anyCluster
}

// newSites counts the meetings sites that a plan opens without being told their
// time zone, and remembers the first by key.
type newSites struct {
	first Change
	count int
}

// noteSite enters a change that opens a meetings site. A zone that the row gives
// needs no words.
func (p *planner) noteSite(c *Change, country string) {
	if _, given := c.Field(ColMeetingsTimezone); given {
		return
	}
	zone := meetingsZoneOf(country)
	s := p.sites[zone]
	if s.count == 0 || c.Key.Customer < s.first.Key.Customer {
		s.first = *c
	}
	s.count++
	p.sites[zone] = s
}

// noteSites says in which time zones sites will be, because that stays for good.
func (p *planner) noteSites() {
	for zone, s := range p.sites {
		text := fmt.Sprintf("customer %s gives no meetings_timezone: its meetings site will be in %s, for good", s.first.Key, zone)
		if s.count > 1 {
			text = fmt.Sprintf("customer %s and %d more give no meetings_timezone: their meetings sites will be in %s, for good", s.first.Key, s.count-1, zone)
		}
		p.plan.Notes = append(p.plan.Notes, Note{FileName: s.first.FileName, Line: s.first.Line, Text: text})
	}
}
