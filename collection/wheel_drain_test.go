package collection_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWheelDrainHandsOutAllThatIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		want := map[string]time.Duration{}
		for i, d := range []time.Duration{ms(10), time.Second, time.Minute, time.Hour} {
			require.NoError(t, w.Set(strconv.Itoa(i), i, d))
			want[strconv.Itoa(i)] = d - ms(4)
		}
		time.Sleep(ms(4))
		got := map[string]time.Duration{}
		n, err := w.Drain(context.Background(), func(k string, v int, remaining time.Duration) {
			require.Equal(t, k, strconv.Itoa(v))
			got[k] = remaining
		})
		require.NoError(t, err)
		require.Equal(t, 4, n)
		require.Equal(t, want, got)
		require.Zero(t, w.Len())
		n, err = w.Drain(context.Background(), func(string, int, time.Duration) { t.Error("a second time") })
		require.NoError(t, err)
		require.Zero(t, n)
		passes(2 * time.Hour)
		require.Empty(t, *fired)
		require.EqualValues(t, 4, w.Stats().Drained)
	})
}

func TestWheelFiresKeysThatAreSetAgainAfterADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		for i := range 100 {
			require.NoError(t, w.Set(strconv.Itoa(i), i, ms(float64(10*(i+1))))) // what is due at once may fire first
		}
		n, err := w.Drain(context.Background(), func(k string, v int, _ time.Duration) {
			require.NoError(t, w.Set(k, v+1000, time.Second)) // stays in the wheel
		})
		require.NoError(t, err)
		require.Equal(t, 100, n)
		require.Equal(t, 100, w.Len())
		passes(time.Second)
		require.Len(t, *fired, 100)
		for _, f := range *fired {
			require.Equal(t, firing{strconv.Itoa(f.value - 1000), f.value, time.Second}, f)
		}
	})
}

func TestWheelDrainLetsOthersTakeWhatItHasNotHandedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		for _, k := range []string{"a", "b", "c", "d"} {
			require.NoError(t, w.Set(k, 1, time.Second))
		}
		calls := 0
		n, err := w.Drain(context.Background(), func(k string, _ int, _ time.Duration) {
			calls++
			require.Equal(t, "a", k)
			_, ok := w.Remove("b")
			require.True(t, ok)
			require.True(t, w.Move("c", time.Minute))
			require.NoError(t, w.Set("d", 2, time.Minute))
			require.Equal(t, 2, w.Len())
		})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, 1, calls)
		passes(time.Hour)
		require.Equal(t, []firing{{"c", 1, time.Minute}, {"d", 2, time.Minute}}, *fired)
	})
}

// What is left when Drain ends goes back, and what has become due meanwhile fires.
func TestWheelDrainPutsBackWhatItHasNotHandedOut(t *testing.T) {
	ends := map[string]func(cancel func()){
		"cancelled": func(cancel func()) { cancel() },
		"panic":     func(func()) { panic("enough") },
		"Goexit":    func(func()) { runtime.Goexit() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, fired := newRecorder()
				for i := range 1000 { // more than are put back at a time
					require.NoError(t, w.Set(strconv.Itoa(i), i, time.Second))
				}
				require.NoError(t, w.Set("far", 0, time.Hour))
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				calls, done := 0, make(chan struct{})
				go func() {
					defer close(done)
					defer func() { _ = recover() }()
					n, err := w.Drain(ctx, func(string, int, time.Duration) {
						if calls++; calls == 3 {
							time.Sleep(time.Minute)
							end(cancel)
						}
					})
					require.Equal(t, 3, n)
					require.ErrorIs(t, err, context.Canceled)
				}()
				<-done
				require.Equal(t, 3, calls)
				synctest.Wait()
				require.Len(t, *fired, 997)
				require.Equal(t, time.Minute, (*fired)[0].at)
				passes(time.Hour)
				require.Len(t, *fired, 998)
				require.Equal(t, firing{"far", 0, time.Hour}, (*fired)[997])
				require.Zero(t, w.Len())
			})
		})
	}
}

func TestWheelDrainTakesNothingWithADoneContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, fired := newRecorder()
		require.NoError(t, w.Set("a", 1, time.Second))
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		n, err := w.Drain(ctx, func(string, int, time.Duration) { t.Error("called") })
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, n)
		passes(time.Second)
		require.Len(t, *fired, 1)
	})
}

func TestWheelDrainMayBeCalledInADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newRecorder()
		for i := range 10 {
			require.NoError(t, w.Set(strconv.Itoa(i), i, time.Second))
		}
		inner := 0
		n, err := w.Drain(context.Background(), func(k string, v int, _ time.Duration) {
			require.NoError(t, w.Set("new"+k, v, time.Second))
			m, err := w.Drain(context.Background(), func(string, int, time.Duration) {})
			require.NoError(t, err)
			inner += m
		})
		require.NoError(t, err)
		require.Equal(t, 10, n)
		require.Equal(t, 10, inner)
	})
}
