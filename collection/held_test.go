package collection_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestRollingWindowDropsAValueThatCameTooLateForItsBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		late := w.HoldAdd(100)
		time.Sleep(3 * tick)
		w.Add(1)
		require.False(t, late.Enter())
		require.Equal(t, one(1), w.Total())
	})
}

func TestRollingWindowTakesALateValueIntoTheIntervalInWhichItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewRollingWindow[int](3, tick)
		late := w.HoldAdd(100)
		time.Sleep(2*tick + tick/2)
		w.Add(1)
		require.Equal(t, one(1), w.Total()) // from here on the sum of the finished buckets is known
		require.True(t, late.Enter())
		late.Put()
		late.Leave()
		late.Finish()
		require.Equal(t, []int{100, 0, 1}, sums(w))
		require.Equal(t, 101, w.Total().Sum)
		require.Equal(t, 100, w.IgnoreCurrent().Total().Sum)
		time.Sleep(tick)
		require.Equal(t, one(1), w.Total())
	})
}

// A writer may be stopped for laps in the middle of an Add. Its value must not
// turn up in whatever its cells are used for next.
func TestRollingWindowIsNotSpoiltByAWriterStoppedForLaps(t *testing.T) {
	for laps := range 6 {
		for _, put := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w := collection.NewRollingWindow[int](3, tick)
				held := w.HoldAdd(100)
				require.True(t, held.Enter())
				if put {
					held.Put()
				}
				for range laps * 3 {
					time.Sleep(tick)
					w.Add(1)
				}
				if !put {
					held.Put()
				}
				held.Leave()
				held.Finish()
				for range 12 {
					time.Sleep(tick)
					w.Add(1)
				}
				require.Equal(t, collection.Bucket[int]{Sum: 3, Count: 3, Min: 1, Max: 1}, w.Total())
				require.True(t, w.AtRest())
			})
		}
	}
}

// The one case in which an Add waits, and what it waits for.
func TestRollingWindowAddWaitsWhenBothSetsOfCellsAreHeld(t *testing.T) {
	w := collection.NewRollingWindow[int](1, time.Microsecond)
	held := []*collection.HeldAdd[int]{w.HoldAdd(100), nil}
	require.True(t, held[0].Enter())
	for held[1] == nil || held[1].Epoch() == held[0].Epoch() {
		held[1] = w.HoldAdd(100)
	}
	require.True(t, held[1].Enter())
	time.Sleep(2 * time.Microsecond)

	added := make(chan struct{})
	go func() {
		defer close(added)
		w.Add(1)
	}()
	for range 100 {
		runtime.Gosched()
	}
	select {
	case <-added:
		require.Fail(t, "Add used cells that somebody else is writing to")
	default:
	}
	held[1].Put()
	held[1].Leave()
	<-added
	held[0].Put()
	held[0].Leave()
	w.Add(1)
	w.Add(1)
	require.True(t, w.AtRest())
}
