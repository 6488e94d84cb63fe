package cli

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"wholesync/batch"
	"wholesync/diff"
)

// progressApp is an app that shows progress and nothing else.
func progressApp(tty bool) (*app, *screen) {
	s := newScreen()
	a := &app{env: env{stderr: s, isTerminal: func(any) bool { return tty }}, console: &console{w: s}, stop: context.Background()}
	a.notices = slog.New(slog.NewTextHandler(a.console, &slog.HandlerOptions{ReplaceAttr: func(_ []string, at slog.Attr) slog.Attr {
		if at.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return at
	}}))
	return a, s
}

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, said := progressApp(false)
		p := &progress{total: 40}
		end := a.showProgress(p)
		<-time.After(time.Second / 2) // so that no change ends at the instant of a line
		for i := range 30 {
			<-time.After(time.Second)
			outcome := diff.OK
			if i == 3 {
				outcome = diff.Failed
			}
			p.count(batch.Result{Outcome: outcome})
		}
		end()
		<-time.After(time.Minute) // and not a word after the end
		want := []string{
			"level=INFO msg=progress done=9 total=40 failed=1 rate=0.9/s eta=34s",
			"level=INFO msg=progress done=19 total=40 failed=1 rate=0.9/s eta=22s",
			"level=INFO msg=progress done=29 total=40 failed=1 rate=1.0/s eta=11s",
		}
		if d := cmp.Diff(want, strings.Split(strings.TrimSpace(said.String()), "\n")); d != "" {
			t.Error(d)
		}
	})
}

func TestProgressFigures(t *testing.T) {
	p := &progress{total: 100}
	for i := range 20 {
		outcome := diff.OK
		if i%10 == 0 {
			outcome = diff.Unknown
		}
		p.count(batch.Result{Outcome: outcome})
	}
	var got []string
	for _, at := range p.attrs(10 * time.Second) {
		got = append(got, at.String())
	}
	if d := cmp.Diff([]string{"done=20", "total=100", "failed=2", "rate=2.0/s", "eta=40s"}, got); d != "" {
		t.Error(d)
	}
	empty := (&progress{total: 5}).attrs(time.Second)
	if d := cmp.Diff("eta=unknown", empty[len(empty)-1].String()); d != "" {
		t.Error(d)
	}
}

func TestNoProgress(t *testing.T) {
	for _, tt := range []struct {
		name       string
		total      int64
		noProgress bool
	}{{"nothing to do", 0, false}, {"not wanted", 5, true}} {
		synctest.Test(t, func(t *testing.T) {
			for _, tty := range []bool{true, false} {
				a, said := progressApp(tty)
				a.global.noProgress = tt.noProgress
				end := a.showProgress(&progress{total: tt.total})
				<-time.After(time.Minute)
				end()
				if said.String() != "" {
					t.Errorf("%s: said %q", tt.name, said)
				}
			}
		})
	}
}

func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, shown := progressApp(true)
		p := &progress{total: 4}
		end := a.showProgress(p)
		p.count(batch.Result{Outcome: diff.OK})
		p.count(batch.Result{Outcome: diff.Failed})
		<-time.After(time.Second)
		for _, words := range []string{"applying, 1 not well", "50%", "2/4"} {
			if !strings.Contains(shown.String(), words) {
				t.Errorf("the bar lacks %q: %q", words, shown)
			}
		}
		a.console.Write([]byte("a line of the log\n"))
		if before, _, _ := strings.Cut(shown.String(), "a line of the log"); !strings.HasSuffix(before, " \r") {
			t.Errorf("the bar was not cleared before other text: %q", shown)
		}
		<-time.After(time.Second)
		end()
		if strings.Contains(shown.String(), "100%") {
			t.Errorf("a run that was cut ended with a full bar: %q", shown)
		}
		if !strings.HasSuffix(shown.String(), " \r") {
			t.Errorf("the bar was left on the screen: %q", shown)
		}
	})
}
