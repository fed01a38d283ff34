package weirhttp_test

import (
	"context"
	"io"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func TestTransportSendsTheCallersRequestItselfWhereNothingIsToBeAdded(t *testing.T) {
	b := statuses(200)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
	r := request(t, http.MethodPost, "http://a.test/", strings.NewReader("x"))
	resp, err := tr.RoundTrip(r)
	require.NoError(t, err)
	resp.Body.Close()
	require.Same(t, r, b.requests()[0])
	require.Same(t, r, resp.Request)
}

func TestTransportTellsWhatIsKnownOfTheRequest(t *testing.T) {
	critical := func(c weir.Criticality) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return weir.WithCriticality(ctx, c) }
	}
	within := func(d time.Duration) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			ctx, cancel := context.WithTimeout(ctx, d)
			t.Cleanup(cancel)
			return ctx
		}
	}
	plain := func(ctx context.Context) context.Context { return ctx }
	for name, c := range map[string]struct {
		ctx       func(context.Context) context.Context
		own, want http.Header
	}{
		"nothing":                {plain, nil, nil},
		"critical":               {critical(weir.Critical), nil, nil},
		"sheddable":              {critical(weir.Sheddable), nil, class("sheddable")},
		"critical plus":          {critical(weir.CriticalPlus), nil, class("critical-plus")},
		"a claim of the request": {plain, class("critical-plus"), class("critical")},
		"another claim":          {critical(weir.SheddablePlus), class("critical"), class("sheddable-plus")},
		"deadline":               {within(90 * second), nil, wait("90000")},
		"rounded down":           {within(1999 * time.Microsecond), nil, wait("1")},
		"hardly any time":        {within(999 * time.Microsecond), nil, wait("0")},
		"what came from outside": {within(90 * second), wait("120000"), wait("90000")},
		"only from outside":      {plain, wait("120000"), nil},
		"nonsense from outside":  {plain, wait("1", "x"), nil},
		"longest":                {within(999_999_999 * time.Millisecond), nil, wait("999999999")},
		"too long to be told":    {within(1_000_000_000 * time.Millisecond), nil, nil},
		"longer than claimed":    {within(1_000_000_000 * time.Millisecond), wait("120000"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := statuses(200)
				tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
				ctx := c.ctx(t.Context())
				r := getting(t).WithContext(ctx)
				maps.Copy(r.Header, c.own)
				r.Header.Set("X-Other", "kept")
				before := r.Header.Clone()
				resp, err := tr.RoundTrip(r)
				require.NoError(t, err)
				resp.Body.Close()
				require.Equal(t, before, r.Header, "the caller's header stays as it is")
				require.Same(t, r, resp.Request)
				got := b.requests()[0].Header.Clone()
				require.Equal(t, "kept", got.Get("X-Other"))
				got.Del("X-Other")
				if c.want == nil {
					require.Empty(t, got)
				} else {
					require.Equal(t, c.want, got)
				}
				finished(t, tr, b)
			})
		})
	}
}

func TestTransportHeadersAreReadByPropagate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inner context.Context
		h := weirhttp.Propagate(weirhttp.PropagateOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inner = r.Context() }))
		tr := weirhttp.NewTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			time.Sleep(second) // on the way
			return call(h, r.WithContext(context.Background())).Result(), nil
		}), weirhttp.TransportOptions{})
		ctx, cancel := context.WithTimeout(weir.WithCriticality(t.Context(), weir.Sheddable), time.Minute)
		defer cancel()
		resp, err := tr.RoundTrip(getting(t).WithContext(ctx))
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, weir.Sheddable, weir.CriticalityFrom(inner))
		deadline, ok := inner.Deadline()
		require.True(t, ok)
		require.Equal(t, time.Minute, time.Until(deadline), "counted from the arrival")
	})
}

func TestTransportNumbersItsTries(t *testing.T) {
	for own, want := range map[string][]string{
		"": {"", "2", "3"}, "1": {"1", "2", "3"}, "4": {"4", "5", "6"},
		"x": {"x", "2", "3"}, "0": {"0", "2", "3"}, "-1": {"-1", "2", "3"}, "1001": {"1001", "2", "3"},
		strconv.Itoa(math.MaxInt): {strconv.Itoa(math.MaxInt), "2", "3"},
	} {
		t.Run(own, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := statuses(503)
				var calls []weirhttp.TransportCall
				var tries outcomes
				o := plainly(weirhttp.TransportOptions{OnTry: tries.add, OnCall: func(c weirhttp.TransportCall) { calls = append(calls, c) }})
				tr := weirhttp.NewTransport(b, o)
				r := getting(t)
				if own != "" {
					r.Header.Set(weirhttp.HeaderAttempt, own)
				}
				resp, err := tr.RoundTrip(r)
				require.NoError(t, err)
				resp.Body.Close()
				for i, r := range b.requests() {
					require.Equal(t, want[i], r.Header.Get(weirhttp.HeaderAttempt))
					require.Equal(t, i+1, tries.list[i].Number)
					require.Equal(t, weirhttp.TransportTry{Request: tries.list[0].Request, Number: i + 1, Status: 503, Outcome: weir.Overloaded}, tries.list[i])
				}
				require.Equal(t, []weirhttp.TransportCall{{Request: r, Tries: 3, Status: 503, Duration: 3 * second}}, calls)
			})
		})
	}
	require.Equal(t, http.CanonicalHeaderKey(weirhttp.HeaderAttempt), weirhttp.HeaderAttempt)
}

func TestTransportKeepsItsHeadersToItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := statuses(503)
		o := plainly(weirhttp.TransportOptions{DisableHeaders: true})
		ctx, cancel := context.WithTimeout(weir.WithCriticality(t.Context(), weir.Sheddable), time.Minute)
		defer cancel()
		r := request(t, http.MethodGet, "http://a.test/", strings.NewReader("x")).WithContext(ctx)
		resp, err := weirhttp.NewTransport(b, o).RoundTrip(r)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, []string{"x", "x", "x"}, b.got, "each try has a body of its own all the same")
		for _, r := range b.requests() {
			require.Empty(t, r.Header)
		}
	})
}

func TestTransportDrainsWhatItDropsWithinBounds(t *testing.T) {
	const most = 64<<10 + 1
	slow := func() io.ReadCloser {
		r, w := io.Pipe()
		go func() {
			for {
				if _, err := w.Write([]byte("drip")); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
		return r
	}
	for name, c := range map[string]struct {
		body   func() io.ReadCloser
		length int64
		major  int
		read   int64
		took   time.Duration
	}{
		"short":                {func() io.ReadCloser { return io.NopCloser(strings.NewReader("sorry")) }, -1, 1, 5, second},
		"endless":              {func() io.ReadCloser { return io.NopCloser(zeros{}) }, -1, 1, most, second},
		"known to be too long": {func() io.ReadCloser { return io.NopCloser(zeros{}) }, 64<<10 + 1, 1, 0, second},
		"known to fit":         {func() io.ReadCloser { return io.NopCloser(io.LimitReader(zeros{}, 64<<10)) }, 64 << 10, 1, 64 << 10, second},
		"HTTP/2":               {func() io.ReadCloser { return io.NopCloser(strings.NewReader("sorry")) }, -1, 2, 0, second},
		"dripping":             {slow, -1, 1, 12, second + 50*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &base{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n > 1 {
						return respond(r, 200, ""), nil
					}
					resp := respond(r, 503, "")
					resp.Body, resp.ContentLength, resp.ProtoMajor = c.body(), c.length, c.major
					return resp, nil
				}}
				o := plainly(weirhttp.TransportOptions{Limit: limit.ConcurrencyOptions{Max: 1}})
				tr := weirhttp.NewTransport(b, o)
				start := time.Now()
				resp, err := tr.RoundTrip(getting(t))
				require.NoError(t, err)
				require.Equal(t, 200, resp.StatusCode)
				require.Equal(t, c.took, time.Since(start))
				require.Equal(t, c.read, b.bodies[0].read.Load())
				finished(t, tr, b)
				time.Sleep(time.Minute) // for the slow one to find its pipe closed
			})
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestTransportCapsTheHostsItRemembers(t *testing.T) {
	b := statuses(200)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{
		MaxHosts: 8, HostLimit: limit.ConcurrencyOptions{Max: 1},
	})
	// Eight hosts are in use, so that nothing can be dropped, and the others share.
	var open []*http.Response
	for i := range 8 {
		resp, err := tr.RoundTrip(request(t, http.MethodGet, "http://busy"+strconv.Itoa(i)+".test/", nil))
		require.NoError(t, err)
		open = append(open, resp)
	}
	require.Equal(t, 8, tr.Stats().Hosts)
	one, err := tr.RoundTrip(request(t, http.MethodGet, "http://one.test/", nil))
	require.NoError(t, err)
	_, err = tr.RoundTrip(request(t, http.MethodGet, "http://two.test/", nil))
	require.ErrorIs(t, err, limit.ErrFull, "it shares the limit of the overflow")
	for _, resp := range append(open, one) {
		resp.Body.Close()
	}
	for i := range 1000 {
		resp, err := tr.RoundTrip(request(t, http.MethodGet, "http://flood"+strconv.Itoa(i)+".test/", nil))
		require.NoError(t, err)
		resp.Body.Close()
		require.LessOrEqual(t, tr.Stats().Hosts, 8)
		require.LessOrEqual(t, tr.Breakers().Len(), 8)
	}
	// There is room again: two new hosts do not share a limit.
	open = nil
	for _, url := range []string{"http://three.test/", "http://four.test/"} {
		resp, err := tr.RoundTrip(request(t, http.MethodGet, url, nil))
		require.NoError(t, err)
		open = append(open, resp)
	}
	for _, resp := range open {
		resp.Body.Close()
	}
	finished(t, tr, b)
}

func TestTransportTellsHostsApartByTheirAddress(t *testing.T) {
	b := statuses(200)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{})
	for url, want := range map[string]string{
		"http://a.test":             "a.test:80",
		"http://A.test./x":          "a.test.:80",
		"https://a.test/":           "a.test:443",
		"http://a.test:80/":         "a.test:80",
		"https://a.test:443/":       "a.test:443",
		"http://a.test:8080/":       "http://a.test:8080",
		"https://a.test:8080/":      "https://a.test:8080",
		"http://a.test:443/":        "http://a.test:443",
		"https://a.test:80/":        "https://a.test:80",
		"http://a.test:/":           "a.test:80",
		"http://[::1]/":             "[::1]:80",
		"https://u:p@a.test/":       "a.test:443",
		"ftp://a.test/":             "ftp://a.test",
		"http://[fe80::1%25A]:81/":  "http://[fe80::1%a]:81",
		"http:///nowhere":           ":80",
		"foo://a.test:80/":          "foo://a.test:80",
		"http://" + long + ".test/": "(too long)",
	} {
		before := tr.Breakers().Get(want).Stats().Accepted
		resp, err := tr.RoundTrip(request(t, http.MethodGet, url, nil))
		require.NoError(t, err)
		body(t, resp)
		require.Equal(t, before+1, tr.Breakers().Get(want).Stats().Accepted, url)
	}
	keyed := weirhttp.NewTransport(b, weirhttp.TransportOptions{Key: func(r *http.Request) string { return r.URL.Path }})
	resp, err := keyed.RoundTrip(request(t, http.MethodGet, "http://a.test/mine", nil))
	require.NoError(t, err)
	body(t, resp)
	require.EqualValues(t, 1, keyed.Breakers().Get("/mine").Stats().Accepted)
}

