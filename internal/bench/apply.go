package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"wholesync/internal/sandbox"
)

const (
	leastChanges  = 1500      // confirmed per second
	mostCalls     = 1.05      // per change
	mostSlowness  = 1.05      // of the time that the rate allows
	mostJournal   = 1.10      // the same at journalRate, where the journal has most to do
	journalRate   = 50        // changes per second
	noLimit       = 1_000_000 // requests per second
	oneAtOnce     = 1         // burst of the run with a limit
	provisionTime = "2s"      // of a subscriber, where it takes time
)

// summary is what we read of a run's summary.json.
type summary struct {
	Calls    int `json:"api_calls"`
	Outcomes []struct {
		Outcome string `json:"outcome"`
		Rows    int    `json:"rows"`
	} `json:"outcomes"`
}

// confirmed counts the rows that the API confirmed.
func (s summary) confirmed() int {
	for _, o := range s.Outcomes {
		if o.Outcome == "ok" {
			return o.Rows
		}
	}
	return 0
}

// measureApply sends provisions as fast as a sandbox in another process takes
// them. The time is that of the whole command, so it includes reading, listing,
// planning and writing the results.
func (b *bench) measureApply(ctx context.Context) error {
	var took costs
	var speed sample
	for range b.runs {
		done, err := b.applyOnce(ctx, applyRun{adds: b.adds, rate: noLimit, burst: noLimit})
		if err != nil {
			return err
		}
		took = append(took, done.cost)
		speed = append(speed, float64(b.adds)/done.cost.wall.Seconds())
	}
	b.table.tell(fmt.Sprintf("apply, %d provisions, no limit", b.adds), took.String())
	b.table.judge("confirmed changes per second", fmt.Sprintf(">= %d", leastChanges), speed.format(0, "/s"), speed.median() >= leastChanges)
	return nil
}

// measurePolling counts the calls where each subscriber takes a while.
func (b *bench) measurePolling(ctx context.Context) error {
	done, err := b.applyOnce(ctx, applyRun{adds: b.adds, rate: noLimit, burst: noLimit, sandbox: []string{"--async-subscribers", "--provision-delay", provisionTime}})
	if err != nil {
		return err
	}
	perChange := float64(done.Calls) / float64(b.adds)
	b.table.judge(fmt.Sprintf("API calls per change, %d provisions of %s", b.adds, provisionTime), fmt.Sprintf("<= %.2f", mostCalls),
		fmt.Sprintf("%.4f (%d calls)", perChange, done.Calls), perChange <= mostCalls)
	return nil
}

// measureRate holds a run under a limit against that limit.
func (b *bench) measureRate(ctx context.Context) error {
	done, err := b.applyOnce(ctx, applyRun{adds: b.slowly, rate: b.rate, burst: oneAtOnce})
	if err != nil {
		return err
	}
	ideal := float64(done.Calls) / float64(b.rate)
	slowness := done.cost.wall.Seconds() / ideal
	b.table.judge(fmt.Sprintf("time of apply --rate %d / (calls / rate)", b.rate), fmt.Sprintf("<= %.2f", mostSlowness),
		fmt.Sprintf("%.3f (%.2f s, %d calls)", slowness, done.cost.wall.Seconds(), done.Calls), slowness <= mostSlowness)
	excess := largestExcess(done.arrivals, float64(b.rate), oneAtOnce)
	b.table.judge("requests over rate x time + burst, worst window", "< 1", fmt.Sprintf("%.2f of %d", excess, len(done.arrivals)), excess < 1)
	return nil
}

// measureJournal shows what the journal costs a run at a rate that the API would
// allow at best: every write waits for the disk before it leaves, and all of that
// must fit into the time between two requests.
func (b *bench) measureJournal(ctx context.Context) error {
	done, err := b.applyOnce(ctx, applyRun{adds: b.slowly, rate: journalRate, burst: oneAtOnce})
	if err != nil {
		return err
	}
	slowness := done.cost.wall.Seconds() * journalRate / float64(done.Calls)
	b.table.judge(fmt.Sprintf("the same at --rate %d, journal and all", journalRate), fmt.Sprintf("<= %.2f", mostJournal),
		fmt.Sprintf("%.3f (%.2f s, %d calls)", slowness, done.cost.wall.Seconds(), done.Calls), slowness <= mostJournal)
	return nil
}

