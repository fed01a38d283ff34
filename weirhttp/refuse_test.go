package weirhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

// rateLimited is a refusal that knows its status and how long to wait.
type rateLimited struct {
	status int
	wait   time.Duration
}

func (rateLimited) Error() string               { return "test: rate exceeded" }
func (rateLimited) Is(target error) bool        { return target == weir.ErrRejected }
func (e rateLimited) StatusCode() int           { return e.status }
func (e rateLimited) RetryAfter() time.Duration { return e.wait }

func refusing(g *guard, o weirhttp.AdmitOptions) *httptest.ResponseRecorder {
	return call(weirhttp.Admit(g, o)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("the handler must not run")
	})), get())
}

func TestARefusalIs503WithItsReason(t *testing.T) {
	w := refusing(&guard{err: errFull}, weirhttp.AdmitOptions{})
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, http.Header{
		"Content-Type": {"text/plain; charset=utf-8"},
		"Weir-Refused": {"test: full"},
	}, w.Result().Header)
	require.Equal(t, "Service Unavailable\n", w.Body.String())
}

func TestARefusalByARateLimitIs429(t *testing.T) {
	for _, err := range []error{
		rateLimited{status: 429, wait: 1500 * time.Millisecond},
		fmt.Errorf("for this key: %w", rateLimited{status: 429, wait: 1500 * time.Millisecond}),
	} {
		w := refusing(&guard{err: err}, weirhttp.AdmitOptions{})
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "2", w.Header().Get("Retry-After"))
		require.Equal(t, err.Error(), w.Header().Get(weirhttp.HeaderRefused))
	}
}

func TestARefusalWithAnAbsurdStatusIs503(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 200, 399, 600} {
		w := refusing(&guard{err: rateLimited{status: status}}, weirhttp.AdmitOptions{})
		require.Equal(t, http.StatusServiceUnavailable, w.Code, status)
	}
}

func TestTheStatusOptionWinsOverTheError(t *testing.T) {
	w := refusing(&guard{err: rateLimited{status: 429}}, weirhttp.AdmitOptions{Status: 529})
	require.Equal(t, 529, w.Code)
}

func TestRetryAfterIsInWholeSecondsRoundedUp(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		-time.Second: "", 0: "", 1: "1", time.Millisecond: "1", time.Second: "1", time.Second + 1: "2",
		90 * time.Second: "90", 1<<63 - 1: "9223372037",
	} {
		w := refusing(&guard{err: errFull, retryAfter: wait}, weirhttp.AdmitOptions{})
		require.Equal(t, want, w.Header().Get("Retry-After"), wait)
	}
}

func TestTheRetryAfterOptionFillsInAndTurnsOff(t *testing.T) {
	w := refusing(&guard{err: errFull}, weirhttp.AdmitOptions{RetryAfter: 3 * time.Second})
	require.Equal(t, "3", w.Header().Get("Retry-After"))
	w = refusing(&guard{err: errFull, retryAfter: time.Second}, weirhttp.AdmitOptions{RetryAfter: 3 * time.Second})
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	w = refusing(&guard{err: errFull, retryAfter: time.Second}, weirhttp.AdmitOptions{RetryAfter: -1})
	require.NotContains(t, w.Header(), "Retry-After")
}

func TestTheReasonFitsAHeader(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"a\r\nSet-Cookie: x=y":   "a??Set-Cookie: x=y",
		"tab\tnul\x00del\x7f":    "tab?nul?del?",
		"Grüße":                  "Gr????e",
		strings.Repeat("x", 128): strings.Repeat("x", 128),
		strings.Repeat("x", 129): strings.Repeat("x", 128),
	} {
		w := refusing(&guard{err: weir.NewRejection(text)}, weirhttp.AdmitOptions{})
		require.Equal(t, want, w.Header().Get(weirhttp.HeaderRefused))
	}
}

func FuzzTheReasonIsPrintableAndShort(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\nb", "\xff\xfe", strings.Repeat("é", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := refusing(&guard{err: weir.NewRejection(text)}, weirhttp.AdmitOptions{})
		got := w.Header().Get(weirhttp.HeaderRefused)
		require.Equal(t, min(len(text), 128), len(got))
		for i := range len(got) {
			if ' ' <= text[i] && text[i] <= '~' {
				require.Equal(t, text[i], got[i])
			} else {
				require.Equal(t, byte('?'), got[i])
			}
		}
	})
}

func TestTheRefuseOptionWritesTheResponse(t *testing.T) {
	g := &guard{err: errFull, retryAfter: 1500 * time.Millisecond}
	w := refusing(g, weirhttp.AdmitOptions{Refuse: func(w http.ResponseWriter, r *http.Request, err error, retryAfter time.Duration) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %v %v", r.URL.Path, err, retryAfter)
	}})
	require.Equal(t, http.StatusTeapot, w.Code)
	require.Equal(t, "/ test: full 1.5s", w.Body.String())
	require.Empty(t, w.Header())
}

