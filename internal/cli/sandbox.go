package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/internal/sandbox"
)

type sandboxOptions struct {
	listen           string
	seed             string
	credentialsFile  string
	provisionDelay   time.Duration
	reportDelay      time.Duration
	downloadTTL      time.Duration
	rate             float64
	faults           []string
	tokenTTL         time.Duration
	asyncSubscribers bool
}

func newSandbox(a *app) *cobra.Command {
	var o sandboxOptions
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the simulated API on this machine",
		Long: `Sandbox serves a stand-in for the Webex API, Wholesale and BroadWorks, on a
loopback address until it is interrupted. It keeps the vendor's rules, and its
estate is in memory only. Use it for rehearsals and for tests of whatever calls
wholesync.

Downloads of billing reports are on a port of their own, as the vendor has them on
another host. GET /__sandbox/state shows the whole estate and /__sandbox/log every
request and download.

A fault makes it misbehave on purpose, for example:

  wholesync sandbox --fault "POST /wholesale/subscribers nth=3 500-after" \
                    --fault "GET /wholesale/* p=0.05 429=2s"`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.serveSandbox(a.stop, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8089", "loopback address to listen on; port 0 picks a free one")
	f.StringVar(&o.seed, "seed", "", "JSON file with the estate to start with (default: the built-in demo)")
	f.StringVar(&o.credentialsFile, "credentials-file", "", "write a credentials file for this sandbox")
	f.DurationVar(&o.provisionDelay, "provision-delay", 2*time.Second, "how long provisioning takes")
	f.DurationVar(&o.reportDelay, "report-delay", 2*time.Second, "how long the generation of a billing report takes")
	f.DurationVar(&o.downloadTTL, "download-ttl", 10*time.Minute, "life of a report's download URL, in whole seconds")
	f.Float64Var(&o.rate, "rate", 0, "requests per second before the sandbox answers 429 (default: no limit)")
	f.StringArrayVar(&o.faults, "fault", nil, "a fault to play; repeatable")
	f.DurationVar(&o.tokenTTL, "token-ttl", 0, "life of an access token (default: for ever)")
	f.BoolVar(&o.asyncSubscribers, "async-subscribers", false, "let subscribers take --provision-delay too, as the older API did")
	cmd.AddCommand(newGenerate(a))
	return cmd
}

// open turns flags into the options of a sandbox. The seed stays open until closeSeed.
func (o sandboxOptions) open() (options sandbox.Options, closeSeed func() error, err error) {
	options = sandbox.Options{
		ProvisionDelay: o.provisionDelay, ReportDelay: o.reportDelay, DownloadTTL: o.downloadTTL, AsyncSubscribers: o.asyncSubscribers, Rate: o.rate, TokenTTL: o.tokenTTL,
	}
	if o.provisionDelay < 0 || o.reportDelay < 0 || o.rate < 0 || o.tokenTTL < 0 {
		return options, nil, fmt.Errorf("reading the flags: --provision-delay, --report-delay, --rate and --token-ttl must not be negative")
	}
	if o.downloadTTL <= 0 {
		return options, nil, fmt.Errorf("reading the flags: --download-ttl must be above 0")
	}
	for _, text := range o.faults {
		rule, err := sandbox.ParseRule(text)
		if err != nil {
			return options, nil, fmt.Errorf("reading the flags: --fault: %w", err)
		}
		options.Faults = append(options.Faults, rule)
	}
	if o.seed == "" {
		return options, func() error { return nil }, nil
	}
	f, err := os.Open(o.seed)
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
