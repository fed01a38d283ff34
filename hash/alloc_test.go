package hash_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/hash"
)

func TestReadingAllocatesNothing(t *testing.T) {
	for _, nodes := range []int{0, 1, 10, 300} {
		r := newRing(t, hash.RingOptions[string]{Slots: 1 << 10}, equal(nodes))
		key, bytes := "user:42", []byte("user:42")
		dst := make([]string, 0, nodes)
		for name, read := range map[string]func(){
			"Get":      func() { r.Get(key) },
			"GetBytes": func() { r.GetBytes(bytes) },
			"AppendN":  func() { dst = r.AppendN(dst[:0], key, 3) },
			"all":      func() { dst = r.AppendN(dst[:0], key, nodes) },
			"Len":      func() { r.Len() },
			"Stats":    func() { r.Stats() },
		} {
			if name == "AppendN" && nodes == 1 {
				dst = make([]string, 0, 3)
			}
			require.Zero(t, testing.AllocsPerRun(200, read), "%s of %d nodes", name, nodes)
		}
		require.LessOrEqual(t, testing.AllocsPerRun(200, func() { r.GetN(key, 3) }), 1.0)
	}
}

func TestAcquireAllocatesNothing(t *testing.T) {
	r := newRing(t, hash.RingOptions[string]{Slots: 1 << 10, Load: 1}, equal(100))
	require.Zero(t, testing.AllocsPerRun(200, func() {
		_, one, _ := r.Acquire("popular")
		_, two, _ := r.Acquire("popular") // has to go to another node
		one.Done(weir.Success)
		two.Done(weir.Success)
	}))
	require.Positive(t, r.Stats().Diverted)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestRingTakesTheMemoryThatItsCommentSays(t *testing.T) {
	newRing(t, hash.RingOptions[string]{}, equal(1)) // what is made once
	for _, c := range []struct{ slots, nodes, table int }{
		{0, 1, 256 << 10},
		{1 << 16, 256, 64 << 10},
		{1 << 16, 257, 128 << 10},
	} {
		const rings = 8 // what else happens on the heap is shared among them
		before := heap()
		var all []*hash.Ring[string]
		for range rings {
			all = append(all, newRing(t, hash.RingOptions[string]{Slots: c.slots}, equal(c.nodes)))
		}
		took := (int(heap()) - int(before)) / rings
		require.GreaterOrEqual(t, took, c.table-(4<<10), "%+v", c)
		require.LessOrEqual(t, took, c.table+(4<<10)+125*c.nodes, "%+v, with the names of nodes", c)
		runtime.KeepAlive(all)
	}
}
