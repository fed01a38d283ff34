package weirhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

func answering(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
}

var silent = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

func TestAdmitLetsTheStatusDecide(t *testing.T) {
	for status, want := range map[int]weir.Outcome{
		101: weir.Success, 200: weir.Success, 204: weir.Success, 302: weir.Success, 304: weir.Success,
		400: weir.Success, 404: weir.Success, 418: weir.Success, 429: weir.Overloaded, 499: weir.Ignored,
		500: weir.Failure, 501: weir.Failure, 502: weir.Failure, 503: weir.Overloaded, 504: weir.Failure,
		599: weir.Failure, 600: weir.Failure, 999: weir.Failure,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			g := &guard{}
			require.Equal(t, status, call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(answering(status)), get()).Code)
			require.Equal(t, []weir.Outcome{want}, g.seen())
			require.Equal(t, want, weirhttp.ClassifyStatus(status))
		})
	}
}

func TestAdmitCountsNoStatusAsSuccess(t *testing.T) {
	g := &guard{}
	call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(silent), get())
	require.Equal(t, []weir.Outcome{weir.Success}, g.seen())
}

func TestAdmitTakesTheFirstStatus(t *testing.T) {
	g := &guard{}
	call(weirhttp.Admit(g, weirhttp.AdmitOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "fine")
		w.WriteHeader(http.StatusInternalServerError) // superfluous: the client got 200
	})), get())
	require.Equal(t, []weir.Outcome{weir.Success}, g.seen())
}

func TestAdmitAsksTheClassifyOption(t *testing.T) {
	g := &guard{}
	h := weirhttp.Admit(g, weirhttp.AdmitOptions{Classify: func(status int, r *http.Request) weir.Outcome {
		if status == http.StatusNotFound && r.URL.Path == "/lost" {
			return weir.Failure
		}
		return weirhttp.ClassifyStatus(status)
	}})(answering(http.StatusNotFound))
	call(h, httptest.NewRequest(http.MethodGet, "/lost", nil))
	call(h, httptest.NewRequest(http.MethodGet, "/other", nil))
	require.Equal(t, []weir.Outcome{weir.Failure, weir.Success}, g.seen())
}

func TestAdmitSettlesWhenClassifyPanics(t *testing.T) {
	g := &guard{}
	h := weirhttp.Admit(g, weirhttp.AdmitOptions{Classify: func(int, *http.Request) weir.Outcome { panic("mine") }})(silent)
	require.PanicsWithValue(t, "mine", func() { call(h, get()) })
	require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
}

func TestAdmitCountsAPanicAsFailureInsideAndOutsideOfRecover(t *testing.T) {
	inside, outside := &guard{}, &guard{}
	h := weirhttp.Chain(
		weirhttp.Admit(outside, weirhttp.AdmitOptions{}),
		weirhttp.Recover(quiet),
		weirhttp.Admit(inside, weirhttp.AdmitOptions{}),
	)(panicking("boom"))
	call(h, get())
	require.Equal(t, []weir.Outcome{weir.Failure}, inside.seen())
	require.Equal(t, []weir.Outcome{weir.Failure}, outside.seen())
}

func TestAdmitCountsARecoveredPanicAsFailureWhateverElseHolds(t *testing.T) {
	t.Run("the client has left", func(t *testing.T) {
		g, client := &guard{}, clientLeaves()
		call(weirhttp.Chain(weirhttp.Admit(g, weirhttp.AdmitOptions{}), weirhttp.Recover(quiet))(
			http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				client.end()
				panic("boom")
			})), get().WithContext(client.ctx))
		require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
	})
	t.Run("200 was written and the client has left", func(t *testing.T) {
		g, client := &guard{}, clientLeaves()
		h := weirhttp.Chain(weirhttp.Admit(g, weirhttp.AdmitOptions{}), weirhttp.Recover(quiet))(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusOK)
				client.end()
				panic("boom")
			}))
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { call(h, get().WithContext(client.ctx)) })
		require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
	})
}

