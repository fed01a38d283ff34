package weirhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// observing runs h beneath mw beneath Observe, and returns the one observation,
// without its request.
func observing(t *testing.T, h http.Handler, mw ...weirhttp.Middleware) weirhttp.Observation {
	t.Helper()
	var got []weirhttp.Observation
	r := get()
	observed := weirhttp.Observe(func(o weirhttp.Observation) { got = append(got, o) })(weirhttp.Chain(mw...)(h))
	exits(func() {
		defer func() { recover() }()
		observed.ServeHTTP(httptest.NewRecorder(), r)
	})
	require.Len(t, got, 1)
	require.Same(t, r, got[0].Request)
	got[0].Request = nil
	return got[0]
}

func TestObserveSeesHowEachRequestEnded(t *testing.T) {
	late := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "half")
		panic("boom")
	})
	full := weirhttp.Admit(&guard{err: errFull}, weirhttp.AdmitOptions{})
	recovering := weirhttp.Recover(quiet)
	for name, c := range map[string]struct {
		h    http.Handler
		mw   []weirhttp.Middleware
		want weirhttp.Observation
	}{
		"nothing written":       {h: silent, want: weirhttp.Observation{Status: 200}},
		"a status":              {h: answering(418), want: weirhttp.Observation{Status: 418}},
		"refused":               {h: silent, mw: []weirhttp.Middleware{full}, want: weirhttp.Observation{Status: 503, Bytes: 20, Refused: true}},
		"panicked":              {h: panicking("boom"), want: weirhttp.Observation{Status: 500, Panicked: true, Aborted: true}},
		"panicked, recovered":   {h: panicking("boom"), mw: []weirhttp.Middleware{recovering}, want: weirhttp.Observation{Status: 500, Bytes: 22, Panicked: true}},
		"panicked late":         {h: late, want: weirhttp.Observation{Status: 200, Bytes: 4, Panicked: true, Aborted: true}},
		"panicked late, passed": {h: late, mw: []weirhttp.Middleware{recovering}, want: weirhttp.Observation{Status: 200, Bytes: 4, Panicked: true, Aborted: true}},
		"aborted":               {h: panicking(http.ErrAbortHandler), want: weirhttp.Observation{Status: 500, Aborted: true}},
		"exited":                {h: exiting, want: weirhttp.Observation{Status: 500, Aborted: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time stands still: Duration is 0
				require.Equal(t, c.want, observing(t, c.h, c.mw...))
			})
		})
	}
}

func TestObserveMeasuresTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := observing(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }))
		require.Equal(t, time.Minute, o.Duration)
	})
}

func TestObserveLetsAPanicGoOn(t *testing.T) {
	h := weirhttp.Observe(nobody)(panicking("boom"))
	require.PanicsWithValue(t, "boom", func() { call(h, get()) })
	h = weirhttp.Observe(nobody)(exiting)
	require.True(t, exits(func() { call(h, get()) }))
}

func TestObserveCountsTheBytesOfEveryWayToWrite(t *testing.T) {
	o := observing(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("12"))
		io.WriteString(w, "345")
		io.Copy(w, strings.NewReader("6789"))
		io.Copy(w, undeclared{strings.NewReader("abcdef")})
	}))
	require.EqualValues(t, 15, o.Bytes)
}

func TestObserveSeesTheRouteThroughTheWholeChain(t *testing.T) {
	for name, h := range map[string]http.Handler{"returns": silent, "panics": panicking("boom")} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.Handle("POST /orders/{id}", h)
			var pattern string
			r := httptest.NewRequest(http.MethodPost, "/orders/7", strings.NewReader("body"))
			r.Header.Set(weirhttp.HeaderCriticality, "sheddable")
			call(chain(&guard{}, func(o weirhttp.Observation) { pattern = o.Request.Pattern })(mux), r)
			require.Equal(t, "POST /orders/{id}", pattern)
		})
	}
}

func TestObserveSeesAnUpgrade(t *testing.T) {
	seen := make(chan weirhttp.Observation, 1)
	srv := start(t, chain(&guard{}, func(o weirhttp.Observation) { seen <- o })(echoing))
	conn := dial(t, srv)
	resp, _ := exchange(t, conn, "GET / HTTP/1.1\nHost: x\nConnection: Upgrade\nUpgrade: echo\n\n")
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.NoError(t, conn.Close())
	o := <-seen
	require.True(t, o.Hijacked)
	require.False(t, o.Aborted)
	require.Equal(t, http.StatusSwitchingProtocols, o.Status)
	require.Zero(t, o.Bytes)
}
