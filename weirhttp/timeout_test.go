package weirhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// waiting is a handler that watches its context.
var waiting = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })

func TestTimeoutAnswers504AtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := call(weirhttp.Timeout(2*time.Second)(waiting), get())
		require.Equal(t, 2*time.Second, time.Since(start))
		require.Equal(t, http.StatusGatewayTimeout, w.Code)
		require.Equal(t, "Gateway Timeout\n", w.Body.String())
		require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	})
}

func TestTimeoutZeroIsTheDefaultAndNegativeIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		call(weirhttp.Timeout(0)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			deadline, ok := r.Context().Deadline()
			require.True(t, ok)
			require.Equal(t, weirhttp.DefaultTimeout, time.Until(deadline))
		})), get())
		call(weirhttp.Timeout(-1)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, ok := r.Context().Deadline()
			require.False(t, ok)
		})), get())
	})
}

func TestTimeoutCannotBeLiftedByHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := get()
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set(weirhttp.HeaderTimeout, "999999999")
		start := time.Now()
		w := call(weirhttp.Chain(weirhttp.Propagate(weirhttp.PropagateOptions{}), weirhttp.Timeout(time.Second))(waiting), r)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, http.StatusGatewayTimeout, w.Code)
	})
}

func TestTimeoutKeepsAnEarlierDeadline(t *testing.T) {
	for name, order := range map[string][2]time.Duration{
		"the outer is earlier": {time.Second, time.Hour},
		"the inner is earlier": {time.Hour, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				w := call(weirhttp.Chain(weirhttp.Timeout(order[0]), weirhttp.Timeout(order[1]))(waiting), get())
				require.Equal(t, time.Second, time.Since(start))
				require.Equal(t, http.StatusGatewayTimeout, w.Code)
			})
		})
	}
}

func TestTimeoutAddsNothingToWhatWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := call(weirhttp.Timeout(time.Second)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, "so far")
			<-r.Context().Done()
		})), get())
		require.Equal(t, http.StatusTeapot, w.Code)
		require.Equal(t, "so far", w.Body.String())
	})
}

func TestTimeoutLeavesAnAnswerInTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := weirhttp.Timeout(time.Second)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			time.Sleep(time.Second - 1)
		}))
		require.Equal(t, http.StatusOK, call(h, get()).Code)
	})
}

func TestTimeoutIsSilentWhereTheClientLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := httptest.NewRecorder()
	weirhttp.Timeout(time.Hour)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel() })).
		ServeHTTP(w, get().WithContext(ctx))
	require.Empty(t, w.Body.String())
}

func TestTimeoutCancelsTheContextWhenTheHandlerEnds(t *testing.T) {
	var ctx context.Context
	keep := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })
	call(weirhttp.Timeout(time.Hour)(keep), get())
	require.ErrorIs(t, ctx.Err(), context.Canceled)

	require.Panics(t, func() {
		call(weirhttp.Timeout(time.Hour)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			keep(w, r)
			panic("boom")
		})), get())
	})
	require.ErrorIs(t, ctx.Err(), context.Canceled)
}

func TestTimeoutReachesRealClients(t *testing.T) {
	both(t, func() http.Handler { return weirhttp.Timeout(time.Millisecond)(waiting) },
		func(t *testing.T, srv *httptest.Server) {
			for range 3 {
				resp, err := srv.Client().Get(srv.URL)
				require.NoError(t, err)
				require.Equal(t, http.StatusGatewayTimeout, resp.StatusCode)
				require.Equal(t, "Gateway Timeout\n", body(t, resp))
			}
		})
}
