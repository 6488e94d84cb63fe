package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"wholesync/batch"
	"wholesync/report/billing"
)

// followUp are the flags of billing reconcile for what is carried from month to
// month, and for what is looked at less closely.
type followUp struct {
	ledger, waivers string
	accrue          bool
	threshold       string
	ledgerWas       string // SHA-256 of the ledger as it was read, "" = there was none
}

func (u *followUp) addFlags(f *pflag.FlagSet) {
	f.StringVar(&u.ledger, "ledger", "", "carry findings from month to month in this file until a credit settles them")
	f.StringVar(&u.waivers, "waivers", "", "YAML file of findings that may be, with reason and last day")
	f.BoolVar(&u.accrue, "accrue", false, "add up the usage that is not on the invoice yet")
	f.StringVar(&u.threshold, "threshold", "", "show findings of less than this amount as one sum")
}

// files are the input files that the flags name.
func (u *followUp) files() []string { return []string{u.waivers} }

// read takes the files and the choices into a comparison.
func (u *followUp) read(in *billing.Input) (err error) {
	in.Options.Accrue = u.accrue
	if u.threshold != "" {
		if in.Options.Threshold, err = number("threshold", u.threshold); err != nil {
			return err
		}
	}
	if u.waivers != "" {
		if in.Waivers, err = readBilling(u.waivers, billing.ReadWaivers); err != nil {
			return err
		}
	}
	if u.ledger == "" {
		return nil
	}
	if u.ledgerWas, err = fileSum(u.ledger); err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	if u.ledgerWas == "" {
		in.Ledger = &billing.Ledger{}
		return nil
	}
	in.Ledger, err = readBilling(u.ledger, billing.ReadLedger)
	return err
}

// fileSum is the SHA-256 of a file, "" where there is none.
func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// keep writes the ledger, after everything else: it is what the next month
// begins with.
func (a *app) keep(u *followUp, r *billing.Result) error {
	if u.ledger == "" {
		return nil
	}
	err := batch.WriteFile(u.ledger, func(w io.Writer) error {
		if err := billing.WriteLedger(w, r.Carried.Ledger); err != nil {
			return err
		}
		// Getting reports takes minutes. What somebody else entered meanwhile is not
		// in this ledger, and would be gone.
		switch now, err := fileSum(u.ledger); {
		case err != nil:
			return err
		case now != u.ledgerWas:
			return errors.New("it was changed since it was read, so it was left alone; run the same command again")
		}
		return nil
	})
	if err != nil {
		return &exitErr{exitFiles, fmt.Errorf("keeping the ledger: %w", err)}
	}
	return nil
}
