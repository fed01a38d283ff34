package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/bench/lab"
)

// The server refuses two of three requests. The clients' breakers take that for
// failures, as they should, and must not make an outage of it.
func TestABreakerInTheClientLetsTheShedderWork(t *testing.T) {
	for _, n := range []int{1, 5} {
		t.Run(fmt.Sprintf("%d clients", n), func(t *testing.T) {
			t.Parallel()
			c := lab.SeriesCase(n)
			c.Seed = *seed
			got := lab.MeasureSeries(c, "Weir", func() *lab.Series { return lab.WeirSeries(n) }, bubble(t))
			var text strings.Builder
			require.NoError(t, got.WriteText(&text))
			t.Log(text.String())
			require.Empty(t, strings.Join(got.Missed(), "\n"))
			require.Zero(t, got.Trips)
			require.Greater(t, got.Worst, 0.85)
			require.Positive(t, got.ByClient)
		})
	}
}
