package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

// planOptions are the flags that plan and apply share.
type planOptions struct {
	inputOptions
	precheckOptions
	prune                                             bool
	current                                           string
	only                                              string
	customer                                          string
	allowEmpty                                        bool
	allowDeletes                                      int // -1 = not given
	prices                                            string
	html                                              string
	full                                              bool
	sendLimits                                        bool
	resend                                            bool // workspaces
	hardDelete, deleteWorkspaces, deleteOrganizations bool
	deep                                              bool
}

// Names of flags that other code speaks of.
const (
	allowEmptyFlag          = "allow-empty"
	hardDeleteFlag          = "hard-delete"
	deleteOrganizationsFlag = "delete-organizations"
	allowDeletesFlag        = "allow-deletes"
	fullFlag                = "full"
	htmlFlag                = "html"
	pricesFlag              = "prices"
)

func (o *planOptions) addFlags(f *pflag.FlagSet) {
	o.inputOptions.addFlags(f)
	o.addSendFlags(f)
	o.addPickFlags(f)
	o.precheckOptions.addFlags(f)
	f.BoolVar(&o.prune, "prune", false, "remove live subscribers that no row names, of the customers that the input covers")
	f.BoolVar(&o.hardDelete, hardDeleteFlag, false, "remove for good the person behind each subscriber that is removed, which frees the e-mail address")
	f.BoolVar(&o.deleteWorkspaces, "delete-workspaces", false, "remove the workspaces, and their devices, of customers that are removed")
	f.BoolVar(&o.deleteOrganizations, deleteOrganizationsFlag, false, "remove for good the organizations of BroadWorks enterprises whose rows say ensure=absent; needs --"+hardDeleteFlag)
	f.BoolVar(&o.sendLimits, "send-limits", false, "send the limit_ columns of customers although nothing else differs; the API does not return them")
	f.BoolVar(&o.resend, "resend-workspaces", false, "send number, extension and user id of BroadWorks workspaces that have a workspace_id; the API does not return them")
	addDeepFlag(f, &o.deep, "compare")
	f.StringVar(&o.current, "current", "", "plan against this export instead of the API")
	f.BoolVar(&o.allowEmpty, allowEmptyFlag, false, "let --prune remove every subscriber of a customer without subscriber rows, and go on with an input without rows")
	f.IntVar(&o.allowDeletes, allowDeletesFlag, -1, "allow exactly so many deletes, where a guard asks for it")
	f.Lookup(allowDeletesFlag).DefValue = "0"
	f.StringVar(&o.prices, pricesFlag, "", "price file (package,currency,valid_from,valid_to,unit_price) for the billing effect")
	f.StringVar(&o.html, htmlFlag, "", "write the plan as a web page too")
	f.BoolVar(&o.full, fullFlag, false, "show every change of a long plan")
}

// addPickFlags adds the flags that look at a part of the input.
func (o *planOptions) addPickFlags(f *pflag.FlagSet) {
	f.Var(kindFlag(&o.only), "only", "look at rows of one kind: "+wordList(kindChoices()))
	f.StringVar(&o.customer, "customer", "", "look at the rows of the customer with this external id, or of the BroadWorks enterprise with this sp_enterprise_id")
}

// check refuses values that cannot work. Changed tells which flags were given.
func (o *planOptions) check(changed func(flag string) bool) error {
	if changed(allowDeletesFlag) && o.allowDeletes < 0 {
		return fmt.Errorf("reading the flags: --%s %d is out of range; give the exact number of deletes", allowDeletesFlag, o.allowDeletes)
	}
	if o.deleteOrganizations && !o.hardDelete {
		return fmt.Errorf("reading the flags: --%s needs --%s: an organization goes only without people", deleteOrganizationsFlag, hardDeleteFlag)
	}
	if err := o.precheckOptions.check(); err != nil {
		return err
	}
	return o.inputOptions.check()
}

// unlikeInputs refuses outputs, by flag, that would overwrite an input.
func (o *planOptions) unlikeInputs(files []string, outputs map[string]string) error {
	inputs := slices.Clone(files)
	for _, in := range []string{o.current, o.prices} {
		if in != "" {
			inputs = append(inputs, in)
		}
	}
	outputs["--"+htmlFlag], outputs["--"+precheckCSVFlag] = o.html, o.precheckOptions.csv
	return unlike(inputs, outputs)
}

