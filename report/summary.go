package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"wholesync/batch"
	"wholesync/diff"
)

// Run is what is known of a run apart from its rows.
type Run struct {
	Version      string      `json:"version"` // of wholesync
	Organization string      `json:"organization,omitempty"`
	BaseURL      string      `json:"base_url"`
	Dir          string      `json:"run_dir"`
	Started      time.Time   `json:"started_at"`
	Finished     time.Time   `json:"finished_at"`
	ExitCode     int         `json:"exit_code"` // ExitCode of the rows, unless something with a higher claim stopped the run
	Calls        int64       `json:"api_calls"` // repeats and polls included
	Retries      int64       `json:"api_retries"`
	Throttled    int64       `json:"api_throttled"`  // answers 429
	Rate         float64     `json:"requests_per_s"` // what the limiter had learned by the end
	Files        []diff.File `json:"input_files"`
	Written      []string    `json:"files_written"`
	RetryFile    string      `json:"retry_file,omitempty"` // path of retry.csv, "" where there is none
}

// Summary is a run on one page; its JSON form is summary.json.
type Summary struct {
	Run
	Seconds        float64        `json:"duration_s"`
	ExitMeaning    string         `json:"exit_meaning"`
	Rows           int            `json:"rows"`
	Changes        int            `json:"changes"`                    // that were tried, well or not
	CallsPerChange float64        `json:"calls_per_change,omitempty"` // all calls, listing and polls included
	Outcomes       []OutcomeCount `json:"outcomes"`
	Actions        []ActionCount  `json:"actions"`
	Reasons        []Reason       `json:"reasons,omitempty"` // worst outcome first, then the most frequent
	Next           string         `json:"next_command,omitempty"`
}

// OutcomeCount is the number of rows with an outcome. Outcomes of no row are left out.
type OutcomeCount struct {
	Outcome diff.Outcome `json:"outcome"`
	Rows    int          `json:"rows"`
}

// ActionCount is the number of rows of a kind with an action and an outcome.
// Action is "none" for rows for which nothing was to be done.
type ActionCount struct {
	Kind    string       `json:"kind"`
	Action  string       `json:"action"`
	Outcome diff.Outcome `json:"outcome"`
	Rows    int          `json:"rows"`
}

// Reason is why rows did not end well, or wait for a person. Rows with the same
// outcome and code share a reason.
type Reason struct {
	Outcome    diff.Outcome `json:"outcome"`
	Code       int          `json:"error_code,omitempty"` // of the API's error code table
	HTTPStatus int          `json:"http_status,omitempty"`
	Title      string       `json:"title,omitempty"`
	Advice     string       `json:"advice,omitempty"`
	Rows       int          `json:"rows"`
	// Example is the first such row as FILE:LINE or its key, and Description
	// what was said of it.
	Example     string `json:"example"`
	Description string `json:"description,omitempty"`
}

// Summarize puts a run on one page. Times become UTC, to the millisecond.
func Summarize(run Run, rows []Row) Summary {
	run.Started = run.Started.UTC().Truncate(time.Millisecond)
	run.Finished = run.Finished.UTC().Truncate(time.Millisecond)
	s := Summary{Run: run, Rows: len(rows), Seconds: run.Finished.Sub(run.Started).Seconds(), ExitMeaning: ExitMeaning(run.ExitCode)}
	outcomes := map[diff.Outcome]int{}
	actions := map[ActionCount]int{}
	for i := range rows {
		r := &rows[i]
		if r.Outcome != diff.Skipped && r.Outcome != diff.NotAttempted {
			s.Changes += r.Changes
		}
		outcomes[r.Outcome]++
		actions[ActionCount{Kind: r.kindWord(), Action: r.actionWord(), Outcome: r.Outcome}]++
	}
	if s.Changes > 0 {
		s.CallsPerChange = float64(run.Calls) / float64(s.Changes)
	}
	for _, o := range diff.Outcomes() {
		if outcomes[o] > 0 {
			s.Outcomes = append(s.Outcomes, OutcomeCount{o, outcomes[o]})
		}
	}
	for a, n := range actions {
		a.Rows = n
		s.Actions = append(s.Actions, a)
	}
	slices.SortFunc(s.Actions, func(a, b ActionCount) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Action, b.Action), cmp.Compare(rank(a.Outcome), rank(b.Outcome)))
	})
	s.Reasons = reasons(rows)
	s.Next = nextCommand(run)
	return s
}

// rank is the place of an outcome in the order of summaries.
func rank(o diff.Outcome) int { return slices.Index(diff.Outcomes(), o) }

// reasons groups the rows that are not done, and those that wait for a person.
// Rows that waited for another one are left out: their reason is that row's.
func reasons(rows []Row) []Reason {
	type group struct {
		outcome      diff.Outcome
		code, status int
		title        string
	}
	place := map[group]int{}
	var out []Reason
	for i := range rows {
		r := &rows[i]
		if r.Outcome == diff.OK || r.Outcome == diff.Unchanged || r.Outcome == diff.Skipped || r.Result.BlockedBy != "" {
			continue
		}
		g := group{r.Outcome, r.Result.Code, r.Result.HTTPStatus, r.Result.Title}
		n, ok := place[g]
		if !ok {
			n = len(out)
			place[g] = n
			out = append(out, Reason{
				Outcome: r.Outcome, Code: r.Result.Code, HTTPStatus: r.Result.HTTPStatus, Title: r.Result.Title,
				Advice: r.Result.Advice, Example: r.where(), Description: r.Result.Description,
			})
		}
		out[n].Rows++
	}
	slices.SortStableFunc(out, func(a, b Reason) int {
		if a.Outcome != b.Outcome {
			return boolInt(batch.Worse(b.Outcome, a.Outcome)) - boolInt(batch.Worse(a.Outcome, b.Outcome))
		}
		return cmp.Compare(b.Rows, a.Rows)
	})
	return out
}

