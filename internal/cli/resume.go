package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

func newResume(a *app) *cobra.Command {
	var brake brakeOptions
	cmd := &cobra.Command{
		Use:   "resume RUN_DIR",
		Short: "Go on with a run that did not come to its end",
		Long: `Resume takes up a run of apply that was interrupted, killed, or stopped by an
outage. The journal in its directory tells what was done: results that stand are
kept, what the API had accepted is looked at, what may or may not have been sent
is read back, and only what was never applied is sent.

The plan is the one that was reviewed. Resuming a finished run sends nothing and
writes the same results again.`,
		Example: "  wholesync resume wholesync-runs/20261122T003041Z-317d57",
		Args:    oneRun,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args[0], brake) },
	}
	brake.addFlags(cmd.Flags())
	offerWords(cmd)
	return cmd
}

// resume goes on with a run, in the order of apply without its first half: the
// plan was made, reviewed and agreed to.
func (a *app) resume(ctx context.Context, dir string, brake brakeOptions) error {
	if err := brake.check(); err != nil {
		return err
	}
	if err := a.checkOutputs(nil, map[string]string{"--" + metricsFlag: a.global.metrics}); err != nil {
		return err
	}
	old, err := a.openOld(dir)
	if err != nil {
		return err
	}
	defer old.close()
	if err := old.run.keepLog(a); err != nil {
		return err
	}
	defer old.run.end()
	a.needToChange(kindsOf(old.saved.Plan))
	a.needToOpen(findsLocations(old.saved.Plan), false)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	if err := old.verify(api, a.global.subPartner); err != nil {
		return err
	}
	lock, err := a.lock(api, old.run)
	if err != nil {
		return err
	}
	defer lock.release()
	p := &proposal{want: old.want, plan: old.saved.Plan, saved: old.saved}
	results, runErr := a.execute(ctx, work{api: api, p: p, journal: old.journal, past: old.past, brake: brake})
	return a.conclude(ctx, old.run, outcome{api, p, results, runErr})
}

func newResults(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "results RUN_DIR",
		Short: "Write results.csv and retry.csv of a run again",
		Long: `Results derives results.csv and retry.csv from the journal of a run, without the
API. It helps where the run could not write them, or where they were changed.
It ends with the exit code that the rows stand for.`,
		Example: "  wholesync results wholesync-runs/20261122T003041Z-317d57",
		Args:    oneRun,
		RunE:    func(_ *cobra.Command, args []string) error { return a.results(args[0]) },
	}
}

func (a *app) results(dir string) error {
	old, err := a.openOld(dir)
	if err != nil {
		return err
	}
	defer old.close()
	var results []batch.Result
	for i := range old.saved.Plan.Changes {
		c := &old.saved.Plan.Changes[i]
		results = append(results, old.past[c.ID].Result(c))
	}
	rows := report.Rows(old.want, old.saved.Plan, results)
	if err := a.writeResults(old.run, old.want, rows); err != nil {
		return &exitErr{exitFiles, err}
	}
	for _, path := range old.run.written {
		if _, err := fmt.Fprintln(a.stdout, report.Clean(path)); err != nil {
			return fail(exitFiles, "printing the names of the files: %w", err)
		}
	}
	return endWith(report.ExitCode(rows))
}

// oneRun asks for the directory of one run.
func oneRun(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("reading the arguments: %s takes the directory of one run, and %d were given; the end of apply names it", cmd.CommandPath(), len(args))
	}
	return nil
}

// oldRun is a run of the past with everything that its directory tells.
type oldRun struct {
	run     *runDir
	saved   *batch.PlanFile
	want    *diff.Desired
	journal *batch.BoltJournal
	past    map[string]batch.Past
}

// openOld reads the plan, the input and the journal of a run.
func (a *app) openOld(dir string) (*oldRun, error) {
	old, err := a.openSaved(dir)
	if err != nil {
		return nil, err
	}
	if old.want, err = a.rereadInput(old); err != nil {
		return nil, err
	}
	return old, old.openJournal()
}

// openRecords is openOld without the input, which may have changed since.
func (a *app) openRecords(dir string) (*oldRun, error) {
	old, err := a.openSaved(dir)
	if err != nil {
		return nil, err
	}
	return old, old.openJournal()
}

