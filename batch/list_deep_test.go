package batch

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// deepEstate is a seed of customers with a person of some substance each.
func deepEstate(customers, each int) *strings.Reader {
	var cs, ls, ss []string
	for c := range customers {
		id := fmt.Sprintf("c%03d", c)
		cs = append(cs, fmt.Sprintf(`{"external_id": %q, "packages": ["webex_calling", "webex_meetings"], "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}`, id))
		for _, name := range []string{"Dallas", "Austin"} {
			ls = append(ls, fmt.Sprintf(`{"customer_external_id": %q, "name": %q, "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}`, id, name))
		}
		for s := range each {
			ss = append(ss, fmt.Sprintf(`{"customer_external_id": %[1]q, "email": "u%[2]d@%[1]s.example", "package": "webex_calling", "first_name": "Ann%[2]d", "last_name": "Lee", "phone": "+1-214-%03[3]d-%04[2]d", "extension": "%04[2]d", "location": "Austin"}`, id, s, 200+c))
		}
	}
	return strings.NewReader(`{"customers": [` + strings.Join(cs, ",") + `], "locations": [` + strings.Join(ls, ",") + `], "subscribers": [` + strings.Join(ss, ",") + `]}`)
}

// deepRows are the rows of the first persons of each customer, as they are.
func deepRows(customers, each int) []diff.Cells {
	var rows []diff.Cells
	for c := range customers {
		id := fmt.Sprintf("c%03d", c)
		for s := range each {
			rows = append(rows, aSubscriber(id, fmt.Sprintf("u%d@%s.example", s, id), "webex_calling", "first_name", fmt.Sprintf("Ann%d", s), "last_name", "Lee",
				"primary_phone_number", fmt.Sprintf("+1214%d%04d", 200+c, s), "extension", fmt.Sprintf("%04d", s), "location_name", "Austin"))
		}
	}
	return rows
}

var deep = ListOptions{DeepOptions: DeepOptions{Deep: true}}

// requested counts what was asked of the sandbox, by method and path without ids.
func (e *estate) requested(t reporter) map[string]int {
	n := map[string]int{}
	for _, s := range e.log(t) {
		path := strings.TrimPrefix(s.Path, "/v1")
		if rest, ok := strings.CutPrefix(path, "/organizations/"); ok && rest != "" {
			path = "/organizations/{id}"
		}
		if rest, ok := strings.CutPrefix(path, "/people/"); ok && rest != "me" {
			path = "/people/{id}"
		}
		n[path]++
	}
	return n
}

// Access to many organizations is waited for once, and it is long enough.
func TestDeepWaitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{Seed: deepEstate(12, 3), AccessDelay: accessTakes, AccessLife: time.Hour})
		want := wanted(t, deepRows(12, 2)...)
		told := ""
		o := deep
		o.OnVisit = func(organizations, calls int) { told = fmt.Sprintf("%d organizations, %d calls", organizations, calls) }
		begin := time.Now()
		live, _ := e.list(t, want, o)
		if took := time.Since(begin); took != accessTakes {
			t.Errorf("took %v", took)
		}
		if told != "12 organizations, 36 calls" {
			t.Errorf("told of %s", told)
		}
		asked := e.requested(t)
		if asked["/organizations/{id}"] != 12 || asked["/people"] != 12 || asked["/locations"] != 12 {
			t.Errorf("asked for %v", asked)
		}
		if p := diff.Compute(want, live, diff.Options{Deep: true}); !p.Empty() || len(p.Drift)+len(p.Notes)+len(p.Problems) > 0 {
			t.Errorf("an estate that is as wanted has drift %+v, notes %+v, problems %v", p.Drift, p.Notes, p.Problems)
		}
		want = wanted(t, aSubscriber("c003", "u1@c003.example", "webex_calling", "last_name", "Leigh", "location_name", "dallas"))
		live, _ = e.list(t, want, deep)
		p := diff.Compute(want, live, diff.Options{Deep: true})
		if len(p.Drift) != 2 || p.Drift[0].Live+" "+p.Drift[1].Live != "Austin Lee" {
			t.Errorf("drift is %+v", p.Drift)
		}
	})
}

