package report

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWriteMetrics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wholesync.prom")
	for range 2 { // the second replaces the first
		if err := WriteMetrics(path, sampleSummary(t)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "metrics.prom", got)
	if err := WriteMetrics(filepath.Join(t.TempDir(), "no", "dir"), Summary{}); err == nil {
		t.Error("a file in no directory was written")
	}
}
