package batch

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

// object is a live object of any kind, as the protocol of a write sees it.
type object struct {
	id      string
	status  string
	created time.Time  // zero where the API does not say
	cells   diff.Cells // in the words of package diff
	code    int        // the first error code that the object carries
	trouble string     // all that it complains of, on one line
	broken  string     // what failed of it although its status is good
	spelled string     // its external id as the API writes it, which is not canonical
}

// resource is what the protocol has to know of one kind of object: how to find,
// read and write it. What follows from an answer is the same for all kinds.
// Errors are those of the API client.
type resource interface {
	// find looks up the live objects that have the key of a change.
	find(ctx context.Context, c *diff.Change) ([]object, error)
	// get reads the object of a change by the API's id.
	get(ctx context.Context, c *diff.Change, id string) (object, error)
	// admit says why an object cannot be provisioned, "" where it can.
	admit(ctx context.Context, c *diff.Change) (why string, err error)
	provision(ctx context.Context, c *diff.Change) (reply, error)
	// ours reports whether an object that was found may be what a provision with
	// a lost answer has made.
	ours(c *diff.Change, found object) bool
	update(ctx context.Context, c *diff.Change, live object) (reply, error)
	remove(ctx context.Context, c *diff.Change, live object) (reply, error)
	// sight reads the state of many objects by pages of a list, where that takes
	// fewer calls than one for each.
	sight(ctx context.Context, waiting []Result) (sighting, error)
}

// sighting is what pages of a list have shown, by [diff.IDKey]: a list may write an
// id otherwise than the answer to a write does.
type sighting struct {
	objects map[string]object
	// lagging says that the list shows recent changes alone, and may be late: a
	// fresh object that is not on it need not be asked for yet.
	lagging bool
}

// sightOf reads a list until it has shown all that wait.
func sightOf[T any](list iter.Seq2[T, error], waiting []Result, as func(T) object) (sighting, error) {
	seen := sighting{objects: map[string]object{}}
	enough := enoughOf(waiting)
	for t, err := range list {
		if err != nil {
			return sighting{}, err
		}
		o := as(t)
		seen.objects[diff.IDKey(o.id)] = o
		if enough(o.id) {
			break
		}
	}
	return seen, nil
}

// changedSince is from when on a list of recent changes is asked for, so that it
// shows what this run has done in the meantime.
func changedSince(waiting []Result) time.Time { return oldest(waiting).Add(-apiClockBehind) }

// reply is an answered write: the receipt, and the object as far as it was shown.
type reply struct {
	receipt webex.Receipt
	object  *object
	gone    bool
}

// kindOf is the resource of a change, on behalf of the change's sub-partner.
func (a *APIApplier) kindOf(c *diff.Change) resource {
	api := onBehalf(a.api, c.SubPartner)
	switch c.Kind {
	case diff.Customer:
		return customerResource{a, api}
	case diff.Subscriber:
		return subscriberResource{a, api}
	case diff.BroadWorksEnterprise:
		return enterpriseResource{a, api}
	case diff.BroadWorksSubscriber:
		return broadWorksSubscriberResource{a, api}
	case diff.BroadWorksWorkspace:
		return broadWorksWorkspaceResource{a, api}
	case diff.Person, diff.BroadWorksPerson:
		return personResource{onlyRemoved{a, api}}
	case diff.Workspace:
		return workspaceResource{onlyRemoved{a, api}}
	case diff.Organization:
		return organizationResource{onlyRemoved{a, api}}
	}
	panic(fmt.Sprintf("internal error: nothing is known of a %s", c.Kind))
}

// onBehalf is the client for rows of a sub-partner; rows without one are of whom
// the run acts for.
func onBehalf(api *webex.Client, subPartner string) *webex.Client {
	if subPartner == "" {
		return api
	}
	return api.OnBehalfOf(subPartner)
}

// pendingAdvice says whom an object waits for.
var pendingAdvice = map[diff.Kind]string{
	diff.Customer:             "the vendor reviews the customer; nothing to do here",
	diff.Subscriber:           "the person has to act on the vendor's mail first",
	diff.BroadWorksSubscriber: "the person has to act on the vendor's mail first",
}

