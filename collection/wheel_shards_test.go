package collection_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// onProcessors runs a test with so many, and so with as many shards as belong to
// them.
func onProcessors(t *testing.T, test func(t *testing.T)) {
	for _, n := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(n)
		synctest.Test(t, test)
		runtime.GOMAXPROCS(before)
	}
}

// With one worker, to start is to be in order, whichever shards the timers are in,
// and whatever was moved or stopped among them.
func TestTimersOfATickStartInOrderAcrossShards(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		timers := collection.NewTimers(collection.TimersOptions{Workers: 1})
		r := rand.New(rand.NewPCG(1, 2))
		var started []int
		var all []*collection.Timer
		const n = 5000
		for i := range n {
			d := ms(float64(1000 - i/500*10)) // the later, the less, and due all together
			all = append(all, timers.AfterFunc(d, func() { told.Load(); started = append(started, i) }))
			if i%500 == 499 {
				time.Sleep(ms(10))
			}
		}
		var want []int
		for i, timer := range all {
			switch r.IntN(4) {
			case 0:
				require.True(t, timer.Stop())
			case 1:
				require.True(t, timer.Reset(ms(200))) // before all others
				require.True(t, timer.Reset(time.Hour))
			default:
				want = append(want, i)
			}
		}
		passes(time.Minute)
		require.Equal(t, want, started)
		passes(time.Hour)
		require.Zero(t, timers.Len())
	})
}

// A key that is set again takes its place behind those that were set before.
func TestWheelStartsWhatWasSetAgainInOrderAcrossShards(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		w, fired := newRecorder()
		key := func(i int) string { return string(rune('a' + i)) }
		for i := range 26 {
			require.NoError(t, w.Set(key(i), i, time.Hour))
		}
		for i := range 26 {
			require.NoError(t, w.Set(key(25-i), i, time.Minute))
		}
		passes(time.Hour)
		require.Len(t, *fired, 26)
		for i, f := range *fired {
			require.Equal(t, firing{key(25 - i), i, time.Minute}, f)
		}
	})
}

// What was put off is done in time: an entry moved to sooner fires then, and only
// then, if it is moved again, set, removed, or drained before the shard has seen to
// it.
func TestWheelSeesInTimeToWhatItPutsOff(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		w, fired := newRecorder()
		keys := []string{"moved", "later", "set", "removed", "due"}
		for _, k := range keys {
			require.NoError(t, w.Set(k, 1, time.Hour))
			require.True(t, w.Move(k, ms(50)))
		}
		require.True(t, w.Move("later", time.Minute))
		require.True(t, w.Move("later", ms(80)))
		require.NoError(t, w.Set("set", 2, ms(60)))
		v, ok := w.Remove("removed")
		require.True(t, ok)
		require.Equal(t, 1, v)
		require.False(t, w.Move("removed", ms(10)))
		_, ok = w.Remove("removed")
		require.False(t, ok)
		require.True(t, w.Move("due", 0))
		passes(0)
		require.Equal(t, []firing{{"due", 1, 0}}, *fired)
		require.NoError(t, w.Set("due", 3, time.Hour))
		require.True(t, w.Move("due", ms(70)))
		passes(time.Hour)
		require.Equal(t, []firing{
			{"due", 1, 0}, {"moved", 1, ms(50)}, {"set", 2, ms(60)}, {"due", 3, ms(70)}, {"later", 1, ms(80)},
		}, *fired)
		_, ok = w.Alarm()
		require.False(t, ok)
	})
}

func TestWheelDrainsWhatItHasPutOffOnce(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		w, fired := newRecorder()
		for i := range 20 {
			require.NoError(t, w.Set(string(rune('a'+i)), i, time.Hour))
		}
		for i := range 20 {
			require.True(t, w.Move(string(rune('a'+i)), ms(50)))
			if i%2 == 0 {
				_, ok := w.Remove(string(rune('a' + i)))
				require.True(t, ok)
			}
		}
		n, err := w.Drain(context.Background(), func(_ string, v int, remaining time.Duration) {
			require.Equal(t, 1, v%2)
			require.Equal(t, ms(50), remaining)
		})
		require.NoError(t, err)
		require.Equal(t, 10, n)
		passes(2 * time.Hour)
		require.Empty(t, *fired)
		st := w.Stats()
		require.Equal(t, st.Added, st.Removed+st.Drained)
	})
}

