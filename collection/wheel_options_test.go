package collection_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/collection"
)

func TestWheelRefusesImpossibleOptions(t *testing.T) {
	fire := func(int, int) {}
	for text, o := range map[string]collection.WheelOptions[int, int]{
		"collection: WheelOptions.OnFire must be set": {},
		"collection: a tick must be at least 1µs":     {OnFire: fire, Tick: time.Microsecond - 1},
	} {
		require.EqualError(t, o.Validate(), text)
		require.PanicsWithValue(t, text, func() { collection.NewTimingWheel(o) })
	}
	require.Error(t, collection.WheelOptions[int, int]{OnFire: fire, Tick: -time.Second}.Validate())
	require.NoError(t, collection.WheelOptions[int, int]{OnFire: fire, Tick: time.Microsecond, Workers: -1}.Validate())
	require.NoError(t, collection.TimersOptions{}.Validate())
	require.EqualError(t, collection.TimersOptions{Tick: -1}.Validate(), "collection: a tick must be at least 1µs")
	require.Panics(t, func() { collection.NewTimers(collection.TimersOptions{Tick: 1}) })
}

func metricsOf(source weir.Source) map[string]float64 {
	all := map[string]float64{}
	for m := range source.Metrics {
		all[m.Name+"{"+m.Labels[0].Name+"="+m.Labels[0].Value+"}"] = m.Value
	}
	return all
}

func TestWheelMetricsAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := collection.NewTimingWheel(collection.WheelOptions[int, int]{
			Name: "sessions", Workers: 1, OnPanic: func(*weir.Panic) {},
			OnFire: func(k, _ int) {
				if k == 0 {
					panic("first")
				}
				time.Sleep(time.Minute)
			},
		})
		for i := range 7 {
			require.NoError(t, w.Set(i, i, time.Second))
		}
		require.NoError(t, w.Set(6, 6, time.Hour))
		w.Remove(5)
		passes(time.Second)
		want := collection.TimedStats{Pending: 4, Due: 3, Running: 1, Added: 7, Fired: 2, Removed: 1, Panicked: 1}
		require.Equal(t, want, w.Stats())
		require.Equal(t, map[string]float64{
			"weir_wheel_pending{name=sessions}":       4,
			"weir_wheel_due{name=sessions}":           3,
			"weir_wheel_running{name=sessions}":       1,
			"weir_wheel_added_total{name=sessions}":   7,
			"weir_wheel_fired_total{name=sessions}":   2,
			"weir_wheel_removed_total{name=sessions}": 1,
			"weir_wheel_drained_total{name=sessions}": 0,
			"weir_wheel_panics_total{name=sessions}":  1,
		}, metricsOf(w))
		passes(10 * time.Minute)
		_, err := w.Drain(t.Context(), func(int, int, time.Duration) {})
		require.NoError(t, err)
		require.Equal(t, collection.TimedStats{Added: 7, Fired: 5, Removed: 1, Drained: 1, Panicked: 1}, w.Stats())
	})
	timers := collection.NewTimers(collection.TimersOptions{Name: "calls"})
	timers.AfterFunc(time.Hour, func() {}).Stop()
	names := slices.Sorted(maps.Keys(metricsOf(timers)))
	require.Len(t, names, 8)
	require.Equal(t, "weir_timers_added_total{name=calls}", names[0])
	n := 0
	for range timers.Metrics {
		n++
		break
	}
	require.Equal(t, 1, n)
}
