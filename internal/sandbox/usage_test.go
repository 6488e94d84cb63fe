package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// april is a month in which everything happens: Kim changes package on the 11th, Lee goes on the 17th, a workspace and a
// voice user come late, and Vic is subscribed twice.
var april = `{
	"sub_partners": [{"org_id":"sub-1","subscription":"Sub00000777"}],
	"customers": [
		{"external_id":"C-1001","name":"Acme Dental","packages":["webex_calling","webex_suite"]},
		{"external_id":"C-1002","name":"Bolt, Bakery","packages":["common_area_calling","webex_voice"],
			"workspaces":4,"workspaces_since":"2026-04-24T00:00:00Z"},
		{"external_id":"C-1003","name":"Our own","packages":["webex_calling"],"internal":true},
		{"external_id":"C-2001","name":"Corvo","packages":["webex_calling"],"sub_partner":"sub-1"}],
	"subscribers": [` + manyUsers(10, "webex_calling") + manyUsers(4, "webex_suite") + `
		{"customer_external_id":"C-1001","email":"kim@acme.test","package":"webex_suite","created":"2026-01-31T10:00:00Z","package_since":"2026-04-11T14:30:00Z"},
		{"customer_external_id":"C-1002","email":"vic@bolt.test","package":"webex_voice"},
		{"customer_external_id":"C-1002","email":"vic@bolt.test","package":"webex_voice"},
		{"customer_external_id":"C-1002","email":"wes@bolt.test","package":"webex_voice","created":"2026-04-20T23:59:59Z"},
		{"customer_external_id":"C-1002","email":"late@bolt.test","package":"webex_voice","created":"2026-05-01T00:00:00Z"},
		{"customer_external_id":"C-1002","email":"unwilling@bolt.test","package":"webex_voice","status":"pending_user_migration"},
		{"customer_external_id":"C-1003","email":"me@partner.test","package":"webex_calling"},
		{"customer_external_id":"C-2001","email":"x@corvo.test","package":"webex_calling","sub_partner":"sub-1"}],
	"history": [
		{"customer_external_id":"C-1001","email":"kim@acme.test","package":"webex_calling","from":"2026-01-31T10:00:00Z","to":"2026-04-11T14:30:00Z"},
		{"customer_external_id":"C-1001","email":"lee@acme.test","package":"webex_calling","to":"2026-04-17T09:00:00Z"},
		{"customer_external_id":"C-1001","email":"gone@acme.test","package":"webex_calling","to":"2026-04-01T00:00:00Z"},
		{"customer_external_id":"C-1002","workspaces":3,"package":"common_area_calling","to":"2026-04-24T00:00:00Z"}]
}`

