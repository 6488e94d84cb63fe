package batch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"wholesync/diff"
	"wholesync/internal/sandbox"
	"wholesync/internal/webex"
)

// Stories of chance.
const (
	manySeeds  = 300
	someSeeds  = 30 // with -short
	mostDeaths = 3
)

// worst are the faults after which it takes most care not to repeat a write, or
// not to call it done.
var worst = []string{
	"POST p=0.3 reset-after late=40s times=3", "POST p=0.3 500-after late=1h times=2", "POST p=0.5 error=2507 times=3",
	"PUT p=0.5 504-after times=5", "DELETE p=0.5 reset-after times=5", "DELETE p=0.5 error=2001 times=2", "POST p=0.5 500-before times=20",
	"p=0.3 reset-before times=30", "p=0.3 truncate times=30", "429=5s p=0.2",
}

// TestRandomFaultsAndCrashes lets chance choose the plan, what the API does
// wrong, and when the process dies. A seed stands for one story; the order of
// what happens in one moment is not fixed by it.
func TestRandomFaultsAndCrashes(t *testing.T) {
	seeds := manySeeds
	if testing.Short() {
		seeds = someSeeds
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { randomStory(t, seed) })
		})
	}
}

func randomStory(t *testing.T, seed int) {
	chance := rand.New(rand.NewPCG(uint64(seed), 0))
	rows := rapid.Custom(drawWanted).Example(seed)
	faults := append(rapid.Custom(drawFaults).Example(seed), worst[chance.IntN(len(worst))])
	o := sandbox.Options{AsyncSubscribers: chance.IntN(2) == 0, ProvisionDelay: time.Duration(chance.IntN(20)) * time.Second}
	w := newWorld(t, o, rows, faults...)
	begun := time.Now()
	var results []Result
	for range chance.IntN(mostDeaths + 1) {
		l, got, err := w.run(atEffect(1 + chance.IntN(120)))
		if l.died == "" {
			checkEnded(t, err)
			w.checkStands(t, results, got)
			results = got
		}
		if err := wait(t.Context(), pauses[chance.IntN(len(pauses))]); err != nil {
			t.Fatal(err)
		}
	}
	_, last, err := w.run(never)
	checkEnded(t, err)
	w.checkStands(t, results, last)
	w.checkComplete(t, last)
	w.checkAppliedOnce(t, last)
	w.checkOrder(t, false)
	w.checkRate(t)
	if took := time.Since(begun); took > 8*time.Hour {
		t.Errorf("took %v", took)
	}
	if err := errors.Join(CheckJournal(w.path), wait(t.Context(), time.Hour)); err != nil { // until the API has done all that it will do
		t.Error(err)
	}
	w.checkTruth(t, last, rows)
	if t.Failed() {
		t.Logf("faults %q, deaths %q", faults, w.story())
	}
}

// checkEnded takes no error but that the API gave no usable answer for too long.
func checkEnded(t *testing.T, err error) {
	t.Helper()
	var gaveUp *webex.Error
	var stopped *StoppedError
	if err != nil && !errors.As(err, &stopped) && (!errors.As(err, &gaveUp) || gaveUp.Class != webex.ClassTransient) {
		t.Errorf("the run ended with %v", err)
	}
}

// checkStands: no later life changes a result that is final.
func (w *world) checkStands(t *testing.T, before, now []Result) {
	t.Helper()
	for i, r := range before {
		if (state{done: r.Outcome}).final() && now[i].Outcome != r.Outcome {
			t.Errorf("%v: %s was %s and is now %s", w.story(), r.Change.ID, r.Outcome, now[i].Outcome)
		}
	}
}

// checkTruth: what is called ok is as wanted in the estate.
func (w *world) checkTruth(t *testing.T, results []Result, rows []diff.Cells) {
	t.Helper()
	want := wanted(t, rows...)
	byID := map[string]Result{}
	for _, r := range results {
		byID[r.Change.ID] = r
	}
	checkTruth(t, w.estate, byID, diff.Compute(want, w.listPatiently(t, want), diff.Options{}))
}
