// Package batch takes rows in and carries changes out: it reads desired-state
// CSV into diff.Desired ([ReadDesired]), lists the live state into diff.Live
// ([List]), and executes the changes of a diff.Plan against the API, one Result
// per change ([Executor]).
//
// What else takes many calls, or waits for the API, is here too: asking about a
// plan beforehand ([Precheck]), mails to those who have not agreed ([MailConsents]),
// billing reports ([Fetcher]) and directory syncs ([DirectorySyncer]).
//
// The decision between the two lies in package diff; how a run is told to
// people lies in package report.
package batch
