package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/report/billing"
)

// grounding are the flags of billing reconcile for what findings rest on.
type grounding struct {
	explain, dispute string
}

func (g *grounding) addFlags(f *pflag.FlagSet) {
	f.StringVar(&g.explain, "explain", "", "show the usage and the arithmetic behind this line of the invoice, instead of the summary; LINE or INVOICE:LINE")
	f.StringVar(&g.dispute, "dispute", "", "write the evidence of each claim into this directory, one CSV each")
}

// ask tells a comparison which findings the ground of is wanted.
func (g *grounding) ask(opt *billing.Options) {
	if g.explain != "" || g.dispute != "" {
		opt.Ground = func(f *billing.Finding) bool { return g.explains(f) || g.dispute != "" && claims(f) }
	}
}

// explains tells whether a finding is about the line that is asked for.
func (g *grounding) explains(f *billing.Finding) bool {
	if g.explain == "" || f.InvoiceLine == "" {
		return false
	}
	for line := range strings.SplitSeq(f.InvoiceLine, "+") {
		if g.explain == line || g.explain == f.InvoiceID+":"+line {
			return true
		}
	}
	return false
}

// claims tells whether a finding is money to be claimed back.
func claims(f *billing.Finding) bool {
	return f.Difference != nil && f.Difference.Sign() > 0 && (f.Severity == billing.Error || f.Severity == billing.Warning)
}

// showExplained prints what the line that is asked for rests on.
func (a *app) showExplained(g *grounding, r *billing.Result) error {
	shown := 0
	for i := range r.Grounds {
		if !g.explains(&r.Grounds[i].Finding) {
			continue
		}
		if shown > 0 {
			if _, err := fmt.Fprintln(a.stdout); err != nil {
				return err
			}
		}
		shown++
		if err := billing.WriteGround(a.stdout, &r.Grounds[i]); err != nil {
			return err
		}
	}
	if shown == 0 {
		return fmt.Errorf("reading the flags: --explain %q is no line of the invoice; write it like 5 or INV-1:5", g.explain)
	}
	return nil
}

// checkEmpty wants the directory of the evidence to be new: what an earlier run
// left there would pass for evidence of this one.
func (g *grounding) checkEmpty() error {
	if g.dispute == "" {
		return nil
	}
	entries, err := os.ReadDir(g.dispute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fail(exitFiles, "reading the flags: --dispute: %w", err)
	case len(entries) > 0:
		return fail(exitFiles, "reading the flags: --dispute %s is not empty; name a new directory", g.dispute)
	}
	return nil
}

// writeDispute writes the evidence of each claim, and a list of all of them.
func (g *grounding) writeDispute(r *billing.Result, files []billing.File) error {
	if g.dispute == "" {
		return nil
	}
	if err := os.MkdirAll(g.dispute, 0o700); err != nil {
		return &exitErr{exitFiles, fmt.Errorf("writing the evidence: %w", err)}
	}
	var list []billing.Claim
	for i := range r.Grounds {
		ground := &r.Grounds[i]
		f := &ground.Finding
		if !claims(f) {
			continue
		}
		name := fmt.Sprintf("%03d-%s.csv", len(list)+1, fileName(string(f.Code), f.InvoiceID, f.InvoiceLine))
		write := func(w io.Writer) error { return billing.WriteDispute(w, ground, files) }
		if err := batch.WriteFile(filepath.Join(g.dispute, name), write); err != nil {
			return &exitErr{exitFiles, err}
		}
		list = append(list, billing.Claim{File: name, Finding: f})
	}
	if err := batch.WriteFile(filepath.Join(g.dispute, "index.csv"), func(w io.Writer) error { return billing.WriteClaims(w, list) }); err != nil {
		return &exitErr{exitFiles, err}
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fileName makes a name out of words that come from an invoice.
func fileName(words ...string) string {
	const most = 80
	name := strings.Trim(notInNames.ReplaceAllString(strings.Join(words, "-"), "_"), "-_")
	return name[:min(most, len(name))]
}
