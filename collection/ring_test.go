package collection_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestNewRingNeedsRoom(t *testing.T) {
	for _, n := range []int{0, -1, -1 << 31} {
		require.PanicsWithValue(t, "collection: NewRing needs room for at least 1 value",
			func() { collection.NewRing[int](n) })
	}
}

func TestZeroRingIsEmptyAndSaysThatItHasNoRoom(t *testing.T) {
	var r collection.Ring[int]
	require.PanicsWithValue(t, "collection: a Ring must be made by NewRing", func() { r.Add(1) })
	requireRing(t, &r)
	require.Zero(t, r.Cap())
	r.Clear()
}

// requireRing checks all that a ring tells against what should be in it.
func requireRing[T comparable](t *testing.T, r *collection.Ring[T], want ...T) {
	t.Helper()
	require.Equal(t, len(want), r.Len())
	require.Equal(t, slices.Clone(want), r.Slice())
	require.Equal(t, slices.Clone(want), slices.Collect(r.All()))
	last, ok := r.Last()
	require.Equal(t, len(want) > 0, ok)
	if ok {
		require.Equal(t, want[len(want)-1], last)
	} else {
		require.Zero(t, last)
	}
}

func TestRingKeepsTheLastValuesOldestFirst(t *testing.T) {
	for n := range 20 {
		r := collection.NewRing[int](n + 1)
		require.Equal(t, n+1, r.Cap())
		var all []int
		for v := range 70 {
			requireRing(t, r, all[max(0, len(all)-n-1):]...)
			r.Add(v)
			all = append(all, v)
		}
	}
}

func TestClearedRingStartsAnew(t *testing.T) {
	r := collection.NewRing[string](2)
	for _, v := range []string{"a", "b", "c"} {
		r.Add(v)
	}
	r.Clear()
	requireRing(t, r)
	require.Equal(t, 2, r.Cap())
	for _, v := range []string{"d", "e", "f"} {
		r.Add(v)
	}
	requireRing(t, r, "e", "f")
}

func TestRingAgreesWithAList(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		ops := make([]byte, rng.IntN(200))
		for i := range ops {
			ops[i] = byte(rng.Uint32())
		}
		replayRing(t, 1+rng.IntN(40), ops)
	}
}

func FuzzRingAgreesWithAList(f *testing.F) {
	f.Add(uint8(0), []byte{1, 2, 3})
	f.Add(uint8(2), []byte{1, 2, 3, 255, 4, 5, 6, 7})
	f.Add(uint8(8), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Fuzz(func(t *testing.T, n uint8, ops []byte) { replayRing(t, 1+int(n), ops[:min(len(ops), 1000)]) })
}

// replayRing adds the ops, but for 255, which clears.
func replayRing(t *testing.T, n int, ops []byte) {
	r := collection.NewRing[byte](n)
	var list []byte
	for _, op := range ops {
		if op == 255 {
			r.Clear()
			list = nil
			continue
		}
		r.Add(op)
		list = append(list, op)
		list = list[max(0, len(list)-n):]
	}
	requireRing(t, r, list...)
}

func TestRangeOverARingSeesItAsItWasAndMayUseIt(t *testing.T) {
	r := collection.NewRing[int](3)
	for v := range 5 {
		r.Add(v)
	}
	all := r.All() // nothing is read before the range starts
	r.Add(5)
	var seen []int
	for v := range all {
		r.Add(v + 10)
		r.Slice()[0] = -1
		seen = append(seen, v)
	}
	require.Equal(t, []int{3, 4, 5}, seen)
	requireRing(t, r, 13, 14, 15)
	for v := range r.All() {
		require.Equal(t, 13, v)
		break
	}
}

func TestRingForgetsWhatItNoLongerHolds(t *testing.T) {
	r := collection.NewRing[*[4096]byte](4)
	var gone []weak.Pointer[[4096]byte]
	add := func() {
		v := new([4096]byte)
		gone = append(gone, weak.Make(v))
		r.Add(v)
	}
	for range 10 {
		add()
	}
	runtime.GC()
	runtime.GC()
	for i, p := range gone {
		require.Equal(t, i < 6, p.Value() == nil, "%d", i)
	}
	r.Clear()
	runtime.GC()
	runtime.GC()
	for _, p := range gone {
		require.Nil(t, p.Value())
	}
	runtime.KeepAlive(r)
}

func TestLargeRingTakesNoRoomBeforeItIsUsed(t *testing.T) {
	r := collection.NewRing[int](1 << 30)
	r.Add(1)
	requireRing(t, r, 1)
}

func TestRingCountsEveryAdd(t *testing.T) {
	const workers, each = 8, 1000
	r := collection.NewRing[int](workers * each)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				r.Add(w*each + i)
				if last, ok := r.Last(); !ok || last < 0 {
					t.Error("lost")
				}
				if i%100 == 0 {
					for range r.All() {
						_ = r.Len()
						break
					}
				}
			}
		})
	}
	wg.Wait()
	all := r.Slice()
	before := slices.Repeat([]int{-1}, workers)
	for _, v := range all {
		require.Greater(t, v, before[v/each], "each worker's values are in order")
		before[v/each] = v
	}
	slices.Sort(all)
	for i, v := range all {
		require.Equal(t, i, v)
	}
}
