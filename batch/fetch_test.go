package batch

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/internal/webex"
)

// A report is asked for, waited for at growing intervals whatever its status is
// called, and downloaded; a link that has expired is replaced by a fresh one.
func TestFetch(t *testing.T) {
	api := &reportAPI{answers: map[string][]string{
		"POST " + reportsURL: {`200 {"id":"R1",` + april + `,"type":"USER"}`},
		"GET " + reportsURL + "/R1": {`404 {"errors":[{"code":2024}]}`, full("R1", "REQUESTED", ""), full("R1", "IN_PROGRESS", ""), full("R1", "BREWING", ""),
			full("R1", "COMPLETED", link("R1", 1)), full("R1", "COMPLETED", link("R1", 2))},
		"file": {"403 <Error/>", "200 " + fileBody},
	}}
	fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) { wantReport(t, path, e, err, "R1") })
	one := " GET " + reportsURL + "/R1"
	want := []string{"0 " + asked, "5" + one, "12" + one, "24" + one, "41" + one, "66" + one, "66 file", "71" + one, "71 file"}
	if !slices.Equal(api.log, want) {
		t.Errorf("requests are\n%s\nwant\n%s", strings.Join(api.log, "\n"), strings.Join(want, "\n"))
	}
}

// What exists is adopted only if it is the same report in everything, and was
// made late enough.
func TestFetchAdopts(t *testing.T) {
	exists, busy := `409 {"errors":[{"code":2026}]}`, `409 {"errors":[{"errorCode":2025}]}`
	completed := full("R1", "COMPLETED", link("R1", 1))
	early := strings.Replace(completed, "2026-05-03", "2026-05-01", 1)
	get := "GET " + reportsURL + "/"
	for name, tt := range map[string]struct {
		day     string
		refresh bool
		post    []string
		list    []string
		more    map[string][]string
		id      string
		reason  ReportReason
		says    string
		deletes int
	}{
		"the same": {post: []string{exists}, list: []string{list(listedUser("R1"))}, more: map[string][]string{get + "R1": {completed}}, id: "R1"},
		"in progress": {post: []string{busy}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {full("R1", "IN_PROGRESS", ""), completed}}, id: "R1"},
		"the newest completed of several": {post: []string{exists}, list: []string{list(listedUser("R0"), listedUser("R1"), listedUser("R2"), listedUser("R3"))}, more: map[string][]string{
			get + "R0": {strings.Replace(full("R0", "COMPLETED", link("R0", 1)), "-05-03", "-05-02", 1)}, get + "R1": {completed},
			get + "R2": {full("R2", "FAILED", "")}, get + "R3": {full("R3", "IN_PROGRESS", "")}}, id: "R1"},
		"another type": {post: []string{exists}, list: []string{list(`{"id":"R1",` + april + `,"type":"CUSTOMER","status":"COMPLETED"}`)},
			reason: ReportBlocked, says: "R1 (CUSTOMER, COMPLETED); delete it"},
		"another category": {post: []string{exists}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {full("R1", "COMPLETED", `,"category":"POINT_IN_TIME"`)}}, reason: ReportBlocked, says: "POINT_IN_TIME"},
		"another sub-partner": {post: []string{exists}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {full("R1", "COMPLETED", `,"subPartnerOrgId":"O1"`)}}, reason: ReportBlocked, says: "R1"},
		"other days, from a server without filters": {post: []string{exists, exists, `200 {"id":"R2"}`}, list: []string{list(`{"id":"R9","billingStartDate":"2026-03-01","billingEndDate":"2026-03-31","type":"USER"}`)},
			more: map[string][]string{get + "R2": {full("R2", "COMPLETED", link("R2", 1))}}, id: "R2"},
		"made too early":                  {post: []string{exists}, list: []string{list(listedUser("R1"))}, more: map[string][]string{get + "R1": {early}}, reason: ReportStale, says: "2026-05-01 00:00 UTC"},
		"made too early, but as late now": {day: "2026-05-01", post: []string{exists}, list: []string{list(listedUser("R1"))}, more: map[string][]string{get + "R1": {early}}, id: "R1"},
		"made anew": {refresh: true, post: []string{exists, `200 {"id":"R2"}`}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {completed}, "DELETE " + reportsURL + "/R1": {"204"}, get + "R2": {full("R2", "COMPLETED", link("R2", 1))}}, id: "R2", deletes: 1},
		"made anew only once": {refresh: true, post: []string{exists}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {completed}, "DELETE " + reportsURL + "/R1": {"204"}}, id: "R1", deletes: 1},
		"being made is not deleted": {refresh: true, post: []string{busy}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {full("R1", "IN_PROGRESS", ""), completed}}, id: "R1"},
		"failed": {post: []string{exists}, list: []string{list(listedUser("R1"))},
			more: map[string][]string{get + "R1": {full("R1", "FAILED", `,"errors":[{"code":5001,"description":"out of order"}]`)}}, reason: ReportFailed, says: "5001 out of order"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string][]string{"POST " + reportsURL: tt.post, "GET " + reportsURL: tt.list, "file": {"200 " + fileBody}}
			for call, list := range tt.more {
				answers[call] = list
			}
			api := &reportAPI{answers: answers}
			order := userOrder()
			order.Refresh = tt.refresh
			day := tt.day
			if day == "" {
				day = "2026-05-20"
			}
			fetched(t, day, api, order, func(path string, e ReportEvidence, err error) {
				if tt.reason != 0 {
					wantReason(t, err, tt.reason, tt.says)
					wantNothing(t, path)
				} else {
					wantReport(t, path, e, err, tt.id)
				}
			})
			deletes := 0
			for _, call := range api.calls() {
				if strings.HasPrefix(call, "DELETE") {
					deletes++
				}
			}
			if deletes != tt.deletes {
				t.Errorf("%d deletes, want %d", deletes, tt.deletes)
			}
		})
	}
}

