package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"wholesync/batch"
	"wholesync/diff"
)

// sampleReminders has every outcome.
func sampleReminders() []batch.Reminder {
	mailed := time.Date(2026, 4, 2, 8, 30, 0, 0, time.FixedZone("", 2*3600))
	var out []batch.Reminder
	for i, outcome := range batch.AllReminded() {
		r := batch.Reminder{
			Kind: diff.Subscriber, Key: diff.Key{Customer: "acme", Email: string(rune('a'+i)) + "@mail.example"}, FileName: "in.csv", Line: uint32(i + 2),
			ResourceID: "id-" + string(rune('a'+i)), Outcome: outcome, Status: "pending_user_migration", TrackingID: "T",
		}
		switch outcome {
		case batch.RemindedMailed, batch.RemindedRecently, batch.RemindedUnknown:
			r.MailedAt = mailed
		case batch.RemindedFailed:
			r.Code, r.Title, r.Description, r.Advice = 2020, "Not Allowed", "=cmd|' /c calc'!A1\x1b[2J", "Wait."
		}
		out = append(out, r)
	}
	return out
}

func TestWriteReminders(t *testing.T) {
	var file, table bytes.Buffer
	if err := WriteReminders(&file, sampleReminders()); err != nil {
		t.Fatal(err)
	}
	golden(t, "reminders.csv", file.Bytes())
	if err := WriteReminderTable(&table, sampleReminders()); err != nil {
		t.Fatal(err)
	}
	golden(t, "reminders.txt", table.Bytes())
	if WriteReminders(brokenWriter{}, sampleReminders()) == nil || WriteReminderTable(brokenWriter{}, sampleReminders()) == nil {
		t.Error("a full disk is not noticed")
	}
}

// What was written is read back: when each person was mailed, and nothing else.
func TestReadMailed(t *testing.T) {
	was := sampleReminders()
	was[0].ResourceID = "=1+1" // an id that a spreadsheet must not compute
	var file bytes.Buffer
	if err := WriteReminders(&file, was); err != nil {
		t.Fatal(err)
	}
	now := append(sampleReminders(), batch.Reminder{ResourceID: "new"})
	now[0].ResourceID = "=1+1"
	for i := range now {
		now[i].MailedAt = time.Time{}
	}
	if err := ReadMailed(&file, now); err != nil {
		t.Fatal(err)
	}
	for i := range was {
		if !now[i].MailedAt.Equal(was[i].MailedAt) {
			t.Errorf("%s: mailed at %v, not %v", was[i].Outcome, now[i].MailedAt, was[i].MailedAt)
		}
	}
	if !now[len(was)].MailedAt.IsZero() {
		t.Error("somebody new counts as mailed")
	}
}

// A file that cannot be understood is never taken for "nobody was mailed".
func TestReadMailedRefusesDamage(t *testing.T) {
	for _, content := range []string{
		"", "\n", "a,b\n1,2\n", "mailed_at\n2026-04-02T08:30:00Z\n", "resource_id\nx\n", "mailed_at,resource_id\n02.04.2026 08:30,x\n",
		"mailed_at,resource_id\n2026-04-02T08:30:00Z\n", "mailed_at,resource_id\n\"2026",
	} {
		if err := ReadMailed(strings.NewReader(content), nil); err == nil {
			t.Errorf("%q is taken", content)
		}
	}
}
