package syncx_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/syncx"
)

func TestMetricsOfAResourceManagerAreItsStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := syncx.ResourceManager[string, io.Closer]{Name: "hosts"}
		_, _, err := m.Inject("a", io.NopCloser(nil))
		require.NoError(t, err)
		dial := make(chan struct{})
		go func() {
			_, _ = m.Get(t.Context(), "b", func(context.Context) (io.Closer, error) {
				<-dial
				return io.NopCloser(nil), nil
			})
		}()
		synctest.Wait()
		require.Equal(t, syncx.ResourceStats{Resources: 1, Busy: 1}, m.Stats())
		got := map[string]float64{}
		for metric := range m.Metrics {
			require.Equal(t, []weir.Label{{Name: "name", Value: "hosts"}}, metric.Labels)
			require.Equal(t, weir.Gauge, metric.Kind)
			require.NotEmpty(t, metric.Help)
			got[metric.Name] = metric.Value
		}
		require.Equal(t, map[string]float64{"weir_resources": 1, "weir_resources_busy": 1}, got)
		for range m.Metrics { // a poll that stops early
			break
		}
		close(dial)
		synctest.Wait()
		require.Equal(t, syncx.ResourceStats{Resources: 2}, m.Stats())
		require.NoError(t, m.Close(t.Context()))
		require.Equal(t, syncx.ResourceStats{}, m.Stats())
	})
}

func ExampleResourceStats() {
	var hosts syncx.ResourceManager[string, io.Closer]
	_, _, _ = hosts.Inject("db1", io.NopCloser(nil))
	fmt.Println(hosts.Stats().Resources)
	// Output: 1
}