// Access that takes longer than it should is asked for once more, and then is said
// to be missing; the scopes are not to blame.
func TestDeepRefused(t *testing.T) {
	for delay, found := range map[time.Duration]int{accessTakes + time.Second: 3, 3 * accessTakes: 0} {
		synctest.Test(t, func(t *testing.T) {
			e := inMemory(t, sandbox.Options{Seed: deepEstate(2, 3), AccessDelay: delay, AccessLife: time.Hour})
			want := wanted(t, deepRows(1, 3)...)
			begin := time.Now()
			live, _ := e.list(t, want, deep)
			if took := time.Since(begin); took != 2*accessTakes {
				t.Errorf("took %v", took)
			}
			if 3-len(live.Unread) != found || (live.Locations["c000"].Refused == "") != (found > 0) {
				t.Errorf("with access after %v: unread %v, locations %v", delay, live.Unread, live.Locations)
			}
			p := diff.Compute(want, live, diff.Options{Deep: true})
			if !p.Empty() || len(p.Drift)+len(p.Held) > 0 {
				t.Errorf("drift %+v, held %+v", p.Drift, p.Held)
			}
			said := len(p.Notes) == 1 && p.Notes[0].Text == "customer c000: names, numbers and locations of people were not compared (filled rows: 3): there is no access to its organization (HTTP 403)"
			if said != (found == 0) {
				t.Errorf("notes %+v", p.Notes)
			}
		})
	}
}

// answering answers some requests by itself.
type answering struct {
	direct
	answer func(r *http.Request) (status int, body string)
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := a.answer(r)
	if status == 0 {
		return a.direct.RoundTrip(r)
	}
	return direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})}.RoundTrip(r)
}

// A token that may not read such things at all ends the listing, and the error
// names the scope.
func TestDeepScopes(t *testing.T) {
	for path, scope := range map[string]string{"/v1/people": "people_read", "/v1/locations": "locations_read", "/v1/organizations/": "organizations_read"} {
		e := inMemory(t, sandbox.Options{Seed: deepEstate(2, 3)})
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: answering{direct{e.box}, func(r *http.Request) (int, string) {
			if strings.HasPrefix(r.URL.Path, path) && r.URL.Path != "/v1/people/me" {
				return http.StatusForbidden, ""
			}
			return 0, ""
		}}})
		o := deep
		o.Access = time.Microsecond
		_, err := List(t.Context(), e.client, wanted(t, deepRows(1, 3)...), o)
		var refused *webex.Error
		if !errors.As(err, &refused) || refused.Class != webex.ClassAuth || !strings.Contains(err.Error(), "lacks the scope spark-admin:"+scope) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// What is neither a refusal nor an answer is no reason to compare less.
func TestDeepErrors(t *testing.T) {
	for _, path := range []string{"/v1/people", "/v1/locations", "/v1/organizations/"} {
		e := inMemory(t, sandbox.Options{Seed: deepEstate(2, 3)})
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: answering{direct{e.box}, func(r *http.Request) (int, string) {
			if strings.HasPrefix(r.URL.Path, path) {
				return http.StatusBadRequest, `{"message":"no"}`
			}
			return 0, ""
		}}})
		o := deep
		o.Access = time.Microsecond
		if live, err := List(t.Context(), e.client, wanted(t, deepRows(1, 3)...), o); live != nil || err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

