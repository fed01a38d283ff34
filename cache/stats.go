package cache

import (
	"runtime"
	"sync/atomic"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/stripe"
)

// Stats is a snapshot of a [Cache]. The first four are gauges, the others
// counters that only grow. They are exact: each call of Get and Take that is not
// refused is one of Hits, NotFoundHits and Misses, and each call of a load that has
// ended is one of Loads, LoadsNotFound and LoadsFailed.
type Stats struct {
	Entries int    // values held; see [Cache.Len]
	Weight  uint64 // of these, where MaxWeight is set, else 0
	Absent  int    // keys held of which it is known that there is no value
	Loading int    // calls of loads under way, refreshes included

	Hits         uint64 // lookups that found a value
	NotFoundHits uint64 // lookups that found that there is none
	Misses       uint64 // lookups that found nothing

	Loads         uint64 // loads that came to a value
	LoadsNotFound uint64 // loads that came to know that there is none
	LoadsFailed   uint64 // loads that came to another error, panicked or exited
	Refreshes     uint64 // how often a load was begun in the background, before a value expired
	Stale         uint64 // calls of Take that got an old value because the load failed
	Panics        uint64 // of loads that nobody waited for

	Evicted uint64 // values that gave way to others
	Expired uint64 // values removed because their time was over
}

// counts are the counters of a cache. Those of lookups have several places, each
// with a cache line of its own, for one place shared by all cores costs more than
// all else that a Get does besides the store.
type counts struct {
	lookups []lookups

	loading atomic.Int64
	loads   [outcomes]atomic.Uint64

	refreshes, stale, panics atomic.Uint64
	evicted, expired         atomic.Uint64
}

type lookups struct {
	found [states]atomic.Uint64 // by state
	_     [128 - states*8]byte  // two lines: processors fetch them in pairs
}

func (c *counts) init() { c.lookups = make([]lookups, 4*runtime.GOMAXPROCS(0)) }

func (c *counts) looked(s state) {
	c.lookups[stripe.Pick(stripe.Hint(), len(c.lookups))].found[s].Add(1)
}

func (c *counts) lookedUp(s state) (n uint64) {
	for i := range c.lookups {
		n += c.lookups[i].found[s].Load()
	}
	return n
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly
// different moments. With MaxWeight, it does the housekeeping that is due.
func (c *Cache[K, V]) Stats() Stats {
	n := &c.counts
	st := Stats{
		Loading:       int(n.loading.Load()),
		Hits:          n.lookedUp(present) + n.lookedUp(due),
		NotFoundHits:  n.lookedUp(absent),
		Misses:        n.lookedUp(unknown),
		Loads:         n.loads[found].Load(),
		LoadsNotFound: n.loads[notFound].Load(),
		LoadsFailed:   n.loads[failed].Load(),
		Refreshes:     n.refreshes.Load(),
		Stale:         n.stale.Load(),
		Panics:        n.panics.Load(),
		Evicted:       n.evicted.Load(),
		Expired:       n.expired.Load(),
	}
	if c.closed.Load() {
		return st
	}
	if c.opts.MaxWeight > 0 {
		c.store.CleanUp() // weights are summed up in the wake of writes
		st.Weight = c.store.WeightedSize()
	}
	st.Entries = c.Len()
	if a := c.absent.Load(); a != nil {
		st.Absent = a.EstimatedSize()
	}
	return st
}

// Metrics implements [weir.Source].
func (c *Cache[K, V]) Metrics(yield func(weir.Metric) bool) {
	st := c.Stats()
	name := weir.Label{Name: "name", Value: c.opts.Name}
	plain := []weir.Label{name}
	of := func(label, value string) []weir.Label {
		return []weir.Label{name, {Name: label, Value: value}}
	}
	const (
		lookups, lookupsHelp = "weir_cache_lookups_total", "Lookups by what they found."
		loads, loadsHelp     = "weir_cache_loads_total", "Loads by what they came to."
		removed, removedHelp = "weir_cache_removed_total", "Values removed without being told to, by why."
	)
	for _, m := range [...]weir.Metric{
		{Name: "weir_cache_entries", Help: "Values held.", Labels: plain, Value: float64(st.Entries)},
		{Name: "weir_cache_weight", Help: "Weight of the values held.", Labels: plain, Value: float64(st.Weight)},
		{Name: "weir_cache_absent", Help: "Keys held of which it is known that there is no value.", Labels: plain, Value: float64(st.Absent)},
		{Name: "weir_cache_loading", Help: "Loads under way.", Labels: plain, Value: float64(st.Loading)},
		{Name: lookups, Help: lookupsHelp, Kind: weir.Counter, Labels: of("outcome", "hit"), Value: float64(st.Hits)},
		{Name: lookups, Help: lookupsHelp, Kind: weir.Counter, Labels: of("outcome", "not_found"), Value: float64(st.NotFoundHits)},
		{Name: lookups, Help: lookupsHelp, Kind: weir.Counter, Labels: of("outcome", "miss"), Value: float64(st.Misses)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("outcome", "value"), Value: float64(st.Loads)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("outcome", "not_found"), Value: float64(st.LoadsNotFound)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("outcome", "error"), Value: float64(st.LoadsFailed)},
		{Name: "weir_cache_refreshes_total", Help: "Loads begun before a value expired.", Kind: weir.Counter, Labels: plain, Value: float64(st.Refreshes)},
		{Name: "weir_cache_stale_total", Help: "Old values returned because a load failed.", Kind: weir.Counter, Labels: plain, Value: float64(st.Stale)},
		{Name: "weir_cache_panics_total", Help: "Panics of loads that nobody waited for.", Kind: weir.Counter, Labels: plain, Value: float64(st.Panics)},
		{Name: removed, Help: removedHelp, Kind: weir.Counter, Labels: of("reason", "room"), Value: float64(st.Evicted)},
		{Name: removed, Help: removedHelp, Kind: weir.Counter, Labels: of("reason", "time"), Value: float64(st.Expired)},
	} {
		if !yield(m) {
			return
		}
	}
}
