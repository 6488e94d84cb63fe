package batch

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"wholesync/diff"
)

// PlanFormat is the version of the plan file that this program writes and reads.
const PlanFormat = 1

// maxPlanBytes bounds what is read into memory from a file that anybody may
// have made.
const maxPlanBytes = 2 << 30

// PlanFile is a plan as it is saved: what was decided, from what, and a hash
// over all of it, so that what is applied is what was reviewed.
type PlanFile struct {
	Format       int         `json:"format"`
	Tool         string      `json:"tool"` // name and version of the program
	BaseURL      string      `json:"base_url,omitempty"`
	Organization string      `json:"organization,omitempty"` // the partner's org id; "" = not known, as in plans from a snapshot
	SubPartner   string      `json:"sub_partner,omitempty"`
	Inputs       []diff.File `json:"inputs"`
	// AllowExtraColumns and ProvisioningID are how the inputs were read.
	AllowExtraColumns bool         `json:"allow_extra_columns,omitempty"`
	ProvisioningID    string       `json:"provisioning_id,omitempty"`
	Options           diff.Options `json:"options"`
	Limits            diff.Limits  `json:"limits"`
	ListedAt          time.Time    `json:"listed_at"`
	Plan              *diff.Plan   `json:"plan"`
	SHA256            string       `json:"sha256"` // of this document with this field empty
}

// StaleError says why a saved plan must not be applied.
type StaleError struct {
	Reason string
	Hint   string
}

func (e *StaleError) Error() string {
	if e.Hint == "" {
		return e.Reason
	}
	return e.Reason + "; " + e.Hint
}

// Write writes the plan file as indented JSON, with its hash.
func (f PlanFile) Write(w io.Writer) error {
	f.Format = PlanFormat
	sum, err := f.hash()
	if err != nil {
		return err
	}
	f.SHA256 = sum
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(f)
}

// ReadOptions are those with which the plan's inputs were read. The limits of
// size are left out: the inputs were taken once, and their hash is checked.
func (f *PlanFile) ReadOptions() ReadOptions {
	return ReadOptions{
		SkipInvalid: f.Options.SkipInvalid, AllowExtraColumns: f.AllowExtraColumns, ProvisioningID: f.ProvisioningID,
		MaxBytes: math.MaxInt64, MaxRows: math.MaxInt,
	}
}

