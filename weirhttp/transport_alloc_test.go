package weirhttp_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// constant answers always with the same, at no cost.
type constant struct{ resp http.Response }

func (c *constant) RoundTrip(r *http.Request) (*http.Response, error) {
	c.resp = http.Response{StatusCode: 200, Body: endless, Request: r}
	return &c.resp, nil
}

var endless = io.NopCloser(zeros{})

func roundTrips(t testing.TB, rt http.RoundTripper, r *http.Request) func() {
	return func() {
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
}

func BenchmarkTransport(b *testing.B) {
	url := "http://a.test:80/"
	limits := limit.ConcurrencyOptions{Max: 100}
	for _, c := range []struct {
		name string
		rt   http.RoundTripper
	}{
		{"bare", &constant{}},
		{"default", weirhttp.NewTransport(&constant{}, weirhttp.TransportOptions{})},
		{"limits", weirhttp.NewTransport(&constant{}, weirhttp.TransportOptions{Limit: limits, HostLimit: limits})},
		{"try timeout", weirhttp.NewTransport(&constant{}, weirhttp.TransportOptions{TryTimeout: time.Hour})},
		{"hedge", weirhttp.NewTransport(&constant{}, weirhttp.TransportOptions{HedgeDelay: time.Hour})},
		{"hedge by quantile", weirhttp.NewTransport(&constant{}, weirhttp.TransportOptions{HedgeQuantile: 0.95, HedgeDelay: time.Hour})},
	} {
		b.Run(c.name, func(b *testing.B) {
			trip := roundTrips(b, c.rt, request(b, http.MethodGet, url, nil))
			b.ReportAllocs()
			for b.Loop() {
				trip()
			}
		})
	}
}
