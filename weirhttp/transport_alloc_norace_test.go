//go:build !race

package weirhttp_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

// The race detector has sync.Pool forget what is put into it now and then.
func TestTransportAllocatesWhatItsCommentSays(t *testing.T) {
	const (
		theCall    = 1
		theAddress = 1 // unless the URL names the default port
		aCopy      = 2 // of request and header
	)
	for name, c := range map[string]struct {
		opts weirhttp.TransportOptions
		ctx  context.Context
		url  string
		want float64
	}{
		"plain":          {weirhttp.TransportOptions{}, t.Context(), "http://a.test:80/", theCall},
		"without a port": {weirhttp.TransportOptions{}, t.Context(), "http://a.test/", theCall + theAddress},
		"another port":   {weirhttp.TransportOptions{}, t.Context(), "http://a.test:8080/", theCall + theAddress},
		"limits, no end": {weirhttp.TransportOptions{Limit: limit.ConcurrencyOptions{Max: 5}, HostLimit: limit.ConcurrencyOptions{Max: 5}},
			context.Background(), "http://a.test:80/", theCall},
		"limits": {weirhttp.TransportOptions{Limit: limit.ConcurrencyOptions{Max: 5}, HostLimit: limit.ConcurrencyOptions{Max: 5}},
			t.Context(), "http://a.test:80/", theCall + afterFunc(t.Context())},
		"criticality": {weirhttp.TransportOptions{}, weir.WithCriticality(t.Context(), weir.Sheddable), "http://a.test:80/",
			theCall + aCopy + cloneAllocs + 1},
	} {
		r := request(t, http.MethodGet, c.url, nil).WithContext(c.ctx)
		got := testing.AllocsPerRun(1000, roundTrips(t, weirhttp.NewTransport(&constant{}, c.opts), r))
		require.Equal(t, c.want, got, name)
	}
}

// cloneAllocs is what maps.Clone, and a first key, allocate besides the map.
const cloneAllocs = 1

// afterFunc is what waiting for a context to be done allocates.
func afterFunc(ctx context.Context) float64 {
	return 1 + testing.AllocsPerRun(1000, func() { context.AfterFunc(ctx, func() {})() })
}