// conclude judges an object after a write by its status, never by the HTTP
// status: 200 and 202 both may stand for "not yet". Right after the write (fresh)
// an answer or a read may still show what was there before.
func conclude(c *diff.Change, r reply, fresh bool) Result {
	switch {
	case r.gone && c.Action == diff.Remove:
		return Result{Outcome: diff.OK}
	case r.gone && fresh:
		return Result{Outcome: diff.InProgress, Description: "accepted, but not to be seen yet"}
	case r.gone:
		return Result{Outcome: diff.Failed, Description: fmt.Sprintf("the %s disappeared after the write", c.Kind)}
	case r.object != nil && c.Action == diff.Remove && r.object.status == diff.StatusError && !fresh:
		return failedObject(*r.object)
	case r.object == nil || c.Action == diff.Remove:
		return Result{Outcome: diff.InProgress, Description: "accepted"}
	}
	live := *r.object
	switch {
	case diff.WaitsForPerson(live.status):
		return Result{ResourceID: live.id, Outcome: diff.Pending, Description: "status " + live.status, Advice: pendingAdvice[c.Kind]}
	case live.status == diff.StatusError, live.status == diff.StatusProvisionedWithErrors:
		return failedObject(live)
	case live.status == diff.StatusProvisioned:
		return provisionedObject(c, live, fresh)
	}
	return Result{ResourceID: live.id, Outcome: diff.InProgress, Description: "status " + live.status}
}

// failedObject describes an object that ended badly, with its first code.
func failedObject(live object) Result {
	res := Result{ResourceID: live.id, Outcome: diff.Failed, Description: "ended in status " + live.status}
	if live.trouble != "" {
		res.Description += ": " + live.trouble
	}
	return withCode(res, live.code)
}

// provisionedObject checks a finished object against what was asked for: a part
// of it may have failed, or may be missing. Warnings do not fail a change, but
// are said.
func provisionedObject(c *diff.Change, live object, fresh bool) Result {
	if live.broken != "" {
		res := failedObject(live)
		res.Description = live.broken
		return res
	}
	for _, f := range c.Fields {
		if !checked(c, f.Column) || f.After == live.cells[f.Column] {
			continue
		}
		res := Result{ResourceID: live.id, Outcome: diff.Failed,
			Description: fmt.Sprintf("provisioned, but with %s %s instead of %s", f.Column, live.cells[f.Column], f.After)}
		if fresh {
			res.Outcome = diff.InProgress
		}
		return res
	}
	res := Result{ResourceID: live.id, Outcome: diff.OK}
	if live.trouble != "" {
		res.Description = "provisioned with warnings: " + live.trouble
		res = withCode(res, live.code)
	}
	return res
}

// checked reports whether a column of a change can be held against what the API
// shows afterwards. Of a new object that is the packages alone: the vendor may
// correct an address.
func checked(c *diff.Change, col diff.Column) bool {
	rule, _ := diff.SpecOf(c.Kind).Rule(col)
	return rule.Compared && (c.Action == diff.Update || col == diff.ColPackages || col == diff.ColPackage)
}

func withCode(res Result, code int) Result {
	res.Code = code
	if info, ok := webex.LookupCode(code); ok {
		res.Title, res.Advice = info.Title, info.Advice
	}
	return res
}

func firstCode(lists ...[]webex.Detail) int {
	for _, l := range lists {
		for _, d := range l {
			if d.Code != 0 {
				return d.Code
			}
		}
	}
	return 0
}

// only is the receipt of a write as a reply, where the answer shows no object.
func only(receipt webex.Receipt, id string) reply {
	receipt.ID = id
	return reply{receipt: receipt}
}

// removed is the reply to a removal. 204 says that it is done; where the vendor
// says that it takes a while even so, it is a promise like any other success.
func removed(receipt webex.Receipt, id string, atOnce bool) reply {
	got := only(receipt, id)
	got.gone = atOnce && receipt.HTTPStatus == http.StatusNoContent
	return got
}
