package hash_test

import (
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

// whileReading runs change while others call read, which returns what is wrong.
func whileReading(t *testing.T, read func() string, change func()) {
	t.Helper()
	var (
		readers sync.WaitGroup
		over    atomic.Bool
		wrong   atomic.Pointer[string]
	)
	for range 4 {
		readers.Go(func() {
			for !over.Load() {
				if fault := read(); fault != "" {
					wrong.Store(&fault)
					return
				}
			}
		})
	}
	change()
	over.Store(true)
	readers.Wait()
	if fault := wrong.Load(); fault != nil {
		t.Fatal(*fault)
	}
}

func TestReadersNeverSeeAnEmptyRingWhileTheOnlyNodeIsAddedAgain(t *testing.T) {
	for _, load := range []float64{0, 1.25} {
		r := hash.NewRing(hash.RingOptions[string]{Slots: 1 << 10, Load: load})
		require.NoError(t, r.Add("only", 1))
		whileReading(t, func() string { return noNode(r) }, func() {
			for i := range 500 {
				require.NoError(t, r.Add("only", 1+i%3))
				require.NoError(t, r.SetNodes(maps.All(map[string]int{"only": 1 + i%5})))
			}
		})
	}
}

// noNode says which method does not see the only node.
func noNode(r *hash.Ring[string]) string {
	node, ok := r.Get("key")
	acquired, p, ok2 := r.Acquire("key")
	p.Done(weir.Success)
	switch {
	case !ok || node != "only":
		return "Get saw no node"
	case !ok2 || acquired != "only":
		return "Acquire saw no node"
	case len(r.GetN("key", 2)) != 1:
		return "GetN saw no node"
	case r.Len() != 1 || len(maps.Collect(r.Nodes())) != 1:
		return "Len or Nodes saw no node"
	}
	return ""
}

func TestReadersSeeAllOfOneSetOfNodesOrAllOfAnother(t *testing.T) {
	sets := []map[string]int{
		{"a1": 1, "a2": 1, "a3": 1, "a4": 1},
		{"b1": 2, "b2": 3},
	}
	r := newRing(t, hash.RingOptions[string]{Slots: 1 << 8}, maps.All(sets[0]))
	read := func() string {
		seen := maps.Collect(r.Nodes())
		if !maps.Equal(seen, sets[0]) && !maps.Equal(seen, sets[1]) {
			return "Nodes saw a mixture"
		}
		several := r.GetN("key", 4)
		for _, node := range several {
			if node[0] != several[0][0] {
				return "GetN saw a mixture"
			}
		}
		if n := len(several); n != 4 && (n != 2 || several[0][0] != 'b') {
			return "GetN saw half a ring"
		}
		return ""
	}
	whileReading(t, read, func() {
		for i := range 1000 {
			require.NoError(t, r.SetNodes(maps.All(sets[(i+1)%2])))
		}
	})
}

func TestConcurrentChangesAllCount(t *testing.T) {
	const writers, rounds = 4, 25
	r := hash.NewRing(hash.RingOptions[string]{Slots: 1 << 8})
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range rounds {
				name := nodeName(w*rounds + i)
				if r.Add(name, 1) != nil || r.Add(name, 2) != nil || i%2 == 1 && !r.Remove(name) {
					t.Error("a change was lost")
				}
			}
		})
	}
	group.Wait()
	want := map[string]int{}
	for i := range writers * rounds {
		if i%rounds%2 == 0 {
			want[nodeName(i)] = 2
		}
	}
	require.Equal(t, want, maps.Collect(r.Nodes()))
	same := newRing(t, hash.RingOptions[string]{Slots: 1 << 8}, maps.All(want))
	require.Equal(t, assign(t, same, keys(5000)), assign(t, r, keys(5000)))
}
