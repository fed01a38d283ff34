package limit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// One caller asks the store for all of a key. If the store never lets that one
// go, the others must find out all the same.
func TestAFetchThatHangsHoldsOnlyWhoCameWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		release := make(chan struct{})
		s.set(func(context.Context) (Taken, error) { <-release; return Taken{}, errDown })
		l := leasing(s, PerSecond(1000), 1000, 10)
		returned := make(chan time.Duration, 2)
		start := time.Now()
		ask := func() {
			require.True(t, allow(l, "key").Degraded)
			returned <- time.Since(start)
		}
		go ask() // asks the store
		synctest.Wait()
		go ask() // waits for the answer
		time.Sleep(2*defaultTimeout + firstPause)
		require.Empty(t, returned)

		time.Sleep(time.Nanosecond)
		require.True(t, allow(l, "key").Degraded, "who comes later is not held")
		require.Equal(t, 2*defaultTimeout+firstPause+time.Nanosecond, <-returned, "nor is who waited for its turn")
		require.Equal(t, 1, s.inside)
		require.ErrorIs(t, l.Stats().LastError, errHung)

		s.set(nil)
		time.Sleep(time.Second)
		require.False(t, allow(l, "key").Degraded, "the store is back, and the first caller still there")
		require.False(t, allow(l, "key").Degraded)
		close(release)
		<-returned
		s.forgetCalls()
		for range 50 {
			require.False(t, allow(l, "key").Degraded)
		}
		require.Less(t, s.callCount(), 20, "and keys have leases again")
	})
}
