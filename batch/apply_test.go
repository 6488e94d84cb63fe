package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// Every kind of change does what the plan says and leaves nothing to do.
func TestApplyEverything(t *testing.T) {
	want := wanted(t,
		aCustomer("acme", "webex_calling;webex_meetings;webex_suite", "address_line1", "772 Alder Drive"),
		aCustomer("newco", "webex_meetings", "meetings_timezone", "America/New_York"),
		anAbsent("hollow"),
		aSubscriber("acme", "ann@acme.example", "webex_suite"),
		aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "1002"),
		aSubscriber("newco", "max@newco.example", "webex_meetings"),
		anAbsent("acme", "bob@acme.example"),
	)
	for _, o := range []sandbox.Options{{}, {AsyncSubscribers: true, ProvisionDelay: 20 * time.Millisecond}} {
		e := onLoopback(t, o)
		results := e.apply(t, want)
		for id, r := range results {
			if r.Outcome != diff.OK || r.ResourceID == "" || r.TrackingID == "" || r.HTTPStatus/100 != 2 || r.Attempts != 1 {
				t.Errorf("%s: %+v", id, r)
			}
		}
		if len(results) != 7 {
			t.Errorf("%d results", len(results))
		}
		e.checkSettled(t, want)
	}
}

// spy is a transport that keeps the bodies of writes.
type spy struct {
	direct
	mu     sync.Mutex
	bodies []string // "METHOD body"
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.bodies = append(s.bodies, r.Method+" "+string(body))
		s.mu.Unlock()
	}
	return s.direct.RoundTrip(r)
}

