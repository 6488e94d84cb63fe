package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

// reading is what an apply starts from: input files, a plan that was saved for
// them, or a plan that was made from them and an export.
type reading struct {
	want   *diff.Desired
	saved  *batch.PlanFile
	made   *proposal
	prices *report.Prices
}

// readForApply reads everything that is on this machine.
func (a *app) readForApply(args []string, o *applyOptions, run *runDir) (in reading, err error) {
	if in.prices, err = readPrices(o.prices); err != nil {
		return in, err
	}
	if isPlan(args) {
		if in.saved, err = batch.ReadPlanFile(args[0]); err != nil {
			return in, fmt.Errorf("reading the saved plan: %w", err)
		}
		return in, nil
	}
	stdin := a.stdin
	if slices.Contains(args, stdinName) {
		// What came on stdin cannot be read again, and retry.csv needs its rows.
		f, err := os.OpenFile(run.path(inputFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return in, fail(exitFiles, "keeping a copy of stdin: %w", err)
		}
		defer func() { // a resumed run reads it, perhaps after a power cut
			if closing := errors.Join(f.Sync(), f.Close()); closing != nil && err == nil {
				err = fail(exitFiles, "keeping a copy of stdin: %w", closing)
			}
		}()
		stdin = io.TeeReader(a.stdin, f)
	}
	if o.current != "" {
		in.made, err = a.proposeOffline(args, &o.planOptions, stdin)
		return in, err
	}
	in.want, err = a.read(args, o.inputOptions, stdin)
	return in, err
}

// proposeForApply makes the plan that will be carried out. One that was made
// earlier, or from an export, is held against the live state, change by change.
func (a *app) proposeForApply(api *session, in reading, o *applyOptions) (*proposal, error) {
	p, err := in.made, error(nil)
	switch {
	case in.saved != nil:
		p, err = a.reopen(api, in.saved, o)
	case in.made == nil:
		p, err = a.propose(a.stop, api, in.want, &o.planOptions)
	}
	if err != nil {
		return nil, err
	}
	p.prices = in.prices
	if in.want != nil {
		return p, nil
	}
	if p.live, err = a.list(a.stop, api, p.want, batch.ListOptions{}); err != nil {
		return nil, err
	}
	p.refuse = batch.Stale(p.plan, p.live)
	p.listCalls = int(api.client.Stats().Requests)
	return p, nil
}

// reopen makes sure that a saved plan is for this API and these inputs. Guards
// that were lifted when it was made stay lifted.
func (a *app) reopen(api *session, f *batch.PlanFile, o *applyOptions) (*proposal, error) {
	if err := f.Verify(api.identity, api.organization, a.global.subPartner); err != nil {
		return nil, fmt.Errorf("checking the saved plan: %w", err)
	}
	names := make([]string, len(f.Inputs))
	for i, input := range f.Inputs {
		names[i] = input.Name
	}
	want, problems, err := batch.ReadDesired(names, f.ReadOptions())
	if err != nil {
		return nil, fmt.Errorf("reading the input of the saved plan: %w", err)
	}
	if err := a.judge(problems); err != nil {
		return nil, err
	}
	p := &proposal{
		want: f.Options.Select(want), plan: f.Plan, options: f.Options, limits: f.Limits, source: api.source(),
		saved: f,
	}
	if o.given(allowDeletesFlag) {
		p.limits.AllowDeletes = o.allowDeletes
	}
	p.limits.AllowEmpty = p.limits.AllowEmpty || o.allowEmpty
	return p, nil
}

// show prints the plan for people.
func (a *app) show(p *proposal, o *applyOptions) error {
	view := a.view(p, &o.planOptions, "")
	if err := writeHTML(o.html, view); err != nil {
		return err
	}
	view.Color = a.colors(a.stderr)
	return report.WritePlan(a.console, view)
}

// outcome is a plan that was carried out, as far as it went.
type outcome struct {
	api     *session
	p       *proposal
	results []batch.Result
	err     error // why it went no further
}

// conclude writes down what became of every row, and turns it into the exit code.
// A file that cannot be written keeps none of the others from being written.
func (a *app) conclude(ctx context.Context, run *runDir, done outcome) error {
	rows := report.Rows(done.p.want, done.p.plan, done.results)
	code := runCode(ctx, rows, done.err)
	writeErr := a.writeResults(run, done.p.want, rows)
	if writeErr != nil {
		code = worst(code, exitFiles)
	}
	stats := done.api.client.Stats()
	summary := report.Summarize(report.Run{
		Version: version(), Organization: done.api.organization, BaseURL: done.api.identity, Dir: run.dir,
		Started: run.started, Finished: a.now(), ExitCode: code,
		Calls: stats.Requests, Retries: stats.Retries, Throttled: stats.Throttled, Rate: stats.Rate,
		Files: done.p.want.Files, Written: run.written, RetryFile: run.retry,
	}, rows)
	writeErr = errors.Join(writeErr, a.writeSummary(run, summary))
	runErr := done.err
	if runErr != nil && !errors.Is(runErr, errInterrupted) && code != exitInterrupted {
		runErr = withTokenHint(fmt.Errorf("applying the plan: %w", done.err))
	} else {
		runErr = nil
	}
	switch {
	case writeErr != nil:
		return &exitErr{worst(code, exitFiles), errors.Join(writeErr, runErr)}
	case runErr != nil:
		return &exitErr{code, runErr}
	}
	return endWith(code)
}

// writeResults writes results.csv and retry.csv.
func (a *app) writeResults(run *runDir, want *diff.Desired, rows []report.Row) error {
	if err := run.write(resultsFile, func(w io.Writer) error { return report.WriteResults(w, rows) }); err != nil {
		return err
	}
	n, err := report.WriteRetry(run.path(retryFile), want, rows, run.records)
	if err != nil {
		return err
	}
	if n > 0 {
		run.retry = run.path(retryFile)
		run.written = append(run.written, run.retry)
	}
	return nil
}

// writeSummary writes the summary for machines, for people, and for monitoring.
func (a *app) writeSummary(run *runDir, s report.Summary) error {
	err := run.write(summaryFile, func(w io.Writer) error { return writeJSON(w, s) })
	show := func() error { return report.WriteSummary(a.stdout, s) }
	if a.json() {
		show = func() error { return writeJSON(a.stdout, s) }
	}
	if shown := show(); shown != nil {
		err = errors.Join(err, fmt.Errorf("printing the summary: %w", shown))
	}
	if a.global.metrics != "" {
		err = errors.Join(err, report.WriteMetrics(a.global.metrics, s))
	}
	return err
}
