package metrics_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

const (
	updateMetrics = "WEIR_UPDATE_METRICS"
	root          = "../.."
)

// A row is what the page says of a metric.
type row struct {
	name, kind, help string
	labels           []string
	values           map[string][]string // of the labels whose values are known in advance
}

// closed are the labels whose values are known in advance.
var closed = []string{"outcome", "reason", "class"}

func (r *row) add(label, value string) {
	if !slices.Contains(r.labels, label) {
		r.labels = append(r.labels, label)
	}
	if slices.Contains(closed, label) && !slices.Contains(r.values[label], value) {
		r.values[label] = append(r.values[label], value)
	}
}

// catalogue is all metrics by name, in the order of sections.
type catalogue struct {
	sections []section
	rows     map[string]*row
	of       [][]*row // by section
}

func readCatalogue(t *testing.T) *catalogue {
	c := &catalogue{sections: sections(t), rows: map[string]*row{}}
	for i, s := range c.sections {
		c.of = append(c.of, nil)
		for _, source := range s.sources {
			for m := range source.Metrics {
				r := c.row(t, i, m.Name, m.Kind.String(), m.Help)
				for _, l := range m.Labels {
					r.add(l.Name, l.Value)
				}
			}
		}
		for _, collector := range s.collectors {
			c.gather(t, i, collector)
		}
	}
	c.complete()
	return c
}

// row returns the row of a name. A metric is of the first section that tells it, and
// says the same wherever it is told.
func (c *catalogue) row(t *testing.T, i int, name, kind, help string) *row {
	r := c.rows[name]
	if r == nil {
		r = &row{name: name, kind: kind, help: help, values: map[string][]string{}}
		c.rows[name] = r
		c.of[i] = append(c.of[i], r)
	}
	require.Equal(t, r.kind, kind, name)
	require.Equal(t, r.help, help, name)
	return r
}

func (c *catalogue) gather(t *testing.T, i int, collector prometheus.Collector) {
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(collector))
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		r := c.row(t, i, f.GetName(), strings.ToLower(f.GetType().String()), f.GetHelp())
		for _, l := range f.Metric[0].Label {
			r.add(l.GetName(), l.GetValue())
		}
	}
}

// complete adds what the shedder says only of what has happened.
func (c *catalogue) complete() {
	for _, name := range []string{"weir_shedder_refusals_total", "weir_shedder_spared_total"} {
		clear(c.rows[name].values)
		for reason := load.ReasonLimit; reason <= load.ReasonQueue; reason++ {
			c.rows[name].add("reason", reason.String())
		}
		for class := weir.Sheddable; class <= weir.CriticalPlus; class++ {
			c.rows[name].add("class", class.String())
		}
	}
}

// unit is what a number of the metric counts.
func (r *row) unit() string {
	name := strings.TrimSuffix(r.name, "_total")
	switch {
	case strings.HasSuffix(name, "_seconds"):
		return "seconds"
	case strings.HasSuffix(name, "_per_second"):
		return "per second"
	case strings.HasSuffix(name, "_ratio"):
		return "0 to 1"
	case r.flag():
		return "0 or 1"
	case name == "weir_breaker_state":
		return "0 to 5"
	case name == "weir_shedder_signal_level":
		return "1 is too much"
	case name == "weir_shedder_workers":
		return "mean number"
	}
	return "number"
}

// flag reports whether the metric says yes or no.
func (r *row) flag() bool {
	return strings.HasPrefix(r.help, "1 if ") || strings.HasPrefix(r.help, "Whether ")
}

func (r *row) String() string {
	var labels []string
	for _, l := range r.labels {
		text := "`" + l + "`"
		if values := r.values[l]; len(values) > 0 {
			text += " (" + strings.Join(values, ", ") + ")"
		}
		labels = append(labels, text)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s |", r.name, r.kind, strings.Join(labels, ", "), strings.ReplaceAll(r.help, "|", `\|`), r.unit())
}

func (c *catalogue) page() string {
	var b strings.Builder
	b.WriteString(introduction)
	for i, s := range c.sections {
		types := strings.Join(s.types, "`, `")
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n| metric | kind | labels | meaning | unit |\n|---|---|---|---|---|\n", s.title, types)
		for _, r := range c.of[i] {
			b.WriteString(r.String() + "\n")
		}
	}
	return b.String()
}

func TestThePageOfMetricsIsWhatComponentsTell(t *testing.T) {
	page := readCatalogue(t).page()
	name := filepath.Join(root, "docs", "metrics.md")
	if os.Getenv(updateMetrics) != "" {
		require.NoError(t, os.WriteFile(name, []byte(page), 0o644))
	}
	written, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(written), "\r", ""), page,
		"go test -count=1 ./verify/metrics with %s=1 writes it anew", updateMetrics)
}

// names returns the names under which Prometheus keeps a metric, and the labels of each.
func (c *catalogue) names() map[string][]string {
	all := map[string][]string{}
	for name, r := range c.rows {
		if r.kind != strings.ToLower(dto.MetricType_HISTOGRAM.String()) {
			all[name] = r.labels
			continue
		}
		all[name+"_sum"], all[name+"_count"] = r.labels, r.labels
		all[name+"_bucket"] = append(slices.Clone(r.labels), "le")
	}
	return all
}

func (c *catalogue) sorted() []*row {
	return slices.SortedFunc(maps.Values(c.rows), func(a, b *row) int { return cmp.Compare(a.name, b.name) })
}
