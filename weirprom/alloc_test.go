package weirprom_test

import (
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirprom"
)

// Also what had to be made safe or was left out is remembered.
func TestAScrapeAllocatesNothingForASeriesItKnows(t *testing.T) {
	s := tells()
	for i := range 1000 {
		name := "\xff" + strconv.Itoa(i)
		*s = append(*s, gauge("a_depth", 1, "name", name, "class", "good"), counter("a_calls_total", 2, "name", name), gauge("a-b", 3, "name", name))
	}
	c := weirprom.NewCollector(s)
	to := make(chan prometheus.Metric, 3000)
	drained(c, to)
	require.Less(t, testing.AllocsPerRun(10, func() { drained(c, to) }), 50.0)
}
