package limit_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
)

var _ weir.Source = (*limit.Concurrency)(nil)

// busy returns a limit of which every number in Stats is another one.
func busy(t *testing.T) (l *limit.Concurrency, cleanup func()) {
	l = limit.NewConcurrency(limit.ConcurrencyOptions{
		Name: "db", Max: 70, MaxQueue: 3, MaxWait: time.Second, MaxHold: 8 * time.Second,
	})
	take(t, l, 4) // to be forgotten
	held := take(t, l, 66)
	for range 3 {
		call(t.Context(), l)
	}
	for range 2 {
		require.Same(t, limit.ErrFull, call(t.Context(), l).err)
	}
	time.Sleep(time.Second)
	synctest.Wait() // three timed out
	settle(held[1:]...)
	time.Sleep(8 * time.Second)
	more := take(t, l, 65)
	last := call(t.Context(), l) // reclaims five, takes one
	last.requireAdmitted(t)
	more = append(more, take(t, l, 4)...)
	queued := line(t, l, 2)
	return l, func() {
		settle(last.permit)
		settle(more...)
		synctest.Wait()
		for _, c := range queued {
			settle(c.permit)
		}
		requireWhole(t, l)
	}
}

func TestStatsCountWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, cleanup := busy(t)
		require.Equal(t, limit.ConcurrencyStats{
			Max: 70, InFlight: 70, Waiting: 2,
			Admitted: 140, Refused: 2, TimedOut: 3, Reclaimed: 5,
		}, l.Stats())
		cleanup()
	})
}

func TestMetricsSayTheSameAsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, cleanup := busy(t)
		got := map[string]float64{}
		for m := range l.Metrics {
			require.NotContains(t, got, m.Name)
			got[m.Name] = m.Value
			require.NotEmpty(t, m.Help)
			require.Equal(t, []weir.Label{{Name: "name", Value: "db"}}, m.Labels)
			require.Equal(t, strings.HasSuffix(m.Name, "_total"), m.Kind == weir.Counter, m.Name)
		}
		require.Equal(t, map[string]float64{
			"weir_concurrency_max":             70,
			"weir_concurrency_in_flight":       70,
			"weir_concurrency_waiting":         2,
			"weir_concurrency_admitted_total":  140,
			"weir_concurrency_refused_total":   2,
			"weir_concurrency_timed_out_total": 3,
			"weir_concurrency_reclaimed_total": 5,
		}, got)
		cleanup()
	})
}

func TestMetricsStopWhenAskedTo(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1})
	calls := 0
	l.Metrics(func(weir.Metric) bool { calls++; return calls < 2 })
	require.Equal(t, 2, calls)
}

func TestMetricsHoldNoLockWhileTheyYield(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1, MaxQueue: 1, MaxWait: 1})
	for range l.Metrics {
		p := take(t, l, 1)
		_, err := l.Allow(context.Background())
		require.Same(t, limit.ErrQueueTimeout, err)
		settle(p...)
	}
	requireWhole(t, l)
}

func TestCountersOnlyGrow(t *testing.T) {
	l := limit.NewConcurrency(limit.ConcurrencyOptions{Max: 3, MaxQueue: 2, MaxWait: time.Microsecond})
	done := make(chan struct{})
	go func() {
		defer close(done)
		swarm(8, 2000, func(int, int) {
			if p, err := l.Allow(context.Background()); err == nil {
				p.Done(weir.Success)
			}
		})
	}()
	var last limit.ConcurrencyStats
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		st := l.Stats()
		require.GreaterOrEqual(t, st.Admitted, last.Admitted)
		require.GreaterOrEqual(t, st.Refused, last.Refused)
		require.GreaterOrEqual(t, st.TimedOut, last.TimedOut)
		require.LessOrEqual(t, st.InFlight, st.Max)
		require.LessOrEqual(t, st.Waiting, 2)
		last = st
	}
	require.Equal(t, uint64(8*2000), last.Admitted+last.Refused+last.TimedOut)
}
