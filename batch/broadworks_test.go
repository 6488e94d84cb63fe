package batch

import (
	"fmt"
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

// ofUsers is a sandbox with the estate of seedUsers.
func ofUsers() sandbox.Options { return sandbox.Options{Seed: strings.NewReader(seedUsers)} }

// What a PUT names is changed and what it leaves out stays, so requests are held
// against literal bodies.
func TestApplyBodiesOfBroadWorks(t *testing.T) {
	tests := []struct {
		name string
		rows []diff.Cells
		want []string
	}{
		{
			"a new subscriber", []diff.Cells{aNewUser("acme", "eve", "premium", "extension", "0042", "mobile_phone_number", "+14082109142", "timezone", "Europe/Berlin", "language", "de", "sp_enterprise_group_id", "g1")},
			[]string{`POST {"provisioningId":"bw-template","userId":"eve","spEnterpriseId":"acme","firstName":"New","lastName":"User","package":"premium","email":"eve@b.example","mobilePhoneNumber":"+14082109142","extension":"0042","language":"de","timezone":"Europe/Berlin","spEnterpriseGroupId":"g1"}`},
		},
		{
			"what differs alone", []diff.Cells{aUser("acme", "ann", "package", "standard", "first_name", "Ann", "primary_phone_number", "+14082100101")},
			[]string{`PUT {"package":"standard"}`},
		},
		{
			"numbers cleared, and the time zone goes along", []diff.Cells{aUser("acme", "bob", "mobile_phone_number", diff.Clear, "timezone", "Europe/Berlin"), aUser("acme", "ann", "extension", diff.Clear)},
			[]string{`PUT {"extension":""}`, `PUT {"timezone":"Europe/Berlin","mobilePhoneNumber":""}`},
		},
		{"directory sync", []diff.Cells{{diff.ColSPEnterpriseID: "acme", diff.ColDirSync: "on"}}, []string{`PUT {"enableDirSync":true}`}},
		{
			"a new workspace", []diff.Cells{aUser("acme", "room", "display_name", "Room", "provisioning_id", "bw-template", "extension", "1060")},
			[]string{`POST {"provisioningId":"bw-template","userId":"room","spEnterpriseId":"acme","displayName":"Room","extension":"1060"}`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, ofUsers())
			s := &spy{direct: direct{e.box}}
			e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: s})
			want := wanted(t, tt.rows...)
			for id, r := range e.apply(t, want) {
				if r.Outcome != diff.OK {
					t.Errorf("%s: %+v", id, r)
				}
			}
			for i := range s.bodies {
				s.bodies[i] = strings.TrimSpace(s.bodies[i])
			}
			slices.Sort(s.bodies)
			check(t, "requests", tt.want, s.bodies)
			e.checkSettled(t, want)
		})
	}
}

// A workspace that a row names by id is sent what cannot be compared, on request.
func TestResendWorkspaces(t *testing.T) {
	e := inMemory(t, ofUsers())
	s := &spy{direct: direct{e.box}}
	e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: s})
	_, live := e.plan(t, wanted(t, aUser("acme", "Lab", "display_name", "Lab")))
	id := live.Of(diff.BroadWorksWorkspace).Row(0).Get(diff.ColID)
	p := diff.Compute(wanted(t, aUser("acme", "Lab", "display_name", "Lab", "workspace_id", id, "extension", "1077")), live, diff.Options{ResendWorkspaces: true})
	results, err := e.executor(live).run(p)
	if err != nil || len(results) != 1 {
		t.Fatalf("%v, %v", results, err)
	}
	for _, r := range results {
		check(t, "outcome", diff.OK, r.Outcome)
	}
	check(t, "requests", []string{`PUT {"userId":"Lab","extension":"1077"}`}, s.bodies)
}

// Inputs without rows of an offer cost it no call, and ids keep their plus sign.
func TestListBroadWorksCalls(t *testing.T) {
	tests := []struct {
		name string
		row  diff.Cells
		want []string
	}{
		{"wholesale alone", aSubscriber("acme", "a@x.example", "webex_calling", "extension", "1"), nil},
		{"subscribers", aUser("sp+old", "dan"), []string{"/v1/broadworks/enterprises max=1000&spEnterpriseId=sp%2Bold", "/v1/broadworks/subscribers max=100"}},
		{"an enterprise", diff.Cells{diff.ColSPEnterpriseID: "sp+old", diff.ColDirSync: "on"}, []string{"/v1/broadworks/enterprises max=1000&spEnterpriseId=sp%2Bold"}},
		{"workspaces", aUser("acme", "Lab", "display_name", "Lab"), []string{"/v1/broadworks/enterprises max=1000&spEnterpriseId=acme", "/v1/workspaces max=100"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := inMemory(t, ofUsers())
			e.plan(t, wanted(t, tt.row))
			var asked []string
			for _, s := range e.log(t) {
				wholesale := strings.Contains(s.Path, "/wholesale/")
				if wholesale && tt.want != nil {
					t.Errorf("asked %s", s.Path)
				}
				if !wholesale {
					query, _, _ := strings.Cut(s.Query, "orgId=")
					asked = append(asked, strings.Trim(s.Path+" "+query, "& "))
				}
			}
			if tt.name == "workspaces" { // the organization may have to be opened first
				asked = slices.DeleteFunc(asked, func(a string) bool { return strings.HasPrefix(a, "/v1/organizations/") })
				asked = slices.Compact(asked)
			}
			check(t, "calls", tt.want, asked)
		})
	}
}

