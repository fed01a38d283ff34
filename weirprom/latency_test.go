package weirprom_test

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirprom"
)

func queries() weirprom.LatencyOptions {
	return weirprom.LatencyOptions{Name: "db_query_duration_seconds", Help: "How long queries took.", Labels: []string{"query", "outcome"}}
}

func TestLatencyIsAHistogramOfSeconds(t *testing.T) {
	o := queries()
	o.Buckets = []float64{.1, 1}
	l := weirprom.NewLatency(o)
	l.Observe(100*time.Millisecond, "select", "success")
	l.Observe(500*time.Millisecond, "select", "success")
	l.Observe(2*time.Second, "select", "success")
	l.Observe(time.Millisecond, "insert", "failure")
	require.NoError(t, testutil.CollectAndCompare(l, strings.NewReader(`
		# HELP db_query_duration_seconds How long queries took.
		# TYPE db_query_duration_seconds histogram
		db_query_duration_seconds_bucket{outcome="failure",query="insert",le="0.1"} 1
		db_query_duration_seconds_bucket{outcome="failure",query="insert",le="1"} 1
		db_query_duration_seconds_bucket{outcome="failure",query="insert",le="+Inf"} 1
		db_query_duration_seconds_sum{outcome="failure",query="insert"} 0.001
		db_query_duration_seconds_count{outcome="failure",query="insert"} 1
		db_query_duration_seconds_bucket{outcome="success",query="select",le="0.1"} 1
		db_query_duration_seconds_bucket{outcome="success",query="select",le="1"} 2
		db_query_duration_seconds_bucket{outcome="success",query="select",le="+Inf"} 3
		db_query_duration_seconds_sum{outcome="success",query="select"} 2.6
		db_query_duration_seconds_count{outcome="success",query="select"} 3
	`)))
	lint(t, registryOf(t, l))
}

func TestLatencyHasTheDefaultBuckets(t *testing.T) {
	l := weirprom.NewLatency(queries())
	l.Observe(time.Second, "select", "success")
	families, err := registryOf(t, l).Gather()
	require.NoError(t, err)
	var bounds []float64
	for _, b := range families[0].Metric[0].Histogram.Bucket {
		bounds = append(bounds, b.GetUpperBound())
	}
	require.Equal(t, weirprom.Buckets(), bounds)
	require.Equal(t, .001, bounds[0])
	require.Equal(t, 10.0, bounds[len(bounds)-1])
	require.Zero(t, families[0].Metric[0].Histogram.GetSchema())
}

func TestNativeHistogramsComeWithClassicBucketsOnlyIfTold(t *testing.T) {
	for _, buckets := range [][]float64{nil, {1, 2}} {
		o := queries()
		o.Native, o.Buckets = true, buckets
		l := weirprom.NewLatency(o)
		l.Observe(time.Second, "select", "success")
		families, err := registryOf(t, l).Gather()
		require.NoError(t, err)
		h := families[0].Metric[0].Histogram
		require.Len(t, h.Bucket, len(buckets))
		require.Equal(t, int32(3), h.GetSchema(), "a factor of 2^(2^-3), or 1.09")
		require.NotEmpty(t, h.PositiveSpan)
	}
}

