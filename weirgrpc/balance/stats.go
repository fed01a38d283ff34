package balance

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/weirgo/weir"
)

// NodeStats is a snapshot of what a balancer knows of one server.
type NodeStats struct {
	Target string // of the connection
	Node   string // the address; the first in order where there are several

	Ready    bool          // connected, and among those that are picked
	InFlight int           // calls that are under way
	Latency  time.Duration // what a call takes, so far as is known; 0 means that it is not
	Success  float64       // the share of calls that succeed of late, 0..1

	Picks    uint64 // calls it was given
	Failures uint64 // of these, how many failed, refusals included
}

// Nodes returns all servers that the balancers of this builder know, also such as
// left the list a minute ago at the most, by target and address. It is a snapshot of
// slightly different moments. Two connections to the same target are told of one
// after the other.
func (b *Builder) Nodes() iter.Seq[NodeStats] {
	b.mu.Lock()
	live := make([]*policy, 0, len(b.live))
	for p := range b.live {
		live = append(live, p)
	}
	b.mu.Unlock()
	var all []NodeStats
	for _, p := range live {
		all = p.fleet.appendStats(all, p.target)
	}
	slices.SortStableFunc(all, func(a, b NodeStats) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Node, b.Node))
	})
	return slices.Values(all)
}

func (f *fleet) appendStats(to []NodeStats, target string) []NodeStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range f.nodes.All() {
		st := n.stats()
		st.Target = target
		st.Ready = slices.ContainsFunc(f.ready, func(w weighted) bool { return w.node == n })
		to = append(to, st)
	}
	return to
}

func (n *node) stats() NodeStats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return NodeStats{
		Node:     n.address,
		InFlight: int(n.inFlight()),
		Latency:  time.Duration(n.latency),
		Success:  n.success,
		Picks:    n.picks.Load(),
		Failures: n.failures,
	}
}

// Metrics implements [weir.Source]. It tells of each server; where several
// connections of this builder go to the same target and server, of them together.
func (b *Builder) Metrics(yield func(weir.Metric) bool) {
	for _, st := range b.merged() {
		labels := []weir.Label{
			{Name: "name", Value: b.name}, {Name: "target", Value: st.Target}, {Name: "node", Value: st.Node},
		}
		for _, m := range []weir.Metric{
			{Name: "weir_balancer_ready", Help: "Connections to the server that calls are sent on.", Value: st.ready},
			{Name: "weir_balancer_in_flight", Help: "Calls in flight.", Value: float64(st.InFlight)},
			{Name: "weir_balancer_latency_seconds", Help: "What a call takes, as the balancer reckons.", Value: st.Latency.Seconds()},
			{Name: "weir_balancer_success_ratio", Help: "The share of calls that succeed of late.", Value: st.Success},
			{Name: "weir_balancer_picks_total", Help: "Calls sent to the server.", Kind: weir.Counter, Value: float64(st.Picks)},
			{Name: "weir_balancer_failures_total", Help: "Calls that failed.", Kind: weir.Counter, Value: float64(st.Failures)},
		} {
			m.Labels = labels
			if !yield(m) {
				return
			}
		}
	}
}

type mergedStats struct {
	NodeStats
	ready float64
	of    float64 // how many were merged
}

// merged sums up nodes of one target and address, as a metric must not be told
// twice; of latency and success it takes the mean.
func (b *Builder) merged() []mergedStats {
	var all []mergedStats
	for st := range b.Nodes() {
		if n := len(all); n == 0 || all[n-1].Target != st.Target || all[n-1].Node != st.Node {
			all = append(all, mergedStats{NodeStats: NodeStats{Target: st.Target, Node: st.Node}})
		}
		all[len(all)-1].add(st)
	}
	return all
}

func (m *mergedStats) add(st NodeStats) {
	m.of++
	m.InFlight += st.InFlight
	m.Picks += st.Picks
	m.Failures += st.Failures
	m.Latency += time.Duration(float64(st.Latency-m.Latency) / m.of)
	m.Success += (st.Success - m.Success) / m.of
	if st.Ready {
		m.ready++
	}
}