// A PUT that leaves something out takes it away, so requests are held against
// literal bodies.
func TestApplyBodies(t *testing.T) {
	tests := []struct {
		name string
		rows []diff.Cells
		want []string
	}{
		{
			"packages added", []diff.Cells{aCustomer("acme", "webex_calling;webex_meetings;webex_voice")},
			[]string{`PUT {"externalId":"acme","packages":["webex_calling","webex_meetings","webex_voice"]}`},
		},
		{
			"address changed", []diff.Cells{{diff.ColExternalID: "acme", diff.ColCity: "San Jose"}},
			[]string{`PUT {"externalId":"acme","packages":["webex_calling","webex_meetings"],"address":{"addressLine1":"771 Alder Drive","city":"San Jose","stateOrProvince":"CA","zipOrPostalCode":"95035","country":"US"}}`},
		},
		{
			"address line cleared and set", []diff.Cells{{diff.ColExternalID: "acme", diff.ColState: diff.Clear, diff.ColAddressLine2: "Floor 2", diff.ColCountry: "PT"}},
			[]string{`PUT {"externalId":"acme","packages":["webex_calling","webex_meetings"],"address":{"addressLine1":"771 Alder Drive","addressLine2":"Floor 2","city":"Milpitas","zipOrPostalCode":"95035","country":"PT"}}`},
		},
		{
			"grow, then shrink", []diff.Cells{{diff.ColExternalID: "acme", diff.ColPackages: "webex_suite"}, aSubscriber("acme", "ann@acme.example", "webex_suite"), anAbsent("acme", "bob@acme.example")},
			[]string{
				`PUT {"externalId":"acme","packages":["webex_calling","webex_meetings","webex_suite"]}`, `DELETE `,
				`PUT {"packages":["webex_suite"]}`, `PUT {"externalId":"acme","packages":["webex_suite"]}`,
			},
		},
		{
			"first calling package", []diff.Cells{aCustomer("hollow", "webex_calling;webex_meetings", "address_line1", "1 Main Street", "city", "Dallas", "state_or_province", "TX", "zip_or_postal_code", "75201", "location_name", "Dallas")},
			[]string{`PUT {"externalId":"hollow","packages":["webex_calling","webex_meetings"],"provisioningParameters":{"calling":{"location":{"name":"Dallas","address":{"addressLine1":"1 Main Street","city":"Dallas","stateOrProvince":"TX","zipOrPostalCode":"75201","country":"US"},"timezone":"America/Los_Angeles","language":"en_us"}}}}`},
		},
		{
			"subscriber", []diff.Cells{aSubscriber("acme", "eve@acme.example", "webex_calling", "extension", "0042", "primary_phone_number", "+14082100142", "first_name", "Eve")},
			[]string{`POST {"customerId":"ACME","email":"eve@acme.example","packages":["webex_calling"],"provisioningParameters":{"firstName":"Eve","primaryPhoneNumber":"+14082100142","extension":"0042"}}`},
		},
		{
			"move to calling", []diff.Cells{aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002", "first_name", "Bob")},
			[]string{`PUT {"packages":["webex_calling"],"provisioningParameters":{"extension":"1002"}}`},
		},
		{
			"move from calling", []diff.Cells{aSubscriber("acme", "ann@acme.example", "webex_meetings", "extension", "1001")},
			[]string{`PUT {"packages":["webex_meetings"]}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, sandbox.Options{})
			s := &spy{direct: direct{e.box}}
			e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: s})
			acme := e.customerID(t, "acme")
			for id, r := range e.apply(t, wanted(t, tt.rows...)) {
				if r.Outcome != diff.OK {
					t.Errorf("%s: %+v", id, r)
				}
			}
			for i := range s.bodies {
				s.bodies[i] = strings.TrimSpace(strings.ReplaceAll(s.bodies[i], acme, "ACME"))
			}
			for i := range tt.want {
				tt.want[i] = strings.TrimSpace(tt.want[i])
			}
			check(t, "requests", tt.want, s.bodies)
		})
	}
}

func (e *estate) customerID(t *testing.T, externalID string) string {
	t.Helper()
	for c, err := range e.client.ListCustomers(t.Context(), webex.CustomerFilter{ExternalID: externalID}) {
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	t.Fatalf("no customer %q", externalID)
	return ""
}

// meanwhile is what somebody else does between plan and apply.
func (e *estate) meanwhile(t *testing.T, want *diff.Desired, rows ...diff.Cells) map[string]Result {
	t.Helper()
	p, live := e.plan(t, want)
	for id, r := range e.apply(t, wanted(t, rows...)) {
		if r.Outcome != diff.OK {
			t.Fatalf("meanwhile %s: %+v", id, r)
		}
	}
	before := e.writes(t)
	results, err := e.executor(live).run(p)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range results {
		if r.Attempts > 0 && r.Outcome != diff.OK || r.Attempts != e.writes(t)-before {
			t.Errorf("%s was sent after all: %+v", id, r)
		}
	}
	return results
}

// Right before a change the object is looked at once more.
func TestApplyPrecondition(t *testing.T) {
	grown := aCustomer("acme", "webex_calling;webex_meetings;webex_voice")
	tests := []struct {
		name, id string
		want     diff.Cells
		others   []diff.Cells
		outcome  diff.Outcome
	}{
		{"customer changed", "customer/acme/update", grown, []diff.Cells{aCustomer("acme", "webex_calling;webex_meetings;webex_suite")}, diff.Conflict},
		{"customer changed alike", "customer/acme/update", grown, []diff.Cells{grown}, diff.Unchanged},
		{"customer moved house", "customer/acme/update", grown, []diff.Cells{{diff.ColExternalID: "acme", diff.ColCity: "San Jose"}}, diff.Conflict},
		{"customer gone before its update", "customer/hollow/update", diff.Cells{diff.ColExternalID: "hollow", diff.ColCity: "Austin"}, []diff.Cells{anAbsent("hollow")}, diff.Conflict},
		{"customer gone before its removal", "customer/hollow/remove", anAbsent("hollow"), []diff.Cells{anAbsent("hollow")}, diff.Unchanged},
		{"customer changed before its removal", "customer/hollow/remove", anAbsent("hollow"), []diff.Cells{{diff.ColExternalID: "hollow", diff.ColCity: "Austin"}}, diff.Conflict},
		{"subscriber changed alike", "subscriber/acme/bob@acme.example/update", aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002"), []diff.Cells{aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002")}, diff.Unchanged},
		{"subscriber gone before its update", "subscriber/acme/bob@acme.example/update", aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002"), []diff.Cells{anAbsent("acme", "bob@acme.example")}, diff.Conflict},
		{"subscriber gone before its removal", "subscriber/acme/bob@acme.example/remove", anAbsent("acme", "bob@acme.example"), []diff.Cells{anAbsent("acme", "bob@acme.example")}, diff.Unchanged},
		{"subscriber changed before its removal", "subscriber/acme/bob@acme.example/remove", anAbsent("acme", "bob@acme.example"), []diff.Cells{aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002")}, diff.Conflict},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, sandbox.Options{})
			if got := e.meanwhile(t, wanted(t, tt.want), tt.others...)[tt.id]; got.Outcome != tt.outcome || got.Description == "" {
				t.Errorf("result is %+v", got)
			}
		})
	}
}

// The API refuses to add and to remove in one PUT, and while it works on one.
func TestApplyGrowsThenShrinks(t *testing.T) {
	want := wanted(t, aCustomer("acme", "webex_suite"), aSubscriber("acme", "ann@acme.example", "webex_suite"), aSubscriber("acme", "bob@acme.example", "webex_suite", "extension", "1005"))
	inVirtualTime(t, sandbox.Options{ProvisionDelay: time.Minute}, want, nil, func(e *estate, results map[string]Result, took time.Duration) {
		for id, r := range results {
			if r.Outcome != diff.OK || r.Attempts != 1 {
				t.Errorf("%s: %+v", id, r)
			}
		}
		if len(results) != 4 || took < 2*time.Minute || took > 4*time.Minute {
			t.Errorf("%d results after %v", len(results), took)
		}
		e.checkSettled(t, want)
	})
}

// A customer goes after its subscribers, even if the API takes a while to see
// that they are gone.
func TestApplyTearsDown(t *testing.T) {
	want := wanted(t, anAbsent("acme"), anAbsent("acme", "ann@acme.example"), anAbsent("acme", "bob@acme.example"))
	faults := []string{"DELETE /wholesale/customers/* error=2514 nth=1 times=3"}
	inVirtualTime(t, sandbox.Options{ProvisionDelay: time.Minute}, want, faults, func(e *estate, results map[string]Result, took time.Duration) {
		if got := results["customer/acme/remove"]; got.Outcome != diff.OK || got.Attempts != 4 {
			t.Errorf("result is %+v", got)
		}
		if took < 74*time.Second || took > 3*time.Minute { // 2 + 4 + 8 s of pauses, and the API's minute
			t.Errorf("took %v", took)
		}
		e.checkSettled(t, want)
	})
}

// Others' subscribers, and workspaces, do not go away by waiting.
func TestApplyOccupiedCustomer(t *testing.T) {
	for _, code := range []int{2513, 2514} {
		e := onLoopback(t, sandbox.Options{}, fmt.Sprintf("DELETE /wholesale/customers/* error=%d", code))
		if got := e.apply(t, wanted(t, anAbsent("hollow")))["customer/hollow/remove"]; got.Outcome != diff.Failed || got.Code != code || got.Attempts != 1 || got.Advice == "" {
			t.Errorf("result is %+v", got)
		}
	}
}

// A subscriber that moves leaves the old customer first. The vendor keeps the
// person there, which the API says.
func TestApplyMove(t *testing.T) {
	e := onLoopback(t, sandbox.Options{})
	results := e.apply(t, wanted(t, aSubscriber("hollow", "bob@acme.example", "webex_meetings")))
	if got := results["subscriber/acme/bob@acme.example/remove"]; got.Outcome != diff.OK {
		t.Errorf("removal: %+v", got)
	}
	if got := results["subscriber/hollow/bob@acme.example/provision"]; got.Outcome != diff.Failed || got.Code != 2017 {
		t.Errorf("provision: %+v", got)
	}
}

func TestApplyBusy(t *testing.T) {
	for _, code := range []int{2502, 2504, 2020, 2536} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			fault := fmt.Sprintf("POST /wholesale/subscribers error=%d nth=1 times=5", code)
			want := wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings"), aSubscriber("acme", "max@acme.example", "webex_meetings"))
			inVirtualTime(t, sandbox.Options{}, want, []string{fault}, func(e *estate, results map[string]Result, took time.Duration) {
				attempts := 0
				for id, r := range results {
					attempts += r.Attempts
					if r.Outcome != diff.OK || r.Code != 0 || r.Description != "" {
						t.Errorf("%s: %+v", id, r)
					}
				}
				if attempts != 7 || took < 6*time.Second || took > time.Minute {
					t.Errorf("%d attempts in %v", attempts, took)
				}
			})
		})
	}
}

func TestApplyBusyForEver(t *testing.T) {
	want := wanted(t, aSubscriber("acme", "eve@acme.example", "webex_meetings"))
	inVirtualTime(t, sandbox.Options{}, want, []string{"POST /wholesale/subscribers error=2504"}, func(e *estate, results map[string]Result, took time.Duration) {
		got := results["subscriber/acme/eve@acme.example/provision"]
		if got.Outcome != diff.NotAttempted || got.Code != 2504 || got.Attempts < 20 || got.Attempts > 40 || took > 16*time.Minute {
			t.Errorf("took %v: %+v", took, got)
		}
	})
}

// The token is everybody's: without it nothing more is sent.
func TestApplyWithoutPermission(t *testing.T) {
	for fault, most := range map[string]int{
		"POST /wholesale/subscribers 401-before": 2,
		"POST /wholesale/subscribers 403-before": 3, // once more, after the organization was opened
		"GET /wholesale/customers/* 403-before":  2,
	} {
		t.Run(fault, func(t *testing.T) {
			e := onLoopback(t, sandbox.Options{}, fault)
			rows := []diff.Cells{aCustomer("acme", "webex_calling;webex_meetings;webex_voice")}
			for i := range 50 {
				rows = append(rows, aSubscriber("hollow", fmt.Sprintf("u%d@hollow.example", i), "webex_meetings"))
			}
			p, live := e.plan(t, wanted(t, rows...))
			x := e.executor(live)
			x.Workers = 1
			results, err := x.run(p)
			var refused *webex.Error
			if !errors.As(err, &refused) || refused.Class != webex.ClassAuth {
				t.Errorf("error is %v", err)
			}
			for id, r := range results {
				if r.Outcome != diff.NotAttempted && r.Outcome != diff.OK && r.Outcome != diff.InProgress {
					t.Errorf("%s: %+v", id, r)
				}
			}
			if n := e.writes(t); n > most {
				t.Errorf("%d writes were sent, not %d at the most", n, most)
			}
		})
	}
}
