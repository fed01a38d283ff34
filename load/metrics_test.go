package load_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

var _ weir.Source = (*load.Shedder)(nil)

// metrics returns all metrics by name and labels.
func metrics(s *load.Shedder) map[string]weir.Metric {
	all := map[string]weir.Metric{}
	s.Metrics(func(m weir.Metric) bool {
		key := m.Name
		for _, l := range m.Labels {
			key += " " + l.Name + "=" + l.Value
		}
		if _, twice := all[key]; twice {
			panic("twice: " + key)
		}
		all[key] = m
		return true
	})
	return all
}

func TestMetricsAreTheStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		level := func() (float64, error) { return 0.5, nil }
		s := blind(load.Options{Name: "api", InitialLimit: 6, Signals: []load.Signal{
			{Name: "disk", Read: level},
			{Name: "net", Read: func() (float64, error) { return 0, errors.New("unplugged") }},
		}})
		for o := weir.Success; o <= weir.Overloaded; o++ {
			leave(o, enter(t, s, 1)...)
		}
		held := enter(t, s, 6)
		requireRefused(t, s, of(weir.Sheddable), load.ReasonLimit)
		all := metrics(s)
		for key, want := range map[string]float64{
			"in_flight name=api":                                   6,
			"waiting name=api":                                     0,
			"limit name=api class=critical-plus":                   6,
			"limit name=api class=sheddable":                       6,
			"pushback_ratio name=api":                              0,
			"calls_total name=api outcome=success":                 1,
			"calls_total name=api outcome=failure":                 1,
			"calls_total name=api outcome=ignored":                 1,
			"calls_total name=api outcome=overloaded":              1,
			"calls_total name=api outcome=forgotten":               0,
			"calls_total name=api outcome=refused":                 1,
			"timed_out_total name=api":                             0,
			"refusals_total name=api reason=limit class=sheddable": 1,
			"signal_level name=api signal=disk":                    0.5,
			"signal_readable name=api signal=disk":                 1,
			"signal_readable name=api signal=net":                  0,
			"signal_squeeze_ratio name=api signal=net":             0,
		} {
			m, ok := all["weir_shedder_"+key]
			require.True(t, ok, key)
			require.Equal(t, want, m.Value, key)
		}
		for _, key := range []string{"workers", "capacity_per_second", "offered_per_second", "service_seconds"} {
			require.Contains(t, all, "weir_shedder_"+key+" name=api")
		}
		leave(weir.Success, held...)
	})
}

func TestMetricsKeepTheConventions(t *testing.T) {
	s := blind(load.Options{Name: "api", InitialLimit: 1, Signals: []load.Signal{load.CPU(0)}})
	defer leave(weir.Success, enter(t, s, 1)...)
	requireRefused(t, s, context.Background(), load.ReasonLimit)
	name := regexp.MustCompile(`^weir_shedder(_[a-z]+)+$`)
	help := map[string]string{}
	for key, m := range metrics(s) {
		require.Regexp(t, name, m.Name)
		require.Equal(t, m.Kind == weir.Counter, strings.HasSuffix(m.Name, "_total"), key)
		require.Equal(t, weir.Label{Name: "name", Value: "api"}, m.Labels[0], key)
		require.NotEmpty(t, m.Help, key)
		if first, ok := help[m.Name]; ok {
			require.Equal(t, first, m.Help, "one help text per name")
		}
		help[m.Name] = m.Help
	}
}

func TestMetricsStopWhenToldTo(t *testing.T) {
	s := blind(load.Options{})
	total := len(metrics(s))
	for stop := 1; stop <= total; stop++ {
		n := 0
		s.Metrics(func(weir.Metric) bool {
			n++
			return n < stop
		})
		require.Equal(t, stop, n)
	}
}

func TestWhoReadsMetricsMayUseTheShedder(t *testing.T) {
	s := blind(load.Options{Signals: []load.Signal{load.CPU(0)}, MaxQueue: 5})
	s.Metrics(func(weir.Metric) bool {
		leave(weir.Success, enter(t, s, 1)...)
		_ = s.Stats()
		s.Metrics(func(weir.Metric) bool { return false })
		return true
	})
	require.Zero(t, s.Stats().InFlight)
}

func TestCountersNeverGoBack(t *testing.T) {
	s := blind(load.Options{InitialLimit: 2})
	last := map[string]float64{}
	for i := range 300 {
		if p, err := s.Allow(of(allClasses[i%4])); err == nil && i%3 != 0 {
			p.Done(weir.Outcome(i % 4))
		} else {
			defer p.Done(weir.Ignored)
		}
		for key, m := range metrics(s) {
			if m.Kind == weir.Counter {
				require.GreaterOrEqual(t, m.Value, last[key], key)
				last[key] = m.Value
			}
		}
	}
	require.NotZero(t, last["weir_shedder_calls_total name= outcome=refused"], fmt.Sprint(last))
}
