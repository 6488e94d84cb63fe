package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// refresh asks the token endpoint with form fields, some of them replaced.
func (c *client) refresh(replace url.Values, basic bool) response {
	c.t.Helper()
	var file map[string]string
	if err := json.Unmarshal(c.s.Credentials(), &file); err != nil {
		c.t.Fatal(err)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {file["refresh_token"]}}
	if !basic {
		form["client_id"], form["client_secret"] = []string{file["client_id"]}, []string{file["client_secret"]}
	}
	for name, value := range replace {
		form[name] = value
	}
	r := httptest.NewRequest("POST", "http://sandbox.test/v1/access_token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		r.SetBasicAuth(file["client_id"], file["client_secret"])
	}
	w := httptest.NewRecorder()
	c.s.ServeHTTP(w, r)
	return c.read(w.Result())
}

func TestTokens(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, Options{TokenTTL: time.Hour, Now: func() time.Time { return now }})
	c.want(200, "GET", "/people/me")
	now = now.Add(time.Hour)
	c.want(401, "GET", "/people/me")
	got := c.refresh(nil, false)
	if got.status != 200 || got.body["expires_in"] != 3600.0 || got.text("token_type") != "Bearer" {
		t.Fatalf("refresh: %d %v", got.status, got.body)
	}
	c.token = got.text("access_token")
	c.want(200, "GET", "/people/me")
	if again := c.refresh(nil, true); again.status != 200 || again.text("refresh_token") != got.text("refresh_token") {
		t.Errorf("by HTTP Basic: %d %v", again.status, again.body)
	}
	c.token = "other"
	c.want(401, "GET", "/people/me")
	c.token = c.s.AccessToken()
	c.want(200, "GET", "/people/me")
}

func TestTokenRefusals(t *testing.T) {
	c := start(t, Options{})
	for want, replace := range map[string]url.Values{
		"invalid_grant":          {"refresh_token": {"old"}},
		"invalid_client":         {"client_secret": {"wrong"}},
		"unsupported_grant_type": {"grant_type": {"password"}},
	} {
		got := c.refresh(replace, false)
		if got.text("error") != want {
			t.Errorf("%v: %d %v, want %s", replace, got.status, got.body, want)
		}
	}
	if got := c.do("POST", "/access_token", `{"grant_type":"refresh_token"}`); got.status != 400 || got.text("error") != "invalid_request" {
		t.Errorf("JSON: %d %v", got.status, got.body)
	}
}

func TestRotatedRefreshToken(t *testing.T) {
	c := start(t, Options{RotateRefresh: true})
	var before map[string]string
	if err := json.Unmarshal(c.s.Credentials(), &before); err != nil {
		t.Fatal(err)
	}
	got := c.refresh(nil, false)
	if got.status != 200 || got.text("refresh_token") == before["refresh_token"] {
		t.Fatalf("refresh: %d %v", got.status, got.body)
	}
	if got := c.refresh(url.Values{"refresh_token": {before["refresh_token"]}}, false); got.text("error") != "invalid_grant" {
		t.Errorf("the old one again: %d %v", got.status, got.body)
	}
	if got := c.refresh(nil, false); got.status != 200 {
		t.Errorf("the new one: %d %v", got.status, got.body)
	}
}

func TestRateLimit(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := start(t, Options{Rate: 0.5, Burst: 2, Now: func() time.Time { return now }})
	c.want(200, "GET", "/people/me")
	c.want(200, "GET", "/people/me")
	if got := c.want(429, "GET", "/people/me"); got.header.Get("Retry-After") != "2" || got.text("trackingId") == "" {
		t.Errorf("Retry-After %q, %v", got.header.Get("Retry-After"), got.body)
	}
	now = now.Add(2 * time.Second)
	c.want(200, "GET", "/people/me")
	c.want(429, "GET", "/people/me")
	if got := c.refresh(nil, false); got.status != 200 {
		t.Errorf("the token endpoint is limited too: %d", got.status)
	}
}