func manyUsers(n int, pkg string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"customer_external_id":"C-1001","email":"%s.%02d@acme.test","package":%q},`, pkg, i, pkg)
	}
	return b.String()
}

// ofApril makes a report of April 2026 and reads it.
func (b *billing) ofApril(fields string) [][]string {
	b.t.Helper()
	april := `"billingStartDate":"2026-04-01","billingEndDate":"2026-04-30"`
	if fields != "" {
		april += "," + fields
	}
	_, url := b.finished(april)
	return b.rows(url)
}

// column finds a cell by the name of its column.
func column(rows [][]string, name string) int { return slices.Index(rows[0], name) }

func TestCustomerReport(t *testing.T) {
	b := startBilling(t, april)
	rows := b.ofApril(`"type":"CUSTOMER"`)
	licenses := func(externalID string) []any {
		item := b.want(200, "GET", "/wholesale/customers/"+b.customerID(externalID)+"?includePackageLicenseInfo=true")
		var ids []any
		for _, p := range item.body["resourceDetails"].(map[string]any)["packages"].([]any) {
			ids = append(ids, p.(map[string]any)["licenseIds"].([]any)[0])
		}
		return ids
	}
	acme, bolt := licenses("C-1001"), licenses("C-1002")
	head := []string{"Example Partner", bareUUID(1), "", ""}
	tail := []string{"2026-04-01", "2026-04-30"}
	row := func(name, orgID, externalID, pkg, sku, days string, license any) []string {
		return slices.Concat(head, []string{name, orgID, externalID, "Sub00000099", pkg, sku, days, license.(string)}, tail)
	}
	want := [][]string{
		{"PARTNER_NAME", "PARTNER_ORG_ID", "SUBPARTNER_NAME", "SUBPARTNER_ORG_ID", "CUSTOMER_NAME", "CUSTOMER_ORG_ID", "CUSTOMER_EXTERNAL_ID",
			"SUBSCRIPTION_ID", "SERVICE_NAME", "SKU", "QUANTITY", "LICENSE_ID", "BILLING_START_DATE", "BILLING_END_DATE"},
		row("Acme Dental", bareUUID(2), "C-1001", "webex_calling", "A-WX-CALL", "327", acme[0]),
		row("Acme Dental", bareUUID(2), "C-1001", "webex_suite", "A-WX-SUITE", "140", acme[1]),
		row("Bolt, Bakery", bareUUID(3), "C-1002", "common_area_calling", "A-WX-CAC", "97", bolt[0]),
		row("Bolt, Bakery", bareUUID(3), "C-1002", "webex_voice", "A-WX-VOICE", "41", bolt[1]),
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if rows[0][10] != "QUANTITY" {
		t.Errorf("the eleventh column is %s", rows[0][10])
	}
}

func TestPartnerReport(t *testing.T) {
	rows := startBilling(t, april).ofApril(``)
	head := []string{"Example Partner", bareUUID(1), "", "", "Sub00000099"}
	row := func(cells ...string) []string {
		return slices.Concat(head, cells, []string{"2026-04-01", "2026-04-30"})
	}
	want := [][]string{
		{"PARTNER_NAME", "PARTNER_ORG_ID", "SUBPARTNER_NAME", "SUBPARTNER_ORG_ID", "SUBSCRIPTION_ID", "SERVICE_NAME", "SKU", "QUANTITY",
			"BILLING_START_DATE", "BILLING_END_DATE"},
		row("common_area_calling", "A-WX-CAC", "97"),
		row("webex_calling", "A-WX-CALL", "327"),
		row("webex_suite", "A-WX-SUITE", "140"),
		row("webex_voice", "A-WX-VOICE", "41"),
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

// daysOf shortens a USER report to who, what and how many.
func daysOf(rows [][]string) (short []string) {
	for _, row := range rows[1:] {
		cell := func(name string) string { return row[column(rows, name)] }
		who := cell("USER_EMAIL")
		if who == "" {
			who = cell("CUSTOMER_EXTERNAL_ID") + " " + cell("WORKSPACE_ID")[32:]
		}
		short = append(short, who+" "+cell("SERVICE_NAME")+" "+cell("QUANTITY"))
	}
	return short
}

func TestUserReport(t *testing.T) {
	b := startBilling(t, april)
	rows := b.ofApril(`"type":"USER"`)
	var want []string
	for _, pkg := range []string{"webex_calling", "webex_suite"} {
		for i := range map[string]int{"webex_calling": 10, "webex_suite": 4}[pkg] {
			want = append(want, fmt.Sprintf("%s.%02d@acme.test %s 30", pkg, i, pkg))
		}
	}
	want = append(want, "kim@acme.test webex_calling 10", "kim@acme.test webex_suite 20", "lee@acme.test webex_calling 17",
		"C-1002 8481 common_area_calling 30", "C-1002 8482 common_area_calling 30", "C-1002 8483 common_area_calling 30",
		"C-1002 8484 common_area_calling 7", "vic@bolt.test webex_voice 30", "wes@bolt.test webex_voice 11")
	if diff := cmp.Diff(want, daysOf(rows)); diff != "" {
		t.Error(diff)
	}
	kim := rows[15]
	if kim[column(rows, "USER_ID")] == "" || kim[column(rows, "WORKSPACE_ID")] != "" || kim[column(rows, "CUSTOMER_ORG_ID")] != bareUUID(2) {
		t.Errorf("kim: %q", kim)
	}
}

func TestScopeOfReports(t *testing.T) {
	calling := func(fields string) (days string) {
		b := startBilling(t, april)
		rows := b.ofApril(fields)
		for _, row := range rows[1:] {
			if row[column(rows, "SERVICE_NAME")] == "webex_calling" {
				days += row[column(rows, "QUANTITY")] + row[column(rows, "SUBPARTNER_ORG_ID")] + row[column(rows, "SUBSCRIPTION_ID")]
			}
		}
		return days
	}
	for fields, want := range map[string]string{
		``:                          "327Sub00000099",
		`"internal":true`:           "357Sub00000099",
		`"subPartnerOrgId":"sub-1"`: "30sub-1Sub00000777",
	} {
		if got := calling(fields); got != want {
			t.Errorf("%s: %s, want %s", fields, got, want)
		}
	}
}

func TestPointInTime(t *testing.T) {
	b := startBilling(t, april)
	rows := b.ofApril(`"type":"CUSTOMER","category":"POINT_IN_TIME"`)
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[column(rows, "CUSTOMER_EXTERNAL_ID")]+" "+row[column(rows, "SERVICE_NAME")]+" "+row[column(rows, "QUANTITY")])
	}
	want := []string{"C-1001 webex_calling 10", "C-1001 webex_suite 5", "C-1002 common_area_calling 4", "C-1002 webex_voice 3"}
	if diff := cmp.Diff(want, got); diff != "" || column(rows, "BILLING_START_DATE") >= 0 {
		t.Errorf("%v %s", rows[0], diff)
	}
	users := daysOf(b.ofApril(`"type":"USER","category":"POINT_IN_TIME"`))
	if len(users) != 22 || !slices.Contains(users, "kim@acme.test webex_suite 1") {
		t.Errorf("users: %q", users)
	}
}

// TestMeteringThroughTheAPI follows one person through the calls of the API.
func TestMeteringThroughTheAPI(t *testing.T) {
	b := startBilling(t, `{"customers":[{"external_id":"acme","packages":["webex_calling","webex_meetings","webex_suite"]},
		{"external_id":"halls","packages":["common_area_calling","webex_meetings"],"workspaces":2}],
		"subscribers":[{"customer_external_id":"acme","email":"old@acme.example","package":"webex_meetings"}]}`,
		"POST /wholesale/subscribers nth=4 end=pending_email_input")
	at := func(day, hour int) { b.now = time.Date(2026, time.December, day, hour, 0, 0, 0, time.UTC) }
	at(3, 23)
	b.want(200, "POST", "/wholesale/subscribers "+b.subscriberBody("acme", ``))
	path := "/wholesale/subscribers/" + b.subscriberID("new@acme.example")
	at(10, 8)
	b.want(200, "PUT", path+` {"package":"webex_suite"}`)
	at(10, 9)
	b.want(200, "PUT", path+` {"package":"webex_suite"}`) // no change, no effect
	at(14, 8)
	rooms := b.want(200, "GET", "/workspaces?orgId="+b.want(200, "GET", "/wholesale/customers/"+b.customerID("halls")).text("orgId")).items()
	b.want(204, "DELETE", "/workspaces/"+rooms[1]["id"].(string))
	at(20, 0)
	b.want(204, "DELETE", path)
	at(20, 15)
	b.want(200, "POST", "/wholesale/subscribers "+b.subscriberBody("acme", ``)) // the same person again
	at(24, 1)
	b.want(204, "DELETE", "/people/"+b.want(200, "GET", "/people?email=new@acme.example").items()[0]["id"].(string))
	at(26, 1)
	b.want(202, "POST", "/wholesale/subscribers "+b.subscriberBody("acme", `"email":"x@consumer.example"`)) // never consents
	b.want(200, "POST", "/wholesale/subscribers "+b.subscriberBody("acme", `"email":"y@acme.example","provisioningParameters":{"extension":"2002"}`))
	at(28, 1)
	b.want(204, "DELETE", "/workspaces/"+rooms[0]["id"].(string))
	b.want(202, "PUT", "/wholesale/customers/"+b.customerID("halls")+` {"packages":["webex_meetings"]}`)
	b.now = time.Date(2027, time.January, 2, 0, 0, 0, 0, time.UTC)
	_, url := b.finished(`"type":"USER","billingStartDate":"2026-12-01","billingEndDate":"2026-12-31"`)
	want := []string{
		"old@acme.example webex_meetings 31",
		"new@acme.example webex_calling 12", // 3rd to 9th, and again 20th to 24th
		"new@acme.example webex_suite 10",   // 10th to 19th
		"halls 8481 common_area_calling 28",
		"halls 8482 common_area_calling 14",
	}
	if diff := cmp.Diff(want, daysOf(b.rows(url))); diff != "" {
		t.Error(diff)
	}
}

// TestReportIsFrozen shows that a finished report does not change with the estate.
func TestReportIsFrozen(t *testing.T) {
	b := startBilling(t, april)
	path, url := b.finished(`"type":"USER"`)
	before := b.rows(url)
	b.want(202, "PUT", "/wholesale/customers/"+b.customerID("C-1001")+` {"externalId":"C-9999","packages":["webex_calling","webex_suite"]}`)
	b.want(204, "DELETE", "/wholesale/subscribers/"+b.subscriberID("kim@acme.test"))
	if diff := cmp.Diff(before, b.rows(b.want(200, "GET", path).text("tempDownloadURL"))); diff != "" {
		t.Error(diff)
	}
}

// TestLevelsAgree makes estates of all sorts and holds the three levels of a report against each other and against a
// meter that goes day by day and person by person.
func TestLevelsAgree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		month := period{first: 20545, last: 20545 + int64(rapid.IntRange(0, 40).Draw(rt, "length"))}
		e, want := drawEstate(rt, month)
		byUser, byCustomer, byPartner := map[string]int{}, map[string]int{}, map[string]int{}
		usages := e.meterOf(e.partner, false).over(month)
		for _, u := range usages {
			byUser[u.person.email+" "+u.pkg] += u.amount
			byCustomer[u.place.externalID+" "+u.pkg] += u.amount
		}
		if diff := cmp.Diff(want, byUser); diff != "" {
			rt.Fatalf("against the plain meter:\n%s", diff)
		}
		if len(byUser) != len(usages) {
			rt.Fatalf("%d rows for %d users and packages", len(usages), len(byUser))
		}
		customers := perCustomer(slices.Clone(usages))
		for _, u := range customers {
			byCustomer[u.place.externalID+" "+u.pkg] -= u.amount
			byPartner[u.pkg] += u.amount
		}
		for _, u := range perPackage(slices.Clone(usages)) {
			byPartner[u.pkg] -= u.amount
		}
		for _, rest := range []map[string]int{byCustomer, byPartner} {
			for key, n := range rest {
				if n != 0 {
					rt.Errorf("%s: %d left over", key, n)
				}
			}
		}
	})
}

// drawEstate makes people with stays that follow, touch and overlap, and says what a plain meter finds.
func drawEstate(rt *rapid.T, month period) (*estate, map[string]int) {
	e, want := newEstate(), map[string]int{}
	for i := range rapid.IntRange(1, 3).Draw(rt, "customers") {
		if err := e.loadCustomer(seedCustomer{ExternalID: "c" + strconv.Itoa(i), Packages: []string{"webex_calling"}}); err != nil {
			rt.Fatal(err)
		}
	}
	for i := range rapid.IntRange(0, 6).Draw(rt, "people") {
		p := e.addPerson(fmt.Sprintf("p%d@x.test", i), e.home, seedEpoch)
		var mine []stay
		for j := range rapid.IntRange(1, 4).Draw(rt, "stays") {
			from := (month.first-5)*dayMillis + rapid.Int64Range(0, 50*dayMillis).Draw(rt, "from")
			s := stay{customer: e.customers[1+i%(len(e.customers)-1)], person: p, from: from,
				to: from + rapid.Int64Range(0, 20*dayMillis).Draw(rt, "length"), pkg: singlePackages[rapid.IntRange(0, 2).Draw(rt, "package")]}
			if j == 3 {
				s.to = openEnd
				e.addSubscriber(&subscriber{customer: s.customer, person: p, pkg: s.pkg, metered: true, since: from})
			} else {
				e.stays = append(e.stays, s)
			}
			mine = append(mine, s)
		}
		for day := month.first; day <= month.last; day++ {
			best := -1
			for j, s := range mine {
				touches := s.from < (day+1)*dayMillis && (s.to > day*dayMillis || s.from >= day*dayMillis)
				if touches && (best < 0 || s.from >= mine[best].from) {
					best = j
				}
			}
			if best >= 0 {
				want[p.email+" "+mine[best].pkg]++
			}
		}
	}
	return e, want
}

// TestDemoHasAMonth shows that the demo estate has usage worth a look, and since ever.
func TestDemoHasAMonth(t *testing.T) {
	for start, want := range map[string]string{
		"2026-04-01": "webex_calling 647, webex_meetings 161, webex_suite 890, webex_voice 100",
		"2026-10-01": "webex_calling 631, webex_meetings 218, webex_suite 916, webex_voice 93",
		"2022-02-01": "webex_calling 616, webex_meetings 140, webex_suite 812, webex_voice 112",
	} {
		b := startBilling(t, string(Demo()))
		first, err := time.Parse(time.DateOnly, start)
		if err != nil {
			t.Fatal(err)
		}
		_, url := b.finished(fmt.Sprintf(`"billingEndDate":%q,"billingStartDate":%q`, first.AddDate(0, 1, -1).Format(time.DateOnly), start))
		rows := b.rows(url)
		var got []string
		for _, row := range rows[1:] {
			got = append(got, row[column(rows, "SERVICE_NAME")]+" "+row[column(rows, "QUANTITY")])
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s, want %s", start, text, want)
		}
	}
}
