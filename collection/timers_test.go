package collection_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

func TestTimersFireOnceAtTheFirstTickThatIsNotTooEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		timers := collection.NewTimers(collection.TimersOptions{Tick: time.Second, Workers: 1})
		var at []time.Duration
		var mu sync.Mutex // held here until all are set: to fire in AfterFunc would hang
		fire := func() {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Since(start))
		}
		time.Sleep(ms(100))
		mu.Lock()
		for _, d := range []time.Duration{1, ms(900), ms(901), time.Minute} {
			timers.AfterFunc(d, fire)
		}
		timers.AfterFunc(0, fire)
		timers.AfterFunc(-time.Hour, fire)
		timers.AfterFunc(math.MaxInt64, fire)
		require.Empty(t, at)
		mu.Unlock()
		passes(24 * time.Hour)
		s := time.Second
		require.Equal(t, []time.Duration{ms(100), ms(100), s, s, 2 * s, 61 * s}, at)
		require.Equal(t, 1, timers.Len())
	})
}

func TestTimerStopAndResetTellWhetherItWasPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timers := collection.NewTimers(collection.TimersOptions{})
		fired := 0
		timer := timers.AfterFunc(time.Second, func() { fired++ })
		require.True(t, timer.Stop())
		require.False(t, timer.Stop())
		require.False(t, timer.Reset(time.Second))
		require.True(t, timer.Reset(2*time.Second))
		require.True(t, timer.Reset(time.Second))
		passes(time.Minute)
		require.Equal(t, 1, fired)
		require.False(t, timer.Stop())
		require.False(t, timer.Reset(time.Second), "a fired timer can be used again")
		passes(time.Second)
		require.Equal(t, 2, fired)
		require.Zero(t, timers.Len())
	})
}

// What holds for a time.Timer must hold for a Timer, whatever is done to both.
func FuzzTimerDoesWhatAStandardTimerDoes(f *testing.F) {
	f.Add([]byte{0, 10, 1, 0, 2, 3, 3, 200})
	f.Add([]byte{2, 0, 3, 0, 1, 1, 2, 5, 3, 5, 3, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		synctest.Test(t, func(t *testing.T) {
			timers := collection.NewTimers(collection.TimersOptions{Tick: time.Millisecond})
			got, want := 0, 0
			timer := timers.AfterFunc(time.Hour, func() { told.Load(); got++ })
			std := time.AfterFunc(time.Hour, func() { told.Load(); want++ })
			for i := 0; i+1 < len(steps); i += 2 {
				told.Add(1)
				d := time.Duration(steps[i+1]) * time.Duration(steps[i+1]) * time.Millisecond
				switch steps[i] % 3 {
				case 0:
					require.Equal(t, std.Stop(), timer.Stop())
				case 1:
					require.Equal(t, std.Reset(d), timer.Reset(d))
				case 2:
					time.Sleep(d)
				}
				passes(0)
				require.Equal(t, want, got)
			}
		})
	})
}

func TestTimerFunctionsMayUseTheirTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		timers := collection.NewTimers(collection.TimersOptions{Workers: 1})
		var timer *collection.Timer
		var at []time.Duration
		timer = timers.AfterFunc(time.Second, func() {
			told.Load()
			at = append(at, time.Since(start))
			require.False(t, timer.Stop())
			if len(at) < 3 {
				require.False(t, timer.Reset(time.Second))
			} else {
				require.NoError(t, timers.Close(context.Background()))
			}
		})
		passes(time.Hour)
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second}, at)
	})
}

func TestTimersFireNothingOnceClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timers := collection.NewTimers(collection.TimersOptions{})
		fail := func() { t.Error("fired") }
		pending, stopped := timers.AfterFunc(time.Second, fail), timers.AfterFunc(time.Second, fail)
		require.True(t, stopped.Stop())
		require.NoError(t, timers.Close(context.Background()))
		late := timers.AfterFunc(time.Second, fail)
		require.False(t, late.Stop())
		require.False(t, late.Reset(0))
		require.False(t, stopped.Reset(0))
		require.True(t, pending.Reset(0), "it stays pending")
		passes(time.Hour)
		require.Equal(t, 1, timers.Len())
		require.True(t, pending.Stop())
		require.False(t, pending.Stop())
		require.Zero(t, timers.Len())
	})
}

func TestTimersPanicAtTheCallThatIsWrong(t *testing.T) {
	timers := collection.NewTimers(collection.TimersOptions{})
	require.PanicsWithValue(t, "collection: Timers.AfterFunc needs a function", func() { timers.AfterFunc(time.Second, nil) })
	var zero collection.Timer
	require.PanicsWithValue(t, "collection: a Timer must be made by Timers.AfterFunc", func() { zero.Stop() })
	require.PanicsWithValue(t, "collection: a Timer must be made by Timers.AfterFunc", func() { zero.Reset(0) })
	w, _ := newRecorder()
	require.PanicsWithValue(t, "collection: TimingWheel.Drain needs a function", func() { _, _ = w.Drain(context.Background(), nil) })
}
