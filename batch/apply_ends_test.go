package batch

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// The ends that a provision can come to.
func TestApplyEnds(t *testing.T) {
	named := func(name string) diff.Cells { return aCustomer("newco", "webex_calling;webex_meetings", "name", name) }
	const customer, subscriber = "customer/newco/provision", "subscriber/acme/eve@consumer.example/provision"
	eve := aSubscriber("acme", "eve@consumer.example", "webex_meetings")
	tests := []struct {
		name    string
		row     diff.Cells
		fault   string
		id      string
		outcome diff.Outcome
		code    int
		says    string
	}{
		{"good", named("Newco"), "", customer, diff.OK, 0, ""},
		{"review", named("RPL review"), "", customer, diff.Pending, 0, "pending_rpl_review"},
		{"partial", named("partial"), "", customer, diff.Failed, 2560, "package webex_meetings: warning 2560"},
		{"error", named("fails"), "", customer, diff.Failed, 2525, "2525"},
		{"stuck", named("Newco"), "POST * stuck", customer, diff.InProgress, 0, "accepted"},
		{"consent", eve, "", subscriber, diff.Pending, 0, "pending_user_migration"},
		{"subscriber stuck", aSubscriber("acme", "eve@acme.example", "webex_meetings"), "POST * stuck", "subscriber/acme/eve@acme.example/provision", diff.InProgress, 0, "provisioning"},
		{"subscriber in error", aSubscriber("acme", "eve@acme.example", "webex_meetings"), "POST * end=error", "subscriber/acme/eve@acme.example/provision", diff.Failed, 5001, "5001"},
		{"subscriber to validate", aSubscriber("acme", "eve@acme.example", "webex_meetings"), "POST * end=pending_email_validation", "subscriber/acme/eve@acme.example/provision", diff.Pending, 0, "pending_email_validation"},
		{"refused", aSubscriber("acme", "eve@acme.example", "webex_meetings"), "POST * error=2539", "subscriber/acme/eve@acme.example/provision", diff.Failed, 2539, "not permitted"},
		{"removal stuck", anAbsent("hollow"), "DELETE * stuck", "customer/hollow/remove", diff.InProgress, 0, "accepted"},
		{"migrating", aSubscriber("acme", "bob@acme.example", "webex_calling", "extension", "1002"), "PUT * error=2027", "subscriber/acme/bob@acme.example/update", diff.Pending, 2027, "migration"},
	}
	for _, tt := range tests {
		for _, async := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/async=%v", tt.name, async), func(t *testing.T) {
				var faults []string
				if tt.fault != "" {
					faults = []string{strings.Replace(tt.fault, " * ", " /wholesale/* ", 1)}
				}
				o := sandbox.Options{AsyncSubscribers: async, ProvisionDelay: time.Minute}
				inVirtualTime(t, o, wanted(t, tt.row), faults, func(e *estate, results map[string]Result, took time.Duration) {
					got := results[tt.id]
					if got.Outcome != tt.outcome || got.Code != tt.code || !strings.Contains(got.Description, tt.says) {
						t.Errorf("result is %+v", got)
					}
					if (tt.outcome == diff.Pending || tt.outcome == diff.InProgress) && got.Advice == "" {
						t.Errorf("no advice: %+v", got)
					}
					if n := e.writes(t); n != 1 {
						t.Errorf("%d writes", n)
					}
				})
			})
		}
	}
}

// oneCustomer is an API that takes a customer, and shows it in a literal way.
func oneCustomer(shown string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Method == http.MethodPost:
			w.Header().Set("Location", "http://127.0.0.1/v1/wholesale/customers/C1")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"url":"http://127.0.0.1/v1/wholesale/customers/C1"}`)
		case strings.HasSuffix(r.URL.Path, "/C1"):
			_, _ = io.WriteString(w, shown)
		default:
			_, _ = io.WriteString(w, `{"items":[]}`)
		}
	}
}

// What is said about packages counts, whatever the customer's own status is.
func TestApplyJudgesPackages(t *testing.T) {
	tests := []struct {
		name, packages string
		outcome        diff.Outcome
		code           int
		says           string
	}{
		{"good", `[{"name":"webex_meetings","status":"provisioned"}]`, diff.OK, 0, ""},
		{"warning", `[{"name":"webex_meetings","status":"provisioned","warnings":[{"errorCode":2560,"description":"slow"}]}]`, diff.OK, 2560, "provisioned with warnings: package webex_meetings: warning 2560 slow"},
		{"error", `[{"name":"webex_meetings","status":"provisioned","errors":[{"errorCode":10022,"description":"odd"}]}]`, diff.Failed, 10022, "package webex_meetings failed: package webex_meetings: 10022 odd"},
		{"status", `[{"name":"webex_meetings","status":"error"}]`, diff.Failed, 0, "in status error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shown := `{"id":"C1","externalId":"newco","status":"provisioned","packages":["webex_meetings"],"resourceDetails":{"packages":` + tt.packages + `}}`
			e := inMemory(t, sandbox.Options{})
			e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{oneCustomer(shown)}})
			got := e.apply(t, wanted(t, aCustomer("newco", "webex_meetings")))["customer/newco/provision"]
			if got.Outcome != tt.outcome || got.Code != tt.code || !strings.Contains(got.Description, tt.says) {
				t.Errorf("result is %+v", got)
			}
		})
	}
}

// A customer that has ended with other packages than asked for has failed, but
// not while reads may be behind.
func TestApplyOtherPackages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{})
		shown := `{"id":"C1","externalId":"newco","status":"provisioned","packages":["webex_calling"]}`
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{oneCustomer(shown)}})
		begin := time.Now()
		got := e.apply(t, wanted(t, aCustomer("newco", "webex_meetings")))["customer/newco/provision"]
		if took := time.Since(begin); got.Outcome != diff.Failed || took < readLag || !strings.Contains(got.Description, "webex_calling instead of webex_meetings") {
			t.Errorf("after %v: %+v", took, got)
		}
	})
}

// growing is a list that has one more page whenever one is read.
func growing(w http.ResponseWriter, r *http.Request) {
	if wait(r.Context(), time.Second) != nil {
		return
	}
	fmt.Fprintf(w, `{"items":[{"id":"other%s","status":"provisioned"}]}`, r.URL.Query().Get("offset"))
}

// A run adds to the list that it looks at, so a look must not wait for its end.
func TestLookEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := inMemory(t, sandbox.Options{})
		e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{http.HandlerFunc(growing)}})
		var waiting []Result
		for _, c := range manyChanges(2 * lookAlone).Changes {
			waiting = append(waiting, Result{Change: &c, Outcome: diff.InProgress, ResourceID: c.ID, StartedAt: time.Now()})
		}
		begin := time.Now()
		ended, err := NewApplier(e.client, ApplyOptions{}).Look(t.Context(), waiting)
		if took := time.Since(begin); err != nil || len(ended) != 0 || took > 2*maxPollInterval {
			t.Errorf("took %v, %d ended: %v", took, len(ended), err)
		}
	})
}
