package weirprom_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/weirgo/weir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is a source that says the same each time.
type told []weir.Metric

func (t *told) Metrics(yield func(weir.Metric) bool) {
	for _, m := range *t {
		if !yield(m) {
			return
		}
	}
}

func tells(metrics ...weir.Metric) *told { return (*told)(&metrics) }

func gauge(name string, v float64, labels ...string) weir.Metric {
	m := weir.Metric{Name: name, Help: "A " + name + ".", Value: v}
	for i := 0; i < len(labels); i += 2 {
		m.Labels = append(m.Labels, weir.Label{Name: labels[i], Value: labels[i+1]})
	}
	return m
}

func counter(name string, v float64, labels ...string) weir.Metric {
	m := gauge(name, v, labels...)
	m.Kind = weir.Counter
	return m
}

// registryOf returns a registry that checks all it can.
func registryOf(t testing.TB, collectors ...prometheus.Collector) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	for _, c := range collectors {
		require.NoError(t, r.Register(c))
	}
	return r
}

// scrape returns the values of a scrape without an error, by name and labels.
func scrape(t testing.TB, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			key := f.GetName()
			for _, l := range m.Label {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			_, twice := values[key]
			require.False(t, twice, key)
			values[key] = value(m)
		}
	}
	return values
}

func value(m *dto.Metric) float64 {
	switch {
	case m.Counter != nil:
		return m.Counter.GetValue()
	case m.Gauge != nil:
		return m.Gauge.GetValue()
	}
	return float64(m.Histogram.GetSampleCount())
}

func lint(t *testing.T, g prometheus.Gatherer) {
	t.Helper()
	problems, err := testutil.GatherAndLint(g)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// others returns the values but those of the collector itself.
func others(values map[string]float64) map[string]float64 {
	for key := range values {
		if strings.HasPrefix(key, "weir_collector_") {
			delete(values, key)
		}
	}
	return values
}
