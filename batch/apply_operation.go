package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// operation is one write and the ways to learn what became of it.
type operation struct {
	send func(ctx context.Context) (reply, error)
	// readBack tells what a lost write has done, from the live object. The reply
	// is what the API would have answered.
	readBack func(ctx context.Context, sent time.Time) (Evidence, reply, error)
	// conclude turns the object's state into a result; InProgress = look again.
	conclude func(reply) Result
}

// prepare makes the operation of a change, or the step that ends it before
// anything is written.
func (a *APIApplier) prepare(ctx context.Context, so Result) (*operation, Step) {
	c, step := a.located(ctx, so)
	if c == nil {
		return nil, step
	}
	var op *operation
	var res Result
	var err error
	if c.Action == diff.Provision {
		op, res, err = a.provision(ctx, c)
	} else {
		op, res, err = a.change(ctx, c)
	}
	if err != nil {
		return nil, a.refused(so, err)
	}
	res.Change, res.StartedAt, res.Attempts = so.Change, so.StartedAt, so.Attempts
	return op, Step{Result: res}
}

// provision makes the operation of a POST. A nil operation means that the result
// stands.
func (a *APIApplier) provision(ctx context.Context, c *diff.Change) (*operation, Result, error) {
	kind := a.kindOf(c)
	why, err := kind.admit(ctx, c)
	if err != nil {
		return nil, Result{}, err
	}
	if why != "" {
		return nil, conflict("%s", why), nil
	}
	return &operation{
		send: func(ctx context.Context) (reply, error) { return kind.provision(ctx, c) },
		readBack: func(ctx context.Context, sent time.Time) (Evidence, reply, error) {
			found, err := kind.find(ctx, c)
			switch {
			case err != nil:
				return Ambiguous, reply{}, err
			case len(found) == 0:
				return NotApplied, reply{}, nil
			case len(found) > 1, !kind.ours(c, found[0]), !found[0].created.IsZero() && found[0].created.Before(sent.Add(-clockSkew)):
				return Ambiguous, reply{}, nil // not this run's, or not only
			}
			return Applied, reply{receipt: webex.Receipt{ID: found[0].id}, object: &found[0]}, nil
		},
		conclude: func(r reply) Result { return conclude(c, r, true) },
	}, Result{}, nil
}

// change looks at the live object right before a PUT or DELETE. A nil operation
// means that the result stands.
func (a *APIApplier) change(ctx context.Context, c *diff.Change) (*operation, Result, error) {
	live, res, err := a.live(ctx, c)
	if live == nil || err != nil {
		return nil, res, err
	}
	seen := diff.Fingerprint(c.Kind, getter(live.cells))
	switch {
	case c.Action == diff.Remove && live.status == diff.StatusDeleting:
		return nil, Result{Outcome: diff.InProgress, ResourceID: live.id}, nil
	case c.Action == diff.Update && seen == c.After(getter(live.cells)) && seen != c.Precondition:
		res := conclude(c, reply{object: live}, true)
		if res.Outcome == diff.OK {
			res.Outcome, res.Description = diff.Unchanged, "already as wanted when its turn came"
		}
		return nil, res, nil
	case seen != c.Precondition:
		res := conflict("the live %s is not what the plan saw%s", c.Kind, now(c, live.cells))
		res.ResourceID = live.id
		return nil, res, nil
	}
	if why, err := a.inhabited(ctx, c); why != "" || err != nil {
		res := conflict("%s", why)
		res.ResourceID = live.id
		return nil, res, err
	}
	return a.changeLive(c, *live, seen), Result{}, nil
}

// now tells what the columns of a change hold by now.
func now(c *diff.Change, cells diff.Cells) string {
	var parts []string
	for _, f := range c.Fields {
		if rule, _ := diff.SpecOf(c.Kind).Rule(f.Column); rule.Compared && cells[f.Column] != f.Before {
			parts = append(parts, fmt.Sprintf("%s now %q", f.Column, cells[f.Column]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// changeLive makes the operation of a PUT or DELETE on an object that was seen
// with a fingerprint.
func (a *APIApplier) changeLive(c *diff.Change, live object, seen string) *operation {
	kind := a.kindOf(c)
	return &operation{
		send: func(ctx context.Context) (reply, error) {
			if c.Action == diff.Remove {
				return kind.remove(ctx, c, live)
			}
			return kind.update(ctx, c, live)
		},
		readBack: func(ctx context.Context, _ time.Time) (Evidence, reply, error) {
			now, err := kind.get(ctx, c, live.id)
			got := reply{receipt: webex.Receipt{ID: live.id}, object: &now}
			if isNotFound(err) {
				got.gone, got.object = true, nil
				return evidenceIf(c.Action == diff.Remove), got, nil
			}
			if err != nil {
				return Ambiguous, reply{}, err
			}
			print := diff.Fingerprint(c.Kind, getter(now.cells))
			switch {
			case now.status == diff.StatusDeleting:
				return evidenceIf(c.Action == diff.Remove), got, nil
			case c.Action == diff.Update && (now.status != live.status || print == c.After(getter(live.cells)) && print != seen):
				return Applied, got, nil // where nothing that is compared changes, nobody can tell, and sending again does no harm
			case print == seen:
				return NotApplied, got, nil
			}
			return Ambiguous, got, nil
		},
		conclude: func(r reply) Result { return conclude(c, r, true) },
	}
}

func evidenceIf(applied bool) Evidence {
	if applied {
		return Applied
	}
	return Ambiguous
}

// live reads the object of an update or removal. A nil object means that the
// result stands.
func (a *APIApplier) live(ctx context.Context, c *diff.Change) (*object, Result, error) {
	if c.LiveID == "" { // a plan from a snapshot without ids
		found, err := a.kindOf(c).find(ctx, c)
		switch {
		case err != nil:
			return nil, Result{}, err
		case len(found) > 1:
			return nil, conflict("%d live %ss have this key", len(found), c.Kind), nil
		case len(found) == 1:
			return &found[0], Result{}, nil
		}
		return nil, goneResult(c), nil
	}
	live, err := a.kindOf(c).get(ctx, c, c.LiveID)
	if isNotFound(err) {
		return nil, goneResult(c), nil
	}
	if err != nil {
		return nil, Result{}, err
	}
	return &live, Result{}, nil
}

func isNotFound(err error) bool { return isClass(err, webex.ClassNotFound) }

// isClass reports whether err is the API's answer of a class.
func isClass(err error, class webex.Class) bool {
	var api *webex.Error
	return errors.As(err, &api) && api.Class == class
}

const goneAlready = "it was gone already"

// goneResult is the end of a change whose object is not there any more.
func goneResult(c *diff.Change) Result {
	if c.Action == diff.Remove {
		return Result{Outcome: diff.Unchanged, Description: goneAlready, ResourceID: c.LiveID}
	}
	return conflict("the live %s is gone", c.Kind)
}

// conflict is the result of a change that must not be made.
func conflict(format string, args ...any) Result {
	return Result{Outcome: diff.Conflict, Description: fmt.Sprintf(format, args...), Advice: planAgain}
}
