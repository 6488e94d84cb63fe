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
