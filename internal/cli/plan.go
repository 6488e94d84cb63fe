package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/report"
)

const (
	outFlag      = "out"
	detailedFlag = "detailed-exitcode"
)

// showOptions are the flags of plan alone.
type showOptions struct {
	planOptions
	out      string
	detailed bool
	line     func(lifting []string) string // the command that would apply the plan
}

func newPlan(a *app) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "plan FILE...",
		Short: "Show what would change",
		Long: `Plan reads desired-state CSV files, reads the live state, and shows what apply
would change, what that does to the bill, and how long it would take. It changes
nothing. A file named - is stdin.

With -o the plan is saved, and "wholesync apply plan.json" applies exactly that.
With --current it needs no API: an export is the live state.

With --precheck it asks the API about every row to be provisioned, and names who
would have to agree to a move.`,
		Example: `  wholesync plan desired.csv
  wholesync plan -o plan.json customers.csv subscribers.csv
  wholesync plan --current estate.csv desired.csv`,
		Args: someFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			o.line = func(lifting []string) string { return applyLine(cmd, args, lifting) }
			return a.plan(a.stop, args, &o)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().StringVarP(&o.out, outFlag, "o", "", "save the plan to this file")
	cmd.Flags().BoolVar(&o.detailed, detailedFlag, false, "end with 2 where something would change")
	offerWords(cmd)
	return cmd
}

func (a *app) plan(ctx context.Context, files []string, o *showOptions) error {
	if err := o.checkFiles(files, a.global.sandbox); err != nil {
		return err
	}
	if err := a.checkOutputs(files, map[string]string{"--" + htmlFlag: o.html, "--" + precheckCSVFlag: o.csv, "-o": o.out}); err != nil {
		return err
	}
	prices, err := readPrices(o.prices)
	if err != nil {
		return err
	}
	p, saved, err := a.proposeFor(ctx, files, o)
	if err != nil {
		return err
	}
	p.prices = prices
	if o.out != "" {
		if err := batch.WriteFile(o.out, saved.Write); err != nil {
			return &exitErr{exitFiles, err}
		}
	}
	if err := a.showPlan(p, saved, o); err != nil {
		return err
	}
	if o.detailed && p.differs() {
		return endWith(exitDifferences)
	}
	return nil
}

// checkFiles refuses inputs that are no CSV, outputs that overwrite inputs, and a
// plan to be saved whose input nobody could check later.
func (o *showOptions) checkFiles(files []string, sandbox string) error {
	if err := refuseJSON(files, sandbox); err != nil {
		return err
	}
	if o.out != "" && slices.Contains(files, stdinName) {
		return fmt.Errorf("reading the flags: -o cannot be used with stdin; a saved plan is held against its input files, so give a file")
	}
	if o.ask && o.current != "" {
		return fmt.Errorf("reading the flags: --%s asks the API, and --current plans without it; leave one out", precheckFlag)
	}
	return o.unlikeInputs(files, map[string]string{"-o": o.out})
}

// proposeFor makes the plan and its saved form, from the API or an export.
func (a *app) proposeFor(ctx context.Context, files []string, o *showOptions) (*proposal, batch.PlanFile, error) {
	if o.current != "" {
		p, err := a.proposeOffline(files, &o.planOptions, a.stdin)
		if err != nil {
			return nil, batch.PlanFile{}, err
		}
		return p, p.file(a, &o.planOptions, "", ""), nil
	}
	want, err := a.read(files, o.inputOptions, a.stdin)
	if err != nil {
		return nil, batch.PlanFile{}, err
	}
	a.needToRead(o.kinds(want))
	a.needToOpen(want.NamesLocations(), o.deep)
	api, err := a.connect(ctx)
	if err != nil {
		return nil, batch.PlanFile{}, err
	}
	defer api.close()
	p, err := a.propose(ctx, api, want, &o.planOptions)
	if err != nil {
		return nil, batch.PlanFile{}, err
	}
	if err := a.ask(ctx, api, p, &o.precheckOptions); err != nil {
		return nil, batch.PlanFile{}, err
	}
	return p, p.file(a, &o.planOptions, api.identity, api.organization), nil
}

// showPlan puts the plan on stdout and, where asked for, into a web page.
func (a *app) showPlan(p *proposal, saved batch.PlanFile, o *showOptions) error {
	view := a.view(p, &o.planOptions, o.next(p, a.global.sandbox))
	if err := writeHTML(o.html, view); err != nil {
		return err
	}
	if a.json() {
		return writeJSON(a.stdout, documentOf(p, saved, a.global.rate, a.now()))
	}
	view.Color = a.colors(a.stdout)
	return report.WritePlan(a.stdout, view)
}

// next is the command to type after the plan; none would do where a guard holds
// it back that no flag lifts.
func (o *showOptions) next(p *proposal, sandbox string) string {
	lifting, all := report.LiftingFlags(p.hits())
	words := append([]string{"wholesync", "apply"}, lifting...)
	switch {
	case p.plan.Empty() || !all:
		return ""
	case o.out == "":
		return o.line(lifting)
	case sandbox == demoSeed:
		words = append(words, "--sandbox")
	case sandbox != "":
		words = append(words, "--sandbox="+sandbox)
	}
	return shellLine(append(words, o.out)...)
}

func writeHTML(path string, view report.PlanView) error {
	if path == "" {
		return nil
	}
	if err := batch.WriteFile(path, func(w io.Writer) error { return report.WritePlanHTML(w, view) }); err != nil {
		return &exitErr{exitFiles, err}
	}
	return nil
}
