package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wholesync/internal/webex"
)

// evidenceFormat is what tells these files from other JSON.
const evidenceFormat = "wholesync billing report 1"

// ReportEvidence is what is known about a downloaded report. It is kept beside the
// report's file, as NAME.json beside NAME.csv, so that a dispute can show what
// was compared. The link is not part of it.
type ReportEvidence struct {
	Format     string      `json:"format"`
	Path       string      `json:"-"`    // of the report's file
	File       string      `json:"file"` // its name
	Offer      webex.Offer `json:"offer"`
	ID         string      `json:"id"`
	Type       string      `json:"type,omitempty"`
	Category   string      `json:"category,omitempty"`
	Start      string      `json:"start"` // first and last day, YYYY-MM-DD
	End        string      `json:"end"`
	SubPartner string      `json:"sub_partner,omitempty"`
	Internal   *bool       `json:"internal,omitempty"`
	Created    time.Time   `json:"created"` // when the API made the report; zero = it does not say
	Fetched    time.Time   `json:"fetched"`
	Bytes      int64       `json:"bytes"`
	SHA256     string      `json:"sha256"`
}

// EvidencePath is where the evidence of a report's file is.
func EvidencePath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".json"
}

func checkEvidencePath(path string) error {
	if EvidencePath(path) == path {
		return fmt.Errorf("writing %s: a report is CSV, and what is known about it goes to a .json beside it; name a file that ends in .csv", path)
	}
	return nil
}

func writeEvidence(r webex.BillingReport, subPartner, path string, content webex.Content) (ReportEvidence, error) {
	e := ReportEvidence{
		Format: evidenceFormat, Path: path, File: filepath.Base(path), Offer: r.Offer, ID: r.ID, Type: r.Type, Category: r.Category,
		Start: r.Start, End: r.End, SubPartner: r.SubPartner, Internal: r.Internal,
		Created: r.Created, Fetched: time.Now().UTC().Truncate(time.Second), Bytes: content.Bytes, SHA256: content.SHA256,
	}
	if e.SubPartner == "" {
		e.SubPartner = subPartner
	}
	if month, err := time.Parse("2006-01", r.Month); err == nil {
		e.Start, e.End = month.Format(time.DateOnly), month.AddDate(0, 1, -1).Format(time.DateOnly)
	}
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return e, err
	}
	return e, WriteFile(EvidencePath(path), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// ReadEvidence reads what is known about a report's file; ok is whether there is
// anything. Whether it is about that very file is for its SHA-256 to say.
func ReadEvidence(path string) (e ReportEvidence, ok bool, err error) {
	const most = 1 << 20
	beside := EvidencePath(path)
	if beside == path {
		return e, false, nil
	}
	info, err := os.Stat(beside)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() > most) {
		return e, false, nil
	}
	text, err := os.ReadFile(beside)
	if err != nil {
		return e, false, err
	}
	if !bytes.Contains(text, []byte(evidenceFormat)) { // some other file
		return e, false, nil
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return e, false, fmt.Errorf("%s: %w", beside, err)
	}
	e.Path = path
	return e, true, nil
}
