package weiretcd

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weirgo/weir"
)

// ResolverStats is a snapshot of a [Resolver], all targets together. The first
// four are gauges, the others counters that only grow.
type ResolverStats struct {
	Targets   int // with a client that is neither closed nor idle
	Endpoints int // of them all
	Stale     int // targets of which gRPC may not have what etcd has
	Empty     int // targets of which etcd has no endpoint

	Lists    uint64 // read from etcd, from beginning to end
	Checks   uint64 // whether etcd still answers
	Updates  uint64 // handed to gRPC
	Failures uint64 // of lists, watches and checks
	Skipped  uint64 // values that made no sense, each time one was read
	Losses   uint64 // times that etcd was found to have lost data, or to be another
}

// TargetStats tells what a [Resolver] knows of one target.
type TargetStats struct {
	// Endpoints is how many gRPC was given last.
	Endpoints int
	// Stale says that these may not be what etcd has: it does not answer, it has
	// lost some of them, or it has none and they are kept.
	Stale      bool
	StaleSince time.Time // zero if not Stale
	// Empty says that etcd had no endpoint when it answered last.
	Empty bool
	// LastError is the last failure, or the last value that made no sense; nil if
	// there was none. It stays when all is well again.
	LastError error
}

type resolverCounts struct {
	lists, checks, updates, failures, skipped, losses atomic.Uint64
}

// Stats returns a snapshot. Under concurrent use its numbers are of slightly
// different moments.
func (r *Resolver) Stats() ResolverStats {
	n := &r.counts
	st := ResolverStats{
		Lists:    n.lists.Load(),
		Checks:   n.checks.Load(),
		Updates:  n.updates.Load(),
		Failures: n.failures.Load(),
		Skipped:  n.skipped.Load(),
		Losses:   n.losses.Load(),
	}
	for _, t := range r.Targets() {
		st.Targets++
		st.Endpoints += t.Endpoints
		st.Stale += int(one(t.Stale))
		st.Empty += int(one(t.Empty))
	}
	return st
}

// Targets ranges over the targets that have a client which is neither closed nor
// idle, in order, as they are when the loop begins: by the name in the target
// ("services/orders"). If there are several clients, the worst counts.
func (r *Resolver) Targets() iter.Seq2[string, TargetStats] {
	type named struct {
		name string
		TargetStats
	}
	return func(yield func(string, TargetStats) bool) {
		var all []named
		r.mu.Lock()
		for prefix, t := range r.targets {
			if len(t.users) > 0 {
				all = append(all, named{strings.TrimSuffix(prefix, "/"), t.worst()})
			}
		}
		r.mu.Unlock()
		slices.SortFunc(all, func(x, y named) int { return cmp.Compare(x.name, y.name) })
		for _, t := range all {
			if !yield(t.name, t.TargetStats) {
				return
			}
		}
	}
}

// worst returns the stats of the user that has been stale for longest.
func (t *target) worst() (w TargetStats) {
	first := true
	for _, st := range t.users {
		if first || st.Stale && (!w.Stale || st.StaleSince.Before(w.StaleSince)) {
			w, first = st, false
		}
	}
	return w
}

// Metrics implements [weir.Source].
func (r *Resolver) Metrics(yield func(weir.Metric) bool) {
	st := r.Stats()
	for _, m := range [...]weir.Metric{
		{Name: "weir_etcd_lists_total", Help: "Lists of endpoints read from etcd.", Kind: weir.Counter, Value: float64(st.Lists)},
		{Name: "weir_etcd_checks_total", Help: "Checks whether etcd answers.", Kind: weir.Counter, Value: float64(st.Checks)},
		{Name: "weir_etcd_updates_total", Help: "Lists of endpoints handed to gRPC.", Kind: weir.Counter, Value: float64(st.Updates)},
		{Name: "weir_etcd_failures_total", Help: "Lists, watches and checks that failed.", Kind: weir.Counter, Value: float64(st.Failures)},
		{Name: "weir_etcd_skipped_total", Help: "Values that made no sense.", Kind: weir.Counter, Value: float64(st.Skipped)},
		{Name: "weir_etcd_losses_total", Help: "Times that etcd had lost data.", Kind: weir.Counter, Value: float64(st.Losses)},
	} {
		if !yield(m) {
			return
		}
	}
	now := time.Now()
	for name, t := range r.Targets() {
		if !t.metrics(name, now, yield) {
			return
		}
	}
}

func (t TargetStats) metrics(name string, now time.Time, yield func(weir.Metric) bool) bool {
	labels := []weir.Label{{Name: "target", Value: name}}
	stale := 0.0
	if t.Stale {
		stale = now.Sub(t.StaleSince).Seconds()
	}
	for _, m := range [...]weir.Metric{
		{Name: "weir_etcd_endpoints", Help: "Endpoints that gRPC has.", Labels: labels, Value: float64(t.Endpoints)},
		{Name: "weir_etcd_stale", Help: "1 if gRPC may not have what etcd has.", Labels: labels, Value: one(t.Stale)},
		{Name: "weir_etcd_stale_seconds", Help: "For how long that has been so.", Labels: labels, Value: stale},
		{Name: "weir_etcd_empty", Help: "1 if etcd has no endpoint.", Labels: labels, Value: one(t.Empty)},
	} {
		if !yield(m) {
			return false
		}
	}
	return true
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
