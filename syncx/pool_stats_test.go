package syncx_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

func TestPoolMetricsAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := syncx.NewPool(syncx.PoolOptions[int]{
			Name: "db", MaxOpen: 4, MaxIdle: 3, MaxIdleTime: time.Minute, MaxLifetime: time.Hour,
			Create: numbered(), Healthy: func(n int) bool { return n != 4 },
		})
		items := []syncx.Item[int]{get(t, p), get(t, p), get(t, p), get(t, p)}
		go func() { p.Put(get(t, p)) }()
		time.Sleep(2 * time.Second)
		p.Discard(items[0]) // 5 is created
		synctest.Wait()
		p.Put(items[2])
		p.Put(items[3])
		p.Put(items[1]) // surplus
		require.Equal(t, 6, get(t, p).Value, "in the place of 4")
		require.Equal(t, 3, get(t, p).Value)
		time.Sleep(time.Minute) // 5 is idle for too long
		synctest.Wait()

		got := map[string]float64{}
		p.Metrics(func(m weir.Metric) bool {
			require.Equal(t, weir.Label{Name: "name", Value: "db"}, m.Labels[0])
			require.NotEmpty(t, m.Help)
			name := m.Name
			if len(m.Labels) > 1 {
				name += " " + m.Labels[1].Value
			}
			got[name] = m.Value
			return true
		})
		require.Equal(t, map[string]float64{
			"weir_pool_max_open": 4, "weir_pool_open": 2, "weir_pool_idle": 0, "weir_pool_in_use": 2,
			"weir_pool_waiting": 0, "weir_pool_waits_total": 1, "weir_pool_wait_seconds_total": 2,
			"weir_pool_created_total": 6, "weir_pool_create_failures_total": 0,
			"weir_pool_destroyed_total idle": 1, "weir_pool_destroyed_total lifetime": 0,
			"weir_pool_destroyed_total unhealthy": 1, "weir_pool_destroyed_total discarded": 1,
			"weir_pool_destroyed_total surplus": 1, "weir_pool_destroyed_total closed": 0,
		}, got)
	})
}

func TestPoolMetricsStopWhenTold(t *testing.T) {
	p := newPool(1)
	all := 0
	p.Metrics(func(weir.Metric) bool { all++; return true })
	for stop := 1; stop <= all; stop++ {
		calls := 0
		p.Metrics(func(weir.Metric) bool { calls++; return calls < stop })
		require.Equal(t, stop, calls)
	}
}
