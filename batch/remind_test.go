package batch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// waiters is an estate in which so many subscribers wait for their persons.
func waiters(t *testing.T, n int, c webex.Config, faults ...string) (*estate, []Reminder) {
	t.Helper()
	var seeds []string
	var rows []diff.Cells
	for i := range n {
		email := fmt.Sprintf("u%d@consumer.example", i)
		seeds = append(seeds, fmt.Sprintf(`{"customer_external_id": "acme", "email": %q, "package": "webex_meetings", "status": "pending_user_migration"}`, email))
		rows = append(rows, aSubscriber("acme", email, "webex_meetings"))
	}
	seed := `{"customers": [{"external_id": "acme", "packages": ["webex_meetings"], "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}],
		"subscribers": [` + strings.Join(seeds, ",") + `]}`
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seed)}, faults...)
	if c.Transport == nil {
		c.Transport = direct{e.box}
	}
	p, _ := e.plan(t, wanted(t, rows...))
	reminders := WaitingForConsent(p, nil)
	if len(reminders) != n {
		t.Fatalf("%d of %d wait", len(reminders), n)
	}
	c.BaseURL = memoryURL
	e.client = newClient(t, e.box, c)
	return e, reminders
}

func tallyReminded(reminders []Reminder) map[Reminded]int {
	n := map[Reminded]int{}
	for _, r := range reminders {
		n[r.Outcome]++
	}
	return n
}

// Only subscribers that wait for their persons are reminded of, by this run's
// provision or by the plan; not those that wait with their customer.
func TestWaitingForConsent(t *testing.T) {
	change := func(kind diff.Kind, email string) diff.Change {
		key := diff.Key{Customer: "acme", Email: email}
		return diff.Change{ID: kind.String() + email, Kind: kind, Key: key, FileName: "in.csv", Line: 7, SubPartner: "sub"}
	}
	ended := func(o diff.Outcome, id string) Past { return Past{Done: &Result{Outcome: o, ResourceID: id}} }
	held := func(kind diff.Kind, o diff.Outcome, reason string, ids ...string) diff.Held {
		return diff.Held{Kind: kind, Key: diff.Key{Customer: "acme", Email: "held"}, Outcome: o, Reason: reason, LiveIDs: ids, FileName: "in.csv", Line: 9, SubPartner: "other"}
	}
	const waits = "the live subscriber waits for a person: pending_user_migration"
	p := &diff.Plan{
		Changes: []diff.Change{
			change(diff.Subscriber, "waits"), change(diff.Subscriber, "done"), change(diff.Subscriber, "new"), change(diff.Customer, ""), change(diff.Subscriber, "nameless"),
		},
		Held: []diff.Held{
			held(diff.Subscriber, diff.Pending, waits, "h1"), held(diff.Subscriber, diff.Conflict, waits, "h2"),
			held(diff.Subscriber, diff.Pending, "its customer waits for a person: pending_rpl_review", "h3"),
			held(diff.Subscriber, diff.Pending, "the live subscriber waits for a person: pending_email_input", "h4"),
			held(diff.Customer, diff.Pending, waits, "h5"), held(diff.Subscriber, diff.Pending, waits),
		},
	}
	past := map[string]Past{
		"subscriberwaits": ended(diff.Pending, "s1"), "subscriberdone": ended(diff.OK, "s2"), "customer": ended(diff.Pending, "c1"),
		"subscribernameless": ended(diff.Pending, ""), "subscribernew": {Attempts: 1},
	}
	check(t, "reminders", []Reminder{
		{Kind: diff.Subscriber, Key: diff.Key{Customer: "acme", Email: "waits"}, FileName: "in.csv", Line: 7, SubPartner: "sub", ResourceID: "s1"},
		{Kind: diff.Subscriber, Key: diff.Key{Customer: "acme", Email: "held"}, FileName: "in.csv", Line: 9, SubPartner: "other", ResourceID: "h1"},
	}, WaitingForConsent(p, past))
}

// A day is a day: who was mailed 24 hours ago is mailed again.
func TestReadRemindersByTime(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]Reminded{time.Hour: RemindedRecently, 24*time.Hour - time.Second: RemindedRecently, 24 * time.Hour: ""} {
		e, reminders := waiters(t, 1, webex.Config{})
		reminders[0].MailedAt = now.Add(-age)
		if err := ReadReminders(t.Context(), e.client, reminders, now, false); err != nil || reminders[0].Outcome != want {
			t.Errorf("mailed %v ago: %q, %v", age, reminders[0].Outcome, err)
		}
		reminders[0].Outcome = ""
		if err := ReadReminders(t.Context(), e.client, reminders, now, true); err != nil || reminders[0].Outcome != "" {
			t.Errorf("mailed %v ago, and wanted again: %q, %v", age, reminders[0].Outcome, err)
		}
	}
}

// An API that does not answer is not taken for people who are gone.
func TestReadRemindersInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, reminders := waiters(t, 40, webex.Config{MaxOutage: time.Minute}, "GET /wholesale/subscribers/* 500-before")
		err := ReadReminders(t.Context(), e.client, reminders, time.Now(), false)
		var api *webex.Error
		if !errors.As(err, &api) || api.Class != webex.ClassTransient {
			t.Errorf("error is %v", err)
		}
	})
}