func TestLatencySeriesAreBounded(t *testing.T) {
	for limit, want := range map[int]int{0: 1001, 3: 4, -1: 1100} {
		o := queries()
		o.MaxSeries = limit
		l := weirprom.NewLatency(o)
		for range 2 {
			for i := range 1100 {
				l.Observe(time.Second, strconv.Itoa(i), "success")
			}
		}
		got := scrape(t, registryOf(t, l))
		require.Len(t, got, want)
		require.Equal(t, 2.0, got["db_query_duration_seconds outcome=success query=0"])
		require.Equal(t, 2*float64(1101-want)*float64(btoi(want < 1100)), got["db_query_duration_seconds outcome=other query=other"])
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLatencyMakesLabelsSafe(t *testing.T) {
	l := weirprom.NewLatency(queries())
	l.Observe(time.Second, "a\xff", strings.Repeat("x", 1<<20))
	l.Observe(time.Second, "a\x00", "")
	got := scrape(t, registryOf(t, l))
	require.Len(t, got, 2)
	require.Equal(t, 1.0, got["db_query_duration_seconds outcome= query=a\uFFFD"])
}

func TestLatencyNeedsAValueForEachLabel(t *testing.T) {
	l := weirprom.NewLatency(queries())
	for _, values := range [][]string{nil, {"a"}, {"a", "b", "c"}, {"a", "b", "c", "d", "e"}} {
		require.PanicsWithValue(t, "weirprom: a Latency must be given as many values as it has labels", func() { l.Observe(1, values...) })
	}
	none := weirprom.NewLatency(weirprom.LatencyOptions{Name: "a_seconds", Help: "A."})
	none.Observe(time.Second)
	require.Equal(t, map[string]float64{"a_seconds": 1}, scrape(t, registryOf(t, none)))
}

func TestImpossibleLatencyOptionsAreRefused(t *testing.T) {
	change := func(f func(*weirprom.LatencyOptions)) weirprom.LatencyOptions {
		o := queries()
		f(&o)
		return o
	}
	name := "weirprom: LatencyOptions.Name must be a metric's name that ends in _seconds"
	help := "weirprom: LatencyOptions.Help must be set"
	labels := "weirprom: LatencyOptions.Labels must be up to 4 names that differ, and not le"
	buckets := "weirprom: LatencyOptions.Buckets must ascend"
	for _, c := range []struct {
		o    weirprom.LatencyOptions
		text string
	}{
		{change(func(o *weirprom.LatencyOptions) { o.Name = "" }), name},
		{change(func(o *weirprom.LatencyOptions) { o.Name = "a_milliseconds_total" }), name},
		{change(func(o *weirprom.LatencyOptions) { o.Name = "a-b_seconds" }), name},
		{change(func(o *weirprom.LatencyOptions) { o.Help = "" }), help},
		{change(func(o *weirprom.LatencyOptions) { o.Help = "\xff" }), help},
		{change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"a", "b", "c", "d", "e"} }), labels},
		{change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"a", "a"} }), labels},
		{change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"le"} }), labels},
		{change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"__a"} }), labels},
		{change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"a:b"} }), labels},
		{change(func(o *weirprom.LatencyOptions) { o.Buckets = []float64{1, 1} }), buckets},
		{change(func(o *weirprom.LatencyOptions) { o.Buckets = []float64{2, 1} }), buckets},
		{change(func(o *weirprom.LatencyOptions) { o.Buckets = []float64{math.NaN()} }), buckets},
	} {
		require.EqualError(t, c.o.Validate(), c.text)
		require.PanicsWithValue(t, c.text, func() { weirprom.NewLatency(c.o) })
	}
	require.NoError(t, change(func(o *weirprom.LatencyOptions) { o.Labels = []string{"a", "b", "c", "d"} }).Validate())
}

func TestExemplarsAreKeptIfPrometheusTakesThem(t *testing.T) {
	long := strings.Repeat("x", prometheus.ExemplarMaxRunes)
	for _, c := range []struct {
		labels prometheus.Labels
		kept   bool
	}{
		{nil, false},
		{prometheus.Labels{}, false},
		{prometheus.Labels{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}, true},
		{prometheus.Labels{"a": long[1:]}, true},
		{prometheus.Labels{"a": long}, false},
		{prometheus.Labels{"a": strings.Repeat("é", 127)}, true},
		{prometheus.Labels{"a-b": "x"}, false},
		{prometheus.Labels{"__a": "x"}, false},
		{prometheus.Labels{"": "x"}, false},
		{prometheus.Labels{"a": "\xff"}, false},
	} {
		l := weirprom.NewLatency(queries())
		l.ObserveExemplar(20*time.Millisecond, c.labels, "select", "success")
		families, err := registryOf(t, l).Gather()
		require.NoError(t, err)
		h := families[0].Metric[0].Histogram
		require.Equal(t, uint64(1), h.GetSampleCount())
		kept := 0
		for _, b := range h.Bucket {
			if b.Exemplar != nil {
				kept++
				require.Equal(t, .02, b.Exemplar.GetValue())
			}
		}
		require.Equal(t, c.kept, kept == 1, "%v", c.labels)
	}
}

func TestObservationsOfManyGoroutinesAreAllCounted(t *testing.T) {
	o := queries()
	o.MaxSeries = 20
	l := weirprom.NewLatency(o)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 1000 {
				l.Observe(time.Millisecond, strconv.Itoa(i%40), "success")
			}
		})
	}
	all.Wait()
	got := scrape(t, registryOf(t, l))
	require.Len(t, got, 21)
	sum := 0.0
	for _, n := range got {
		sum += n
	}
	require.Equal(t, 8000.0, sum)
}
