package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/internal/webex"
	"wholesync/report"
)

const (
	yesFlag      = "yes"
	canaryFlag   = "canary"
	maxErrorFlag = "max-error-percent"
)

// How long a write without an answer gets to show up in reads. Against an API on
// this machine, which is a rehearsal or a test, the poll interval says how fast
// things are meant to go.
const (
	settleTime  = 30 * time.Second
	settlePolls = 10
)

func (a *app) settle(api *session) time.Duration {
	if u, err := url.Parse(api.url); err == nil && net.ParseIP(u.Hostname()).IsLoopback() {
		return min(settlePolls*a.global.pollInterval, settleTime)
	}
	return settleTime
}

// applyOptions are the flags of apply.
type applyOptions struct {
	planOptions
	brakeOptions
	yes         bool
	skipRefused bool
	// given tells which flags were on the command line.
	given func(flag string) bool
}

// brakeOptions are the flags that stop a run which goes wrong.
type brakeOptions struct {
	canary          int
	maxErrorPercent float64
}

func (o *brakeOptions) addFlags(f *pflag.FlagSet) {
	f.IntVar(&o.canary, canaryFlag, 0, "carry out so many changes first, of as many sorts as possible, and stop if one fails (default: all at once)")
	f.Float64Var(&o.maxErrorPercent, maxErrorFlag, 0, "stop when more of the last 50 changes failed (default: never)")
}

func (o *brakeOptions) check() error {
	switch {
	case o.canary < 0:
		return fmt.Errorf("reading the flags: --%s %d is out of range; give a number of changes, such as --%s 5", canaryFlag, o.canary, canaryFlag)
	case !(o.maxErrorPercent >= 0 && o.maxErrorPercent <= 100): // also true of NaN
		return fmt.Errorf("reading the flags: --%s %g is out of range; give a percentage, such as --%s 25", maxErrorFlag, o.maxErrorPercent, maxErrorFlag)
	}
	return nil
}

func newApply(a *app) *cobra.Command {
	var o applyOptions
	cmd := &cobra.Command{
		Use:   "apply FILE... | plan.json",
		Short: "Change the live state to the desired one",
		Long: `Apply plans like the plan command, asks, and carries the plan out. A plan that
was saved with "wholesync plan -o plan.json" was reviewed: it is applied without
asking, and what changed since then is left as it is and reported.

Every run has a directory of its own with plan.json, results.csv (what became of
each row), retry.csv (what to send again), summary.json and run.log.

The first interrupt lets what is in flight finish; the second stops at once.`,
		Example: `  wholesync apply desired.csv
  wholesync apply --yes --skip-invalid desired.csv
  wholesync apply plan.json`,
		Args: someFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.given = cmd.Flags().Changed
			return a.apply(cmd.Context(), args, &o)
		},
	}
	o.planOptions.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.yes, yesFlag, false, "apply without asking")
	cmd.Flags().BoolVar(&o.skipRefused, skipRefusedFlag, false, "with --precheck: leave out the rows that the API would refuse, and go on with the others")
	o.brakeOptions.addFlags(cmd.Flags())
	offerWords(cmd)
	return cmd
}

