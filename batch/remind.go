package batch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// Reminder is a row of a run that waits for its person to agree to the move of an
// account, and what was done about it.
type Reminder struct {
	Kind       diff.Kind
	Key        diff.Key
	FileName   string
	Line       uint32
	SubPartner string // whom the subscriber is under; "" for that of the run
	ResourceID string // the API's id of the subscriber

	Outcome     Reminded  // "" while nothing is decided
	Status      string    // of the subscriber as it was read back
	MailedAt    time.Time // of the last mail that was, or may have been, sent; zero for none
	Code        int       // these five are those of a [Result]
	Title       string
	Description string
	Advice      string
	TrackingID  string
}

// Reminded is what became of a reminder.
type Reminded string

// The outcomes of reminders, in the order of reports.
const (
	RemindedMailed       Reminded = "mailed"        // the API has sent the mail
	RemindedRecently     Reminded = "recent"        // mailed so lately that nobody is mailed again
	RemindedDone         Reminded = "provisioned"   // the person has agreed by now
	RemindedOther        Reminded = "not_waiting"   // it is in another state, or gone
	RemindedFailed       Reminded = "failed"        // the API said no
	RemindedUnknown      Reminded = "unknown"       // the answer was lost; the mail may have been sent
	RemindedNotAttempted Reminded = "not_attempted" // not asked for
)

// AllReminded lists the outcomes of reminders in the order of reports.
func AllReminded() []Reminded {
	return []Reminded{RemindedMailed, RemindedRecently, RemindedDone, RemindedOther, RemindedFailed, RemindedUnknown, RemindedNotAttempted}
}

// remindAgainAfter is how long nobody is mailed a second time, unless wanted.
const remindAgainAfter = 24 * time.Hour

// Bounds of mailing.
const (
	remindersAtOnce = 32 // goroutines; the client bounds the requests
	mostLost        = 5  // answers that may get lost one after the other
)

// WaitingForConsent are the rows of a run that wait for their persons: those
// that the run has provisioned that far, and those that an earlier one had.
// Whether they still do the API has to say.
func WaitingForConsent(p *diff.Plan, past map[string]Past) []Reminder {
	var out []Reminder
	for i := range p.Changes {
		c := &p.Changes[i]
		done := past[c.ID].Done
		if c.Kind == diff.Customer || done == nil || done.Outcome != diff.Pending || done.ResourceID == "" {
			continue
		}
		out = append(out, Reminder{
			Kind: c.Kind, Key: c.Key, FileName: c.FileName, Line: c.Line, SubPartner: c.SubPartner, ResourceID: done.ResourceID,
		})
	}
	for i := range p.Held {
		h := &p.Held[i]
		if h.WaitsForConsent() {
			out = append(out, Reminder{Kind: h.Kind, Key: h.Key, FileName: h.FileName, Line: h.Line, SubPartner: h.SubPartner, ResourceID: h.LiveIDs[0]})
		}
	}
	return out
}

// ReadReminders reads the subscribers of reminders, side by side, and decides about
// those that are not to be mailed: who has agreed by now, and who was mailed less
// than a day before now, unless again. It changes nothing. An error means that
// the API cannot be asked, or that ctx ended.
func ReadReminders(ctx context.Context, api *webex.Client, reminders []Reminder, now time.Time, again bool) error {
	a := NewApplier(api, ApplyOptions{})
	err := sideInPlace(ctx, reminders, func(ctx context.Context, r *Reminder) error {
		c := &diff.Change{Kind: r.Kind, Key: r.Key, SubPartner: r.SubPartner}
		o, err := a.kindOf(c).get(ctx, c, r.ResourceID)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Status = o.status
		switch {
		case isNotFound(err):
			r.Outcome, r.Description = RemindedOther, "the subscriber is gone"
		case stopping(err) != nil:
			return err
		case err != nil:
			return r.fail(err)
		case o.status == diff.StatusProvisioned:
			r.Outcome = RemindedDone
		case o.status != diff.StatusUserMigration:
			r.Outcome, r.Description = RemindedOther, "it is in status "+o.status+", for which there is no such mail"
		case !again && !r.MailedAt.IsZero() && now.Sub(r.MailedAt) < remindAgainAfter:
			r.Outcome, r.Description = RemindedRecently, "mailed "+r.MailedAt.UTC().Format(time.RFC3339)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading subscribers back: %w", err)
	}
	return nil
}

// MailConsents has the API mail the persons of the reminders that nothing is
// decided about. With the end of stop nothing new is begun; ctx cuts what is in
// flight. When the API gets out of order the rest is not attempted either. The
// error says that it will have no mails from this token.
func MailConsents(ctx, stop context.Context, api *webex.Client, reminders []Reminder, now func() time.Time) error {
	stop, halt := context.WithCancel(stop)
	defer halt()
	var g errgroup.Group
	var lost atomic.Int32 // answers, one after the other
	g.SetLimit(remindersAtOnce)
	for i := range reminders {
		r := &reminders[i]
		if r.Outcome != "" {
			continue
		}
		g.Go(func() error {
			if stop.Err() != nil {
				r.Outcome = RemindedNotAttempted
				return nil //nolint:nilerr // an interrupt is no error of the mailing
			}
			err := r.mail(ctx, api, now)
			if r.Outcome != RemindedUnknown {
				lost.Store(0)
			} else if lost.Add(1) >= mostLost {
				halt()
			}
			if err != nil || r.Outcome == RemindedNotAttempted {
				halt()
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("mailing: %w", err)
	}
	return nil
}

// mail asks for one mail. It is not repeated on suspicion: a lost answer counts
// as a mail. An error means that the others need not try.
func (r *Reminder) mail(ctx context.Context, api *webex.Client, now func() time.Time) error {
	api = onBehalf(api, r.SubPartner)
	if r.Kind.Offer() == diff.BroadWorks { // has no sub-partners
		api = api.OnBehalfOf("")
	}
	at := now()
	receipt, err := api.MailConsent(ctx, r.ResourceID)
	r.TrackingID = receipt.TrackingID
	if err != nil {
		err = r.fail(err)
	} else {
		r.Outcome = RemindedMailed
	}
	if r.Outcome == RemindedMailed || r.Outcome == RemindedUnknown {
		r.MailedAt = at
	}
	return err
}

// fail notes an error of the API, and returns it where it is about every row.
func (r *Reminder) fail(err error) error {
	var e *webex.Error
	if !errors.As(err, &e) {
		return err
	}
	r.Outcome, r.Code, r.Title, r.TrackingID, r.Description = RemindedFailed, e.Code, e.Title, e.TrackingID, e.Description
	if info, known := webex.LookupCode(e.Code); known {
		r.Advice = info.Advice
	}
	switch e.Class {
	case webex.ClassUnknown:
		r.Outcome, r.Advice = RemindedUnknown, "the mail may have been sent"
	case webex.ClassTransient, webex.ClassNotSent:
		r.Outcome, r.Description = RemindedNotAttempted, e.Error()
	case webex.ClassAuth:
		return err
	}
	return nil
}
