package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// resultColumns is the header of results.csv.
var resultColumns = []string{
	"file", "line", "kind", "key", "action", "outcome", "http_status", "error_code", "error_title", "error_field", "error_description",
	"advice", "attempts", "tracking_id", "resource_id", "blocked_by", "started_at", "duration_ms",
}

// timeFormat is RFC 3339 with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// WriteResults writes results.csv, one line per row in the order given. Times
// are UTC, durations milliseconds; numbers that do not apply are blank. Cells
// are safe to open in a spreadsheet.
func WriteResults(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	if err := out.Write(resultColumns); err != nil {
		return err
	}
	record := make([]string, len(resultColumns))
	for i := range rows {
		rows[i].record(record)
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// record fills the cells of a row, in the order of resultColumns.
func (r *Row) record(cells []string) {
	res := r.Result
	started, duration := "", ""
	if !res.StartedAt.IsZero() {
		started = res.StartedAt.UTC().Format(timeFormat)
		duration = strconv.FormatInt(int64(res.Duration/time.Millisecond), 10)
	}
	copy(cells, []string{
		Cell(r.File), numberOrBlank(int(r.At.Line)), r.kindWord(), Cell(r.Key.String()), r.actionWord(), string(r.Outcome),
		numberOrBlank(res.HTTPStatus), numberOrBlank(res.Code), Cell(res.Title), Cell(res.Field), Cell(res.Description),
		Cell(res.Advice), strconv.Itoa(r.Attempts), Cell(res.TrackingID), Cell(res.ResourceID), Cell(res.BlockedBy), started, duration,
	})
}

func numberOrBlank(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
