package batch

import (
	"context"
	"errors"
	"net/http"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// accessSteps is the part of the settle time that access to an organization
// takes to become effective: 5 s of 30 s.
const accessSteps = 6

// regain answers a refusal that may only mean that the partner's temporary access
// to a customer's organization has lapsed: reading the organization opens it
// again. A token that has not written anything in this run more likely lacks the
// scope, and the refusal stands. It is tried once per customer and run.
func (a *APIApplier) regain(ctx context.Context, c *diff.Change, step Step) Step {
	var e *webex.Error
	if !errors.As(step.Fatal, &e) || e.HTTPStatus != http.StatusForbidden || e.Code != 0 || !a.wrote.Load() {
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
	step.Fatal, step.Again = nil, max(a.opt.Settle/accessSteps, time.Millisecond)
	return step
}

// withAccess reads from a customer's organization. Where the partner has no access
// to it, or not any more, reading the organization itself opens it, which takes
// some time to become effective; then f is called once more.
func withAccess(ctx context.Context, api *webex.Client, org string, takes time.Duration, f func() error) error {
	err := f()
	var e *webex.Error
	if !errors.As(err, &e) || e.HTTPStatus != http.StatusForbidden || e.Code != 0 || org == "" {
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
