package metrics_test

// introduction is the part of the page that is written by hand.
const introduction = `# Metrics

All metrics that Weir's components have, as they tell them themselves: this page is written by the
tests in ` + "`verify/metrics`" + `, which also fail if a component is missing here.

` + "```go" + `
metrics := weirprom.NewCollector(shedder, breakers, pool, threading.Panics{})
requests := weirprom.NewHTTP(weirprom.HTTPOptions{})
registry.MustRegister(metrics, requests)

mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
handler := weirhttp.Observe(requests.Observe)(mux)
` + "```" + `

Other things that take time have a ` + "`weirprom.Latency`" + `; here the calls that a gRPC server gets:

` + "```go" + `
calls := weirprom.NewLatency(weirprom.LatencyOptions{
	Name:   "weir_grpc_server_duration_seconds",
	Help:   "How long calls took until their handlers ended.",
	Labels: []string{"method", "code"},
})
observe := weirgrpc.ObserveServer(func(_ context.Context, o weirgrpc.Observation) {
	calls.Observe(o.Duration, o.Method, o.Code.String())
})
` + "```" + `

A dashboard for Grafana is in [grafana/weir.json](grafana/weir.json), alerts are in [alerts.yml](alerts.yml).

## What to know

- Units are those of Prometheus: seconds, and ratios from 0 to 1. Counters end in ` + "`_total`" + ` and begin at zero with
  their component.
- ` + "`name`" + ` is what a component was called in its options. Give names: of two components of a kind with the same name, or
  with none, the first is shown, and ` + "`weir_collector_dropped_total`" + ` counts what is not.
- A component is polled when Prometheus scrapes, and only then. Nothing is paid for it in between, and a scrape takes no lock
  that a call waits for longer than for a moment.
- How many series there are follows from the configuration. The exceptions are a ` + "`breaker.Group`" + `, which has 12 for each
  key, up to its MaxKeys and over time for other keys; an HTTP client, which has a group of breakers and the limits of
  hosts, up to its MaxHosts; and balancers and etcd, which have some for each server or target. A group whose keys are
  users or addresses of clients should not be shown: its keys are for hosts, methods and the like.
- Nothing that a client sends becomes a label, but for the method of a gRPC call where a server answers unknown ones; a
  recorder has no more series than its MaxSeries in any case, and goes on as "other" from there.
- ` + "`weir_shedder_refusals_total`" + ` and ` + "`weir_shedder_spared_total`" + ` have a series for each reason and class that there was, so
  these begin with 1: see ` + "`weir_shedder_calls_total`" + ` for one that begins with 0.
- Where the state of a breaker is a number, larger is not worse: compare with ` + "`==`" + `, not with ` + "`>`" + `.
- Lists of last failures, which no metric could hold, are in the Stats of components.
`
