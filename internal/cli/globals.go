package cli

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	defaultBaseURL = "https://webexapis.com/v1"
	// demoSeed is what a bare --sandbox stands for: the estate that is built in.
	demoSeed = "demo"
	// maxConcurrency is what no API rewards and what a usual limit of open files allows.
	maxConcurrency = 1000

	envToken       = "WEBEX_ACCESS_TOKEN"
	envCredentials = "WHOLESYNC_CREDENTIALS"

	credentialsFlag  = "credentials"
	pollIntervalFlag = "poll-interval"
	metricsFlag      = "metrics-textfile"
)

// globals are the flags that every command takes.
type globals struct {
	baseURL     string
	sandbox     string // "" = off, demoSeed, or a seed file
	credentials string
	subPartner  string

	rate         float64 // requests per second
	burst        int
	concurrency  int
	timeout      time.Duration
	pollInterval time.Duration
	pollTimeout  time.Duration
	maxOutage    time.Duration

	runDir     string
	output     string
	logLevel   string
	logFormat  string
	noProgress bool
	color      string
	metrics    string

	flags *pflag.FlagSet
}

func (g *globals) addFlags(f *pflag.FlagSet, getenv func(string) string) {
	g.flags = f
	f.StringVar(&g.baseURL, "base-url", defaultBaseURL, "root of the API; plain http only to loopback")
	f.StringVar(&g.sandbox, "sandbox", "", "use a simulated API inside this process instead; no credentials, no confirmation (--sandbox=SEED.json loads another estate)")
	f.Lookup("sandbox").NoOptDefVal = demoSeed
	f.StringVar(&g.credentials, credentialsFlag, getenv(envCredentials), "file with an OAuth client and tokens; also $"+envCredentials+"; a token in $"+envToken+" wins over it")
	f.Lookup(credentialsFlag).DefValue = ""
	f.StringVar(&g.subPartner, "sub-partner", "", "organization id of the sub-partner to act for")
	f.Float64Var(&g.rate, "rate", 10, "most requests per second, retries and polls included; slows down by itself when the API asks for it")
	f.IntVar(&g.burst, "burst", 1, "most requests at once before the rate counts")
	f.IntVar(&g.concurrency, "concurrency", 8, "most requests in flight")
	f.DurationVar(&g.timeout, "timeout", time.Minute, "most time for one request")
	f.DurationVar(&g.pollInterval, pollIntervalFlag, 2*time.Second, "first wait before asking again for what is in progress; grows to 30s")
	f.DurationVar(&g.pollTimeout, "poll-timeout", 15*time.Minute, "when to stop asking for what is in progress")
	f.DurationVar(&g.maxOutage, "max-outage", 15*time.Minute, "how long to go on when the API is out of order")
	f.StringVar(&g.runDir, "run-dir", "", "directory for the files of a run (default wholesync-runs/TIME-ID)")
	f.Var(newChoice(&g.output, "text", "json"), "output", "what is on stdout: text or json")
	f.Var(newChoice(&g.logLevel, "warn", "debug", "info", "error"), "log-level", "what to log on stderr: debug, info, warn or error")
	f.Var(newChoice(&g.logFormat, "text", "json"), "log-format", "text or json")
	f.BoolVar(&g.noProgress, "no-progress", false, "no progress on stderr")
	f.Var(newChoice(&g.color, "auto", "always", "never"), "color", "auto, always or never; auto respects $NO_COLOR")
	f.StringVar(&g.metrics, metricsFlag, "", "write the figures of a run to this file for Prometheus")
}

// check refuses values that cannot work, by the name of their flag. It spells the
// base URL in one way, because saved plans and locks compare it.
func (g *globals) check() error {
	g.baseURL = strings.TrimRight(g.baseURL, "/")
	if !(g.rate > 0) || g.rate > 1e6 {
		return fmt.Errorf("reading the flags: --rate %v is out of range; give requests per second, such as --rate 10", g.rate)
	}
	for _, n := range []struct {
		flag  string
		value int
	}{{"burst", g.burst}, {"concurrency", g.concurrency}} {
		if n.value < 1 {
			return fmt.Errorf("reading the flags: --%s %d is out of range; give 1 or more", n.flag, n.value)
		}
	}
	if g.concurrency > maxConcurrency {
		return fmt.Errorf("reading the flags: --concurrency %d is out of range; give %d or less", g.concurrency, maxConcurrency)
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"timeout", g.timeout}, {pollIntervalFlag, g.pollInterval}, {"poll-timeout", g.pollTimeout}, {"max-outage", g.maxOutage}} {
		if d.value <= 0 {
			return fmt.Errorf("reading the flags: --%s %v is out of range; give a time above 0, such as 30s", d.flag, d.value)
		}
	}
	if g.sandbox != "" && g.flags.Changed("base-url") {
		return fmt.Errorf("reading the flags: --sandbox and --base-url exclude each other; leave one out")
	}
	return nil
}

func (g *globals) level() slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(g.logLevel)); err != nil {
		panic(err) // the flag takes the names of levels only
	}
	return l
}

// choice is a flag that takes one of a few words; the first is the default.
type choice struct {
	value *string
	words []string
}

func newChoice(value *string, words ...string) *choice {
	*value = words[0]
	return &choice{value, words}
}

// String is the word chosen.
func (c *choice) String() string { return *c.value }

// Type is what the help shows for the value.
func (c *choice) Type() string { return "string" }

// Set takes a word, in whatever case.
func (c *choice) Set(word string) error {
	i := slices.IndexFunc(c.words, func(w string) bool { return strings.EqualFold(w, word) })
	if i < 0 {
		return fmt.Errorf("want one of %s", strings.Join(slices.DeleteFunc(slices.Clone(c.words), isBlank), ", "))
	}
	*c.value = c.words[i]
	return nil
}

func isBlank(s string) bool { return s == "" }

// offerWords makes shells complete the flags that take one of a few words.
func offerWords(cmd *cobra.Command) {
	offer := func(f *pflag.Flag) {
		c, ok := f.Value.(*choice)
		if !ok {
			return
		}
		words := slices.DeleteFunc(slices.Clone(c.words), isBlank)
		if err := cmd.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic(err) // two functions for one flag
		}
	}
	cmd.LocalFlags().VisitAll(offer)
}