// largestExcess looks at every window between two requests for the one with the
// most requests beyond rate x time + burst, and is 0 where there is none. The
// times are those of arrival, in order: requests that left in time may arrive a
// little closer together, so less than one request is nobody's fault.
func largestExcess(arrivals []time.Time, rate, burst float64) float64 {
	worst, lowest := 0.0, 0.0
	for i, at := range arrivals {
		// Ahead is how many requests came before this one, less those that the
		// rate allows since the first. A window has as many requests too many
		// as it gets ahead from its first request to its last.
		ahead := float64(i) - rate*at.Sub(arrivals[0]).Seconds()
		lowest = min(lowest, ahead)
		worst = max(worst, ahead-lowest+1-burst)
	}
	return worst
}

// applyRun says what one run of apply does.
type applyRun struct {
	adds        int
	rate, burst int
	sandbox     []string // flags of the sandbox
}

// applied is what came of it.
type applied struct {
	summary
	cost     cost
	arrivals []time.Time // of the requests at the sandbox
}

// applyOnce provisions subscribers under customers that are there already.
func (b *bench) applyOnce(ctx context.Context, r applyRun) (applied, error) {
	dir, err := os.MkdirTemp(b.dir, "apply-*")
	if err != nil {
		return applied{}, err
	}
	if err := generateAdds(dir, r.adds, b.customers(r.adds)); err != nil {
		return applied{}, err
	}
	box, err := b.startSandbox(ctx, append([]string{"--seed", filepath.Join(dir, "seed.json")}, r.sandbox...))
	if err != nil {
		return applied{}, err
	}
	defer box.stop()
	runDir := filepath.Join(dir, "run")
	cmd := exec.CommandContext(ctx, b.program, "apply", "--yes", "--no-progress", "--base-url", box.BaseURL, "--run-dir", runDir,
		"--rate", fmt.Sprint(r.rate), "--burst", fmt.Sprint(r.burst), filepath.Join(dir, desiredFile))
	cmd.Env = append(os.Environ(), "WEBEX_ACCESS_TOKEN="+box.AccessToken)
	var done applied
	if _, done.cost, err = measure(cmd, 0); err != nil {
		return applied{}, err
	}
	text, err := os.ReadFile(filepath.Join(runDir, "summary.json"))
	if err != nil {
		return applied{}, err
	}
	if err := json.Unmarshal(text, &done.summary); err != nil {
		return applied{}, fmt.Errorf("reading the summary: %w", err)
	}
	if n := done.confirmed(); n != r.adds {
		return applied{}, fmt.Errorf("applying: %d of %d provisions were confirmed", n, r.adds)
	}
	done.arrivals, err = box.arrivals(ctx)
	return done, err
}

// generateAdds makes a desired state of which the live state has the customers alone.
func generateAdds(dir string, adds, customers int) error {
	// A share of changes so small that no subscriber falls under it: all are wanted.
	if err := sandbox.Generate(sandbox.GenerateOptions{Customers: customers, Subscribers: adds, Dir: dir, Seed: 1, ChangePercent: 1e-9}); err != nil {
		return err
	}
	path := filepath.Join(dir, "seed.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var seed map[string]json.RawMessage
	if err := json.Unmarshal(text, &seed); err != nil {
		return fmt.Errorf("reading the seed: %w", err)
	}
	seed["subscribers"] = json.RawMessage("[]")
	if text, err = json.Marshal(seed); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// sandboxProcess is a sandbox that runs beside us.
type sandboxProcess struct {
	BaseURL     string `json:"base_url"`
	AccessToken string `json:"access_token"`
	cmd         *exec.Cmd
}

// startSandbox starts one on a free port and waits until it serves.
func (b *bench) startSandbox(ctx context.Context, flags []string) (*sandboxProcess, error) {
	words := append([]string{"sandbox", "--output", "json", "--listen", "127.0.0.1:0", "--provision-delay", "0s"}, flags...)
	p := &sandboxProcess{cmd: exec.CommandContext(ctx, b.program, words...)}
	var problems bytes.Buffer
	p.cmd.Stderr = &problems
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	if err := json.NewDecoder(out).Decode(p); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting the sandbox: %w: %s", err, bytes.TrimSpace(problems.Bytes()))
	}
	return p, nil
}

// stop ends the sandbox. It has nothing to save.
func (p *sandboxProcess) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// arrivals are the times of all requests that the sandbox has seen, in order.
func (p *sandboxProcess) arrivals(ctx context.Context) ([]time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.BaseURL+"/../__sandbox/log", nil)
	if err != nil {
		return nil, err
	}
	req.URL = req.URL.JoinPath() // resolves the ".."
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reading the log of the sandbox: %w", err)
	}
	defer answer.Body.Close()
	var log []struct {
		Time time.Time `json:"time"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&log); err != nil {
		return nil, fmt.Errorf("reading the log of the sandbox: %w", err)
	}
	times := make([]time.Time, 0, len(log))
	for _, entry := range log {
		times = append(times, entry.Time)
	}
	return times, nil
}
