package weirhttp_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/cache"
	"github.com/weirgo/weir/collection"
	"github.com/weirgo/weir/executors"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/syncx"
	"github.com/weirgo/weir/threading"
	"github.com/weirgo/weir/weirhttp"
)

// What the page shows at a glance it finds by the names of metrics, which live in
// other packages.
func TestDebugFindsWhatItShowsAtAGlance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entries := cache.New(cache.Options[int, int]{})
		defer entries.Close(context.Background())
		pool := syncx.NewPool(syncx.PoolOptions[int]{MaxOpen: 1, Create: func(context.Context) (int, error) { return 1, nil }})
		defer pool.Close(context.Background())
		bulk := executors.NewBulk(executors.BulkOptions[int]{Handle: func(context.Context, []int) error { return nil }})
		defer bulk.Close(context.Background())
		wheel := collection.NewTimingWheel(collection.WheelOptions[int, int]{OnFire: func(int, int) {}})
		defer wheel.Close(context.Background())
		timers := collection.NewTimers(collection.TimersOptions{})
		defer timers.Close(context.Background())
		workers := threading.NewWorkerGroup(threading.WorkerOptions{Job: func(context.Context) error { return nil }})
		defer workers.Close(context.Background())

		for kind, want := range map[string]struct {
			of   weir.Source
			lead []string
		}{
			"breaker":      {named("x"), []string{"success", "failed", "refused", "drops"}},
			"shedder":      {load.New(load.Options{}), []string{"success", "refused", "in flight", "limit"}},
			"rate limit":   {limit.NewToken(limit.TokenOptions{Rate: limit.PerSecond(1)}), []string{"allowed", "refused", "keys"}},
			"quota":        {limit.NewPeriod(limit.PeriodOptions{Quota: 1, Period: time.Hour}), []string{"allowed", "refused", "keys"}},
			"concurrency":  {limit.NewConcurrency(limit.ConcurrencyOptions{Max: 1}), []string{"in flight", "limit", "waiting", "refused"}},
			"retry budget": {fx.NewRetryBudget(fx.RetryBudgetOptions{}), []string{"retries", "refused", "room"}},
			"pool":         {pool, []string{"in use", "limit", "waiting", "failed"}},
			"cache":        {entries, []string{"hits", "misses", "failed", "entries"}},
			"executor":     {bulk, []string{"handled", "pending", "waiting", "lost"}},
			"task runner":  {threading.NewTaskRunner(threading.TaskOptions{}), []string{"done", "running", "queued", "refused"}},
			"worker group": {workers, []string{"live", "of", "panics"}},
			"wheel":        {wheel, []string{"fired", "pending", "due", "panics"}},
			"timers":       {timers, []string{"fired", "pending", "due", "panics"}},
			"transport":    {weirhttp.NewTransport(nil, weirhttp.TransportOptions{}), []string{"calls", "in flight", "retries", "refused"}},
		} {
			v := watch(t, weirhttp.Debug(want.of), "")
			v.leave()
			<-v.gone
			found := false
			for _, row := range v.last().Rows {
				if row.Kind == kind {
					require.Equal(t, want.lead, titles(v.last(), row.Layout), kind)
					found = true
				}
			}
			require.True(t, found, kind)
		}
	})
}

func titles(e event, layout int) (titles []string) {
	for _, l := range e.Layouts[strconv.Itoa(layout)].Lead {
		titles = append(titles, l.Title)
	}
	return titles
}

func TestDebugShowsTheFirstMetricsOfWhatItDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := watch(t, weirhttp.Debug(metrics{
			gauge("mail_depth", 1), gauge("mail_wait_seconds", 2), gauge("mail_size_bytes", 3), gauge("mail_fill_ratio", 4), gauge("mail_rest", 5),
		}), "")
		v.leave()
		<-v.gone
		require.Equal(t, "metrics", v.last().Rows[0].Kind)
		require.Equal(t, []string{"mail depth", "mail wait", "mail size", "mail fill"}, titles(v.last(), 0))
	})
}

func TestDebugShowsATransportByItsParts(t *testing.T) {
	tr := weirhttp.NewTransport(nil, weirhttp.TransportOptions{
		Name: "partners", Limit: limit.ConcurrencyOptions{Max: 5}, HostLimit: limit.ConcurrencyOptions{Max: 2},
	})
	kinds := reportOf(t, weirhttp.Debug(tr), "").Kinds
	require.Equal(t, map[string]int{"transport": 1, "retry budget": 1, "concurrency": 2, "breaker": 1}, kinds)

	var want, got []weir.Metric
	tr.Metrics(func(m weir.Metric) bool { want = append(want, m); return true })
	for part := range tr.Parts() {
		part.Metrics(func(m weir.Metric) bool { got = append(got, m); return true })
	}
	require.Equal(t, want, got)
	for n := range 5 {
		seen := 0
		for range tr.Parts() {
			if seen++; seen > n {
				break
			}
		}
		require.Equal(t, n+1, seen)
	}
}

func TestDebugSortsTheMetricsOfOneSourceByComponent(t *testing.T) {
	label := func(values ...string) (labels []weir.Label) {
		for i, v := range values {
			labels = append(labels, weir.Label{Name: []string{"name", "target", "node"}[i], Value: v})
		}
		return labels
	}
	m := metrics{
		{Name: "weir_redis_cache_shared_total", Kind: weir.Counter, Labels: label("c")},
		{Name: "weir_balancer_ready", Labels: label("b", "orders", "10.0.0.1"), Value: 1},
		{Name: "weir_balancer_in_flight", Labels: label("b", "orders", "10.0.0.1")},
		{Name: "weir_balancer_ready", Labels: label("b", "orders", "10.0.0.2"), Value: 1},
		{Name: "weir_redis_cache_corrupt_total", Kind: weir.Counter, Labels: label("c")},
		{Name: "weir_breaker_state", Labels: label("c/node"), Value: float64(breaker.Open)},
		{Name: "depth", Labels: label("mails")},
	}
	got := []string{}
	for _, c := range reportOf(t, weirhttp.Debug(m), "").Components {
		got = append(got, c.Kind+" "+c.Name+" "+c.State)
	}
	slices.Sort(got)
	require.Equal(t, []string{
		"balancer b / orders / 10.0.0.1 ok", "balancer b / orders / 10.0.0.2 ok", "breaker c/node open", "metrics mails ok", "redis cache c ok",
	}, got)
}
