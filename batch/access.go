package batch

import (
	"context"
	"errors"
	"net/http"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// accessShare is the part of the settle time that access to an organization
// takes to become effective: 5 s of 30 s.
const accessShare = 6

// accessTakes is how long access to a customer's organization takes to become
// effective after the organization was read.
const accessTakes = settling / accessShare

// AccessTime is how long access to an organization takes to become effective
// where a lost write takes settle to show ([ApplyOptions]).
func AccessTime(settle time.Duration) time.Duration {
	return max(settle/accessShare, time.Millisecond)
}

func (a *APIApplier) access() time.Duration { return AccessTime(a.opt.Settle) }

// isForbidden reports whether a refusal may only mean that the partner has no
// access to a customer's organization, or not any more.
func isForbidden(err error) bool {
	var e *webex.Error
	return errors.As(err, &e) && e.HTTPStatus == http.StatusForbidden && e.Code == 0
}

// regain answers a refusal that may only mean that the partner's temporary access
// to a customer's organization has lapsed: reading the organization opens it
// again. A token that has not written anything in this run more likely lacks the
// scope, and the refusal stands. It is tried once per customer and run.
func (a *APIApplier) regain(ctx context.Context, c *diff.Change, step Step) Step {
	if !isForbidden(step.Fatal) || !a.wrote.Load() {
		return step
	}
	a.mu.Lock()
	org := a.organizations[c.Scope()]
	if a.opened[c.Scope()] {
		org = ""
	}
	a.opened[c.Scope()] = true
	a.mu.Unlock()
	if org == "" || a.api.OpenOrganization(ctx, org) != nil {
		return step
	}
	step.Fatal, step.Again = nil, a.access()
	return step
}

// withAccess reads from a customer's organization. Where the partner has no access
// to it, or not any more, reading the organization itself opens it, which takes
// some time to become effective; then f is called once more.
func withAccess(ctx context.Context, api *webex.Client, org string, takes time.Duration, f func() error) error {
	err := f()
	if !isForbidden(err) || org == "" {
		return err
	}
	if api.OpenOrganization(ctx, org) != nil {
		return err
	}
	if err := wait(ctx, takes); err != nil {
		return err
	}
	return f()
}
