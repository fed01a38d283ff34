//go:build !race

// The race detector allocates, too.

package collection_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestFullRingAllocatesNothing(t *testing.T) {
	r := collection.NewRing[int](100)
	for v := range 100 {
		r.Add(v)
	}
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		r.Add(1)
		r.Last()
	}))
	require.EqualValues(t, 1, testing.AllocsPerRun(1000, func() { _ = r.Slice() }))
}

func TestRingTakesNoMoreRoomThanItsValues(t *testing.T) {
	before := heapNow()
	r := collection.NewRing[[64]byte](110_000)
	for range 110_000 {
		r.Add([64]byte{})
	}
	require.Less(t, heapNow()-before, int64(110_000*64*105/100))
	require.Equal(t, 110_000, r.Len())
}
