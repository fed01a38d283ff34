package balance

import (
	"context"
	"iter"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"

	"github.com/weirgo/weir/hash"
)

type hashKey struct{}

// WithHashKey returns a context whose calls are about a key: consistent_hash sends
// all calls about it to the same server. An empty key is none.
func WithHashKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, hashKey{}, key)
}

// HashKey returns the key of [WithHashKey], "" if there is none.
func HashKey(ctx context.Context) string {
	key, _ := ctx.Value(hashKey{}).(string)
	return key
}

// A place is a node in the ring. Its name is what all clients know it by.
type place struct {
	node *node
	name string
}

func (o HashOptions) ring() hash.RingOptions[place] {
	return hash.RingOptions[place]{
		Name:  func(p place) string { return p.name },
		Slots: o.Slots,
		Load:  o.Load,
	}
}

// keys assign keys to the nodes that are ready. Only one goroutine at a time
// changes them, that of gRPC which tells the policy what is new.
type keys struct {
	load  float64
	slots int
	ring  atomic.Pointer[hash.Ring[place]]
	nodes []weighted // in the ring
}

func newKeys(o HashOptions) *keys {
	k := &keys{}
	k.renew(o)
	return k
}

func (k *keys) renew(o HashOptions) {
	k.load, k.slots, k.nodes = o.Load, o.Slots, nil
	k.ring.Store(hash.NewRing(o.ring()))
}

// configure takes over what changed. The update of the nodes that follows fills
// the ring.
func (k *keys) configure(o HashOptions) {
	if o.Load != k.load || o.Slots != k.slots {
		k.renew(o)
	}
}

// update puts these nodes into the ring, in place of what was in it.
func (k *keys) update(nodes []weighted) {
	if slices.EqualFunc(nodes, k.nodes, weighted.samePlace) {
		return
	}
	// It fails for more nodes than a ring can have only. Then the ring stays as it
	// was, and a call to a node that is no longer ready is picked again.
	if k.ring.Load().SetNodes(places(nodes)) == nil {
		k.nodes = nodes
	}
}

// samePlace reports whether the ring would have the same node in the same place.
func (w weighted) samePlace(o weighted) bool {
	return w.node == o.node && w.whole == o.whole && w.name == o.name
}

// places names the nodes, which come in the order of their addresses. Where two
// have one name, as nodes with two addresses may, the second gets its own added.
func places(nodes []weighted) iter.Seq2[place, int] {
	return func(yield func(place, int) bool) {
		taken := map[string]bool{}
		for _, n := range nodes {
			name := n.name
			for taken[name] {
				name += "\x00" + n.address
			}
			taken[name] = true
			if !yield(place{n.node, name}, n.whole) {
				return
			}
		}
	}
}

// A keyPicker picks by key.
type keyPicker struct {
	ring *hash.Ring[place]
	free *picker // for calls that have no key
}

// Pick implements [balancer.Picker].
func (p *keyPicker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	key := HashKey(info.Ctx)
	if key == "" {
		return p.free.Pick(info)
	}
	to, permit, ok := p.ring.Acquire(key)
	if !ok {
		return p.free.Pick(info) // all left just now; the next picker is on its way
	}
	return to.node.give(info, p.free.fleet.now(), permit)
}