// openSaved reads the plan of a run.
func (a *app) openSaved(dir string) (*oldRun, error) {
	old := &oldRun{run: &runDir{dir: dir, started: a.now()}}
	_, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the run %s: %w; name the directory that apply made", dir, err)
	}
	if old.saved, err = batch.ReadPlanFile(old.run.path(planFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening the run %s: it has no %s, so nothing was sent; apply the input again", dir, planFile)
	} else if err != nil {
		return nil, fmt.Errorf("opening the run %s: %w", dir, err)
	}
	return old, nil
}

// openJournal opens the journal of a run, and reads what it tells. It must be
// that of the run's plan.
func (old *oldRun) openJournal() (err error) {
	dir := old.run.dir
	if old.journal, err = batch.OpenJournal(old.run.path(journalFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("opening the run %s: it has no %s, so nothing was sent; apply the input again", dir, journalFile)
	} else if err != nil {
		return err
	}
	sum, err := batch.HashFile(old.run.path(planFile))
	if err == nil && sum != old.journal.Meta().PlanSHA256 {
		err = fmt.Errorf("opening the run %s: %w", dir, &batch.StaleError{Reason: planFile + " is not the plan that the journal was kept for", Hint: "put the right one back"})
	}
	if err == nil {
		old.past, err = old.journal.History()
	}
	if err != nil {
		return errors.Join(err, old.journal.Close())
	}
	return nil
}

// rereadInput reads the run's input files again; what came on stdin from the copy.
func (a *app) rereadInput(old *oldRun) (*diff.Desired, error) {
	names := make([]string, len(old.saved.Inputs))
	for i, in := range old.saved.Inputs {
		names[i] = old.run.source(in.Name)
		sum, err := batch.HashFile(names[i])
		switch {
		case err != nil:
			return nil, fmt.Errorf("opening the run %s: its input: %w", old.run.dir, &batch.StaleError{Reason: err.Error(), Hint: "resume from the directory in which apply was started"})
		case sum != in.SHA256:
			return nil, fmt.Errorf("opening the run %s: %w", old.run.dir, &batch.StaleError{Reason: "the input " + names[i] + " changed after the plan was made", Hint: "put the old one back, or apply the new one"})
		}
	}
	want, problems, err := batch.ReadDesired(names, old.saved.ReadOptions())
	if err != nil {
		return nil, fmt.Errorf("opening the run %s: %w", old.run.dir, err)
	}
	if err := a.judge(problems); err != nil {
		return nil, err
	}
	for i := range want.Files {
		want.Files[i].Name = old.saved.Inputs[i].Name
	}
	return old.saved.Options.Select(want), nil
}

// verify makes sure that the run goes on where it began.
func (old *oldRun) verify(api *session, subPartner string) error {
	place := *old.saved
	place.Inputs = nil // checked already
	if err := place.Verify(api.identity, api.organization, subPartner); err != nil {
		return fmt.Errorf("checking the run %s: %w", old.run.dir, err)
	}
	return nil
}

// close gives the journal back. After a run it is closed already.
func (old *oldRun) close() { _ = old.journal.Close() }

// runLock is the lock of a run; a rehearsal has none, because its API is its own.
type runLock struct{ held *batch.RunLock }

func (l runLock) release() {
	if l.held != nil {
		_ = l.held.Close() // the system gives it back in any case
	}
}

// lock keeps other runs off the organization.
func (a *app) lock(api *session, run *runDir) (runLock, error) {
	if api.rehearsal {
		return runLock{}, nil
	}
	state, err := batch.StateDir(a.getenv)
	if err != nil {
		return runLock{}, err
	}
	organization := api.organization
	if organization == "" {
		organization = "unknown"
	}
	held, err := batch.LockOrganization(filepath.Join(state, "wholesync", "locks"), api.identity, organization)
	if err != nil {
		return runLock{}, err
	}
	if err := held.NameRunDir(run.dir); err != nil {
		return runLock{}, errors.Join(err, held.Close())
	}
	return runLock{held}, nil
}
