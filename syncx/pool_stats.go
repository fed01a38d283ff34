package syncx

import (
	"time"

	"github.com/weirgo/weir"
)

// PoolStats is a snapshot of a [Pool]. MaxOpen and the four after it are gauges,
// the others counters that only grow.
type PoolStats struct {
	MaxOpen int // resources that there may be
	Open    int // places that are taken: Idle, InUse, and where one is being created or destroyed
	Idle    int
	InUse   int // lent, or being looked at to be lent
	Waiting int // callers of Get that wait

	Waits    uint64        // how many have begun to wait
	WaitTime time.Duration // of all who have waited, together

	Created        uint64
	CreateFailures uint64 // errors, panics, and goroutines that Create has ended

	// How many were destroyed, or are being destroyed, and why.
	DestroyedIdle      uint64 // idle for longer than MaxIdleTime
	DestroyedLifetime  uint64 // older than MaxLifetime
	DestroyedUnhealthy uint64
	DestroyedDiscarded uint64
	DestroyedSurplus   uint64 // put back where MaxIdle were idle
	DestroyedClosed    uint64
}

// Stats returns the numbers of one moment; WaitTime is of a moment later.
func (p *Pool[T]) Stats() PoolStats {
	p.mu.Lock()
	st := PoolStats{
		MaxOpen: p.opts.MaxOpen,
		Open:    p.open,
		Idle:    p.idle.len,
		InUse:   p.open - p.idle.len - p.busy,
		Waiting: p.line.len,

		Waits:          p.waits,
		Created:        p.created,
		CreateFailures: p.failures,

		DestroyedIdle:      p.ended[fateIdle],
		DestroyedLifetime:  p.ended[fateLifetime],
		DestroyedUnhealthy: p.ended[fateUnhealthy],
		DestroyedDiscarded: p.ended[fateDiscarded],
		DestroyedSurplus:   p.ended[fateSurplus],
		DestroyedClosed:    p.ended[fateClosed],
	}
	p.mu.Unlock()
	st.WaitTime = time.Duration(p.waited.Load())
	return st
}

// Metrics implements [weir.Source].
func (p *Pool[T]) Metrics(yield func(weir.Metric) bool) {
	st := p.Stats()
	name := weir.Label{Name: "name", Value: p.opts.Name}
	labels := []weir.Label{name}
	for _, m := range []weir.Metric{
		{Name: "weir_pool_max_open", Help: "Resources that there may be.", Value: float64(st.MaxOpen)},
		{Name: "weir_pool_open", Help: "Resources that there are, those being created or destroyed included.", Value: float64(st.Open)},
		{Name: "weir_pool_idle", Help: "Resources that are idle.", Value: float64(st.Idle)},
		{Name: "weir_pool_in_use", Help: "Resources that are lent.", Value: float64(st.InUse)},
		{Name: "weir_pool_waiting", Help: "Callers that wait for a resource.", Value: float64(st.Waiting)},
		{Name: "weir_pool_waits_total", Help: "Callers that had to wait.", Kind: weir.Counter, Value: float64(st.Waits)},
		{Name: "weir_pool_wait_seconds_total", Help: "How long callers have waited.", Kind: weir.Counter, Value: st.WaitTime.Seconds()},
		{Name: "weir_pool_created_total", Help: "Resources created.", Kind: weir.Counter, Value: float64(st.Created)},
		{Name: "weir_pool_create_failures_total", Help: "Resources that could not be created.", Kind: weir.Counter, Value: float64(st.CreateFailures)},
	} {
		m.Labels = labels
		if !yield(m) {
			return
		}
	}
	st.destroyed(name, yield)
}

func (st *PoolStats) destroyed(name weir.Label, yield func(weir.Metric) bool) {
	for _, d := range []struct {
		reason string
		n      uint64
	}{
		{"idle", st.DestroyedIdle},
		{"lifetime", st.DestroyedLifetime},
		{"unhealthy", st.DestroyedUnhealthy},
		{"discarded", st.DestroyedDiscarded},
		{"surplus", st.DestroyedSurplus},
		{"closed", st.DestroyedClosed},
	} {
		if !yield(weir.Metric{
			Name: "weir_pool_destroyed_total", Help: "Resources destroyed, by why.", Kind: weir.Counter,
			Labels: []weir.Label{name, {Name: "reason", Value: d.reason}}, Value: float64(d.n),
		}) {
			return
		}
	}
}
