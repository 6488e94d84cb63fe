package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"wholesync/batch"
	"wholesync/internal/webex"
	"wholesync/report"
)

// The exit codes. Scripts depend on them: a code never changes its meaning.
const (
	exitOK          = 0   // done, or nothing to do
	exitError       = 1   // could not run
	exitDifferences = 2   // plan --detailed-exitcode found changes
	exitInput       = 3   // invalid input; nothing was sent
	exitRows        = 4   // some rows failed, conflicted, or were rejected or skipped
	exitGuard       = 5   // a guard or the operator refused; nothing was sent
	exitStale       = 6   // the saved plan does not fit any more; nothing was sent
	exitAuth        = 7   // authentication or permission
	exitIncomplete  = 8   // rows not attempted or still in progress; also the first interrupt
	exitUnknown     = 9   // the outcome of a row is unknown
	exitLocked      = 10  // another run works on the same organization
	exitFiles       = 11  // the journal or the results cannot be written
	exitInterrupted = 130 // the second interrupt
)

// exitCodes lists every exit code, for the help. The words of each are those of
// [report.ExitMeaning], which the run's summary shows too.
var exitCodes = []int{
	exitOK, exitError, exitDifferences, exitInput, exitRows, exitGuard, exitStale, exitAuth, exitIncomplete, exitUnknown, exitLocked, exitFiles, exitInterrupted,
}

func exitHelp() string {
	var b strings.Builder
	b.WriteString("Exit codes:\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "  %-4d %s\n", c, report.ExitMeaning(c))
	}
	return b.String()
}

// precedence orders the codes that one run of apply may earn together.
var precedence = []int{exitFiles, exitInterrupted, exitAuth, exitUnknown, exitIncomplete, exitError, exitRows}

// worst picks the code with the highest claim.
func worst(codes ...int) int {
	for _, c := range precedence {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return slices.Max(codes)
}

// exitErr ends the program with a certain code. Without err nothing is printed,
// because the command has already said everything.
type exitErr struct {
	code int
	err  error
}

func (e *exitErr) Error() string {
	if e.err == nil {
		return report.ExitMeaning(e.code)
	}
	return e.err.Error()
}

func (e *exitErr) Unwrap() error { return e.err }

// fail makes an error that ends the program with code.
func fail(code int, format string, args ...any) error {
	return &exitErr{code, fmt.Errorf(format, args...)}
}

// endWith ends the program with code and without a message.
func endWith(code int) error {
	if code == exitOK {
		return nil
	}
	return &exitErr{code: code}
}

// errInterrupted is the cause of the contexts that interrupts end.
var (
	errInterrupted = errors.New("interrupted")
	errCut         = errors.New("interrupted twice")
)

// exitCode is the one place that turns an error into an exit code.
func exitCode(err error) int {
	var (
		exit    *exitErr
		stale   *batch.StaleError
		locked  *batch.LockedError
		inUse   *batch.InUseError
		journal *batch.JournalError
		api     *webex.Error
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &stale):
		return exitStale
	case errors.As(err, &locked), errors.As(err, &inUse):
		return exitLocked
	case errors.As(err, &journal):
		return exitFiles
	case errors.Is(err, errCut):
		return exitInterrupted
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitIncomplete
	case errors.As(err, &api) && api.Class == webex.ClassAuth:
		return exitAuth
	}
	return exitError
}

// withTokenHint says what to do about a 403 that names no code: it comes of a
// permission that is missing, or of a token that is older than its object.
func withTokenHint(err error) error {
	var api *webex.Error
	if errors.As(err, &api) && api.Class == webex.ClassAuth && api.HTTPStatus == http.StatusForbidden && api.Code == 0 {
		return fmt.Errorf("%w; sign in again with the scopes that this needs, or get a new token: one that is older than what it is to delete does not do", err)
	}
	return err
}
