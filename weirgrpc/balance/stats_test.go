package balance_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirgrpc/balance"
)

func metrics(b *balance.Builder) map[string]float64 {
	all := map[string]float64{}
	b.Metrics(func(m weir.Metric) bool {
		all[m.Name+" "+m.Labels[2].Value] = m.Value
		return true
	})
	return all
}

func TestMetricsTellOfEachServerOverAllConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, first := p2c(t, balance.P2COptions{}, "a", "b")
		second := newChannel(t, b, "")
		_ = second.resolve(endpoints("a")...)
		synctest.Wait()
		first.teach("a", 1, 10*time.Millisecond, nil)
		second.teach("a", 1, 30*time.Millisecond, errBroken)
		second.teach("a", 1, 30*time.Millisecond, nil)
		_, done := second.pick(ctx)
		picks := node(t, b, "b").Picks

		m := metrics(b)
		require.Len(t, m, 12)
		require.Equal(t, 2., m["weir_balancer_ready a"])
		require.Equal(t, 1., m["weir_balancer_ready b"])
		require.Equal(t, 1., m["weir_balancer_in_flight a"])
		require.Zero(t, m["weir_balancer_in_flight b"])
		require.InDelta(t, 0.02, m["weir_balancer_latency_seconds a"], 1e-9)
		require.InDelta(t, (1+57./64)/2, m["weir_balancer_success_ratio a"], 1e-9)
		require.Equal(t, 1., m["weir_balancer_failures_total a"])
		require.GreaterOrEqual(t, m["weir_balancer_picks_total a"], 4.)
		require.Equal(t, float64(picks), m["weir_balancer_picks_total b"])
		done(nil)

		seen := 0
		b.Metrics(func(m weir.Metric) bool {
			seen++
			require.Equal(t, []weir.Label{
				{Name: "name", Value: "p2c_ewma"}, {Name: "target", Value: ":///"}, {Name: "node", Value: "a"},
			}, m.Labels)
			require.NotEmpty(t, m.Help)
			return seen < 3
		})
		require.Equal(t, 3, seen)
	})
}

func TestServersOfAClosedConnectionAreNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := p2c(t, balance.P2COptions{}, "a")
		require.Len(t, known(b), 1)
		_, done := c.pick(ctx)
		c.lb.Close()
		done(nil) // too late for anybody
		require.Empty(t, known(b))
		require.Empty(t, metrics(b))
	})
}