// hash is the SHA-256 of the compact JSON of the file without its own hash.
func (f PlanFile) hash() (string, error) {
	f.SHA256 = ""
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(f); err != nil {
		return "", fmt.Errorf("writing plan: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

const planAgain = "plan again"

// ReadPlanFile reads a saved plan and checks that nobody changed it. The error
// is a *StaleError where the file was cut, edited or written by another format.
func ReadPlanFile(path string) (*PlanFile, error) {
	data, err := readBounded(path, maxPlanBytes)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f PlanFile
	if err := dec.Decode(&f); err != nil {
		return nil, &StaleError{fmt.Sprintf("%s is not a whole plan file: %v", path, err), planAgain}
	}
	if f.Format != PlanFormat {
		return nil, &StaleError{fmt.Sprintf("%s has plan format %d, and this program reads %d", path, f.Format, PlanFormat), planAgain}
	}
	// Every byte counts: what the decoder skips or folds shows in the rewrite.
	var again bytes.Buffer
	if err := f.Write(&again); err != nil {
		return nil, err
	}
	sum, err := f.hash()
	if err != nil {
		return nil, err
	}
	if sum != f.SHA256 || !bytes.Equal(again.Bytes(), data) || f.Plan == nil {
		return nil, &StaleError{path + " was changed after it was written", planAgain}
	}
	f.restorePositions()
	return &f, nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, nil
}

// restorePositions derives what the file says by name and line.
func (f *PlanFile) restorePositions() {
	index := map[string]uint16{}
	for i, in := range f.Inputs {
		index[in.Name] = uint16(i)
	}
	for i := range f.Plan.Changes {
		c := &f.Plan.Changes[i]
		c.At = diff.Position{File: index[c.FileName], Line: c.Line}
	}
	for i := range f.Plan.Held {
		h := &f.Plan.Held[i]
		h.At = diff.Position{File: index[h.FileName], Line: h.Line}
	}
}

// Verify checks that a saved plan is for this place and that its input files are
// still what they were. The error is a *StaleError.
func (f *PlanFile) Verify(baseURL, organization, subPartner string) error {
	switch {
	case f.BaseURL != "" && f.BaseURL != baseURL:
		return &StaleError{fmt.Sprintf("the plan is for %s, not for %s", f.BaseURL, baseURL), "give --base-url, or plan again"}
	case f.Organization != "" && organization == "":
		return &StaleError{fmt.Sprintf("the plan is for organization %s, and the API does not tell whose the token is", f.Organization), "try again, or plan again"}
	case f.Organization != "" && f.Organization != organization:
		return &StaleError{fmt.Sprintf("the plan is for organization %s, and the token belongs to %s", f.Organization, organization), "use the right credentials, or plan again"}
	case f.SubPartner != subPartner:
		return &StaleError{fmt.Sprintf("the plan is for sub-partner %q, not %q", f.SubPartner, subPartner), "give the same --sub-partner, or plan again"}
	}
	for _, in := range f.Inputs {
		sum, err := HashFile(in.Name)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return &StaleError{fmt.Sprintf("the input %s of the plan is no longer there", in.Name), planAgain}
		case err != nil:
			return fmt.Errorf("checking the plan's input: %w", err)
		case sum != in.SHA256:
			return &StaleError{fmt.Sprintf("the input %s changed after the plan was made", in.Name), planAgain}
		}
	}
	return nil
}

// HashFile is the SHA-256 of a file's bytes, lower-case hex.
func HashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Stale compares the plan with the state as it is now, change by change, and
// names those that may no longer be made: change id to reason.
func Stale(p *diff.Plan, live *diff.Live) map[string]string {
	out := map[string]string{}
	for i := range p.Changes {
		if reason := staleChange(&p.Changes[i], live); reason != "" {
			out[p.Changes[i].ID] = reason
		}
	}
	return out
}

func staleChange(c *diff.Change, live *diff.Live) string {
	now := liveRows(c, live)
	switch {
	case c.Action == diff.Provision && len(now) > 0:
		return "it exists by now"
	case c.Action == diff.Provision:
		return ""
	case len(now) > 1 && c.LiveID == "":
		return fmt.Sprintf("%d live objects have this key by now", len(now))
	}
	for _, r := range now {
		if c.LiveID != "" && r.Get(diff.ColID) != c.LiveID {
			continue
		}
		print := diff.Fingerprint(c.Kind, r.Get)
		if print == c.Precondition || c.Stage == diff.StageShrink || print == c.After(r.Get) {
			return "" // a shrink looks at the state that the change before it leaves
		}
		return "it changed after the plan was made"
	}
	if c.Action == diff.Remove {
		return "" // gone already: the applier says so
	}
	return "it is gone by now"
}

// liveRows are the live objects that a change may mean: those with its key, and
// the one with its id, whose customer may have another name.
func liveRows(c *diff.Change, live *diff.Live) []diff.Row {
	var rows []diff.Row
	t := live.Of(c.Kind)
	for r := range t.IndexBy(diff.SpecOf(c.Kind).OwnKey()).All(cmp.Or(c.Key.Own(), c.Key.Customer)) {
		if r.Key() == c.Key || c.LiveID != "" && r.Get(diff.ColID) == c.LiveID {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 && c.LiveID != "" { // a customer matched by organization, about to get its external id
		rows = slices.AppendSeq(rows, t.IndexBy(diff.ColID).All(c.LiveID))
	}
	return rows
}
