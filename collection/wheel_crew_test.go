package collection_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/collection"
)

func TestWheelCallbacksDueTogetherDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var done atomic.Int32
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(int, int) {
			time.Sleep(ms(20))
			require.Equal(t, ms(120), time.Since(start))
			done.Add(1)
		}})
		for i := range 20 {
			require.NoError(t, w.Set(i, i, ms(100)))
		}
		passes(ms(100))
		require.Equal(t, 20, w.Stats().Running)
		passes(ms(20))
		require.EqualValues(t, 20, done.Load())
		require.Zero(t, w.Stats().Running)
	})
}

func TestWheelRunsAsManyCallbacksAsItHasWorkers(t *testing.T) {
	for _, c := range []struct{ workers, want int }{{1, 1}, {3, 3}, {0, 128}, {-1, 300}} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Workers: c.workers, OnFire: func(int, int) {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			}})
			for i := range 300 {
				require.NoError(t, w.Set(i, i, time.Second))
			}
			passes(time.Second)
			st := w.Stats()
			require.Equal(t, c.want, st.Running)
			require.Equal(t, 300-c.want, st.Due)
			require.Equal(t, 300-c.want, st.Pending)
			passes(time.Hour)
			require.EqualValues(t, c.want, most.Load())
			require.EqualValues(t, 300, w.Stats().Fired)
		})
	}
}

// With all workers busy, what is due is still pending.
func TestWheelLetsGoOfWhatIsDueUntilItStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fired []string
		w := collection.NewTimingWheel(collection.WheelOptions[string, int]{Workers: 1, OnFire: func(k string, _ int) {
			told.Load()
			fired = append(fired, k)
			time.Sleep(5 * time.Minute)
		}})
		for _, k := range []string{"slow", "removed", "moved", "set", "last"} {
			require.NoError(t, w.Set(k, 0, time.Second))
		}
		passes(2 * time.Minute)
		require.Equal(t, []string{"slow"}, fired)
		require.Equal(t, 4, w.Stats().Due)
		_, ok := w.Remove("removed")
		require.True(t, ok)
		require.True(t, w.Move("moved", time.Hour))
		require.NoError(t, w.Set("set", 1, time.Hour))
		require.Equal(t, 1, w.Stats().Due)
		passes(10 * time.Minute)
		require.Equal(t, []string{"slow", "last"}, fired)
		passes(2 * time.Hour)
		require.Equal(t, []string{"slow", "last", "moved", "set"}, fired)
	})
}

// The clock goes on for minutes while the only worker is held.
func TestWheelCatchesUpAfterASlowCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var at []time.Duration
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Workers: 1, OnFire: func(k, _ int) {
			told.Load()
			at = append(at, time.Since(start))
			if k == 0 {
				time.Sleep(3 * time.Minute)
			}
		}})
		for i := range 5 {
			require.NoError(t, w.Set(i, 0, time.Duration(i+1)*time.Minute))
		}
		passes(time.Hour)
		m := time.Minute
		require.Equal(t, []time.Duration{m, 4 * m, 4 * m, 4 * m, 5 * m}, at)
	})
}

func TestWheelReportsAPanicAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		var got []*weir.Panic
		fired := 0
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{
			Workers: 1,
			OnFire: func(k, _ int) {
				if fired++; k == 1 {
					panic(broken)
				}
			},
			OnPanic: func(p *weir.Panic) { got = append(got, p) },
		})
		for i := range 3 {
			require.NoError(t, w.Set(i, 0, time.Second))
		}
		passes(time.Second)
		require.Equal(t, 3, fired)
		require.Len(t, got, 1)
		require.ErrorIs(t, got[0], broken)
		require.Contains(t, string(got[0].Stack), "TestWheelReportsAPanicAndGoesOn")
		st := w.Stats()
		require.EqualValues(t, 1, st.Panicked)
		require.Zero(t, st.Running)
		require.NoError(t, w.Close(context.Background()))
	})
}

func TestWheelLogsAPanicThatNobodyHooked(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewTimers(collection.TimersOptions{})
		w.AfterFunc(time.Second, func() { panic("lost") })
		passes(time.Second)
	})
	require.Contains(t, out.String(), `msg="collection: panic in a callback" panic=lost`)
}

func TestWheelSurvivesACallbackThatEndsItsGoroutine(t *testing.T) {
	for _, workers := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			var fired atomic.Int32
			w := collection.NewTimingWheel(collection.WheelOptions[int, int]{Workers: workers, OnFire: func(int, int) {
				fired.Add(1)
				runtime.Goexit()
			}})
			for i := range 10 {
				require.NoError(t, w.Set(i, 0, time.Second))
			}
			passes(time.Second)
			require.EqualValues(t, 10, fired.Load())
			require.Zero(t, w.Stats().Running)
			require.NoError(t, w.Close(context.Background()))
		})
	}
}
