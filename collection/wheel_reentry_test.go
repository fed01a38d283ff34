package collection_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/collection"
)

// Whatever a callback calls, on whatever number of workers, nothing hangs: the
// bubble would notice.
func TestWheelCallbacksMayCallTheWheel(t *testing.T) {
	for _, workers := range []int{1, 2, 128} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var w *collection.TimingWheel[string, int]
			var got []firing
			w = collection.NewTimingWheel(collection.WheelOptions[string, int]{Workers: workers, OnFire: func(k string, v int) {
				got = append(got, firing{k, v, time.Since(start)})
				switch {
				case k == "again" && v < 3:
					require.False(t, w.Move(k, 0), "it is no longer pending")
					_, ok := w.Remove(k)
					require.False(t, ok)
					require.NoError(t, w.Set(k, v+1, time.Second))
				case k == "again":
					require.True(t, w.Move("moved", time.Second))
					_, ok := w.Remove("removed")
					require.True(t, ok)
				case k == "moved":
					n, err := w.Drain(context.Background(), func(k string, _ int, remaining time.Duration) {
						require.Equal(t, "drained", k)
						require.Equal(t, time.Hour-5*time.Second, remaining)
						require.NoError(t, w.Set("last", 0, 0))
					})
					require.NoError(t, err)
					require.Equal(t, 1, n)
				case k == "last":
					require.NoError(t, w.Close(context.Background()))
				}
			}})
			require.NoError(t, w.Set("again", 0, time.Second))
			for _, k := range []string{"moved", "removed", "drained"} {
				require.NoError(t, w.Set(k, 0, time.Hour))
			}
			passes(2 * time.Hour)
			require.Equal(t, []firing{
				{"again", 0, time.Second}, {"again", 1, 2 * time.Second}, {"again", 2, 3 * time.Second},
				{"again", 3, 4 * time.Second}, {"moved", 0, 5 * time.Second}, {"last", 0, 5 * time.Second},
			}, got)
			require.ErrorIs(t, w.Set("closed", 0, 0), collection.ErrClosed)
		})
	}
}

// The entry of a key that is set while its callback runs is another one.
func TestWheelSetOfAKeyWhoseCallbackRunsIsANewEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var values []int
		w := collection.NewTimingWheel(collection.WheelOptions[string, int]{OnFire: func(_ string, v int) {
			values = append(values, v)
			time.Sleep(time.Minute)
		}})
		require.NoError(t, w.Set("k", 1, time.Second))
		passes(2 * time.Second)
		require.Zero(t, w.Len())
		require.NoError(t, w.Set("k", 2, time.Second))
		require.Equal(t, 1, w.Len())
		passes(time.Second)
		require.Equal(t, 2, w.Stats().Running)
		passes(time.Hour)
		require.Equal(t, []int{1, 2}, values)
	})
}
