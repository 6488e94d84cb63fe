package report

import (
	"fmt"
	"unicode/utf8"

	"wholesync/diff"
)

// driftAdvice says why drift is no change, and who mends it.
const driftAdvice = "The wholesale API changes none of these: number, extension and location are sent only on a move from webex_meetings to a calling package, names never. " +
	"Mend them in Control Hub, or correct the rows."

// driftTitle counts what has drifted; "" where nothing has.
func driftTitle(p *diff.Plan) string {
	if len(p.Drift) == 0 {
		return ""
	}
	people := 0
	for i := range p.Drift {
		if i == 0 || p.Drift[i].Key != p.Drift[i-1].Key { // they are in the order of keys
			people++
		}
	}
	return fmt.Sprintf("Drift: %s of %s, with nothing sent", plural(len(p.Drift), "value"), plural(people, "subscriber"))
}

// driftLine is one entry in words. Its texts are clean.
type driftLine struct {
	Where, Key, Column, Live, Wanted string
}

func describeDrift(d *diff.Drift, full bool) driftLine {
	return driftLine{
		Where: filePlace(d.FileName, d.Line), Key: Clean(d.Key.String()), Column: d.Column.String(),
		Live: describeValue(d.Live, full), Wanted: describeValue(d.Wanted, full),
	}
}

func (w *planWriter) drift() {
	rows := w.Plan.Drift
	if len(rows) == 0 {
		return
	}
	w.title(driftTitle(w.Plan))
	lines := make([]driftLine, w.shown(len(rows)))
	where, key := 0, 0
	for i := range lines {
		lines[i] = describeDrift(&rows[i], w.Full)
		if i < alignBy {
			where = max(where, utf8.RuneCountInString(lines[i].Where))
			key = max(key, utf8.RuneCountInString(lines[i].Key))
		}
	}
	for _, l := range lines {
		fmt.Fprintf(w, "  %s %s  %s  %s is %s, the row says %s\n", w.paint(yellow, "!"), pad(l.Where, where), pad(l.Key, key), l.Column, l.Live, l.Wanted)
	}
	w.more(len(rows))
	fmt.Fprintf(w, "  %s\n", driftAdvice)
}
