package weirhttp_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/weirhttp"
)

// An intake is a handler that reads the whole body and keeps what came of it.
type intake struct {
	calls int
	got   []byte
	err   error
}

func (h *intake) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h.calls++
	h.got, h.err = io.ReadAll(r.Body)
}

// undeclared hides the length of a body.
type undeclared struct{ io.Reader }

func TestMaxBytesRefusesADeclaredLengthAtOnce(t *testing.T) {
	h := &intake{}
	w := call(weirhttp.MaxBytes(3)(h), httptest.NewRequest(http.MethodPost, "/", strings.NewReader("abcd")))
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "Request Entity Too Large\n", w.Body.String())
	require.Zero(t, h.calls)
}

func TestMaxBytesLetsExactlyNBytesPass(t *testing.T) {
	for _, text := range []string{"", "ab", "abc"} {
		for _, r := range []io.Reader{strings.NewReader(text), undeclared{strings.NewReader(text)}} {
			h := &intake{}
			w := call(weirhttp.MaxBytes(3)(h), httptest.NewRequest(http.MethodPost, "/", r))
			require.Equal(t, http.StatusOK, w.Code)
			require.NoError(t, h.err)
			require.Equal(t, text, string(h.got))
		}
	}
}

func TestMaxBytesBoundsABodyOfUnknownLength(t *testing.T) {
	h := &intake{}
	w := call(weirhttp.MaxBytes(3)(h), httptest.NewRequest(http.MethodPost, "/", undeclared{strings.NewReader("abcd")}))
	require.Equal(t, "abc", string(h.got))
	var tooLarge *http.MaxBytesError
	require.ErrorAs(t, h.err, &tooLarge)
	require.EqualValues(t, 3, tooLarge.Limit)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "Request Entity Too Large\n", w.Body.String())
}

func TestMaxBytesLeavesTheHandlersOwnAnswerAlone(t *testing.T) {
	h := weirhttp.MaxBytes(3)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "mine", http.StatusBadRequest)
		}
	}))
	w := call(h, httptest.NewRequest(http.MethodPost, "/", undeclared{strings.NewReader("abcd")}))
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "mine\n", w.Body.String())
}

func TestMaxBytesForgivesWhatIsNotRead(t *testing.T) {
	w := call(weirhttp.MaxBytes(3)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.ReadFull(r.Body, make([]byte, 3))
		r.Body.Close()
	})), httptest.NewRequest(http.MethodPost, "/", undeclared{strings.NewReader("abcd")}))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestMaxBytesZeroIsTheDefaultAndNegativeIsOff(t *testing.T) {
	big := make([]byte, weirhttp.DefaultMaxBytes+1)
	for n, want := range map[int64]int{0: http.StatusRequestEntityTooLarge, -1: http.StatusOK, 1<<63 - 1: http.StatusOK} {
		for _, r := range []io.Reader{bytes.NewReader(big), undeclared{bytes.NewReader(big)}} {
			w := call(weirhttp.MaxBytes(n)(&intake{}), httptest.NewRequest(http.MethodPost, "/", r))
			require.Equal(t, want, w.Code, n)
		}
	}
	w := call(weirhttp.MaxBytes(0)(&intake{}), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(big[1:])))
	require.Equal(t, http.StatusOK, w.Code)
}

func TestTheSmallerOfTwoMaxBytesHolds(t *testing.T) {
	for _, mw := range []weirhttp.Middleware{
		weirhttp.Chain(weirhttp.MaxBytes(3), weirhttp.MaxBytes(100)),
		weirhttp.Chain(weirhttp.MaxBytes(100), weirhttp.MaxBytes(3)),
	} {
		h := &intake{}
		w := call(mw(h), httptest.NewRequest(http.MethodPost, "/", undeclared{strings.NewReader("abcd")}))
		require.Equal(t, "abc", string(h.got))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	}
}

func TestMaxBytesLiftsTheLimitOfFormsToItsOwn(t *testing.T) {
	form := "a=" + strings.Repeat("x", 11<<20) // ParseForm alone stops at 10 MB
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var values url.Values
	var err error
	call(weirhttp.MaxBytes(20<<20)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		err = r.ParseForm()
		values = r.PostForm
	})), r)
	require.NoError(t, err)
	require.Len(t, values.Get("a"), 11<<20)
}

func TestMaxBytesDoesNotTouchTheOuterRequest(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("abc"))
	before := r.Body
	call(weirhttp.MaxBytes(3)(&intake{}), r)
	require.Equal(t, before, r.Body)
}

func TestMaxBytesStopsAChunkedFloodOnARealConnection(t *testing.T) {
	read := make(chan int64, 1)
	srv := start(t, chain(&guard{}, nobody)(weirhttp.MaxBytes(10)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			w.WriteHeader(http.StatusTeapot)
		}
		read <- n
	}))))
	conn := dial(t, srv)
	raw := "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n" + strings.Repeat("4\nabcd\n", 100)
	resp, _ := exchange(t, conn, raw)
	require.EqualValues(t, 10, <-read)
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	require.True(t, resp.Close, "what is left of the body must not be taken for a request")
	require.Equal(t, "Request Entity Too Large\n", body(t, resp))
}

func TestMaxBytesDoesNotWaitForTheRestOfTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := startPipes(t, &http.Server{Handler: chain(&guard{}, nobody)(weirhttp.MaxBytes(3)(&intake{}))})()
		begin := time.Now()
		send(t, conn, "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n4\nabcd\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
		require.Zero(t, time.Since(begin))
		io.Copy(io.Discard, conn) // until the server, which lingers, has closed it
	})
}

func TestMaxBytesStopsAFloodOverHTTP2(t *testing.T) {
	srv := start2(t, weirhttp.MaxBytes(10)(&intake{}))
	for range 2 {
		resp, err := srv.Client().Post(srv.URL, "text/plain", undeclared{strings.NewReader(strings.Repeat("x", 1000))})
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
		body(t, resp)
	}
}

func TestMaxBytesSurvivesBrokenChunks(t *testing.T) {
	for _, chunks := range []string{
		"zz\nabc\n", "-1\nabc\n", "ffffffffffffffffff\nabc\n", "3\nabcd\n0\n\n", "\n",
	} {
		g := &guard{}
		srv := start(t, chain(g, nobody)(&intake{}))
		conn := dial(t, srv)
		raw := fmt.Sprintf("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n%s", chunks)
		resp, _ := exchange(t, conn, raw)
		body(t, resp)
		srv.Close()
		require.Len(t, g.seen(), g.timesAsked())
	}
}
