package weirprom

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weirgo/weir/weirhttp"
)

// HTTPOptions configures an [HTTP].
type HTTPOptions struct {
	// Route names what a request asks for. The default is the Pattern that a ServeMux
	// has matched, without its method, and "unmatched" where there is none. What it
	// returns must be one of few: never the path of the request.
	Route func(*http.Request) string

	// Exemplar returns the labels of an exemplar, such as the ID of the trace that the
	// request belongs to; nil is none. It is called for each request.
	Exemplar func(*http.Request) prometheus.Labels

	// Buckets, Native and MaxSeries are those of [LatencyOptions].
	Buckets   []float64
	Native    bool
	MaxSeries int
}

// Validate returns what makes the options impossible, nil if nothing does.
func (o HTTPOptions) Validate() error { return o.latency().Validate() }

func (o HTTPOptions) latency() LatencyOptions {
	return LatencyOptions{
		Name:      "weir_http_request_duration_seconds",
		Help:      "How long requests took until their handlers ended.",
		Labels:    []string{"method", "route", "status"},
		Buckets:   o.Buckets,
		Native:    o.Native,
		MaxSeries: o.MaxSeries,
	}
}

// HTTP records what [weirhttp.Observe] sees: how long requests take by method, route
// and class of status, how many were refused, and how many panicked. It is a
// [prometheus.Collector], to be registered once.
//
//	requests := weirprom.NewHTTP(weirprom.HTTPOptions{})
//	registry.MustRegister(requests)
//	handler := weirhttp.Observe(requests.Observe)(mux)
//
// It is made by [NewHTTP]; the zero value does not work. It is safe for concurrent use
// and must not be copied. Observe allocates nothing for a route it has seen.
//
// What a client sends cannot add a series: methods other than those of the standard
// are "other", routes are those of the program, and of a status the class remains, such
// as "2xx".
type HTTP struct {
	opts              HTTPOptions
	latency           *Latency
	refused, panicked *prometheus.CounterVec
	cells             cells[httpCell]
}

type httpCell struct {
	latency           prometheus.Observer
	refused, panicked prometheus.Counter
}

// NewHTTP returns a recorder. It panics if o is impossible; see Validate.
func NewHTTP(o HTTPOptions) *HTTP {
	if o.Route == nil {
		o.Route = pattern
	}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"method", "route"})
	}
	h := &HTTP{
		opts:     o,
		latency:  NewLatency(o.latency()),
		refused:  counter("weir_http_requests_refused_total", "Requests that a guard did not admit."),
		panicked: counter("weir_http_requests_panicked_total", "Requests whose handlers panicked."),
	}
	h.cells.init(o.MaxSeries, 3, func(values []string) httpCell {
		return httpCell{
			latency:  h.latency.of(values),
			refused:  h.refused.WithLabelValues(values[:2]...),
			panicked: h.panicked.WithLabelValues(values[:2]...),
		}
	})
	return h
}

// Observe records a request. It is what [weirhttp.Observe] wants.
func (h *HTTP) Observe(o weirhttp.Observation) {
	cell := h.cells.get(labelKey{methodOf(o.Request.Method), h.opts.Route(o.Request), classOf(o.Status)})
	if o.Refused {
		cell.refused.Inc()
	}
	if o.Panicked {
		cell.panicked.Inc()
	}
	var exemplar prometheus.Labels
	if h.opts.Exemplar != nil {
		exemplar = h.opts.Exemplar(o.Request)
	}
	observe(cell.latency, o.Duration, exemplar)
}

func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return other
}

func pattern(r *http.Request) string {
	if r.Pattern == "" {
		return "unmatched"
	}
	if i := strings.IndexAny(r.Pattern, " \t"); i >= 0 {
		return strings.TrimLeft(r.Pattern[i:], " \t")
	}
	return r.Pattern
}

func classOf(status int) string {
	classes := [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}
	if status < 100 || status > 599 {
		return other
	}
	return classes[status/100-1]
}

// Describe implements [prometheus.Collector].
func (h *HTTP) Describe(to chan<- *prometheus.Desc) {
	h.latency.Describe(to)
	h.refused.Describe(to)
	h.panicked.Describe(to)
}

// Collect implements [prometheus.Collector].
func (h *HTTP) Collect(to chan<- prometheus.Metric) {
	h.latency.Collect(to)
	h.refused.Collect(to)
	h.panicked.Collect(to)
}