func TestSubPartners(t *testing.T) {
	c := start(t, Options{Seed: strings.NewReader(`{"sub_partners":[{"org_id":"on"},{"org_id":"off","state":"suspended"}],
		"customers":[{"external_id":"a","packages":["webex_meetings"]},{"external_id":"a","packages":["webex_meetings"],"sub_partner":"on"},
			{"external_id":"b","packages":["webex_meetings"],"sub_partner":"off"}],
		"subscribers":[{"customer_external_id":"b","email":"x@b.example","package":"webex_meetings","sub_partner":"off"}]}`)})
	const on, off = "onBehalfOfSubPartnerOrgId=on", "onBehalfOfSubPartnerOrgId=off"
	if got := c.want(404, "GET", "/wholesale/customers?onBehalfOfSubPartnerOrgId=none"); got.code() != 2501 {
		t.Errorf("unknown: %d, want 2501", got.code())
	}
	own := c.want(200, "GET", "/wholesale/customers?"+on).items()
	if len(own) != 1 || own[0]["id"] == c.customerID("a") {
		t.Errorf("its customers: %v", own)
	}
	if got := c.want(404, "GET", "/wholesale/customers/"+own[0]["id"].(string)); got.code() != 2541 {
		t.Errorf("a sub-partner's customer, asked for by the partner: %d, want 2541", got.code())
	}
	if got := c.want(200, "GET", "/wholesale/customers?orgId="+own[0]["orgId"].(string)).items(); len(got) != 0 {
		t.Errorf("found by orgId, asked for by the partner: %v", got)
	}
	c.want(202, "POST", "/wholesale/customers?"+on+" "+customerBody(``))
	if got := c.want(403, "POST", "/wholesale/customers?"+off+" "+customerBody(``)); got.code() != 2006 {
		t.Errorf("suspended: %d, want 2006", got.code())
	}
	sub := c.want(200, "GET", "/wholesale/subscribers?"+off).items()[0]["id"].(string)
	c.want(404, "DELETE", "/wholesale/subscribers/"+sub)
	c.want(204, "DELETE", "/wholesale/subscribers/"+sub+"?"+off)

	var ids []string
	for _, p := range c.want(200, "GET", "/wholesale/subPartners?provisioningState=suspended").items() {
		ids = append(ids, p["orgId"].(string))
	}
	if !slices.Equal(ids, []string{"off"}) {
		t.Errorf("suspended sub-partners: %v", ids)
	}
	if got := c.want(200, "GET", "/wholesale/subPartners?max=1"); len(got.items()) != 1 || got.header.Get("Link") == "" {
		t.Errorf("first page: %v, Link %q", got.body, got.header.Get("Link"))
	}
}

func TestDirectory(t *testing.T) {
	c := start(t, Options{})
	me := c.want(200, "GET", "/people/me")
	home := c.want(200, "GET", "/organizations/"+me.text("orgId"))
	if home.text("displayName") != "Example Partner" {
		t.Errorf("home %v", home.body)
	}
	if got := len(c.want(200, "GET", "/organizations").items()); got != 8 {
		t.Errorf("%d organizations, want the partner's, 5 customers' and 2 enterprises'", got)
	}
	acme := c.want(200, "GET", "/wholesale/customers?externalId=acme").items()[0]["orgId"].(string)
	places := c.want(200, "GET", "/locations?orgId="+acme).items()
	if len(places) != 1 || places[0]["name"] != "Main office" {
		t.Fatalf("locations %v", places)
	}
	if got := c.want(200, "GET", "/locations?name=x&orgId="+acme).items(); len(got) != 0 {
		t.Errorf("by another name: %v", got)
	}
	if got := c.want(200, "GET", "/people?email=ada.perlman@acme.example.com&orgId="+acme).items(); len(got) != 1 || got[0]["displayName"] != "Ada Perlman" {
		t.Errorf("people %v", got)
	}
	if got := c.want(200, "GET", "/people?email=ada.perlman@acme.example.com&orgId="+me.text("orgId")).items(); len(got) != 0 {
		t.Errorf("people of another organization: %v", got)
	}
	if got := c.want(200, "GET", "/people").items(); len(got) != 1 {
		t.Errorf("people of the partner: %v", got)
	}
	c.want(403, "DELETE", "/people/"+me.text("id"))
	c.want(404, "GET", "/organizations/none")
	c.want(404, "GET", "/locations?orgId=none")
}

func TestPagesCoverTheEstate(t *testing.T) {
	dir := generate(t, GenerateOptions{Customers: 3, Subscribers: 250})
	c := start(t, Options{Seed: bytes.NewReader(readFile(t, dir, "seed.json"))})
	total := len(c.state().Subscribers)
	for query, pages := range map[string]int{"": (total + 49) / 50, "?max=1000": 3, "?max=100&status=provisioned": 3, "?sortOrder=DESC&max=60": (total + 59) / 60} {
		seen := map[any]bool{}
		path, read := "/wholesale/subscribers"+query, 0
		for ; path != "" && read <= pages; read++ {
			got := c.want(200, "GET", path)
			for _, item := range got.items() {
				seen[item["id"]] = true
			}
			link := got.header.Get("Link")
			path = strings.TrimPrefix(strings.TrimSuffix(link, `>; rel="next"`), "<http://sandbox.test/v1")
		}
		if len(seen) != total || read != pages {
			t.Errorf("%s: %d subscribers in %d pages, want %d in %d", query, len(seen), read, total, pages)
		}
	}
}

// item is the simplest thing a roster can hold.
type item int

func (i item) order() int { return int(i) }

