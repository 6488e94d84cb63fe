package batch

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// Bounds of what a large run may cost.
const (
	manyCustomers   = 100
	manySubscribers = 10_000
	callsPerChange  = 1.05
)

// provisions are new subscribers, spread over the customers of [estateOf].
func provisions(n int) []diff.Cells {
	rows := make([]diff.Cells, 0, n)
	for i := range n {
		customer := fmt.Sprintf("c%03d", i%manyCustomers)
		rows = append(rows, aSubscriber(customer, fmt.Sprintf("new%d@%s.example", i, customer), "webex_meetings"))
	}
	return rows
}

// checkCost holds the requests of a run, its listing included, against the bound.
func (e *estate) checkCost(t *testing.T, results map[string]Result) {
	t.Helper()
	for id, r := range results {
		if r.Outcome != diff.OK {
			t.Fatalf("%s: %+v", id, r)
		}
	}
	requests, n := e.client.Stats().Requests, len(results)
	t.Logf("%d requests for %d changes", requests, n)
	if n != manySubscribers || float64(requests) > callsPerChange*float64(n) {
		t.Errorf("%d requests for %d changes", requests, n)
	}
}

func TestCallsPerChange(t *testing.T) {
	e := inMemory(t, sandbox.Options{Seed: estateOf(manyCustomers, 0)})
	e.checkCost(t, e.apply(t, wanted(t, provisions(manySubscribers)...)))
}

// Where subscribers too take a while, their state is read by pages of the list.
func TestCallsPerChangeAsync(t *testing.T) {
	for _, perSecond := range []float64{10, 50} {
		t.Run(fmt.Sprintf("%v per second", perSecond), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := sandbox.Options{Seed: estateOf(manyCustomers, 0), AsyncSubscribers: true, ProvisionDelay: 5 * time.Second}
				e := inMemory(t, o)
				e.client = newClient(t, e.box, webex.Config{BaseURL: memoryURL, Transport: direct{e.box}, Rate: perSecond})
				p, live := e.plan(t, wanted(t, provisions(manySubscribers)...))
				x := Executor{Applier: NewApplier(e.client, ApplyOptions{Live: live}), Workers: 8, PollInterval: 2 * time.Second, PollTimeout: 15 * time.Minute}
				begin := time.Now()
				results, err := x.run(p)
				if err != nil {
					t.Fatal(err)
				}
				e.checkCost(t, results)
				took, least := time.Since(begin).Seconds(), manySubscribers/perSecond
				t.Logf("took %.0f s", took)
				if took > least*callsPerChange+maxPollInterval.Seconds() {
					t.Errorf("took %.0f s, at least %.0f are needed", took, least)
				}
			})
		})
	}
}

// BenchmarkApply provisions subscribers through the whole of executor, applier,
// client and a server on a real socket.
func BenchmarkApply(b *testing.B) {
	b.Run("journal=none", func(b *testing.B) { benchmarkApply(b, noJournal{}) })
	b.Run("journal=bolt", func(b *testing.B) {
		j, err := CreateJournal(filepath.Join(b.TempDir(), "journal.db"), JournalMeta{})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkApply(b, j)
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

func benchmarkApply(b *testing.B, j Journal) {
	e := onLoopback(b, sandbox.Options{Seed: estateOf(manyCustomers, 0)})
	p, live := e.plan(b, wanted(b, provisions(b.N)...))
	x := e.executor(live)
	x.Journal, x.Workers = j, 8
	b.ResetTimer()
	results, err := x.run(p)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	for id, r := range results {
		if r.Outcome != diff.OK {
			b.Fatalf("%s: %+v", id, r)
		}
	}
	b.ReportMetric(float64(len(results))/b.Elapsed().Seconds(), "changes/s")
}

// instant is an Applier whose every change succeeds at once.
type instant struct{}

func (instant) Apply(_ context.Context, so Result, j Journal) Step {
	so.Outcome = diff.OK
	return Step{Result: so}
}

func (instant) Look(context.Context, []Result) ([]Result, error) { return nil, nil }

// BenchmarkRun is the executor alone.
func BenchmarkRun(b *testing.B) {
	p := manyChanges(b.N)
	x := Executor{Applier: instant{}, Workers: 8, PollInterval: time.Second, PollTimeout: time.Minute}
	b.ResetTimer()
	if _, err := x.run(p); err != nil {
		b.Fatal(err)
	}
}
