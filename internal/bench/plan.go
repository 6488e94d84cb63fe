package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"wholesync/internal/sandbox"
)

const (
	subscribersPerCustomer = 100
	maxPlanMemory          = 500 // MB
)

// measurePlan lets the program plan offline, beside those that can join or
// compare the same two files.
func (b *bench) measurePlan(ctx context.Context) error {
	dir := filepath.Join(b.dir, "plan")
	if err := sandbox.Generate(sandbox.GenerateOptions{Customers: b.customers(b.rows), Subscribers: b.rows, Dir: dir, Seed: 1}); err != nil {
		return err
	}
	ours := &contender{name: "wholesync plan", command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, b.program, "plan", "--current", filepath.Join(dir, currentFile), filepath.Join(dir, desiredFile))
	}}
	csvdiffCommand, err := findCSVDiff(dir)
	if err != nil {
		return err
	}
	duckdb := &contender{name: "DuckDB", command: findDuckDB(ctx, b.npm, dir, joinSQL)}
	csvdiff := &contender{name: "csvdiff", command: csvdiffCommand}

	a := &answers{}
	ours.check, duckdb.check, csvdiff.check = a.ofPlan, a.ofJoin, func([]byte) error { return nil }
	racers := []*contender{ours}
	for _, peer := range []*contender{duckdb, csvdiff} {
		if peer.command != nil {
			racers = append(racers, peer)
		}
	}
	if err := race(ctx, b.runs, racers); err != nil {
		return err
	}
	for _, c := range racers {
		b.table.tell(fmt.Sprintf("%s, %d rows against %d", c.name, b.rows, b.rows), c.costs.String())
	}
	b.compare("time of the plan / time of DuckDB", ours, duckdb, 1, duckdbHint)
	b.compare("time of the plan / time of csvdiff", ours, csvdiff, 0.5, csvdiffHint)
	memory := ours.costs.memory()
	b.table.judge("peak memory of the plan", fmt.Sprintf("<= %d MB", maxPlanMemory), memory.format(0, "MB"), memory.median() <= maxPlanMemory)
	return nil
}

// customers of a number of subscribers.
func (b *bench) customers(subscribers int) int { return 1 + (subscribers-1)/subscribersPerCustomer }

// compare judges our time by that of a peer, run by run.
func (b *bench) compare(what string, ours, peer *contender, most float64, hint string) {
	target := fmt.Sprintf("<= %.2f", most)
	if peer.command == nil {
		b.table.absent(what, target, hint)
		return
	}
	var ratios sample
	for i := range ours.costs {
		ratios = append(ratios, ours.costs[i].wall.Seconds()/peer.costs[i].wall.Seconds())
	}
	b.table.judge(what, target, ratios.format(2, "times"), ratios.median() <= most)
}

// answers sees to it that the plan and the join agree on what differs.
type answers struct {
	provisions, updates string // of the plan, in digits
}

var planHeadline = regexp.MustCompile(`^Plan: (?:([0-9,]+) to provision, )?(?:([0-9,]+) to update, )?`)

// ofPlan reads the first line of a plan.
func (a *answers) ofPlan(stdout []byte) error {
	found := planHeadline.FindSubmatch(stdout)
	if found == nil {
		return fmt.Errorf("not a plan: %.100q", stdout)
	}
	a.provisions, a.updates = plainNumber(found[1]), plainNumber(found[2])
	return nil
}

func plainNumber(shown []byte) string {
	if len(shown) == 0 {
		return "0"
	}
	return strings.ReplaceAll(string(shown), ",", "")
}

// ofJoin compares the counts of a join with those of the plan before it.
func (a *answers) ofJoin(stdout []byte) error {
	counts := strings.Split(string(bytes.TrimSpace(stdout)), ",")
	if len(counts) != 4 || counts[1] != a.updates || counts[2] != a.provisions {
		return fmt.Errorf("alike,differing,missing,extra are %q, and the plan has %s updates and %s provisions", counts, a.updates, a.provisions)
	}
	return nil
}
