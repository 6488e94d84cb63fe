package batch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
)

// seedUsers and userRows make a plan with a change of every sort that BroadWorks
// has: an enterprise that its first subscriber opens, one whose subscribers
// change, leave and hand their numbers on, directory syncs that go on and off,
// workspaces, and a person who comes over from there to wholesale. The user ids
// of workspaces are their names, by which the sandbox calls them.
const seedUsers = `{
  "provisioning_ids": ["demo-template"],
  "customers": [
    {"external_id": "acme", "packages": ["webex_calling"],
     "address": {"line1": "771 Alder Drive", "city": "Milpitas", "state": "CA", "zip": "95035", "country": "US"}}
  ],
  "broadworks_templates": [{"provisioning_id": "bw-template"}],
  "enterprises": [{"sp_enterprise_id": "acme"}, {"sp_enterprise_id": "sp+old", "directory_sync": true}],
  "broadworks_subscribers": [
    {"sp_enterprise_id": "acme", "user_id": "ann", "email": "ann@b.example", "package": "basic", "first_name": "Ann", "last_name": "A", "phone": "+1-408-210-0101", "extension": "1001"},
    {"sp_enterprise_id": "acme", "user_id": "bob", "email": "bob@b.example", "package": "standard", "first_name": "Bob", "last_name": "B", "phone": "+14082100102", "mobile": "+14082109102"},
    {"sp_enterprise_id": "acme", "user_id": "cid", "email": "cid@b.example", "package": "premium", "first_name": "Cid", "last_name": "C", "extension": "1003"},
    {"sp_enterprise_id": "sp+old", "user_id": "dan", "email": "dan@b.example", "package": "softphone", "first_name": "Dan", "last_name": "D", "extension": "1003"}
  ],
  "workspaces": [{"sp_enterprise_id": "acme", "name": "Lab", "user_id": "Lab", "extension": "1050"}]
}`

func aUser(enterprise, user string, more ...string) diff.Cells {
	return with(diff.Cells{diff.ColSPEnterpriseID: enterprise, diff.ColUserID: user}, more)
}

func aNewUser(enterprise, user, pkg string, more ...string) diff.Cells {
	return with(aUser(enterprise, user, "package", pkg, "first_name", "New", "last_name", "User", "provisioning_id", "bw-template", "email", user+"@b.example"), more)
}

func userRows() []diff.Cells {
	return []diff.Cells{
		aUser("acme", "ann", "primary_phone_number", "+14082100102", "package", "standard"),
		aUser("acme", "bob", "primary_phone_number", "+14082100109", "mobile_phone_number", diff.Clear, "last_name", "Best"),
		aUser("acme", "cid", "ensure", diff.EnsureAbsent),
		aNewUser("acme", "eve", "premium", "extension", "1003", "timezone", "Europe/Berlin"),
		aNewUser("fresh", "fay", "basic", "extension", "2001"),
		aNewUser("fresh", "gil", "basic", "extension", "2002"),
		aNewUser("fresh", "hal", "softphone"),
		{diff.ColSPEnterpriseID: "fresh", diff.ColDirSync: diff.SwitchOn},
		{diff.ColSPEnterpriseID: "sp+old", diff.ColDirSync: diff.SwitchOff},
		aUser("acme", "Lab", "display_name", "Lab", "ensure", diff.EnsureAbsent),
		aUser("fresh", "Lobby", "display_name", "Lobby", "provisioning_id", "bw-template", "extension", "2050"),
	}
}

// TestCrashSweepOfBroadWorks is [TestCrashSweep] for the other offer.
func TestCrashSweepOfBroadWorks(t *testing.T) { crashSweep(t, story{seedUsers, userRows(), 0}, 11) }

// TestRandomFaultsOfBroadWorks is [TestRandomFaultsAndCrashes] for it: whatever
// goes wrong, nothing is applied twice and what is called ok is so.
func TestRandomFaultsOfBroadWorks(t *testing.T) {
	seeds := manySeeds / 3
	if testing.Short() {
		seeds = someSeeds / 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { randomUsers(t, seed) })
		})
	}
}

func randomUsers(t *testing.T, seed int) {
	chance := rand.New(rand.NewPCG(uint64(seed), 1))
	rows := userRows()
	var faults []string
	for range 1 + chance.IntN(3) {
		f := worst[chance.IntN(len(worst))]
		if strings.Contains(f, "2507") {
			f = "POST p=0.5 error=2009 times=3"
		}
		faults = append(faults, f)
	}
	w := newWorld(t, sandbox.Options{Seed: strings.NewReader(seedUsers), ProvisionDelay: time.Duration(chance.IntN(20)) * time.Second}, rows, faults...)
	var results []Result
	for range chance.IntN(mostDeaths + 1) {
		l, got, err := w.run(atEffect(1 + chance.IntN(120)))
		if l.died == "" {
			checkEnded(t, err)
			w.checkStands(t, results, got)
			results = got
		}
		if err := wait(t.Context(), pauses[chance.IntN(len(pauses))]); err != nil {
			t.Fatal(err)
		}
	}
	_, last, err := w.run(never)
	checkEnded(t, err)
	w.checkStands(t, results, last)
	w.checkComplete(t, last)
	w.checkAppliedOnce(t, last)
	w.checkOrder(t, false)
	if err := errors.Join(CheckJournal(w.path), wait(t.Context(), time.Hour)); err != nil {
		t.Error(err)
	}
	w.checkTruth(t, last, rows)
	if t.Failed() {
		t.Logf("faults %q, deaths %q", faults, w.story())
	}
}