func (o *planOptions) diffOptions() diff.Options {
	only, _ := diff.ParseKind(strings.TrimSuffix(o.only, "s"))
	return diff.Options{Prune: o.prune, SkipInvalid: o.skipInvalid, SendLimits: o.sendLimits, ResendWorkspaces: o.resend,
		HardDelete: o.hardDelete, DeleteWorkspaces: o.deleteWorkspaces, DeleteOrganizations: o.deleteOrganizations, Deep: o.deep, Only: only, Customer: o.customer}
}

// kindChoices are the words of --only.
func kindChoices() []string {
	var words []string
	for _, k := range diff.Kinds() {
		words = append(words, k.String()+"s")
	}
	return words
}

func kindFlag(value *string) *choice {
	return newChoice(value, append([]string{""}, kindChoices()...)...)
}

// wordList joins words for a sentence.
func wordList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (o *planOptions) limits() diff.Limits {
	return diff.Limits{AllowDeletes: o.allowDeletes, AllowEmpty: o.allowEmpty}
}

// proposal is a plan with what it was made of.
type proposal struct {
	want     *diff.Desired
	plan     *diff.Plan
	live     *diff.Live // as the API showed it; nil in plans against an export
	options  diff.Options
	limits   diff.Limits
	source   string // what the plan was held against, for people
	listedAt time.Time
	// listCalls is how many calls it took to read the live state.
	listCalls int
	prices    *report.Prices
	saved     *batch.PlanFile   // where the plan was reviewed before, and not made by this run
	refuse    map[string]string // changes that must not be made any more, by id
	verdicts  []batch.Verdict   // what the API said beforehand; nil where it was not asked
}

// differs reports whether the live state is not the desired one. Rows that only
// wait for a person to act are as good as done.
func (p *proposal) differs() bool {
	return !p.plan.Empty() || len(p.want.Rejected)+len(p.plan.Drift) > 0 ||
		slices.ContainsFunc(p.plan.Held, func(h diff.Held) bool { return h.Outcome != diff.Pending })
}

// hits are the guards that the plan runs into.
func (p *proposal) hits() []diff.GuardHit { return p.plan.Check(p.limits) }

// propose reads the live state and decides. Input errors that only the live
// state shows end it like all others.
func (a *app) propose(ctx context.Context, api *session, want *diff.Desired, o *planOptions) (*proposal, error) {
	options := o.diffOptions()
	want, err := pick(want, options)
	if err != nil {
		return nil, err
	}
	listedAt := a.now()
	have, err := a.list(ctx, api, want, batch.ListOptions{
		Prune: options.Prune, HardDelete: options.HardDelete, DeleteWorkspaces: options.DeleteWorkspaces,
		Locations: true, DeepOptions: batch.DeepOptions{Deep: options.Deep},
	})
	if err != nil {
		return nil, err
	}
	p := &proposal{want: want, options: options, limits: o.limits(), source: api.source(), listedAt: listedAt, live: have, listCalls: int(api.client.Stats().Requests)}
	return p, a.decide(p, have)
}

// list reads the live state that rows need, and what the options ask for besides.
func (a *app) list(ctx context.Context, api *session, want *diff.Desired, o batch.ListOptions) (*diff.Live, error) {
	o.SubPartner, o.DeepOptions = a.global.subPartner, a.deepOptions(api, o.Deep)
	live, err := batch.List(ctx, api.client, want, o)
	if err != nil {
		return nil, fmt.Errorf("reading the live state: %w", err)
	}
	return live, nil
}

// proposeOffline decides against an export. The two sides are read side by side.
func (a *app) proposeOffline(files []string, o *planOptions, stdin io.Reader) (*proposal, error) {
	var (
		sides             errgroup.Group
		want              *diff.Desired
		have              *diff.Live
		problems, current []diff.Problem
	)
	sides.Go(func() (err error) {
		want, problems, err = a.load(files, o.inputOptions, stdin)
		return err
	})
	sides.Go(func() (err error) {
		if have, current, err = batch.ReadSnapshot(o.current); err != nil {
			return fmt.Errorf("reading the export: %w", err)
		}
		return nil
	})
	if err := sides.Wait(); err != nil {
		return nil, err
	}
	if err := a.judge(append(problems, current...)); err != nil {
		return nil, err
	}
	options := o.diffOptions()
	if options.Deep {
		batch.MarkUnread(have, "the export has nothing of them; export with --"+deepFlag)
	}
	want, err := pick(want, options)
	if err != nil {
		return nil, err
	}
	if err := fitsExport(want, have, o.current); err != nil {
		return nil, err
	}
	p := &proposal{want: want, options: options, limits: o.limits(), source: "the export " + o.current, listedAt: a.now()}
	return p, a.decide(p, have)
}

