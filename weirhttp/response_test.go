package weirhttp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// bare is a response writer that can do nothing but what it must.
type bare struct {
	h      http.Header
	writes []string
	status int
}

func (w *bare) Header() http.Header {
	if w.h == nil {
		w.h = http.Header{}
	}
	return w.h
}
func (w *bare) Write(p []byte) (int, error) {
	w.writes = append(w.writes, string(p))
	return len(p), nil
}
func (w *bare) WriteHeader(status int) { w.status = status }

type (
	canFlush  struct{}
	canHijack struct{}
	canPush   struct{}
)

func (canFlush) Flush() {}
func (canHijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("test: hijack")
}
func (canPush) Push(string, *http.PushOptions) error { return errors.New("test: push") }

// canFlushError is what only http.ResponseController understands.
type canFlushError struct{}

func (canFlushError) FlushError() error { return errors.New("test: flush") }

func TestTypeAssertionsOnTheWriterTellTheTruth(t *testing.T) {
	for name, w := range map[string]http.ResponseWriter{
		"nothing": &bare{},
		"flush": struct {
			*bare
			canFlush
		}{&bare{}, canFlush{}},
		"hijack": struct {
			*bare
			canHijack
		}{&bare{}, canHijack{}},
		"push": struct {
			*bare
			canPush
		}{&bare{}, canPush{}},
		"flush, hijack": struct {
			*bare
			canFlush
			canHijack
		}{&bare{}, canFlush{}, canHijack{}},
		"flush, push": struct {
			*bare
			canFlush
			canPush
		}{&bare{}, canFlush{}, canPush{}},
		"hijack, push": struct {
			*bare
			canHijack
			canPush
		}{&bare{}, canHijack{}, canPush{}},
		"flush, hijack, push": struct {
			*bare
			canFlush
			canHijack
			canPush
		}{&bare{}, canFlush{}, canHijack{}, canPush{}},
	} {
		_, flush := w.(http.Flusher)
		_, hijack := w.(http.Hijacker)
		_, push := w.(http.Pusher)
		h := chain(&guard{}, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, ok := w.(http.Flusher)
			require.Equal(t, flush, ok, name)
			if ok {
				f.Flush()
			}
			hj, ok := w.(http.Hijacker)
			require.Equal(t, hijack, ok, name)
			if ok {
				_, _, err := hj.Hijack()
				require.EqualError(t, err, "test: hijack")
			}
			p, ok := w.(http.Pusher)
			require.Equal(t, push, ok, name)
			if ok {
				require.EqualError(t, p.Push("/", nil), "test: push")
			}
			control := http.NewResponseController(w)
			require.Equal(t, flush, !errors.Is(control.Flush(), http.ErrNotSupported), name)
			_, _, err := control.Hijack()
			require.Equal(t, hijack, !errors.Is(err, http.ErrNotSupported), name)
		}))
		t.Run(name, func(t *testing.T) { h.ServeHTTP(w, get()) })
		t.Run(name+", behind a foreign wrapper", func(t *testing.T) { h.ServeHTTP(&foreignWriter{w}, get()) })
	}
}

func TestAFlushThatOnlyAControllerReachesCommitsTheHeader(t *testing.T) {
	w := struct {
		*bare
		canFlushError
	}{&bare{}, canFlushError{}}
	h := weirhttp.Recover(quiet)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.EqualError(t, http.NewResponseController(w).Flush(), "test: flush")
		panic("boom")
	}))
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(w, get()) })
	require.Empty(t, w.writes)
}

func TestEachRequestIsWrappedOnce(t *testing.T) {
	rec := httptest.NewRecorder()
	depth := 0
	chain(&guard{}, nobody)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for w != http.ResponseWriter(rec) {
			w = w.(interface{ Unwrap() http.ResponseWriter }).Unwrap()
			depth++
		}
	})).ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("x")))
	require.Equal(t, 1, depth)
}

func TestWriteHeaderWithAnInvalidCodePanicsAndIsNotRecorded(t *testing.T) {
	for _, code := range []int{-1, 0, 99, 1000} {
		h := weirhttp.Recover(quiet)(answering(code))
		require.Equal(t, http.StatusInternalServerError, call(h, get()).Code)
	}
}

func TestSwitchingProtocolsIsFinalOnHTTP1Only(t *testing.T) {
	for major, want := range map[int]int{1: http.StatusSwitchingProtocols, 2: http.StatusBadGateway} {
		var got weirhttp.Observation
		r := get()
		r.ProtoMajor = major
		weirhttp.Observe(func(o weirhttp.Observation) { got = o })(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusSwitchingProtocols)
			w.WriteHeader(http.StatusBadGateway)
		})).ServeHTTP(&bare{}, r)
		require.Equal(t, want, got.Status)
	}
}

func TestASourceThatFailsAtOnceLeavesTheHeaderOpen(t *testing.T) {
	statuses := make(chan int, 2)
	srv := start(t, chain(&guard{}, func(o weirhttp.Observation) { statuses <- o.Status })(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		src := undeclared{readerFunc(func([]byte) (int, error) { return 0, errors.New("test: disk") })}
		if r.URL.Path == "/panic" {
			src = undeclared{readerFunc(func([]byte) (int, error) { panic("boom") })}
		}
		if _, err := io.Copy(w, src); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})))
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.Equal(t, http.StatusInternalServerError, <-statuses)
	body(t, resp)

	// How much went out before the panic is anybody's guess: aborted.
	_, err = srv.Client().Get(srv.URL + "/panic")
	require.Error(t, err)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// reading is a writer with a ReadFrom of its own, as that of net/http has.
type reading struct {
	*bare
	sources *[]io.Reader
}

func (w reading) ReadFrom(src io.Reader) (int64, error) {
	*w.sources = append(*w.sources, src)
	return io.Copy(struct{ io.Writer }{w.bare}, src)
}

func TestCopiesReachTheReadFromOfTheServer(t *testing.T) {
	src := undeclared{strings.NewReader("abc")}
	w := reading{&bare{}, new([]io.Reader)}
	var seen weirhttp.Observation
	chain(&guard{}, func(o weirhttp.Observation) { seen = o })(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, src)
	})).ServeHTTP(w, get())
	require.Equal(t, []io.Reader{src}, *w.sources, "the source itself, so that sendfile knows a file")
	require.EqualValues(t, 3, seen.Bytes)
}

func TestAnEncodingOfAnOuterMiddlewareStaysDeclared(t *testing.T) {
	gzipping := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			next.ServeHTTP(&foreignWriter{w}, r)
		})
	}
	w := call(weirhttp.Chain(gzipping, weirhttp.Recover(quiet))(panicking("boom")), get())
	require.Equal(t, "gzip", w.Header().Get("Content-Encoding"))
}

// incomparable is a writer whose type cannot be compared with ==.
type incomparable struct {
	http.ResponseWriter
	hooks []func()
}

func (w incomparable) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestWritersOfAnyTypeCanBeWrapped(t *testing.T) {
	w := httptest.NewRecorder()
	chain(&guard{}, nobody)(answering(418)).ServeHTTP(incomparable{w, nil}, get())
	require.Equal(t, 418, w.Code)
}
