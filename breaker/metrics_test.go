package breaker_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
)

func collect(s weir.Source) (metrics []weir.Metric) {
	s.Metrics(func(m weir.Metric) bool {
		metrics = append(metrics, m)
		return true
	})
	return metrics
}

// values returns the values of metrics by name and labels.
func values(metrics []weir.Metric) map[string]float64 {
	byName := map[string]float64{}
	for _, m := range metrics {
		var labels []string
		for _, l := range m.Labels {
			labels = append(labels, l.Name+"="+l.Value)
		}
		byName[m.Name+"{"+strings.Join(labels, ",")+"}"] = m.Value
	}
	return byName
}

func TestMetricsShowWhatStatsShow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(breaker.Options{Name: "db"})
		require.Equal(t, 4, times(4, b, func(context.Context) error { time.Sleep(10 * time.Millisecond); return nil }))
		p, _ := b.Allow(t.Context())
		p.Done(weir.Ignored)
		open(t, b)
		require.Zero(t, times(7, b, succeed))
		st := b.Stats()
		require.Equal(t, map[string]float64{
			"weir_breaker_calls_total{name=db,outcome=success}": 4,
			"weir_breaker_calls_total{name=db,outcome=failure}": float64(st.Failed),
			"weir_breaker_calls_total{name=db,outcome=ignored}": 1,
			"weir_breaker_calls_total{name=db,outcome=refused}": 7,
			"weir_breaker_spared_total{name=db}":                0,
			"weir_breaker_trips_total{name=db}":                 1,
			"weir_breaker_usual_seconds{name=db}":               0.01,

			"weir_breaker_window_calls{name=db,outcome=success}": float64(st.WindowAccepted),
			"weir_breaker_window_calls{name=db,outcome=failure}": float64(st.WindowFailed),
			"weir_breaker_window_calls{name=db,outcome=refused}": float64(st.WindowThrottled),
			"weir_breaker_drop_ratio{name=db}":                   1,
			"weir_breaker_state{name=db}":                        2,
		}, values(collect(b)))
	})
}

func TestMetricsFollowTheConventions(t *testing.T) {
	for _, m := range collect(breaker.New(breaker.Options{})) {
		require.True(t, strings.HasPrefix(m.Name, "weir_breaker_"))
		require.NotEmpty(t, m.Help)
		require.Equal(t, m.Kind == weir.Counter, strings.HasSuffix(m.Name, "_total"))
	}
}

func TestStateMetricNumbersTheStates(t *testing.T) {
	b := breaker.New(breaker.Options{})
	for _, state := range []breaker.State{
		breaker.Closed, breaker.Open, breaker.ForcedOpen, breaker.Disabled, breaker.DryRun,
	} {
		b.Force(state)
		metrics := collect(b)
		last := metrics[len(metrics)-1]
		require.Equal(t, float64(state), last.Value)
		help, _, _ := strings.Cut(last.Help[strings.Index(last.Help, string('0'+rune(state))):], ",")
		require.Equal(t, state.String(), strings.ReplaceAll(strings.Trim(help[2:], "."), " ", "-"))
	}
}

func TestMetricsStopWhenToldTo(t *testing.T) {
	g := breaker.NewGroup[int](breaker.GroupOptions{})
	for key := range 3 {
		g.Get(key)
	}
	for _, s := range []weir.Source{g.Get(1), g} {
		all := len(collect(s))
		for stop := 1; stop <= all; stop++ {
			yielded := 0
			s.Metrics(func(weir.Metric) bool {
				yielded++
				return yielded < stop
			})
			require.Equal(t, stop, yielded)
		}
	}
}

func TestMetricsHoldNoLock(t *testing.T) {
	g := breaker.NewGroup[int](breaker.GroupOptions{})
	for key := range 3 {
		because(g.Get(key), "down")
	}
	g.Metrics(func(weir.Metric) bool {
		for key := range 6 {
			because(g.Get(key), "down")
		}
		return true
	})
	require.Equal(t, 6, g.Len())
}

func TestGroupMetricsAreThoseOfEachBreaker(t *testing.T) {
	g := breaker.NewGroup[string](breaker.GroupOptions{Options: breaker.Options{Name: "http"}})
	for i, key := range []string{"a", "b"} {
		require.Equal(t, i+1, times(i+1, g.Get(key), succeed))
	}
	metrics := collect(g)
	require.Len(t, metrics, 3*len(collect(g.Get("a"))))
	got := values(metrics)
	require.Equal(t, 1.0, got["weir_breaker_calls_total{name=http/a,outcome=success}"])
	require.Equal(t, 2.0, got["weir_breaker_calls_total{name=http/b,outcome=success}"])
	require.Equal(t, "http/(overflow)", metrics[len(metrics)-1].Labels[0].Value)
	require.Equal(t, "http/(overflow)", g.Overflow().Name())
}
