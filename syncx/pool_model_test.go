package syncx_test

import (
	"slices"
	"time"

	"github.com/weirgo/weir/syncx"
)

// A poolModel is what a Pool promises, written in the most naive way, for one
// goroutine. Create, Destroy and Healthy take no time; a creation fails if its
// number is one of those that fail.
type poolModel struct {
	o       syncx.PoolOptions[int] // with defaults
	fails   func(attempt int) bool
	now     time.Duration
	attempt int
	idle    []*modelRes // the last one is the top
	lent    []*modelRes // in the order of the loans
	queue   []*modelGet
	sick    map[int]bool
	closed  bool
	dead    []int
	stats   syncx.PoolStats
}

type modelRes struct {
	n            int
	expires, due time.Duration
}

// A modelGet is a call of Get, and what came of it.
type modelGet struct {
	waiting bool
	res     *modelRes
	err     error
}

func (m *poolModel) get() *modelGet {
	g := &modelGet{}
	switch {
	case m.closed:
		g.err = syncx.ErrClosed
	case len(m.idle) > 0:
		m.check(g, m.popIdle())
	case m.stats.Open < m.o.MaxOpen:
		m.stats.Open++
		m.create(g)
	default:
		g.waiting = true
		m.queue = append(m.queue, g)
		m.stats.Waits++
	}
	return g
}

func (m *poolModel) tryGet() (int, bool) {
	for len(m.idle) > 0 {
		if r := m.popIdle(); m.sick[r.n] {
			m.stats.DestroyedUnhealthy++
			m.dead = append(m.dead, r.n)
			m.stats.Open--
		} else {
			m.lent = append(m.lent, r)
			return r.n, true
		}
	}
	return 0, false
}

func (m *poolModel) popIdle() *modelRes {
	r := m.idle[len(m.idle)-1]
	m.idle = m.idle[:len(m.idle)-1]
	return r
}

// check lends r to g, or what is created in its place.
func (m *poolModel) check(g *modelGet, r *modelRes) {
	if m.sick[r.n] {
		m.stats.DestroyedUnhealthy++
		m.dead = append(m.dead, r.n)
		m.create(g)
		return
	}
	g.res = r
	m.lent = append(m.lent, r)
}

// create is called by g, which has a place.
func (m *poolModel) create(g *modelGet) {
	m.attempt++
	if m.fails(m.attempt) {
		m.stats.CreateFailures++
		g.err = errDial
		m.free()
		return
	}
	m.stats.Created++
	r := &modelRes{n: m.attempt, expires: 1 << 62}
	if m.o.MaxLifetime > 0 {
		r.expires = m.now + m.o.MaxLifetime
	}
	g.res = r
	m.lent = append(m.lent, r)
}

func (m *poolModel) free() {
	if g := m.nextInLine(); g != nil {
		m.create(g)
	} else {
		m.stats.Open--
	}
}

func (m *poolModel) nextInLine() *modelGet {
	if len(m.queue) == 0 {
		return nil
	}
	g := m.queue[0]
	m.queue, g.waiting = m.queue[1:], false
	return g
}

func (m *poolModel) destroy(r *modelRes, count *uint64) {
	*count++
	m.dead = append(m.dead, r.n)
	m.free()
}

func (m *poolModel) takeBack(i int) *modelRes {
	r := m.lent[i]
	m.lent = slices.Delete(m.lent, i, i+1)
	return r
}

func (m *poolModel) put(i int) {
	r := m.takeBack(i)
	switch {
	case m.closed:
		m.destroy(r, &m.stats.DestroyedClosed)
	case r.expires <= m.now:
		m.destroy(r, &m.stats.DestroyedLifetime)
	case len(m.queue) > 0:
		m.check(m.nextInLine(), r)
	case len(m.idle) >= m.o.MaxIdle:
		m.destroy(r, &m.stats.DestroyedSurplus)
	default:
		r.due = r.expires
		if m.o.MaxIdleTime > 0 {
			r.due = min(r.due, m.now+m.o.MaxIdleTime)
		}
		m.idle = append(m.idle, r)
	}
}

func (m *poolModel) discard(i int) { m.destroy(m.takeBack(i), &m.stats.DestroyedDiscarded) }

func (m *poolModel) cancel(g *modelGet, err error) {
	if g.waiting {
		g.waiting, g.err = false, err
		m.queue = slices.DeleteFunc(m.queue, func(other *modelGet) bool { return other == g })
	}
}

func (m *poolModel) sleep(d time.Duration) {
	for ; d > 0; d-- {
		m.now++
		var left []*modelRes
		for _, r := range m.idle {
			switch {
			case r.expires <= m.now:
				m.destroy(r, &m.stats.DestroyedLifetime)
			case r.due <= m.now:
				m.destroy(r, &m.stats.DestroyedIdle)
			default:
				left = append(left, r)
			}
		}
		m.idle = left
	}
}

func (m *poolModel) close() {
	m.closed = true
	for g := m.nextInLine(); g != nil; g = m.nextInLine() {
		g.err = syncx.ErrClosed
	}
	for len(m.idle) > 0 {
		m.destroy(m.popIdle(), &m.stats.DestroyedClosed)
	}
}

func (m *poolModel) snapshot() syncx.PoolStats {
	st := m.stats
	st.MaxOpen, st.Idle, st.InUse, st.Waiting = m.o.MaxOpen, len(m.idle), len(m.lent), len(m.queue)
	return st
}
