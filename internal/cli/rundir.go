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
	stdin   bool     // has a copy of what came on stdin
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
	// From here on the run keeps its own log, with more in it than stderr shows.
	level := min(slog.LevelInfo, a.global.level())
	a.log = slog.New(slog.NewMultiHandler(a.log.Handler(), slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: level})))
	return r, nil
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
	if path == stdinShown && r.stdin {
		path = r.path(inputFile)
	}
	return batch.Records(path, fn)
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
