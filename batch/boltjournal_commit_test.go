package batch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// disk stands for a disk on which every transaction takes the same time.
type disk struct {
	takes time.Duration
	fails error
	start time.Time
	seen  []string // "begin: records"
}

func (d *disk) write(records [][]byte) error {
	var texts []string
	for _, r := range records {
		texts = append(texts, string(r))
	}
	slices.Sort(texts)
	d.seen = append(d.seen, fmt.Sprintf("%v: %s", time.Since(d.start), strings.Join(texts, " ")))
	time.Sleep(d.takes)
	return d.fails
}

// bubble runs a test of the commit loop in virtual time.
func bubble(t *testing.T, fails error, test func(d *disk, c *groupCommit)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &disk{takes: 10 * time.Millisecond, fails: fails, start: time.Now()}
		c := newGroupCommit(d.write)
		test(d, c)
		if err := c.close(); !errors.Is(err, fails) {
			t.Errorf("close: %v", err)
		}
	})
}

func add(t *testing.T, c *groupCommit, text string, now bool) *group {
	t.Helper()
	g, err := c.add([]byte(text), now)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func wantSeen(t *testing.T, d *disk, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.seen); diff != "" {
		t.Errorf("transactions (-want +got)\n%s", diff)
	}
}

func TestCommitOneAtOnce(t *testing.T) {
	bubble(t, nil, func(d *disk, c *groupCommit) {
		must(t, add(t, c, "a", true).wait())
		if time.Since(d.start) != d.takes {
			t.Errorf("waited %v", time.Since(d.start))
		}
		wantSeen(t, d, "0s: a")
	})
}

func TestCommitShared(t *testing.T) {
	bubble(t, nil, func(d *disk, c *groupCommit) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if err := add(t, c, fmt.Sprint(i), true).wait(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		wantSeen(t, d, "0s: 0", "10ms: 1 2 3 4 5 6 7")
	})
}

func TestCommitOfWhatNobodyWaitsFor(t *testing.T) {
	var d *disk
	bubble(t, nil, func(dd *disk, c *groupCommit) {
		d = dd
		add(t, c, "a", false)
		time.Sleep(60 * time.Millisecond)
		add(t, c, "b", false) // does not put off the first
		time.Sleep(60 * time.Millisecond)
		add(t, c, "c", false)
		time.Sleep(20 * time.Millisecond)
		must(t, add(t, c, "d", true).wait()) // takes c along
		add(t, c, "e", false)                // left to close
	})
	wantSeen(t, d, "100ms: a b", "140ms: c d", "150ms: e")
}

func TestCommitAfterFailure(t *testing.T) {
	broken := errors.New("no space left on device")
	var d *disk
	bubble(t, broken, func(dd *disk, c *groupCommit) {
		d = dd
		first := add(t, c, "a", true)
		time.Sleep(time.Millisecond)
		second := add(t, c, "b", true) // gathers while the first fails
		if err := first.wait(); !errors.Is(err, broken) {
			t.Errorf("first: %v", err)
		}
		if err := second.wait(); !errors.Is(err, broken) {
			t.Errorf("second: %v", err)
		}
		if _, err := c.add([]byte("c"), false); !errors.Is(err, broken) {
			t.Errorf("third: %v", err)
		}
	})
	wantSeen(t, d, "0s: a") // the disk is not asked again
}
