package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wholesync/batch"
	"wholesync/diff"
)

func TestWriteResults(t *testing.T) {
	p := samplePlan()
	var b bytes.Buffer
	if err := WriteResults(&b, Rows(sampleDesired(t), p, sampleResults(p))); err != nil {
		t.Fatal(err)
	}
	golden(t, "results.csv", b.Bytes())
}

// Every text of a result is read back as it was, or with the quote that keeps a
// spreadsheet from computing it.
func TestResultCellsAreSafe(t *testing.T) {
	const evil = "=1+1\n,\"x\""
	rows := []Row{{
		File: evil, At: diff.Position{Line: 7}, Kind: diff.Customer, Key: diff.Key{Customer: evil}, Outcome: diff.Failed,
		Result: &batch.Result{Title: evil, Field: evil, Description: evil, Advice: evil, TrackingID: evil, ResourceID: evil, BlockedBy: evil},
	}}
	var b bytes.Buffer
	if err := WriteResults(&b, rows); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const safe = "'" + evil
	want := []string{safe, "7", "customer", safe, "none", "failed", "", "", safe, safe, safe, safe, "0", safe, safe, safe, "", ""}
	if d := cmp.Diff([][]string{resultColumns, want}, records); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
}

func TestWriteResultsTellsWriteErrors(t *testing.T) {
	if err := WriteResults(brokenWriter{}, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
}
