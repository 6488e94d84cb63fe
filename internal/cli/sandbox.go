package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/internal/sandbox"
)

// sandboxOptions are the flags of the sandbox: its own options, and where it is and
// what it is given.
type sandboxOptions struct {
	sandbox.Options
	listen          string
	seedFile        string
	credentialsFile string
	faultRules      []string
}

func newSandbox(a *app) *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the simulated API on this machine",
		Long: `Sandbox serves a stand-in for the vendor's API on a loopback address until it is
interrupted: wholesale and BroadWorks, people, locations and organizations, prechecks,
sub-partners, billing reports and the sign-in. It keeps the vendor's rules, and its
estate is in memory only. Use it for rehearsals and for tests of whatever calls
wholesync.

Downloads of billing reports are on a port of their own, as the vendor has them on
another host. GET /__sandbox/state shows the whole estate and /__sandbox/log every
request and download.

A fault makes it misbehave on purpose, for example:

  wholesync sandbox --fault "POST /wholesale/subscribers nth=3 500-after" \
                    --fault "GET /wholesale/* p=0.05 429=2s"

People answer the vendor's mails with --people-delay alone, organizations have to be
opened with --access-delay or --access-life, and --stale-tokens is for removals for
good.`,
		Example: `  wholesync sandbox --credentials-file demo.json
  wholesync sandbox --people-delay 1m --access-delay 5s --access-life 1h --stale-tokens`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.serveSandbox(a.stop, o) },
	}
	o.addFlags(cmd.Flags())
	cmd.AddCommand(newGenerate(a))
	return cmd
}

func (o *sandboxOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.listen, "listen", "127.0.0.1:8089", "loopback address to listen on; port 0 picks a free one")
	f.StringVar(&o.seedFile, "seed", "", "JSON file with the estate to start with (default: the built-in demo)")
	f.StringVar(&o.credentialsFile, "credentials-file", "", "write a credentials file for this sandbox")
	f.StringArrayVar(&o.faultRules, "fault", nil, "a fault to play; repeatable")
	f.Float64Var(&o.Rate, "rate", 0, "requests per second before the sandbox answers 429 (default: no limit)")
	f.DurationVar(&o.TokenTTL, "token-ttl", 0, "life of an access token (default: for ever)")
	f.BoolVar(&o.RotateRefresh, "rotate-refresh", false, "let each refresh give a new refresh token, and end the old one")
	f.DurationVar(&o.ProvisionDelay, "provision-delay", 2*time.Second, "how long provisioning takes")
	f.BoolVar(&o.AsyncSubscribers, "async-subscribers", false, "let subscribers take --provision-delay too, as the older API did")
	f.DurationVar(&o.PeopleDelay, "people-delay", 0, "how long people take to agree to a move, or to give their e-mail address (default: they never do)")
	f.DurationVar(&o.AccessDelay, "access-delay", 0, "how long a customer's organization takes to open to the partner's administrator (default: it is open)")
	f.DurationVar(&o.AccessLife, "access-life", 0, "how long it then stays open (default: for ever)")
	f.BoolVar(&o.StaleTokens, "stale-tokens", false, "let no token that is older than a person or an organization of less than a day delete it for good")
	f.DurationVar(&o.ReportDelay, "report-delay", 2*time.Second, "how long the generation of a billing report takes")
	f.DurationVar(&o.DownloadTTL, "download-ttl", 10*time.Minute, "life of a report's download URL, in whole seconds")
}

// check refuses flags that make no sense.
func (o *sandboxOptions) check() error {
	times := []struct {
		flag  string
		value time.Duration
	}{
		{"provision-delay", o.ProvisionDelay}, {"people-delay", o.PeopleDelay}, {"access-delay", o.AccessDelay}, {"access-life", o.AccessLife},
		{"report-delay", o.ReportDelay}, {"token-ttl", o.TokenTTL},
	}
	for _, t := range times {
		if t.value < 0 {
			return fmt.Errorf("reading the flags: --%s must not be negative", t.flag)
		}
	}
	if o.Rate < 0 {
		return errors.New("reading the flags: --rate must not be negative")
	}
	if o.DownloadTTL <= 0 {
		return errors.New("reading the flags: --download-ttl must be above 0")
	}
	return nil
}

