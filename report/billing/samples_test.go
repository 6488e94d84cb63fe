package billing

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSampleMappings reads the mappings that users copy.
func TestSampleMappings(t *testing.T) {
	files, err := filepath.Glob("../../samples/mapping*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d mappings, %v", len(files), err)
	}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMapping(f, file); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