// apply is a row's whole way through the program, in order.
func (a *app) apply(ctx context.Context, args []string, o *applyOptions) error {
	if err := o.check(args); err != nil {
		return err
	}
	if err := a.checkOutputs(args, map[string]string{"--" + htmlFlag: o.html, "--" + precheckCSVFlag: o.csv, "--" + metricsFlag: a.global.metrics}); err != nil {
		return err
	}
	run, err := a.openRun()
	if err != nil {
		return err
	}
	defer run.end()
	in, err := a.readForApply(args, o, run) // read
	if err != nil {
		return err
	}
	a.needToChange(in.kinds(&o.planOptions))
	a.needToOpen(in.opens(), o.deep)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	lock, err := a.lock(api, run) // one run per organization
	if err != nil {
		return err
	}
	defer lock.release()
	p, err := a.proposeForApply(api, in, o) // list, compute, problems
	if err != nil {
		return err
	}
	if err := a.ask(a.stop, api, p, &o.precheckOptions); err != nil { // precheck
		return err
	}
	if err := a.show(p, o); err != nil {
		return err
	}
	if err := refuse(p.hits()); err != nil { // guards
		return err
	}
	if err := p.heedVerdicts(o.skipRefused); err != nil {
		return err
	}
	if err := a.confirm(api, p, o); err != nil {
		return err
	}
	if err := run.write(planFile, p.file(a, &o.planOptions, api.identity, api.organization).Write); err != nil {
		return err
	}
	journal, err := run.newJournal(api, a.global.subPartner)
	if err != nil {
		return err
	}
	results, runErr := a.execute(ctx, work{api: api, p: p, journal: journal, brake: o.brakeOptions})
	return a.conclude(ctx, run, outcome{api, p, results, runErr}) // results, summary
}

// check refuses what cannot work before anything is read.
func (o *applyOptions) check(args []string) error {
	if err := o.planOptions.check(o.given); err != nil {
		return err
	}
	if err := o.brakeOptions.check(); err != nil {
		return err
	}
	if o.skipRefused && !o.ask {
		return fmt.Errorf("reading the flags: --%s has no meaning without --%s; give both", skipRefusedFlag, precheckFlag)
	}
	if err := o.unlikeInputs(args, map[string]string{}); err != nil || !isPlan(args) {
		return err
	}
	if len(args) > 1 {
		return errors.New("reading the arguments: a saved plan stands alone; name either one plan.json or CSV files (an estate is loaded with --sandbox=SEED.json)")
	}
	for _, flag := range []string{"prune", "only", "customer", "skip-invalid", "provisioning-id", "current", "send-limits", "resend-workspaces", deepFlag, hardDeleteFlag, "delete-workspaces", deleteOrganizationsFlag, "allow-extra-columns", "expect-rows", "max-bytes", "max-rows"} {
		if o.given(flag) {
			return fmt.Errorf("reading the flags: --%s shapes a plan, and %s is made already; give it to wholesync plan", flag, args[0])
		}
	}
	return nil
}

// isPlan tells saved plans from desired-state files by their names.
func isPlan(args []string) bool {
	for _, a := range args {
		if strings.EqualFold(filepath.Ext(a), ".json") {
			return true
		}
	}
	return false
}

// refuse ends the command where guards hold the plan back. The plan that was
// shown has their reasons.
func refuse(hits []diff.GuardHit) error {
	if len(hits) == 0 {
		return nil
	}
	advice := "not all of them can be lifted, and what to do stands beside each"
	if flags, all := report.LiftingFlags(hits); all {
		advice = "if all of it is meant: " + strings.Join(flags, " ")
	}
	return fail(exitGuard, "checking the plan: refused for %s listed above, so nothing was sent; %s", count(len(hits), "reason"), advice)
}

// confirm asks the operator, where nobody has agreed to the plan yet.
func (a *app) confirm(api *session, p *proposal, o *applyOptions) error {
	if o.yes || p.saved != nil || api.rehearsal || p.plan.Empty() {
		return nil
	}
	return a.agree(fmt.Sprintf("apply %s, %s", count(len(p.plan.Changes), "change"), countDeletes(p.plan.Deletes.Total())), ", or save the plan and apply that")
}

// agree asks the operator on a terminal, and refuses elsewhere; otherwise says
// what else than --yes would do.
func (a *app) agree(question, otherwise string) error {
	if !a.isTerminal(a.stdin) {
		return fail(exitGuard, "asking for agreement to %s: stdin is not a terminal, so nothing was sent; give --%s%s", question, yesFlag, otherwise)
	}
	typed := bufio.NewReader(a.stdin)
	for _, prompt := range []string{
		"\n" + strings.ToUpper(question[:1]) + question[1:] + "? Type yes: ",
		"Type yes in full, or anything else to stop: ",
	} {
		fmt.Fprint(a.console, prompt)
		answer, err := a.readLine(typed)
		if err != nil {
			return err
		}
		if strings.EqualFold(strings.TrimSpace(answer), "yes") {
			return nil
		}
	}
	return fail(exitGuard, "asking for agreement to %s: the answer was not yes, so nothing was sent", question)
}

