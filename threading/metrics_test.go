package threading_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/threading"
)

func TestMetricsOfThePackageCountRecoveredPanics(t *testing.T) {
	count := func() (n float64) {
		for m := range (threading.Panics{}).Metrics {
			require.Equal(t, "weir_threading_panics_total", m.Name)
			require.Equal(t, weir.Counter, m.Kind)
			require.NotEmpty(t, m.Help)
			n = m.Value
		}
		return n
	}
	before := count()
	require.Equal(t, float64(threading.Recovered()), before)
	quiet := threading.Runner{OnPanic: func(*weir.Panic) {}}
	quiet.Run(func() { panic("one") })
	quiet.Run(func() { panic("two") })
	require.Equal(t, before+2, count())
}

func TestMetricsOfAStableRunnerAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := threading.NewStableRunner(threading.StableOptions{Name: "thumbs", Workers: 2, Buffer: 5}, func(d time.Duration) int {
			time.Sleep(d)
			return 0
		})
		for _, d := range []time.Duration{1, 1, 3, 3, 3} {
			require.NoError(t, s.Push(t.Context(), d*time.Second))
		}
		time.Sleep(2 * time.Second)
		_, err := s.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, threading.StableStats{Workers: 2, Running: 2, Buffer: 5, Owed: 4, Pushed: 5, Done: 2}, s.Stats())
		got := map[string]float64{}
		for m := range s.Metrics {
			require.Equal(t, []weir.Label{{Name: "name", Value: "thumbs"}}, m.Labels)
			require.NotEmpty(t, m.Help)
			got[m.Kind.String()+" "+m.Name] = m.Value
		}
		require.Equal(t, map[string]float64{
			"gauge weir_stable_runner_workers": 2, "gauge weir_stable_runner_running": 2,
			"gauge weir_stable_runner_buffer": 5, "gauge weir_stable_runner_owed": 4,
			"counter weir_stable_runner_pushed_total": 5, "counter weir_stable_runner_done_total": 2,
		}, got)
		for range s.Metrics { // a poll that stops early
			break
		}
		require.NoError(t, s.Close(t.Context()))
	})
}

func ExamplePanics() {
	before := threading.Recovered()
	threading.Runner{OnPanic: func(*weir.Panic) {}}.Run(func() { panic("lost") })
	for m := range (threading.Panics{}).Metrics {
		fmt.Println(m.Name, m.Value-float64(before))
	}
	// Output: weir_threading_panics_total 1
}

func ExampleStableStats() {
	squares := threading.NewStableRunner(threading.StableOptions{Workers: 2, Buffer: 4}, func(i int) int { return i * i })
	for i := range 3 {
		_ = squares.Push(context.Background(), i)
	}
	_ = squares.Close(context.Background())
	st := squares.Stats()
	fmt.Println(st.Done, "done,", st.Owed, "owed, room for", st.Buffer)
	// Output: 3 done, 3 owed, room for 4
}
