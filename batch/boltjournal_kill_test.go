package batch

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// childPath names the file that a copy of the test program works on, instead of
// testing anything itself.
const childPath = "WHOLESYNC_TEST_CHILD"

// child starts one test of this program in another process, on a file.
func child(t *testing.T, test, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // most have ended by now
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// TestJournalSurvivesKill kills a process in the middle of its writes, again and
// again on the same file. What it has said to be on the disk must be there.
func TestJournalSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	j, err := CreateJournal(path, journalMeta)
	must(t, err, j.Close())
	said := map[string]bool{}
	for round, after := range []int{1, 30, 400, 7} {
		cmd, lines := child(t, "TestKilledChild", path)
		for n := 0; lines.Scan(); n++ {
			if id, ok := strings.CutPrefix(lines.Text(), "intended "); ok {
				said[id] = true
			}
			if n == after {
				must(t, cmd.Process.Kill())
			}
		}
		past := historyOf(t, path)
		for id := range said {
			if past[id].Attempts != 1 {
				t.Errorf("round %d: %s is not in the journal", round, id)
			}
		}
	}
	if len(said) < 400 {
		t.Errorf("the processes said no more than %d", len(said))
	}
}

func TestKilledChild(t *testing.T) {
	path := os.Getenv(childPath)
	if path == "" {
		return
	}
	j := openJournal(t, path)
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ { // until it is killed
				id := fmt.Sprintf("%d/%d/%d", os.Getpid(), n, i)
				w := writeOf(id, 1)
				must(t, j.Intend(w))
				fmt.Println("intended " + id)
				must(t, j.Answered(answerTo(w, Acknowledged)))
			}
		})
	}
	wg.Wait()
}
