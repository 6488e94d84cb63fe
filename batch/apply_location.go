package batch

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// placing is the search for the locations of one customer, which all its
// subscribers share.
type placing struct {
	mu     sync.Mutex
	visit  *visit
	opened bool
	due    time.Time         // when the next step makes sense
	again  int               // times that the organization refused, or did not have the name yet
	gaveUp map[string]string // names that were not found, or "" where nothing can be, and why
}

// located fills in the location of a change that has it by name alone. A customer
// that this run has provisioned is asked for it when the first of its subscribers
// comes up: what takes time holds no worker. A nil change means that the step
// stands.
func (a *APIApplier) located(ctx context.Context, so Result) (*diff.Change, Step) {
	name := so.Change.LocationToFind()
	if name == "" {
		return so.Change, Step{}
	}
	a.mu.Lock()
	p := a.places[so.Change.Scope()]
	if p == nil {
		p = &placing{gaveUp: map[string]string{}}
		a.places[so.Change.Scope()] = p
	}
	a.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	id, why, err := a.place(ctx, p, so.Change, name)
	switch {
	case err != nil:
		return nil, a.refused(so, err)
	case why != "":
		res := so
		res.Outcome, res.Description, res.Advice = diff.Failed, why, "correct location_name, or fill location_id"
		return nil, Step{Result: res}
	case id == "" && p.visit != nil && p.visit.customer.ID == "":
		return so.Change, Step{} // the customer is not live, which is said in its own words
	case id == "":
		return nil, Step{Result: so, Again: max(time.Until(p.due), time.Millisecond)}
	}
	c := *so.Change
	c.Fields = diff.WithLocation(c.Fields, id)
	return &c, Step{}
}

// place takes the search one step further. With neither an id nor a reason the
// next step is due later.
func (a *APIApplier) place(ctx context.Context, p *placing, c *diff.Change, name string) (id, why string, err error) {
	now := time.Now()
	switch why := cmp.Or(p.gaveUp[""], p.gaveUp[name]); {
	case why != "":
		return "", why, nil
	case now.Before(p.due):
		return "", "", nil
	case p.visit == nil:
		if p.visit, err = a.visitOf(ctx, c); err != nil || p.visit.customer.ID == "" {
			return "", "", err
		}
	}
	v, access := p.visit, a.access()
	switch {
	case v.locations != nil:
	case !p.opened:
		if err := v.open(ctx); err != nil {
			return "", "", err
		}
		if p.opened = v.refused == nil; p.opened {
			p.due = now.Add(access)
			return "", "", nil
		}
	default:
		if err := v.look(ctx); err != nil {
			return "", "", err
		}
	}
	if v.refused != nil {
		if isForbidden(v.refused) {
			if err := lacksScope(ctx, []*visit{v}); err != nil {
				return "", "", err
			}
		}
		return "", p.later(now.Add(access), "", fmt.Sprintf("the locations of customer %q cannot be read: %s", c.Key.Customer, reasonOf(v.refused))), nil
	}
	why, hint := v.found().Explain(c.Key.Customer, name)
	if why == "" {
		return v.found().Named(name)[0].ID, "", nil
	}
	if hint != "" {
		why += "; " + hint
	}
	if len(v.found().Named(name)) > 1 {
		return "", why, nil
	}
	return "", p.later(now.Add(a.opt.Settle/(settleRds-1)), name, why), nil
}

// later lets the search begin anew, because what a new customer has takes a while
// to show. After some times a name, or "" for all of them, is given up for a
// reason.
func (p *placing) later(due time.Time, name, why string) string {
	p.visit, p.opened, p.due = nil, false, due
	if p.again++; p.again < settleRds {
		return ""
	}
	p.gaveUp[name] = why
	return why
}

// visitOf is a visit to the organization of a change's customer.
func (a *APIApplier) visitOf(ctx context.Context, c *diff.Change) (*visit, error) {
	api := onBehalf(a.api, c.SubPartner)
	id, err := subscriberResource{a, api}.customerID(ctx, c.Key.Customer)
	if err != nil {
		return nil, err
	}
	v := &visit{api: api, customer: webex.Customer{ID: id, ExternalID: c.Key.Customer}, places: true}
	if id != "" {
		v.customer, err = api.GetCustomer(ctx, id)
	}
	return v, err
}