func TestAGuardThatFailsRefusesWithoutAReason(t *testing.T) {
	w := refusing(&guard{err: errors.New("password=secret")}, weirhttp.AdmitOptions{})
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Header(), weirhttp.HeaderRefused)
}

func TestADoneContextIsNotARefusal(t *testing.T) {
	admit := weirhttp.Admit(&guard{}, weirhttp.AdmitOptions{Refuse: func(http.ResponseWriter, *http.Request, error, time.Duration) {
		t.Error("Refuse is for refusals")
	}})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := call(admit(panicking("must not run")), get().WithContext(ctx))
	require.Equal(t, weirhttp.StatusClientClosedRequest, w.Code)
	require.Empty(t, w.Body.String())
	// If the client can read this after all, the connection is not to be trusted.
	require.Equal(t, http.Header{"Connection": {"close"}}, w.Header())

	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	w = call(admit(panicking("must not run")), get().WithContext(ctx))
	require.Equal(t, http.StatusGatewayTimeout, w.Code)
	require.Equal(t, "Gateway Timeout\n", w.Body.String())
	require.NotContains(t, w.Header(), weirhttp.HeaderRefused)
}

func TestAnInnerRefusalTeachesAnOuterGuardNothing(t *testing.T) {
	custom := weirhttp.AdmitOptions{Refuse: func(w http.ResponseWriter, _ *http.Request, _ error, _ time.Duration) {
		w.WriteHeader(http.StatusInternalServerError)
	}}
	for name, between := range map[string]weirhttp.Middleware{
		"nothing":         weirhttp.Chain(),
		"other of Weir's": weirhttp.Chain(weirhttp.Recover(quiet), weirhttp.Timeout(time.Hour), weirhttp.Observe(nobody)),
		"a foreign one":   foreign,
	} {
		for inner, o := range map[string]weirhttp.AdmitOptions{"default": {}, "custom": custom} {
			t.Run(name+", "+inner, func(t *testing.T) {
				outer := &guard{}
				h := weirhttp.Chain(
					weirhttp.Admit(outer, weirhttp.AdmitOptions{}),
					between,
					weirhttp.Admit(&guard{err: errFull}, o),
				)(silent)
				require.GreaterOrEqual(t, call(h, get()).Code, 500)
				require.Equal(t, []weir.Outcome{weir.Ignored}, outer.seen())
			})
		}
	}
}

// foreign wraps the response writer as other people's middlewares do.
func foreign(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&foreignWriter{w}, r)
	})
}

type foreignWriter struct{ http.ResponseWriter }

func (w *foreignWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAQueueThatOutlastsTheDeadlineTeachesAnOuterGuardNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := guardFunc(func(ctx context.Context) (weir.Permit, error) {
			<-ctx.Done()
			return weir.Permit{}, ctx.Err()
		})
		outer := &guard{}
		h := weirhttp.Chain(
			weirhttp.Admit(outer, weirhttp.AdmitOptions{}),
			weirhttp.Timeout(time.Second),
			weirhttp.Admit(queue, weirhttp.AdmitOptions{}),
		)(silent)
		start := time.Now()
		require.Equal(t, http.StatusGatewayTimeout, call(h, get()).Code)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, []weir.Outcome{weir.Ignored}, outer.seen())
	})
}

func TestAStatusThatAHandlerRelaysIsNoRefusalOfOurs(t *testing.T) {
	g := &guard{}
	call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(weirhttp.HeaderRefused, "somebody else's")
		w.WriteHeader(http.StatusServiceUnavailable)
	})), get())
	require.Equal(t, []weir.Outcome{weir.Overloaded}, g.seen())
}

func TestARefusalAfterTheHeaderAddsNothing(t *testing.T) {
	inner := weirhttp.Admit(&guard{err: errFull}, weirhttp.AdmitOptions{})(silent)
	g := &guard{}
	w := call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("begun"))
		inner.ServeHTTP(w, r)
	})), get())
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "begun", w.Body.String())
	require.Equal(t, []weir.Outcome{weir.Success}, g.seen())
}

func TestARefusalReachesRealClients(t *testing.T) {
	both(t, func() http.Handler {
		return chain(&guard{err: errFull, retryAfter: time.Second}, nobody)(silent)
	}, func(t *testing.T, srv *httptest.Server) {
		for range 3 {
			resp, err := srv.Client().Post(srv.URL, "text/plain", strings.NewReader("unread"))
			require.NoError(t, err)
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			require.Equal(t, "1", resp.Header.Get("Retry-After"))
			require.Equal(t, "test: full", resp.Header.Get(weirhttp.HeaderRefused))
			require.Equal(t, "Service Unavailable\n", body(t, resp))
		}
	})
}
