package report

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"wholesync/batch"
)

// reminderColumns is the header of reminders.csv.
var reminderColumns = []string{
	"file", "line", "kind", "key", "outcome", "status", "mailed_at", "error_code", "error_title", "description", "advice", "tracking_id", "resource_id",
}

// WriteReminders writes reminders.csv, one line per row that waits, or waited, for
// its person. Times are UTC. Cells are safe to open in a spreadsheet.
func WriteReminders(w io.Writer, reminders []batch.Reminder) error {
	out := csv.NewWriter(w)
	if err := out.Write(reminderColumns); err != nil {
		return err
	}
	for i := range reminders {
		r := &reminders[i]
		mailed := ""
		if !r.MailedAt.IsZero() {
			mailed = r.MailedAt.UTC().Format(timeFormat)
		}
		if err := out.Write([]string{
			Cell(r.FileName), numberOrBlank(int(r.Line)), r.Kind.String(), Cell(r.Key.String()), string(r.Outcome), Cell(r.Status), mailed,
			numberOrBlank(r.Code), Cell(r.Title), Cell(r.Description), Cell(r.Advice), Cell(r.TrackingID), Cell(r.ResourceID),
		}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// ReadMailed reads out of a reminders.csv when each of the reminders' persons was
// mailed last. What it cannot read is an error: nobody is to be mailed twice
// because of a file that was damaged.
func ReadMailed(r io.Reader, reminders []batch.Reminder) error {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errors.New("it is empty")
	}
	at, id := slices.Index(rows[0], "mailed_at"), slices.Index(rows[0], "resource_id")
	if at < 0 || id < 0 {
		return errors.New("it has no columns mailed_at and resource_id")
	}
	mailed := map[string]time.Time{}
	for i, row := range rows[1:] {
		if row[at] == "" {
			continue
		}
		when, err := time.Parse(time.RFC3339, row[at])
		if err != nil {
			return fmt.Errorf("row %d: mailed_at %q is no time in RFC 3339", i+2, row[at])
		}
		mailed[row[id]] = when
	}
	for i := range reminders {
		reminders[i].MailedAt = mailed[Cell(reminders[i].ResourceID)]
	}
	return nil
}

// remindedWords are the outcomes of reminders as people read them.
var remindedWords = map[batch.Reminded]string{
	batch.RemindedMailed: "mailed", batch.RemindedRecently: "mailed less than a day ago", batch.RemindedDone: "provisioned by now",
	batch.RemindedOther: "not waiting for this mail", batch.RemindedFailed: "failed", batch.RemindedUnknown: "unknown whether mailed",
	batch.RemindedNotAttempted: "not attempted",
}

// CountReminded counts the reminders with an outcome.
func CountReminded(reminders []batch.Reminder, outcome batch.Reminded) int {
	n := 0
	for i := range reminders {
		if reminders[i].Outcome == outcome {
			n++
		}
	}
	return n
}

// WriteReminderTable puts reminders on a terminal: their counts, then one line each.
func WriteReminderTable(w io.Writer, reminders []batch.Reminder) error {
	out := bufio.NewWriter(w)
	var counts []string
	for _, outcome := range batch.AllReminded() {
		if n := CountReminded(reminders, outcome); n > 0 {
			counts = append(counts, number(n)+" "+remindedWords[outcome])
		}
	}
	if len(reminders) == 0 {
		fmt.Fprintln(out, "Nobody of this run has to agree to anything")
		return out.Flush()
	}
	fmt.Fprintf(out, "%s: %s\n", plural(len(reminders), "row"), strings.Join(counts, ", "))
	g := grid{left: map[int]bool{1: true, 2: true, 3: true, 4: true}}
	for i := range reminders {
		r := &reminders[i]
		g.add(filePlace(r.FileName, r.Line), r.Kind.String(), Clean(r.Key.String()), strings.ReplaceAll(string(r.Outcome), "_", " "), reminderText(r))
	}
	g.write(out)
	return out.Flush()
}

// reminderText says why a reminder came to its outcome, on one clean line.
func reminderText(r *batch.Reminder) string {
	var parts []string
	if r.Code != 0 {
		parts = append(parts, strings.TrimSpace(strconv.Itoa(r.Code)+" "+r.Title))
	}
	if r.Description != "" && r.Description != r.Title {
		parts = append(parts, r.Description)
	}
	return Clean(withHint(strings.Join(parts, ": "), r.Advice))
}