// A report that stands in the way and is not listed is not waited for as long as
// one that is being made.
func TestFetchBlockedByUnlisted(t *testing.T) {
	api := &reportAPI{answers: map[string][]string{"POST " + reportsURL: {`409 {"errors":[{"code":2026}]}`}, "GET " + reportsURL: {list()}}}
	fetched(t, "2026-05-20", api, userOrder(), func(path string, _ ReportEvidence, err error) {
		wantReason(t, err, ReportBlocked, "does not list it")
		wantNothing(t, path)
	})
	if last := api.log[len(api.log)-1]; !strings.HasPrefix(last, "104 GET "+reportsURL) {
		t.Errorf("the last look is %s", last)
	}
}

// A request whose answer was lost is looked for in the list before anything is
// sent again.
func TestFetchLostAnswer(t *testing.T) {
	get := "GET " + reportsURL + "/R1"
	completed := full("R1", "COMPLETED", link("R1", 1))
	t.Run("made", func(t *testing.T) {
		api := &reportAPI{answers: map[string][]string{
			"POST " + reportsURL: {"reset"}, "GET " + reportsURL: {list(listedUser("R1"))}, get: {completed}, "file": {"200 " + fileBody}}}
		fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) { wantReport(t, path, e, err, "R1") })
		wantCalls(t, api, asked, listedAll, get, "file")
	})
	t.Run("not made", func(t *testing.T) {
		api := &reportAPI{answers: map[string][]string{
			"POST " + reportsURL: {"502 <html>", `201 {"id":"R1"}`}, "GET " + reportsURL: {list()}, get: {completed}, "file": {"200 " + fileBody}}}
		fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) { wantReport(t, path, e, err, "R1") })
		wantCalls(t, api, asked, listedAll, asked, get, "file")
	})
	t.Run("never known", func(t *testing.T) {
		api := &reportAPI{answers: map[string][]string{"POST " + reportsURL: {"reset"}, "GET " + reportsURL: {list()}}}
		fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) {
			wantReason(t, err, ReportUnknown, "look with billing list")
			wantNothing(t, path)
		})
		for i, call := range api.calls() {
			if call == asked && i > 0 && api.calls()[i-1] != listedAll {
				t.Error("asked again without a look")
			}
		}
	})
}

