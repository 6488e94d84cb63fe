package batch

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkJournal carries changes through their three records, as the workers of
// a run do. The disk it measures is the one that holds the temporary directory.
func BenchmarkJournal(b *testing.B) {
	for _, workers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("%d-workers", workers), func(b *testing.B) {
			j, _ := createJournal(b)
			commits := 0 // counted by the one goroutine that writes
			j.commits.write = func(records [][]byte) error { commits++; return j.write(records) }
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range workers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						w := writeOf(fmt.Sprintf("subscriber/customer-%d/user-%d@example.com/provision", i/50, i), 1)
						must(b, j.Intend(w), j.Answered(answerTo(w, Acknowledged)), j.Done(resultOf(w.Change.ID, "ok")))
					}
				})
			}
			wg.Wait()
			must(b, j.Close())
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "intents/s")
			b.ReportMetric(2*float64(commits)/float64(b.N), "fsyncs/intent") // bbolt syncs the pages, then the head
		})
	}
}
