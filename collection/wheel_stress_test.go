package collection_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// Ten thousand goroutines, each with keys of its own and some that all share, on
// a clock that is real: whatever was set ends in exactly one way.
func TestWheelAccountsForEveryEntryUnderStress(t *testing.T) {
	const goroutines, shared = 10_000, 16
	var fired, removed, drained atomic.Int64
	start := time.Now()
	w := collection.NewTimingWheel(collection.WheelOptions[int, time.Duration]{
		Tick: time.Millisecond,
		OnFire: func(k int, due time.Duration) {
			fired.Add(1)
			if early := due - time.Since(start); early > 0 && k >= shared { // nobody else moves it
				t.Errorf("%d fired %v early", k, early)
			}
		},
	})
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			r := rand.New(rand.NewPCG(5, uint64(g)))
			for n := range 20 {
				k, d := g+shared, time.Duration(r.Int64N(int64(30*time.Millisecond)))
				if n%4 == 0 {
					k = r.IntN(shared)
				}
				require.NoError(t, w.Set(k, time.Since(start)+d-time.Millisecond, d+time.Millisecond))
				switch r.IntN(4) {
				case 0:
					if _, ok := w.Remove(k); ok {
						removed.Add(1)
					}
				case 1:
					w.Move(k, d+time.Duration(r.Int64N(int64(20*time.Millisecond))))
				case 2:
					w.Len()
				}
			}
			if g%1000 == 0 {
				n, err := w.Drain(context.Background(), func(int, time.Duration, time.Duration) { drained.Add(1) })
				require.NoError(t, err)
				require.GreaterOrEqual(t, n, 0)
			}
		})
	}
	all.Wait()
	require.NoError(t, w.Close(context.Background()))
	_, err := w.Drain(context.Background(), func(int, time.Duration, time.Duration) { drained.Add(1) })
	require.NoError(t, err)
	st := w.Stats()
	require.Zero(t, st.Pending)
	require.Zero(t, st.Due)
	require.Zero(t, st.Running)
	require.EqualValues(t, st.Fired, fired.Load())
	require.EqualValues(t, st.Removed, removed.Load())
	require.EqualValues(t, st.Drained, drained.Load())
	require.Equal(t, st.Added, st.Fired+st.Removed+st.Drained)
}

// Of a timer that is stopped just as it fires, either the function runs or Stop
// returns true; of one that is reset, each time that it was not pending makes one
// more run.
func TestTimersEndExactlyOnceWhileTheyExpire(t *testing.T) {
	timers := collection.NewTimers(collection.TimersOptions{Tick: 50 * time.Microsecond, Workers: -1})
	var all sync.WaitGroup
	for g := range 200 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(6, uint64(g)))
			for range 50 {
				var ran atomic.Int64
				armed := int64(1)
				timer := timers.AfterFunc(time.Duration(r.Int64N(200_000)), func() { ran.Add(1) })
				for range r.IntN(4) {
					time.Sleep(time.Duration(r.Int64N(150_000)))
					if !timer.Reset(time.Duration(r.Int64N(200_000))) {
						armed++
					}
				}
				time.Sleep(time.Duration(r.Int64N(150_000)))
				if timer.Stop() {
					armed--
				}
				require.Eventually(t, func() bool { return ran.Load() == armed }, time.Minute, 100*time.Microsecond)
			}
		})
	}
	all.Wait()
	require.NoError(t, timers.Close(context.Background()))
	st := timers.Stats()
	require.Equal(t, st.Added, st.Fired+st.Removed)
}

// Many due together come down, are dispatched, moved and removed at a time, while
// others get the lock in between.
func TestWheelMovesAndRemovesWhatIsJustComingDown(t *testing.T) {
	const n = 20_000
	var fired, removed atomic.Int64
	w := collection.NewTimingWheel(collection.WheelOptions[int, int]{
		Tick: time.Microsecond, OnFire: func(int, int) { fired.Add(1) },
	})
	for i := range n {
		require.NoError(t, w.Set(i, i, 30*time.Millisecond))
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := g; w.Len() > 0; i = (i + 7) % n {
				if i%3 == 0 {
					if _, ok := w.Remove(i); ok {
						removed.Add(1)
					}
				} else if i%3 == 1 && i < n/2 {
					w.Move(i, time.Duration(i%5)*time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, w.Close(context.Background()))
	require.EqualValues(t, n, fired.Load()+removed.Load())
}