// In a large estate enterprises are read one by one, and a look at the first page
// tells that it is large. Who is not found is looked for elsewhere.
func TestListBroadWorksByEnterprise(t *testing.T) {
	var users []string
	for i := range 150 {
		users = append(users, fmt.Sprintf(`{"sp_enterprise_id": "e%d", "user_id": "u%d", "package": "basic", "first_name": "A", "last_name": "B", "email": "u%d@b.example"}`, i%3, i, i))
	}
	seed := `{"broadworks_templates": [{"provisioning_id": "bw-template"}], "enterprises": [{"sp_enterprise_id": "e0"}, {"sp_enterprise_id": "e1"}, {"sp_enterprise_id": "e2"}],
	  "broadworks_subscribers": [` + strings.Join(users, ",") + `]}`
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seed)})
	p, live := e.plan(t, wanted(t, aUser("e1", "u1", "package", "basic"), aNewUser("e1", "u2", "basic"), aNewUser("e1", "new", "basic", "email", "u3@b.example")))
	if n := live.Of(diff.BroadWorksSubscriber).Len(); n != 52 || live.AtLeast[diff.BroadWorksSubscriber] != 101 || live.Whole[diff.BroadWorksSubscriber] {
		t.Errorf("%d subscribers, at least %d, whole %v", n, live.AtLeast[diff.BroadWorksSubscriber], live.Whole[diff.BroadWorksSubscriber])
	}
	if len(p.Changes) != 0 || len(p.Held) != 2 {
		t.Errorf("changes %+v, held %+v", p.Changes, p.Held)
	}
}

// Access to an organization is waited for as long as the caller says, and no longer.
func TestListBroadWorksAccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes = 2 * time.Second
		o := ofUsers()
		o.AccessDelay, o.AccessLife = takes, time.Hour
		e := inMemory(t, o)
		begin := time.Now()
		live, _ := e.list(t, wanted(t, aUser("acme", "Lab", "display_name", "Lab")), ListOptions{DeepOptions: DeepOptions{Access: takes}})
		if live.Of(diff.BroadWorksWorkspace).Len() != 1 {
			t.Errorf("%d workspaces", live.Of(diff.BroadWorksWorkspace).Len())
		}
		check(t, "took", takes, time.Since(begin))
	})
}

// Who has to act first makes a row pending, and a new subscriber whose template
// asks for an address waits for the person.
func TestBroadWorksWaitsForPeople(t *testing.T) {
	seed := `{"broadworks_templates": [{"provisioning_id": "bw-template", "email": "untrusted"}], "enterprises": [{"sp_enterprise_id": "acme"}]}`
	e := inMemory(t, sandbox.Options{Seed: strings.NewReader(seed), PeopleDelay: time.Hour})
	for id, r := range e.apply(t, wanted(t, aNewUser("acme", "eve", "basic"))) {
		if r.Outcome != diff.Pending || !strings.Contains(r.Description, "pending_email") || r.Advice == "" {
			t.Errorf("%s: %+v", id, r)
		}
	}
}

// scriptedSync is an API with one enterprise whose directory sync is in the first
// state, and after a PUT goes through the others, one a read.
type scriptedSync struct {
	answer string // to the PUT
	states []string
	reads  int
}

func (s *scriptedSync) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPut:
		fmt.Fprint(w, s.answer)
		s.states, s.reads = s.states[min(1, len(s.states)-1):], 0
	case strings.HasSuffix(r.URL.Path, "/broadworksDirectorySync"):
		state := s.states[min(s.reads, len(s.states)-1)]
		s.reads++
		fmt.Fprint(w, state)
	default:
		fmt.Fprintf(w, `{"items":[{"id":"E","orgId":"O","spEnterpriseId":"acme","broadworksDirectorySync":%s}]}`, s.states[0])
	}
}

