package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
)

// app is one run of the command line.
type app struct {
	env
	console *console
	global  globals
	// stop ends with the first interrupt. Everything that may be given up at
	// once runs under it; only a run's changes get the chance to finish.
	stop context.Context
	// command is the command that runs, without the program's name, and needed are
	// the scopes that it needs.
	command string
	needed  []string
	// log takes what may interest an operator, and notices what must be said
	// whatever the log level is.
	log, notices *slog.Logger
}

// newRoot puts the commands together.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "wholesync",
		Short: "Bring a Webex estate, Wholesale or BroadWorks, to the state that a CSV file describes",
		Long: `Wholesync reads which customers and subscribers of a Cisco Webex partner,
Wholesale or BroadWorks, should exist, compares that with the live state, shows
what would change, and changes it. For finance it holds the invoice against the
metered usage.

Try it without an account:

  wholesync export --sandbox -o estate.csv
  wholesync plan --sandbox estate.csv

` + exitHelp(),
		Version:           version(),
		SilenceUsage:      true,
		SilenceErrors:     true,
		Args:              noArguments,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.console)
	root.SetVersionTemplate("wholesync {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("reading the flags: %w; see %s --help", err, cmd.CommandPath())
	})
	a.global.addFlags(root.PersistentFlags(), a.getenv)
	offerWords(root)
	root.AddCommand(newValidate(a), newPlan(a), newPrecheck(a), newApply(a), newResume(a), newResults(a), newRemind(a), newExport(a), newSubPartners(a), newDirSync(a), newErrors(a), newSandbox(a), newBilling(a), newAuth(a))
	return root
}

// prepare checks the global flags and sets up logging; it runs before every command.
func (a *app) prepare(cmd *cobra.Command) error {
	a.command = strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
	a.needed = commandScopes[a.command]
	if err := a.global.check(); err != nil {
		return err
	}
	a.log = slog.New(a.logHandler(a.global.level()))
	a.notices = slog.New(a.logHandler(slog.LevelInfo))
	return nil
}

// logHandler writes log lines to stderr in the format asked for. Both formats
// escape what could harm a terminal.
func (a *app) logHandler(level slog.Level) slog.Handler {
	if a.global.logFormat == "json" {
		return slog.NewJSONHandler(a.console, &slog.HandlerOptions{Level: level})
	}
	return slog.NewTextHandler(a.console, &slog.HandlerOptions{Level: level})
}

// colors tells whether text on a stream may be coloured.
func (a *app) colors(stream any) bool {
	switch a.global.color {
	case "always":
		return true
	case "never":
		return false
	}
	return a.isTerminal(stream) && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

// json tells whether stdout is for a machine.
func (a *app) json() bool { return a.global.output == "json" }

// noArguments refuses arguments, and files that were meant for another command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		if cmd.HasSubCommands() {
			return fmt.Errorf("reading the arguments: %s has no command %q; %s", cmd.CommandPath(), args[0], didYouMean(cmd, args[0]))
		}
		return fmt.Errorf("reading the arguments: %s takes no files or other arguments, but %q was given; see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}

// didYouMean names the commands whose names are near a word, or where to find all.
func didYouMean(cmd *cobra.Command, word string) string {
	near := cmd.SuggestionsFor(word)
	if len(near) == 0 {
		return "see " + cmd.CommandPath() + " --help"
	}
	return "did you mean " + strings.Join(near, " or ")
}

// someFiles asks for at least one file.
func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("reading the arguments: %s needs at least one file; name a desired-state CSV, or - for stdin", cmd.CommandPath())
	}
	return nil
}
