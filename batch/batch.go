// Package batch takes rows in and carries changes out: it reads desired-state
// CSV into diff.Desired, lists the live state into diff.Live, and executes the
// changes of a diff.Plan against the API, one Result per change.
//
// The decision between the two lies in package diff; how a run is told to
// people lies in package report.
package batch
