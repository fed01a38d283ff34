package weirprom_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
	"github.com/weirgo/weir/weirprom"
)

func nothing(context.Context) error { return nil }

func seen(method, pattern string, status int) weirhttp.Observation {
	r := httptest.NewRequest(http.MethodGet, "/secret/path?token=1", nil)
	r.Method, r.Pattern = method, pattern
	return weirhttp.Observation{Request: r, Status: status, Duration: 20 * time.Millisecond}
}

const took = "weir_http_request_duration_seconds "

func TestRequestsAreRecordedByMethodRouteAndClass(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	for _, o := range []weirhttp.Observation{
		seen("GET", "GET /users/{id}", 200), seen("GET", "GET /users/{id}", 204),
		seen("HEAD", "GET \t /users/{id}", 404), seen("POST", "example.com/users/", 503),
		seen("GET", "", 101), seen("GET", "", 301),
	} {
		h.Observe(o)
	}
	require.Equal(t, map[string]float64{
		took + "method=GET route=/users/{id} status=2xx":         2,
		took + "method=HEAD route=/users/{id} status=4xx":        1,
		took + "method=POST route=example.com/users/ status=5xx": 1,
		took + "method=GET route=unmatched status=1xx":           1,
		took + "method=GET route=unmatched status=3xx":           1,
	}, histograms(scrape(t, registryOf(t, h))))
	lint(t, registryOf(t, h))
}

func histograms(values map[string]float64) map[string]float64 {
	for key := range values {
		if !strings.HasPrefix(key, took) {
			delete(values, key)
		}
	}
	return values
}

func TestNothingThatAClientSendsAddsASeries(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	for _, method := range []string{"BREW", "get", "", "PROPFIND", "\xff", strings.Repeat("A", 1<<20)} {
		h.Observe(seen(method, "/", 200))
	}
	for _, status := range []int{0, -1, 99, 600, 999, 1 << 30} {
		h.Observe(seen("GET", "/", status))
	}
	require.Equal(t, map[string]float64{
		took + "method=other route=/ status=2xx": 6,
		took + "method=GET route=/ status=other": 6,
	}, histograms(scrape(t, registryOf(t, h))))
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"} {
		h.Observe(seen(method, "/known", 200))
		require.Contains(t, scrape(t, registryOf(t, h)), took+"method="+method+" route=/known status=2xx")
	}
}

func TestRefusedAndPanickedRequestsAreCounted(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	r := registryOf(t, h)
	h.Observe(seen("GET", "/", 200))
	got := scrape(t, r)
	require.Contains(t, got, "weir_http_requests_refused_total method=GET route=/", "from zero on")
	require.Contains(t, got, "weir_http_requests_panicked_total method=GET route=/")
	refused, panicked := seen("GET", "/", 503), seen("GET", "/", 500)
	refused.Refused, panicked.Panicked = true, true
	h.Observe(refused)
	h.Observe(refused)
	h.Observe(panicked)
	got = scrape(t, r)
	require.Equal(t, 2.0, got["weir_http_requests_refused_total method=GET route=/"])
	require.Equal(t, 1.0, got["weir_http_requests_panicked_total method=GET route=/"])
	require.Equal(t, 3.0, got[took+"method=GET route=/ status=5xx"]+got[took+"method=GET route=/ status=2xx"]-1)
}

func TestRoutesCanComeFromElsewhere(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{
		Route:     func(r *http.Request) string { return "route of " + r.Method },
		MaxSeries: 1,
		Buckets:   []float64{1},
	})
	h.Observe(seen("GET", "/x", 200))
	h.Observe(seen("PUT", "/x", 200))
	h.Observe(seen("PUT", "/x", 400))
	got := scrape(t, registryOf(t, h))
	require.Equal(t, 2.0, got[took+"method=other route=other status=other"])
	require.Equal(t, map[string]float64{
		took + "method=GET route=route of GET status=2xx": 1,
		took + "method=other route=other status=other":    2,
	}, histograms(got))
}

func TestRequestsHaveExemplars(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{
		Exemplar: func(r *http.Request) prometheus.Labels {
			return prometheus.Labels{"trace_id": r.Header.Get("Traceparent")}
		},
		Native: true, Buckets: []float64{1},
	})
	o := seen("GET", "/", 200)
	o.Request.Header.Set("Traceparent", "00-1")
	h.Observe(o)
	families, err := registryOf(t, h).Gather()
	require.NoError(t, err)
	e := families[0].Metric[0].Histogram.Bucket[0].Exemplar
	require.Equal(t, "00-1", e.Label[0].GetValue())
	require.Equal(t, .02, e.GetValue())
}

func TestImpossibleHTTPOptionsAreRefused(t *testing.T) {
	o := weirprom.HTTPOptions{Buckets: []float64{2, 1}}
	require.EqualError(t, o.Validate(), "weirprom: LatencyOptions.Buckets must ascend")
	require.Panics(t, func() { weirprom.NewHTTP(o) })
	require.NoError(t, weirprom.HTTPOptions{}.Validate())
}

func TestAServerIsObserved(t *testing.T) {
	h := weirprom.NewHTTP(weirprom.HTTPOptions{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("broken") })
	full := weirhttp.Admit(refuser{}, weirhttp.AdmitOptions{})
	mux.Handle("GET /full", full(http.NotFoundHandler()))
	handler := weirhttp.Chain(
		weirhttp.Observe(h.Observe), weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {}}), weirhttp.Timeout(time.Minute),
	)(mux)
	for _, path := range []string{"/users/1", "/users/2", "/broken", "/full", "/nowhere"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	got := scrape(t, registryOf(t, h))
	require.Equal(t, 1.0, got["weir_http_requests_panicked_total method=GET route=/broken"])
	require.Equal(t, 1.0, got["weir_http_requests_refused_total method=GET route=/full"])
	require.Equal(t, map[string]float64{
		took + "method=GET route=/users/{id} status=2xx": 2,
		took + "method=GET route=/broken status=5xx":     1,
		took + "method=GET route=/full status=5xx":       1,
		took + "method=GET route=unmatched status=4xx":   1,
	}, histograms(got))
}

type refuser struct{}

func (refuser) Allow(context.Context) (weir.Permit, error) { return weir.Permit{}, weir.ErrRejected }
