package weirhttp_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/weirhttp"
)

func panicking(v any) http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(v) })
}

func TestRecoverAnswers500AndReportsOnce(t *testing.T) {
	var got []*weir.Panic
	var at []string
	mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(r *http.Request, p *weir.Panic) {
		got = append(got, p)
		at = append(at, r.URL.Path)
	}})
	w := call(mw(panicking("boom")), httptest.NewRequest(http.MethodGet, "/x", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "Internal Server Error\n", w.Body.String())
	require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
	require.Len(t, got, 1)
	require.Equal(t, "boom", got[0].Value)
	require.Contains(t, string(got[0].Stack), "panicking.func")
	require.Equal(t, []string{"/x"}, at)
}

func TestRecoverTakesAnyValue(t *testing.T) {
	var runtimeError runtime.Error
	for _, v := range []any{errors.New("x"), 7, []int{1}, func() {}, map[string]int{}, runtimeError} {
		var got *weir.Panic
		mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(_ *http.Request, p *weir.Panic) { got = p }})
		require.Equal(t, http.StatusInternalServerError, call(mw(panicking(v)), get()).Code)
		require.NotNil(t, got.Value)
	}
}

func TestRecoverRemovesWhatDescribedTheOtherResponse(t *testing.T) {
	h := weirhttp.Recover(quiet)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, key := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Cache-Control", "Trailer"} {
			w.Header().Set(key, "1000")
		}
		w.Header().Set("X-Request-Id", "7")
		panic("boom")
	}))
	w := call(h, get())
	require.Equal(t, http.Header{
		"Content-Type": {"text/plain; charset=utf-8"},
		"X-Request-Id": {"7"},
	}, w.Result().Header)
}

var quiet = weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {}}

func TestRecoverLogsOnceWithoutAHook(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)

	h := weirhttp.Recover(weirhttp.RecoverOptions{})(panicking("boom"))
	call(h, httptest.NewRequest(http.MethodPut, "/x?token=secret", nil))
	line := out.String()
	require.Equal(t, 1, strings.Count(line, "\n"), line)
	require.Contains(t, line, `level=ERROR msg="weirhttp: panic in a handler" method=PUT path=/x panic=boom stack=`)
	require.NotContains(t, line, "secret")
}

func TestRecoverAbortsTheConnectionOnceTheHeaderIsWritten(t *testing.T) {
	both(t, func() http.Handler {
		return chain(&guard{}, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic("boom")
		}))
	}, func(t *testing.T, srv *httptest.Server) {
		resp, err := srv.Client().Get(srv.URL)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		b, err := io.ReadAll(resp.Body)
		require.Error(t, err, "a half response must not look whole")
		require.Equal(t, "half", string(b))
	})
}

func TestRecoverPanicsWithErrAbortHandlerOnceTheHeaderIsWritten(t *testing.T) {
	reports := 0
	mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) { reports++ }})
	h := mw(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		panic("boom")
	}))
	w := httptest.NewRecorder()
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(w, get()) })
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Empty(t, w.Body.String())
	require.Equal(t, 1, reports)
}

func TestRecoverLetsErrAbortHandlerPass(t *testing.T) {
	mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {
		t.Error("an abort is not a panic")
	}})
	w := httptest.NewRecorder()
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		mw(panicking(http.ErrAbortHandler)).ServeHTTP(w, get())
	})
	require.Empty(t, w.Body.String())
}

func TestRecoverLetsGoexitPass(t *testing.T) {
	h := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) {
		t.Error("Goexit is not a panic")
	}})(exiting)
	w := httptest.NewRecorder()
	require.True(t, exits(func() { h.ServeHTTP(w, get()) }))
	require.Empty(t, w.Body.String())
}

var exiting = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { runtime.Goexit() })

// exits tells whether f ended its goroutine.
func exits(f func()) bool {
	result := make(chan bool, 1)
	go func() {
		exited := true
		defer func() { result <- exited }()
		f()
		exited = false
	}()
	return <-result
}

func TestRecoverWritesNothingToAHijackedConnection(t *testing.T) {
	reported := make(chan *weir.Panic, 1)
	mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(_ *http.Request, p *weir.Panic) { reported <- p }})
	srv := start(t, mw(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		panic("boom")
	})))
	conn := dial(t, srv)
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	b, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Empty(t, string(b))
	require.Equal(t, "boom", (<-reported).Value)
}

func TestRecoverSeesTheStackThroughInnerMiddlewares(t *testing.T) {
	var stack string
	h := weirhttp.Chain(
		weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(_ *http.Request, p *weir.Panic) { stack = string(p.Stack) }}),
		weirhttp.Observe(nobody),
		weirhttp.Timeout(0),
		weirhttp.Admit(&guard{}, weirhttp.AdmitOptions{}),
		weirhttp.Admit(&guard{}, weirhttp.AdmitOptions{}),
	)(http.HandlerFunc(deepPanic))
	require.Equal(t, http.StatusInternalServerError, call(h, get()).Code)
	require.Contains(t, stack, "weirhttp_test.deepPanic")
}

func deepPanic(http.ResponseWriter, *http.Request) { panic("deep") }

func TestRecoverKeepsTheServerGoing(t *testing.T) {
	both(t, func() http.Handler { return chain(&guard{}, nobody)(panicking("boom")) },
		func(t *testing.T, srv *httptest.Server) {
			for range 3 {
				resp, err := srv.Client().Get(srv.URL)
				require.NoError(t, err)
				require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
				require.Equal(t, "Internal Server Error\n", body(t, resp))
			}
		})
}

func TestRecoverPassesOnAPanicOfItsHook(t *testing.T) {
	mw := weirhttp.Recover(weirhttp.RecoverOptions{OnPanic: func(*http.Request, *weir.Panic) { panic("hook") }})
	w := httptest.NewRecorder()
	require.PanicsWithValue(t, "hook", func() { mw(panicking("boom")).ServeHTTP(w, get()) })
	require.Equal(t, http.StatusInternalServerError, w.Code)
}
