package weirprom_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
	"github.com/weirgo/weir/weirprom"
)

// show prints the lines of /metrics that begin so.
func show(metrics http.Handler, prefixes ...string) {
	w := httptest.NewRecorder()
	metrics.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for lines := bufio.NewScanner(w.Body); lines.Scan(); {
		for _, prefix := range prefixes {
			if strings.HasPrefix(lines.Text(), prefix) {
				fmt.Println(lines.Text())
			}
		}
	}
}

func ExampleCollector() {
	db := breaker.New(breaker.Options{Name: "db"})
	workers := limit.NewConcurrency(limit.ConcurrencyOptions{Name: "workers", Max: 8})
	registry := prometheus.NewRegistry()
	registry.MustRegister(weirprom.NewCollector(db, workers))

	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	_ = db.Do(context.Background(), func(context.Context) error { return nil })
	show(mux, "weir_breaker_state", "weir_breaker_calls_total", "weir_concurrency_max")
	// Output:
	// weir_breaker_calls_total{name="db",outcome="failure"} 0
	// weir_breaker_calls_total{name="db",outcome="ignored"} 0
	// weir_breaker_calls_total{name="db",outcome="refused"} 0
	// weir_breaker_calls_total{name="db",outcome="success"} 1
	// weir_breaker_state{name="db"} 0
	// weir_concurrency_max{name="workers"} 8
}

func ExampleHTTP() {
	requests := weirprom.NewHTTP(weirprom.HTTPOptions{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(http.ResponseWriter, *http.Request) {})
	handler := weirhttp.Observe(requests.Observe)(mux)
	for _, path := range []string{"/users/1", "/users/2", "/nowhere"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	show(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "weir_http_request_duration_seconds_count")
	// Output:
	// weir_http_request_duration_seconds_count{method="GET",route="/users/{id}",status="2xx"} 2
	// weir_http_request_duration_seconds_count{method="GET",route="unmatched",status="4xx"} 1
}

func ExampleHTTPOptions() {
	requests := weirprom.NewHTTP(weirprom.HTTPOptions{
		// From a slow request in a dashboard to its trace.
		Exemplar: func(r *http.Request) prometheus.Labels {
			if parts := strings.Split(r.Header.Get("Traceparent"), "-"); len(parts) == 4 {
				return prometheus.Labels{"trace_id": parts[1]}
			}
			return nil
		},
		Buckets: []float64{.01, .1, 1},
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests)

	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	requests.Observe(weirhttp.Observation{Request: r, Status: 200, Duration: 50 * time.Millisecond})

	families, err := registry.Gather()
	fmt.Println(families[0].Metric[0].Histogram.Bucket[1].Exemplar.Label[0].GetValue(), err)
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736 <nil>
}

func ExampleLatency() {
	queries := weirprom.NewLatency(weirprom.LatencyOptions{
		Name:   "shop_query_duration_seconds",
		Help:   "How long queries of the database took.",
		Labels: []string{"query"},
	})
	registry := prometheus.NewRegistry()
	registry.MustRegister(queries)

	start := time.Now()
	// ... the query ...
	queries.Observe(time.Since(start), "orders of a user")

	show(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "shop_query_duration_seconds_count")
	// Output: shop_query_duration_seconds_count{query="orders of a user"} 1
}

func ExampleLatencyOptions() {
	o := weirprom.LatencyOptions{Name: "shop_query_milliseconds", Help: "How long queries took."}
	fmt.Println(o.Validate())
	// Output: weirprom: LatencyOptions.Name must be a metric's name that ends in _seconds
}