// Both APIs have people who wait, some of them under a sub-partner; the mail is the same.
func TestRemindersOfAllKinds(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(`{
	  "sub_partners": [{"org_id": "sub-1"}],
	  "customers": [{"external_id": "one", "packages": ["webex_meetings"], "sub_partner": "sub-1", "address": {"line1": "1 Main Street", "city": "Dallas", "state": "TX", "zip": "75201", "country": "US"}}],
	  "subscribers": [{"customer_external_id": "one", "email": "ann@consumer.example", "package": "webex_meetings", "sub_partner": "sub-1", "status": "pending_user_migration"}],
	  "broadworks_templates": [{"provisioning_id": "t"}],
	  "enterprises": [{"sp_enterprise_id": "ent", "provisioning_id": "t"}],
	  "broadworks_subscribers": [
	    {"sp_enterprise_id": "ent", "user_id": "u1", "email": "bea@ent.example", "package": "basic", "first_name": "F", "last_name": "L", "extension": "10"},
	    {"sp_enterprise_id": "ent", "user_id": "u2", "email": "bob@consumer.example", "package": "basic", "first_name": "F", "last_name": "L", "extension": "11", "status": "pending_user_migration"}]}`)})
	want := wanted(t, aSubscriber("one", "ann@consumer.example", "webex_meetings", "sub_partner_org_id", "sub-1"))
	for i, cells := range []diff.Cells{anAccount("ent", "u1", "bea@ent.example"), anAccount("ent", "u2", "bob@consumer.example")} {
		cells[diff.ColExtension] = fmt.Sprint(10 + i)
		if err := want.Of(diff.BroadWorksSubscriber).Add(diff.Position{Line: uint32(i + 5)}, cells); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := e.plan(t, want)
	reminders := WaitingForConsent(p, nil)
	if err := ReadReminders(t.Context(), e.client, reminders, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
		t.Fatal(err)
	}
	got := map[string]Reminded{}
	for _, r := range reminders {
		got[r.Kind.String()+" "+r.Key.String()] = r.Outcome
	}
	check(t, "reminders", map[string]Reminded{"subscriber one/ann@consumer.example": RemindedMailed, diff.BroadWorksSubscriber.String() + " ent/u2": RemindedMailed}, got)
}

func TestMailConsents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, reminders := waiters(t, 50, webex.Config{})
		reminders[3].Outcome = RemindedDone
		begun := time.Now()
		if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
			t.Fatal(err)
		}
		check(t, "outcomes", map[Reminded]int{RemindedMailed: 49, RemindedDone: 1}, tallyReminded(reminders))
		for i, r := range reminders {
			if mailed := i != 3; r.MailedAt.IsZero() == mailed || r.MailedAt.After(time.Now()) || mailed && (r.MailedAt.Before(begun) || r.TrackingID == "") {
				t.Errorf("number %d: mailed at %v, tracking id %q", i, r.MailedAt, r.TrackingID)
			}
		}
		if n := e.writes(t); n != 49 {
			t.Errorf("%d mails", n)
		}
	})
}

// unplugged is a transport that reaches nobody.
type unplugged struct{}

func (unplugged) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route to host")}
}

// What goes wrong for one may be its own; what goes wrong for all stops the rest.
func TestMailConsentsStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped, halt := context.WithCancel(t.Context())
		halt()
		e, reminders := waiters(t, 3, webex.Config{})
		if err := MailConsents(t.Context(), stopped, e.client, reminders, time.Now); err != nil || e.writes(t) > 0 {
			t.Errorf("after an interrupt: %d mails, %v", e.writes(t), err)
		}
		check(t, "interrupted", map[Reminded]int{RemindedNotAttempted: 3}, tallyReminded(reminders))

		e, reminders = waiters(t, 200, webex.Config{Concurrency: 1}, "POST /subscribers/* 500-after")
		if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
			t.Error(err)
		}
		tally := tallyReminded(reminders)
		if tally[RemindedUnknown] < mostLost || tally[RemindedUnknown] > mostLost+remindersAtOnce || tally[RemindedUnknown]+tally[RemindedNotAttempted] != 200 {
			t.Errorf("all answers lost: %v", tally)
		}
		for _, r := range reminders {
			if r.MailedAt.IsZero() == (r.Outcome == RemindedUnknown) {
				t.Errorf("%s counts as mailed at %v", r.Outcome, r.MailedAt)
			}
		}

		e, reminders = waiters(t, 200, webex.Config{}, "POST /subscribers/* nth=7 500-after", "POST /subscribers/* nth=9 error=2020")
		if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
			t.Error(err)
		}
		check(t, "one lost and one refused", map[Reminded]int{RemindedMailed: 198, RemindedUnknown: 1, RemindedFailed: 1}, tallyReminded(reminders))

		var now []string // and then; more than mostLost, and never so many in a row
		for i := range 2 * mostLost {
			now = append(now, fmt.Sprintf("POST /subscribers/* nth=%d 500-after", 10*(i+1)))
		}
		e, reminders = waiters(t, 200, webex.Config{Concurrency: 1}, now...)
		if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
			t.Error(err)
		}
		check(t, "some lost", map[Reminded]int{RemindedMailed: 200 - 2*mostLost, RemindedUnknown: 2 * mostLost}, tallyReminded(reminders))

		e, reminders = waiters(t, 200, webex.Config{Concurrency: 1}, "POST /subscribers/* error=2006")
		err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now)
		var api *webex.Error
		if !errors.As(err, &api) || api.Class != webex.ClassAuth || e.writes(t) > 2*remindersAtOnce {
			t.Errorf("without permission: %d requests, %v", e.writes(t), err)
		}
	})
}

// Nobody waits for an API that cannot be reached once for each mail.
func TestMailConsentsUnplugged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, reminders := waiters(t, 200, webex.Config{Transport: unplugged{}, MaxOutage: time.Minute})
		begun := time.Now()
		if err := MailConsents(t.Context(), t.Context(), e.client, reminders, time.Now); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 3*time.Minute {
			t.Errorf("took %v", took)
		}
		tally := tallyReminded(reminders)
		if tally[RemindedNotAttempted] != 200 {
			t.Errorf("outcomes are %v", tally)
		}
	})
}