// fitsExport refuses rows of BroadWorks that an export cannot be held against:
// they would look as if nothing of theirs was live.
func fitsExport(want *diff.Desired, have *diff.Live, export string) error {
	if want.Of(diff.BroadWorksWorkspace).Len() > 0 {
		return fmt.Errorf("reading the export: %s has no workspaces, as no export has; plan workspace rows without --current", export)
	}
	for _, k := range []diff.Kind{diff.BroadWorksEnterprise, diff.BroadWorksSubscriber} {
		if want.Of(k).Len() > 0 && !have.Whole[k] {
			return fmt.Errorf("reading the export: %s has no %ss, and the input does; export with --offer all", export, k)
		}
	}
	return nil
}

// pick leaves the rows that the flags ask for. Nobody asks for none on purpose.
func pick(want *diff.Desired, o diff.Options) (*diff.Desired, error) {
	picked := o.Select(want)
	if o.Customer != "" && picked.Len() == 0 {
		return nil, fmt.Errorf("picking rows: none is of customer %q; look at --customer for a slip of the pen", o.Customer)
	}
	return picked, nil
}

func (a *app) decide(p *proposal, have *diff.Live) error {
	p.plan = diff.Compute(p.want, have, p.options)
	return a.judge(p.plan.Problems)
}

// view is a proposal as people see it.
func (a *app) view(p *proposal, o *planOptions, next string) report.PlanView {
	return report.PlanView{
		Plan: p.plan, Files: p.want.Files, Source: p.source, Rate: a.global.rate, Full: o.full,
		Prices: p.prices, PriceAt: a.now(), Hits: p.hits(), Next: next, SetAside: p.want.Rejected, ListCalls: p.listCalls,
		Verdicts: p.verdicts,
	}
}

// file is a proposal as it is saved. Identity and organization say what it is for.
func (p *proposal) file(a *app, o *planOptions, identity, organization string) batch.PlanFile {
	if p.saved != nil {
		return *p.saved
	}
	return batch.PlanFile{
		Tool: "wholesync " + version(), BaseURL: identity, Organization: organization, SubPartner: a.global.subPartner,
		Inputs: p.want.Files, AllowExtraColumns: o.allowExtraColumns, ProvisioningID: o.provisioningID,
		Options: p.options, Limits: p.limits, ListedAt: p.listedAt.UTC().Truncate(time.Second), Plan: p.noted(),
	}
}

// noted is the plan with what the API said beforehand among its notes.
func (p *proposal) noted() *diff.Plan {
	if len(p.verdicts) == 0 {
		return p.plan
	}
	noted := *p.plan
	noted.Notes = append(slices.Clone(noted.Notes), report.VerdictNotes(p.verdicts)...)
	return &noted
}

func readPrices(path string) (*report.Prices, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading prices: %w", err)
	}
	defer f.Close()
	return report.ReadPrices(f, path)
}

// applyLine is the command that applies what a plan command showed: the same
// flags, save those that only shape what is shown, and those that lift its guards.
func applyLine(cmd *cobra.Command, files, lifting []string) string {
	words := append([]string{"wholesync", "apply"}, lifting...)
	left := map[string]bool{fullFlag: true, htmlFlag: true, pricesFlag: true, outFlag: true, detailedFlag: true, precheckCSVFlag: true, "output": true, "color": true}
	for _, flag := range lifting { // the number that was given before did not fit
		name, _, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		left[name] = true
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if left[f.Name] {
			return
		}
		if f.NoOptDefVal == f.Value.String() {
			words = append(words, "--"+f.Name)
			return
		}
		words = append(words, "--"+f.Name+"="+f.Value.String())
	})
	return shellLine(append(words, files...)...)
}
