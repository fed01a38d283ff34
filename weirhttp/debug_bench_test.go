package weirhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func manyBreakers(n int) *breaker.Group[string] {
	g := breaker.NewGroup[string](breaker.GroupOptions{Options: breaker.Options{Name: "http"}, MaxKeys: n})
	for i := range n {
		g.Get("Host-" + strconv.Itoa(i) + ".example.com:443")
	}
	return g
}

// nowhere takes what is written, and counts flushes.
type nowhere struct {
	header  http.Header
	bytes   int
	flushes int
	cancel  context.CancelFunc
	after   int
}

func (w *nowhere) Header() http.Header { return w.header }
func (w *nowhere) WriteHeader(int)     {}
func (w *nowhere) Write(b []byte) (int, error) {
	w.bytes += len(b)
	return len(b), nil
}

func (w *nowhere) Flush() {
	if w.flushes++; w.flushes == w.after {
		w.cancel()
	}
}

// The first event of a view, to which a group of ten thousand breakers is new.
func BenchmarkDebugEventOfTenThousandBreakers(b *testing.B) {
	d := weirhttp.Debug(manyBreakers(10_000))
	for _, query := range []string{"", "&q=host-99+closed", "&level=critical,warning"} {
		b.Run("query="+query, func(b *testing.B) {
			for b.Loop() {
				ctx, cancel := context.WithCancel(b.Context())
				w := &nowhere{header: http.Header{}, cancel: cancel, after: 1}
				d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/?format=events"+query, nil))
				b.SetBytes(int64(w.bytes))
			}
		})
	}
}

// Sources that are no breakers are asked for all they have at each look.
func BenchmarkDebugEventOfTenThousandLimits(b *testing.B) {
	d := weirhttp.Debug()
	for range 10_000 {
		d.Add(limit.NewConcurrency(limit.ConcurrencyOptions{Name: "reports", Max: 4}))
	}
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		w := &nowhere{header: http.Header{}, cancel: cancel, after: 1}
		d.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/?format=events", nil))
	}
}