// where names a row for people: FILE:LINE, or its key where no file names it.
func (r *Row) where() string {
	if r.At.Line == 0 {
		return r.Key.String()
	}
	return fmt.Sprintf("%s:%d", r.File, r.At.Line)
}

// nextCommand is what to type after the run; "" where nothing is left to do.
func nextCommand(run Run) string {
	switch {
	case slices.Contains(resumable, run.ExitCode) && run.Dir != "":
		return "wholesync resume " + ShellWord(run.Dir)
	case run.ExitCode == exitFailures && run.RetryFile != "":
		return "wholesync plan " + ShellWord(run.RetryFile)
	}
	return ""
}

// resumable are the exit codes of runs that stopped half-way.
var resumable = []int{7, exitIncomplete, exitUnknown, 11, 130}

var exitMeanings = map[int]string{
	0:   "done, or nothing to do",
	1:   "could not run",
	2:   "differences found, or rows that the API would refuse",
	3:   "invalid input; nothing was sent",
	4:   "finished, but some rows failed, conflicted, were rejected or skipped",
	5:   "refused by a guard; nothing was sent",
	6:   "the saved plan does not fit any more; nothing was sent",
	7:   "authentication or permission stopped the run",
	8:   "incomplete: some rows were not attempted or are still in progress",
	9:   "the outcome of some rows is unknown; a person must look",
	10:  "another run on the same organization holds the lock",
	11:  "the journal or the results could not be written",
	130: "interrupted twice",
}

// ExitMeaning says an exit code of the program in words (the table in the README).
func ExitMeaning(code int) string { return exitMeanings[code] }

var outcomeMeanings = map[diff.Outcome]string{
	diff.OK:           "done, and confirmed by the API",
	diff.Unchanged:    "already so",
	diff.Failed:       "the API said no, or provisioning ended in an error",
	diff.Conflict:     "the live object is not what the plan saw; nothing was written",
	diff.RejectedRow:  "invalid input, set aside",
	diff.Skipped:      "something it depends on did not succeed",
	diff.Pending:      "accepted; waits for a person",
	diff.InProgress:   "accepted; still provisioning",
	diff.Unknown:      "cannot be told whether it was applied",
	diff.NotAttempted: "never sent",
}

// shownReasons is how many reasons a summary shows.
const shownReasons = 5

// WriteSummary prints a summary that fits on a screen: what became of the rows,
// why some did not end well, where the files are, and what to type next.
func WriteSummary(w io.Writer, s Summary) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s in %s: %s\n\n", plural(s.Rows, "row"), exactSpan(s.Finished.Sub(s.Started)), s.ExitMeaning)
	g := grid{left: map[int]bool{2: true}}
	for _, o := range s.Outcomes {
		g.add(string(o.Outcome), number(o.Rows), outcomeMeanings[o.Outcome])
	}
	g.write(out)
	for i, r := range s.Reasons {
		if i == 0 {
			fmt.Fprintln(out, "\nWhat is not done, or waits for a person:")
		}
		if i == shownReasons {
			fmt.Fprintf(out, "  ... and %s\n", plural(len(s.Reasons)-i, "more reason"))
			break
		}
		r.write(out)
	}
	fmt.Fprintf(out, "\n%s\n", s.apiLine())
	if s.Dir != "" {
		fmt.Fprintf(out, "Files: %s\n", Clean(s.Dir))
	}
	if s.RetryFile != "" {
		fmt.Fprintln(out, s.retryLine())
	}
	if s.Next != "" {
		fmt.Fprintf(out, "Next: %s\n", Clean(s.Next))
	}
	return out.Flush()
}

// retryLine points at retry.csv. It is offered for sending only where the run is
// over and every outcome is known: a run that can go on sends its rows by itself.
func (s Summary) retryLine() string {
	file := Clean(s.RetryFile)
	unknown := slices.ContainsFunc(s.Outcomes, func(c OutcomeCount) bool { return c.Outcome == diff.Unknown })
	switch {
	case unknown:
		return "Rows that are not done: " + file + "; look at the unknown ones first, they may have been applied"
	case slices.Contains(resumable, s.ExitCode):
		return "Rows that are not done: " + file
	}
	return "To send again: " + file
}

// apiLine says what the run asked of the API.
func (s Summary) apiLine() string {
	line := "API: " + plural(int(s.Calls), "call")
	if s.Changes > 0 {
		line += fmt.Sprintf(", listing and polls included (%.2f calls per change)", s.CallsPerChange)
	}
	line += fmt.Sprintf(", %s repeated, %s throttled", number(int(s.Retries)), number(int(s.Throttled)))
	if s.Rate > 0 {
		line += ", " + perSecond(s.Rate) + " at the end"
	}
	return line
}

// exactSpan is a duration that has passed, to the second where it is long.
func exactSpan(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// shownText is how much of an API's text a line shows, in characters.
const shownText = 160

func (r Reason) write(w io.Writer) {
	what := string(r.Outcome)
	switch {
	case r.Code != 0:
		what += fmt.Sprintf(", error %d", r.Code)
	case r.HTTPStatus != 0:
		what += fmt.Sprintf(", HTTP %d", r.HTTPStatus)
	}
	if r.Title != "" {
		what += " " + clip(Clean(r.Title), shownText)
	}
	fmt.Fprintf(w, "  %s: %s\n", plural(r.Rows, "row"), what)
	fmt.Fprintf(w, "      such as %s: %s\n", Clean(r.Example), clip(Clean(r.Description), shownText))
	if r.Advice != "" {
		fmt.Fprintf(w, "      %s\n", clip(Clean(r.Advice), shownText))
	}
}