func TestTimersHaveNoRuntimeTimerOnceAllShardsAreEmpty(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		timers := collection.NewTimers(collection.TimersOptions{})
		for round := range 3 {
			var all []*collection.Timer
			for i := range 100 {
				all = append(all, timers.AfterFunc(time.Hour+ms(float64(i)), func() {}))
			}
			for _, timer := range all {
				timer.Reset(ms(float64(500 * (round + 1))))
			}
			d, ok := timers.Alarm()
			require.True(t, ok)
			require.LessOrEqual(t, d, ms(float64(500*(round+1))))
			for i, timer := range all {
				_, ok := timers.Alarm()
				require.True(t, ok, "%d", i)
				require.True(t, timer.Stop())
			}
			_, ok = timers.Alarm()
			require.False(t, ok)
		}
	})
}

// Shards become empty and are filled at once, on a clock that is real: an alarm that
// was stopped for nothing pending, while something became so, would not come.
func TestTimersForgetNoAlarmAsShardsEmptyAndFill(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	timers := collection.NewTimers(collection.TimersOptions{Tick: 100 * time.Microsecond})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 300 {
				fired := make(chan struct{})
				timers.AfterFunc(time.Duration(i%7)*50*time.Microsecond, func() { close(fired) })
				for range i % 5 {
					timers.AfterFunc(time.Hour, func() {}).Stop()
				}
				<-fired
			}
		})
	}
	all.Wait()
	require.Zero(t, timers.Len())
	require.NoError(t, timers.Close(context.Background()))
}

// Moves, removals and drains at once with firing: what is put off ends once, too.
func TestWheelAccountsForWhatItPutsOffUnderStress(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const keys = 3000
	var fired, removed, drained, set atomic.Int64
	w := collection.NewTimingWheel(collection.WheelOptions[int, int]{
		Tick: 100 * time.Microsecond, OnFire: func(int, int) { fired.Add(1) },
	})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(g)))
			for range 400 {
				k := g*keys + r.IntN(keys) // nobody else sets it
				if _, ok := w.Remove(k); ok {
					removed.Add(1)
				}
				require.NoError(t, w.Set(k, k, time.Hour))
				set.Add(1)
				for range r.IntN(3) {
					w.Move(k, time.Duration(r.Int64N(int64(5*time.Millisecond))))
				}
				if other := r.IntN(8 * keys); r.IntN(2) == 0 {
					if v, ok := w.Remove(other); ok {
						require.Equal(t, other, v)
						removed.Add(1)
					}
				}
				if r.IntN(200) == 0 {
					_, err := w.Drain(context.Background(), func(k, v int, _ time.Duration) {
						require.Equal(t, k, v)
						drained.Add(1)
					})
					require.NoError(t, err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, w.Close(context.Background()))
	_, err := w.Drain(context.Background(), func(int, int, time.Duration) { drained.Add(1) })
	require.NoError(t, err)
	require.Equal(t, set.Load(), fired.Load()+removed.Load()+drained.Load())
	st := w.Stats()
	require.EqualValues(t, set.Load(), st.Added)
	require.Zero(t, st.Pending+st.Due)
}

// What is removed counts no more, also where a shard has yet to unlink it.
func TestRemovedAndStoppedLeaveTheStatsAtOnce(t *testing.T) {
	onProcessors(t, func(t *testing.T) {
		w := newWheelOf[int]()
		for i := range 1000 {
			require.NoError(t, w.Set(i, i, time.Hour))
		}
		for i := range 999 {
			_, ok := w.Remove(i)
			require.True(t, ok)
			require.Equal(t, 999-i, w.Len())
		}
		st := w.Stats()
		require.Equal(t, collection.TimedStats{Pending: 1, Added: 1000, Removed: 999}, st)
	})
}
