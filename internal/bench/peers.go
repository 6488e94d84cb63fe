package main

import (
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// How to get the peers.
const (
	duckdbHint  = "install it: duckdb in $PATH, or pip install duckdb, or npm install @duckdb/node-api (with -npm DIR)"
	csvdiffHint = "install it: go install github.com/aswinkarthik/csvdiff@v1.4.0"
)

var (
	//go:embed join.sql
	joinSQL string
	//go:embed group.sql
	groupSQL string
	//go:embed duckdb.js
	duckdbJS string
	//go:embed duckdb.py
	duckdbPY string
)

// findDuckDB returns the command that runs statements by DuckDB in dir, in the
// first form of it that works here, nil where none does.
func findDuckDB(ctx context.Context, npm, dir, statements string) func(context.Context) *exec.Cmd {
	forms := []func(sql string) []string{
		func(sql string) []string { return []string{"duckdb", "-csv", "-noheader", "-c", sql} },
		func(sql string) []string { return []string{"python3", "-c", duckdbPY, sql} },
		func(sql string) []string { return []string{"node", "-e", duckdbJS, "--", sql} },
	}
	for _, form := range forms {
		command := func(ctx context.Context, sql string) *exec.Cmd {
			words := form(sql)
			cmd := exec.CommandContext(ctx, words[0], words[1:]...)
			cmd.Dir, cmd.Env = dir, os.Environ()
			if npm != "" {
				cmd.Env = append(cmd.Env, "NODE_PATH="+filepath.Join(npm, "node_modules"))
			}
			return cmd
		}
		if command(ctx, "SELECT 1").Run() == nil {
			return func(ctx context.Context) *exec.Cmd { return command(ctx, statements) }
		}
	}
	return nil
}

// findCSVDiff returns the command that compares the files of dir by csvdiff, nil
// where it is not installed. It wants the same columns on both sides, so the live
// subscribers are written again in those of the desired state.
func findCSVDiff(dir string) (func(context.Context) *exec.Cmd, error) {
	path, err := exec.LookPath("csvdiff")
	if err != nil {
		return nil, nil //nolint:nilerr // not installed
	}
	if err := alignCurrent(dir); err != nil {
		return nil, err
	}
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, path, alignedFile, desiredFile, "--primary-key", "15,16", "--columns", "17")
		cmd.Dir = dir
		return cmd
	}, nil
}

// The files of a plan; the first two are those of the load generator.
const (
	desiredFile = "desired.csv"
	currentFile = "current.csv"
	alignedFile = "aligned.csv"
)

// alignCurrent writes the current state with the columns of the desired one.
func alignCurrent(dir string) (err error) {
	columns, desired, err := openCSV(filepath.Join(dir, desiredFile))
	if err != nil {
		return err
	}
	defer desired.Close()
	has, current, err := openCSV(filepath.Join(dir, currentFile))
	if err != nil {
		return err
	}
	defer current.Close()
	out, err := os.Create(filepath.Join(dir, alignedFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return align(out, current, has, columns)
}

// openCSV opens a file and reads its header.
func openCSV(path string) (header []string, f *csvFile, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	f = &csvFile{Reader: csv.NewReader(file), Closer: file}
	f.ReuseRecord = true
	header, err = f.Read()
	return slices.Clone(header), f, errors.Join(err)
}

type csvFile struct {
	*csv.Reader
	io.Closer
}

func align(out io.Writer, in *csvFile, has, columns []string) error {
	w := csv.NewWriter(out)
	row := slices.Clone(columns)
	for {
		if err := w.Write(row); err != nil {
			return err
		}
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			w.Flush()
			return w.Error()
		}
		if err != nil {
			return err
		}
		for i, name := range columns {
			row[i] = ""
			if from := slices.Index(has, name); from >= 0 {
				row[i] = record[from]
			}
		}
	}
}
