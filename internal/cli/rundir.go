package cli

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"wholesync/batch"
)

// The files of a run.
const (
	planFile    = "plan.json"
	resultsFile = "results.csv"
	retryFile   = "retry.csv"
	summaryFile = "summary.json"
	logFile     = "run.log"
	journalFile = "journal.db"
	inputFile   = "stdin.csv" // a copy of what came on stdin
)

const runsDir = "wholesync-runs"

// runDir is the directory that keeps the records of one apply.
type runDir struct {
	dir     string
	log     *os.File
	started time.Time
	made    bool     // by this run
	parent  string   // of the directory, where that is ours too
	written []string // paths of the files that make the run worth keeping
	retry   string   // path of retry.csv, "" = none
}

// openRun makes the run's directory and its log. It comes before anything is
// sent: a run that cannot write down its results must not start.
func (a *app) openRun() (*runDir, error) {
	r := &runDir{dir: a.global.runDir, started: a.now()}
	if r.dir == "" {
		var id [3]byte
		_, _ = rand.Read(id[:]) // never fails, says its documentation
		r.parent = runsDir
		r.dir = filepath.Join(r.parent, r.started.UTC().Format("20060102T150405Z")+"-"+hex.EncodeToString(id[:]))
	}
	entries, err := os.ReadDir(r.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.made = true
		err = os.MkdirAll(r.dir, 0o700)
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("making the run directory: %s is not empty; name another with --run-dir", r.dir)
	}
	if err == nil {
		r.log, err = os.OpenFile(r.path(logFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return nil, fail(exitFiles, "making the run directory: %w; name another with --run-dir", err)
	}
	r.logFrom(a)
	return r, nil
}

// keepLog lets a resumed run write on in the log of the run.
func (r *runDir) keepLog(a *app) (err error) {
	if r.log, err = os.OpenFile(r.path(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return fail(exitFiles, "opening the log of the run: %w", err)
	}
	r.written = append(r.written, r.path(logFile)) // the run is worth keeping
	r.logFrom(a)
	return nil
}

// logFrom makes the run keep its own log from here on, with more in it than
// stderr shows.
func (r *runDir) logFrom(a *app) {
	level := min(slog.LevelInfo, a.global.level())
	a.log = slog.New(slog.NewMultiHandler(a.log.Handler(), slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: level})))
}

// newJournal makes the journal of a run. It belongs to the plan file that was
// written before.
func (r *runDir) newJournal(api *session, subPartner string) (*batch.BoltJournal, error) {
	sum, err := batch.HashFile(r.path(planFile))
	if err != nil {
		return nil, fail(exitFiles, "reading back the plan: %w", err)
	}
	j, err := batch.CreateJournal(r.path(journalFile), batch.JournalMeta{
		Tool: "wholesync " + version(), PlanSHA256: sum, BaseURL: api.identity, Organization: api.organization, SubPartner: subPartner, Created: r.started.UTC(),
	})
	if err != nil {
		return nil, err
	}
	r.written = append(r.written, r.path(journalFile))
	return j, nil
}

// source is where an input file can be read again.
func (r *runDir) source(name string) string {
	if name == stdinShown {
		return r.path(inputFile)
	}
	return name
}

func (r *runDir) path(name string) string { return filepath.Join(r.dir, name) }

// write writes one of the run's files.
func (r *runDir) write(name string, content func(io.Writer) error) error {
	if err := batch.WriteFile(r.path(name), content); err != nil {
		return &exitErr{exitFiles, err}
	}
	r.written = append(r.written, r.path(name))
	return nil
}

// records reads the raw records of an input file; those of stdin from the copy.
func (r *runDir) records(path string, fn func(line int, record []string) error) error {
	return batch.Records(r.source(path), fn)
}

// end closes the log. A run that came to nothing leaves nothing behind.
func (r *runDir) end() {
	_ = r.log.Close() // the log tells what is known from elsewhere
	if len(r.written) > 0 {
		return
	}
	_ = os.Remove(r.path(logFile))
	_ = os.Remove(r.path(inputFile))
	if r.made {
		_ = os.Remove(r.dir)
	}
	if r.parent != "" {
		_ = os.Remove(r.parent) // fails, as it should, where there are other runs
	}
}