func countDeletes(n int) string {
	if n == 0 {
		return "no deletes"
	}
	return count(n, "delete")
}

// readLine reads a line from the terminal until an interrupt comes first.
func (a *app) readLine(typed *bufio.Reader) (string, error) {
	line := make(chan string, 1)
	go func() { // ends with the process where nobody types
		text, err := typed.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			text = ""
		}
		line <- text
	}()
	select {
	case text := <-line:
		return text, nil
	case <-a.stop.Done():
		fmt.Fprintln(a.console)
		return "", context.Cause(a.stop)
	}
}

// work is a plan that is about to be carried out.
type work struct {
	api     *session
	p       *proposal
	journal *batch.BoltJournal
	past    map[string]batch.Past // of the changes of an earlier run
	brake   brakeOptions
}

// execute carries the plan out. The error says why it could not go on to the
// end; the results are complete all the same.
func (a *app) execute(ctx context.Context, w work) (results []batch.Result, err error) {
	defer func() { err = errors.Join(err, w.journal.Close()) }()
	if w.p.plan.Empty() {
		return nil, nil
	}
	total := int64(len(w.p.plan.Changes) - finished(w.past))
	a.log.Info("run started", "version", version(), "api", w.api.identity, "organization", w.api.organization, "changes", total)
	shown := &progress{total: total}
	defer a.showProgress(shown)()
	defer context.AfterFunc(a.stop, func() {
		fmt.Fprintln(a.console, "wholesync: interrupted: what is in flight finishes, nothing new is sent; interrupt again to stop at once")
	})()
	e := batch.Executor{
		Applier: batch.NewApplier(w.api.client, batch.ApplyOptions{
			Live: w.p.live, Settle: a.settle(w.api), Busy: a.global.pollInterval, Log: a.log,
		}),
		Journal:         w.journal,
		Workers:         a.global.concurrency,
		Refuse:          w.p.refuse,
		Past:            w.past,
		Canary:          w.brake.canary,
		MaxErrorPercent: w.brake.maxErrorPercent,
		PollInterval:    a.global.pollInterval,
		PollTimeout:     a.global.pollTimeout,
		MaxOutage:       a.global.maxOutage,
		OnStart:         func(c *diff.Change) { a.log.Debug("change started", "change", c.ID) },
		OnResult: func(r batch.Result) {
			shown.count(r)
			a.logResult(r)
		},
	}
	return e.Run(ctx, a.stop, w.p.plan)
}

// finished counts the changes that an earlier run has brought to their end.
func finished(past map[string]batch.Past) int {
	n := 0
	for _, p := range past {
		if p.Task() == batch.Finished {
			n++
		}
	}
	return n
}

// logResult records the end of a change. Most runs are long, so it is for the
// run's own log.
func (a *app) logResult(r batch.Result) {
	a.log.Info("change ended", "change", r.Change.ID, "outcome", r.Outcome, "status", r.HTTPStatus, "code", r.Code,
		"attempts", r.Attempts, "tracking_id", r.TrackingID, "description", r.Description)
}

// runCode is the exit code of a run, by its rows and what ended it.
func runCode(ctx context.Context, rows []report.Row, runErr error) int {
	codes := []int{report.ExitCode(rows)}
	var api *webex.Error
	var journal *batch.JournalError
	switch {
	case errors.As(runErr, &journal):
		codes = append(codes, exitFiles)
	case context.Cause(ctx) != nil && errors.Is(context.Cause(ctx), errCut):
		codes = append(codes, exitInterrupted)
	case errors.As(runErr, &api) && api.Class == webex.ClassAuth:
		codes = append(codes, exitAuth)
	case runErr != nil && !errors.Is(runErr, errInterrupted):
		codes = append(codes, exitError)
	}
	return worst(codes...)
}