var long = strings.Repeat("x", 600)

func TestTransportOptionsThatAreImpossible(t *testing.T) {
	for name, o := range map[string]weirhttp.TransportOptions{
		"MaxHosts":      {MaxHosts: -1},
		"HedgeQuantile": {HedgeQuantile: 1},
		"less than 0":   {HedgeQuantile: -0.1},
		"NaN":           {HedgeQuantile: math.NaN()},
		"Limit":         {Limit: limit.ConcurrencyOptions{Max: 1 << 30}},
		"HostLimit":     {HostLimit: limit.ConcurrencyOptions{Max: 1 << 30}},
		"Backoff":       func() (o weirhttp.TransportOptions) { o.Backoff.Max = -1; return }(),
		"Breaker":       func() (o weirhttp.TransportOptions) { o.Breaker.K = 0.5; return }(),
	} {
		require.Error(t, o.Validate(), name)
		require.PanicsWithValue(t, o.Validate().Error(), func() { weirhttp.NewTransport(nil, o) }, name)
	}
	var o weirhttp.TransportOptions
	require.NoError(t, o.Validate())
	o.Breaker.K, o.DisableBreaker, o.Limit.Max, o.HedgeDelay, o.TryTimeout = 0.5, true, -1, -1, -1
	require.NoError(t, o.Validate(), "what is off need not be possible")
	require.Nil(t, weirhttp.NewTransport(nil, o).Breakers())
}

func TestTransportYieldsTheMetricsOfAllItsParts(t *testing.T) {
	b := statuses(200)
	tr := weirhttp.NewTransport(b, weirhttp.TransportOptions{
		Name: "shop", Limit: limit.ConcurrencyOptions{Max: 5}, HostLimit: limit.ConcurrencyOptions{Max: 2},
	})
	resp, err := tr.RoundTrip(getting(t))
	require.NoError(t, err)
	body(t, resp)
	seen := map[string]float64{}
	for m := range tr.Metrics {
		require.NotEmpty(t, m.Help)
		seen[m.Name+" "+m.Labels[0].Value] = m.Value
	}
	for key, want := range map[string]float64{
		"weir_transport_calls_total shop": 1, "weir_transport_tries_total shop": 1, "weir_transport_in_flight shop": 0,
		"weir_retry_budget_tokens shop": 100, "weir_concurrency_max shop": 5, "weir_concurrency_max shop/a.test:80": 2,
		"weir_concurrency_admitted_total shop/a.test:80": 1, "weir_breaker_calls_total shop/a.test:80": 0,
	} {
		got, ok := seen[key]
		require.True(t, ok, key)
		if want != 0 {
			require.Equal(t, want, got, key)
		}
	}
	for stop := range len(seen) {
		n := 0
		for range tr.Metrics {
			if n++; n > stop {
				break
			}
		}
		require.Equal(t, stop+1, n)
	}
	require.NoError(t, resp.Body.Close())
	(&http.Client{Transport: tr}).CloseIdleConnections()
	require.Equal(t, 1, b.idle)
	weirhttp.NewTransport(roundTripper(nil), weirhttp.TransportOptions{}).CloseIdleConnections()
}
