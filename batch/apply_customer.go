package batch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

func (a *APIApplier) provisionCustomer(c *diff.Change) *operation {
	return &operation{
		send: func(ctx context.Context) (reply, error) {
			receipt, err := a.api.ProvisionCustomer(ctx, customerProvision(c))
			return reply{receipt: receipt}, err
		},
		readBack: func(ctx context.Context, _ time.Time) (Evidence, reply, error) {
			// The plan saw no customer with this external id, and external ids are
			// unique: one that is there now is this run's.
			found, err := a.customersByExternalID(ctx, c.Key.Customer)
			switch {
			case err != nil:
				return Ambiguous, reply{}, err
			case len(found) == 0:
				return NotApplied, reply{}, nil
			case len(found) > 1:
				return Ambiguous, reply{}, nil
			}
			return Applied, reply{receipt: webex.Receipt{ID: found[0].ID}, customer: &found[0]}, nil
		},
		conclude: func(r reply) Result { return concludeCustomer(c, r, true) },
	}
}

func (a *APIApplier) customersByExternalID(ctx context.Context, externalID string) ([]webex.Customer, error) {
	var found []webex.Customer
	for c, err := range a.api.ListCustomers(ctx, webex.CustomerFilter{ExternalID: externalID}) {
		if err != nil {
			return nil, err
		}
		if canonical(diff.Customer, diff.ColExternalID, c.ExternalID) == externalID {
			found = append(found, c)
		}
	}
	return found, nil
}

// changeCustomer looks at the live customer right before a PUT or DELETE. A nil
// operation means that the result stands.
func (a *APIApplier) changeCustomer(ctx context.Context, c *diff.Change) (*operation, Result, error) {
	live, res, err := a.liveCustomer(ctx, c)
	if live == nil || err != nil {
		return nil, res, err
	}
	cells := customerCells(*live)
	seen := diff.Fingerprint(diff.Customer, getter(cells))
	switch {
	case c.Action == diff.Remove && live.Status == diff.StatusDeleting:
		return nil, Result{Outcome: diff.InProgress, ResourceID: live.ID}, nil
	case c.Action == diff.Update && seen == c.After(getter(cells)) && seen != c.Precondition:
		res := concludeCustomer(c, reply{customer: live}, true)
		if res.Outcome == diff.OK {
			res.Outcome, res.Description = diff.Unchanged, "already as wanted when its turn came"
		}
		return nil, res, nil
	case seen != c.Precondition:
		res := conflict("the live customer is not what the plan saw (packages now %s)", diff.JoinPackages(live.Packages))
		res.ResourceID = live.ID
		return nil, res, nil
	}
	return a.customerWrite(c, live, cells, seen), Result{}, nil
}

func (a *APIApplier) customerWrite(c *diff.Change, live *webex.Customer, cells diff.Cells, seen string) *operation {
	return &operation{
		send: func(ctx context.Context) (reply, error) {
			var receipt webex.Receipt
			var err error
			if c.Action == diff.Remove {
				receipt, err = a.api.RemoveCustomer(ctx, live.ID)
			} else {
				receipt, err = a.api.UpdateCustomer(ctx, live.ID, customerUpdate(c, live))
			}
			receipt.ID = live.ID
			return reply{receipt: receipt}, err
		},
		readBack: func(ctx context.Context, _ time.Time) (Evidence, reply, error) {
			now, err := a.api.GetCustomer(ctx, live.ID)
			got := reply{receipt: webex.Receipt{ID: live.ID}, customer: &now}
			if isNotFound(err) {
				got.gone, got.customer = true, nil
				return evidenceIf(c.Action == diff.Remove), got, nil
			}
			if err != nil {
				return Ambiguous, reply{}, err
			}
			print := diff.Fingerprint(diff.Customer, getter(customerCells(now)))
			switch {
			case now.Status == diff.StatusDeleting:
				return evidenceIf(c.Action == diff.Remove), got, nil
			case c.Action == diff.Update && (now.Status != live.Status || print == c.After(getter(cells))):
				return Applied, got, nil
			case print == seen:
				return NotApplied, got, nil
			}
			return Ambiguous, got, nil
		},
		conclude: func(r reply) Result { return concludeCustomer(c, r, true) },
	}
}

func evidenceIf(applied bool) Evidence {
	if applied {
		return Applied
	}
	return Ambiguous
}

