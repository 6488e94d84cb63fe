package batch

import "time"

// Bounds of an outage.
const (
	firstPause = time.Second // doubles with every round that gets no answer
	longPause  = time.Minute
	// maxStrikes is how often one change may go without an answer, if others got
	// theirs meanwhile. Then the fault is taken to be its own.
	maxStrikes = 3
)

// outage is a stretch of time in which the API gave no usable answer to any
// write. It pauses the whole run, so that ten thousand rows do not fail for one
// reason that is not theirs. The first change that ends well is its end.
type outage struct {
	since   time.Time // of the first change without an answer; zero = none
	until   time.Time // nothing is sent before
	pause   time.Duration
	wins    int // changes that have ended well, in the whole run
	lastWin time.Time
	strikes map[int32]strike
}

// strike counts how often a change went without an answer, and how many others
// had ended well when it first did.
type strike struct{ n, wins int }

// bears takes in a change that got no answer to a try that began at a time, and
// reports whether it is to be tried again once the pause is over.
func (o *outage) bears(i int32, began time.Time, longest time.Duration) bool {
	if longest <= 0 {
		return false
	}
	now := time.Now()
	if o.since.IsZero() {
		o.since, o.pause = began, firstPause
		if o.lastWin.After(began) { // somebody got an answer meanwhile
			o.since = o.lastWin
		}
	}
	if o.strikes == nil {
		o.strikes = map[int32]strike{}
	}
	s, again := o.strikes[i]
	if !again {
		s.wins = o.wins
	}
	s.n++
	o.strikes[i] = s
	if o.over(longest) || s.n >= maxStrikes && o.wins > s.wins {
		return false
	}
	if !now.Before(o.until) { // several changes of one moment make one pause
		o.until = now.Add(o.pause)
		o.pause = min(2*o.pause, longPause)
	}
	return true
}

// over reports whether the outage has lasted as long as the operator bears it.
func (o *outage) over(longest time.Duration) bool {
	return longest > 0 && !o.since.IsZero() && time.Since(o.since) >= longest
}

// end takes in a change that ended well.
func (o *outage) end() {
	o.wins++
	o.lastWin = time.Now()
	o.since, o.until = time.Time{}, time.Time{}
}