// open turns flags into the options of a sandbox. The seed stays open until closeSeed.
func (o sandboxOptions) open() (options sandbox.Options, closeSeed func() error, err error) {
	options = o.Options
	if err := o.check(); err != nil {
		return options, nil, err
	}
	for _, text := range o.faultRules {
		rule, err := sandbox.ParseRule(text)
		if err != nil {
			return options, nil, fmt.Errorf("reading the flags: --fault: %w", err)
		}
		options.Faults = append(options.Faults, rule)
	}
	if o.seedFile == "" {
		return options, func() error { return nil }, nil
	}
	f, err := os.Open(o.seedFile)
	if err != nil {
		return options, nil, fmt.Errorf("reading the seed: %w", err)
	}
	options.Seed = f
	return options, f.Close, nil
}

func (a *app) serveSandbox(stop context.Context, o sandboxOptions) error {
	options, closeSeed, err := o.open()
	if err != nil {
		return err
	}
	defer closeSeed()
	s, err := serveSandbox(options, o.listen)
	var address *addressError
	switch {
	case errors.As(err, &address):
		return fmt.Errorf("starting the sandbox: %w; choose another address with --listen 127.0.0.1:PORT", err)
	case err != nil:
		return fmt.Errorf("starting the sandbox: %w", err)
	}
	defer s.close()
	if o.credentialsFile != "" {
		err := batch.WriteFile(o.credentialsFile, func(w io.Writer) error {
			_, err := w.Write(s.box.Credentials())
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := a.announce(s); err != nil {
		return err
	}
	<-stop.Done()
	return nil
}

// announce tells how to use the sandbox. Its token opens nothing real.
func (a *app) announce(s *sandboxServer) error {
	token := s.box.AccessToken()
	if a.json() {
		return writeJSON(a.stdout, map[string]string{"base_url": s.url, "download_url": s.downloadURL, "access_token": token})
	}
	_, err := fmt.Fprintf(a.stdout, "sandbox at %s, its report downloads at %s\n\nin another terminal:\n  export %s=%s\n  wholesync export --base-url %s\n\nstop it with Ctrl-C\n",
		s.url, s.downloadURL, envToken, token, s.url)
	return err
}

func newGenerate(a *app) *cobra.Command {
	o := sandbox.GenerateOptions{}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make a large estate and a desired state for it",
		Long: `Generate writes desired.csv, current.csv (an export of the estate) and seed.json
(the estate for "wholesync sandbox --seed"). The same flags give the same files.`,
		Example: "  wholesync sandbox generate --customers 100 --subscribers 10000 --dir load",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			return a.generate(o)
		},
	}
	cmd.Flags().IntVar(&o.Customers, "customers", 10, "number of customers")
	cmd.Flags().IntVar(&o.Subscribers, "subscribers", 1000, "number of subscribers")
	cmd.Flags().StringVar(&o.Dir, "dir", ".", "directory for the files; made where it is missing")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "number that chance starts from")
	cmd.Flags().Float64Var(&o.ChangePercent, "change-percent", 2, "share of subscribers that differ")
	return cmd
}

func (a *app) generate(o sandbox.GenerateOptions) error {
	if o.Customers < 1 || o.Subscribers < 0 {
		return fmt.Errorf("reading the flags: --customers must be 1 or more and --subscribers 0 or more")
	}
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return fmt.Errorf("generating data: %w", err)
	}
	if err := sandbox.Generate(o); err != nil {
		return fmt.Errorf("generating data: %w", err)
	}
	fmt.Fprintf(a.console, "wrote desired.csv, current.csv and seed.json to %s\n", o.Dir)
	return nil
}
