package weirredis

import (
	"strings"
	"sync/atomic"

	"github.com/weirgo/weir"
)

// CacheStats is a snapshot of a [Cache]. PendingDeletes is a gauge, the others are
// counters that only grow.
type CacheStats struct {
	Hits         uint64 // reads of Redis that found a value
	NotFoundHits uint64 // reads that found that there is none
	Misses       uint64 // reads that found nothing, or nothing that makes sense
	Corrupt      uint64 // the latter among them
	Shared       uint64 // calls of Take that waited for the read and load of another

	Loads         uint64 // loads that came to a value
	LoadsNotFound uint64 // loads that came to know that there is none
	LoadsFailed   uint64 // loads that came to another error, panicked or exited
	Unkept        uint64 // what was loaded, and Redis failed to keep
	Panics        uint64 // of loads that nobody waited for

	Failures uint64 // exchanges with a node that failed
	Refused  uint64 // exchanges that its breaker did not allow

	PendingDeletes int    // deletions that failed, and will be tried again
	RetriedDeletes uint64 // how often one was
	LostDeletes    uint64 // those given up
}

type cacheCounts struct {
	takes, fetches, hits, notFoundHits, misses, corrupt atomic.Uint64
	loads, loadsNotFound, loadsFailed, unkept, panics   atomic.Uint64
}

// lost hands a deletion that is given up to the user, by the user's name of it.
func (c *Cache[V]) lost(key string, err error) {
	if c.opts.OnDeleteLost != nil {
		c.opts.OnDeleteLost(strings.TrimPrefix(key, c.opts.Prefix), err)
	}
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly
// different moments.
func (c *Cache[V]) Stats() CacheStats {
	n := &c.counts
	st := CacheStats{
		Hits:           n.hits.Load(),
		NotFoundHits:   n.notFoundHits.Load(),
		Misses:         n.misses.Load(),
		Corrupt:        n.corrupt.Load(),
		Loads:          n.loads.Load(),
		LoadsNotFound:  n.loadsNotFound.Load(),
		LoadsFailed:    n.loadsFailed.Load(),
		Unkept:         n.unkept.Load(),
		Panics:         n.panics.Load(),
		PendingDeletes: c.retries.len(),
		RetriedDeletes: c.retries.retried.Load(),
		LostDeletes:    c.retries.given.Load(),
	}
	fetches := n.fetches.Load() // first: each has been a take before
	st.Shared = n.takes.Load() - fetches
	for _, node := range c.nodes {
		st.Failures += node.failures.Load()
		st.Refused += node.refused.Load()
	}
	return st
}

// Metrics implements [weir.Source]. Among them are those of the breakers of all
// nodes.
func (c *Cache[V]) Metrics(yield func(weir.Metric) bool) {
	st := c.Stats()
	name := weir.Label{Name: "name", Value: c.opts.Name}
	plain := []weir.Label{name}
	of := func(value string) []weir.Label { return []weir.Label{name, {Name: "outcome", Value: value}} }
	const (
		reads, readsHelp     = "weir_redis_cache_reads_total", "Reads of Redis by what they found."
		loads, loadsHelp     = "weir_redis_cache_loads_total", "Loads by what they came to."
		failed, failedHelp   = "weir_redis_cache_failures_total", "Exchanges with nodes that failed or were refused."
		deletes, deletesHelp = "weir_redis_cache_deletes_total", "Deletions that failed, by what became of them."
	)
	for _, m := range [...]weir.Metric{
		{Name: reads, Help: readsHelp, Kind: weir.Counter, Labels: of("hit"), Value: float64(st.Hits)},
		{Name: reads, Help: readsHelp, Kind: weir.Counter, Labels: of("not_found"), Value: float64(st.NotFoundHits)},
		{Name: reads, Help: readsHelp, Kind: weir.Counter, Labels: of("miss"), Value: float64(st.Misses)},
		{Name: "weir_redis_cache_corrupt_total", Help: "Values that made no sense.", Kind: weir.Counter, Labels: plain, Value: float64(st.Corrupt)},
		{Name: "weir_redis_cache_shared_total", Help: "Callers that waited for the load of another.", Kind: weir.Counter, Labels: plain, Value: float64(st.Shared)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("value"), Value: float64(st.Loads)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("not_found"), Value: float64(st.LoadsNotFound)},
		{Name: loads, Help: loadsHelp, Kind: weir.Counter, Labels: of("error"), Value: float64(st.LoadsFailed)},
		{Name: "weir_redis_cache_unkept_total", Help: "Loaded values that Redis failed to keep.", Kind: weir.Counter, Labels: plain, Value: float64(st.Unkept)},
		{Name: "weir_redis_cache_panics_total", Help: "Panics of loads that nobody waited for.", Kind: weir.Counter, Labels: plain, Value: float64(st.Panics)},
		{Name: failed, Help: failedHelp, Kind: weir.Counter, Labels: of("failed"), Value: float64(st.Failures)},
		{Name: failed, Help: failedHelp, Kind: weir.Counter, Labels: of("refused"), Value: float64(st.Refused)},
		{Name: "weir_redis_cache_pending_deletes", Help: "Deletions to be tried again.", Labels: plain, Value: float64(st.PendingDeletes)},
		{Name: deletes, Help: deletesHelp, Kind: weir.Counter, Labels: of("retried"), Value: float64(st.RetriedDeletes)},
		{Name: deletes, Help: deletesHelp, Kind: weir.Counter, Labels: of("lost"), Value: float64(st.LostDeletes)},
	} {
		if !yield(m) {
			return
		}
	}
	for _, n := range c.nodes {
		more := true
		n.breaker.Metrics(func(m weir.Metric) bool {
			more = yield(m)
			return more
		})
		if !more {
			return
		}
	}
}