// A service that is busy with other reports is left alone for a while.
func TestFetchBusy(t *testing.T) {
	busy := `503 {"errors":[{"code":2030}]}`
	get := "GET " + reportsURL + "/R1"
	api := &reportAPI{answers: map[string][]string{
		"POST " + reportsURL: {busy, busy, `200 {"id":"R1"}`}, "GET " + reportsURL: {list()}, get: {full("R1", "COMPLETED", link("R1", 1))}, "file": {"200 " + fileBody}}}
	fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) { wantReport(t, path, e, err, "R1") })
	wantCalls(t, api, asked, listedAll, asked, listedAll, asked, get, "file")

	api = &reportAPI{answers: map[string][]string{"POST " + reportsURL: {busy}, "GET " + reportsURL: {list()}}}
	fetched(t, "2026-05-03", api, userOrder(), func(path string, e ReportEvidence, err error) {
		var refused *webex.Error
		if !errors.As(err, &refused) || refused.Code != codeReportsBusy {
			t.Errorf("error is %v", err)
		}
	})
}

// What a report can end in, other than a file.
func TestFetchEnds(t *testing.T) {
	get := "GET " + reportsURL + "/R1"
	post := []string{`200 {"id":"R1"}`}
	file := []string{"200 " + fileBody}
	for name, tt := range map[string]struct {
		category string
		answers  map[string][]string
		reason   ReportReason
		says     string
	}{
		"refused":        {"", map[string][]string{"POST " + reportsURL: {`400 {"errors":[{"code":2509}]}`}}, 0, "code 2509"},
		"failed":         {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "FAILED", `,"errors":[{"code":5001}]`)}}, ReportFailed, "5001"},
		"never ready":    {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "IN_PROGRESS", "")}}, ReportUnfinished, "R1 is not ready yet"},
		"gone":           {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "IN_PROGRESS", ""), `404 {"errors":[{"code":2024}]}`}}, 0, "code 2024"},
		"never there":    {"", map[string][]string{"POST " + reportsURL: post, get: {`404 {"errors":[{"code":2024}]}`}}, 0, "code 2024"},
		"another type":   {"", map[string][]string{"POST " + reportsURL: {`200 {"id":"R1","type":"PARTNER"}`}}, ReportOther, `made report R1 as something else: type "PARTNER", not "USER"`},
		"another kind":   {webex.CategoryPointInTime, map[string][]string{"POST " + reportsURL: {`200 {"id":"R1","category":"RECONCILIATION"}`}}, ReportOther, `"RECONCILIATION", not "POINT_IN_TIME"`},
		"silent on kind": {webex.CategoryPointInTime, map[string][]string{"POST " + reportsURL: post, get: {full("R1", "COMPLETED", link("R1", 1))}}, ReportOther, "R1"},
		"no link":        {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "COMPLETED", "")}}, 0, "names no file"},
		"file never there": {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "COMPLETED", link("R1", 1))}, "file": {"403 no"}}, 0,
			"files.example.com: HTTP status 403"},
		"file elsewhere": {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "COMPLETED", `,"tempDownloadURL":"http://files.example.com/a?Signature=secret-1"`)}, "file": file}, 0, "only https is followed"},
		"page for a file": {"", map[string][]string{"POST " + reportsURL: post, get: {full("R1", "COMPLETED", link("R1", 1))}, "file": {"200 <html>"}}, 0,
			"a page or an error came"},
	} {
		t.Run(name, func(t *testing.T) {
			api := &reportAPI{answers: tt.answers}
			order := userOrder()
			order.Category = tt.category
			fetched(t, "2026-05-03", api, order, func(path string, _ ReportEvidence, err error) {
				if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error is %v, want %q", err, tt.says)
				}
				if tt.reason != 0 {
					wantReason(t, err, tt.reason, tt.says)
				}
				wantNothing(t, path)
			})
			if n := api.asked["file"]; n > maxDownloads || name == "file elsewhere" && n > 0 {
				t.Errorf("%d downloads", n)
			}
		})
	}
}