// TestRosterIsASortedSet compares a roster with a sorted slice over any sequence of additions and removals.
func TestRosterIsASortedSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoster[item]()
		var model []item
		next := item(0)
		check := func(t *rapid.T) {
			offset, n := rapid.IntRange(0, len(model)+2).Draw(t, "offset"), rapid.IntRange(0, 1200).Draw(t, "n")
			want := model[min(offset, len(model)):]
			want = want[:min(n, len(want))]
			if got := r.slice(offset, n); !slices.Equal(got, want) || r.size != len(model) {
				t.Fatalf("slice(%d, %d) of %d: %v, want %v", offset, n, r.size, got, want)
			}
			if got := slices.Collect(r.all()); !slices.Equal(got, model) {
				t.Fatalf("all: %v, want %v", got, model)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": check,
			"append": func(t *rapid.T) {
				for range rapid.IntRange(1, 700).Draw(t, "count") {
					next += 2
					r.add(next)
					model = append(model, next)
				}
			},
			"insert": func(t *rapid.T) {
				late := item(rapid.IntRange(0, int(next/2)).Draw(t, "place")*2 + 1)
				if i, found := slices.BinarySearch(model, late); !found {
					r.add(late)
					model = slices.Insert(model, i, late)
				}
			},
			"remove": func(t *rapid.T) {
				gone := item(rapid.IntRange(0, int(next)+1).Draw(t, "item"))
				r.remove(gone)
				if i, found := slices.BinarySearch(model, gone); found {
					model = slices.Delete(model, i, i+1)
				}
			},
		})
	})
}

func TestIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 1<<40).Draw(t, "n")
		id := encodeID(kindSubscriber, n)
		if got, ok := decodeID(kindSubscriber, id+strings.Repeat("=", rapid.IntRange(0, 2).Draw(t, "padding"))); !ok || got != n {
			t.Fatalf("%s: %d %v, want %d", id, got, ok, n)
		}
		if _, ok := decodeID(kindPerson, id); ok {
			t.Fatal("taken for a person's")
		}
	})
	for _, id := range []string{"", "x", "Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIv", encodeID(kindSubscriber, 1) + "AAAA"} {
		if n, ok := decodeID(kindSubscriber, id); ok {
			t.Errorf("%q: taken for number %d", id, n)
		}
	}
}

func TestLogKeepsTheNewest(t *testing.T) {
	s := &Sandbox{}
	for i := range 2*logCap + 1 {
		s.record(logEntry{Seq: i})
	}
	if first, last := s.log[0].Seq, s.log[len(s.log)-1].Seq; first != logCap || last != 2*logCap {
		t.Errorf("from %d to %d", first, last)
	}
}

// TestManyClients is for the race detector; the numbers must come out right too.
func TestManyClients(t *testing.T) {
	c := startSmall(t)
	id := c.customerID("acme")
	done := make(chan bool)
	for worker := range 8 {
		go func() {
			defer func() { done <- true }()
			for i := range 20 {
				body := fmt.Sprintf(`{"customerId":"%s","email":"w%d-%d@acme.example","package":"webex_meetings","provisioningParameters":{}}`, id, worker, i)
				c.do("POST", "/wholesale/subscribers", body)
				c.do("GET", "/wholesale/subscribers?max=100", "")
			}
			c.state()
		}()
	}
	for range 8 {
		<-done
	}
	if got := len(c.state().Subscribers); got != 4+8*20 {
		t.Errorf("%d subscribers, want %d", got, 4+8*20)
	}
	if diff := cmp.Diff(8*20*2+1, len(c.log())); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkProvisionSubscriber(b *testing.B) {
	s, err := New(Options{Seed: strings.NewReader(small)})
	if err != nil {
		b.Fatal(err)
	}
	token, id := s.AccessToken(), encodeID(kindCustomer, 1)
	for i := 0; b.Loop(); i++ {
		body := fmt.Sprintf(`{"customerId":"%s","email":"w%d@acme.example","package":"webex_calling","provisioningParameters":{"extension":"%d"}}`, id, i, 100000+i)
		r := httptest.NewRequest("POST", "http://sandbox.test/v1/wholesale/subscribers", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

// BenchmarkListPage reads a page from the middle of a large estate.
func BenchmarkListPage(b *testing.B) {
	dir := b.TempDir()
	if err := Generate(GenerateOptions{Customers: 100, Subscribers: 200_000, Dir: dir}); err != nil {
		b.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "seed.json"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := New(Options{Seed: bytes.NewReader(seed)})
	if err != nil {
		b.Fatal(err)
	}
	token := s.AccessToken()
	for b.Loop() {
		r := httptest.NewRequest("GET", "http://sandbox.test/v1/wholesale/subscribers?max=100&offset=100000", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
