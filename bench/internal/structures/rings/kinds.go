package rings

import (
	"maps"
	"slices"

	"github.com/buraksezer/consistent"
	"github.com/cespare/xxhash/v2"
	"github.com/dgryski/go-maglev"
	"github.com/dgryski/go-rendezvous"
	lafikl "github.com/lafikl/consistent"
	gozero "github.com/zeromicro/go-zero/core/hash"
	stathat "stathat.com/c/consistent"

	"github.com/weirgo/weir/hash"
)

type weirRing struct{ *hash.Ring[string] }

func newWeir(nodes []string) ring { return weirRing{weirOf(nodes, hash.RingOptions[string]{})} }

func weirOf(nodes []string, o hash.RingOptions[string]) *hash.Ring[string] {
	weights := make(map[string]int)
	for _, node := range nodes {
		weights[node] = 1
	}
	r := hash.NewRing(o)
	_ = r.SetNodes(maps.All(weights)) // if it fails, no key has a node
	return r
}

func (r weirRing) get(key string) string {
	node, _ := r.Get(key)
	return node
}

func (r weirRing) add(node string)    { _ = r.Add(node, 1) }
func (r weirRing) remove(node string) { r.Remove(node) }

type maglevRing struct {
	nodes []string
	table *maglev.Table
}

func newMaglev(nodes []string) ring {
	return &maglevRing{slices.Clone(nodes), maglev.New(nodes, maglev.SmallM)}
}

func (r *maglevRing) get(key string) string { return r.nodes[r.table.Lookup(xxhash.Sum64String(key))] }

func (r *maglevRing) add(node string) {
	r.nodes = append(r.nodes, node)
	r.table = maglev.New(r.nodes, maglev.SmallM)
}

func (r *maglevRing) remove(node string) {
	r.nodes = without(r.nodes, node)
	r.table = maglev.New(r.nodes, maglev.SmallM)
}

func without(nodes []string, node string) []string {
	return slices.DeleteFunc(nodes, func(n string) bool { return n == node })
}

type rendezvousRing struct {
	nodes []string
	*rendezvous.Rendezvous
}

func newRendezvous(nodes []string) ring {
	return &rendezvousRing{slices.Clone(nodes), rendezvous.New(nodes, xxhash.Sum64String)}
}

func (r *rendezvousRing) get(key string) string { return r.Lookup(key) }

func (r *rendezvousRing) add(node string) {
	r.nodes = append(r.nodes, node)
	r.Add(node)
}

func (r *rendezvousRing) remove(node string) {
	r.nodes = without(r.nodes, node)
	r.Rendezvous = rendezvous.New(r.nodes, xxhash.Sum64String)
}

type stathatRing struct{ *stathat.Consistent }

func newStathat(nodes []string) ring {
	r := stathatRing{stathat.New()}
	r.Set(nodes)
	return r
}

func (r stathatRing) get(key string) string {
	node, _ := r.Get(key)
	return node
}

func (r stathatRing) add(node string)    { r.Add(node) }
func (r stathatRing) remove(node string) { r.Remove(node) }

type lafiklRing struct{ *lafikl.Consistent }

func newLafikl(nodes []string) ring {
	r := lafiklRing{lafikl.New()}
	for _, node := range nodes {
		r.Add(node)
	}
	return r
}

func (r lafiklRing) get(key string) string {
	node, _ := r.Get(key)
	return node
}

func (r lafiklRing) add(node string)    { r.Add(node) }
func (r lafiklRing) remove(node string) { r.Remove(node) }

type buraksezerRing struct{ *consistent.Consistent }

type member string

func (m member) String() string { return string(m) }

type hasher struct{}

func (hasher) Sum64(key []byte) uint64 { return xxhash.Sum64(key) }

func newBuraksezer(nodes []string) ring {
	members := make([]consistent.Member, len(nodes))
	for i, node := range nodes {
		members[i] = member(node)
	}
	return buraksezerRing{consistent.New(members, consistent.Config{Hasher: hasher{}})}
}

func (r buraksezerRing) get(key string) string { return r.LocateKey([]byte(key)).String() }
func (r buraksezerRing) add(node string)       { r.Add(member(node)) }
func (r buraksezerRing) remove(node string)    { r.Remove(node) }

type gozeroRing struct{ *gozero.ConsistentHash }

func newGozero(nodes []string) ring {
	r := gozeroRing{gozero.NewConsistentHash()}
	for _, node := range nodes {
		r.Add(node)
	}
	return r
}

func (r gozeroRing) get(key string) string {
	node, _ := r.Get(key)
	name, _ := node.(string)
	return name
}

func (r gozeroRing) add(node string)    { r.Add(node) }
func (r gozeroRing) remove(node string) { r.Remove(node) }
