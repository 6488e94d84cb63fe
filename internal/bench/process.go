package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	wall   time.Duration
	cpu    time.Duration // user and system
	memory float64       // peak, in MB; 0 where the system does not tell
}

// costs are those of several runs.
type costs []cost

func (c costs) sample(figure func(cost) float64) sample {
	var s sample
	for _, one := range c {
		s = append(s, figure(one))
	}
	return s
}

func (c costs) wall() sample {
	return c.sample(func(c cost) float64 { return c.wall.Seconds() })
}

func (c costs) memory() sample {
	return c.sample(func(c cost) float64 { return c.memory })
}

func (c costs) String() string {
	cpu := c.sample(func(c cost) float64 { return c.cpu.Seconds() })
	return fmt.Sprintf("%s; CPU %s; peak %s", c.wall().format(2, "s"), cpu.format(2, "s"), c.memory().format(0, "MB"))
}

// measure runs a command to its end and returns what it printed and took. It must
// end with the exit code.
func measure(cmd *exec.Cmd, exit int) (stdout []byte, c cost, err error) {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	start := time.Now()
	err = cmd.Run()
	c.wall = time.Since(start)
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != exit {
		if err == nil {
			err = fmt.Errorf("it ended with 0, not with %d", exit)
		}
		return nil, c, fmt.Errorf("running %s: %w: %s", cmd.Path, err, bytes.TrimSpace(problems.Bytes()))
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.memory = peakMemory(cmd.ProcessState)
	return out.Bytes(), c, nil
}

// contender is one program of a comparison.
type contender struct {
	name    string
	command func(context.Context) *exec.Cmd
	check   func(stdout []byte) error // refuses a wrong answer: it does not matter how fast it came
	exit    int                       // how it ends when all went well
	costs   costs
}

// race runs the contenders in turn, and once more before that, which does not
// count: it brings the files into the memory of the machine.
func race(ctx context.Context, runs int, all []*contender) error {
	for round := range runs + 1 {
		for _, c := range all {
			stdout, took, err := measure(c.command(ctx), c.exit)
			if err == nil {
				err = c.check(stdout)
			}
			if err != nil {
				return fmt.Errorf("measuring %s: %w", c.name, err)
			}
			if round > 0 {
				c.costs = append(c.costs, took)
			}
		}
	}
	return nil
}
