package batch

import (
	"slices"
	"time"

	"wholesync/diff"
)

// maxPollInterval is what the time between two looks grows to.
const maxPollInterval = 30 * time.Second

// waited is a change that the API has accepted, and since when it is waited for.
type waited struct {
	Result
	since time.Time
}

type view struct {
	ended []Result
	err   error
}

// await puts a change among those that are looked at.
func (r *run) await(i int32, res Result, since time.Time) {
	if len(r.waiting) == 0 {
		r.pause = r.PollInterval
		r.nextAt = time.Now().Add(r.pause)
	}
	r.waiting[i] = waited{res, since}
	r.results[i] = res
}

// hurry brings the next look forward once there is nothing else to do.
func (r *run) hurry() {
	if soon := time.Now().Add(r.PollInterval); len(r.queue) == 0 && soon.Before(r.nextAt) {
		r.pause, r.nextAt = r.PollInterval, soon
	}
}

// look asks for the state of what is in progress, without holding a worker.
func (r *run) look() {
	if r.looking || len(r.waiting) == 0 || time.Now().Before(r.nextAt) {
		return
	}
	r.looking = true
	waiting := make([]Result, 0, len(r.waiting))
	for _, i := range r.inOrder() {
		waiting = append(waiting, r.waiting[i].Result)
	}
	r.workers.Go(func() error {
		ended, err := r.Applier.Look(r.ctx, waiting)
		r.looked <- view{ended, err}
		return nil
	})
}

func (r *run) inOrder() []int32 {
	order := make([]int32, 0, len(r.waiting))
	for i := range r.waiting {
		order = append(order, i)
	}
	slices.Sort(order)
	return order
}

// saw takes in what a look has shown, and gives up on what took too long.
func (r *run) saw(v view) {
	r.looking = false
	if v.err != nil {
		r.stopFor(v.err)
	}
	byChange := make(map[*diff.Change]Result, len(v.ended))
	for _, res := range v.ended {
		byChange[res.Change] = res
	}
	news := len(v.ended) > 0
	for _, i := range r.inOrder() {
		was := r.waiting[i]
		res, settled := byChange[was.Change]
		switch {
		case settled:
			res.StartedAt = was.StartedAt
		case time.Since(was.since) >= r.PollTimeout:
			res = was.Result
			res.Advice = "plan again later; --poll-timeout waits longer"
		default:
			continue
		}
		delete(r.waiting, i)
		r.settle(i, res)
	}
	// Looks are not urgent while there is other work: fewer of them show more each.
	if r.pause = min(r.pause*3/2, maxPollInterval); news && len(r.queue) == 0 {
		r.pause = r.PollInterval
	}
	r.nextAt = time.Now().Add(r.pause)
}