// An organization that is gone, a customer without one, and a person who is not
// there are said; the rest is compared.
func TestDeepMissing(t *testing.T) {
	const people = `{"items":[
		{"id":"P1","emails":["other@c.example"],"firstName":"By","lastName":"Id","phoneNumbers":[{"type":"mobile","value":"+12145550100"},{"type":"work","value":"+1 214-555-0101"},{"type":"work","value":"+1 214-555-0102","primary":true}],"extension":"0101","locationId":"Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OL2Y4"},
		{"id":"P9","emails":["U2@C.example"],"firstName":"By","lastName":"Address"},
		{"id":"P8","emails":["stranger@c.example"],"firstName":"Not","lastName":"Asked"}]}`
	e := inMemory(t, sandbox.Options{})
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: answering{direct{e.box}, func(r *http.Request) (int, string) {
		offset := r.URL.Query().Get("offset")
		switch path := strings.TrimPrefix(r.URL.Path, "/v1"); {
		case offset != "" && offset != "0":
			return 200, `{"items":[]}`
		case path == "/wholesale/customers":
			return 200, `{"items":[{"id":"C1","externalId":"c","orgId":"O1"},{"id":"C2","externalId":"gone","orgId":"O2"},{"id":"C3","externalId":"bare"}]}`
		case path == "/wholesale/subscribers":
			return 200, `{"items":[{"id":"S1","personId":"P1","email":"u1@c.example","customerId":"C1","package":"webex_calling","status":"provisioned"},
				{"id":"S2","personId":"P2","email":"u2@c.example","externalCustomerId":"c","package":"webex_calling","status":"provisioned"},
				{"id":"S3","personId":"P3","email":"u3@c.example","customerId":"C1","package":"webex_calling","status":"provisioned"},
				{"id":"S4","email":"u4@gone.example","customerId":"C2","package":"webex_calling","status":"provisioned"},
				{"id":"S5","email":"u5@bare.example","customerId":"C3","package":"webex_calling","status":"provisioned"}]}`
		case path == "/organizations/O2":
			return 404, `{"message":"gone"}`
		case strings.HasPrefix(path, "/organizations/"):
			return 200, `{}`
		case path == "/people":
			if q := r.URL.Query(); q.Get("orgId") != "O1" || q.Get("callingData") != "true" || q.Get("max") != "100" {
				t.Errorf("people are asked for with %v", q)
			}
			return 200, people
		}
		return 0, ""
	}}})
	var rows []diff.Cells
	for i, customer := range []string{"c", "c", "c", "gone", "bare"} {
		rows = append(rows, aSubscriber(customer, fmt.Sprintf("u%d@%s.example", i+1, customer), "webex_calling", "first_name", "X"))
	}
	rows[0][diff.ColLocationID] = "Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OL2Y4==" // padded
	o := deep
	o.Access = time.Microsecond
	live, _ := e.list(t, wanted(t, rows...), o)
	check(t, "unread", map[string]string{
		"S3": "the organization has no such person", "S4": "its organization is not there (HTTP 404)", "S5": "the API does not tell its organization",
	}, live.Unread)
	got := map[string]string{}
	for i := range live.Of(diff.Subscriber).Len() {
		r := live.Of(diff.Subscriber).Row(i)
		var cells []string
		for _, c := range []diff.Column{diff.ColFirstName, diff.ColLastName, diff.ColPhone, diff.ColExtension, diff.ColLocationID} {
			cells = append(cells, r.Get(c))
		}
		got[r.Get(diff.ColID)] = strings.Join(cells, "|")
	}
	check(t, "cells", map[string]string{
		"S1": "By|Id|+12145550102|0101|Y2lzY29zcGFyazovL3VzL0xPQ0FUSU9OL2Y4==", "S2": "By|Address|||", "S3": "||||", "S4": "||||", "S5": "||||",
	}, got)
}

// Few people of a large customer are read one by one.
func TestDeepOfFew(t *testing.T) {
	for rows, want := range map[int]map[string]int{2: {"/people/{id}": 2}, 3: {"/people": 3}} {
		e := inMemory(t, sandbox.Options{Seed: deepEstate(1, 250)})
		input := wanted(t, deepRows(1, rows)...)
		live, _ := e.list(t, input, deepNow)
		asked := e.requested(t)
		maps.DeleteFunc(asked, func(path string, _ int) bool { return !strings.HasPrefix(path, "/people") })
		check(t, "asked", want, asked)
		if p := diff.Compute(input, live, diff.Options{Deep: true}); len(p.Drift)+len(live.Unread) > 0 {
			t.Errorf("%d rows: drift %+v, unread %v", rows, p.Drift, live.Unread)
		}
	}
}

var deepNow = ListOptions{DeepOptions: DeepOptions{Deep: true, Access: time.Microsecond}}

