package sandbox

import (
	"strings"
	"testing"
	"time"
)

// synced is an estate for directory synchronization and workspaces.
const synced = `{
	"broadworks_templates": [{"provisioning_id":"t"},{"provisioning_id":"other"}],
	"enterprises": [
		{"sp_enterprise_id":"ent","directory_sync":true,"external_users":[
			{"user_id":"new","first_name":"Nia","phone":"+12402000011"}, {"user_id":"same","extension":"11","copy":"current"},
			{"user_id":"old","extension":"12","copy":"stale"}, {"user_id":"gone","copy":"orphan"}, {"user_id":"bare"}]},
		{"sp_enterprise_id":"off"}, {"sp_enterprise_id":"hybrid","hybrid_sync":true}, {"sp_enterprise_id":"revoked","key_revoked":true},
		{"sp_enterprise_id":"nobody","directory_sync":true}, {"sp_enterprise_id":"cti","directory_sync":true,"sync_fails":6003},
		{"sp_enterprise_id":"unmapped","unmapped":true}, {"sp_enterprise_id":"sp+one"}, {"sp_enterprise_id":"sp+two"}],
	"broadworks_subscribers": [
		{"sp_enterprise_id":"ent","user_id":"u1","email":"a@ent.example","package":"basic","extension":"10"},
		{"sp_enterprise_id":"cti","user_id":"u2","email":"a@cti.example","package":"basic"}],
	"workspaces": [{"sp_enterprise_id":"ent","name":"Lobby","user_id":"lobby","phone":"+12402000012","extension":"20"}]
}`

func startSynced(t *testing.T, o Options) *clocked {
	t.Helper()
	o.Seed = strings.NewReader(synced)
	return startClocked(t, o)
}

// syncPath is the path of an enterprise's directory synchronization.
func (c *client) syncPath(spID string) string {
	c.t.Helper()
	items := c.want(200, "GET", "/broadworks/enterprises?spEnterpriseId="+strings.ReplaceAll(spID, "+", "%2B")).items()
	if len(items) != 1 {
		c.t.Fatalf("enterprise %q: %d found", spID, len(items))
	}
	return "/broadworks/enterprises/" + items[0]["id"].(string) + "/broadworksDirectorySync"
}

// syncState is the state of a directory synchronization in an answer.
func (r response) syncState() string {
	status, _ := r.body["directorySyncStatus"].(map[string]any)
	state, _ := status["syncStatus"].(string)
	return state
}