// liveCustomer reads the customer of an update or removal. A nil customer means
// that the result stands.
func (a *APIApplier) liveCustomer(ctx context.Context, c *diff.Change) (*webex.Customer, Result, error) {
	if c.LiveID == "" { // a plan from a snapshot without ids
		found, err := a.customersByExternalID(ctx, c.Key.Customer)
		if err != nil {
			return nil, Result{}, err
		}
		if len(found) > 1 {
			return nil, conflict("%d live customers have this external id", len(found)), nil
		}
		if len(found) == 1 {
			return &found[0], Result{}, nil
		}
		return nil, goneResult(c), nil
	}
	live, err := a.api.GetCustomer(ctx, c.LiveID)
	if isNotFound(err) {
		return nil, goneResult(c), nil
	}
	if err != nil {
		return nil, Result{}, err
	}
	return &live, Result{}, nil
}

func isNotFound(err error) bool {
	var e *webex.Error
	return errors.As(err, &e) && e.Class == webex.ClassNotFound
}

const goneAlready = "it was gone already"

// goneResult is the end of a change whose object is not there any more.
func goneResult(c *diff.Change) Result {
	if c.Action == diff.Remove {
		return Result{Outcome: diff.Unchanged, Description: goneAlready, ResourceID: c.LiveID}
	}
	return conflict("the live %s is gone", c.Kind)
}

// concludeCustomer judges a customer after a write. Accepted (202) is not done:
// only a read that shows a final status ends the change. Right after the write
// (fresh) a read may still show what was there before.
func concludeCustomer(c *diff.Change, r reply, fresh bool) Result {
	switch {
	case r.gone && c.Action == diff.Remove:
		return Result{Outcome: diff.OK}
	case r.gone && fresh:
		return Result{Outcome: diff.InProgress, Description: "accepted, but not to be seen yet"}
	case r.gone:
		return Result{Outcome: diff.Failed, Description: "the customer disappeared after the write"}
	case r.customer != nil && c.Action == diff.Remove && r.customer.Status == diff.StatusError && !fresh:
		return failedCustomer(Result{ResourceID: r.customer.ID}, *r.customer)
	case r.customer == nil || c.Action == diff.Remove:
		return Result{Outcome: diff.InProgress, Description: "accepted"}
	}
	live := r.customer
	res := Result{ResourceID: live.ID, Outcome: diff.InProgress, Description: "status " + live.Status}
	switch {
	case diff.WaitsForPerson(live.Status):
		res.Outcome, res.Advice = diff.Pending, "the vendor reviews the customer; nothing to do here"
	case live.Status == diff.StatusError, live.Status == diff.StatusProvisionedWithErrors:
		res = failedCustomer(res, *live)
	case live.Status == diff.StatusProvisioned:
		res = provisionedCustomer(res, c, *live, fresh)
	}
	return res
}

// failedCustomer describes a customer that ended badly, with its first code.
func failedCustomer(res Result, live webex.Customer) Result {
	res.Outcome = diff.Failed
	res.Description = "ended in status " + live.Status
	if t := troubles(live); t != "" {
		res.Description += ": " + t
	}
	return withCode(res, firstCode(live))
}

func withCode(res Result, code int) Result {
	res.Code = code
	if info, ok := webex.LookupCode(code); ok {
		res.Title, res.Advice = info.Title, info.Advice
	}
	return res
}

func firstCode(live webex.Customer) int {
	lists := [][]webex.Detail{live.Errors}
	for _, r := range live.Resources {
		lists = append(lists, r.Errors, r.Warnings)
	}
	for _, l := range lists {
		for _, d := range l {
			if d.Code != 0 {
				return d.Code
			}
		}
	}
	return 0
}

// provisionedCustomer checks a finished customer against what was asked for: a
// package may have failed, or may be missing, although the customer itself is
// provisioned. Warnings do not fail a change, but are said.
func provisionedCustomer(res Result, c *diff.Change, live webex.Customer, fresh bool) Result {
	for _, p := range live.Resources {
		if p.Status == diff.StatusError || len(p.Errors) > 0 {
			res = failedCustomer(res, live)
			res.Description = fmt.Sprintf("package %s failed: %s", p.Name, troubles(live))
			return res
		}
	}
	cells := customerCells(live)
	for _, f := range c.Fields {
		if checked(c, f.Column) && f.After != cells[f.Column] {
			if !fresh {
				res.Outcome = diff.Failed
			}
			res.Description = fmt.Sprintf("provisioned, but with %s %s instead of %s", f.Column, cells[f.Column], f.After)
			return res
		}
	}
	res.Outcome, res.Description = diff.OK, ""
	if t := troubles(live); t != "" {
		res.Description = "provisioned with warnings: " + t
		res = withCode(res, firstCode(live))
	}
	return res
}

// checked reports whether a column of a change can be held against what the API
// shows afterwards. A new customer's address is not: the vendor may correct it.
func checked(c *diff.Change, col diff.Column) bool {
	rule, _ := diff.SpecOf(c.Kind).Rule(col)
	return col == diff.ColPackages || c.Action == diff.Update && rule.Compared
}
