package weirhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/weirhttp"
)

func TestTransportGivesAllBackUnderStress(t *testing.T) {
	both(t, func() http.Handler {
		var n atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch n.Add(1) % 8 {
			case 0:
				panic(http.ErrAbortHandler)
			case 1:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 2:
				select {
				case <-r.Context().Done():
				case <-time.After(20 * time.Millisecond):
				}
			case 3:
				w.Header().Set("Content-Length", "1000")
				io.WriteString(w, "half")
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, "fine")
		})
	}, func(t *testing.T, srv *httptest.Server) {
		client, tr := wrap(t, srv, weirhttp.TransportOptions{
			HedgeDelay: time.Millisecond, TryTimeout: 10 * time.Millisecond, DisableBreaker: true,
			Backoff: fx.Backoff{Base: time.Millisecond}, Budget: fx.NewRetryBudget(fx.RetryBudgetOptions{Ratio: 1}),
			Limit: limit.ConcurrencyOptions{Max: 6, MaxQueue: 2}, HostLimit: limit.ConcurrencyOptions{Max: 5, MaxQueue: 2},
		})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 40 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(i+j)%30)*time.Millisecond)
					r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
					if err == nil {
						if resp, err := client.Do(r); err == nil {
							if j%3 > 0 {
								io.Copy(io.Discard, resp.Body)
							}
							if j%3 < 2 {
								resp.Body.Close()
							}
						}
					}
					cancel()
				}
			})
		}
		wg.Wait()
		settles(t, tr)
		st := tr.Stats()
		require.EqualValues(t, 8*40, st.Calls)
		require.Equal(t, st.Tries, st.Calls+st.Retries+st.Hedges)
		client.CloseIdleConnections()
	})
}
