package weirhttp_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/weirhttp"
)

func TestDebugKnowsTroubleByTheLevelOfAGauge(t *testing.T) {
	for _, c := range []struct {
		metric       string
		value        float64
		level, state string
	}{
		{"weir_pool_waiting", 1, "notice", "waiting"},
		{"weir_pool_waiting", 0, "ok", "ok"},
		{"weir_token_degraded", 1, "warning", "degraded"},
		{"weir_timers_due", 2, "notice", "late"},
		{"weir_etcd_registered", 0, "critical", "not registered"},
		{"weir_etcd_registered", 1, "ok", "ok"},
		{"weir_etcd_stale", 1, "warning", "stale"},
		{"weir_etcd_stale_seconds", 1, "ok", "ok"},
		{"weir_balancer_ready", 0, "warning", "not ready"},
		{"weir_shedder_signal_readable", 0, "notice", "signal unread"},
		{"mail_waiting", 1, "notice", "waiting"},
		{"mail_refused_total", 1, "ok", "ok"}, // a gauge by mistake, and nothing to go by
	} {
		got := reportOf(t, weirhttp.Debug(metrics{gauge(c.metric, c.value)}), "").Components[0]
		require.Equal(t, []string{c.level, c.state}, []string{got.Level, got.State}, c.metric)
	}
}

func TestDebugKnowsTroubleByTheRateOfACounter(t *testing.T) {
	for metric, want := range map[string][]string{
		"weir_concurrency_refused_total":    {"warning", "refusing"},
		"weir_token_refused_total":          {"notice", "limiting"},
		"weir_shedder_refusals_total":       {"warning", "shedding"},
		"weir_executor_failed_total":        {"warning", "losing items"},
		"weir_executor_handled_total":       {"ok", "ok"},
		"weir_task_runner_panics_total":     {"warning", "panicking"},
		"weir_pool_create_failures_total":   {"warning", "failing"},
		"weir_balancer_failures_total":      {"notice", "failing"},
		"weir_concurrency_timed_out_total":  {"notice", "timing out"},
		"weir_concurrency_reclaimed_total":  {"notice", "reclaiming"},
		"weir_redis_cache_corrupt_total":    {"warning", "corrupt"},
		"mail_refused_total":                {"warning", "refusing"},
		"weir_retry_budget_retries_total":   {"ok", "ok"}, // those that were granted
		"weir_breaker_calls_refused_totals": {"ok", "ok"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := weirhttp.Debug(counter(metric, 1))
			got := reportOf(t, d, "&seconds=1").Components[0]
			require.Equal(t, want, []string{got.Level, got.State}, metric)
			require.Equal(t, "ok", reportOf(t, d, "").Components[0].Level, "one look tells no rate")
		})
	}
}

func TestDebugShowsTheWorstOfAComponent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		classes := map[string]float64{"sheddable": 3, "critical": 7, "critical-plus": 5}
		n := 0.0
		d := weirhttp.Debug(source(func(yield func(weir.Metric) bool) {
			n++
			_ = yield(gauge("weir_shedder_waiting", 9))
			for class, by := range classes {
				yield(weir.Metric{
					Name: "weir_shedder_refusals_total", Help: "Refused calls.", Kind: weir.Counter,
					Labels: []weir.Label{{Name: "name"}, {Name: "reason", Value: "limit"}, {Name: "class", Value: class}}, Value: n * by,
				})
			}
		}))
		c := reportOf(t, d, "&seconds=1&kind=shedder&q=").Components[0]
		require.Equal(t, "shedding", c.State)
		require.Equal(t, "7.0/s (limit, critical): Refused calls.", c.Why)
	})
}

func TestDebugNamesTheStatesOfABreaker(t *testing.T) {
	b := named("db")
	// The same metrics without the type, as a source that has a breaker yields them.
	wrapped := source(b.Metrics)
	for state, level := range map[breaker.State]string{
		breaker.Closed: "ok", breaker.Open: "critical", breaker.ForcedOpen: "critical",
		breaker.Disabled: "notice", breaker.DryRun: "notice",
	} {
		b.Force(state)
		for _, s := range []weir.Source{b, wrapped} {
			c := reportOf(t, weirhttp.Debug(s), "").Components[0]
			require.Equal(t, []string{"breaker", "db", level, state.String()}, []string{c.Kind, c.Name, c.Level, c.State})
		}
	}
}
