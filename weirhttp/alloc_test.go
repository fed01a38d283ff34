package weirhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// discard is a writer that allocates nothing, with what HTTP/1 offers.
type discard struct {
	header http.Header
	canFlush
	canHijack
}

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
func (w *discard) WriteHeader(int)             {}

func (w *discard) WriteString(s string) (int, error) { return len(s), nil }

// open admits everything, at no cost.
var open = guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, nil })

// closed refuses everything, at no cost.
var closed = guardFunc(func(context.Context) (weir.Permit, error) { return weir.Permit{}, errFull })

var ok = []byte("ok")

var writing = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(ok) })

func allocs(h http.Handler, r *http.Request) float64 {
	w := &discard{header: http.Header{}}
	return testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) })
}

func post() *http.Request {
	return httptest.NewRequest(http.MethodPost, "/", io.NopCloser(strings.NewReader("body")))
}

func TestEachMiddlewareAllocatesWhatItsCommentSays(t *testing.T) {
	const wrapper = 1 // shared: only the outermost middleware pays
	for name, c := range map[string]struct {
		mw   weirhttp.Middleware
		want float64
	}{
		"Recover":   {weirhttp.Recover(quiet), wrapper},
		"Admit":     {weirhttp.Admit(open, weirhttp.AdmitOptions{}), wrapper},
		"Observe":   {weirhttp.Observe(nobody), wrapper},
		"MaxBytes":  {weirhttp.MaxBytes(100), wrapper + 2},
		"Propagate": {weirhttp.Propagate(weirhttp.PropagateOptions{}), 0},
		"Timeout":   {weirhttp.Timeout(time.Hour), wrapper + 1 + withTimeout()},
	} {
		require.Equal(t, c.want, allocs(c.mw(writing), post()), name)
	}
	require.Equal(t, 0.0, allocs(weirhttp.MaxBytes(100)(writing), get()), "MaxBytes, no body")
}

// withTimeout is what the standard library allocates for a deadline.
func withTimeout() float64 {
	return testing.AllocsPerRun(1000, func() {
		_, cancel := context.WithTimeout(context.Background(), time.Hour)
		cancel()
	})
}

func TestTheWholeChainAllocatesAtMostFourTimesAboveADeadline(t *testing.T) {
	h := weirhttp.Chain(chain(open, nobody), weirhttp.Admit(open, weirhttp.AdmitOptions{}), weirhttp.Admit(open, weirhttp.AdmitOptions{}))(writing)
	require.LessOrEqual(t, allocs(h, get())-withTimeout(), 2.0, "without a body")
	require.LessOrEqual(t, allocs(h, post())-withTimeout(), 4.0, "with a body")
}

func TestARefusalIsCheap(t *testing.T) {
	h := weirhttp.Admit(closed, weirhttp.AdmitOptions{})(writing)
	// The wrapper, one value each for Content-Type and Weir-Refused, and what
	// weir.RetryAfter needs to look into the error.
	require.LessOrEqual(t, allocs(h, get()), 4.0)
}

func BenchmarkChain(b *testing.B) {
	deadline := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, cancel := context.WithTimeout(r.Context(), time.Hour)
		defer cancel()
		writing(w, r)
	})
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"bare", writing},
		{"context.WithTimeout", deadline},
		{"chain", chain(open, nobody)(writing)},
		{"chain, three guards", weirhttp.Chain(chain(open, nobody), weirhttp.Admit(open, weirhttp.AdmitOptions{}), weirhttp.Admit(open, weirhttp.AdmitOptions{}))(writing)},
		{"refusal", weirhttp.Admit(closed, weirhttp.AdmitOptions{})(writing)},
	} {
		b.Run(c.name, func(b *testing.B) {
			w, r := &discard{header: http.Header{}}, get()
			b.ReportAllocs()
			for b.Loop() {
				c.h.ServeHTTP(w, r)
			}
		})
	}
}
