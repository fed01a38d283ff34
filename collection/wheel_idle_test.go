package collection_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestWheelHasNoGoroutineWhileNothingIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		w, fired := newRecorder()
		require.NoError(t, w.Set("a", 1, time.Second))
		require.NoError(t, w.Set("b", 2, time.Hour))
		require.Equal(t, before, runtime.NumGoroutine())
		passes(time.Minute)
		require.Len(t, *fired, 1)
		require.Equal(t, before, runtime.NumGoroutine())
	})
}

func TestWheelHasNoRuntimeTimerWhileNothingIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		has := func() bool { _, ok := w.Alarm(); return ok }
		require.False(t, has())
		for range 3 {
			require.NoError(t, w.Set("a", 1, time.Hour))
			require.NoError(t, w.Set("b", 1, time.Second))
			require.True(t, has())
			w.Remove("a")
			require.True(t, has())
			w.Remove("b")
			require.False(t, has())
		}
		require.NoError(t, w.Set("a", 1, time.Second))
		passes(time.Second)
		require.Len(t, *fired, 1)
		require.False(t, has())
		require.NoError(t, w.Set("a", 1, time.Second))
		_, err := w.Drain(t.Context(), func(string, int, time.Duration) {})
		require.NoError(t, err)
		require.False(t, has())
		require.NoError(t, w.Set("a", 1, time.Second))
		require.NoError(t, w.Close(t.Context()))
		require.False(t, has())
		require.True(t, w.Move("a", ms(20)))
		require.False(t, has())
	})
}

// A runtime timer that is set holds what it calls. One that was stopped is dropped
// by the runtime a while later, when it looks at its timers again.
func TestWheelsThatAreEmptyNeedNoClose(t *testing.T) {
	drop := func() (weak.Pointer[collection.TimingWheel[int, int]], weak.Pointer[collection.Timers]) {
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(int, int) {}})
		timers := collection.NewTimers(collection.TimersOptions{})
		require.NoError(t, w.Set(1, 1, time.Hour))
		timer := timers.AfterFunc(time.Hour, func() {})
		runtime.GC()
		w.Remove(1)
		timer.Stop()
		return weak.Make(w), weak.Make(timers)
	}
	w, timers := drop()
	require.Eventually(t, func() bool {
		runtime.GC()
		return w.Value() == nil && timers.Value() == nil
	}, time.Minute, time.Millisecond)
}

// It wakes up once for each level that entries come down by, and when they fire.
func TestWheelDoesNotTickForWhatIsFarAway(t *testing.T) {
	for tick, want := range map[time.Duration]int{time.Microsecond: 5, 10 * time.Millisecond: 4, time.Minute: 2} {
		synctest.Test(t, func(t *testing.T) {
			w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Tick: tick, OnFire: func(int, int) {}})
			time.Sleep(17 * time.Minute)
			for i := range 1000 {
				require.NoError(t, w.Set(i, i, time.Hour))
			}
			wakes := 0
			for d, ok := w.Alarm(); ok; d, ok = w.Alarm() {
				wakes++
				passes(d)
				if w.Len() == 0 {
					break
				}
			}
			require.Equal(t, want, wakes, "tick %v", tick)
			require.Zero(t, w.Len())
		})
	}
}

// What is set after a quiet time comes up once, not in slots that are long over.
func TestWheelKeepsUpWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("far", 1, time.Hour))
		for range 100 {
			passes(ms(370))
			require.NoError(t, w.Set("near", 2, ms(10)))
			d, _ := w.Alarm()
			require.Equal(t, ms(10), d)
			require.True(t, w.Move("near", ms(20)))
			w.Remove("near")
			require.True(t, w.Move("far", time.Hour))
		}
		passes(2 * time.Hour)
		require.Len(t, *fired, 1)
	})
}

// What is put off again and again is looked at once in each of the slots that it
// would have been due in, not at each sign of life.
func TestWheelWakesSeldomForWhatIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("session", 1, time.Minute))
		alarms := map[time.Time]bool{}
		for range 100_000 {
			d, ok := w.Alarm()
			require.True(t, ok)
			alarms[time.Now().Add(d)] = true
			passes(ms(20))
			require.True(t, w.Move("session", time.Minute))
		}
		require.LessOrEqual(t, len(alarms), 120, "in 2000 s")
		require.Empty(t, *fired)
		passes(time.Minute - 1)
		require.Empty(t, *fired)
		passes(1)
		require.Len(t, *fired, 1)
	})
}
