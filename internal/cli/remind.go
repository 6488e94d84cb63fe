package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"wholesync/batch"
	"wholesync/diff"
	"wholesync/report"
)

const remindersFile = "reminders.csv"

// remindOptions are the flags of remind.
type remindOptions struct {
	yes   bool
	again bool
}

func newRemind(a *app) *cobra.Command {
	var o remindOptions
	cmd := &cobra.Command{
		Use:   "remind RUN_DIR",
		Short: "Mail the people again who have to agree before their rows are done",
		Long: `Remind looks at the rows of a run that are pending because a person has to agree
to the move of an account. It reads each subscriber back, tells who has agreed by
now, and has the vendor mail the others once more.

It writes reminders.csv into the run's directory. Nobody is mailed twice within a
day, unless --again is given. Mails go to people, so it asks like apply does.`,
		Example: "  wholesync remind wholesync-runs/20261122T003041Z-317d57",
		Args:    oneRun,
		RunE:    func(cmd *cobra.Command, args []string) error { return a.remind(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.yes, yesFlag, false, "mail without asking")
	cmd.Flags().BoolVar(&o.again, "again", false, "mail also those who were mailed less than a day ago")
	offerWords(cmd)
	return cmd
}

func (a *app) remind(ctx context.Context, dir string, o remindOptions) error {
	old, err := a.openRecords(dir)
	if err != nil {
		return err
	}
	defer old.close()
	reminders, err := old.reminders()
	if err != nil {
		return err
	}
	if len(reminders) == 0 {
		return a.showReminders(reminders)
	}
	if err := old.run.keepLog(a); err != nil {
		return err
	}
	defer old.run.end()
	kinds := map[diff.Kind]bool{}
	for i := range reminders {
		kinds[reminders[i].Kind] = true
	}
	a.needToChange(kinds)
	api, err := a.connect(a.stop)
	if err != nil {
		return err
	}
	defer api.close()
	if err := old.verify(api, a.global.subPartner); err != nil {
		return err
	}
	lock, err := a.lock(api, old.run)
	if err != nil {
		return err
	}
	defer lock.release()
	if n := len(old.saved.Plan.Changes) - finished(old.past); n > 0 {
		fmt.Fprintf(a.console, "wholesync: %s of the run did not come to an end; wholesync resume goes on with it\n", count(n, "change"))
	}
	if err := batch.ReadReminders(a.stop, api.client, reminders, a.now(), o.again); err != nil {
		return err
	}
	if err := a.agreeToMail(api, reminders, o); err != nil {
		return err
	}
	if err := a.recordMails(old.run, reminders); err != nil {
		return err
	}
	return a.concludeMails(old.run, reminders, batch.MailConsents(ctx, a.stop, api.client, reminders, a.now))
}

// reminders are the rows that wait, with what earlier reminders did about them.
func (old *oldRun) reminders() ([]batch.Reminder, error) {
	reminders := batch.WaitingForConsent(old.saved.Plan, old.past)
	path := old.run.path(remindersFile)
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return reminders, nil
	case err != nil:
		return nil, fmt.Errorf("reading who was mailed before: %w", err)
	}
	defer f.Close()
	if err := report.ReadMailed(f, reminders); err != nil {
		return nil, fmt.Errorf("reading who was mailed before: %s: %w; put the right file back, or move it away and nobody counts as mailed", path, err)
	}
	return reminders, nil
}

// agreeToMail asks the operator, where anybody is to be mailed.
func (a *app) agreeToMail(api *session, reminders []batch.Reminder, o remindOptions) error {
	n := report.CountReminded(reminders, "")
	if o.yes || api.rehearsal || n == 0 {
		return nil
	}
	for i := range reminders {
		if r := &reminders[i]; r.Outcome == "" {
			fmt.Fprintf(a.console, "  %s\n", report.Clean(r.Key.String()))
		}
	}
	people := "1 person"
	if n > 1 {
		people = fmt.Sprintf("%d people", n)
	}
	return a.agree("mail "+people, "")
}

// recordMails writes the mails down before they are asked for, as if their
// answers were lost. A run that dies then mails nobody twice.
func (a *app) recordMails(run *runDir, reminders []batch.Reminder) error {
	if report.CountReminded(reminders, "") == 0 {
		return nil
	}
	intended := append([]batch.Reminder{}, reminders...)
	for i := range intended {
		if r := &intended[i]; r.Outcome == "" {
			r.Outcome, r.MailedAt = batch.RemindedUnknown, a.now()
		}
	}
	return run.write(remindersFile, func(w io.Writer) error { return report.WriteReminders(w, intended) })
}

// concludeMails writes down what became of the reminders, shows it, and turns it
// into the exit code.
func (a *app) concludeMails(run *runDir, reminders []batch.Reminder, mailErr error) error {
	code := exitOK
	for outcome, earned := range map[batch.Reminded]int{
		batch.RemindedUnknown: exitUnknown, batch.RemindedNotAttempted: exitIncomplete, batch.RemindedFailed: exitRows,
	} {
		if report.CountReminded(reminders, outcome) > 0 {
			code = worst(code, earned)
		}
	}
	if mailErr != nil {
		code = worst(code, exitCode(mailErr))
	}
	writeErr := run.write(remindersFile, func(w io.Writer) error { return report.WriteReminders(w, reminders) })
	if writeErr != nil {
		code = worst(code, exitFiles)
	}
	for i := range reminders {
		r := &reminders[i]
		a.log.Info("reminder ended", "key", r.Key.String(), "outcome", string(r.Outcome), "code", r.Code, "tracking_id", r.TrackingID)
	}
	if err := errors.Join(mailErr, writeErr, a.showReminders(reminders)); err != nil {
		return &exitErr{worst(code, exitError), err}
	}
	return endWith(code)
}

// reminderView is a reminder for machines.
type reminderView struct {
	File        string         `json:"file,omitempty"`
	Line        uint32         `json:"line,omitempty"`
	Kind        string         `json:"kind"`
	Key         string         `json:"key"`
	Outcome     batch.Reminded `json:"outcome"`
	Status      string         `json:"status,omitempty"`
	MailedAt    string         `json:"mailed_at,omitempty"`
	Code        int            `json:"error_code,omitempty"`
	Title       string         `json:"error_title,omitempty"`
	Description string         `json:"description,omitempty"`
	Advice      string         `json:"advice,omitempty"`
	TrackingID  string         `json:"tracking_id,omitempty"`
	ResourceID  string         `json:"resource_id"`
}

func (a *app) showReminders(reminders []batch.Reminder) error {
	if !a.json() {
		return report.WriteReminderTable(a.stdout, reminders)
	}
	views := make([]reminderView, len(reminders))
	for i := range reminders {
		r := &reminders[i]
		views[i] = reminderView{
			r.FileName, r.Line, r.Kind.String(), r.Key.String(), r.Outcome, r.Status, rfc3339(r.MailedAt), r.Code, r.Title, r.Description, r.Advice, r.TrackingID, r.ResourceID,
		}
	}
	return writeJSON(a.stdout, views)
}
