package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/report"
)

const (
	precheckFlag    = "precheck"
	precheckCSVFlag = "precheck-csv"
	skipRefusedFlag = "skip-refused"
)

// precheckOptions are the flags of plan and apply that ask the API beforehand.
type precheckOptions struct {
	ask bool
	csv string // where the verdicts go; "" = nowhere
}

func (o *precheckOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.ask, precheckFlag, false, "ask the API beforehand about every row to be provisioned; changes nothing")
	f.StringVar(&o.csv, precheckCSVFlag, "", "write the answers of --precheck to this file too")
}

func (o *precheckOptions) check() error {
	if o.csv != "" && !o.ask {
		return fmt.Errorf("reading the flags: --%s has nothing to write without --%s; give both", precheckCSVFlag, precheckFlag)
	}
	return nil
}

func newPrecheck(a *app) *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "precheck FILE...",
		Short: "Ask the API which rows it would take, and change nothing",
		Long: `Precheck plans like the plan command and asks the API about every customer and
subscriber to be provisioned: would it be taken, and what would come of it? Who
would have to agree to a move is named beforehand. It changes nothing and may be
repeated. It ends with 2 where rows would be refused, and with 8 where some got
no answer.

The same question is asked by plan --precheck, and by apply --precheck before
anything is sent.`,
		Example: `  wholesync precheck desired.csv
  wholesync precheck -o verdicts.csv customers.csv subscribers.csv`,
		Args: someFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.ask, o.allowDeletes = true, -1
			if err := o.planOptions.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return a.precheck(a.stop, args, &o)
		},
	}
	f := cmd.Flags()
	o.inputOptions.addFlags(f)
	o.addSendFlags(f)
	o.addPickFlags(f)
	f.StringVarP(&o.precheckOptions.csv, outFlag, "o", "", "write the answers to this CSV file")
	f.BoolVar(&o.full, fullFlag, false, "show every row")
	offerWords(cmd)
	return cmd
}

// precheck is plan --precheck with the answers alone.
func (a *app) precheck(ctx context.Context, files []string, o *showOptions) error {
	if err := refuseJSON(files, a.global.sandbox); err != nil {
		return err
	}
	if err := a.checkOutputs(files, map[string]string{"-o": o.csv}); err != nil {
		return err
	}
	p, _, err := a.proposeFor(ctx, files, o)
	if err != nil {
		return err
	}
	if a.json() {
		err = writeJSON(a.stdout, precheckOf(p.verdicts))
	} else {
		view := a.view(p, &o.planOptions, "")
		view.Color = a.colors(a.stdout)
		err = report.WritePrecheck(a.stdout, view)
	}
	switch {
	case err != nil:
		return err
	case anyUnanswered(p.verdicts):
		return endWith(exitIncomplete)
	case report.CountVerdicts(p.verdicts, batch.VerdictRefused) > 0:
		return endWith(exitDifferences)
	}
	return nil
}

// ask asks the API about the plan's provisions, where that is wanted.
func (a *app) ask(ctx context.Context, api *session, p *proposal, o *precheckOptions) (err error) {
	if !o.ask {
		return nil
	}
	if p.verdicts, err = batch.Precheck(ctx, api.client, p.plan, p.live, p.refuse); err != nil {
		return err
	}
	if p.verdicts == nil {
		p.verdicts = []batch.Verdict{} // asked, and there was nothing to ask
	}
	if o.csv == "" {
		return nil
	}
	if err := batch.WriteFile(o.csv, func(w io.Writer) error { return report.WriteVerdicts(w, p.verdicts) }); err != nil {
		return &exitErr{exitFiles, err}
	}
	return nil
}

// heedVerdicts keeps a run from starting that the API would stop half-way. With
// skipRefused the refused rows, and what depends on them, are left out and
// reported instead.
func (p *proposal) heedVerdicts(skipRefused bool) error {
	if anyUnanswered(p.verdicts) {
		return fail(exitIncomplete, "prechecking the plan: some rows listed above got no answer, so nothing was sent; run the same command again")
	}
	n := report.CountVerdicts(p.verdicts, batch.VerdictRefused)
	if n == 0 {
		return nil
	}
	if !skipRefused {
		return fail(exitGuard, "prechecking the plan: the API would refuse %s listed above, so nothing was sent; mend the input, or leave them out with --%s", count(n, "row"), skipRefusedFlag)
	}
	if p.refuse == nil {
		p.refuse = map[string]string{}
	}
	for i := range p.verdicts {
		if v := &p.verdicts[i]; v.Word == batch.VerdictRefused {
			p.refuse[v.Change.ID] = report.RefusedBeforehand(v)
		}
	}
	return nil
}

func anyUnanswered(verdicts []batch.Verdict) bool {
	for i := range verdicts {
		if verdicts[i].Unanswered {
			return true
		}
	}
	return false
}

// precheckDocument is the answers for machines, in the order of the plan.
type precheckDocument struct {
	Calls    int                       `json:"calls"`
	Counts   map[batch.VerdictWord]int `json:"counts"`
	Verdicts []verdictView             `json:"verdicts"`
}

type verdictView struct {
	Change      string            `json:"change"`
	File        string            `json:"file,omitempty"`
	Line        uint32            `json:"line,omitempty"`
	Kind        string            `json:"kind"`
	Key         string            `json:"key"`
	Verdict     batch.VerdictWord `json:"verdict"`
	Consent     bool              `json:"needs_consent,omitempty"`
	Notes       []noteView        `json:"notes"`
	Code        int               `json:"error_code,omitempty"`
	Title       string            `json:"error_title,omitempty"`
	Field       string            `json:"error_field,omitempty"`
	Description string            `json:"description,omitempty"`
	Advice      string            `json:"advice,omitempty"`
	TrackingID  string            `json:"tracking_id,omitempty"`
	Unanswered  bool              `json:"unanswered,omitempty"`
}

type noteView struct {
	Code    int    `json:"code"`
	Meaning string `json:"meaning"`
	Advice  string `json:"advice,omitempty"`
}

func precheckOf(verdicts []batch.Verdict) precheckDocument {
	d := precheckDocument{Calls: report.Asked(verdicts), Counts: map[batch.VerdictWord]int{}, Verdicts: []verdictView{}}
	for _, word := range []batch.VerdictWord{batch.VerdictOK, batch.VerdictNoted, batch.VerdictRefused, batch.VerdictUnknown} {
		d.Counts[word] = report.CountVerdicts(verdicts, word)
	}
	for i := range verdicts {
		v := &verdicts[i]
		view := verdictView{
			Change: v.Change.ID, File: v.Change.FileName, Line: v.Change.Line, Kind: v.Change.Kind.String(), Key: v.Change.Key.String(),
			Verdict: v.Word, Consent: v.NeedsConsent(), Notes: []noteView{}, Code: v.Code, Title: v.Title, Field: v.Field,
			Description: v.Description, Advice: v.Advice, TrackingID: v.TrackingID, Unanswered: v.Unanswered,
		}
		for _, n := range v.Notes {
			view.Notes = append(view.Notes, noteView{n.Code, n.Meaning, n.Advice})
		}
		d.Verdicts = append(d.Verdicts, view)
	}
	return d
}