// Locations are read for rows that will send one, and for no others.
func TestListLocations(t *testing.T) {
	tests := []struct {
		name string
		row  diff.Cells
		asks bool
	}{
		{"new", aSubscriber("c000", "new@c000.example", "webex_calling", "extension", "77", "location_name", "Austin"), true},
		{"new by id", aSubscriber("c000", "new@c000.example", "webex_calling", "extension", "77", "location_id", "L1"), false},
		{"as it is", aSubscriber("c000", "u0@c000.example", "webex_calling", "location_name", "Austin"), false},
		{"to leave", aSubscriber("c000", "new@c000.example", "", "location_name", "Austin", "ensure", "absent"), false},
		{"of nobody", aSubscriber("nobody", "new@c000.example", "webex_calling", "location_name", "Austin"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, sandbox.Options{Seed: deepEstate(2, 1)})
			o := ListOptions{Locations: true, DeepOptions: DeepOptions{Access: time.Microsecond}}
			live, _ := e.list(t, wanted(t, tt.row), o)
			asked := e.requested(t)
			if (asked["/locations"] == 1) != tt.asks || (asked["/organizations/{id}"] == 1) != tt.asks || asked["/people"] > 0 {
				t.Errorf("asked for %v", asked)
			}
			names := []string{}
			for _, l := range live.Locations["c000"].List {
				names = append(names, l.Name)
			}
			if tt.asks && !slices.Equal(names, []string{"Dallas", "Austin"}) {
				t.Errorf("locations are %v", live.Locations)
			}
		})
	}
}

// Without the option nothing more is asked than before.
func TestListIsNotDeepUnasked(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: deepEstate(3, 2)})
	live, _ := e.list(t, wanted(t, deepRows(3, 2)...), ListOptions{})
	if asked := e.requested(t); asked["/organizations/{id}"]+asked["/people"]+asked["/locations"] > 0 || live.Of(diff.Subscriber).Row(0).Get(diff.ColFirstName) != "" {
		t.Errorf("asked for %v", asked)
	}
}

// Sub-partners share one wait, and each of their customers is read.
func TestDeepOfSubPartners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text, err := io.ReadAll(deepEstate(2, 1))
		if err != nil {
			t.Fatal(err)
		}
		seed := strings.ReplaceAll(string(text), `external_id": "c001",`, `external_id": "c001", "sub_partner": "SP1",`)
		seed = strings.Replace(seed, `{"customers"`, `{"sub_partners": [{"org_id": "SP1"}], "customers"`, 1)
		e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seed), AccessDelay: accessTakes, AccessLife: time.Hour})
		rows := deepRows(2, 1)
		rows[1][diff.ColSubPartner] = "SP1"
		rows[1][diff.ColLastName] = "Leigh"
		want := wanted(t, rows...)
		begin := time.Now()
		live, _ := e.list(t, want, deep)
		if took := time.Since(begin); took != accessTakes {
			t.Errorf("took %v", took)
		}
		p := diff.Compute(want, live, diff.Options{Deep: true})
		if len(p.Drift) != 1 || p.Drift[0].Live != "Lee" || len(p.Problems)+len(p.Notes) > 0 {
			t.Errorf("drift %+v, problems %v, notes %v", p.Drift, p.Problems, p.Notes)
		}
	})
}

// Somebody who has not agreed yet is in no organization of the partner's, so nobody
// is asked and nothing is missing.
func TestDeepOfWaiting(t *testing.T) {
	e := inMemory(t, sandbox.Options{})
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: answering{direct{e.box}, func(r *http.Request) (int, string) {
		switch r.URL.Query().Get("offset") + strings.TrimPrefix(r.URL.Path, "/v1") {
		case "0/wholesale/customers":
			return 200, `{"items":[{"id":"C1","externalId":"c","orgId":"O1"}]}`
		case "0/wholesale/subscribers":
			return 200, `{"items":[{"id":"S1","email":"u1@c.example","customerId":"C1","package":"webex_meetings","status":"pending_user_migration"}]}`
		}
		return 200, `{"items":[]}`
	}}})
	before := e.client.Stats().Requests
	live, err := ListAll(t.Context(), e.client, ListAllOptions{Offers: []diff.Offer{diff.Wholesale}, DeepOptions: deepNow.DeepOptions})
	if err != nil || len(live.Unread) > 0 || live.Of(diff.Subscriber).Len() != 1 || e.client.Stats().Requests-before != 4 {
		t.Errorf("unread %v, %d requests, %v", live.Unread, e.client.Stats().Requests-before, err)
	}
}
