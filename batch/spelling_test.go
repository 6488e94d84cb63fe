package batch

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// spelledAPI writes each id in one way in lists and in another elsewhere.
type spelledAPI struct {
	mu      sync.Mutex
	users   []map[string]any
	lists   int
	deleted int
}

func spelled(kind, name, padding string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("ciscospark://us/"+kind+"/00000000-0000-0000-0000-0000000000"+name)) + padding
}

func (s *spelledAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	items := []map[string]any{}
	switch path := r.URL.Path; {
	case r.Method == http.MethodDelete:
		s.deleted++
		w.WriteHeader(http.StatusNoContent)
		return
	case r.Method == http.MethodPost:
		var user map[string]any
		_ = json.NewDecoder(r.Body).Decode(&user)
		user["id"] = spelled("SUBSCRIBER", fmt.Sprint(10+len(s.users)), "")
		user["status"] = "provisioning"
		s.users = append(s.users, user)
		user = changed(user, "id", user["id"].(string)+"==")
		_ = json.NewEncoder(w).Encode(user)
		return
	case strings.Contains(path, "enterprises"):
		items = append(items, map[string]any{"id": "E", "orgId": "O", "spEnterpriseId": "acme"})
	case strings.HasSuffix(path, "/workspaces"):
		if start := r.URL.Query().Get("start"); start != "" && start != "0" {
			break
		}
		if s.lists++; s.deleted == 0 {
			items = append(items, map[string]any{"id": spelled("PLACE", "01", strings.Repeat("=", s.lists%2)), "orgId": "O", "displayName": "Lobby"})
		}
	case strings.HasSuffix(path, "/broadworks/subscribers"):
		for _, u := range s.users {
			items = append(items, changed(u, "status", "provisioned"))
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

// An object whose id is written otherwise the next time is the same object: it is
// not taken for gone, and not waited for as if no list showed it.
func TestIDsInOtherSpellings(t *testing.T) {
	run := func(t *testing.T, api http.Handler, rows ...diff.Cells) map[string]Result {
		t.Helper()
		client, err := webex.New(webex.Config{BaseURL: memoryURL, Transport: direct{api}, Tokens: webex.StaticToken("token")})
		if err != nil {
			t.Fatal(err)
		}
		want := wanted(t, rows...)
		live, err := List(t.Context(), client, want, ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		x := Executor{Journal: &strict{}, Applier: NewApplier(client, ApplyOptions{Live: live, Settle: 2 * time.Millisecond}), Workers: 4, PollInterval: time.Second, PollTimeout: time.Hour}
		results, err := x.run(diff.Compute(want, live, diff.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		for id, r := range results {
			if r.Outcome != diff.OK {
				t.Errorf("%s: %+v", id, r)
			}
		}
		return results
	}
	t.Run("a workspace that goes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			api := &spelledAPI{}
			run(t, api, aUser("acme", "Lab", "display_name", "Lobby", "ensure", "absent"))
			check(t, "removals", 1, api.deleted)
		})
	})
	t.Run("subscribers that are polled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var rows []diff.Cells
			for i := range lookAlone + 2 {
				rows = append(rows, aNewUser("acme", fmt.Sprintf("u%d", i), "basic", "email", fmt.Sprintf("u%d@b.example", i)))
			}
			begun := time.Now()
			check(t, "results", len(rows), len(run(t, &spelledAPI{}, rows...)))
			if took := time.Since(begun); took >= readLag {
				t.Errorf("took %v, as if no list showed them", took)
			}
		})
	})
}

// changed is a copy with another value.
func changed(m map[string]any, key, value string) map[string]any {
	m = maps.Clone(m)
	m[key] = value
	return m
}