// A month has reports of another form, and an answer with an id alone.
func TestFetchMonth(t *testing.T) {
	const months = "/broadworks/billing/reports"
	api := &reportAPI{answers: map[string][]string{
		"POST " + months:        {`409 {"errors":[{"code":2026}]}`},
		"GET " + months:         {`200 {"items":[{"id":"R0","billingPeriod":"2026-03"},{"id":"R1","billingPeriod":"2026-04"}]}`},
		"GET " + months + "/R1": {`200 {"id":"R1","billingPeriod":"2026-04","status":"COMPLETED","created":"2026-05-02T12:00:00Z"` + link("R1", 1) + `}`},
		"file":                  {"200 " + fileBody},
	}}
	order := ReportOrder{ReportRequest: webex.ReportRequest{Offer: webex.BroadWorks, Month: "2026-04"}}
	fetched(t, "2026-05-20", api, order, func(path string, e ReportEvidence, err error) { wantReport(t, path, e, err, "R1") })
	wantCalls(t, api, "POST "+months+`  {"billingPeriod":"2026-04"}`, "GET "+months, "GET "+months+"/R1", "file")
}

// A delete without an answer is looked after.
func TestRemoveReport(t *testing.T) {
	remove, get := "DELETE "+reportsURL+"/R1", "GET "+reportsURL+"/R1"
	for name, tt := range map[string]struct {
		answers map[string][]string
		fails   bool
	}{
		"done":          {map[string][]string{remove: {"204"}}, false},
		"gone before":   {map[string][]string{remove: {`404 {"errors":[{"code":2024}]}`}}, false},
		"lost, gone":    {map[string][]string{remove: {"reset"}, get: {`404 {"errors":[{"code":2024}]}`}}, false},
		"lost, there":   {map[string][]string{remove: {"reset"}, get: {full("R1", "COMPLETED", "")}}, true},
		"in generation": {map[string][]string{remove: {`409 {"errors":[{"code":2025}]}`}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, err := webex.New(webex.Config{BaseURL: "https://api.example.com/v1", Tokens: webex.StaticToken("token-of-the-api"), Transport: &reportAPI{answers: tt.answers}})
				if err != nil {
					t.Fatal(err)
				}
				f := &Fetcher{API: client, PollInterval: 5 * time.Second}
				err = f.Remove(t.Context(), webex.BillingReport{Offer: webex.Wholesale, ID: "R1"})
				if (err != nil) != tt.fails {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}

// An interrupt ends the wait at once, with its cause.
func TestFetchInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &reportAPI{answers: map[string][]string{"POST " + reportsURL: {`200 {"id":"R1"}`}, "GET " + reportsURL + "/R1": {full("R1", "IN_PROGRESS", "")}}}
		client, err := webex.New(webex.Config{BaseURL: "https://api.example.com/v1", Tokens: webex.StaticToken("token-of-the-api"), Transport: api})
		if err != nil {
			t.Fatal(err)
		}
		why := errors.New("stopped by hand")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(7*time.Second, func() { cancel(why) })
		began := time.Now()
		_, err = (&Fetcher{API: client, PollInterval: 5 * time.Second, PollTimeout: time.Hour}).Obtain(ctx, userOrder())
		if !errors.Is(err, why) || time.Since(began) != 7*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// Evidence is only read where it is evidence.
func TestReadEvidence(t *testing.T) {
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		text   string
		ok     bool
		broken bool
	}{
		"none":   {"", false, false},
		"other":  {`{"some":"thing"}`, false, false},
		"ours":   {`{"format":"` + evidenceFormat + `","id":"R1"}`, true, false},
		"broken": {`{"format":"` + evidenceFormat + `","id":`, false, true},
	} {
		path := filepath.Join(dir, name+".csv")
		if tt.text != "" {
			if err := os.WriteFile(EvidencePath(path), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e, ok, err := ReadEvidence(path)
		if ok != tt.ok || (err != nil) != tt.broken || ok && e.ID != "R1" {
			t.Errorf("%s: %+v, %t, error %v", name, e, ok, err)
		}
	}
	if _, ok, err := ReadEvidence(filepath.Join(dir, "ours.json")); ok || err != nil {
		t.Error("evidence about itself")
	}
	if err := checkEvidencePath("a/report.json"); err == nil {
		t.Error("a report may take the place of its evidence")
	}
	if _, err := json.Marshal(ReportEvidence{}); err != nil {
		t.Error(err)
	}
}
