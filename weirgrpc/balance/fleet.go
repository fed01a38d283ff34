package balance

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/balancer/endpointsharding"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/experimental/balancer/weight"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/ringhash"
)

const (
	// keep is how long a node that left the list is remembered.
	keep = time.Minute
	// appraisal is how often the nodes are compared with each other.
	appraisal = 100 * time.Millisecond
)

// A fleet is the nodes that a policy knows, with all that is known of them.
type fleet struct {
	epoch  time.Time
	random func() uint64
	opts   atomic.Pointer[P2COptions]
	calls  sync.Pool // of *call

	appraised atomic.Int64 // when typical and fine were last set
	typical   figure       // the median of what the nodes cost; 0 while none is known
	fine      figure       // what the better quarter of them cost at the most

	mu    sync.Mutex
	nodes *resolver.EndpointMap[*node] // guarded by mu, as are all below
	ready []weighted
	costs []float64     // to be sorted
	since time.Duration // since when there always was a node that is ready
}

// weighted is a node that is ready.
type weighted struct {
	*node
	place  int     // among those that are ready
	name   string  // in the ring
	whole  int     // the weight, as the endpoint says
	weight float64 // relative to the mean
}

func newFleet(o P2COptions, random func() uint64) *fleet {
	f := &fleet{epoch: time.Now(), random: random, nodes: resolver.NewEndpointMap[*node]()}
	f.opts.Store(&o)
	f.calls.New = func() any { return newCall() }
	return f
}

func (f *fleet) now() time.Duration { return time.Since(f.epoch) }

// update takes over what endpoints there are and in which states, and returns
// those that are ready. Its callers hand the slice on to pickers and must not
// change it.
func (f *fleet) update(children []endpointsharding.ChildState) []weighted {
	now := f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unlistLocked(now)
	var ready []weighted
	for _, c := range children {
		n := f.nodeLocked(c.Endpoint)
		n.present = true
		switch c.State.ConnectivityState {
		case connectivity.Ready:
			n.child.Store(&c.State.Picker)
			ready = append(ready, n.weighted(c.Endpoint))
		case connectivity.TransientFailure:
			n.state = failed
		}
	}
	slices.SortFunc(ready, func(a, b weighted) int { return cmp.Compare(a.addresses, b.addresses) })
	relate(ready)
	f.admitLocked(ready, now)
	f.ready = ready
	f.purgeLocked(now)
	f.appraiseLocked()
	return ready
}

// unlistLocked takes all nodes off the list, on which they were until now, even if
// there was no update for long.
func (f *fleet) unlistLocked(now time.Duration) {
	for _, n := range f.nodes.All() {
		if n.present {
			n.listed, n.present = now, false
		}
	}
}

// nodeLocked returns what is known of an endpoint, or a new node.
func (f *fleet) nodeLocked(e resolver.Endpoint) *node {
	n, ok := f.nodes.Get(e)
	if !ok || !sameServer(n.endpoint, e) {
		n = newNode(f, e)
		f.nodes.Set(e, n)
	}
	return n
}

// weighted tells of a node what its endpoint's attributes say, which may change.
// Its name is that of gRPC's attribute for it, or its address.
func (n *node) weighted(e resolver.Endpoint) weighted {
	w := max(1, weight.FromEndpoint(e).Weight)
	return weighted{
		node:  n,
		name:  cmp.Or(ringhash.HashKey(e), n.address),
		whole: int(min(w, math.MaxInt32)),
	}
}

// relate numbers the nodes, and sets their weights relative to the mean.
func relate(nodes []weighted) {
	sum := 0.0
	for _, n := range nodes {
		sum += float64(n.whole)
	}
	for i, n := range nodes {
		nodes[i].place = i
		nodes[i].weight = float64(n.whole) * float64(len(nodes)) / sum
	}
}

// admitLocked lets those that were not ready before begin. Where no node has had
// its full share for long yet, as when the client starts or all of them come back,
// there is nobody to take over for those that begin slowly.
func (f *fleet) admitLocked(ready []weighted, now time.Duration) {
	if len(f.ready) == 0 {
		f.since = now
	}
	slow := f.opts.Load().SlowStart
	established := now-f.since >= slow
	for _, n := range ready {
		if n.state == serving {
			continue
		}
		n.begin(now, established)
	}
}

// purgeLocked forgets nodes that have been gone for long.
func (f *fleet) purgeLocked(now time.Duration) {
	for e, n := range f.nodes.All() {
		if !n.present && now-n.listed > keep {
			f.nodes.Delete(e)
		}
	}
}

// appraise finds out from time to time what nodes cost as a rule, and at once when
// the first is known. Whoever ends a call does it, unless somebody else does just now.
func (f *fleet) appraise(now time.Duration) {
	last := f.appraised.Load()
	if now-time.Duration(last) < appraisal && f.typical.load() > 0 {
		return
	}
	if !f.appraised.CompareAndSwap(last, int64(now)) || !f.mu.TryLock() {
		return
	}
	defer f.mu.Unlock()
	f.appraiseLocked()
}

func (f *fleet) appraiseLocked() {
	f.costs = f.costs[:0]
	for _, n := range f.ready {
		if c := n.cost.load(); c > 0 {
			f.costs = append(f.costs, c)
		}
	}
	if len(f.costs) == 0 {
		return
	}
	slices.Sort(f.costs)
	f.typical.store(f.costs[(len(f.costs)-1)/2])
	f.fine.store(f.costs[(len(f.costs)-1)/4])
}