func TestListEnterprises(t *testing.T) {
	c := startSynced(t, Options{})
	for query, want := range map[string]string{
		"":                            "ent off hybrid revoked nobody cti unmapped sp+one sp+two",
		"spEnterpriseId=sp%2Bone":     "sp+one",
		"spEnterpriseId=none":         "",
		"startsWith=sp%2B":            "sp+one sp+two",
		"startsWith=un":               "unmapped",
		"max=2":                       "ent off",
		"max=2&offset=7":              "sp+one sp+two",
		"syncStatus=not_synced&max=1": "ent",
		"syncStatus=COMPLETE,FAILED":  "",
		"lastSyncEndTime=2026-01-01":  "",
	} {
		var got []string
		for _, item := range c.want(200, "GET", "/broadworks/enterprises?"+query).items() {
			got = append(got, item["spEnterpriseId"].(string))
			if mapped := item["orgId"] != nil; mapped == (item["spEnterpriseId"] == "unmapped") {
				t.Errorf("orgId of %v: %v", item["spEnterpriseId"], item["orgId"])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	if got := c.want(400, "GET", "/broadworks/enterprises?max=0"); got.code() != 1004 {
		t.Errorf("max=0: %d, want 1004", got.code())
	}
}

func TestDirectorySyncRefusals(t *testing.T) {
	const on, off, now = `{"enableDirSync":true}`, `{"enableDirSync":false}`, `{"syncStatus":"SYNC_NOW"}`
	for name, test := range map[string]struct {
		enterprise, method, under, body string
		status, code                    int
	}{
		"nothing to switch":       {"off", "PUT", "", `{}`, 400, 1001},
		"hybrid is on":            {"hybrid", "PUT", "", on, 409, 6005},
		"key is revoked":          {"revoked", "PUT", "", on, 405, 6015},
		"no organization":         {"unmapped", "GET", "", ``, 404, 2007},
		"not enabled":             {"off", "POST", "", now, 400, 6004},
		"not what can be asked":   {"ent", "POST", "", `{"syncStatus":"COMPLETE"}`, 400, 1003},
		"nothing asked":           {"ent", "POST", "", `{}`, 400, 1001},
		"switched off, as it was": {"off", "PUT", "", off, 200, 0},
		"a user, not enabled":     {"off", "POST", "/externalUser", `{"userId":"new"}`, 400, 6004},
		"no user":                 {"ent", "POST", "/externalUser", `{}`, 400, 1001},
		"a user without number":   {"ent", "POST", "/externalUser", `{"userId":"bare"}`, 400, 6014},
	} {
		t.Run(name, func(t *testing.T) {
			c := startSynced(t, Options{})
			got := c.do(test.method, c.syncPath(test.enterprise)+test.under, test.body)
			if got.status != test.status || got.code() != test.code {
				t.Errorf("got %d %d, want %d %d: %v", got.status, got.code(), test.status, test.code, got.body)
			}
		})
	}
	if got := startSynced(t, Options{}).want(404, "GET", "/broadworks/enterprises/none/broadworksDirectorySync"); got.code() != 6006 {
		t.Errorf("unknown: %d, want 6006", got.code())
	}
}

func TestDirectorySyncRuns(t *testing.T) {
	c := startSynced(t, Options{ProvisionDelay: time.Minute})
	path := c.syncPath("ent")
	if got := c.want(200, "POST", path+` {"syncStatus":"SYNC_NOW"}`); got.syncState() != "IN_PROGRESS" || got.body["enableDirSync"] != true {
		t.Errorf("at first: %v", got.body)
	}
	if got := c.want(503, "POST", path+` {"syncStatus":"SYNC_NOW"}`); got.code() != 6002 {
		t.Errorf("again: %d, want 6002", got.code())
	}
	if got := c.want(409, "PUT", path+` {"enableDirSync":false}`); got.code() != 6007 {
		t.Errorf("disabled meanwhile: %d, want 6007", got.code())
	}
	c.now = c.now.Add(time.Minute)
	done := c.want(200, "GET", path).body["directorySyncStatus"].(map[string]any)
	for name, want := range map[string]any{"syncStatus": "COMPLETE", "usersAdded": 2.0, "usersUpdated": 1.0, "usersDeleted": 1.0,
		"totalExternalUsersInCI": 4.0, "lastSyncStartTime": "2026-03-01T12:00:00.000Z", "lastSyncEndTime": "2026-03-01T12:01:00.000Z",
		"lastSuccessfulSyncTime": "2026-03-01T12:01:00.000Z"} {
		if done[name] != want {
			t.Errorf("%s %v, want %v", name, done[name], want)
		}
	}
	if got := c.want(200, "GET", "/broadworks/enterprises?syncStatus=complete&lastSyncEndTime=2026-03-01T12:00:59Z").items(); len(got) != 1 {
		t.Errorf("listed by its end: %v", got)
	}
}

func TestDirectorySyncFails(t *testing.T) {
	c := startSynced(t, Options{Faults: []Rule{mustRule(t, "POST /broadworks/enterprises/* nth=3 end=error")}})
	for _, test := range []struct {
		enterprise string
		code       float64
	}{{"nobody", 6013}, {"cti", 6003}, {"ent", 6001}} {
		path := c.syncPath(test.enterprise)
		c.want(200, "POST", path+` {"syncStatus":"SYNC_NOW"}`)
		got := c.want(200, "GET", path)
		list, _ := got.body["directorySyncStatus"].(map[string]any)["errors"].([]any)
		if got.syncState() != "FAILED" || len(list) != 1 || list[0].(map[string]any)["errorCode"] != test.code {
			t.Errorf("%s: %v, want %v", test.enterprise, got.body, test.code)
		}
	}
}

func TestDirectorySyncIsSwitchedOffSlowly(t *testing.T) {
	c := startSynced(t, Options{ProvisionDelay: time.Minute})
	path := c.syncPath("ent")
	got := c.want(200, "PUT", path+` {"enableDirSync":false}`)
	for i, want := range []string{"DISABLE_INITIATED", "DISABLE_IN_PROGRESS", "NOT_SYNCED"} {
		if got.syncState() != want || got.body["enableDirSync"] != false {
			t.Errorf("after %d minutes: %v, want %s", i, got.body, want)
		}
		if i < 2 {
			if again := c.want(503, "PUT", path+` {"enableDirSync":true}`); again.code() != 6002 {
				t.Errorf("enabled meanwhile: %d, want 6002", again.code())
			}
		}
		c.now = c.now.Add(time.Minute)
		got = c.want(200, "GET", path)
	}
	if total := got.body["directorySyncStatus"].(map[string]any)["totalExternalUsersInCI"]; total != 0.0 {
		t.Errorf("%v users left", total)
	}
	if got := c.want(200, "PUT", path+` {"enableDirSync":true}`); got.syncState() != "NOT_SYNCED" || got.body["enableDirSync"] != true {
		t.Errorf("on again: %v", got.body)
	}
}

func TestSyncOneExternalUser(t *testing.T) {
	c := startSynced(t, Options{})
	path := c.syncPath("ent") + "/externalUser"
	for _, step := range [][2]string{{"new", "ADD"}, {"new", "NO_OPERATION"}, {"same", "NO_OPERATION"}, {"old", "UPDATE"}, {"gone", "DELETE"},
		{"gone", "NO_OPERATION"}, {"stranger", "NO_OPERATION"}} {
		got := c.want(200, "POST", path+` {"userId":"`+step[0]+`"}`)
		user, _ := got.body["userResponse"].(map[string]any)
		if got.text("status") != step[1] || user["userId"] != step[0] {
			t.Errorf("%s: %v, want %s", step[0], got.body, step[1])
		}
	}
}

func TestBroadWorksWorkspaces(t *testing.T) {
	body := func(fields string) string {
		return merge(`{"provisioningId":"t","userId":"room","spEnterpriseId":"ent","displayName":"Room","extension":"30"}`, fields)
	}
	for name, test := range map[string]struct {
		fields       string
		status, code int
	}{
		"valid":             {``, 200, 0},
		"no template":       {`"provisioningId":null`, 400, 1001},
		"no user id":        {`"userId":null`, 400, 1001},
		"no enterprise":     {`"spEnterpriseId":null`, 400, 1001},
		"no name":           {`"displayName":""`, 400, 1001},
		"bad phone":         {`"primaryPhoneNumber":"x"`, 400, 1003},
		"unknown template":  {`"provisioningId":"x"`, 404, 2013},
		"another template":  {`"provisioningId":"other"`, 400, 2014},
		"no organization":   {`"spEnterpriseId":"unmapped"`, 404, 2007},
		"new enterprise":    {`"spEnterpriseId":"fresh"`, 404, 2007},
		"name in use":       {`"displayName":"lobby"`, 409, 2040},
		"user id in use":    {`"userId":"u1"`, 409, 2009},
		"extension in use":  {`"extension":"10"`, 409, 2574},
		"phone in use":      {`"primaryPhoneNumber":"+12402000012"`, 409, 2573},
		"workspace's user":  {`"userId":"lobby"`, 409, 2009},
		"workspace's digit": {`"extension":"20"`, 409, 2574},
	} {
		t.Run(name, func(t *testing.T) {
			got := startSynced(t, Options{}).do("POST", "/broadworks/workspaces", body(test.fields))
			if got.status != test.status || got.code() != test.code {
				t.Errorf("got %d %d, want %d %d: %v", got.status, got.code(), test.status, test.code, got.body)
			}
		})
	}
	c := startSynced(t, Options{})
	made := c.want(200, "POST", "/broadworks/workspaces "+body(``))
	path := "/broadworks/workspaces/" + made.text("id")
	if got := c.want(409, "PUT", path+` {"extension":"20"}`); got.code() != 2574 {
		t.Errorf("update to an extension in use: %d, want 2574", got.code())
	}
	if got := c.want(400, "PUT", path+` {}`); got.code() != 5004 {
		t.Errorf("nothing to change: %d, want 5004", got.code())
	}
	if got := c.want(200, "PUT", path+` {"extension":"31","userId":"room2"}`); got.text("extension") != "31" || got.text("userId") != "room2" {
		t.Errorf("updated: %v", got.body)
	}
	c.want(200, "POST", "/broadworks/workspaces "+body(`"displayName":"Next"`)) // what the first one had is free
	c.want(204, "DELETE", path)
	if got := c.want(404, "DELETE", path); got.code() != 2039 {
		t.Errorf("again: %d, want 2039", got.code())
	}
	if got := c.want(404, "PUT", path+` {"extension":"32"}`); got.code() != 2039 {
		t.Errorf("update of what is gone: %d, want 2039", got.code())
	}
}

func TestWorkspaceWaitsForTheOrganization(t *testing.T) {
	c := startSynced(t, Options{ProvisionDelay: time.Minute})
	c.want(200, "POST", "/broadworks/subscribers "+broadBody(`"provisioningId":"t","spEnterpriseId":"fresh"`))
	room := `/broadworks/workspaces {"provisioningId":"t","userId":"room","spEnterpriseId":"fresh","displayName":"Room"}`
	if got := c.want(403, "POST", room); got.code() != 2034 {
		t.Errorf("at first: %d, want 2034", got.code())
	}
	c.now = c.now.Add(time.Minute)
	c.want(200, "POST", room)
}
