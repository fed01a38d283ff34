// Package weirprom shows the components of Weir to Prometheus, through
// github.com/prometheus/client_golang.
//
//	metrics := weirprom.NewCollector(shedder, breakers, pool)
//	requests := weirprom.NewHTTP(weirprom.HTTPOptions{})
//	registry.MustRegister(metrics, requests)
//	handler := weirhttp.Observe(requests.Observe)(mux)
//
// A [Collector] polls sources, which is what all components with a Metrics method
// are, when Prometheus scrapes, and only then: between two scrapes nothing runs and
// nothing is counted that was not counted anyway. What the components do not keep, the
// distribution of latencies, is recorded as it happens by [HTTP], or for anything else
// by a [Latency].
//
// Nothing here is global: what is registered where is up to the caller. There is no
// goroutine and nothing to close. All metrics are listed in docs/metrics.md, a dashboard
// for Grafana and alerts lie beside it.
package weirprom
