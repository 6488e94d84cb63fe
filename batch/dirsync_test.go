package batch

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/internal/webex"
)

// The end of a synchronisation is the end of the one that was started, not of the
// one before; one that runs already is waited for and not started again.
func TestSyncDirectory(t *testing.T) {
	const place = "/broadworks/enterprises/E1/broadworksDirectorySync"
	state := func(status, id string) string {
		return fmt.Sprintf(`200 {"enableDirSync":true,"directorySyncStatus":{"syncStatus":%q,"lastSyncTrackingId":%q}}`, status, id)
	}
	old, running, done := state("COMPLETE", "T1"), state("IN_PROGRESS", "T2"), state("COMPLETE", "T2")
	for name, tt := range map[string]struct {
		reads  []string
		status string
		starts int
		ended  bool
		took   time.Duration
		err    error
	}{
		"started":                     {reads: []string{old, old, running, done}, status: "COMPLETE", starts: 1, ended: true, took: 2*time.Second + 3*time.Second + 4500*time.Millisecond},
		"running already":             {reads: []string{running, running, done}, status: "COMPLETE", ended: true, took: 2*time.Second + 3*time.Second},
		"failed":                      {reads: []string{old, state("FAILED", "T2")}, status: "FAILED", starts: 1, ended: true, took: 2 * time.Second},
		"does not end":                {reads: []string{running}, status: "IN_PROGRESS", took: time.Minute},
		"off":                         {reads: []string{`200 {"enableDirSync":false}`}, err: ErrSyncOff},
		"started, and not to be seen": {reads: []string{old}, status: "COMPLETE", starts: 1, took: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &reportAPI{answers: map[string][]string{"GET " + place: tt.reads, "POST " + place: {old}}}
				client, err := webex.New(webex.Config{BaseURL: "https://api.example.com/v1", Tokens: webex.StaticToken("token-of-the-api"), Transport: api, DownloadTransport: api})
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				d, ended, err := DirectorySyncer{API: client, PollInterval: 2 * time.Second, PollTimeout: time.Minute}.Sync(t.Context(), "E1")
				if !errors.Is(err, tt.err) || d.Status != tt.status {
					t.Errorf("status %q, error %v", d.Status, err)
				}
				check(t, "ended", tt.ended, ended)
				check(t, "took", tt.took, time.Since(begin))
				starts := 0
				for _, call := range api.calls() {
					if call[:len(http.MethodPost)] == http.MethodPost {
						starts++
					}
				}
				check(t, "starts", tt.starts, starts)
			})
		})
	}
}