// Off is done when the directory is cleared, whatever the answer says; on is done
// when it is on, and a synchronisation that failed is said.
func TestDirectorySyncEnds(t *testing.T) {
	state := func(on bool, status, errors string) string {
		return fmt.Sprintf(`{"enableDirSync":%v,"directorySyncStatus":{"syncStatus":%q,"errors":[%s]}}`, on, status, errors)
	}
	tests := []struct {
		name, want string
		api        *scriptedSync
		outcome    diff.Outcome
		reads      int
		text       string
	}{
		{"off", "off", &scriptedSync{state(false, "NOT_SYNCED", ""), []string{state(true, "COMPLETE", ""), state(false, "DISABLE_INITIATED", ""), state(false, "disable-in-progress", ""), state(false, "NOT_SYNCED", "")}, 0}, diff.OK, 3, ""},
		{"off for ever", "off", &scriptedSync{state(false, "NOT_SYNCED", ""), []string{state(true, "COMPLETE", ""), state(false, "DISABLE_INITIATED", "")}, 0}, diff.InProgress, 0, "accepted"},
		{"on", "on", &scriptedSync{state(true, "NOT_SYNCED", ""), []string{state(false, "NOT_SYNCED", "")}, 0}, diff.OK, 0, ""},
		{"on, and failed", "on", &scriptedSync{state(true, "FAILED", `{"errorCode":6003,"description":"no connection"}`), []string{state(false, "NOT_SYNCED", "")}, 0}, diff.OK, 0, "the last directory sync failed: 6003 no connection"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, err := webex.New(webex.Config{BaseURL: memoryURL, Transport: direct{tt.api}, Tokens: webex.StaticToken("token")})
				if err != nil {
					t.Fatal(err)
				}
				want := wanted(t, diff.Cells{diff.ColSPEnterpriseID: "acme", diff.ColDirSync: tt.want})
				live, err := List(t.Context(), client, want, ListOptions{})
				if err != nil {
					t.Fatal(err)
				}
				x := Executor{Journal: &strict{}, Applier: NewApplier(client, ApplyOptions{Live: live}), Workers: 1, PollInterval: time.Minute, PollTimeout: time.Hour}
				results, err := x.run(diff.Compute(want, live, diff.Options{}))
				if err != nil || len(results) != 1 {
					t.Fatalf("%v, %v", results, err)
				}
				for _, r := range results {
					if r.Outcome != tt.outcome || !strings.Contains(r.Description, tt.text) {
						t.Errorf("%+v", r)
					}
				}
				if tt.reads > 0 {
					check(t, "reads after the PUT", tt.reads, tt.api.reads)
				}
			})
		})
	}
}

// lowerCase is an API that keeps user ids in lower case, and loses the answer to
// the first POST.
type lowerCase struct{ made, posts int }

func (s *lowerCase) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Method == http.MethodPost:
		s.posts++
		s.made = 1
		w.WriteHeader(http.StatusInternalServerError)
	case strings.Contains(r.URL.Path, "enterprises"):
		fmt.Fprint(w, `{"items":[{"id":"E","orgId":"O","spEnterpriseId":"acme"}]}`)
	case s.made > 0:
		const eve = `{"id":"S","userId":"eve","spEnterpriseId":"acme","package":"basic","firstName":"New","lastName":"User","email":"eve@b.example","status":"provisioned"}`
		if strings.HasSuffix(r.URL.Path, "/S") {
			fmt.Fprint(w, eve)
		} else {
			fmt.Fprintf(w, `{"items":[%s]}`, eve)
		}
	default:
		fmt.Fprint(w, `{"items":[]}`)
	}
}

// A lost provision is found again under the user id as the API writes it, and is
// not sent twice.
func TestLostProvisionInOtherCase(t *testing.T) {
	api := &lowerCase{}
	client, err := webex.New(webex.Config{BaseURL: memoryURL, Transport: direct{api}, Tokens: webex.StaticToken("token")})
	if err != nil {
		t.Fatal(err)
	}
	want := wanted(t, aNewUser("acme", "Eve", "basic", "email", "eve@b.example"))
	live, err := List(t.Context(), client, want, ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := Executor{Journal: &strict{}, Applier: NewApplier(client, ApplyOptions{Live: live, Settle: 2 * time.Millisecond}), Workers: 1, PollInterval: time.Millisecond, PollTimeout: time.Minute}
	results, err := x.run(diff.Compute(want, live, diff.Options{}))
	if err != nil || len(results) != 1 {
		t.Fatalf("%v, %v", results, err)
	}
	for id, r := range results {
		if r.Outcome != diff.OK {
			t.Errorf("%s: %+v", id, r)
		}
	}
	check(t, "POSTs", 1, api.posts)
}
