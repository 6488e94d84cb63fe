package batch

import (
	"errors"
	"sync"
	"time"
)

// maxLag is how long a record that nobody waits for may stay in memory.
const maxLag = 100 * time.Millisecond

var errJournalClosed = errors.New("it is closed")

// groupCommit collects records and writes them in groups, in order. While one
// group is on its way to the disk the next one gathers; so the slower the disk
// is, the more records share a sync, and no time is spent on waiting for company.
type groupCommit struct {
	write func([][]byte) error // one durable transaction
	wake  chan struct{}        // a group is due, or no more will come
	ended chan struct{}

	mu     sync.Mutex
	next   *group // gathering; nil = nothing yet
	err    error  // the first failure; nothing is written after it
	closed bool
}

// group is what one transaction writes.
type group struct {
	records [][]byte
	due     *time.Timer
	done    chan struct{} // closed when it is on the disk, or err says why not
	err     error
}

// wait returns when the group is on the disk.
func (g *group) wait() error {
	<-g.done
	return g.err
}

func newGroupCommit(write func([][]byte) error) *groupCommit {
	c := &groupCommit{write: write, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go c.run()
	return c
}

// add puts a record into the gathering group. With now it is written as soon as
// the disk is free, otherwise within maxLag.
func (c *groupCommit) add(data []byte, now bool) (*group, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return nil, c.err
	case c.closed:
		return nil, errJournalClosed
	}
	if c.next == nil {
		c.next = &group{done: make(chan struct{}), due: time.AfterFunc(maxLag, c.poke)}
	}
	c.next.records = append(c.next.records, data)
	if now {
		c.poke()
	}
	return c.next, nil
}

// poke wakes the writer. It never waits: one call that is not yet heard is as
// good as many.
func (c *groupCommit) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *groupCommit) run() {
	defer close(c.ended)
	for range c.wake {
		g, last := c.take()
		if g != nil {
			c.finish(g)
		}
		if last {
			return
		}
	}
}

func (c *groupCommit) take() (g *group, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, c.next = c.next, nil
	if g != nil {
		g.due.Stop()
	}
	return g, c.closed
}

// finish writes a group, unless an earlier one has failed: a disk that failed a
// sync may report success at the next one and still have lost the data.
func (c *groupCommit) finish(g *group) {
	g.err = c.failed()
	if g.err == nil {
		if g.err = c.write(g.records); g.err != nil {
			c.fail(g.err)
		}
	}
	close(g.done)
}

// fail keeps anything more from being written.
func (c *groupCommit) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// failed returns the first failure.
func (c *groupCommit) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// close writes what has gathered and ends the writer.
func (c *groupCommit) close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.poke()
	<-c.ended
	return c.failed()
}
