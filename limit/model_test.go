package limit_test

import (
	"context"
	"slices"
	"time"

	"github.com/weirgo/weir/limit"
)

// A model is what a Concurrency promises, written in the most naive way: a count
// and a queue, for one goroutine. It knows nothing of MaxHold.
type model struct {
	o     limit.ConcurrencyOptions // without defaults
	now   time.Duration
	queue []*modelCall
	stats limit.ConcurrencyStats
}

type modelCall struct {
	waiting  bool
	err      error // why there is no permit, once the call does not wait
	deadline time.Duration
	settled  bool
}

func newModel(o limit.ConcurrencyOptions) *model {
	return &model{o: o, stats: limit.ConcurrencyStats{Max: o.Max}}
}

func (m *model) allow(cancelled bool) *modelCall {
	c := &modelCall{}
	switch {
	case cancelled:
		c.err = context.Canceled
	case m.stats.InFlight < m.o.Max:
		m.admit(c)
	case len(m.queue) < m.o.MaxQueue:
		c.waiting, c.deadline = true, m.now+m.o.MaxWait
		m.queue = append(m.queue, c)
		m.stats.Waiting++
	default:
		c.err = limit.ErrFull
		m.stats.Refused++
	}
	return c
}

func (m *model) admit(c *modelCall) {
	c.waiting = false
	m.stats.Admitted++
	m.stats.InFlight++
}

// done settles an admitted call. Only the first time counts.
func (m *model) done(c *modelCall) {
	if c.settled {
		return
	}
	c.settled = true
	m.stats.InFlight--
	if len(m.queue) > 0 {
		head := m.queue[0]
		m.leave(head)
		m.admit(head)
	}
}

// cancel ends the context of a call; that matters while it waits.
func (m *model) cancel(c *modelCall) {
	if c.waiting {
		m.leave(c)
		c.err = context.Canceled
	}
}

func (m *model) sleep(d time.Duration) {
	m.now += d
	for m.o.MaxWait > 0 && len(m.queue) > 0 && m.queue[0].deadline <= m.now {
		c := m.queue[0]
		m.leave(c)
		c.err = limit.ErrQueueTimeout
		m.stats.TimedOut++
	}
}

func (m *model) leave(c *modelCall) {
	c.waiting = false
	m.queue = slices.DeleteFunc(m.queue, func(q *modelCall) bool { return q == c })
	m.stats.Waiting--
}
