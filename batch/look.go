package batch

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"wholesync/diff"
	"wholesync/internal/webex"
)

const (
	// lookAlone is how many objects are read one by one rather than by list pages.
	lookAlone = 3
	// readLag is how long after its write an object may be missing from lists, or
	// be shown as it was before. What no list page shows after that is read alone.
	readLag = time.Minute
	// apiClockBehind is how far the API's clock may be behind ours before a change
	// has to wait for readLag.
	apiClockBehind = 2 * time.Second
)

// Look reads the state of accepted changes. Many are read by pages of the list,
// a hundred in one call; only few are read one by one.
func (a *APIApplier) Look(ctx context.Context, waiting []Result) ([]Result, error) {
	type list struct {
		kind       diff.Kind
		subPartner string
	}
	lists := map[list][]Result{}
	for _, w := range waiting {
		l := list{w.Change.Kind, w.Change.SubPartner}
		lists[l] = append(lists[l], w)
	}
	var ended []Result
	for _, l := range slices.SortedFunc(maps.Keys(lists), func(a, b list) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.subPartner, b.subPartner))
	}) {
		more, err := lookAt(ctx, a.kindOf(lists[l][0].Change), lists[l])
		ended = append(ended, more...)
		if err != nil {
			return ended, stopping(err)
		}
	}
	return ended, nil
}

// lookAt reads the state of objects of one kind.
func lookAt(ctx context.Context, kind resource, waiting []Result) ([]Result, error) {
	var seen sighting
	if len(waiting) > lookAlone {
		var err error
		if seen, err = kind.sight(ctx, waiting); err != nil {
			return nil, err
		}
	}
	var ended []Result
	for _, w := range waiting {
		o, ok := seen.objects[diff.IDKey(w.ResourceID)]
		r := reply{object: &o}
		if !ok {
			if seen.lagging && fresh(w) {
				continue // the clocks may differ; the next look, or the one after, sees it
			}
			var err error
			if o, err = kind.get(ctx, w.Change, w.ResourceID); isNotFound(err) {
				r = reply{gone: true}
			} else if stopping(err) != nil {
				return ended, err
			} else if err != nil {
				continue
			}
		}
		ended = appendEnded(ended, w, conclude(w.Change, r, fresh(w)))
	}
	return ended, nil
}

// stopping keeps the errors that end a run: the token is refused, or the API has
// been out of order for as long as the client was told to bear it. Others pass.
func stopping(err error) error {
	var e *webex.Error
	if errors.As(err, &e) && (e.Class == webex.ClassAuth || e.Class == webex.ClassNotSent || e.Class == webex.ClassTransient) {
		return err
	}
	return nil
}

// enoughOf tells when a list has shown all that wait. It also ends a list that
// grows as fast as it is read, because this run adds to it all the while.
func enoughOf(waiting []Result) func(id string) bool {
	missing := make(map[string]bool, len(waiting))
	for _, w := range waiting {
		missing[diff.IDKey(w.ResourceID)] = true
	}
	begun := time.Now()
	return func(id string) bool {
		delete(missing, diff.IDKey(id))
		return len(missing) == 0 || time.Since(begun) > maxPollInterval
	}
}

// fresh reports whether reads may still show what was there before the write.
func fresh(w Result) bool {
	return time.Since(w.StartedAt) < readLag || time.Since(w.SentAt) < readLag
}

// appendEnded adds a result that is final, with what was known before.
func appendEnded(ended []Result, was, now Result) []Result {
	if now.Outcome == diff.InProgress {
		return ended
	}
	now.Change, now.Attempts, now.StartedAt = was.Change, was.Attempts, was.StartedAt
	now.HTTPStatus, now.TrackingID, now.ResourceID = was.HTTPStatus, was.TrackingID, was.ResourceID
	return append(ended, now)
}

// oldest is when the first of the waiting changes was begun.
func oldest(waiting []Result) time.Time {
	first := waiting[0].StartedAt
	for _, w := range waiting {
		if w.StartedAt.Before(first) {
			first = w.StartedAt
		}
	}
	return first
}
