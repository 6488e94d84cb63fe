package cli

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"wholesync/batch"
	"wholesync/diff"
)

const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 10 * time.Second
)

// progress counts the changes of a run. Whoever carries them out only counts;
// one goroutine of its own shows the figures, so that a slow terminal holds up
// nobody.
type progress struct {
	total        int64
	done, failed atomic.Int64
}

// count takes a result in.
func (p *progress) count(r batch.Result) {
	if r.Outcome != diff.OK && r.Outcome != diff.Unchanged && r.Outcome != diff.Pending {
		p.failed.Add(1)
	}
	p.done.Add(1)
}

// showProgress shows how far the run is until the returned function is called:
// as a bar where stderr is a terminal, else as a log line now and then.
func (a *app) showProgress(p *progress) (end func()) {
	if p.total == 0 || a.global.noProgress {
		return func() {}
	}
	if a.isTerminal(a.stderr) {
		return a.showBar(p)
	}
	began := time.Now()
	return every(lineInterval, func() { a.notices.LogAttrs(a.stop, slog.LevelInfo, "progress", p.attrs(time.Since(began))...) }, func() {})
}

// attrs are the figures of a log line: rate in changes per second since the
// start, and the time that the rest takes at that rate.
func (p *progress) attrs(elapsed time.Duration) []slog.Attr {
	done := p.done.Load()
	rate := float64(done) / elapsed.Seconds()
	eta := "unknown"
	if done > 0 {
		eta = time.Duration(float64(p.total-done) / rate * float64(time.Second)).Round(time.Second).String()
	}
	return []slog.Attr{
		slog.Int64("done", done), slog.Int64("total", p.total), slog.Int64("failed", p.failed.Load()),
		slog.String("rate", fmt.Sprintf("%.1f/s", rate)), slog.String("eta", eta),
	}
}

func (a *app) showBar(p *progress) (end func()) {
	w := barWriter{a.console}
	bar := progressbar.NewOptions64(p.total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("applying"),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(barInterval),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("changes"),
	)
	// A bar that cannot be drawn must not end a run.
	draw := func() {
		if n := p.failed.Load(); n > 0 {
			bar.Describe(fmt.Sprintf("applying, %d not well", n))
		}
		_ = bar.Set64(p.done.Load())
	}
	return every(barInterval, draw, func() {
		_ = bar.Exit() // not Finish, which would show a cut run as complete
		w.clear()
	})
}

// every calls show at each interval on a goroutine of its own. The returned
// function ends that, calls last on the same goroutine, and waits for it.
func every(interval time.Duration, show, last func()) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				show()
			case <-stop:
				last()
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}
