package metrics_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirprom"
)

// calledOtherwise are components whose first label is another one than name.
var calledOtherwise = map[string]string{
	"weir_etcd_":      "", // by the key or the target, as far as there is one
	"weir_collector_": "", // one per registry
	"weir_threading_": "", // one per process
	"weir_http_":      "",
}

func TestNamesFollowTheRules(t *testing.T) {
	c := readCatalogue(t)
	snake := regexp.MustCompile(`^weir(_[a-z]+)+$`)
	for _, r := range c.sorted() {
		require.Regexp(t, snake, r.name)
		require.Equal(t, r.kind == "counter", strings.HasSuffix(r.name, "_total"), r.name)
		require.True(t, strings.HasSuffix(r.help, ".") && !strings.Contains(r.help, "\n"), "%s: %q is a sentence", r.name, r.help)
		require.Equal(t, strings.ToUpper(r.help[:1]), r.help[:1], r.name)
		for _, l := range r.labels {
			require.Regexp(t, `^[a-z]+$`, l, r.name)
		}
		if strings.Contains(r.name, "panic") && r.kind == "counter" {
			require.Regexp(t, `_panics_total$|^weir_http_requests_panicked_total$`, r.name, "alerts look for it")
		}
	}
}

func TestComponentsAreCalledByTheLabelName(t *testing.T) {
	for _, r := range readCatalogue(t).sorted() {
		want := "name"
		for prefix, label := range calledOtherwise {
			if strings.HasPrefix(r.name, prefix) {
				want = label
			}
		}
		if want != "" {
			require.NotEmpty(t, r.labels, r.name)
			require.Equal(t, want, r.labels[0], r.name)
		}
	}
}

// OpenMetrics calls a counter what it is called without _total: nothing else may be.
func TestNamesAreApartInOpenMetricsToo(t *testing.T) {
	c := readCatalogue(t)
	for _, r := range c.sorted() {
		if base, ok := strings.CutSuffix(r.name, "_total"); ok {
			require.NotContains(t, c.rows, base)
		}
		for _, suffix := range []string{"_sum", "_count", "_bucket", "_created", "_info"} {
			require.False(t, strings.HasSuffix(r.name, suffix), r.name)
		}
	}
}

func TestAllOfThemInOneScrapePassTheLinter(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	collector := weirprom.NewCollector()
	require.NoError(t, registry.Register(collector))
	for _, s := range sections(t) {
		if !slices.Contains(s.types, "weirprom.Collector") {
			collector.Add(s.sources...)
		}
		for _, c := range s.collectors {
			require.NoError(t, registry.Register(c))
		}
	}
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
		# HELP weir_collector_panics_total Panics of sources while they were asked.
		# TYPE weir_collector_panics_total counter
		weir_collector_panics_total 0
	`), "weir_collector_panics_total"))
}
