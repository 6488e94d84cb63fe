package cli

import "time"

// faults is the whole catalogue, with exit codes and outcomes in the words of
// this program. A 403 without a code is sent twice: the token may be too old for
// a young object, so it is renewed once. Where the same fault must come out in the same
// way on any write, one write stands here for all of them.
var faults = []fault{
	{id: "F1", what: "429 with Retry-After", elsewhere: []string{"internal/webex TestRetryAfter", "internal/webex TestGateHoldsEverybody"}, stories: []story{
		{name: "one", faults: []string{"POST nth=1 429=1s"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
	}},
	{id: "F2", what: "429 without Retry-After", elsewhere: []string{"internal/webex TestRetryAfter", "internal/webex TestRateAdapts", "internal/webex TestBackoffBounds"}},
	{id: "F3", what: "Retry-After as a date", elsewhere: []string{"internal/webex TestRetryAfter"}},
	{id: "F4", what: "absurd Retry-After", elsewhere: []string{"internal/webex TestRetryAfter", "internal/webex TestOutageEnds"}},
	{id: "F5", what: "429 for ever", elsewhere: []string{"internal/webex TestOutageEnds"}, stories: []story{
		{name: "writes", faults: []string{"POST /wholesale/* 429=1s"}, rows: []string{eveRow, gilRow}, flags: []string{"--max-outage=500ms"},
			code: exitIncomplete, outcomes: "not_attempted not_attempted", writes: 2, resumed: -1},
	}},
	{id: "F6", what: "423", elsewhere: []string{"internal/webex TestLockedHoldsOneCall"}, stories: []story{
		{name: "one", faults: []string{"POST nth=1 423=1s"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
	}},
	{id: "F7", what: "500 on POST, not applied", elsewhere: []string{"batch TestApplyOnce", "batch TestApplyReadsBeforeItRepeats"}, stories: []story{
		{name: "subscriber", faults: []string{"POST nth=1 500-before"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
		{name: "customer", faults: []string{"POST nth=1 500-before"}, rows: []string{newcoRow}, outcomes: "ok", applied: 1, writes: 2},
	}},
	{id: "F8", what: "500 on POST, applied", elsewhere: []string{"batch TestApplyOnce"}, stories: []story{
		{name: "subscriber", faults: []string{"POST nth=1 500-after"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 1},
		{name: "customer", faults: []string{"POST nth=1 500-after"}, rows: []string{newcoRow}, delay: 50 * time.Millisecond, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F9", what: "502, 503, 504 on PUT", elsewhere: []string{"batch TestApplyOnce"}, stories: []story{
		{name: "not applied", faults: []string{"PUT nth=1 502-before"}, rows: []string{bobCalls}, outcomes: "ok", applied: 1, writes: 2},
		{name: "not applied, customer", faults: []string{"PUT nth=1 503-before"}, rows: []string{growRow}, outcomes: "ok", applied: 1, writes: 2},
		{name: "applied", faults: []string{"PUT nth=1 504-after"}, rows: []string{bobCalls}, outcomes: "ok", applied: 1, writes: 1},
		{name: "applied, customer", faults: []string{"PUT nth=1 502-after"}, rows: []string{growRow}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F10", what: "503 on a list", elsewhere: []string{"internal/webex TestUnavailableClosesGate"}, stories: []story{
		{name: "once", faults: []string{"GET /wholesale/* nth=1 503=1s"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F11", what: "final refusals", elsewhere: []string{"internal/webex TestClassifyStatus"}, stories: []story{
		{name: "501", faults: []string{"POST 501-before"}, rows: []string{eveRow}, code: exitRows, outcomes: "failed", writes: 1, resumed: exitRows},
		{name: "405", faults: []string{"POST 405-before"}, rows: []string{eveRow}, code: exitRows, outcomes: "failed", writes: 1, resumed: exitRows},
		{name: "415", faults: []string{"POST 415-before"}, rows: []string{eveRow}, code: exitRows, outcomes: "failed", writes: 1, resumed: exitRows},
		{name: "400 with a code", faults: []string{"POST error=2539"}, rows: []string{eveRow, bobLeaves}, code: exitRows, outcomes: "failed ok", applied: 1, writes: 2, says: "2539", resumed: exitRows},
	}},
	{id: "F12", what: "no connection", elsewhere: []string{"internal/webex TestRefusedConnection", "internal/webex TestUntrustedCertificate", "internal/webex TestUnreachableIsNotSent", "internal/cli TestNoConnection"}},
	{id: "F13", what: "reset before the answer", elsewhere: []string{"batch TestApplyOnce", "internal/webex TestBrokenConnections"}, stories: []story{
		{name: "before the commit", faults: []string{"POST nth=1 reset-before"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
		{name: "after the commit", faults: []string{"POST nth=1 reset-after"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 1},
		{name: "removal", faults: []string{"DELETE nth=1 reset-after"}, rows: []string{bobLeaves}, outcomes: "ok", applied: 1, writes: 1},
		{name: "removal of a customer", faults: []string{"DELETE nth=1 reset-after"}, rows: []string{hollowGoes}, delay: 50 * time.Millisecond, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F14", what: "end in the middle of the answer", elsewhere: []string{"internal/webex TestBrokenConnections"}, stories: []story{
		{name: "provision", faults: []string{"POST nth=1 truncate"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 1},
		{name: "update", faults: []string{"PUT nth=1 truncate"}, rows: []string{bobCalls}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F15", what: "kept connection closed by the server", elsewhere: []string{"internal/webex TestStaleConnection", "internal/webex TestRequestHeaders"}},
	{id: "F16", what: "timeout after the commit", elsewhere: []string{"internal/webex TestTimeout"}, stories: []story{
		{name: "one", faults: []string{"POST nth=1 delay=1m"}, rows: []string{eveRow}, flags: []string{"--timeout=500ms"}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F17", what: "commit that shows late", elsewhere: []string{"batch TestApplyWaitsForLateObjects", "batch TestApplyTrustsAnswersOverReads", "batch TestResumedProvisionShowsLate"}},
	{id: "F18", what: "our own object is in the way", elsewhere: []string{"batch TestApplyAdoptsItsOwnObject", "batch TestResumedProvisionMeetsItself", "batch TestApplyAmbiguous"}, stories: []story{
		{name: "cannot be told", faults: []string{"POST nth=1 500-before", "POST nth=1 error=2507"}, rows: []string{eveRow}, code: exitUnknown, outcomes: "unknown", writes: 2, resumed: -1},
	}},
	{id: "F18a", what: "2008 while our own request is in process", elsewhere: []string{"batch TestApplyAlreadyInProcess"}, stories: []story{
		{name: "once", faults: []string{"POST nth=1 error=2008"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
	}},
	{id: "F18b", what: "busy customer", elsewhere: []string{"batch TestApplyBusy", "batch TestApplyBusyForEver", "batch TestRunTriesBusyObjectsAgain"}, stories: []story{
		{name: "for a while", faults: []string{"POST nth=1 times=2 error=2504"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 3},
	}},
	{id: "F19", what: "conflict at the first attempt", elsewhere: []string{"batch TestApplyNeverAdoptsOthers"}, stories: []story{
		{name: "subscriber", faults: []string{"POST error=2507"}, rows: []string{eveRow}, code: exitRows, outcomes: "conflict", writes: 1, says: "2507", resumed: exitRows},
		{name: "customer", faults: []string{"POST error=2503"}, rows: []string{newcoRow}, code: exitRows, outcomes: "conflict", writes: 1, says: "2503", resumed: exitRows},
	}},
	{id: "F20", what: "404 on DELETE", elsewhere: []string{"batch TestApplyRemovalFoundGone"}, stories: []story{
		{name: "at the first attempt", faults: []string{"DELETE error=2001"}, rows: []string{bobLeaves}, outcomes: "unchanged", writes: 1},
		{name: "after our own", faults: []string{"DELETE nth=1 502-after"}, rows: []string{bobLeaves}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F21", what: "provisioning for ever", elsewhere: []string{"batch TestRunStopsLookingAtTheDeadline"}, stories: []story{
		{name: "customer", faults: []string{"POST stuck"}, rows: []string{newcoRow, newcosRow}, flags: []string{"--poll-timeout=200ms"},
			code: exitIncomplete, outcomes: "in_progress not_attempted", applied: 1, writes: 1, resumed: exitIncomplete},
	}},
	{id: "F22", what: "provisioning ends in error", elsewhere: []string{"batch TestApplyEnds"}, stories: []story{
		{name: "customer", faults: []string{"POST end=error"}, rows: []string{newcoRow, newcosRow}, code: exitRows, outcomes: "failed skipped", applied: 1, writes: 1, says: "customer/newco/provision", resumed: exitRows},
		{name: "subscriber", faults: []string{"POST end=error"}, rows: []string{eveRow}, code: exitRows, outcomes: "failed", applied: 1, writes: 1, says: "5001", resumed: exitRows},
	}},
	{id: "F23", what: "provisioned with errors", elsewhere: []string{"batch TestApplyEnds"}, stories: []story{
		{name: "customer", faults: []string{"POST end=provisioned_with_errors"}, rows: []string{newcoRow, newcosRow}, code: exitRows, outcomes: "failed skipped", applied: 1, writes: 1, resumed: exitRows},
	}},
	{id: "F24", what: "status that flaps", elsewhere: []string{"batch TestStatusFlaps"}},
	{id: "F25", what: "broken JSON", elsewhere: []string{"internal/webex TestFaults"}, stories: []story{
		{name: "customer", faults: []string{"POST nth=1 truncate"}, rows: []string{newcoRow}, outcomes: "ok", applied: 1, writes: 1},
	}},
	{id: "F26", what: "page of a proxy", elsewhere: []string{"internal/webex TestFaults", "internal/webex TestProxyPageEndsReads"}, stories: []story{
		{name: "once", faults: []string{"POST nth=1 html"}, rows: []string{eveRow}, outcomes: "ok", applied: 1, writes: 2},
	}},
	{id: "F27", what: "redirect", elsewhere: []string{"internal/webex TestRedirects"}},
	{id: "F28", what: "server that drips", elsewhere: []string{"internal/webex TestDrip"}},
	{id: "F29", what: "answers without bounds", elsewhere: []string{"internal/webex TestBrokenConnections"}},
	{id: "F30", what: "estate that changes while it is listed", elsewhere: []string{"batch TestListProof"}},
	{id: "F31", what: "page repeated", elsewhere: []string{"internal/webex TestRepeatedPages"}},
	{id: "F32", what: "link to the next page that leads astray", elsewhere: []string{"internal/webex TestWrongLists", "internal/webex TestNextTarget"}},
	{id: "F33", what: "list that ends early", elsewhere: []string{"batch TestListProof"}, stories: []story{
		{name: "prune", faults: []string{"GET /wholesale/subscribers nth=1 empty"}, rows: []string{"subscriber,,,,,,,,,,,acme,ann@acme.example,webex_calling,,"}, prune: true, code: exitGuard},
	}},
	{id: "F34", what: "page that cannot be read", elsewhere: []string{"batch TestListErrors"}, stories: []story{
		{name: "for ever", faults: []string{"GET /wholesale/* 500-before"}, rows: []string{eveRow}, flags: []string{"--max-outage=200ms"}, code: exitError, says: "reading the live state"},
	}},
	{id: "F35", what: "token expires in the middle", elsewhere: []string{"internal/webex TestRefreshOnce"}, stories: []story{
		{name: "one", faults: []string{"POST /wholesale/* nth=1 401-before"}, rows: []string{eveRow, gilRow}, outcomes: "ok ok", applied: 2, writes: 3},
	}},
	{id: "F36", what: "401 after the refresh", elsewhere: []string{"internal/webex TestRefusedAgain", "batch TestApplyWithoutPermission"}, stories: []story{
		{name: "for ever", faults: []string{"POST /wholesale/* 401-before"}, rows: []string{eveRow, gilRow}, code: exitAuth, outcomes: "not_attempted not_attempted", writes: 2, resumed: -1},
	}},
	{id: "F37", what: "refresh token expired", elsewhere: []string{"internal/webex TestRefreshFails"}, stories: []story{
		{name: "in the middle", faults: []string{"POST /wholesale/* nth=1 401-before"}, rows: []string{eveRow, gilRow}, spoilt: true, code: exitAuth,
			outcomes: "not_attempted not_attempted", writes: 1, says: "sign in again", resumed: -1},
	}},
	{id: "F38", what: "crash after a rotation", elsewhere: []string{"internal/webex TestRefreshOnce", "internal/cli TestSecretsOfKilledRun"}},
	{id: "F39", what: "lost refresh", elsewhere: []string{"internal/webex TestRefreshFails"}},
	{id: "F40", what: "403 on a removal", elsewhere: []string{"internal/webex TestClassifyStatus"}, stories: []story{
		{name: "one", faults: []string{"DELETE 403-before"}, rows: []string{bobLeaves}, code: exitAuth, outcomes: "not_attempted", writes: 2, resumed: -1},
	}},
	{id: "F41", what: "403 on the first write", elsewhere: []string{"batch TestApplyWithoutPermission"}, stories: []story{
		{name: "scope", faults: []string{"POST /wholesale/* 403-before"}, rows: []string{eveRow, gilRow}, code: exitAuth, outcomes: "not_attempted not_attempted", writes: 2, resumed: -1},
	}},
	{id: "F42", what: "404 on PUT", elsewhere: []string{"batch TestApplyPrecondition"}, stories: []story{
		{name: "subscriber", faults: []string{"PUT error=2001"}, rows: []string{bobCalls}, code: exitRows, outcomes: "conflict", writes: 1, resumed: exitRows},
	}},
	{id: "F43", what: "object changed since the plan", elsewhere: []string{"batch TestApplyPrecondition", "batch TestStale", "testdata/script/stale.txtar"}},
	{id: "F44", what: "plan file edited", elsewhere: []string{"batch TestPlanFileDamaged", "batch TestPlanFileVerify", "testdata/script/stale.txtar"}},
	{id: "F45", what: "input changed after the plan", elsewhere: []string{"batch TestPlanFileVerify", "testdata/script/stale.txtar"}},
	{id: "F46", what: "two runs at once", elsewhere: []string{"batch TestLockIsOfOneOrganization", "batch TestLockEndsWithItsProcess", "internal/cli TestSecondRunIsKeptOff"}},
	{id: "F47", what: "one interrupt", elsewhere: []string{"internal/cli TestFirstInterruptDrains", "batch TestRunStop"}},
	{id: "F48", what: "second interrupt", elsewhere: []string{"internal/cli TestSecondInterruptCuts", "batch TestRunCut", "internal/cli TestCutRunIsResumed"}},
	{id: "F49", what: "SIGKILL", elsewhere: []string{"internal/cli TestKilledRunIsResumed", "batch TestCrashSweep", "batch TestJournalSurvivesKill"}},
	{id: "F50", what: "power loss", elsewhere: []string{"batch TestJournalCutAnywhere", "batch TestJournalEveryByteFlipped", "batch TestCrashSweep"}},
	{id: "F51", what: "disk full under the journal", elsewhere: []string{"batch TestApplyWithoutJournal", "batch TestJournalFailsForEver", "batch TestRunStopsWithoutJournal"}},
	{id: "F52", what: "sync that fails", elsewhere: []string{"batch TestJournalFailsForEver", "batch TestCommitAfterFailure"}},
	{id: "F53", what: "disk full under the results", elsewhere: []string{"internal/cli TestResultsCannotBeWritten", "internal/cli TestResultsAgain"}},
	{id: "F54", what: "run directory that cannot be made", elsewhere: []string{"internal/cli TestNoRunDirectory"}},
	{id: "F55", what: "results behind a link", elsewhere: []string{"batch TestWriteFileReplacesLinks", "batch TestJournalFileIsPrivate"}},
	{id: "F56", what: "clock that jumps", elsewhere: []string{"internal/webex TestRetryAfter", "internal/webex TestRefreshEarly", "internal/webex TestPaceProperty"}},
	{id: "F57", what: "panic in a worker", elsewhere: []string{"batch TestRunGoesOnAfterFailure"}},
	{id: "F58", what: "stderr closed", elsewhere: []string{"internal/cli TestNobodyReads"}},
	{id: "F59", what: "another value applied", elsewhere: []string{"batch TestApplyJudgesPackages", "batch TestApplyOtherPackages"}},
	{id: "F60", what: "dependency fails", elsewhere: []string{"batch TestRunSkipsDependents", "testdata/script/outcomes.txtar"}, stories: []story{
		{name: "customer", faults: []string{"POST /wholesale/customers error=2539"}, rows: []string{newcoRow, newcosRow, eveRow}, code: exitRows, outcomes: "failed skipped ok", applied: 1, writes: 2, resumed: exitRows},
	}},
	{id: "F61", what: "number that changes hands", elsewhere: []string{"batch TestCrashSweep", "batch TestRunOrder"}, stories: []story{
		{name: "extension", rows: []string{takesOver, annLeaves}, outcomes: "ok ok", applied: 2, writes: 2},
	}},
	{id: "F62", what: "too many deletes", elsewhere: []string{"diff TestGuards", "testdata/script/guards.txtar", "batch TestCrashSweep"}},
	{id: "F63", what: "report URL expired", elsewhere: []string{"batch TestFetch", "batch TestFetchEnds", "internal/webex TestDownloadRefused"}},
	{id: "F64", what: "report URL leads astray", elsewhere: []string{"internal/webex TestDownloadHost", "internal/webex TestDownloadFollowsNothing", "batch TestFetchEnds"}},
	{id: "F65", what: "token to the download host", elsewhere: []string{"internal/webex TestDownload"}},
	{id: "F66", what: "download cut", elsewhere: []string{"internal/webex TestDownloadRefused", "internal/webex TestDownloadUnasked", "batch TestFetchEnds"}},
	{id: "F67", what: "signed URL in an error", elsewhere: []string{"internal/webex TestDownloadRefused", "internal/webex TestLinkIsSecret", "batch TestFetchEnds"}},
	{id: "F68", what: "429 storm over many changes", elsewhere: []string{"internal/webex TestPaceProperty", "batch TestStormOfThrottling"}},
	{id: "F69", what: "journal of many resumes", elsewhere: []string{"batch TestJournalOfManyResumes"}},
	{id: "F70", what: "Location missing or foreign", elsewhere: []string{"internal/webex TestProvisionCustomerID"}},
}