func TestAdmitCountsGoexitAsFailure(t *testing.T) {
	g := &guard{}
	h := weirhttp.Admit(g, weirhttp.AdmitOptions{})(exiting)
	require.True(t, exits(func() { call(h, get()) }))
	require.Equal(t, []weir.Outcome{weir.Failure}, g.seen())
}

func TestAdmitCountsAnUpgradeAsSuccessUnlessItPanics(t *testing.T) {
	for name, after := range map[string]func(){"returns": func() {}, "panics": func() { panic("boom") }} {
		t.Run(name, func(t *testing.T) {
			settled := make(chan weir.Outcome, 1)
			g := guardFunc(func(context.Context) (weir.Permit, error) {
				return weir.PermitFunc(func(o weir.Outcome) { settled <- o }), nil
			})
			// A deadline that passes after the upgrade is no failure of anything.
			srv := start(t, weirhttp.Chain(weirhttp.Timeout(time.Millisecond), weirhttp.Admit(g, weirhttp.AdmitOptions{}))(
				http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					conn, _, err := w.(http.Hijacker).Hijack()
					if err != nil {
						return
					}
					defer conn.Close()
					<-r.Context().Done()
					after()
				})))
			conn := dial(t, srv)
			_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			require.NoError(t, err)
			b, err := io.ReadAll(conn)
			require.NoError(t, err)
			require.Empty(t, string(b))
			want := map[string]weir.Outcome{"returns": weir.Success, "panics": weir.Failure}[name]
			require.Equal(t, want, <-settled)
		})
	}
}

type guardFunc func(context.Context) (weir.Permit, error)

func (f guardFunc) Allow(ctx context.Context) (weir.Permit, error) { return f(ctx) }

func TestAdmitIgnoresInformationalStatuses(t *testing.T) {
	g := &guard{}
	h := func() http.Handler {
		return chain(g, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusProcessing)
			w.WriteHeader(http.StatusBadGateway)
		}))
	}
	both(t, h, func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		body(t, resp)
		require.Equal(t, http.StatusBadGateway, resp.StatusCode)
	})
	require.Equal(t, []weir.Outcome{weir.Failure, weir.Failure}, g.seen())
}

func TestAdmitNeverTripsOnClientErrors(t *testing.T) {
	g := &guard{}
	h := weirhttp.Admit(g, weirhttp.AdmitOptions{})(answering(http.StatusBadRequest))
	for range 100 {
		call(h, get())
	}
	require.Len(t, g.seen(), 100)
	require.NotContains(t, g.seen(), weir.Failure)
}

func TestAdmitSettlesEachConcurrentRequestOnce(t *testing.T) {
	g := &guard{}
	srv := start(t, chain(g, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			panic("boom")
		case "/late":
			w.WriteHeader(http.StatusOK)
			panic("late boom")
		case "/fail":
			w.WriteHeader(http.StatusBadGateway)
		default:
			io.Copy(w, r.Body)
		}
	})))
	var wg sync.WaitGroup
	const clients, rounds = 8, 20
	for range clients {
		wg.Go(func() {
			for range rounds {
				for _, path := range []string{"/", "/fail", "/panic", "/late"} {
					if resp, err := srv.Client().Get(srv.URL + path); err == nil {
						io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
				}
			}
		})
	}
	wg.Wait()
	srv.Close() // waits for the handlers
	count := map[weir.Outcome]int{}
	for _, o := range g.seen() {
		count[o]++
	}
	// The client may repeat a request whose connection was aborted before any
	// byte of the response, so "/late" is a lower bound.
	require.Equal(t, clients*rounds, count[weir.Success])
	require.GreaterOrEqual(t, count[weir.Failure], 3*clients*rounds)
	require.Equal(t, g.timesAsked(), len(g.seen()))
}
