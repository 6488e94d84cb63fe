// Bench measures what the project promises about speed, memory and API calls,
// and prints the promises beside the figures:
//
//	go run ./internal/bench
//
// Whole processes are measured, the built program and its peers in turn, so that
// whatever else the machine does falls on all of them. DuckDB and csvdiff take
// part where they are installed; the table says how to get one that is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
)

// options are the sizes of what is measured.
type options struct {
	rows   int    // subscribers on each side of the plan, and rows of usage
	runs   int    // of each program that is measured more than once
	adds   int    // provisions of the runs without a limit
	rate   int    // requests per second of the run with one
	slowly int    // provisions of that run
	npm    string // directory with node_modules, "" = what $NODE_PATH says
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	// The rate leaves so much time between two requests that it does not matter
	// by how little a timer fires late.
	o := options{adds: 10_000, rate: 20, slowly: 400}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rows, "rows", 1_000_000, "subscribers on each side of the plan, and rows of usage")
	f.IntVar(&o.runs, "runs", 5, "runs of each program; the median counts")
	f.StringVar(&o.npm, "npm", "", "directory where @duckdb/node-api was installed (default: $NODE_PATH)")
	short := f.Bool("short", false, "small sizes, to see that everything works; the targets are not meant for them")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *short {
		o.rows, o.runs, o.adds, o.slowly = min(o.rows, 20_000), 1, 500, 60
	}
	if o.rows < 1 || o.runs < 1 || f.NArg() > 0 {
		return o, errors.New("reading the flags: -rows and -runs must be 1 or more, and there are no arguments")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	return o.measure(ctx, stdout, stderr)
}

// measure measures everything and prints the table on stdout.
func (o options) measure(ctx context.Context, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "wholesync-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "wholesync")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "wholesync")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the program: %w; run this inside the module", err)
	}
	t := table{title: fmt.Sprintf("%s/%s, %d CPUs, %s; median (min..max) of %d", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.runs)}
	b := &bench{options: o, dir: dir, program: program, table: &t}
	for _, part := range []func(context.Context) error{b.measurePlan, b.measureReconcile, b.measureApply, b.measurePolling, b.measureRate, b.measureJournal} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return t.print(stdout)
}

// bench is what every part works with.
type bench struct {
	options
	dir     string // for files; removed in the end
	program string // path of the program that was built
	table   *table
}
