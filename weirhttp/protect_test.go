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

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirhttp"
)

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestProtectShedsWhatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shedder := load.New(load.Options{InitialLimit: 1, MaxLimit: 1, CPUThreshold: -1})
		release := make(chan struct{})
		h := weirhttp.Protect(weirhttp.ProtectOptions{Guard: shedder})(
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-release }))
		go serve(h, httptest.NewRequest("GET", "/", nil))
		synctest.Wait()

		w := serve(h, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, "load: overloaded (limit, critical)", w.Header().Get(weirhttp.HeaderRefused))
		require.Equal(t, "1", w.Header().Get("Retry-After"))

		close(release)
		synctest.Wait()
		require.Equal(t, http.StatusOK, serve(h, httptest.NewRequest("GET", "/", nil)).Code)
		require.Zero(t, shedder.Stats().InFlight)
		require.EqualValues(t, 2, shedder.Stats().Succeeded)
	})
}

func TestProtectTakesOverClassAndDeadlineAndCatchesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ctx context.Context
		h := weirhttp.Protect(weirhttp.ProtectOptions{
			Timeout: time.Second,
			Recover: weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {}},
		})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx = r.Context()
			panic("a bug")
		}))
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set(weirhttp.HeaderCriticality, "sheddable")
		r.Header.Set(weirhttp.HeaderTimeout, "500")
		begun := time.Now()
		w := serve(h, r)
		require.Equal(t, http.StatusInternalServerError, w.Code)
		require.Equal(t, weir.Sheddable, weir.CriticalityFrom(ctx))
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		require.Equal(t, begun.Add(500*time.Millisecond), deadline)
	})
}

func TestProtectPanicsOnImpossibleOptions(t *testing.T) {
	o := weirhttp.ProtectOptions{Admit: weirhttp.AdmitOptions{Status: 200}}
	require.Error(t, o.Validate())
	require.Panics(t, func() { weirhttp.Protect(o) })
	require.NoError(t, weirhttp.ProtectOptions{}.Validate())
}

func TestProtectServesByDefault(t *testing.T) {
	srv := httptest.NewServer(weirhttp.Protect(weirhttp.ProtectOptions{})(http.HandlerFunc(hello)))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "hello\n", string(body))
}
